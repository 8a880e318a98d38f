/**
 * 2-D data: how a point of the plane becomes the network's inputs, as data/inputs.py and data/scaling.py make them, and
 * what every layer makes of a whole grid of points.
 */
import { biasOf, forwardRows, largestSize, UNCHANGED } from './forward.js';
import { activate, column, preActivationsOfEach } from './math.js';
import { classesOf } from './output-reader.js';

/** @import { Description, Frame, Layer, NetworkStore, Neuron, Overlay, Plane, PlaneDescription, Point } from './types.js' */

/**
 * The inputs beside the two coordinates, by the names of the setting.
 * @type {Record<string, (x1: number, x2: number) => number>}
 */
const EXTRA = {
  'x1^2': (x1) => x1 * x1,
  'x2^2': (_, x2) => x2 * x2,
  x1x2: (x1, x2) => x1 * x2,
  sinx1: (x1) => Math.sin(Math.PI * x1),
  sinx2: (_, x2) => Math.sin(Math.PI * x2),
};

/**
 * The inputs of a run beside the coordinates.
 * @param {Pick<Description, 'config'>} description
 * @returns {string[]}
 */
const extraOf = ({ config }) => config?.data?.inputs ?? [];

/**
 * Whether a run's data is two-dimensional.
 * @param {Pick<Description, 'config' | 'dataset' | 'layer_sizes'>} description
 */
export const isPlane = (description) =>
  !description.dataset.image_shape && description.layer_sizes[0] - extraOf(description).length === 2;

/**
 * The plane that the server describes.
 * @param {PlaneDescription} about
 * @returns {Plane}
 */
export function planeOf({ inputs, names, offset, divisor, ends, points, index, totals }) {
  const [[left, right], [bottom, top]] = ends;
  const extra = inputs.map((name) => EXTRA[name]);
  return {
    names,
    ends,
    totals,
    points: Object.entries(points).flatMap(([split, each]) =>
      each.map(([x, y, label], i) => ({ x, y, label, classes: classesOf(label) ?? [], split, index: index[split][i] })),
    ),
    inputs: ([x1, x2]) =>
      Float64Array.from([x1, x2, ...extra.map((of) => of(x1, x2))], (value, i) => (value - offset[i]) / divisor[i]),
    point: ([first, second]) => [first * divisor[0] + offset[0], second * divisor[1] + offset[1]],
    place: ([x, y]) => [(x - left) / (right - left), (top - y) / (top - bottom)],
    at: ([across, down]) => [left + across * (right - left), top - down * (top - bottom)],
  };
}

/**
 * The plane of a run whose data is not there any more: that of the recorded examples, as the network sees them. Null
 * where a network has further inputs, which nobody can compute then.
 * @param {Pick<NetworkStore, 'description' | 'probe'>} store
 * @returns {Plane | null}
 */
export function planeOfProbe(store) {
  if (extraOf(store.description).length) return null;
  const extent = Math.max(0.5, Math.ceil(largestSize(store.probe.images.data) * 2.2) / 2);
  return planeOf({
    inputs: [],
    names: store.description.dataset.feature_names ?? ['x1', 'x2'],
    offset: [0, 0],
    divisor: [1, 1],
    ends: [
      [-extent, extent],
      [-extent, extent],
    ],
    points: {},
    index: {},
    totals: {},
  });
}

/** @type {WeakMap<Plane, Map<number, Float64Array>>} */
const grids = new WeakMap();

/**
 * The network's inputs at the middles of `side` x `side` cells, rows from the top.
 * @param {Plane} plane
 * @param {number} side
 */
export function gridInputs(plane, side) {
  const known = grids.get(plane) ?? new Map();
  grids.set(plane, known);
  const made = known.get(side);
  if (made) return made;
  const width = plane.inputs([0, 0]).length;
  const rows = new Float64Array(side * side * width);
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      const inputs = plane.inputs(plane.at([(column + 0.5) / side, (row + 0.5) / side]));
      rows.set(inputs, (row * side + column) * width);
    }
  }
  known.set(side, rows);
  return rows;
}

/**
 * The layers of a frame as `forwardRows` takes them, with changes by hand.
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {Overlay} [edits]
 */
export const parametersOf = (layers, frame, edits = UNCHANGED) =>
  layers.map(({ index, activation }) => ({
    activation,
    weight: edits.weight(frame, index),
    bias: biasOf(frame, index),
    silenced: edits.silenced(index),
  }));

/**
 * How many multiplications one example costs.
 * @param {Array<{ inputSize: number, size: number }>} layers
 */
export const workOf = (layers) => layers.reduce((sum, layer) => sum + layer.inputSize * layer.size, 0);

/**
 * Every layer's activations over the plane, row after row of `size` numbers a place.
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {number} side
 * @param {Overlay} [edits]
 */
export const overPlane = (layers, frame, plane, side, edits) =>
  forwardRows(parametersOf(layers, frame, edits), gridInputs(plane, side), side * side);

/**
 * One neuron over the plane: {z, values}, its pre-activation and its activation at each place.
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {Plane} plane
 * @param {number} side
 * @param {Neuron} neuron
 * @param {Overlay} [edits]
 */
export function neuronOverPlane(layers, frame, plane, side, { layer, unit }, edits) {
  const parameters = parametersOf(layers, frame, edits);
  const { weight, bias, activation, silenced } = parameters[layer];
  const below = forwardRows(parameters.slice(0, layer), gridInputs(plane, side), side * side);
  const input = below[layer - 1] ?? gridInputs(plane, side);
  const own = { shape: [weight.shape[0], 1], data: column(weight, unit) };
  const z = preActivationsOfEach(
    own,
    bias && { shape: [1], data: bias.data.slice(unit, unit + 1) },
    input,
    side * side,
  );
  const values = silenced.has(unit) ? new Float64Array(z.length) : activate(activation, z, side * side);
  return { z, values };
}

/**
 * The inputs of many points, row after row.
 * @param {Plane} plane
 * @param {Array<{ x: number, y: number }>} points
 */
export function inputsOf(plane, points) {
  const width = plane.inputs([0, 0]).length;
  const rows = new Float64Array(points.length * width);
  points.forEach(({ x, y }, i) => {
    rows.set(plane.inputs([x, y]), i * width);
  });
  return rows;
}
