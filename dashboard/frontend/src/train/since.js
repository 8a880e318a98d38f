/** The snapshot that the weights shown are compared with: at hand before they are shown, and fetched once. */

import { shownWeightsOf } from '../lib/model/change.js';
import { layersOf } from '../lib/model/forward.js';
import { isAtWork } from './store.js';

/** @import { Source, Store } from './types.js' */
/** @import { Base, Frame } from '../lib/model/types.js' */

/**
 * Finds bases: {of(frame), measure()}.
 * @param {Store} store
 * @param {() => Source | null} source
 */
export function createBases(store, source) {
  /** @type {{ run: string, frame: Frame } | null} */
  let kept = null; // the last one that was fetched, such as the first snapshot of the run

  /** @param {number} number */
  async function fetched(number) {
    const { run } = store;
    if (kept?.run === run && kept.frame.number === number) return kept.frame;
    try {
      const frame = await source()?.frame(number);
      if (!frame || run !== store.run) return null;
      kept = { run, frame };
      return frame;
    } catch {
      return null; // the views say so
    }
  }

  return {
    /**
     * With what a frame is compared, as `store.since` says: itself where there is none before it, no frame where it cannot
     * be read, null where nothing is to be compared.
     * @param {Frame} frame
     * @returns {Promise<Base | null>}
     */
    async of(frame) {
      const { since, compared, thinned } = store;
      if (!since) return null;
      if (since === 'pinned') return { since, frame: compared };
      const number = since === 'start' ? 0 : thinned.next(frame.number, -1, Math.max(store.newest, frame.number));
      return { since, frame: number === null || number === frame.number ? frame : await fetched(number) };
    },
    /** Of a run that has ended, let the last snapshot say how far the colours have to reach: they stay from the start then. */
    async measure() {
      const { base, newest, run } = store;
      if (!base?.frame || base.since === 'last' || isAtWork(store)) return;
      const weights = shownWeightsOf(store, layersOf(store.description));
      if (weights.scales().seen.has(newest)) return;
      const last = await source()
        ?.frame(newest)
        .catch(() => null);
      if (last && run === store.run && base.since === store.base?.since && weights.see(last)) store.emit('base');
    },
  };
}
