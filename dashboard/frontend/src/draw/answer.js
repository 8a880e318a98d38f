/** The answer: what is predicted in large letters, and every class's probability as a bar. */

import { asPercent } from '../lib/format/text.js';
import { isSame } from '../lib/model/answers.js';
import { make } from '../lib/ui/dom.js';
import { card } from './card.js';
/** @import { Answers, Numbers } from '../lib/model/types.js' */

/**
 * Build the card; `act(label)` is called when a bar is clicked. `reader` reads the answers (answers.js), `truth`
 * lists what is true, or is null. Returns {element, update({probabilities | null, truth, source}), announce()}.
 * @param {Answers} reader
 * @param {(label: number) => void} act
 */
export function createAnswer(reader, act) {
  const classNames = reader.names;
  const { element } = card('Answer', 'answer');
  const top = make('div', { className: 'dr-top' });
  const name = make('b', { className: 'dr-name', textContent: '?' });
  const sure = make('span', { className: 'dr-sure' });
  const truth = make('span', { className: 'dr-truth' });
  top.append(name, make('div', {}, sure, truth));
  const list = make('ul', { className: 'dr-bars' });
  const bars = classNames.map((text, c) => {
    const fill = make('i');
    const value = make('span', { className: 'dr-value', textContent: 'n/a' });
    const button = make(
      'button',
      { className: 'dr-bar', type: 'button', title: `What speaks for “${text}”?` },
      make('span', { className: 'dr-class', textContent: text }),
      make('span', { className: 'dr-track' }, fill),
      value,
    );
    button.addEventListener('click', () => act(c));
    list.append(make('li', {}, button));
    return { button, fill, value };
  });
  const live = make('div', { className: 'nv-hidden' });
  live.setAttribute('aria-live', 'polite');
  list.style.setProperty('--dr-classes', String(classNames.length));
  list.style.setProperty('--dr-name', `${Math.min(16, Math.max(2, ...classNames.map(({ length }) => length)) + 1)}ch`);
  element.append(top, list, live);
  let told = '';
  return {
    element,
    /** @param {{ probabilities: Numbers | null, truth: number[] | null, source: string }} about */
    update({ probabilities, truth: classes, source }) {
      const said = probabilities ? reader.predicted(probabilities) : [];
      const names = probabilities ? reader.words(said) : '?';
      name.textContent = names;
      name.classList.toggle('dr-long', names.length > 3);
      const best = probabilities && !reader.isMany ? said[0] : null;
      const sureness = best === null ? 'every label that has 50 % or more' : `${asPercent(probabilities?.[best])} sure`;
      sure.textContent = probabilities ? sureness : 'Nothing to answer yet';
      truth.textContent = classes === null ? '' : `in truth: ${reader.words(classes)} (${source})`;
      truth.dataset.right = classes === null || !probabilities ? '' : String(isSame(classes, said));
      bars.forEach(({ button, fill, value }, c) => {
        const p = probabilities?.[c];
        fill.style.transform = `scaleX(${p ?? 0})`;
        value.textContent = p === undefined ? 'n/a' : asPercent(p);
        button.classList.toggle('dr-best', said.includes(c));
        button.classList.toggle('dr-true', Boolean(classes?.includes(c)));
      });
      told = !probabilities ? '' : best === null ? names : `${names}, ${asPercent(probabilities[best])}`;
    },
    /** Tell it to a screen reader, once the hand rests. */
    announce() {
      live.textContent = told;
    },
  };
}
