/** The tables of figures of every page: lines, headings that sort, a number with its bar. */

import { make } from './dom.js';

/** @import { About } from './dom.js' */

/** @typedef {HTMLTableCellElement | string} Cell A cell, or the words of a plain one. */

/**
 * A line of a table, its first cell the heading.
 * @param {Cell[]} cells
 * @param {About} [about]
 */
export const lineOf = (cells, about) =>
  make(
    'tr',
    about,
    ...cells.map((cell, i) => {
      if (typeof cell !== 'string') return cell;
      return i ? make('td', {}, cell) : make('th', { scope: 'row', title: cell }, cell);
    }),
  );

/**
 * The head of a table.
 * @param {Cell[]} cells
 */
export const headOf = (cells) =>
  make(
    'thead',
    {},
    make('tr', {}, ...cells.map((cell) => (typeof cell === 'string' ? make('th', { scope: 'col' }, cell) : cell))),
  );

/**
 * A table of words alone: a caption, its head, and lines of cells.
 * @param {string | HTMLTableCaptionElement} caption
 * @param {string[]} head
 * @param {Cell[][]} lines
 */
export const tableOf = (caption, head, lines) =>
  make(
    'table',
    { className: 'tb' },
    typeof caption === 'string' ? make('caption', {}, caption) : caption,
    headOf(head),
    make('tbody', {}, ...lines.map((cells) => lineOf(cells))),
  );

/** @typedef {'none' | 'ascending' | 'descending'} Order */

/**
 * The heading of a column that sorts when it is pressed.
 * @param {string} text
 * @param {string} title
 * @param {() => void} sort
 * @param {About} [about]
 */
export function sortHeading(text, title, sort, about) {
  const button = make('button', { type: 'button', title }, text);
  button.addEventListener('click', sort);
  return make('th', { scope: 'col', 'aria-sort': 'none', ...about }, button);
}

/** A number with a bar before it: {element, show(text, part)}, `part` from 0 to 1 or null for no bar. */
export function createMeter() {
  const [bar, words] = [make('i'), make('span')];
  return {
    element: make('div', { className: 'tb-meter' }, bar, words),
    words,
    /**
     * @param {string} text
     * @param {number | null} part
     */
    show(text, part) {
      bar.hidden = part === null;
      if (part !== null) bar.style.setProperty('--part', `${100 * part}%`);
      if (words.textContent !== text) words.textContent = text;
    },
  };
}
