/** What the Draw page asks the server for: a run's description, its snapshots (each once), and examples. */
import { parseFrame } from '../lib/model/frame.js';

const KEPT = 24;

/** Ask about a run. Returns {history(), trying(), labels(), frame(number), example(split, index), nearestUrl(number)}. */
export function openRun(base, run) {
  const url = `${base}/runs/${encodeURIComponent(run)}`;
  const frames = new Map();

  async function ask(path) {
    const answer = await fetch(`${url}/${path}`);
    if (!answer.ok)
      throw new Error((await answer.json().catch(() => null))?.error ?? `The server answered ${answer.status}.`);
    return answer;
  }

  /** What is told, unless that is a sentence why it cannot be. */
  async function told(path) {
    const found = await (await ask(path)).json();
    if (found.error) throw new Error(found.error);
    return found;
  }

  return {
    history: () => told('history'),
    trying: () => told('trying'),
    labels: () => told('labels'),
    example: (split, index) => told(`examples/${split}/${index}`),
    nearestUrl: (number) => `${url}/snapshots/${number}/nearest`,
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
