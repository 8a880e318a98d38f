/** A table of figures, sortable by each column; a row that stands for something is a button that chooses it. */
import { closest, focusedElement, make, penOf } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { roveOver } from '../lib/ui/keys.js';
/** @import { Row, TableData } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

/**
 * Build a table in `root`; `tell` is called with {row: id}.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} tell
 */
export function createTable(root, tell) {
  const table = make('table', { className: 'ai-table' });
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
    const head = make('tr');
    columns.forEach(({ title, about, kind, chosen }, k) => {
      const button = make('button', {
        type: 'button',
        textContent: title,
        title: about ?? `Sort by ${title.toLowerCase()}`,
      });
      const order = sort?.[0] === k ? (sort[1] ? 'descending' : 'ascending') : 'none';
      const heading = make('th', { scope: 'col', 'aria-sort': order }, button);
      if (kind === 'text') heading.className = 'ai-text';
      if (chosen) heading.classList.add('ai-chosen');
      button.addEventListener('click', () => {
        sort = sort?.[0] === k ? [k, !sort[1]] : [k, kind !== 'text'];
        update(data, palette);
        table.tHead?.querySelectorAll('button')[k].focus();
      });
      head.append(heading);
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
      const line = lineOf(row);
      line.setAttribute('aria-selected', String(row.id === selected));
      line.dataset.row = row.id;
      line.tabIndex = -1;
      line.title = row.title ?? '';
      line.setAttribute('aria-label', row.label ?? '');
      rows.push(line);
      body.append(line);
    }
    const foot = make('tfoot');
    for (const row of data.footer ?? []) foot.append(lineOf(row));
    table.replaceChildren(
      make('caption', { className: 'ai-hidden', textContent: data.label }),
      make('thead', {}, head),
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
  function lineOf({ cells, title }) {
    const line = make('tr', { title: title ?? '' });
    cells.forEach((value, k) => {
      const { kind, digits = 4 } = data.columns[k];
      if (kind === 'text') line.append(make('th', { scope: 'row', className: 'ai-text', textContent: value }));
      else if (value === null) line.append(make('td', { className: 'ai-none', textContent: 'n/a' }));
      else if (typeof value === 'string') line.append(make('td', { textContent: value }));
      else if (kind === 'plain') line.append(make('td', { textContent: value.toFixed(digits) }));
      else if (kind === 'count') line.append(make('td', { textContent: value.toLocaleString('en') }));
      else {
        const bar = make('i');
        bar.style.setProperty('--part', `${(100 * value) / (data.columns[k].top ?? 1)}%`);
        const text = kind === 'percent' ? `${(100 * value).toFixed(1)} %` : value.toFixed(digits);
        line.append(make('td', {}, make('div', { className: 'ai-meter' }, bar, make('span', { textContent: text }))));
      }
    });
    line
      .querySelectorAll(':scope > *')
      .forEach((cell, k) => cell.classList.toggle('ai-chosen', data.columns[k].chosen === true));
    return line;
  }

  /** The table as one picture, its rows in the order in which they stand. */
  function picture() {
    const lines = [...table.rows].map((line) => [...line.cells].map((cell) => cell.textContent));
    const canvas = make('canvas');
    const context = penOf(canvas);
    const [tall, top, font, bold] = [26, 34, '13px sans-serif', '600 13px sans-serif'];
    context.font = bold;
    const wide = data.columns.map(
      (_, k) => Math.ceil(Math.max(...lines.map((cells) => context.measureText(cells[k]).width))) + 32,
    );
    const width = Math.max(
      wide.reduce((sum, each) => sum + each, 0),
      Math.ceil(context.measureText(data.label).width) + 32,
    );
    canvas.width = 2 * width;
    canvas.height = 2 * (top + tall * lines.length + 8);
    context.scale(2, 2);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = 'middle';
    /**
     * @param {string} text
     * @param {number} x
     * @param {number} y
     * @param {string} color
     * @param {CanvasTextAlign} align
     * @param {string} weight
     */
    const write = (text, x, y, color, align, weight) => {
      Object.assign(context, { fillStyle: color, textAlign: align, font: weight });
      context.fillText(text, x, y);
    };
    write(data.label, 16, top / 2, palette.ink, 'left', bold);
    lines.forEach((cells, i) => {
      const y = top + tall * i;
      const isHead = i === 0;
      context.fillStyle = palette.line;
      context.fillRect(16, y + tall - 1, width - 32, 1);
      let x = 0;
      cells.forEach((text, k) => {
        const isText = data.columns[k].kind === 'text';
        const color = isHead || i > data.rows.length ? palette.muted : palette.ink;
        write(
          text,
          isText ? x + 16 : x + wide[k] - 16,
          y + tall / 2,
          color,
          isText ? 'left' : 'right',
          isHead || isText ? bold : font,
        );
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
    tell({ row: line.dataset.row });
  };
  table.addEventListener('click', choose);
  table.addEventListener('keydown', (event) => {
    if ((event.key !== 'Enter' && event.key !== ' ') || !closest(event, 'tr[data-row]')) return;
    event.preventDefault();
    choose(event);
  });
  return { update };
}
