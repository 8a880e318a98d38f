/** What the network is given on the Draw page: a drawing, a point in the plane, or the row of a table. */
import { changesOf, prepared, rowOf } from '../lib/model/row.js';
import { createBeforeAfter } from './before-after.js';
import { imageInput } from './image-input.js';
import { createPlane } from './plane.js';
import { createRow } from './row.js';

/** @import { DeskState, Input } from './types.js' */
/** @import { Example, Model, Numbers, Plane } from '../lib/model/types.js' */

/**
 * The input that a run's data asks for.
 * @param {DeskState} desk
 * @returns {Input}
 */
export function inputFor(desk) {
  const { image_shape: shape } = desk.description.dataset;
  if (shape) return imageInput(desk, shape);
  return desk.plane ? planeInput(desk, desk.plane) : rowInput(desk);
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
function rowInput({ about, reader, examples, forget, later, use, model, palette }) {
  const columns = about.columns ?? [];
  const description = { ...about, columns };
  const typical = rowOf(columns.map((column) => column.typical));
  /** What the changes are compared with: an example of the data, or the typical row. @type {{ name: string, row: number[], example: Example | null }} */
  let base = { name: 'the typical row', row: typical, example: null };
  const reset = () => {
    base = { name: 'the typical row', row: typical, example: null };
    table.put(typical);
    forget();
    later(performance.now());
  };
  const table = createRow(
    { columns, reader },
    {
      moved: (at) => {
        forget();
        later(at);
      },
      back: () => (base.example ? use(base.example) : reset()),
      typical: reset,
    },
  );
  table.put(typical);
  const comparison = createBeforeAfter(reader);
  table.element.append(examples.element);
  /** @param {number[]} row */
  const predict = (row) => model().probabilities(prepared(row, description));
  return {
    cards: [table.element],
    beside: [comparison.element],
    sweeps: table.sweeps,
    read: () => ({ x: prepared(table.row, description), isBare: false }),
    /** @param {Example} example */
    put: (example) => {
      base = { name: `${example.split} example ${example.index}`, row: rowOf(example.row ?? []), example };
      table.put(base.row);
    },
    shown() {
      const { name, row } = base;
      table.mark(row, name);
      const changes = changesOf(columns, row, table.row);
      comparison.update({ name, changes, before: predict(row), after: predict(table.row) });
    },
    /** @param {number | null} label */
    sweep: (label) => label !== null && table.sweep(label, predict, palette()),
    destroy: table.destroy,
    paint() {},
  };
}
