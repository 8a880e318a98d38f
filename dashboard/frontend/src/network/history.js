/**
 * Every neuron's recorded activations at the snapshots seen here, in bounded memory, and a few neurons' from before; and
 * the weights of the connections that were looked at.
 */

import { weightOf } from '../lib/model/forward.js';
import { linkKey } from './links.js';

/** @import { Link } from './types.js' */
/** @import { Frame, Layer } from '../lib/model/types.js' */

const BUDGET = 24e6; // bytes

export class ActivationHistory {
  constructor() {
    /** @type {Array<{ number: number, step: number, activations: Float32Array[] }>} */
    this.snapshots = [];
    this.bytes = 0;
    /** @type {Map<string, Array<{ number: number, step: number, activations: number[] }>>} */
    this.past = new Map(); // 'layer:unit' -> [{number, step, activations}], from the record
  }

  /**
   * Whether the record was asked about a neuron.
   * @param {number} layer
   * @param {number} unit
   */
  knows(layer, unit) {
    return this.past.has(`${layer}:${unit}`);
  }

  /**
   * Take in what the record says of one neuron.
   * @param {number} layer
   * @param {number} unit
   * @param {{ numbers: number[], steps: number[], activations: number[][] }} about
   */
  recall(layer, unit, { numbers, steps, activations }) {
    this.past.set(
      `${layer}:${unit}`,
      numbers.map((number, i) => ({ number, step: steps[i], activations: activations[i] })),
    );
  }

  /**
   * Keep a frame's activations (once); when memory is full, every second snapshot between the ends is let go.
   * @param {Frame} frame
   * @param {Layer[]} layers
   */
  see(frame, layers) {
    if (this.snapshots.some((snapshot) => snapshot.number === frame.number)) return false;
    const activations = layers.map(({ index }) =>
      Float32Array.from(frame.tensor(`layer${index}.activation`)?.data ?? []),
    );
    this.snapshots.push({ number: frame.number, step: frame.line.step, activations });
    this.snapshots.sort((a, b) => a.number - b.number);
    this.bytes += size(activations);
    if (this.bytes > BUDGET && this.snapshots.length > 3) this.#thin();
    return true;
  }

  #thin() {
    const last = this.snapshots.length - 1;
    this.snapshots = this.snapshots.filter((_, i) => i % 2 === 0 || i === last);
    this.bytes = this.snapshots.reduce((sum, snapshot) => sum + size(snapshot.activations), 0);
  }

  /**
   * The largest magnitude of one neuron's activations to any example at any snapshot known.
   * @param {Layer[]} layers
   * @param {number} layer
   * @param {number} unit
   */
  largest(layers, layer, unit) {
    const width = layers[layer].size;
    let top = 0;
    for (const { activations } of this.snapshots) {
      for (let i = unit; i < activations[layer].length; i += width)
        top = Math.max(top, Math.abs(activations[layer][i]));
    }
    for (const { activations } of this.past.get(`${layer}:${unit}`) ?? [])
      top = Math.max(top, ...activations.map(Math.abs));
    return top;
  }

  /**
   * One neuron's activations to one probe example over time: [{number, step, value}].
   * @param {Layer[]} layers
   * @param {number} layer
   * @param {number} unit
   * @param {number} probe
   */
  of(layers, layer, unit, probe) {
    const width = layers[layer].size;
    const seen = this.snapshots.map(({ number, step, activations }) => ({
      number,
      step,
      value: activations[layer][probe * width + unit],
    }));
    const before = (this.past.get(`${layer}:${unit}`) ?? [])
      .filter(
        ({ number, activations }) =>
          Number.isFinite(activations[probe]) && !seen.some((each) => each.number === number),
      )
      .map(({ number, step, activations }) => ({ number, step, value: activations[probe] }));
    return [...before, ...seen].sort((a, b) => a.number - b.number);
  }
}

/** The recorded weights of the connections looked at, over the snapshots that are known. */
export class WeightHistory {
  /** @type {Map<number, Map<number, { number: number, step: number, value: number }>>} */
  #known = new Map();
  /** @type {Set<number>} */
  #recalled = new Set();

  /** @param {Link} link */
  #of({ level, from, to }) {
    const key = linkKey(level, from, to);
    const known = this.#known.get(key) ?? new Map();
    this.#known.set(key, known);
    return known;
  }

  /**
   * Whether the record was asked about a connection.
   * @param {Link} link
   */
  knows({ level, from, to }) {
    return this.#recalled.has(linkKey(level, from, to));
  }

  /**
   * Take in what the record says of one connection; a weight that is not finite is left out.
   * @param {Link} link
   * @param {{ numbers: number[], steps: number[], weights: Array<number | null> }} about
   */
  recall(link, { numbers, steps, weights }) {
    this.#recalled.add(linkKey(link.level, link.from, link.to));
    const known = this.#of(link);
    weights.forEach((value, i) => {
      if (value !== null) known.set(numbers[i], { number: numbers[i], step: steps[i], value });
    });
  }

  /**
   * Take in its weight in a frame.
   * @param {Link} link
   * @param {Frame} frame
   */
  see(link, frame) {
    const { shape, data } = weightOf(frame, link.level);
    const { number } = frame;
    this.#of(link).set(number, { number, step: frame.line.step, value: data[link.from * shape[1] + link.to] });
  }

  /**
   * Its weight over the snapshots: [{number, step, value}].
   * @param {Link} link
   */
  of(link) {
    return [...this.#of(link).values()].sort((a, b) => a.number - b.number);
  }
}

/** @param {Float32Array[]} arrays */
const size = (arrays) => arrays.reduce((sum, array) => sum + array.byteLength, 0);
