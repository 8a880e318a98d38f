/** The confusion matrix of Inspect: every cell, row and column is a button that says which examples to show. */

import { around, closest, make, penOf } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { roveOver } from '../lib/ui/keys.js';
import { fillLegend, paintCell } from './cells.js';

/** @import { MatrixData } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

const NUMBERS_UP_TO = 26; // classes for which every cell has room for its number
const BIG_UP_TO = 12;

/**
 * Build the matrix in `root`; `tell` is called with a selection such as "3-5", "true-3" or "predicted-5".
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} tell
 */
export function createMatrix(root, tell) {
  const table = make('table', { className: 'ai-grid', role: 'grid' });
  const say = make('p', { className: 'ai-say', 'aria-live': 'polite' });
  const legend = make('p', { className: 'ai-legend' });
  const foot = make(
    'div',
    { className: 'ai-foot' },
    legend,
    pngButton(picture, () => data.file),
  );
  root.append(make('div', { className: 'ai-scroll' }, table), say, foot);
  /** @type {HTMLElement[][]} */
  let places = []; // [row][column], row 0 and column 0 the headings, the last column the totals
  let built = '';
  /** @type {MatrixData} */
  let data;
  /** @type {Palette} */
  let palette;
  /** @param {EventTarget | null} element */
  const placeOf = (element) => {
    const spot = around(element, '[data-spot]')?.dataset.spot;
    return spot ? spot.split(',').map(Number) : null;
  };
  const reach = roveOver(table, placeOf, (row, column) => places[row]?.[column] ?? null);

  /** @param {string[]} names */
  function build(names) {
    const corner = make(
      'td',
      { className: 'ai-corner', role: 'presentation' },
      make('span', { textContent: 'predicted →' }),
      make('span', { textContent: 'true ↓' }),
    );
    const header = make('tr', { role: 'row' }, corner);
    const longest = Math.max(...names.map((name) => name.length));
    corner.style.width = `${Math.min(names.length <= 4 ? 230 : 140, Math.max(64, 20 + 7 * longest))}px`;
    const body = make('tbody', { role: 'rowgroup' });
    /**
     * @param {HTMLTableCellElement} element
     * @param {number} row
     * @param {number} column
     * @param {string} selection
     */
    const spot = (element, row, column, selection) => {
      Object.assign(element.dataset, { spot: `${row},${column}`, show: selection });
      element.tabIndex = -1;
      places[row] ??= [];
      places[row][column] = element;
      return element;
    };
    places = [];
    names.forEach((name, j) =>
      header.append(
        spot(
          make('th', { scope: 'col', role: 'columnheader', textContent: name, title: `Everything taken for ${name}` }),
          0,
          j + 1,
          `predicted-${j}`,
        ),
      ),
    );
    header.append(make('th', { scope: 'col', role: 'columnheader', className: 'ai-total', textContent: 'all' }));
    names.forEach((name, i) => {
      const row = make('tr', { role: 'row' });
      row.append(
        spot(
          make('th', { scope: 'row', role: 'rowheader', textContent: name, title: `Everything that truly is ${name}` }),
          i + 1,
          0,
          `true-${i}`,
        ),
      );
      names.forEach((_, j) => row.append(spot(make('td', { role: 'gridcell' }), i + 1, j + 1, `${i}-${j}`)));
      row.append(
        spot(
          make('td', { role: 'gridcell', className: 'ai-total', title: `Everything that truly is ${name}` }),
          i + 1,
          names.length + 1,
          `true-${i}`,
        ),
      );
      body.append(row);
    });
    table.replaceChildren(make('thead', { role: 'rowgroup' }, header), body);
    reach(places[1][1]);
  }

  /**
   * @param {MatrixData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    data = given;
    palette = colors;
    const { names, counts, values, texts, selected, difference } = data;
    table.setAttribute('aria-label', data.label);
    if (built !== names.join('\n')) {
      built = names.join('\n');
      build(names);
    }
    const size = names.length;
    table.style.setProperty('--cell', `${size <= 4 ? 64 : size <= BIG_UP_TO ? 36 : size <= NUMBERS_UP_TO ? 24 : 13}px`);
    table.classList.toggle('ai-small', size > BIG_UP_TO);
    for (let i = 0; i < size; i += 1) {
      for (let j = 0; j < size; j += 1) {
        const cell = places[i + 1][j + 1];
        paintCell(cell, values[i][j], { top: data.top, isRight: i === j, isDifference: difference }, palette);
        const text = size <= NUMBERS_UP_TO ? texts[i][j] : '';
        if (cell.textContent !== text) cell.textContent = text;
        cell.setAttribute(
          'aria-label',
          `true ${names[i]}, predicted ${names[j]}: ${counts[i][j]}${difference ? `, change ${texts[i][j]}` : ''}`,
        );
      }
      places[i + 1][size + 1].textContent = data.totals[i].toLocaleString('en');
    }
    for (const row of places) {
      for (const cell of row ?? []) {
        if (!cell) continue;
        cell.setAttribute('aria-selected', String(cell.dataset.show === selected));
      }
    }
    fillLegend(legend, { isDifference: difference, words: data.words }, palette);
    describe(null);
  }

  /** @param {EventTarget | null} element */
  function describe(element) {
    const spot = element && placeOf(element);
    if (!spot || !data) {
      say.textContent = 'Choose a cell, a row or a column to see its examples.';
      return;
    }
    const [i, j] = [spot[0] - 1, spot[1] - 1];
    const { names, counts, totals, predicted } = data;
    /**
     * @param {number} part
     * @param {number} whole
     */
    const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : 'n/a');
    if (i < 0)
      say.textContent = `${predicted[j].toLocaleString('en')} taken for ${names[j]}; precision ${share(counts[j][j], predicted[j])}.`;
    else if (j < 0 || j >= names.length)
      say.textContent = `${totals[i].toLocaleString('en')} truly ${names[i]}; recall ${share(counts[i][i], totals[i])}.`;
    else {
      say.textContent =
        `${counts[i][j].toLocaleString('en')} of ${totals[i].toLocaleString('en')} true ${names[i]} ${i === j ? 'recognised' : `taken for ${names[j]}`}` +
        ` (${share(counts[i][j], totals[i])} of the row, ${share(counts[i][j], predicted[j])} of the column).`;
    }
  }

  /** The matrix as one picture, its names in full. */
  function picture() {
    const canvas = make('canvas');
    const context = penOf(canvas);
    const [side, bold, size] = [44, '600 13px sans-serif', data.names.length];
    context.font = bold;
    const longest = Math.ceil(Math.max(...data.names.map((name) => context.measureText(name).width)));
    const upright = longest > side - 4; // names that are too long for their column stand on end
    const [left, top] = [Math.max(96, longest + 20), upright ? longest + 46 : 64];
    canvas.width = 2 * (left + (size + 1) * side + 12);
    canvas.height = 2 * (top + size * side + 12);
    context.scale(2, 2);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = 'middle';
    /**
     * @param {string} text
     * @param {number} x
     * @param {number} y
     * @param {string} color
     * @param {CanvasTextAlign} [align]
     * @param {string} [font]
     */
    const write = (text, x, y, color, align = 'center', font = '13px sans-serif') => {
      Object.assign(context, { fillStyle: color, textAlign: align, font });
      context.fillText(text, x, y, align === 'center' ? side - 4 : undefined);
    };
    write(data.file, 12, 16, palette.muted, 'left', '12px sans-serif');
    write('true ↓ pred. →', 6, top - 18, palette.muted, 'left', '11px sans-serif');
    data.names.forEach((name, i) => {
      const middle = left + (i + 0.5) * side;
      if (upright) {
        context.save();
        context.translate(middle, top - 8);
        context.rotate(-Math.PI / 2);
        write(name, 0, 0, palette.ink, 'left', bold);
        context.restore();
      } else write(name, middle, top - 18, palette.ink, 'center', bold);
      write(name, left - 8, top + (i + 0.5) * side, palette.ink, 'right', bold);
      write(String(data.totals[i]), left + (size + 0.5) * side, top + (i + 0.5) * side, palette.muted);
      data.names.forEach((_, j) => {
        const cell = places[i + 1][j + 1];
        context.fillStyle = cell.style.background;
        context.fillRect(left + j * side + 1, top + i * side + 1, side - 2, side - 2);
        write(data.texts[i][j], left + (j + 0.5) * side, top + (i + 0.5) * side, cell.style.color);
      });
    });
    return canvas;
  }

  /** @param {Event} event */
  const choose = (event) => {
    const cell = closest(event, '[data-show]');
    if (!cell) return;
    for (const each of table.querySelectorAll('[aria-selected=true]')) each.setAttribute('aria-selected', 'false');
    cell.setAttribute('aria-selected', 'true');
    tell({ show: cell.dataset.show });
  };
  table.addEventListener('click', choose);
  table.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose(event);
  });
  table.addEventListener('pointerover', (event) => describe(event.target));
  table.addEventListener('pointerleave', () => describe(null));
  table.addEventListener('focusin', (event) => describe(event.target));
  return { update };
}
