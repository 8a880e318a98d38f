/** An example beside the recorded ones, that the address names or the map: its activations are computed here, snapshot by snapshot. */

import { POINT } from './forward.js';
import { createModel } from './inference.js';
import { classesOf } from './output-reader.js';

/** @import { Example, Frame, NetworkStore, Numbers, Plane, Probe, Tensor } from './types.js' */

const DIGITS = 5; // of a coordinate in the address

/**
 * A point of the plane that is none of the data, as an example.
 * @param {Plane} plane
 * @param {Numbers} point
 * @returns {Example}
 */
export const pointSample = (plane, point) => ({ split: POINT, index: 0, label: null, x: [...plane.inputs(point)] });

/**
 * What an example is called in the address: train-17, or the coordinates of a point that is none of the data.
 * @param {Example} sample
 * @param {Plane | null} plane
 */
export const nameOf = ({ split, index, x }, plane) =>
  split === POINT && plane
    ? plane
        .point(x)
        .map((value) => Number(value.toPrecision(DIGITS)))
        .join(',')
    : `${split}-${index}`;

/**
 * The coordinates that a name in the address holds; null for the name of an example of the data.
 * @param {string | null} name
 */
export const pointIn = (name) => (name?.includes(',') ? name.split(',').map(Number) : null);

/**
 * The probe with one example more, at its end, instead of the one that it had before. `sample` is {split, index, label, x}, as the server tells it.
 * @param {Probe} about
 * @param {Example} sample
 * @returns {Probe}
 */
export function withSample({ images, labels, sample: before }, sample) {
  const count = labels.length - Number(before !== undefined);
  const width = images.shape[1];
  const data = new Float32Array((count + 1) * width);
  data.set(images.data.subarray(0, count * width));
  data.set(sample.x, count * width);
  const known = labels.slice(0, count);
  return { images: { shape: [count + 1, width], data }, labels: [...known, classesOf(sample.label)], sample };
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
  /** @type {Example | undefined} */
  let known;
  /** @param {string} name */
  function tensor(name) {
    const found = read(name);
    const layer = /^layer(\d+)\.activation$/.exec(name)?.[1];
    const sample = store.probe?.sample;
    if (!found || !sample || layer === undefined) return found;
    if (sample !== known) {
      known = sample;
      activations = null;
      longer.clear();
    }
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
