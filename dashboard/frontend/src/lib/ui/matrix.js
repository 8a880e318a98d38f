/**
 * The confusion matrix: a table of coloured cells that is one stop of the Tab key, with arrow keys within it.
 * Blue is right and orange wrong; of a difference blue is better and orange worse.
 */

import { around, make } from './dom.js';
import { onEnter, roveOver } from './keys.js';

/** @import { Palette } from '../model/types.js' */

/** @typedef {{ text: string, title?: string, show?: string, isTall?: boolean }} Heading One with a `show` can be chosen. */
/** @typedef {[row: number, column: number]} Place A cell from [0, 0] on; -1 is a heading, the last column the totals. */
/** @typedef {{ tone: number | null, text: string, label?: string }} CellLook */

/**
 * Where a cell stands between the two colours, -1 to 1; null where there is nothing. Small shares of wrong, and small
 * differences, are lifted to the root of their share of `top`.
 * @param {number} value
 * @param {{ top?: number, isRight: boolean, isDifference?: boolean }} about
 */
export function toneOf(value, { top = 1, isRight, isDifference = false }) {
  if (!value) return null;
  const size = Math.sqrt(Math.min(1, Math.abs(value) / top));
  if (isDifference) return (isRight ? -1 : 1) * Math.sign(value) * size;
  return isRight ? -value : size;
}

/**
 * An empty matrix, to be built and painted. `describe` is called with the place that is pointed at or has the focus, or
 * null, and whether by the focus; `choose` with the `show` and the place of what is clicked, or entered by a key.
 * @param {{ describe?: (place: Place | null, byFocus: boolean) => void, choose?: (show: string, place: Place) => void }} acts
 */
