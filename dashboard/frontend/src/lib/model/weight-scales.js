/** One symmetric scale of weights a layer, shared by every picture of them; over a run it only grows, in steps. */

import { largestSize, weightOf } from './forward.js';
import { roundUp } from './math.js';
/** @import { Description, Frame, Layer } from './types.js' */

export class WeightScales {
  /** @param {Layer[]} layers */
  constructor(layers) {
    this.tops = layers.map(() => 0);
    this.seen = new Set();
  }

  /**
   * Take a frame into account (once); returns whether a scale grew.
   * @param {Frame} frame
   */
  see(frame) {
    if (this.seen.has(frame.number)) return false;
    this.seen.add(frame.number);
    let grew = false;
    this.tops.forEach((known, layer) => {
      const top = largestSize(weightOf(frame, layer).data);
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

const shared = new WeakMap();

/**
 * The scales of the run that a store shows: the same ones for every view of it.
 * @param {{ description: Description }} store
 * @param {Layer[]} layers
 */
export function weightScalesOf(store, layers) {
  const known = shared.get(store);
  if (known?.run === store.description) return known.scales;
  const scales = new WeightScales(layers);
  shared.set(store, { run: store.description, scales });
  return scales;
}
