/** A real example to begin with: by split, class and number, or at random. */
import { make, press, select } from './draw-parts.js';
import { generator } from './draw-change.js';

/** Build the chooser. `choose({split, index})` gets what was asked for. Returns {element, show(sample | null)}. */
export function createExamples(labels, classNames, choose) {
  const splits = Object.keys(labels).filter((name) => labels[name].length);
  let split = splits.includes('test') ? 'test' : splits[0];
  let wanted = '';
  const random = generator(Date.now());
  const which = select('Split', splits.map((name) => [name, name]), (name) => {
    split = name;
    bound();
  });
  which.value = split;
  const kind = select('Class', [['', 'any class'], ...classNames.map((name, c) => [String(c), name])], (value) => { wanted = value; pick(); });
  const number = make('input', 'dr-number', { type: 'number', min: 0, step: 1, placeholder: 'no.' });
  number.setAttribute('aria-label', 'Number of the example, counted from 0');
  const members = () => labels[split].map((_, i) => i).filter((i) => wanted === '' || labels[split][i] === Number(wanted));

  function bound() {
    number.max = labels[split].length - 1;
  }

  function pick() {
    const some = members();
    if (some.length) choose({ split, index: some[Math.floor(random() * some.length)] });
  }

  function step(by) {
    const some = members();
    if (!some.length) return;
    const at = Number.isInteger(number.valueAsNumber) ? number.valueAsNumber : by > 0 ? -1 : labels[split].length;
    const next = by > 0 ? some.find((i) => i > at) ?? some[0] : some.findLast((i) => i < at) ?? some.at(-1);
    choose({ split, index: next });
  }

  number.addEventListener('change', () => {
    const index = number.valueAsNumber;
    if (Number.isInteger(index) && index >= 0 && index < labels[split].length) choose({ split, index });
  });
  bound();
  const element = make('div', 'dr-row dr-examples', {}, make('span', 'dr-label', { textContent: 'Real example' }), which, kind,
    press('‹', 'The one before', () => step(-1)), number, press('›', 'The next one', () => step(1)), press('Random', 'One at random', pick));
  return {
    element,
    show(sample) {
      if (!sample) {
        number.value = '';
        return;
      }
      split = sample.split;
      which.value = split;
      bound();
      number.value = sample.index;
    },
  };
}
