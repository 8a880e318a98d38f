/**
 * The confusion matrix of the moment shown, as a table whose cells are coloured: rows true, columns predicted.
 * Where an example carries any number of labels, a row for each label with its 2x2 matrix laid out in a line.
 */

import { cellPercent, countsOf, OF_LABEL, sentence } from '../../lib/model/confusion-counts.js';
import { gradientOf } from '../../lib/theme/palette.js';
import { createChartFrame, heldoutOf, runOf } from '../../lib/ui/chart-frame.js';
import { segmented } from '../../lib/ui/controls.js';
import { around, make } from '../../lib/ui/dom.js';
import { arrow, isCommand } from '../../lib/ui/keys.js';
import { whenSeen } from '../../lib/ui/seen.js';

/** @import { Frame, Palette } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

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
 * Build the confusion matrix in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createConfusion(root, store) {
  const { frame, theme, remove } = createChartFrame(root, 'Confusion matrix');

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
  const table = make('table', { className: 'ch-matrix' });
  table.setAttribute('role', 'grid');
  table.setAttribute(
    'aria-label',
    'Confusion matrix: each row is a true class, each column a predicted one. Arrow keys move, Enter keeps a cell.',
  );
  const say = make('p', { className: 'ch-say' });
  const live = make('div', { className: 'nv-hidden' });
  live.setAttribute('aria-live', 'polite');
  const right = make('i');
  const wrong = make('i');
  const legend = make('span', { className: 'nv-scale' }, 'right', right, 'wrong', wrong);
  legend.title =
    'Both from 0 to 100 %, for the whole run; small shares of wrong answers are lifted, so that they are seen';
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
  /** @type {HTMLTableCellElement[][]} */
  let cells = [];
  /** @type {HTMLTableCellElement[]} */
  let totals = [];
  /** @type {{ row: HTMLTableCellElement[], column: HTMLTableCellElement[] }} */
  let heads = { row: [], column: [] };
  let spot = [0, 0]; // the cell that the keyboard is on
  /** @type {number[] | null} */
  let pointed = null;
  /** @type {number[] | null} */
  let focused = null;
  /** @type {number[] | null} */
  let pinned = null;
  /** @type {HTMLElement[]} */
  let lit = [];
  /** @type {{ run: string | null, frame: Frame | null, mode: string | null }} */
  const known = { run: null, frame: null, mode: null };
  const { wake, sleep } = whenSeen(root, update);

  // --- building ---
  /**
   * @param {string} name
   * @param {string} scope
   * @param {boolean} [isTall]
   */
  function heading(name, scope, isTall = false) {
    const node = make(
      'th',
      { scope, title: name, className: isTall ? 'ch-tall' : '' },
      isTall ? make('span', { textContent: name }) : name,
    );
    return node;
  }

  function build() {
    const names = store.classNames;
    const { isMany } = store.answers;
    Object.assign(table.dataset, { size: names.length });
    title.textContent = isMany ? 'Confusion by label ' : 'Confusion matrix ';
    table.setAttribute(
      'aria-label',
      `${isMany ? 'Confusion by label: a row for each label' : 'Confusion matrix: each row is a true class, each column a predicted one'}. Arrow keys move, Enter keeps a cell.`,
    );
    Object.values(isMany ? LABEL_MODES : MODES).forEach(([label, about], k) =>
      Object.assign(choice.buttons[k], { textContent: label, title: about }),
    );
    cells = [];
    totals = [];
    spot = [0, 0];
    [pointed, focused, pinned] = [null, null, null];
    table.replaceChildren();
    const hasRoom = names.length <= CELLS_UP_TO;
    axis.hidden = !hasRoom || isMany;
    if (!hasRoom) return;
    const longest = Math.max(...names.map(({ length }) => length));
    const corner = make('th', { scope: 'col', className: 'ch-corner', textContent: isMany ? 'Label ↓' : 'True ↓' });
    corner.style.width = `${Math.min(96, Math.max(46, 14 + 7 * longest))}px`;
    const columns = isMany
      ? OF_LABEL.map(([text]) => make('th', { scope: 'col', title: LABEL_HEADS[text], textContent: text }))
      : names.map((name) => heading(name, 'col', longest > SHORT));
    heads = { row: names.map((name) => heading(name, 'row')), column: columns };
    const support = make('th', {
      scope: 'col',
      className: 'ch-total',
      textContent: isMany ? 'with' : 'all',
      title: `Support: how many true examples of the ${store.answers.one} there are`,
    });
    table
      .createTHead()
      .insertRow()
      .append(corner, ...heads.column, support);
    const body = table.createTBody();
    names.forEach((_, i) => {
      const row = body.insertRow();
      row.append(heads.row[i]);
      cells.push(
        columns.map((__, j) => {
          const cell = row.insertCell();
          cell.tabIndex = i === 0 && j === 0 ? 0 : -1;
          cell.setAttribute('role', 'gridcell');
          Object.assign(cell.dataset, { row: i, column: j });
          return cell;
        }),
      );
      const total = row.insertCell();
      total.className = 'ch-total';
      totals.push(total);
    });
    const n = columns.length;
    table.style.setProperty('--ch-cell', `${n <= 12 ? 30 : n <= NUMBERS_UP_TO ? 24 : n <= 30 ? 16 : 11}px`);
    known.frame = null;
  }

  // --- what changed outside ---
  function update() {
    const painted = theme(store);
    if (painted) {
      palette = painted;
      // Blue for right is the low half of the two-sided colours, orange for wrong the high one.
      right.style.background = gradientOf({
        signed: false,
        /** @param {number} t */ css: (t) => palette.diverging.css(-t),
      });
      wrong.style.background = gradientOf({
        signed: false,
        /** @param {number} t */ css: (t) => palette.diverging.css(Math.sqrt(t)),
      });
    }
    const confusion = store.shown?.tensor('confusion');
    if (!confusion || !store.description) return;
    if (known.run !== runOf(store) || Number(table.dataset.size) !== store.classNames.length) {
      known.run = runOf(store);
      const { name, size } = heldoutOf(store.description);
      split.textContent = `${name} split, ${size.toLocaleString('en')} examples`;
      build();
    }
    if (!painted && known.frame === store.shown && known.mode === mode) return;
    Object.assign(known, { frame: store.shown, mode });
    counts = countsOf(confusion);
    table.dataset.number = String(store.shown.number);
    if (cells.length) paint();
    tell();
  }

  function paint() {
    const { nColumns, rows } = counts;
    cells.forEach((row, i) =>
      row.forEach((cell, j) => {
        const count = counts.at(i, j);
        const whole = counts.whole(i, j, mode === 'column');
        const share = whole ? count / whole : 0;
        // Fixed over a run, of its own for right and wrong; small shares of wrong are lifted by a square root.
        const tone = counts.isRight(i, j) ? -share : Math.sqrt(share);
        cell.style.background = count ? palette.diverging.css(tone) : palette.panel;
        cell.style.color = count === 0 ? palette.muted : palette.diverging.isLight(tone) ? '#10161f' : '#ffffff';
        const text =
          nColumns > NUMBERS_UP_TO
            ? ''
            : mode === 'count'
              ? count
                ? String(count)
                : '·'
              : cellPercent(count, whole, nColumns <= DECIMALS_UP_TO);
        if (cell.textContent !== text) cell.textContent = text;
      }),
    );
    totals.forEach((cell, i) => {
      cell.textContent = String(rows[i]);
    });
  }

  function tell() {
    const at = pointed ?? focused ?? pinned;
    for (const node of lit) node.classList.remove('ch-lit');
    lit = at && cells.length ? [heads.row[at[0]], heads.column[at[1]]] : [];
    for (const node of lit) node.classList.add('ch-lit');
    say.classList.toggle('ch-quiet', !at);
    if (at) say.textContent = sentence(counts, store.classNames, at[0], at[1]);
    else if (cells.length)
      say.textContent = `${(counts.isMany ? LABEL_MODES : MODES)[mode][1]}. Point at a cell, or move through them with the arrow keys.`;
    else
      say.textContent = `${counts.size} ${counts.isMany ? 'labels' : 'classes'} are too many for a matrix here; the table below names the weak ones.`;
  }

  // --- what the person does ---
  /** @param {EventTarget | null} target */
  const placeOf = (target) => {
    const cell = around(target, 'td[data-row]');
    return cell ? [Number(cell.dataset.row), Number(cell.dataset.column)] : null;
  };

  /** @param {number[] | null} place */
  function pin(place) {
    const isSame = pinned && place && pinned[0] === place[0] && pinned[1] === place[1];
    if (pinned) cells[pinned[0]][pinned[1]].removeAttribute('aria-selected');
    pinned = isSame ? null : place;
    if (pinned) {
      cells[pinned[0]][pinned[1]].setAttribute('aria-selected', 'true');
    }
    tell();
  }

  /** @param {number[]} about */
  function focus([i, j]) {
    cells[spot[0]][spot[1]].tabIndex = -1;
    spot = [i, j];
    cells[i][j].tabIndex = 0;
    cells[i][j].focus();
  }

  table.addEventListener('pointerover', (event) => {
    pointed = placeOf(event.target);
    if (counts) tell();
  });
  table.addEventListener('pointerleave', () => {
    pointed = null;
    if (counts) tell();
  });
  table.addEventListener('focusin', (event) => {
    focused = placeOf(event.target);
    if (!focused || !counts) return;
    tell();
    live.textContent = sentence(counts, store.classNames, focused[0], focused[1]);
  });
  table.addEventListener('focusout', () => {
    focused = null;
    if (counts) tell();
  });
  table.addEventListener('click', (event) => {
    const place = placeOf(event.target);
    if (!place) return;
    focus(place);
    pin(place);
  });
  table.addEventListener('keydown', (event) => {
    const from = placeOf(event.target);
    if (!from || isCommand(event)) return;
    const last = [cells.length - 1, cells[0].length - 1];
    const by = arrow(event);
    if (by) focus(from.map((value, k) => Math.min(last[k], Math.max(0, value + by[k]))));
    else if (event.key === 'Home') focus([from[0], 0]);
    else if (event.key === 'End') focus([from[0], last[1]]);
    else if (event.key === 'Enter' || event.key === ' ') pin(from);
    else if (event.key === 'Escape' && pinned) pin(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  const stops = ['frame', 'theme', 'run'].map((event) => store.on(event, wake));
  wake();
  return {
    update,
    destroy() {
      sleep();
      stops.forEach((stop) => stop?.());
      remove();
    },
  };
}
