import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contour, margins } from '../src/lib/model/contours.js';
import { forwardRows, layersOf } from '../src/lib/model/forward.js';
import { readerOf } from '../src/lib/model/output-reader.js';
import { isPlane, planeOf, planeOfProbe } from '../src/lib/model/plane.js';
import { nameOf, pointIn, pointSample, withActivations, withSample } from '../src/lib/model/sample.js';
import { between, FINE, Fields, finer } from '../src/train/map/field.js';
import { namesOf, Painting, scattered } from '../src/train/map/painting.js';

/** @import { Description, Frame, PlaneDescription, Probe, SnapshotLine, Tensor } from '../src/lib/model/types.js' */

/** @type {PlaneDescription} */
const ABOUT = {
  inputs: ['x1x2'],
  names: ['x', 'y', 'x·y'],
  offset: [1, 0, 0],
  divisor: [2, 1, 4],
  ends: [
    [-1, 3],
    [0, 4],
  ],
  points: { train: [[1, 2, 0]], validation: [[3, 4, 1]], test: [] },
  index: { train: [0], validation: [7], test: [] },
  totals: { train: 1, validation: 1, test: 0 },
};

/** @param {string} name */
const functionOf = (name) => ({
  name,
  label: name,
  formula: '',
  range: /** @type {[number, number]} */ ([-1, 1]),
  unsaturated: null,
});

/** @type {Description} */
const DESCRIPTION = {
  run: 'a',
  layer_sizes: [3, 2, 2],
  max_snapshots: 100,
  layer_functions: ['tanh', 'softmax'].map(functionOf),
  dataset: { class_names: ['a', 'b'], image_shape: null },
  config: { network: { activation: 'tanh', output: 'softmax' }, training: {}, data: { inputs: ['x1x2'] } },
  histogram_edges: {},
};

/**
 * A frame of a small network.
 * @param {number} number
 * @returns {Frame}
 */
function frameOf(number) {
  /** @type {Record<string, Tensor>} */
  const tensors = {
    'layer0.weight': { shape: [3, 2], data: Float32Array.of(1, -1, 0.5, 2, -2, number) },
    'layer0.bias': { shape: [2], data: Float32Array.of(0.1, -0.2) },
    'layer1.weight': { shape: [2, 2], data: Float32Array.of(2, -2, 1, 0.5) },
    'layer1.bias': { shape: [2], data: Float32Array.of(0, 0) },
    'layer0.activation': { shape: [1, 2], data: Float32Array.of(0.5, 0.5) },
    'layer1.activation': { shape: [1, 2], data: Float32Array.of(0.5, 0.5) },
  };
  const line = /** @type {SnapshotLine} */ (/** @type {unknown} */ ({ number }));
  return { number, line, tensor: (name) => tensors[name] ?? null };
}
const fieldsOf = () => new Fields(layersOf(DESCRIPTION), planeOf(ABOUT), readerOf(DESCRIPTION));

test('a plane is two coordinates and their extra inputs, and no image', () => {
  assert.ok(isPlane(DESCRIPTION));
  assert.ok(!isPlane({ ...DESCRIPTION, layer_sizes: [4, 2, 2] }));
  assert.ok(!isPlane({ ...DESCRIPTION, dataset: { class_names: [], image_shape: [1, 3] } }));
});

test('a point becomes inputs and a place of the map, and comes back', () => {
  const plane = planeOf(ABOUT);
  assert.deepEqual([...plane.inputs([3, 4])], [1, 4, 3]);
  assert.deepEqual(plane.point([1, 4, 3]), [3, 4]);
  assert.deepEqual(plane.place([3, 4]), [1, 0]);
  assert.deepEqual(plane.at([0, 1]), [-1, 0]);
  assert.deepEqual(plane.points[1], { x: 3, y: 4, label: 1, classes: [1], split: 'validation', index: 7 });
});

test('without the data the plane is that of the recorded examples, unless inputs cannot be computed', () => {
  const probe = { images: { shape: [1, 2], data: Float32Array.of(0.4, -1.6) }, labels: [[0]] };
  const description = { ...DESCRIPTION, config: { ...DESCRIPTION.config, data: {} } };
  const plane = planeOfProbe({ description, probe });
  assert.deepEqual(plane?.ends[0], [-2, 2]);
  assert.deepEqual([...(plane?.inputs([0.5, 1]) ?? [])], [0.5, 1]);
  assert.equal(planeOfProbe({ description: DESCRIPTION, probe }), null);
});

