/** What the Draw page asks the server for: a run's description, its snapshots (each once), and examples. */
import { parseFrame } from '../lib/model/frame.js';

const KEPT = 24;

/**
 * Ask about a run. Returns {history(), trying(), labels(), frame(number), example(split, index), nearestUrl(number)}.
 * @param {string} base
 * @param {string} run
 */
export function openRun(base, run) {
  const url = `${base}/runs/${encodeURIComponent(run)}`;
  const frames = new Map();

  /** @param {string} path */
  async function ask(path) {
    const answer = await fetch(`${url}/${path}`);
    if (!answer.ok)
      throw new Error((await answer.json().catch(() => null))?.error ?? `The server answered ${answer.status}.`);
    return answer;
  }

  /**
   * What is told, unless that is a sentence why it cannot be.
   * @param {string} path
   */
  async function told(path) {
    const found = await (await ask(path)).json();
    if (found.error) throw new Error(found.error);
    return found;
  }

  return {
    history: () => told('history'),
    trying: () => told('trying'),
    labels: () => told('labels'),
    /**
     * @param {string} split
     * @param {number} index
     */
    example: (split, index) => told(`examples/${split}/${index}`),
    /** @param {number} number */
    nearestUrl: (number) => `${url}/snapshots/${number}/nearest`,
    /** @param {number} number */
    frame(number) {
      if (!frames.has(number)) {
        const coming = ask(`snapshots/${number}`)
          .then((answer) => answer.arrayBuffer())
          .then(parseFrame);
        coming.catch(() => frames.delete(number));
        frames.set(number, coming);
        if (frames.size > KEPT) frames.delete(frames.keys().next().value);
      }
      return frames.get(number);
    },
  };
}
