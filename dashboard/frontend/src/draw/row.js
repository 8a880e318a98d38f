/** For tables: a slider or a list for each column, in its units, with the probability of the prediction over its values. */

import { asValue, grouped } from '../lib/format/text.js';
import { cellText, choicesOf } from '../lib/model/row.js';
import { turningPoint } from '../lib/model/transforms.js';
import { press, select } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';
import { card } from './card.js';
import { breakWords, createChange, createSweep, drawChoices, drawSweep } from './sweep.js';

/** @import { ColumnControl, RowSweep, Sweep } from './types.js' */
/** @import { Numbers, OutputReader, Palette, RowColumn } from '../lib/model/types.js' */

const POINTS = 41;
const MOST = 300; // columns that have a control
const MOST_WHOLE = 100; // as many whole numbers are tried one by one

/**
 * Build the card. `moved(stamp)` is called when a cell changes, `back()` when the row is to be as it was, `typical()`
 * when it is to be the typical one. Returns {element, row, put(row), mark(base, name), sweeps(), sweep(label, predict, palette), destroy()};
 * `reader` reads the outputs (output-reader.js).
 * @param {{ columns: RowColumn[], reader: OutputReader }} about
 * @param {{ moved: (stamp: number) => void, back: () => void, typical: () => void }} acts
 */
export function createRow({ columns, reader }, { moved, back, typical }) {
  const row = columns.map(() => Number.NaN);
  const reset = press('Back to the example', 'Undo every change', back, { disabled: true });
  const { element } = card(
    'Change the values',
    'features',
    reset,
    press('Typical row', 'Every number at its training median, every category at its most frequent value', typical),
  );
  /**
   * @param {number} k
   * @param {number} value
   * @param {number} stamp
   */
  const change = (k, value, stamp) => {
    row[k] = value;
    controls[k].show(value);
    moved(stamp);
  };
  const shown = columns.slice(0, MOST);
  const controls = shown.map((column, k) => {
    const control = column.kind === 'number' ? numberControl(column) : choiceControl(column);
    control.listen((value, stamp) => change(k, value, stamp));
    const was = make('small');
    control.output.before(was);
    return { ...control, was };
  });
  /** @type {Sweep[]} */
  const curves = shown.map(({ name }, k) => ({ name, canvas: controls[k].canvas, verdict: '', points: [] }));
  element.append(make('div', { className: 'dr-changes' }, ...controls.map((control) => control.element)));
  if (shown.length < columns.length)
    element.append(
      make('p', {
        className: 'dr-note',
        textContent: `The first ${MOST} of ${grouped(columns.length)} columns; the others stay as they are.`,
      }),
    );

  // One column a task, so that a slider that moves meanwhile is followed at once; those in sight come first.
  let timer = 0;
  /** @type {number[]} */
  let order = [];
  /** @param {RowSweep} about */
  function begin(about) {
    const isFar = controls.map(({ canvas }) => {
      const { top, bottom } = canvas.getBoundingClientRect();
      return Number(bottom < 0 || top > window.innerHeight);
    });
    order = shown.map((_, k) => k).sort((a, b) => isFar[a] - isFar[b]);
    next(about, 0);
  }

  /**
   * @param {RowSweep} about
   * @param {number} at
   */
  function next(about, at) {
    if (at < order.length) draw(about, order[at]);
    if (at + 1 < order.length) timer = window.setTimeout(() => next(about, at + 1));
  }

  /**
   * @param {RowSweep} about
   * @param {number} k
   */
  function draw(about, k) {
    const { label, predict, palette } = about;
    const column = columns[k];
    const isPredicted = reader.predicts(predict(row), label);
    /** @param {number} value */
    const at = (value) => {
      const probabilities = predict(row.with(k, value));
      const holds = reader.predicts(probabilities, label) === isPredicted;
      return { value, p: probabilities[label], probabilities, holds };
    };
    const points = controls[k].values().map(at);
    Object.assign(curves[k], { label, points });
    const breaks = controls[k].draw(points, row[k], (value) => at(value).holds, palette);
    const words = `${reader.isMany ? `${reader.names[label]} ` : ''}${breakWords(breaks)}`;
    const which = column.kind === 'number' ? 'the values nearest to the present one' : 'every value';
    controls[k].describe('the prediction', words, `${words}: ${which} for which the prediction is another one`);
  }

  return {
    element,
    row,
    /** @param {number[]} cells */
    put(cells) {
      cells.forEach((value, k) => {
        row[k] = value;
        controls[k]?.show(value);
      });
    },
    /**
     * Mark what differs from the row that it began with.
     * @param {number[]} base
     * @param {string} name
     */
    mark(base, name) {
      const isSame = row.map((value, k) => Object.is(value, base[k]));
      controls.forEach(({ was }, k) => {
        was.textContent = isSame[k] ? '' : `was ${cellText(columns[k], base[k])}`;
      });
      reset.disabled = isSame.every(Boolean);
      reset.textContent = `Back to ${name}`;
    },
    /** What was drawn last: [{name, canvas, verdict, label, points}], categories by name. */
    sweeps: () =>
      curves.map(({ points, ...curve }, k) => ({
        ...curve,
        verdict: controls[k].verdict.textContent,
        points: points.map(({ value, ...point }) => ({
          ...point,
          value: columns[k].values.length ? cellText(columns[k], Number(value)) : value,
        })),
      })),
    /**
     * Soon, draw again the probability of `label`.
     * @param {number} label
     * @param {(row: number[]) => Numbers} predict
     * @param {Palette} palette
     */
    sweep(label, predict, palette) {
      clearTimeout(timer);
      timer = window.setTimeout(() => begin({ label, predict, palette }), 110);
    },
    destroy: () => clearTimeout(timer),
  };
}

