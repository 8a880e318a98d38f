/** One symmetric scale a layer, shared by every picture of its weights or of their changes; over a run it only grows, in steps. */

import { largestSize } from './forward.js';
import { roundUp } from './math.js';
/** @import { Layer, Tensor } from './types.js' */

export class WeightScales {
  /** @param {Layer[]} layers */
  constructor(layers) {
    this.tops = layers.map(() => 0);
    this.seen = new Set();
  }

  /**
   * Take a snapshot's matrices into account (once); returns whether a scale grew.
   * @param {number} number
   * @param {(layer: number) => Tensor} matrix
   */
  see(number, matrix) {
    if (this.seen.has(number)) return false;
    this.seen.add(number);
    let grew = false;
    this.tops.forEach((known, layer) => {
      const top = largestSize(matrix(layer).data);
      if (top <= known) return;
      this.tops[layer] = roundUp(top);
      grew = true;
    });
    return grew;
  }

  /**
   * The magnitude at the ends of a layer's colours.
   * @param {number} layer
   */
  of(layer) {
    return this.tops[layer] || 1;
  }
}
