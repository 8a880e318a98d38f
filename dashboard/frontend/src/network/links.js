/** Which connections matter for one image: those that carry the most, activation x weight, or x the change of it. */
import { roundUp } from '../lib/model/math.js';
/** @import { Link, View } from './types.js' */
/** @import { Layer, Neuron, Numbers, Tensor } from '../lib/model/types.js' */

/** @typedef {(layer: number) => Tensor} Matrices What the connections into a layer are multiplied by. */

/**
 * One number for a connection, that distinguishes it from the others.
 * @param {number} level
 * @param {number} from
 * @param {number} to
 */
export const linkKey = (level, from, to) => (level * 16384 + from) * 16384 + to;

/**
 * The `count` connections with the largest |activation x weight|, an equal share for each pair of levels,
 * as [{level, from, to, value}], strongest first within a pair.
 * @param {Layer[]} layers
 * @param {Matrices} matrix
 * @param {Numbers[]} values
 * @param {number} count
 */
function strongestLinks(layers, matrix, values, count) {
  const share = Math.floor(count / layers.length);
  return layers.flatMap(({ index }) => {
    const extra = index === layers.length - 1 ? count - share * layers.length : 0;
    return top(matrix(index), values[index], share + extra, index);
  });
}

/**
 * The strongest connections into one neuron and out of it.
 * @param {Layer[]} layers
 * @param {Matrices} matrix
 * @param {Numbers[]} values
 * @param {number} layer
 * @param {number} unit
 * @param {number} count
 */
function linksOf(layers, matrix, values, layer, unit, count) {
  const weights = matrix(layer).data;
  const into = topOf(values[layer].length, count, (i) => values[layer][i] * weights[i * layers[layer].size + unit]).map(
    ([from, value]) => ({ level: layer, from, to: unit, value }),
  );
  const next = layers[layer + 1];
  if (!next) return into;
  const { data } = matrix(layer + 1);
  const out = topOf(next.size, Math.ceil(count / 2), (j) => values[layer + 1][unit] * data[unit * next.size + j]).map(
    ([to, value]) => ({ level: layer + 1, from: unit, to, value }),
  );
  return [...into, ...out];
}

/**
 * @param {number} length
 * @param {number} count
 * @param {(i: number) => number} product
 */
function topOf(length, count, product) {
  const all = [];
  for (let i = 0; i < length; i += 1) {
    const value = product(i);
    if (value !== 0) all.push([i, value]);
  }
  return all.sort((a, b) => Math.abs(b[1]) - Math.abs(a[1])).slice(0, count);
}

/**
 * @param {Tensor} weight
 * @param {Numbers} input
 * @param {number} count
 * @param {number} level
 */
function top(weight, input, count, level) {
  const [nIn, nOut] = weight.shape;
  const { data } = weight;
  /** @type {Link[]} */
  const best = [];
  if (count < 1) return best;
  let least = 0;
  for (let i = 0; i < nIn; i += 1) {
    const a = input[i];
    if (a === 0) continue;
    for (let j = 0, at = i * nOut; j < nOut; j += 1, at += 1) {
      const value = a * data[at];
      const size = value < 0 ? -value : value;
      if (!(size > least)) continue;
      insert(best, { level, from: i, to: j, value }, size);
      if (best.length > count) best.pop();
      if (best.length === count) least = Math.abs(best[count - 1].value);
    }
  }
  return best;
}

/**
 * @param {Link[]} best
 * @param {Link} link
 * @param {number} size
 */
function insert(best, link, size) {
  let low = 0;
  let high = best.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (Math.abs(best[middle].value) >= size) low = middle + 1;
    else high = middle;
  }
  best.splice(low, 0, link);
}

/** The magnitude drawn at full width for each pair of levels; over a run it only grows, in steps. */
export class LinkScales {
  /** @param {Layer[]} layers */
  constructor(layers) {
    this.tops = layers.map(() => 0);
  }

  /**
   * Take links into account.
   * @param {Link[]} links
   */
  see(links) {
    for (const { level, value } of links) {
      if (Math.abs(value) > this.tops[level]) this.tops[level] = roundUp(Math.abs(value));
    }
  }

  /**
   * A contribution as a share of the widest line, 0 to 1.
   * @param {number} level
   * @param {number} value
   */
  share(level, value) {
    return Math.min(1, Math.abs(value) / (this.tops[level] || 1));
  }
}

/** The links of a view: what they carry, or what the change of their weights adds, each with widths that hold over the run. */
export class ShownLinks {
  /** @type {Map<string, LinkScales>} */
  #scales = new Map();

  /** @param {View} view */
  constructor(view) {
    this.view = view;
  }

  /** The widths of what is shown. */
  get scales() {
    const { kind } = this.view.weights;
    const scales = this.#scales.get(kind) ?? new LinkScales(this.view.layers);
    this.#scales.set(kind, scales);
    return scales;
  }

  /** @type {Matrices} */
  #matrix = (layer) => this.view.weights.matrix(this.view.frame, layer, this.view.edits);

  /**
   * The strongest of the whole network.
   * @param {number} count
   */
  strongest(count) {
    const { layers, values } = this.view;
    return this.#seen(strongestLinks(layers, this.#matrix, values, count));
  }

  /**
   * The strongest of one neuron.
   * @param {Neuron} neuron
   * @param {number} count
   */
  of({ layer, unit }, count) {
    const { layers, values } = this.view;
    return this.#seen(linksOf(layers, this.#matrix, values, layer, unit, count));
  }

  /** @param {Link[]} links */
  #seen(links) {
    this.scales.see(links);
    return links;
  }
}
