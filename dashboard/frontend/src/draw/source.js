/** What the Draw page asks the server for: a run's description, its snapshots (each once), examples, and photographs. */
import { parseFrame } from '../lib/model/frame.js';
import { routesOf } from '../lib/server/run.js';

/** @import { Crop } from '../lib/model/types.js' */
/** @import { FoundInPhoto } from './types.js' */

const KEPT = 24;

/**
 * Ask about a run: what `routesOf` has, and {history(), input(), labels(), plane(), frame(number), example(split, index), photo(blob, crop, inverted, signal)}.
 * @param {string} base
 * @param {string} run
 */
export function openRun(base, run) {
  const server = routesOf(base, run);
  const frames = new Map();
  return {
    ...server,
    history: () => server.fetched('history'),
    input: () => server.fetched('input'),
    labels: () => server.fetched('labels'),
    plane: () => server.fetched('plane'),
    /**
     * @param {string} split
     * @param {number} index
     */
    example: (split, index) => server.fetched(`examples/${split}/${index}`),
    /**
     * What is found in an image file.
     * @param {Blob} blob
     * @param {Crop} crop
     * @param {boolean | null} inverted
     * @param {AbortSignal} signal
     * @returns {Promise<FoundInPhoto>}
     */
    async photo(blob, { left, top, right, bottom }, inverted, signal) {
      const query = new URLSearchParams({ crop: [left, top, right, bottom].join(',') });
      if (blob instanceof File && blob.name) query.set('name', blob.name);
      if (inverted !== null) query.set('inverted', String(inverted));
      const response = await server.ask(`photo?${query}`, { method: 'POST', body: blob, signal });
      const found = await response.json();
      if (found.error) throw new Error(found.error);
      return found;
    },
    /** @param {number} number */
    frame(number) {
      if (!frames.has(number)) {
        const coming = server
          .ask(`snapshots/${number}`)
          .then((response) => response.arrayBuffer())
          .then(parseFrame);
        coming.catch(() => frames.delete(number));
        frames.set(number, coming);
        if (frames.size > KEPT) frames.delete(frames.keys().next().value);
      }
      return frames.get(number);
    },
  };
}
