/** Sliders that change the image, each with the probability of the prediction over its whole range, and where the prediction changes. */

import { CHANGES, neutral, sweep } from '../lib/model/transforms.js';
import { press } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
import { card } from './card.js';
import { breakWords, createSweep, drawSweep } from './sweep.js';
/** @import { ChangeKind, SweepRequest } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

/**
 * Build the card. `moved(stamp)` is called when a slider moves. Returns {element, values, seed, update(about, palette), destroy()}.
 * @param {string[]} classNames
 * @param {number} side
 * @param {(stamp: number) => void} moved
 */
export function createSliders(classNames, side, moved) {
  const values = neutral();
  const reset = press('Reset', 'Leave the image as it is', () => {
    Object.assign(values, neutral());
    rows.forEach(({ show }) => show());
    moved(performance.now());
  });
  const other = press('Other noise', 'Draw the noise from another seed', () => {
    self.seed += 1;
    moved(performance.now());
  });
  const { element } = card('Where does the prediction change?', 'sliders', other, reset);
  const most = side / 28;
  const rows = CHANGES.map((given) => {
    const pixels = given.name === 'dx' || given.name === 'dy';
    const change = pixels
      ? {
          ...given,
          low: Math.round(given.low * most),
          high: Math.round(given.high * most),
          step: most < 0.5 ? 0.25 : 0.5,
        }
      : given;
    const row = createSweep(change.label, { min: change.low, max: change.high, step: change.step });
    const { input, output } = row;
    const show = () => {
      input.value = String(values[change.name]);
      output.textContent = change.words(values[change.name]);
    };
    input.addEventListener('input', (event) => {
      values[change.name] = input.valueAsNumber;
      output.textContent = change.words(input.valueAsNumber);
      moved(event.timeStamp);
    });
    input.addEventListener('dblclick', () => {
      values[change.name] = change.neutral;
      show();
      moved(performance.now());
    });
    show();
    return { ...row, change, show, found: /** @type {ReturnType<typeof sweep> | null} */ (null) };
  });
  element.append(make('div', { className: 'dr-changes' }, ...rows.map((row) => row.element)));

  // One slider a task, so that a stroke that begins meanwhile is predicted at once.
  /**
   * @param {SweepRequest} about
   * @param {Palette} palette
   * @param {number} at
   */
  function again(about, palette, at) {
    const { image, label, predict, predicts } = about;
    const { change, canvas, describe } = rows[at];
    const found =
      label === null ? null : sweep(image, values, change, label, predict, predicts, about.count, self.seed);
    rows[at].found = found;
    drawSweep(canvas, found, change, values[change.name], palette);
    const words = found ? `${about.name ? `${about.name} ` : ''}${sentence(found, change)}` : 'n/a';
    describe(label === null ? 'the prediction' : classNames[label], words, found ? meaning(found, change) : '');
    if (at + 1 < rows.length) next(about, palette, at + 1);
  }
  let timer = 0;
  /**
   * @param {SweepRequest} about
   * @param {Palette} palette
   * @param {number} at
   */
  function next(about, palette, at) {
    clearTimeout(timer);
    timer = window.setTimeout(() => again(about, palette, at), at ? 0 : 110);
  }

  /**
   * @param {{ breaks: Array<number | null> }} found
   * @param {ChangeKind} change
   */
  const sentence = ({ breaks }, { words }) =>
    breakWords(breaks.flatMap((value) => (value === null ? [] : words(value))));

  /**
   * @param {{ apart: number }} found
   * @param {ChangeKind} change
   */
  function meaning({ apart }, { step, words }) {
    const looked =
      apart > step ? `${words(apart)} apart: between two of them it may change and change back` : 'that the slider has';
    return `The values nearest to the present one at which the prediction changes, of those ${looked}.`;
  }

  const self = {
    element,
    values,
    seed: 1,
    /** What was drawn last: [{name, canvas, verdict, label, points}], without points for an empty sheet. */
    sweeps: () =>
      rows.map(({ change, canvas, verdict, found }) => ({
        name: change.label,
        canvas,
        verdict: verdict.textContent,
        label: found?.label,
        points: found?.points ?? [],
      })),
    /**
     * Soon, draw again the probability of `label` (null: nothing is drawn).
     * @param {SweepRequest} about
     * @param {Palette} palette
     */
    update: (about, palette) => next(about, palette, 0),
    destroy: () => clearTimeout(timer),
  };
  return self;
}
