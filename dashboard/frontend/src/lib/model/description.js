/** What a run's description says of it. */

/** @import { Description } from './types.js' */

/**
 * What tells a run from another one; the same run may be described again after the server was away.
 * @param {{ description: Description }} about
 */
export const runOf = ({ description }) => description?.run ?? description;

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

/**
 * What an input of a run's network is called.
 * @param {{ dataset?: { feature_names?: string[] } | null }} description
 * @param {number} i
 */
export const featureName = ({ dataset }, i) =>
  dataset?.feature_names?.[i] ?? `x${String(i + 1).replace(/\d/g, (digit) => SUBSCRIPTS[Number(digit)])}`;

/**
 * The split that the held-out figures are of: {name, size}.
 * @param {Description} about
 */
export function heldoutOf({ dataset }) {
  return dataset.n_validation
    ? { name: 'validation', size: dataset.n_validation }
    : { name: 'test', size: dataset.n_test ?? 0 };
}

/**
 * Its name and size, in words.
 * @param {Description} description
 */
export function heldoutWords(description) {
  const { name, size } = heldoutOf(description);
  return `${name} split, ${size.toLocaleString('en')} examples`;
}
