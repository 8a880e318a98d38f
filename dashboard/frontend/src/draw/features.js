/** For tables: one slider a feature over what the training examples span, with the probability of the prediction along it. */

import { asNumber } from '../lib/format/text.js';
import { turningPoint } from '../lib/model/transforms.js';
import { debounce, press } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';
import { card } from './card.js';
import { breakWords, createSweep, drawSweep } from './sweep.js';

/** @import { Sweep } from './types.js' */
/** @import { OutputReader, Numbers, Palette } from '../lib/model/types.js' */

const POINTS = 41;

/**
 * Build the card. `moved(stamp)` is called when a slider moves. Returns {element, raw, put(raw), sweep(label, predict, palette), destroy()}; `reader` reads the outputs (output-reader.js).
 * @param {{ low: number[], high: number[], middle: number[], names: string[], reader: OutputReader }} about
 * @param {(stamp: number) => void} moved
 */
export function createFeatures({ low, high, middle, names, reader }, moved) {
  const raw = [...middle];
  const { element } = card(
    'Choose the features',
    'features',
    press('Medians', 'Every feature at its training median', () => put([...middle])),
  );
  const rows = names.map((name, i) => {
    const row = createSweep(name, { min: low[i], max: high[i], step: 'any', value: middle[i] });
    const { input, output } = row;
    output.textContent = asNumber(middle[i], 2);
    input.addEventListener('input', (event) => {
      raw[i] = input.valueAsNumber;
      output.textContent = asNumber(raw[i], 2);
      moved(event.timeStamp);
    });
    input.addEventListener('keydown', (event) => {
      const by = arrow(event);
      if (!by) return;
      event.preventDefault();
      input.value = String(input.valueAsNumber + ((by[1] - by[0]) * (high[i] - low[i] || 1)) / 100);
      input.dispatchEvent(new Event('input'));
    });
    /** @type {Sweep} */
    const curve = { name, canvas: row.canvas, verdict: '', points: [] };
    return { ...row, curve };
  });
  element.append(make('div', { className: 'dr-changes' }, ...rows.map((row) => row.element)));

  const sweep = debounce(draw, 110);
  /**
   * @param {number} label
   * @param {(raw: number[]) => Numbers} predict
   * @param {Palette} palette
   */
  function draw(label, predict, palette) {
    const isPredicted = reader.predicts(predict(raw), label);
    rows.forEach(({ canvas, describe }, i) => {
      /** @param {number} value */
      const at = (value) => {
        const probabilities = predict(raw.map((own, j) => (j === i ? value : own)));
        return {
          value,
          p: probabilities[label],
          probabilities,
          holds: reader.predicts(probabilities, label) === isPredicted,
        };
      };
      const points = Array.from({ length: POINTS }, (_, k) => at(low[i] + ((high[i] - low[i]) * k) / (POINTS - 1)));
      Object.assign(rows[i].curve, { label, points });
      drawSweep(canvas, { points }, { low: low[i], high: high[i] }, raw[i], palette);
      const apart = (high[i] - low[i]) / (POINTS - 1);
      /** @param {number} value */
      const holdsAt = (value) => at(value).holds;
      const below = points.findLast(({ value, holds }) => value < raw[i] && !holds);
      const above = points.find(({ value, holds }) => value > raw[i] && !holds);
      const breaks = [
        below && turningPoint(holdsAt, Math.min(raw[i], below.value + apart), below.value),
        above && turningPoint(holdsAt, Math.max(raw[i], above.value - apart), above.value),
      ].flatMap((value) => (value === undefined ? [] : asNumber(value, 2)));
      const name = reader.isMany ? `${reader.names[label]} ` : '';
      describe(
        'the prediction',
        name + breakWords(breaks),
        `The values nearest to the present one at which the prediction changes, looked for every ${asNumber(apart, 2)}.`,
      );
    });
  }

  /**
   * @param {number[]} values
   * @param {number} [stamp]
   */
  function put(values, stamp = performance.now()) {
    values.forEach((value, i) => {
      raw[i] = value;
    });
    rows.forEach(({ input, output }, i) => {
      input.value = String(raw[i]);
      output.textContent = asNumber(raw[i], 2);
    });
    moved(stamp);
  }
  /** What was drawn last: [{name, canvas, verdict, label, points}]. */
  const sweeps = () => rows.map(({ verdict, curve }) => ({ ...curve, verdict: verdict.textContent }));
  return { element, raw, put, sweeps, sweep, destroy: sweep.cancel };
}
