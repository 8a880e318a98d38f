/** Times measured on the page, which tests and benchmarks read from `window.__annscope`. */

const KEPT = 2000;

/** @type {{ predicted: object[], drawn: object[] }} */
const measured = { predicted: [], drawn: [] };
Object.assign(globalThis, { __annscope: measured });

/**
 * Keep one measurement; of many the newest 2,000.
 * @param {'predicted' | 'drawn'} name
 * @param {object} entry
 */
export function record(name, entry) {
  const entries = measured[name];
  entries.push(entry);
  if (entries.length > 2 * KEPT) entries.splice(0, KEPT);
}
