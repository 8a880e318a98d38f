/** A table of figures, sortable by each column; a row that stands for something is a button that chooses it. */
import { fillBox, widthOf, write } from '../lib/charts/pen.js';
import { createSheet } from '../lib/charts/sheet.js';
import { closest, focusedElement, make } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { onEnter, roveOver } from '../lib/ui/keys.js';
import { createMeter, headOf, lineOf, sortHeading } from '../lib/ui/table.js';
/** @import { Cell, Row, TableData } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

/**
 * Build a table in `root`; `send` is called with {row: id}.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} send
 */
export function createTable(root, send) {
  const table = make('table', { className: 'tb' });
  const box = make('div', { className: 'ai-scroll' }, table);
  root.append(
    box,
    make(
      'div',
      { className: 'ai-foot ai-end' },
      pngButton(picture, () => data.file),
    ),
  );
  /** @type {TableData} */
  let data;
  /** @type {Palette} */
  let palette;
  /** @type {[number, boolean] | null} */
  let sort = null; // [column, descending]
  /** @type {HTMLTableRowElement[]} */
  let rows = [];
  /** @type {string | null} */
  let seen = null; // the row that was last brought into sight
  /** @param {EventTarget | null} element */
  const placeOf = (element) => {
    const at = rows.indexOf(/** @type {HTMLTableRowElement} */ (element));
    return at < 0 ? null : [at, 0];
  };
  const reach = roveOver(table, placeOf, (row, column) => (column === 0 ? (rows[row] ?? null) : null));

  /**
   * @param {TableData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    data = given;
    palette = colors;
    const { columns, selected } = data;
    box.classList.toggle('ai-tall', data.tall);
    const held = focusedElement()?.dataset.row;
    const head = columns.map(({ title, about, kind, chosen }, k) => {
      const resort = () => {
        sort = sort?.[0] === k ? [k, !sort[1]] : [k, kind !== 'text'];
        update(data, palette);
        table.tHead?.querySelectorAll('button')[k].focus();
      };
      return sortHeading(title, about ?? `Sort by ${title.toLowerCase()}`, resort, {
        'aria-sort': sort?.[0] === k ? (sort[1] ? 'descending' : 'ascending') : 'none',
        className: `${kind === 'text' ? 'ai-text' : ''} ${chosen ? 'ai-chosen' : ''}`,
      });
    });
    const ordered = [...data.rows];
    if (sort) {
      const [k, descending] = sort;
      ordered.sort((a, b) => {
        const [x, y] = [a.cells[k], b.cells[k]];
        if (x === null || y === null) return Number(x === null) - Number(y === null); // what is undefined stands last
        const apart = typeof x === 'string' ? x.localeCompare(String(y), 'en', { numeric: true }) : x - Number(y);
        return descending ? -apart : apart;
      });
    }
    rows = [];
    const body = make('tbody');
    for (const row of ordered) {
      const line = rowOf(row);
      line.setAttribute('aria-selected', String(row.id === selected));
      line.dataset.row = row.id;
      line.tabIndex = -1;
      line.title = row.title ?? '';
      line.setAttribute('aria-label', row.label ?? '');
      rows.push(line);
      body.append(line);
    }
    const foot = make('tfoot');
    for (const row of data.footer ?? []) foot.append(rowOf(row));
    table.replaceChildren(
      make('caption', { className: 'nv-hidden', textContent: data.label }),
      headOf(head),
      body,
      foot,
    );
    const current = rows.find((line) => line.dataset.row === selected);
    reach(rows.find((line) => line.dataset.row === held) ?? current ?? rows[0]);
    if (data.tall && current && selected !== seen) box.scrollTop = current.offsetTop - box.clientHeight / 2;
    seen = selected;
    if (held) rows.find((line) => line.dataset.row === held)?.focus({ preventScroll: true });
  }

  /** @param {Row} about */
  const rowOf = ({ cells, title, notes = [] }) =>
    lineOf(
      cells.map((value, k) => {
        const cell = cellOf(value, k);
        if (notes[k]) cell.append(make('small', { className: 'ai-note', textContent: notes[k] }));
        return cell;
      }),
      { title: title ?? '' },
    );

  /**
   * @param {Cell} value
   * @param {number} k
   */
  function cellOf(value, k) {
    const { kind, digits = 4, top = 1, chosen } = data.columns[k];
    const className = chosen ? 'ai-chosen' : '';
    if (kind === 'text') return make('th', { scope: 'row', className: `ai-text ${className}` }, String(value));
    if (value === null) return make('td', { className: `ai-none ${className}` }, 'n/a');
    if (typeof value === 'string') return make('td', { className }, value);
    if (kind === 'plain') return make('td', { className }, value.toFixed(digits));
    if (kind === 'count') return make('td', { className }, value.toLocaleString('en'));
    const meter = createMeter();
    meter.show(kind === 'percent' ? `${(100 * value).toFixed(1)} %` : value.toFixed(digits), value / top);
    return make('td', { className }, meter.element);
  }

  /**
   * What a cell says, in one line.
   * @param {HTMLTableCellElement} cell
   */
  function wordsOf(cell) {
    const note = cell.querySelector('.ai-note')?.textContent ?? '';
    return `${cell.textContent.slice(0, cell.textContent.length - note.length)}${note && ` (${note})`}`;
  }

  /** The table as one picture, its rows in the order in which they stand. */
  function picture() {
    const lines = [...table.rows].map((line) => [...line.cells].map(wordsOf));
    const [tall, top, font, bold] = [26, 34, '13px sans-serif', '600 13px sans-serif'];
    const { pen: ruler } = createSheet(0, 0, palette);
    const wide = data.columns.map(
      (_, k) => Math.ceil(Math.max(...lines.map((cells) => widthOf(ruler, cells[k], bold)))) + 32,
    );
    const width = Math.max(
      wide.reduce((sum, each) => sum + each, 0),
      Math.ceil(widthOf(ruler, data.label, bold)) + 32,
    );
    const { canvas, pen } = createSheet(width, top + tall * lines.length + 8, palette);
    write(pen, data.label, 16, top / 2, palette.ink, { font: bold });
    lines.forEach((cells, i) => {
      const y = top + tall * i;
      const isHead = i === 0;
      fillBox(pen, 16, y + tall - 1, width - 32, 1, palette.line);
      let x = 0;
      cells.forEach((text, k) => {
        const isText = data.columns[k].kind === 'text';
        const color = isHead || i > data.rows.length ? palette.muted : palette.ink;
        write(pen, text, isText ? x + 16 : x + wide[k] - 16, y + tall / 2, color, {
          align: isText ? 'left' : 'right',
          font: isHead || isText ? bold : font,
        });
        x += wide[k];
      });
    });
    return canvas;
  }

  /** @param {Event} event */
  const choose = (event) => {
    const line = closest(event, 'tr[data-row]');
    if (!line) return;
    rows.forEach((each) => each.setAttribute('aria-selected', String(each === line)));
    send({ row: line.dataset.row });
  };
  table.addEventListener('click', choose);
  onEnter(table, 'tr[data-row]', choose);
  return { update };
}
