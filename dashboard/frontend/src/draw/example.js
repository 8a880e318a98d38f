/** A real example to begin with: by split, class and number, or at random. */

import { classesOf } from '../lib/model/output-reader.js';
import { generator } from '../lib/model/transforms.js';
import { press, select } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';

/** @import { Label } from '../lib/model/types.js' */

const SPLITS = ['train', 'validation', 'test'];

/**
 * Build the chooser; `names` are the classes, `one` what one of them is called. `choose({split, index})` gets what was asked for.
 * Returns {element, know(labels), show(sample | null)}; nothing can be asked for before `know` was given the labels of every split.
 * @param {{ names: string[], one: string }} about
 * @param {(wanted: { split: string, index: number }) => void} choose
 */
export function createExamples({ names, one }, choose) {
  /** @type {Record<string, Label[]>} */
  let labels = Object.fromEntries(SPLITS.map((name) => [name, []]));
  let split = 'test';
  let wanted = '';
  const random = generator(Date.now());
  const which = select(
    'Split',
    SPLITS.map((name) => [name, name]),
    (name) => {
      split = name;
      bound();
    },
  );
  which.value = split;
  const kind = select(
    one === 'class' ? 'Class' : 'Label',
    [['', `any ${one}`], ...names.map((name, c) => [String(c), name])],
    (value) => {
      wanted = value;
      pick();
    },
  );
  const number = make('input', { className: 'dr-number', type: 'number', min: 0, step: 1, placeholder: 'no.' });
  number.setAttribute('aria-label', 'Number of the example, counted from 0');
  const members = () =>
    labels[split]
      .map((_, i) => i)
      .filter((i) => wanted === '' || classesOf(labels[split][i])?.includes(Number(wanted)));

  function bound() {
    number.max = String(Math.max(0, labels[split].length - 1));
  }

  function pick() {
    const some = members();
    if (some.length) choose({ split, index: some[Math.floor(random() * some.length)] });
  }

  /** @param {number} by */
  function step(by) {
    const some = members();
    if (!some.length) return;
    const at = Number.isInteger(number.valueAsNumber) ? number.valueAsNumber : by > 0 ? -1 : labels[split].length;
    const next =
      by > 0 ? (some.find((i) => i > at) ?? some[0]) : (some.findLast((i) => i < at) ?? some[some.length - 1]);
    choose({ split, index: next });
  }

  number.addEventListener('change', () => {
    const index = number.valueAsNumber;
    if (Number.isInteger(index) && index >= 0 && index < labels[split].length) choose({ split, index });
  });
  const choosers = [
    which,
    kind,
    press('‹', 'The one before', () => step(-1)),
    number,
    press('›', 'The next one', () => step(1)),
    press('Random', 'One at random', pick),
  ];
  for (const chooser of choosers) chooser.disabled = true;
  const element = make(
    'div',
    { className: 'dr-row dr-examples' },
    make('span', { className: 'dr-label', textContent: 'Real example' }),
    ...choosers,
  );
  return {
    element,
    /** @param {Record<string, Label[]>} all */
    know(all) {
      labels = all;
      for (const option of which.options) option.disabled = !labels[option.value].length;
      for (const chooser of choosers) chooser.disabled = false;
      bound();
    },
    /** @param {{ split: string, index: number } | null} sample */
    show(sample) {
      if (!sample) {
        number.value = '';
        return;
      }
      split = sample.split;
      which.value = split;
      bound();
      number.value = String(sample.index);
    },
  };
}
