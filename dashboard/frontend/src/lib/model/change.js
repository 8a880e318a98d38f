/**
 * What pictures of weights show: the weights of a snapshot, or how they changed since another one. A change is derived from
 * the parameters of the two, and never stored.
 */

import { UNCHANGED, weightOf } from './forward.js';
import { WeightScales } from './weight-scales.js';

/** @import { Frame, Layer, NetworkStore, Overlay, Tensor } from './types.js' */

/**
 * How a matrix changed since `before`.
 * @param {Tensor} now
 * @param {Tensor} before
 * @returns {Tensor}
 */
export function changeOf({ shape, data }, { shape: shapeBefore, data: before }) {
  if (shape.join() !== shapeBefore.join())
    throw new Error(`A change is of matrices of one shape, got ${shapeBefore.join(' × ')} and ${shape.join(' × ')}.`);
  const change = new Float32Array(data.length);
  for (let i = 0; i < change.length; i += 1) change[i] = data[i] - before[i];
  return { shape, data: change };
}

/**
 * With what the weights of the snapshot shown are compared, in words: "change since step 0"; why they are not; or null
 * where they are not to be.
 * @param {Pick<NetworkStore, 'base' | 'shown'>} store
 */
export function sinceWords({ base, shown }) {
  if (!base || !shown) return null;
  const { since, frame } = base;
  if (!frame) return 'weights: the snapshot to compare with cannot be read';
  const step = `step ${frame.line.step.toLocaleString('en')}`;
  if (frame.number === shown.number)
    return since === 'last' ? 'no snapshot before this one' : `no change: this is ${step}`;
  return frame.number < shown.number ? `change since ${step}` : `difference from ${step}`;
}

/** The weights or changes that the views of one run show, each with colour scales that hold over the run. */
export class ShownWeights {
  /** @type {Map<string, WeightScales>} */
  #scales = new Map();
  /** @type {Map<number, { now: Tensor['data'], before: Tensor['data'], change: Tensor }>} */
  #changes = new Map();

  /**
   * @param {NetworkStore} store
   * @param {Layer[]} layers
   */
  constructor(store, layers) {
    this.store = store;
    this.layers = layers;
  }

  /** What is shown: 'weights', or since when their change is; pictures of the same have the same scale. */
  get kind() {
    const { base } = this.store;
    if (!base?.frame) return 'weights';
    return base.since === 'pinned' ? `pinned ${base.frame.number}` : base.since;
  }

  get isChange() {
    return this.kind !== 'weights';
  }

  /**
   * The scales of what is shown, or of another kind.
   * @param {string} [kind]
   */
  scales(kind = this.kind) {
    const scales = this.#scales.get(kind) ?? new WeightScales(this.layers);
    this.#scales.set(kind, scales);
    return scales;
  }

  /**
   * Take a frame into account for the scales, of its weights and of what is shown; returns whether one grew.
   * @param {Frame} frame
   */
  see(frame) {
    const grew = this.scales('weights').see(frame.number, (layer) => weightOf(frame, layer));
    return this.scales().see(frame.number, (layer) => this.matrix(frame, layer)) || grew;
  }

  /**
   * A layer's weights as they are shown, changes by hand in them.
   * @param {Frame} frame
   * @param {number} layer
   * @param {Overlay} [edits]
   */
  matrix(frame, layer, edits = UNCHANGED) {
    const now = edits.weight(frame, layer);
    const base = this.store.base?.frame;
    if (!base) return now;
    const before = weightOf(base, layer);
    const known = this.#changes.get(layer);
    if (known?.now === now.data && known.before === before.data) return known.change;
    const change = changeOf(now, before);
    this.#changes.set(layer, { now: now.data, before: before.data, change });
    return change;
  }
}

const shared = new WeakMap();

/**
 * What the views of the run that a store shows have in common.
 * @param {NetworkStore} store
 * @param {Layer[]} layers
 * @returns {ShownWeights}
 */
export function shownWeightsOf(store, layers) {
  const known = shared.get(store);
  if (known?.run === store.description) return known.weights;
  const weights = new ShownWeights(store, layers);
  shared.set(store, { run: store.description, weights });
  return weights;
}
