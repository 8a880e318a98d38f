import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paletteFor } from '../src/lib/theme/palette.js';
import { segmented } from '../src/lib/ui/controls.js';
import { createMatrix, toneOf } from '../src/lib/ui/matrix.js';
import { createNumbersTable } from '../src/lib/ui/numbers-table.js';
import { createTip } from '../src/lib/ui/tip.js';
import { box, one, press } from './dom.js';

/** @import { Place } from '../src/lib/ui/matrix.js' */

test('of a segmented control one button is down, and pressing another says which', () => {
  /** @type {string[]} */
  const pressed = [];
  const options = [
    ['count', 'Counts', 'How many'],
    ['row', 'Row %', 'Of the true class'],
  ];
  const root = box();
  const control = segmented('What the cells show', options, 'count', (value) => pressed.push(value));
  root.append(control.element);
  const down = () => one(root, '[aria-pressed=true]').textContent;
  assert.equal(down(), 'Counts');
  one(root, '[data-value=row]').click();
  assert.equal(down(), 'Row %');
  assert.deepEqual(pressed, ['row']);
  control.set('count');
  assert.deepEqual([down(), control.value, pressed], ['Counts', 'count', ['row']]);
});

test('the numbers of a chart are made once they are asked for, thinned when there are many', () => {
  const root = box();
  let asked = 0;
  const table = createNumbersTable(root, 'Loss', () => {
    asked += 1;
    return { head: ['Epoch', 'Loss'], rows: Array.from({ length: 1001 }, (_, i) => [String(i), '0.5']) };
  });
  table.update();
  assert.equal(asked, 0);
  Object.assign(one(root, 'details'), { open: true });
  table.update();
  assert.equal(one(root, 'caption').textContent, 'Loss, every 3th snapshot');
  const names = [...root.querySelectorAll('tbody th')].map(({ textContent }) => textContent);
  assert.deepEqual([names.length, names[0], names[1], names.at(-1)], [335, '0', '3', '1000']);
});

/** A matrix of two classes on the page, with what it was asked. */
function matrixOfTwo() {
  const root = box();
  /** @type {string[]} */
  const chosen = [];
  /** @type {Array<Place | null>} */
  const described = [];
  const matrix = createMatrix({
    choose: (show) => chosen.push(show),
    describe: (place) => described.push(place),
  });
  root.append(matrix.element);
  matrix.build({
    corner: ['true ↓'],
    columns: ['cat', 'dog'].map((text, j) => ({ text, show: `predicted-${j}` })),
    rows: ['cat', 'dog'].map((text, i) => ({ text, show: `true-${i}` })),
    total: { text: 'all' },
    show: (i, j) => `${i}-${j}`,
  });
  return { root, matrix, chosen, described };
}
const shown = () => /** @type {HTMLElement} */ (document.activeElement).dataset.show;

test('a matrix is one stop of the Tab key, and the arrow keys reach every cell and heading', () => {
  const { root } = matrixOfTwo();
  one(root, '[tabindex="0"]').focus();
  const way = [
    'ArrowRight',
    'ArrowDown',
    'ArrowLeft',
    'ArrowLeft',
    'ArrowUp',
    'ArrowRight',
    'ArrowUp',
    'ArrowUp',
    'ArrowDown',
    'End',
    'Home',
  ];
  const reached = way.map((key) => {
    press(key);
    assert.equal(one(root, '[tabindex="0"]'), document.activeElement, key);
    return shown();
  });
  const last = ['predicted-0', 'predicted-0', '0-0', 'true-0', 'true-0'];
  assert.deepEqual(reached, ['0-1', '1-1', '1-0', 'true-1', 'true-0', '0-0', ...last]);
});

test('Enter, Space and a click choose a cell, and what has the focus is described', () => {
  const { root, matrix, chosen, described } = matrixOfTwo();
  one(root, '[data-show="0-1"]').focus();
  press('Enter');
  press(' ');
  one(root, 'thead [data-show="predicted-1"]').click();
  assert.deepEqual(chosen, ['0-1', '0-1', 'predicted-1']);
  assert.deepEqual(described.filter(Boolean), [
    [0, 1],
    [-1, 1],
  ]);
  matrix.select('1-1');
  assert.equal(one(root, '[aria-selected=true]').dataset.show, '1-1');
});

test('right is blue and wrong orange, an empty cell neither, and letters stand out on all of them', () => {
  const { root, matrix } = matrixOfTwo();
  const palette = paletteFor(false);
  const shares = [
    [1, 0.01],
    [0, 0.5],
  ];
  const look = (/** @type {number} */ i, /** @type {number} */ j) => ({
    tone: toneOf(shares[i][j], { isRight: i === j }),
    text: String(shares[i][j]),
  });
  matrix.paint(palette, look, [1200, 3]);
  const [right, wrong, empty] = ['0-0', '0-1', '1-0'].map((show) => one(root, `[data-show="${show}"]`).style);
  assert.equal(right.background.replaceAll(' ', ''), palette.diverging.css(-1));
  assert.equal(right.color, '#ffffff');
  assert.equal(
    wrong.background.replaceAll(' ', ''),
    palette.diverging.css(0.1),
    'a small share of wrong is lifted to its root',
  );
  assert.equal(wrong.color, '#000000');
  assert.equal(empty.color, palette.muted);
  assert.deepEqual(
    [...root.querySelectorAll('td.mx-total')].map(({ textContent }) => textContent),
    ['1,200', '3'],
  );
  assert.equal(toneOf(-3, { top: 12, isRight: true, isDifference: true }), 0.5, 'fewer right is worse');
  assert.equal(toneOf(-3, { top: 12, isRight: false, isDifference: true }), -0.5, 'fewer wrong is better');
});

test('letters can be read on every colour of every scale', () => {
  /** @param {string} color */
  const lightnessOf = (color) => {
    const channels = color.startsWith('#')
      ? [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16))
      : (color.match(/\d+/g) ?? []).map(Number);
    const [r, g, b] = channels.map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  for (const isDark of [false, true]) {
    const { diverging, sequential, picture, photo } = paletteFor(isDark);
    for (const scale of [diverging, sequential, picture, photo])
      for (let t = scale.signed ? -1 : 0; t <= 1; t += 1 / 512) {
        const [low, high] = [scale.css(t), scale.letters(t)].map(lightnessOf).sort((a, b) => a - b);
        assert.ok((high + 0.05) / (low + 0.05) >= 4.5, `${scale.letters(t)} on ${scale.css(t)}`);
      }
  }
});

test('a tooltip stays within its box', () => {
  const root = box();
  Object.defineProperty(root, 'clientWidth', { value: 200 });
  const tip = createTip(root);
  Object.defineProperty(tip.element, 'offsetWidth', { value: 80 });
  /** @param {Parameters<typeof tip.show>[1]} place */
  const left = (place) => {
    tip.show(['a word'], place);
    return tip.element.style.left;
  };
  assert.equal(left({ x: 50, y: 0 }), '50px');
  assert.equal(left({ x: 190, y: 0 }), '120px');
  assert.equal(left({ x: 150, y: 0, beside: 12 }), '58px');
  assert.equal(left({ x: 10, y: 0, isCentred: true }), '0px');
  tip.hide();
  assert.equal(tip.element.hidden, true);
});