/**
 * A slider over the range of the training examples, and a box for what may be missing.
 * @param {RowColumn} column
 * @returns {ColumnControl}
 */
function numberControl(column) {
  const { name, is_whole: isWhole, may_be_missing: mayBeMissing } = column;
  let { low, high } = column;
  const change = createSweep(name, { min: low, max: high, step: isWhole ? 1 : 'any' });
  const { input, output, head, canvas } = change;
  const box = make('input', { type: 'checkbox', 'aria-label': `${name} is missing` });
  if (mayBeMissing) head.append(make('label', { className: 'dr-missing' }, box, 'missing'));
  return {
    ...change,
    listen(changed) {
      input.addEventListener('input', (event) => changed(input.valueAsNumber, event.timeStamp));
      input.addEventListener('keydown', (event) => {
        const by = arrow(event);
        if (!by) return;
        event.preventDefault();
        const step = Math.max((high - low || 1) / 100, isWhole ? 1 : 0);
        input.value = String(input.valueAsNumber + (by[1] - by[0]) * step);
        input.dispatchEvent(new Event('input'));
      });
      box.addEventListener('change', (event) =>
        changed(box.checked ? Number.NaN : input.valueAsNumber, event.timeStamp),
      );
    },
    show(value) {
      const isMissing = Number.isNaN(value);
      box.checked = isMissing;
      input.disabled = isMissing;
      output.textContent = isMissing ? '' : asValue(value);
      if (isMissing) return;
      // An example may be beyond what training had.
      low = Math.min(column.low, value);
      high = Math.max(column.high, value);
      Object.assign(input, { min: String(low), max: String(high), value: String(value) });
    },
    values() {
      if (isWhole && high - low < MOST_WHOLE)
        return Array.from({ length: Math.floor(high - low) + 1 }, (_, i) => low + i);
      return Array.from({ length: POINTS }, (_, i) => low + ((high - low) * i) / (POINTS - 1));
    },
    draw(points, now, holdsAt, palette) {
      const here = Number.isNaN(now) ? null : now;
      drawSweep(canvas, { points }, { low, high }, here, palette);
      // Of a missing value there is no nearest one: the first change from below is told.
      const apart = points.length > 1 ? points[1].value - points[0].value : 0;
      const from = here ?? low;
      const below = here === null ? undefined : points.findLast(({ value, holds }) => value < from && !holds);
      const above = points.find(({ value, holds }) => (here === null || value > from) && !holds);
      const ends = [
        below && turningPoint(holdsAt, Math.min(from, below.value + apart), below.value),
        above && turningPoint(holdsAt, Math.max(from, above.value - apart), above.value),
      ];
      return ends.flatMap((value, i) => {
        if (value === undefined) return [];
        return isWhole ? asValue(i ? Math.ceil(value) : Math.floor(value)) : asValue(Number(value.toPrecision(3)));
      });
    },
  };
}

/**
 * A list of the values of a category, or of False and True.
 * @param {RowColumn} column
 * @returns {ColumnControl}
 */
function choiceControl(column) {
  const choices = choicesOf(column);
  /** @type {(value: number, stamp: number) => void} */
  let changed = () => {};
  const list = select(
    column.name,
    choices.map(({ text }, i) => [String(i), text]),
    (i) => changed(choices[Number(i)].value, performance.now()),
    'dr-choice',
  );
  const change = createChange(column.name, list);
  return {
    ...change,
    listen(act) {
      changed = act;
    },
    show(value) {
      list.value = String(choices.findIndex((choice) => Object.is(choice.value, value)));
    },
    values: () => choices.map(({ value }) => value),
    draw(points, now, _, palette) {
      drawChoices(change.canvas, points, now, palette);
      return points.flatMap(({ value, holds }) => (holds ? [] : cellText(column, value)));
    },
  };
}