test('many examples at once are what each is by itself, whatever their number', () => {
  const layers = layersOf(DESCRIPTION).map((layer) => {
    const frame = frameOf(0.3);
    const [weight, bias] = ['weight', 'bias'].map((name) => frame.tensor(`layer${layer.index}.${name}`));
    return { ...layer, weight: /** @type {Tensor} */ (weight), bias };
  });
  for (const count of [1, 3, 4, 9]) {
    const rows = Float64Array.from({ length: 3 * count }, (_, i) => Math.sin(i + 1));
    const all = forwardRows(layers, rows, count);
    for (let i = 0; i < count; i += 1) {
      const one = forwardRows(layers, rows.slice(3 * i, 3 * i + 3));
      for (const l of [0, 1]) assert.deepEqual([...all[l].slice(2 * i, 2 * i + 2)], [...one[l]]);
    }
  }
});

test('a contour is where straight lines between the places have the level', () => {
  const side = 5;
  const slope = Float32Array.from({ length: side * side }, (_, i) => (i % side) - 1.5);
  const lines = contour(slope, side, 0);
  assert.equal(lines.length, 4 * (side - 1));
  for (let i = 0; i < lines.length; i += 2) assert.ok(Math.abs(lines[i] - 2 / side) < 1e-12);
  const hill = Float32Array.from({ length: side * side }, (_, i) => (i === 12 ? 1 : 0));
  const ring = contour(hill, side, 0.5);
  const around = new Set();
  for (let i = 0; i < ring.length; i += 2) around.add(`${ring[i].toFixed(3)} ${ring[i + 1].toFixed(3)}`);
  assert.deepEqual([...around].sort(), ['0.400 0.500', '0.500 0.400', '0.500 0.600', '0.600 0.500']);
  assert.deepEqual(contour(hill, side, 2), []);
  assert.deepEqual(contour(new Float32Array(2 * side * side).fill(NaN), side, 0, 2, 1), [], 'a network that diverged');
});

test('of the classes at a place one is ahead, the others are behind it', () => {
  const ahead = margins(Float64Array.of(0.5, 0.3, 0.2, 0.1, 0.1, 0.8), 3);
  const expected = [0.2, -0.2, -0.3, -0.7, -0.7, 0.7];
  ahead.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-6));
});

test('a field is computed once, fine at rest as coarse on the way, and again after a change by hand', () => {
  const fields = fieldsOf();
  const frame = frameOf(0.3);
  const coarse = fields.of(frame, 8);
  assert.equal(fields.of(frame, 8), coarse);
  assert.ok(fields.side >= 32 && fields.side <= 100);
  let steps = 0;
  const refining = fields.refine(frame);
  let { done, value } = refining.next();
  for (; !done; { done, value } = refining.next()) steps += 1;
  assert.ok(steps > 0);
  assert.equal(value?.side, FINE);
  assert.equal(value, fields.of(frame, FINE));
  const [at] = fields.at(frame, [{ x: 1, y: 2 }]);
  assert.ok(Math.abs(at[0] + at[1] - 1) < 1e-12);
  fields.edit({
    firstLayer: () => 0,
    weight: (_, layer) => /** @type {Tensor} */ (frame.tensor(`layer${layer}.weight`)),
    silenced: (layer) => new Set(layer === 0 ? [0, 1] : []),
    changedInputs: () => [],
  });
  assert.deepEqual([...new Set(fields.of(frame, 8).probabilities)], [0.5], 'without hidden neurons nothing is known');
});

test('between two snapshots a field is mixed; of another fineness it is the new one at once', () => {
  const [from, to] = [0, 1].map((value) => ({ side: 2, probabilities: Float64Array.of(value, value, value, value) }));
  assert.deepEqual([...between(from, to, 0.25).probabilities], [0.25, 0.25, 0.25, 0.25]);
  assert.equal(between(from, to, 1), to);
  assert.equal(between({ side: 3, probabilities: new Float64Array(9) }, to, 0.5), to);
});

