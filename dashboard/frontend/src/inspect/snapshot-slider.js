/** The choice of the snapshot: a slider over the snapshots, one step either way, and the latest, which moves on with the run. */

import { make } from '../lib/ui/dom.js';
import { followed } from './followed.js';

/** @import { SnapshotData } from './types.js' */

/**
 * Build the choice in `root`; `send` is called with {number} or, to follow the run, {latest: true}.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} send
 */
export function createSnapshotSlider(root, send) {
  /**
   * @param {string} text
   * @param {string} label
   */
  const button = (text, label) =>
    make('button', { type: 'button', textContent: text, title: label, 'aria-label': label });
  const [earlier, later] = [button('‹', 'One snapshot earlier'), button('›', 'One snapshot later')];
  const slider = make('input', { type: 'range', min: 0, step: 1, 'aria-label': 'Snapshot' });
  const output = make('output');
  const latest = make('button', { type: 'button', className: 'ai-latest' });
  root.append(earlier, slider, later, output, latest);
  /** @type {SnapshotData} */
  let data;

  // The slider goes over the places in `data.numbers`.
  /** @param {number} place */
  const words = (place) => data.names[place] ?? data.names[data.names.length - 1];

  function say() {
    output.textContent = words(slider.valueAsNumber);
    slider.setAttribute('aria-valuetext', output.textContent);
    earlier.disabled = slider.valueAsNumber === 0;
    later.disabled = slider.valueAsNumber === Number(slider.max);
  }

  const page = followed(slider, {
    valueAt: (place) => data.numbers[place],
    say,
    // Who goes to the end of a run at work wants to see it go on.
    ask: (number) => send(data.live && number === data.numbers.at(-1) ? { latest: true } : { number }),
  });

  /** @param {SnapshotData} given */
  function update(given) {
    data = given;
    const last = data.names.length - 1;
    page.show(data.number, () => {
      slider.max = String(last);
      slider.value = String(data.numbers.indexOf(data.number));
    });
    for (const each of [earlier, later, slider, output]) each.hidden = last < 1;
    latest.textContent = data.live ? 'Live' : 'Latest';
    latest.title = data.live
      ? 'Show the newest snapshot, and the next as soon as it is there'
      : 'Show the last snapshot';
    latest.classList.toggle('ai-live', data.live);
    latest.setAttribute('aria-pressed', String(data.following));
    Object.assign(root.dataset, { number: data.number, last: data.numbers.at(-1), following: data.following });
  }

  /** @param {number} by */
  function step(by) {
    slider.value = String(slider.valueAsNumber + by);
    say();
    page.send();
  }

  earlier.addEventListener('click', () => step(-1));
  later.addEventListener('click', () => step(1));
  latest.addEventListener('click', () => {
    page.forget();
    send({ latest: true });
  });
  return { update, destroy: page.destroy };
}
