/** @import { Store } from './types.js' */

/**
 * Choose the snapshot that a key asks for: the one before or after, the first or the last.
 * @param {KeyboardEvent} event
 * @param {Store} store
 */
export function chooseByKey(event, store) {
  const now = store.selected ?? store.newest;
  /** @type {Record<string, () => number | null>} */
  const asked = {
    ArrowLeft: () => store.thinned.next(now, -1, store.newest),
    ArrowRight: () => store.thinned.next(now, 1, store.newest),
    Home: () => 0,
    End: () => store.newest,
  };
  const next = asked[event.key]?.();
  if (next === undefined) return;
  event.preventDefault();
  if (next !== null) store.select(next);
}
