/** What the network is given on the Draw page: a drawing, a point in the plane, or features by sliders. */
import { createFeatures } from './features.js';
import { imageInput } from './image-input.js';
import { createPlane } from './plane.js';

/** @import { DeskState, Input } from './types.js' */
/** @import { Example } from '../lib/model/types.js' */

/**
 * The input that a run's data asks for.
 * @param {DeskState} desk
 * @returns {Input}
 */
export function inputFor(desk) {
  const { image_shape: shape } = desk.description.dataset;
  if (shape) return imageInput(desk, shape);
  return desk.about.kind === 'plane' ? planeInput(desk) : featuresInput(desk);
}

/**
 * @param {DeskState} desk
 * @returns {Input}
 */
function planeInput({ about, names, reader, examples, forget, later, model, palette }) {
  const plane = createPlane({ points: about.points, labels: about.point_labels, names, reader }, (at) => {
    forget();
    later(at);
  });
  plane.element.append(examples.element);
  return {
    cards: [plane.element],
    extent: plane.extent,
    read: () => ({ x: Float64Array.from(plane.point), isBare: false }),
    /** @param {Example} example */
    put: (example) => plane.put(example.x),
    shown: () => plane.draw(model(), palette()),
    paint() {},
  };
}

/**
 * @param {DeskState} desk
 * @returns {Input}
 */
function featuresInput({ about, names, reader, examples, featuresOf, toImage, forget, later, model, palette }) {
  const table = createFeatures({ ...about, names, reader }, (at) => {
    forget();
    later(at);
  });
  table.element.append(examples.element);
  return {
    cards: [table.element],
    sweeps: table.sweeps,
    read: () => ({ x: featuresOf(table.raw), isBare: false }),
    /** @param {Example} example */
    put: (example) => table.put(Array.from(toImage(example.x))),
    /** @param {number | null} label */
    sweep: (label) => label !== null && table.sweep(label, (raw) => model().probabilities(featuresOf(raw)), palette()),
    destroy: table.destroy,
    paint() {},
  };
}
