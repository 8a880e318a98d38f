/** The numbers of a chart as a table, one click away; made only while it is open. */

import { make } from './dom.js';

const MOST_ROWS = 400;

/**
 * Append the table to `root`. `rows()` answers {head: [text], rows: [[text]]}; call `update()` when they may have changed.
 * More than 400 rows are thinned evenly, and the caption says so.
 * @param {HTMLElement} root
 * @param {string} name
 * @param {() => { head: string[], rows: string[][] }} rows
 */
export function createNumbersTable(root, name, rows) {
  const details = make('details', { className: 'as-numbers' });
  const summary = make('summary', { textContent: 'Numbers' });
  const box = make('div', { className: 'as-numbers-box', tabIndex: 0, role: 'region', 'aria-label': name });
  const table = make('table', { className: 'as-classes' });
  box.append(table);
  details.append(summary, box);
  root.append(details);
  let written = '';

  function update() {
    if (!details.open) return;
    const { head, rows: all } = rows();
    const every = Math.ceil(all.length / MOST_ROWS);
    const shown = every > 1 ? all.filter((_, i) => i % every === 0 || i === all.length - 1) : all;
    const key = JSON.stringify([head, shown]);
    if (key === written) return;
    written = key;
    const caption = make('caption', {
      className: 'as-sr',
      textContent: name + (every > 1 ? `, every ${every}th snapshot` : ''),
    });
    /**
     * @param {string[]} cells
     * @param {'th' | 'td'} tag
     */
    const line = (cells, tag) => {
      const row = make('tr');
      cells.forEach((text, i) => {
        const cell = make(i === 0 || tag === 'th' ? 'th' : 'td');
        if (cell.tagName === 'TH') cell.scope = tag === 'th' ? 'col' : 'row';
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    };
    const thead = make('thead', {}, line(head, 'th'));
    const tbody = make('tbody', {}, ...shown.map((cells) => line(cells, 'td')));
    table.replaceChildren(caption, thead, tbody);
  }

  details.addEventListener('toggle', () => {
    written = '';
    update();
  });
  return { update };
}