test('a finer field lies on straight lines between the places', () => {
  const side = 4;
  const slope = { side, probabilities: Float64Array.from({ length: side * side }, (_, i) => i % side) };
  const fine = finer(slope, 1, 3);
  assert.equal(fine.side, 12);
  const row = [...fine.probabilities.slice(0, 12)];
  assert.deepEqual(
    row.map((value) => value.toFixed(2)),
    ['0.00', '0.00', '0.33', '0.67', '1.00', '1.33', '1.67', '2.00', '2.33', '2.67', '3.00', '3.00'],
  );
});

test('a stroke of the brush is undone as one, and one that changed nothing is none', () => {
  const painting = new Painting([{ x: 0, y: 0, label: 0 }]);
  painting.begin();
  painting.add({ x: 1, y: 1, label: 1 });
  painting.add({ x: 2, y: 2, label: 1 });
  painting.end();
  painting.begin();
  painting.end();
  painting.begin();
  painting.move(0, { x: 5, y: 5 });
  painting.end();
  assert.deepEqual(painting.points[0], { x: 5, y: 5, label: 0 });
  painting.clear();
  assert.deepEqual(painting.points, []);
  const left = [3, 3, 1, 1];
  for (const count of left) {
    painting.undo();
    assert.equal(painting.points.length, count);
  }
});

test('the point under the pointer is the nearest within reach', () => {
  const painting = new Painting([0, 10, 12].map((x) => ({ x, y: 0, label: 0 })));
  /** @param {number} at */
  const at = (at) => painting.nearest(({ x }) => Math.abs(x - at), 3);
  assert.deepEqual([at(11.5), at(9), at(5), at(-1)], [2, 1, -1, 0]);
  painting.remove(1);
  assert.equal(painting.points.length, 2);
});

test('a brush leaves points along its way, near it', () => {
  const spots = scattered({ x: 0, y: 0 }, { x: 100, y: 0 }, 10, 4, Math.random);
  assert.equal(spots.length, 10);
  spots.forEach(({ x, y }, i) => assert.ok(Math.hypot(x - 10 * (i + 1), y) <= 4));
  assert.deepEqual(scattered({ x: 0, y: 0 }, { x: 3, y: 0 }, 10, 4, Math.random), []);
});

test('a class that the data lacks is called by a number that is no name yet', () => {
  assert.deepEqual(namesOf(['1', 'cat'], 4), ['1', 'cat', '0', '2']);
  assert.deepEqual(namesOf(['a', 'b', 'c'], 2), ['a', 'b']);
});

test('another point takes the place of the one before, in frames that are there already, too', () => {
  /** @type {Probe} */
  const recorded = { images: { shape: [1, 3], data: Float32Array.of(1, 1, 1) }, labels: [[0]] };
  const store = { description: DESCRIPTION, probe: recorded };
  const frame = withActivations(frameOf(0.3), store);
  const rows = () => frame.tensor('layer1.activation')?.data;
  assert.equal(rows()?.length, 2);
  /** @type {Array<ArrayLike<number> | undefined>} */
  const seen = [];
  for (const x of [
    [0, 0, 0],
    [1, -1, 2],
  ]) {
    store.probe = withSample(store.probe, { split: 'point', index: 0, label: null, x });
    assert.deepEqual([store.probe.labels.length, store.probe.images.shape[0], store.probe.labels[1]], [2, 2, null]);
    seen.push(rows());
  }
  assert.deepEqual([seen[0]?.length, seen[1]?.length], [4, 4]);
  assert.notDeepEqual(seen[0], seen[1]);
});

test('a point has a name in the address that gives the same point again', () => {
  const plane = planeOf(ABOUT);
  const name = nameOf(pointSample(plane, [0.123456789, 2e-7]), plane);
  assert.equal(name, '0.12346,2e-7');
  assert.deepEqual(pointIn(name), [0.12346, 2e-7]);
  assert.equal(nameOf(pointSample(plane, pointIn(name) ?? []), plane), name);
  assert.equal(nameOf({ split: 'train', index: 3, label: 0, x: [1, 2, 3] }, plane), 'train-3');
  assert.equal(pointIn('train-3'), null);
  assert.equal(pointIn(null), null);
});
