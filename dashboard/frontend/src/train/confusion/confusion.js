/**
 * The confusion matrix of the snapshot shown, as a table whose cells are coloured: rows true, columns predicted.
 * Where an example carries any number of labels, a row for each label with its 2x2 matrix laid out in a line.
 */

import { cellPercent, countsOf, OF_LABEL, sentence } from '../../lib/model/confusion-counts.js';
import { heldoutWords, runOf } from '../../lib/model/description.js';
import { gradientOf } from '../../lib/theme/palette.js';
import { segmented } from '../../lib/ui/controls.js';
import { make } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { createMatrix, toneOf } from '../../lib/ui/matrix.js';
import { createView } from '../../lib/ui/seen.js';

/** @import { Frame, Palette } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */
/** @import { Place } from '../../lib/ui/matrix.js' */

const NUMBERS_UP_TO = 20; // classes for which every cell has room for its number
const DECIMALS_UP_TO = 12;
const CELLS_UP_TO = 60;
const SHORT = 3; // letters of a name that need no turning
/** @type {Record<string, [string, string]>} */
const MODES = {
  count: ['Counts', 'How many examples; the colour is their share of the true class'],
  row: ['Row %', 'Percent of the true class: the diagonal is the recall'],
  column: ['Column %', 'Percent of the predicted class: the diagonal is the precision'],
};
/** @type {Record<string, [string, string]>} */
const LABEL_MODES = {
  count: ['Counts', 'How many examples; the colour is their share of those with the label, or of those without'],
  row: ['True %', 'Percent of the examples with the label, or without: of true positives it is the recall'],
  column: [
    'Predicted %',
    'Percent of the examples predicted with the label, or without: of true positives it is the precision',
  ],
};
/** @type {Record<string, string>} */
const LABEL_HEADS = {
  'true pos.': 'True positives: with the label, and predicted with it',
  'false neg.': 'False negatives: with the label, and predicted without it',
  'false pos.': 'False positives: without the label, and predicted with it',
  'true neg.': 'True negatives: without the label, and predicted without it',
};

/**
 * The place that a cell's name such as "3-5" says.
 * @param {string | null} show
 */
const placeOf = (show) => (show ? /** @type {Place} */ (show.split('-').map(Number)) : null);

