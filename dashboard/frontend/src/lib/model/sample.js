/** An example of the data that the address names, beside the recorded ones: its activations are computed here, snapshot by snapshot. */

import { createModel } from './inference.js';
import { classesOf } from './output-reader.js';
/** @import { Example, Frame, NetworkStore, Probe, Tensor } from './types.js' */

/**
 * The probe with one example more, at its end. `sample` is {split, index, label, x}, as the server tells it.
 * @param {Probe} about
 * @param {Example} sample
 * @returns {Probe}
 */
export function withSample({ images, labels }, sample) {
  const [count, width] = images.shape;
  const data = new Float32Array((count + 1) * width);
  data.set(images.data);
  data.set(sample.x, count * width);
  return { images: { shape: [count + 1, width], data }, labels: [...labels, classesOf(sample.label)], sample };
}

/**
 * A frame whose activations have a row more for the sample of `store.probe`, if there is one.
 * @param {Frame} frame
 * @param {Pick<NetworkStore, 'description' | 'probe'>} store
 * @returns {Frame}
 */
export function withActivations(frame, store) {
  const read = frame.tensor;
  /** @type {Map<string, Tensor>} */
  const longer = new Map();
  /** @type {Float64Array[] | null} */
  let activations = null;
  /** @param {string} name */
  function tensor(name) {
    const found = read(name);
    const layer = /^layer(\d+)\.activation$/.exec(name)?.[1];
    const sample = store.probe?.sample;
    if (!found || !sample || layer === undefined) return found;
    if (!longer.has(name)) {
      activations ??= createModel(store.description, { tensor: read }).activations(Float64Array.from(sample.x));
      const [rows, size] = found.shape;
      const data = new Float32Array(found.data.length + size);
      data.set(found.data);
      data.set(activations[Number(layer)], found.data.length);
      longer.set(name, { shape: [rows + 1, size], data });
    }
    return longer.get(name) ?? found;
  }
  return { ...frame, tensor };
}
