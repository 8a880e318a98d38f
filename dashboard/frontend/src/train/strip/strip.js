/** The strip above the timeline: what the run is doing, from the same messages as the picture; its height never changes. */

import { make, setText } from '../../lib/ui/dom.js';
import { createView } from '../../lib/ui/seen.js';
import { longestOf, wordsOf, wordsOfComing } from './words.js';

/** @import { Store } from '../types.js' */

const CELLS = /** @type {const} */ (['epoch', 'step', 'accuracy', 'speed', 'rate']);

/**
 * Build the strip in `root` on the stage's store. Returns {destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createStrip(root, store) {
  const badge = make('b', { className: 'as-badge', role: 'status' });
  const cells = CELLS.map((name) => make('span', { 'data-cell': name }));
  const message = make('span', { className: 'as-message', tabIndex: -1 });
  const bar = make('i');
  const progress = make(
    'div',
    { className: 'as-progress', role: 'progressbar', 'aria-label': 'Progress of the run' },
    bar,
  );
  const element = make('section', { className: 'as-strip', 'aria-label': 'Status of the run' });
  element.append(badge, ...cells, message, progress);
  root.append(element);
  const view = createView(element, store, ['lines', 'status', 'run'], draw);

  function draw() {
    const { coming } = store;
    const { status, recorded, share, message: words } = coming ? wordsOfComing(coming) : wordsOf(store);
    const longest = coming ? null : longestOf(store);
    setText(badge, status);
    element.dataset.status = status;
    cells.forEach((cell, i) => {
      setText(cell, recorded[CELLS[i]]);
      if (longest) cell.dataset.longest = longest[CELLS[i]];
    });
    setText(message, words);
    message.title = words;
    progress.classList.toggle('as-idle', share === null);
    progress.setAttribute('aria-valuenow', String(Math.round(100 * (share ?? 0))));
    bar.style.transform = `scaleX(${share ?? 0})`;
  }

  return {
    destroy() {
      view.destroy();
      element.remove();
    },
  };
}
