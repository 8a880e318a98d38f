/** What pictures of weights show, the same choice in the head of each of them. */

import { select } from './controls.js';

/** @import { NetworkStore, Since } from '../model/types.js' */

const OPTIONS = [
  ['', 'Weights as they are'],
  ['start', 'Change since start'],
  ['last', 'Change since last snapshot'],
  ['pinned', 'Change since pinned snapshot'],
];

/**
 * The choice, kept equal to the store's until `signal`.
 * @param {NetworkStore} store
 * @param {AbortSignal} signal
 * @param {string} [className]
 */
export function createSinceChoice(store, signal, className) {
  const node = select(
    'What pictures of weights show',
    OPTIONS,
    (value) => store.showSince?.(/** @type {Since} */ (value || null)),
    className,
  );
  node.title = 'The weights of the snapshot shown, or how they changed since another; of all views at once';
  function update() {
    const { since = null, compared = null } = store;
    for (const option of node.options) {
      option.disabled = option.value === 'pinned' && !compared;
      option.title = option.disabled ? 'Pin a snapshot on the timeline first' : '';
    }
    node.value = since ?? '';
  }
  update();
  const stops = ['since', 'compare', 'run'].map((event) => store.on(event, update));
  signal.addEventListener('abort', () => stops.forEach((stop) => stop()));
  return node;
}
