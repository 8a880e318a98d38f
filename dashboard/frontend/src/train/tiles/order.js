/** In which order the first layer's neurons are shown. */
import { largest } from '../../lib/model/forward.js';
/** @import { Tensor } from '../../lib/model/types.js' */

/**
 * The Euclidean norm of every neuron's incoming weights.
 * @param {Tensor} about
 */
export function normsOf({ shape: [nIn, nOut], data }) {
  const sums = new Float64Array(nOut);
  for (let i = 0; i < nIn; i += 1)
    for (let j = 0, at = i * nOut; j < nOut; j += 1, at += 1) sums[j] += data[at] * data[at];
  return sums.map(Math.sqrt);
}

/**
 * The lowest and highest incoming weight of every neuron: {low, high}.
 * @param {Tensor} about
 */
export function endsOf({ shape: [nIn, nOut], data }) {
  const low = new Float64Array(nOut).fill(Infinity);
  const high = new Float64Array(nOut).fill(-Infinity);
  for (let i = 0; i < nIn; i += 1) {
    for (let j = 0, at = i * nOut; j < nOut; j += 1, at += 1) {
      if (data[at] < low[j]) low[j] = data[at];
      if (data[at] > high[j]) high[j] = data[at];
    }
  }
  return { low, high };
}

/**
 * Which class every first-layer neuron votes for: the one whose output it raises most, by the product of the
 * weight matrices that lead from it to the output. With a single unit for two classes (`isBinary`) what lowers it votes for
 * the first class. Returns {votes: class of each neuron, strength}.
 * @param {Tensor[]} weights
 * @param {boolean} [isBinary]
 */
export function classVotes(weights, isBinary = false) {
  /** @type {number[][]} */
  let paths = []; // [n_units of the level][n_classes], from the output back to the first layer
  for (const {
    shape: [nIn, nOut],
    data,
  } of weights.slice(1).reverse()) {
    const beyond = paths;
    paths = Array.from({ length: nIn }, (_, i) => {
      const row = Array.from(data.subarray(i * nOut, (i + 1) * nOut));
      if (!beyond.length) return row;
      return beyond[0].map((__, c) => row.reduce((sum, weight, j) => sum + weight * beyond[j][c], 0));
    });
  }
  const count = weights[0].shape[1];
  if (!paths.length)
    return { votes: Int32Array.from({ length: count }, (_, i) => i), strength: new Float64Array(count).fill(1) };
  if (isBinary) paths = paths.map(([path]) => [-path, path]);
  return { votes: Int32Array.from(paths, largest), strength: Float64Array.from(paths, (path) => path[largest(path)]) };
}

/**
 * The neurons in the chosen order: 'index', 'norm' (largest first) or 'class' (class by class, the strongest first).
 * @param {string} how
 * @param {Tensor[]} weights
 * @param {boolean} [isBinary]
 */
export function orderOf(how, weights, isBinary = false) {
  const order = Array.from({ length: weights[0].shape[1] }, (_, i) => i);
  if (how === 'norm') {
    const norms = normsOf(weights[0]);
    order.sort((a, b) => norms[b] - norms[a]);
  }
  if (how === 'class') {
    const { votes, strength } = classVotes(weights, isBinary);
    order.sort((a, b) => votes[a] - votes[b] || strength[b] - strength[a]);
  }
  return order;
}
