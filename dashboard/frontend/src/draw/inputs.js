/** What the network is given on the Draw page: a drawing, a point in the plane, or features by sliders. */
import { createFeatures } from './features.js';
import { imageInput } from './image-input.js';
import { createPlane } from './plane.js';

/** @import { DeskState, Input } from './types.js' */
/** @import { Example, Plane } from '../lib/model/types.js' */

/**
 * The input that a run's data asks for.
 * @param {DeskState} desk
 * @returns {Input}
 */
export function inputFor(desk) {
  const { image_shape: shape } = desk.description.dataset;
  if (shape) return imageInput(desk, shape);
  return desk.plane ? planeInput(desk, desk.plane) : featuresInput(desk);
}

/**
 * @param {DeskState} desk
 * @param {Plane} plane
 * @returns {Input}
 */
function planeInput({ reader, examples, forget, later, model, palette }, plane) {
  const sheet = createPlane({ plane, reader }, (at) => {
    forget();
    later(at);
  });
  sheet.element.append(examples.element);
  return {
    cards: [sheet.element],
    read: () => ({ x: plane.inputs(sheet.point), isBare: false }),
    /** @param {Example} example */
    put: (example) => sheet.put(plane.point(example.x)),
    shown: () => sheet.draw(model(), palette()),
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
