/** Arrow keys, the same in every grid, row and chart. */

import { around, closest } from './dom.js';
import { isPressed } from './shortcuts.js';

/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * By how many rows and columns an arrow key moves, [down, right]; null for any other key.
 * @param {{ key: string }} about
 */
export const arrow = ({ key }) => ARROWS[key] ?? null;

/**
 * Whether a key is pressed together with one that makes it a command of the browser's.
 * @param {{ ctrlKey: boolean, metaKey: boolean, altKey: boolean }} about
 */
export const isCommand = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;

const ZOOMS = /** @type {const} */ ([
  ['zoom-in', 'in'],
  ['zoom-out', 'out'],
  ['zoom-fit', 'fit'],
]);

/**
 * How a key zooms, nearer, farther, or to the whole; null for any other key.
 * @param {{ key: string }} event
 */
export const zoomByKey = (event) => ZOOMS.find(([name]) => isPressed(event, name))?.[1] ?? null;

/**
 * Call `act` when Enter or the space bar is pressed on an element of a selector in `root`, as on a button.
 * @param {HTMLElement} root
 * @param {string} selector
 * @param {(event: KeyboardEvent) => void} act
 */
export function onEnter(root, selector, act) {
  root.addEventListener('keydown', (event) => {
    if ((event.key !== 'Enter' && event.key !== ' ') || !closest(event, selector)) return;
    event.preventDefault();
    event.stopPropagation();
    act(event);
  });
}

/**
 * Whether a key is pressed where one types or chooses, and so means a letter.
 * @param {Event} event
 */
export const isTyping = (event) =>
  around(
    event.composedPath()[0],
    'input:not([type=range]), textarea, select, [contenteditable=true], [role=combobox], [role=spinbutton]',
  ) !== null;

/**
 * The index that a key asks for in a list of `count`, from index `at`, `page` apart with Page Up and Down; null for any other key.
 * @param {{ key: string }} about
 * @param {number} at
 * @param {number} count
 * @param {number} [page]
 */
export function indexByKey({ key }, at, count, page = 10) {
  const last = count - 1;
  const next = {
    ArrowLeft: at - 1,
    ArrowDown: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at + 1,
    PageDown: at - page,
    PageUp: at + page,
    Home: 0,
    End: last,
  }[key];
  return next === undefined ? null : Math.max(0, Math.min(last, next));
}

/**
 * One place in the order of Tab for a whole grid, and arrow keys, Home and End within it. `place(element)` is [row, column] or
 * null, `at(row, column)` the element there or null; returns what makes an element the one that Tab reaches.
 * @param {HTMLElement} root
 * @param {(element: EventTarget | null) => number[] | null} place
 * @param {(row: number, column: number) => HTMLElement | null} at
 */
export function roveOver(root, place, at) {
  /** @type {HTMLElement | null} */
  let current = null;
  /** @param {HTMLElement | null} element */
  function reach(element) {
    if (!element) return;
    if (current && current !== element) current.tabIndex = -1;
    current = element;
    element.tabIndex = 0;
  }
  /**
   * The element that a key leads to, null where there is none; undefined for any other key.
   * @param {KeyboardEvent} event
   * @param {number[]} from
   */
  function next(event, [row, column]) {
    const by = arrow(event);
    if (by) return at(row + by[0], column + by[1]);
    const way = { Home: -1, End: 1 }[event.key];
    if (!way) return undefined;
    while (at(row, column + way)) column += way;
    return at(row, column);
  }
  root.addEventListener('focusin', (event) => {
    if (event.target instanceof HTMLElement && place(event.target)) reach(event.target);
  });
  root.addEventListener('keydown', (event) => {
    const from = place(event.target);
    if (!from || isCommand(event)) return;
    const to = next(event, from);
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (!to) return;
    reach(to);
    to.focus();
  });
  return reach;
}
