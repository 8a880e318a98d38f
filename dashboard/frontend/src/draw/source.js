/** What the Draw page asks the server for: a run's description, its snapshots (each once), and examples. */
import { parseFrame } from '../lib/model/frame.js';
import { routesOf } from '../lib/server/run.js';

const KEPT = 24;

/**
 * Ask about a run: what `routesOf` has, and {history(), input(), labels(), plane(), frame(number), example(split, index)}.
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
