/** Every neuron's recorded answers at the snapshots seen so far, in bounded memory. */

const BUDGET = 24e6; // bytes

export class ActivationHistory {
  constructor() {
    this.moments = [];
    this.bytes = 0;
  }

  /** Keep a frame's answers (once); when memory is full, every second moment between the ends is let go. */
  see(frame, layers) {
    if (this.moments.some((moment) => moment.number === frame.number)) return false;
    const answers = layers.map(({ index }) => Float32Array.from(frame.tensor(`layer${index}.activation`).data));
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

  /** The largest magnitude of one neuron's answers to any example at any moment seen. */
  largest(layers, layer, unit) {
    const width = layers[layer].size;
    let top = 0;
    for (const { answers } of this.moments) {
      for (let i = unit; i < answers[layer].length; i += width) top = Math.max(top, Math.abs(answers[layer][i]));
    }
    return top;
  }

  /** One neuron's answers to one probe example over time: [{number, step, value}]. */
  of(layers, layer, unit, probe) {
    const width = layers[layer].size;
    return this.moments.map(({ number, step, answers }) => ({ number, step, value: answers[layer][probe * width + unit] }));
  }
}

const size = (arrays) => arrays.reduce((sum, array) => sum + array.byteLength, 0);
