/** Every neuron's recorded answers at the snapshots seen here, in bounded memory, and a few neurons' from before. */

/** @import { Frame, Layer } from '../lib/model/types.js' */

const BUDGET = 24e6; // bytes

export class ActivationHistory {
  constructor() {
    /** @type {Array<{ number: number, step: number, answers: Float32Array[] }>} */
    this.moments = [];
    this.bytes = 0;
    /** @type {Map<string, Array<{ number: number, step: number, answers: number[] }>>} */
    this.past = new Map(); // 'layer:unit' -> [{number, step, answers}], from the record
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
      numbers.map((number, i) => ({ number, step: steps[i], answers: activations[i] })),
    );
  }

  /**
   * Keep a frame's answers (once); when memory is full, every second moment between the ends is let go.
   * @param {Frame} frame
   * @param {Layer[]} layers
   */
  see(frame, layers) {
    if (this.moments.some((moment) => moment.number === frame.number)) return false;
    const answers = layers.map(({ index }) => Float32Array.from(frame.tensor(`layer${index}.activation`)?.data ?? []));
    this.moments.push({ number: frame.number, step: frame.line.step, answers });
    this.moments.sort((a, b) => a.number - b.number);
    this.bytes += size(answers);
    if (this.bytes > BUDGET && this.moments.length > 3) this.#thin();
    return true;
  }

  #thin() {
    const last = this.moments.length - 1;
    this.moments = this.moments.filter((_, i) => i % 2 === 0 || i === last);
    this.bytes = this.moments.reduce((sum, moment) => sum + size(moment.answers), 0);
  }

  /**
   * The largest magnitude of one neuron's answers to any example at any moment known.
   * @param {Layer[]} layers
   * @param {number} layer
   * @param {number} unit
   */
  largest(layers, layer, unit) {
    const width = layers[layer].size;
    let top = 0;
    for (const { answers } of this.moments) {
      for (let i = unit; i < answers[layer].length; i += width) top = Math.max(top, Math.abs(answers[layer][i]));
    }
    for (const { answers } of this.past.get(`${layer}:${unit}`) ?? []) top = Math.max(top, ...answers.map(Math.abs));
    return top;
  }

  /**
   * One neuron's answers to one probe example over time: [{number, step, value}].
   * @param {Layer[]} layers
   * @param {number} layer
   * @param {number} unit
   * @param {number} probe
   */
  of(layers, layer, unit, probe) {
    const width = layers[layer].size;
    const seen = this.moments.map(({ number, step, answers }) => ({
      number,
      step,
      value: answers[layer][probe * width + unit],
    }));
    const before = (this.past.get(`${layer}:${unit}`) ?? [])
      .filter(({ number, answers }) => Number.isFinite(answers[probe]) && !seen.some((each) => each.number === number))
      .map(({ number, step, answers }) => ({ number, step, value: answers[probe] }));
    return [...before, ...seen].sort((a, b) => a.number - b.number);
  }
}

/** @param {Float32Array[]} arrays */
const size = (arrays) => arrays.reduce((sum, array) => sum + array.byteLength, 0);
