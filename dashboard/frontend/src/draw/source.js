/** What the Draw page asks the server for: a run's description, its snapshots (each once), and examples. */
import { parseFrame } from '../lib/model/frame.js';

const KEPT = 24;

/**
 * Ask about a run. Returns {history(), input(), labels(), frame(number), example(split, index), nearestUrl(number)}.
 * @param {string} base
 * @param {string} run
 */
export function openRun(base, run) {
  const url = `${base}/runs/${encodeURIComponent(run)}`;
  const frames = new Map();

  /** @param {string} path */
  async function ask(path) {
    const response = await fetch(`${url}/${path}`);
    if (!response.ok)
      throw new Error((await response.json().catch(() => null))?.error ?? `The server answered ${response.status}.`);
    return response;
  }

  /**
   * What is fetched, unless that is a sentence why it cannot be.
   * @param {string} path
   */
  async function fetched(path) {
    const found = await (await ask(path)).json();
    if (found.error) throw new Error(found.error);
    return found;
  }

  return {
    history: () => fetched('history'),
    input: () => fetched('input'),
    labels: () => fetched('labels'),
    /**
     * @param {string} split
     * @param {number} index
     */
    example: (split, index) => fetched(`examples/${split}/${index}`),
    /** @param {number} number */
    nearestUrl: (number) => `${url}/snapshots/${number}/nearest`,
    /** @param {number} number */
    frame(number) {
      if (!frames.has(number)) {
        const coming = ask(`snapshots/${number}`)
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
