import { make } from '../lib/ui/dom.js';

/**
 * A card of the Draw page with a heading; what stands right of the heading is `aside`.
 * @param {string} title
 * @param {string} name
 * @param {Array<Node | string>} aside
 */
export function card(title, name, ...aside) {
  const heading = make('h3', { textContent: title });
  const head = make('div', { className: 'dr-head' }, heading, ...aside);
  const element = make('section', { className: `dr-card dr-${name}`, 'aria-label': title }, head);
  return { element, heading, head };
}
