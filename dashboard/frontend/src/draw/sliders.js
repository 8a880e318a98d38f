/** Sliders that change the image, each with the probability of the prediction over its whole range, and where the prediction changes. */

import { CHANGES, neutral, sweep } from '../lib/model/transforms.js';
import { press } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
import { card } from './card.js';
import { drawSweep } from './sweep.js';
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
  const { element } = card('Where does the answer break?', 'sliders', other, reset);
  const grid = make('div', { className: 'dr-changes' });
  element.append(grid);
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
    const input = make('input', {
      type: 'range',
      min: change.low,
      max: change.high,
      step: change.step,
      value: change.neutral,
    });
    input.setAttribute('aria-label', change.label);
    const value = make('output');
    const canvas = make('canvas', { className: 'dr-sweep' });
    canvas.setAttribute('role', 'img');
    const verdict = make('span', { className: 'dr-verdict' });
    const show = () => {
      input.value = String(values[change.name]);
      value.textContent = change.words(values[change.name]);
    };
    input.addEventListener('input', (event) => {
      values[change.name] = input.valueAsNumber;
      value.textContent = change.words(input.valueAsNumber);
      moved(event.timeStamp);
    });
    input.addEventListener('dblclick', () => {
      values[change.name] = change.neutral;
      show();
      moved(performance.now());
    });
    show();
    grid.append(
      make(
        'div',
        { className: 'dr-change' },
        make('div', { className: 'dr-change-head' }, make('span', { textContent: change.label }), value),
        input,
        canvas,
        verdict,
      ),
    );
    return { change, canvas, verdict, show, found: /** @type {ReturnType<typeof sweep> | null} */ (null) };
  });

  // One slider a task, so that a stroke that begins meanwhile is answered at once.
  /**
   * @param {SweepRequest} about
   * @param {Palette} palette
   * @param {number} at
   */
  function again(about, palette, at) {
    const { image, label, answer, says } = about;
    const { change, canvas, verdict } = rows[at];
    const found = label === null ? null : sweep(image, values, change, label, answer, says, about.count, self.seed);
    rows[at].found = found;
    drawSweep(canvas, found, change, values[change.name], palette);
    const words = found ? `${about.name ? `${about.name} ` : ''}${sentence(found, change)}` : 'n/a';
    verdict.textContent = words;
    verdict.title = found ? meaning(found, change) : '';
    canvas.setAttribute(
      'aria-label',
      `Probability of ${label === null ? 'the answer' : classNames[label]} over ${change.label}: ${words}`,
    );
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
  function sentence({ breaks: [below, above] }, { words }) {
    if (below === null && above === null) return 'holds throughout';
    const at = [below, above].filter((value) => value !== null).map((value) => words(value));
    return `breaks at ${at.join(' and ')}`;
  }

  /**
   * @param {{ apart: number }} found
   * @param {ChangeKind} change
   */
  function meaning({ apart }, { step, words }) {
    const looked =
      apart > step ? `${words(apart)} apart: between two of them it may change and change back` : 'that the slider has';
    return `The values nearest to the present one at which the answer changes, of those ${looked}.`;
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
     * Soon, draw again how sure the network stays of `label` (null: nothing is drawn).
     * @param {SweepRequest} about
     * @param {Palette} palette
     */
    update: (about, palette) => next(about, palette, 0),
    destroy: () => clearTimeout(timer),
  };
  return self;
}
