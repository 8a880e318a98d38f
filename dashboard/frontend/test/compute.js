/** What the browser's arithmetic makes of the questions on standard input, as JSON; tests/dashboard/test_frontend_math.py asks. */
import { text } from 'node:stream/consumers';
import { shownWeightsOf } from '../src/lib/model/change.js';
import { Edits } from '../src/lib/model/edits.js';
import { toFeatures, toRaw } from '../src/lib/model/features.js';
import { explain, layersOf, passOf, sensitivity } from '../src/lib/model/forward.js';
import { parseFrame } from '../src/lib/model/frame.js';
import { createModel } from '../src/lib/model/inference.js';
import { asBox, asMnist } from '../src/lib/model/ink.js';
import { activationNamed } from '../src/lib/model/math.js';
import { readerOf } from '../src/lib/model/output-reader.js';
import { gridInputs, overPlane, planeOf } from '../src/lib/model/plane.js';
import { cellText, prepared, rowOf } from '../src/lib/model/row.js';

/** @import { Cell, Description, NetworkStore, Numbers, RowDescription, Shape } from '../src/lib/model/types.js' */

/** @type {Array<{ kind: keyof typeof answer }>} */
const questions = JSON.parse(await text(process.stdin));

/** @param {{ name: string, z: number[] }} about */
function activation({ name, z }) {
  const { f, slope } = activationNamed(name);
  return { values: z.map((value) => f(value)), slopes: z.map((value) => slope(value)) };
}

/**
 * @param {{
 *   description: Description,
 *   frame: string,
 *   x: number[][],
 *   patch: number,
 *   changes: Array<{ layer: number, unit: number, input?: number, value: number }>,
 * }} about
 */
function network({ description, frame: encoded, x, patch, changes }) {
  const bytes = Uint8Array.from(Buffer.from(encoded, 'base64'));
  const frame = parseFrame(bytes.buffer);
  const model = createModel(description, frame);
  const reader = readerOf(description);
  const layers = layersOf(description);
  const store = {
    probe: { images: { shape: [x.length, x[0].length], data: Float64Array.from(x.flat()) }, labels: [] },
  };
  const edits = new Edits();
  for (const { layer, unit, input, value } of changes) {
    if (input === undefined) edits.toggleNeuron(layer, unit);
    else edits.setWeight(layer, input, unit, value);
  }
  const values = passOf(store, layers, frame, 0);
  const shape = /** @type {Shape} */ (description.dataset.image_shape);
  return {
    activations: x.map((row) => model.activations(row).map((layer) => [...layer])),
    probabilities: x.map((row) => [...model.probabilities(row)]),
    predicted: x.map((row) => reader.predicted(model.probabilities(row))),
    gradients: reader.names.map((_, label) => [...model.gradient(x[0], label)]),
    occlusions: reader.names.map((_, label) => [
      ...model.occlusion(
        x[0],
        shape,
        label,
        patch,
        x[0].map(() => 0),
      ),
    ]),
    sums: layers.map(({ index, size }) =>
      Array.from({ length: size }, (_, unit) => explain(layers, frame, values, index, unit, [0, 1]).z),
    ),
    sensitivities: layers.map(({ index }) => [...sensitivity(layers, frame, values, index, 0)]),
    whatIf: reader.probabilities(/** @type {Numbers} */ (passOf(store, layers, frame, 0, edits).at(-1))),
  };
}

/** @param {{ raw: number[], about: Parameters<typeof toFeatures>[1] }} about */
const scaling = ({ raw, about }) => ({
  features: [...toFeatures(raw, about)],
  raw: [...toRaw(toFeatures(raw, about), about)],
});

/** @param {{ about: RowDescription, rows: Cell[][] }} about */
const row = ({ about, rows }) => ({
  inputs: rows.map((cells) => [...prepared(rowOf(cells), about)]),
  texts: rows.map((cells) => about.columns.map((column, k) => cellText(column, cells[k]))),
});

/** @param {{ ink: Parameters<typeof asMnist>[0], height: number, width: number }} about */
const centering = ({ ink, height, width }) => ({
  mnist: [...asMnist(ink).data],
  box: [...asBox(ink, height, width).data],
});

/** @param {{ about: Parameters<typeof planeOf>[0], points: number[][], side: number }} about */
function plane({ about, points, side }) {
  const made = planeOf(about);
  const inputs = points.map((point) => made.inputs(point));
  return {
    inputs,
    points: inputs.map((each) => made.point(each)),
    places: points.map((point) => made.place(point)),
    back: points.map((point) => made.at(made.place(point))),
    grid: gridInputs(made, side),
  };
}

/** @param {{ description: Description, frame: string, about: Parameters<typeof planeOf>[0], side: number }} about */
function regions({ description, frame, about, side }) {
  const bytes = Uint8Array.from(Buffer.from(frame, 'base64'));
  const layers = overPlane(layersOf(description), parseFrame(bytes.buffer), planeOf(about), side);
  return { layers, probabilities: readerOf(description).probabilitiesOfEach(layers[layers.length - 1]) };
}

/**
 * @param {{
 *   description: Description,
 *   frames: string[],
 *   changes: Array<{ layer: number, unit: number, input: number, value: number }>,
 * }} about
 */
function change({ description, frames, changes }) {
  const [before, now] = frames.map((frame) => parseFrame(Uint8Array.from(Buffer.from(frame, 'base64')).buffer));
  const layers = layersOf(description);
  const store = /** @type {NetworkStore} */ ({ description, shown: now, base: { since: 'start', frame: before } });
  const weights = shownWeightsOf(store, layers);
  const edits = new Edits();
  for (const { layer, unit, input, value } of changes) edits.setWeight(layer, input, unit, value);
  weights.see(now);
  return {
    changes: layers.map(({ index }) => weights.matrix(now, index).data),
    edited: layers.map(({ index }) => weights.matrix(now, index, edits).data),
    tops: layers.map(({ index }) => weights.scales().of(index)),
  };
}

const answer = { activation, network, scaling, row, centering, plane, regions, change };
const answers = questions.map(({ kind, ...question }) => {
  try {
    return answer[kind](/** @type {never} */ (question));
  } catch (error) {
    return { error: error instanceof Error ? error.stack : String(error) };
  }
});
process.stdout.write(
  JSON.stringify(answers, (_, value) =>
    value instanceof Float32Array || value instanceof Float64Array ? [...value] : value,
  ),
);
