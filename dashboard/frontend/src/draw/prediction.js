/** The prediction: what is predicted in large letters, and every class's probability as a bar. */

import { asPercent } from '../lib/format/text.js';
import { isSame } from '../lib/model/output-reader.js';
import { make } from '../lib/ui/dom.js';
import { card } from './card.js';
/** @import { OutputReader, Numbers } from '../lib/model/types.js' */

/**
 * Build the card; `act(label)` is called when a bar is clicked. `reader` reads the outputs (output-reader.js), `trueClasses`
 * lists what is true, or is null. Returns {element, update({probabilities | null, trueClasses, source, link | null}), announce()}.
 * @param {OutputReader} reader
 * @param {(label: number) => void} act
 */
export function createPrediction(reader, act) {
  const classNames = reader.names;
  const { element } = card('Prediction', 'prediction');
  const top = make('div', { className: 'dr-top' });
  const name = make('b', { className: 'dr-name', textContent: '?' });
  const sure = make('span', { className: 'dr-sure' });
  const trueClasses = make('span', { className: 'dr-truth' });
  const back = make('a', { className: 'dr-back', textContent: 'Open in Inspect →', target: '_self', hidden: true });
  top.append(name, make('div', {}, sure, trueClasses, back));
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
  let announced = '';
  return {
    element,
    /** @param {{ probabilities: Numbers | null, trueClasses: number[] | null, source: string, link: string | null }} about */
    update({ probabilities, trueClasses: classes, source, link }) {
      back.hidden = link === null;
      if (link !== null) back.href = link;
      const predictedClasses = probabilities ? reader.predicted(probabilities) : [];
      const names = probabilities ? reader.words(predictedClasses) : '?';
      name.textContent = names;
      name.classList.toggle('dr-long', names.length > 3);
      const best = probabilities && !reader.isMany ? predictedClasses[0] : null;
      const certainty =
        best === null ? 'every label that has 50 % or more' : `probability ${asPercent(probabilities?.[best])}`;
      sure.textContent = probabilities ? certainty : 'No prediction yet';
      trueClasses.textContent =
        classes === null ? '' : `${reader.isMany ? 'true labels' : 'true class'}: ${reader.words(classes)} (${source})`;
      trueClasses.dataset.right = classes === null || !probabilities ? '' : String(isSame(classes, predictedClasses));
      bars.forEach(({ button, fill, value }, c) => {
        const p = probabilities?.[c];
        fill.style.transform = `scaleX(${p ?? 0})`;
        value.textContent = p === undefined ? 'n/a' : asPercent(p);
        button.classList.toggle('dr-best', predictedClasses.includes(c));
        button.classList.toggle('dr-true', Boolean(classes?.includes(c)));
      });
      announced = !probabilities ? '' : best === null ? names : `${names}, ${asPercent(probabilities[best])}`;
    },
    /** Tell it to a screen reader, once the hand rests. */
    announce() {
      live.textContent = announced;
    },
  };
}
