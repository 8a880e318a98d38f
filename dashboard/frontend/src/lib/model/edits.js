/**
 * Changes by hand: a neuron switched off, a connection cut, a weight set to another number.
 * They lie over the recorded parameters, which stay as they are, and can be taken back one by one.
 */
import { weightOf } from './forward.js';

/** @import { Change, Frame, Tensor } from './types.js' */

/** @type {Set<number>} */
const NOTHING = new Set();

export class Edits {
  constructor() {
    /** @type {Change[]} */
    this.changes = [];
    /** @type {Array<{ changes: Change[], target: string | null }>} */
    this.past = [];
    /** @type {Map<number, { recorded: Tensor['data'], changed: Tensor }>} */
    this.weights = new Map();
  }

  get active() {
    return this.changes.length > 0;
  }

  /**
   * Switch a neuron off, or on again.
   * @param {number} layer
   * @param {number} unit
   */
  toggleNeuron(layer, unit) {
    const others = this.changes.filter((c) => !(c.input === undefined && c.layer === layer && c.unit === unit));
    this.#become(others.length < this.changes.length ? others : [...others, { layer, unit }], null);
  }

  /**
   * Set the weight from `input` to `unit`; one drag of a slider is one change to take back.
   * @param {number} layer
   * @param {number} input
   * @param {number} unit
   * @param {number} value
   */
  setWeight(layer, input, unit, value) {
    const others = this.changes.filter((c) => !(c.input === input && c.layer === layer && c.unit === unit));
    this.#become([...others, { layer, input, unit, value }], `${layer}/${input}/${unit}`);
  }

  /**
   * Give a weight its recorded value back.
   * @param {number} layer
   * @param {number} input
   * @param {number} unit
   */
  restoreWeight(layer, input, unit) {
    this.#become(
      this.changes.filter((c) => !(c.input === input && c.layer === layer && c.unit === unit)),
      null,
    );
  }

  /** Take the last change back. */
  undo() {
    if (!this.past.length) return;
    this.changes = this.past.pop()?.changes ?? [];
    this.weights.clear();
  }

  /** Take everything back. */
  reset() {
    if (this.active) this.#become([], null);
  }

  /**
   * @param {Change[]} changes
   * @param {string | null} target
   */
  #become(changes, target) {
    const last = this.past[this.past.length - 1];
    if (!target || last?.target !== target) this.past.push({ changes: this.changes, target });
    this.changes = changes;
    this.weights.clear();
  }

  /** The first layer whose activations differ from the record. */
  firstLayer() {
    return this.changes.reduce((first, change) => Math.min(first, change.layer), Infinity);
  }

  /**
   * The neurons of a layer that are switched off.
   * @param {number} layer
   */
  silenced(layer) {
    const units = this.changes.filter((c) => c.layer === layer && c.input === undefined).map((c) => c.unit);
    return units.length ? new Set(units) : NOTHING;
  }

  /**
   * Which of a neuron's incoming weights are changed.
   * @param {number} layer
   * @param {number} unit
   */
  changedInputs(layer, unit) {
    return this.changes
      .filter((c) => c.layer === layer && c.unit === unit && c.input !== undefined)
      .flatMap((c) => c.input ?? []);
  }

  /**
   * A frame's weights with the changes in them.
   * @param {Frame} frame
   * @param {number} layer
   */
  weight(frame, layer) {
    const recorded = weightOf(frame, layer);
    const mine = this.changes.filter((c) => c.layer === layer && c.input !== undefined);
    if (!mine.length) return recorded;
    const known = this.weights.get(layer);
    if (known?.recorded === recorded.data) return known.changed;
    const data = recorded.data.slice();
    for (const { input, unit, value } of mine)
      if (input !== undefined && value !== undefined) data[input * recorded.shape[1] + unit] = value;
    const changed = { shape: recorded.shape, data };
    this.weights.set(layer, { recorded: recorded.data, changed });
    return changed;
  }
}