/**
 * Build the confusion matrix in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createConfusion(root, store) {
  const { frame, theme } = createFrame(root, 'Confusion matrix');

  // --- elements ---
  const split = make('small');
  const choice = segmented(
    'What the cells show',
    Object.entries(MODES).map(([name, [text, about]]) => [name, text, about]),
    'count',
    (name) => {
      mode = name;
      update();
    },
  );
  const axis = make('p', { className: 'ch-axis', textContent: 'Predicted class →' });
  const matrix = createMatrix({
    describe(place, byFocus) {
      pointed = place;
      describe();
      if (byFocus && place) live.textContent = say.textContent;
    },
    choose: (show) => pin(show === pinned ? null : show),
  });
  const table = matrix.element;
  const say = make('p', { className: 'ch-say' });
  const live = make('div', { className: 'nv-hidden', 'aria-live': 'polite' });
  const [right, wrong] = [make('i'), make('i')];
  const legend = make('span', { className: 'nv-scale' }, 'right', right, 'wrong', wrong);
  legend.title =
    'Both from 0 to 100 %, for the whole run; small shares of wrong predictions are enlarged, so that they are seen';
  for (const ramp of [right, wrong]) ramp.style.width = '56px';
  const title = make('span', { textContent: 'Confusion matrix ' });
  frame.append(
    make('div', { className: 'nv-bar' }, make('h3', {}, title, split), legend, choice.element),
    axis,
    table,
    say,
    live,
  );

  let mode = 'count';
  /** @type {Palette} */
  let palette;
  /** @type {ReturnType<typeof countsOf>} */
  let counts;
  let hasRoom = false; // for a cell of each pair of classes
  /** @type {Place | null} */
  let pointed = null;
  /** @type {string | null} */
  let pinned = null;
  /** @type {{ run: string | null, frame: Frame | null, mode: string | null }} */
  const known = { run: null, frame: null, mode: null };
  const view = createView(root, store, ['frame', 'theme', 'run'], update);

  // --- building ---
  function build() {
    const names = store.classNames;
    const { isMany, one } = store.reader;
    Object.assign(table.dataset, { size: names.length });
    title.textContent = isMany ? 'Confusion by label ' : 'Confusion matrix ';
    table.setAttribute(
      'aria-label',
      `${isMany ? 'Confusion by label: a row for each label' : 'Confusion matrix: each row is a true class, each column a predicted one'}. Arrow keys move, Enter keeps a cell.`,
    );
    Object.values(isMany ? LABEL_MODES : MODES).forEach(([label, about], k) =>
      Object.assign(choice.buttons[k], { textContent: label, title: about }),
    );
    [pointed, pinned] = [null, null];
    hasRoom = names.length <= CELLS_UP_TO;
    axis.hidden = !hasRoom || isMany;
    table.hidden = !hasRoom;
    if (!hasRoom) return;
    const longest = Math.max(...names.map(({ length }) => length));
    const rows = names.map((text) => ({ text, title: text }));
    const columns = isMany
      ? OF_LABEL.map(([text]) => ({ text, title: LABEL_HEADS[text] }))
      : rows.map((row) => ({ ...row, isTall: longest > SHORT }));
    matrix.build({
      corner: [isMany ? 'Label ↓' : 'True ↓'],
      columns,
      rows,
      total: {
        text: isMany ? 'with' : 'all',
        title: `Support: how many true examples of the ${one} there are`,
      },
      show: (i, j) => `${i}-${j}`,
    });
    table.rows[0].cells[0].style.width = `${Math.min(96, Math.max(46, 14 + 7 * longest))}px`;
    const n = columns.length;
    table.style.setProperty('--mx-cell', `${n <= 12 ? 30 : n <= NUMBERS_UP_TO ? 24 : n <= 30 ? 16 : 11}px`);
    known.frame = null;
  }

  // --- what changed outside ---
  function update() {
    const painted = theme(store);
    if (painted) {
      palette = painted;
      // Blue for right is the low half of the two-sided colours, orange for wrong the high one.
      const { css } = palette.diverging;
      right.style.background = gradientOf({ signed: false, css: (/** @type {number} */ t) => css(-t) });
      wrong.style.background = gradientOf({ signed: false, css: (/** @type {number} */ t) => css(Math.sqrt(t)) });
    }
    const confusion = store.shown?.tensor('confusion');
    if (!confusion || !store.description) return;
    if (known.run !== runOf(store) || Number(table.dataset.size) !== store.classNames.length) {
      known.run = runOf(store);
      split.textContent = heldoutWords(store.description);
      build();
    }
    if (!painted && known.frame === store.shown && known.mode === mode) return;
    Object.assign(known, { frame: store.shown, mode });
    counts = countsOf(confusion);
    table.dataset.number = String(store.shown.number);
    if (hasRoom) paint();
    describe();
  }

  function paint() {
    const { nColumns, rows } = counts;
    matrix.paint(
      palette,
      (i, j) => {
        const count = counts.at(i, j);
        const whole = counts.whole(i, j, mode === 'column');
        const percent = cellPercent(count, whole, nColumns <= DECIMALS_UP_TO);
        const text = mode === 'count' ? (count ? String(count) : '·') : percent;
        return {
          // Fixed over a run, of its own for right and wrong.
          tone: toneOf(whole ? count / whole : 0, { isRight: counts.isRight(i, j) }),
          text: nColumns > NUMBERS_UP_TO ? '' : text,
        };
      },
      rows,
    );
  }

  function describe() {
    if (!counts) return;
    const place = pointed ?? placeOf(pinned);
    matrix.light(place);
    say.classList.toggle('ch-quiet', !place);
    if (place) say.textContent = sentence(counts, store.classNames, ...place);
    else if (hasRoom)
      say.textContent = `${(counts.isMany ? LABEL_MODES : MODES)[mode][1]}. Point at a cell, or move through them with the arrow keys.`;
    else
      say.textContent = `${counts.size} ${counts.isMany ? 'labels' : 'classes'} are too many for a matrix here; the table below names the weak ones.`;
  }

  /** @param {string | null} show */
  function pin(show) {
    pinned = show;
    matrix.select(pinned);
    describe();
  }
  table.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !pinned) return;
    event.preventDefault();
    event.stopPropagation();
    pin(null);
  });

  return view;
}