export function createMatrix({ describe = () => {}, choose = () => {} } = {}) {
  const table = make('table', { className: 'mx', role: 'grid' });
  /** @type {HTMLTableCellElement[][]} */
  let cells = [];
  /** @type {HTMLTableCellElement[]} */
  let totals = [];
  /** @type {HTMLTableCellElement[]} */
  let margins = [];
  /** @type {HTMLTableCellElement[]} */
  let feet = [];
  /** @type {Place | null} */
  let pointed = null;
  /** @type {Place | null} */
  let focused = null;

  /** @param {EventTarget | null} target */
  const cellOf = (target) => /** @type {HTMLTableCellElement | null} */ (around(target, '[data-show]'));
  /** @param {EventTarget | null} target */
  const spotOf = (target) => {
    const cell = cellOf(target);
    return cell && [/** @type {HTMLTableRowElement} */ (cell.parentElement).rowIndex, cell.cellIndex];
  };
  /**
   * @param {EventTarget | null} target
   * @returns {Place | null}
   */
  const placeOf = (target) => {
    const spot = spotOf(target);
    return spot && [spot[0] - 1, spot[1] - 1];
  };
  const reach = roveOver(table, spotOf, (row, column) => cellOf(table.rows[row]?.cells[column]));

  /**
   * @param {'th' | 'td'} tag
   * @param {Heading} about
   * @param {Record<string, string>} more
   */
  function cellWith(tag, { text, title, show, isTall }, more) {
    const content = isTall ? make('span', { textContent: text }) : text;
    return make(tag, { title, 'data-show': show, 'aria-selected': show && 'false', ...more }, content);
  }

  /**
   * Begin again with other headings. `show(i, j)` names a cell that can be chosen; `margins` are columns of figures
   * after the total, `foot` a row of them below.
   * @param {{
   *   corner: Array<Node | string>,
   *   columns: Heading[],
   *   rows: Heading[],
   *   total?: Heading,
   *   margin?: Heading,
   *   foot?: Heading,
   *   show?: (i: number, j: number) => string,
   * }} about
   */
  function build({ corner, columns, rows, total, margin, foot, show }) {
    [pointed, focused] = [null, null];
    const heads = columns.map((column) => cellWith('th', column, { scope: 'col', className: 'mx-column' }));
    if (total) heads.push(cellWith('th', total, { scope: 'col', className: 'mx-total' }));
    if (margin) heads.push(cellWith('th', margin, { scope: 'col', className: 'mx-total mx-margin' }));
    cells = rows.map((_, i) =>
      columns.map((__, j) =>
        cellWith('td', { text: '', show: show?.(i, j) }, { role: 'gridcell', className: 'mx-cell' }),
      ),
    );
    totals = total
      ? rows.map((row) => cellWith('td', { ...row, text: '' }, { role: 'gridcell', className: 'mx-total' }))
      : [];
    margins = margin
      ? rows.map((row) => cellWith('td', { ...row, text: '' }, { role: 'gridcell', className: 'mx-total' }))
      : [];
    feet = foot
      ? columns.map((column) =>
          cellWith('td', { ...column, text: '', isTall: false }, { role: 'gridcell', className: 'mx-total' }),
        )
      : [];
    table.replaceChildren(
      make('thead', {}, make('tr', {}, make('td', { className: 'mx-corner' }, ...corner), ...heads)),
      make(
        'tbody',
        {},
        ...rows.map((row, i) =>
          make(
            'tr',
            {},
            cellWith('th', row, { scope: 'row' }),
            ...cells[i],
            ...totals.slice(i, i + 1),
            ...margins.slice(i, i + 1),
          ),
        ),
      ),
      ...(foot ? [make('tfoot', {}, make('tr', {}, cellWith('th', foot, { scope: 'row' }), ...feet))] : []),
    );
    for (const cell of table.querySelectorAll('[data-show]')) cell.setAttribute('tabindex', '-1');
    if (show) reach(cells[0][0]);
  }

  /**
   * @param {Palette} palette
   * @param {(i: number, j: number) => CellLook} look
   * @param {ArrayLike<number>} [sums]
   * @param {{ margin?: string[], foot?: string[] }} [figures]
   */
  function paint({ diverging, panel, muted }, look, sums = [], { margin = [], foot = [] } = {}) {
    cells.forEach((row, i) =>
      row.forEach((cell, j) => {
        const { tone, text, label } = look(i, j);
        cell.style.background = tone === null ? panel : diverging.css(tone);
        cell.style.color = tone === null ? muted : diverging.letters(tone);
        if (cell.textContent !== text) cell.textContent = text;
        if (label) cell.setAttribute('aria-label', label);
      }),
    );
    totals.forEach((cell, i) => {
      cell.textContent = sums[i].toLocaleString('en');
    });
    margins.forEach((cell, i) => {
      cell.textContent = margin[i];
    });
    feet.forEach((cell, j) => {
      cell.textContent = foot[j];
    });
  }

  /**
   * Mark what is chosen.
   * @param {string | null} chosen
   */
  function select(chosen) {
    for (const cell of table.querySelectorAll('[data-show]'))
      cell.setAttribute('aria-selected', String(cell.getAttribute('data-show') === chosen));
  }

  /** Mark the headings of a cell, or none. */
  /** @param {Place | null} place */
  function light(place) {
    for (const cell of table.querySelectorAll('.mx-lit')) cell.classList.remove('mx-lit');
    if (!place || !cells.length) return;
    table.rows[0].cells[place[1] + 1].classList.add('mx-lit');
    table.rows[place[0] + 1].cells[0].classList.add('mx-lit');
  }

  /** @param {Event} event */
  function act(event) {
    const [cell, place] = [cellOf(event.target), placeOf(event.target)];
    if (!cell?.dataset.show || !place) return;
    cell.focus();
    choose(cell.dataset.show, place);
  }
  /** @param {boolean} byFocus */
  const describeHere = (byFocus) => describe(pointed ?? focused, byFocus);
  table.addEventListener('click', act);
  onEnter(table, '[data-show]', act);
  table.addEventListener('pointerover', ({ target }) => {
    pointed = placeOf(target);
    describeHere(false);
  });
  table.addEventListener('pointerleave', () => {
    pointed = null;
    describeHere(false);
  });
  table.addEventListener('focusin', ({ target }) => {
    focused = placeOf(target);
    describe(focused, true);
  });
  table.addEventListener('focusout', () => {
    focused = null;
    describeHere(false);
  });
  return { element: table, build, paint, select, light };
}
