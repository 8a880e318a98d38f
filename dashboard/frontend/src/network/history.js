/** Every neuron's recorded activations at the snapshots seen here, in bounded memory, and a few neurons' from before. */

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

/** @param {Float32Array[]} arrays */
const size = (arrays) => arrays.reduce((sum, array) => sum + array.byteLength, 0);
