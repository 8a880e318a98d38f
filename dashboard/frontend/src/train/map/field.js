/** The classes' probabilities over the plane, a snapshot each: coarse while snapshots follow each other, fine at rest. */

import { forwardRows, UNCHANGED } from '../../lib/model/forward.js';
import { gridInputs, inputsOf, parametersOf, workOf } from '../../lib/model/plane.js';

/** @import { Frame, Layer, Numbers, OutputReader, Overlay, Plane } from '../../lib/model/types.js' */

/** Predictions a side, at rest. */
export const FINE = 120;
const COARSEST = 32;
const FAST = 100; // a side, of a snapshot that the next one soon follows
const BUDGET = 12; // ms that such a snapshot may take
const GUESS = 2e-6; // ms a multiplication, before any was measured

/** @typedef {{ side: number, probabilities: Numbers }} Field `probabilities` has a number a class and place, rows from the top. */

export class Fields {
  /**
   * @param {Layer[]} layers
   * @param {Plane} plane
   * @param {OutputReader} reader
   */
  constructor(layers, plane, reader) {
    this.layers = layers;
    this.plane = plane;
    this.reader = reader;
    this.cost = workOf(layers) * GUESS + 1e-4; // ms a place
    /** @type {WeakMap<Frame, Map<number, Field>>} */
    this.known = new WeakMap();
    this.edits = UNCHANGED;
  }

  /** How many predictions a side a snapshot gets that the next one soon follows. */
  get side() {
    return Math.max(COARSEST, Math.min(FAST, Math.floor(Math.sqrt(BUDGET / this.cost))));
  }

  /**
   * Lay changes by hand over every snapshot from now on.
   * @param {Overlay} edits
   */
  edit(edits) {
    this.edits = edits;
    this.known = new WeakMap();
  }

  /**
   * The field of a snapshot that is known already.
   * @param {Frame} frame
   * @param {number} side
   */
  peek(frame, side) {
    return this.known.get(frame)?.get(side) ?? null;
  }

  /**
   * The field of a snapshot.
   * @param {Frame} frame
   * @param {number} [side]
   */
  of(frame, side = this.side) {
    const known = this.peek(frame, side);
    if (known) return known;
    const began = performance.now();
    const field = this.#keep(frame, side, this.#rows(frame, gridInputs(this.plane, side), side * side));
    this.cost = 0.7 * this.cost + (0.3 * (performance.now() - began)) / (side * side);
    return field;
  }

  /**
   * The field of a snapshot at its finest, a few rows a call: null until it is done.
   * @param {Frame} frame
   * @returns {Generator<null, Field>}
   */
  *refine(frame) {
    const known = this.peek(frame, FINE);
    if (known) return known;
    const inputs = gridInputs(this.plane, FINE);
    const width = inputs.length / (FINE * FINE);
    const size = this.reader.names.length;
    const probabilities = new Float64Array(FINE * FINE * size);
    const step = Math.max(1, Math.floor(BUDGET / 2 / this.cost / FINE));
    const { edits } = this;
    for (let row = 0; row < FINE && edits === this.edits; row += step) {
      const until = Math.min(FINE, row + step);
      const part = inputs.subarray(row * FINE * width, until * FINE * width);
      probabilities.set(this.#rows(frame, part, (until - row) * FINE), row * FINE * size);
      yield null;
    }
    return edits === this.edits ? this.#keep(frame, FINE, probabilities) : this.of(frame);
  }

  /**
   * The probabilities of the classes at points of the data.
   * @param {Frame} frame
   * @param {Array<{ x: number, y: number }>} points
   */
  at(frame, points) {
    const all = points.length ? this.#rows(frame, inputsOf(this.plane, points), points.length) : [];
    const size = this.reader.names.length;
    return points.map((_, i) => all.slice(i * size, (i + 1) * size));
  }

  /**
   * @param {Frame} frame
   * @param {Numbers} inputs
   * @param {number} count
   */
  #rows(frame, inputs, count) {
    const layers = forwardRows(parametersOf(this.layers, frame, this.edits), inputs, count);
    return this.reader.probabilitiesOfEach(layers[layers.length - 1]);
  }

  /**
   * @param {Frame} frame
   * @param {number} side
   * @param {Numbers} probabilities
   */
  #keep(frame, side, probabilities) {
    const field = { side, probabilities };
    const known = this.known.get(frame) ?? new Map();
    this.known.set(frame, known.set(side, field));
    return field;
  }
}

/**
 * A field on its way from one snapshot to the next, `t` from 0 to 1; `into` is written where it has the right size.
 * @param {Field} from
 * @param {Field} to
 * @param {number} t
 * @param {Float64Array} [into]
 * @returns {Field}
 */
export function between(from, to, t, into) {
  const { length } = to.probabilities;
  if (t >= 1 || from.side !== to.side || from.probabilities.length !== length) return to;
  const probabilities = into?.length === length ? into : new Float64Array(length);
  for (let i = 0; i < length; i += 1)
    probabilities[i] = from.probabilities[i] + (to.probabilities[i] - from.probabilities[i]) * t;
  return { side: to.side, probabilities };
}

/**
 * A field with `times` as many places a side, in straight lines between those known.
 * @param {Field} field
 * @param {number} size
 * @param {number} times
 * @returns {Field}
 */
export function finer({ side, probabilities }, size, times) {
  const fine = side * times;
  const made = new Float64Array(fine * fine * size);
  /** @param {number} i */
  const place = (i) => Math.min(side - 1, Math.max(0, (i + 0.5) / times - 0.5));
  for (let row = 0; row < fine; row += 1) {
    const y = place(row);
    const top = Math.min(side - 2, Math.floor(y));
    const down = y - top;
    for (let column = 0; column < fine; column += 1) {
      const x = place(column);
      const left = Math.min(side - 2, Math.floor(x));
      const right = x - left;
      const at = (top * side + left) * size;
      const below = at + side * size;
      const to = (row * fine + column) * size;
      for (let c = 0; c < size; c += 1) {
        const above = probabilities[at + c] * (1 - right) + probabilities[at + size + c] * right;
        const under = probabilities[below + c] * (1 - right) + probabilities[below + size + c] * right;
        made[to + c] = above * (1 - down) + under * down;
      }
    }
  }
  return { side: fine, probabilities: made };
}
