/** The numbers of a chart as a table, one click away; made only while it is open. */

import { make } from './dom.js';
import { tableOf } from './table.js';

const MOST_ROWS = 400;

/**
 * Append the table to `root`. `rows()` gives {head: [text], rows: [[text]]}; call `update()` when they may have changed.
 * More than 400 rows, a `row` each, are thinned evenly, and the caption says so.
 * @param {HTMLElement} root
 * @param {string} name
 * @param {() => { head: string[], rows: string[][] }} rows
 * @param {string} [row]
 */
export function createNumbersTable(root, name, rows, row = 'snapshot') {
  const box = make('div', { tabIndex: 0, role: 'region', 'aria-label': name });
  const details = make('details', { className: 'tb-numbers' }, make('summary', { textContent: 'Numbers' }), box);
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
    const text = name + (every > 1 ? `, every ${every}th ${row}` : '');
    box.replaceChildren(tableOf(make('caption', { className: 'nv-hidden' }, text), head, shown));
  }

  details.addEventListener('toggle', () => {
    written = '';
    update();
  });
  return { update };
}
