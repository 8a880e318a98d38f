/** Times measured on the page, which tests and benchmarks read from `window.__annscope`. */

const KEPT = 2000;

globalThis.__annscope ??= { answered: [], drawn: [] };

/** Keep one measurement; of many the newest 2,000. */
export function record(name, entry) {
  const entries = globalThis.__annscope[name];
  entries.push(entry);
  if (entries.length > 2 * KEPT) entries.splice(0, KEPT);
}
