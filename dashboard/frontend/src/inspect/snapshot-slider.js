/** The choice of the snapshot: a slider over the snapshots, one step either way, and the latest, which moves on with the run. */

import { make } from '../lib/ui/dom.js';

/** @import { SnapshotData } from './types.js' */

const REST = 160; // ms without a key before the snapshot it stands on is asked for
const PATIENCE = 2000; // ms in which the page may show it; until then the slider stays where it was put

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
  let held = false; // a hand is on the slider: nothing else may move it
  let asking = 0;
  /** @type {{ number: number | null, since: number }} */
  let wanted = { number: null, since: 0 };

  // The slider goes over the places in `data.numbers`.
  /** @param {number} place */
  const words = (place) => data.names[place] ?? data.names[data.names.length - 1];

  function say() {
    output.textContent = words(slider.valueAsNumber);
    slider.setAttribute('aria-valuetext', output.textContent);
    earlier.disabled = slider.valueAsNumber === 0;
    later.disabled = slider.valueAsNumber === Number(slider.max);
  }

  /** @param {SnapshotData} given */
  function update(given) {
    data = given;
    const last = data.names.length - 1;
    if (data.number === wanted.number || performance.now() - wanted.since > PATIENCE) wanted.number = null;
    if (!held && !asking && wanted.number === null) {
      slider.max = String(last);
      slider.value = String(data.numbers.indexOf(data.number));
      say();
    }
    for (const each of [earlier, later, slider, output]) each.hidden = last < 1;
    follow();
    latest.textContent = data.live ? 'Live' : 'Latest';
    latest.title = data.live
      ? 'Show the newest snapshot, and the next as soon as it is there'
      : 'Show the last snapshot';
    latest.classList.toggle('ai-live', data.live);
    latest.setAttribute('aria-pressed', String(data.following));
    Object.assign(root.dataset, { number: data.number, last: data.numbers.at(-1), following: data.following });
  }

  /** @param {number} place */
  function ask(place) {
    clearTimeout(asking);
    asking = 0;
    const number = data.numbers[place];
    wanted = { number, since: performance.now() };
    // Who goes to the end of a run at work wants to see it go on.
    if (data.live && place === Number(slider.max)) send({ latest: true });
    else send({ number });
  }

  /** While a hand moves the slider the page follows it: the next snapshot is asked for once the last one is there. */
  function follow() {
    if (held && !asking && wanted.number === null && data.numbers[slider.valueAsNumber] !== data.number)
      ask(slider.valueAsNumber);
  }

  /** @param {number} by */
  function step(by) {
    slider.value = String(slider.valueAsNumber + by);
    say();
    ask(slider.valueAsNumber);
  }

  earlier.addEventListener('click', () => step(-1));
  later.addEventListener('click', () => step(1));
  latest.addEventListener('click', () => {
    wanted.number = null;
    send({ latest: true });
  });
  slider.addEventListener('pointerdown', () => {
    held = true;
  });
  slider.addEventListener('input', () => {
    say();
    follow();
  });
  slider.addEventListener('change', () => {
    clearTimeout(asking);
    asking = window.setTimeout(() => ask(slider.valueAsNumber), REST);
    held = false;
  });
  const drop = () => {
    held = false;
  };
  slider.addEventListener('pointercancel', drop);
  slider.addEventListener('pointerup', drop);
  return {
    update,
    destroy() {
      clearTimeout(asking);
    },
  };
}
