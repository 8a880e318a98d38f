/** A small page for the tests of views: `document` and what belongs to it, as in a browser, in Node. */
import { Window } from 'happy-dom';

const window = new Window();
for (const name of ['document', 'Element', 'HTMLElement', 'Event', 'MouseEvent', 'KeyboardEvent', 'FocusEvent'])
  Object.assign(globalThis, { [name]: window[/** @type {'document'} */ (name)] });

/** An empty box on the page, with nothing else on it. */
export function box() {
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  return root;
}

/**
 * The only element of a selector in another.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function one(root, selector) {
  const found = [...root.querySelectorAll(selector)];
  if (found.length !== 1) throw new Error(`${found.length} elements are ${selector}`);
  return /** @type {HTMLElement} */ (found[0]);
}

/**
 * Press a key on the element that has the focus.
 * @param {string} key
 */
export const press = (key) =>
  document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
