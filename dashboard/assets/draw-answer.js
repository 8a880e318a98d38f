/** The answer: the likeliest class in large letters, and every class's probability as a bar. */
import { card, make } from './draw-parts.js';
import { asPercent } from './network-text.js';

/**
 * Build the card; `act(label)` is called when a bar is clicked. `label` is the true class, or null.
 * Returns {element, update({probabilities | null, best, label, source}), announce()}.
 */
export function createAnswer(classNames, act) {
  const { element } = card('Answer', 'answer');
  const top = make('div', 'dr-top');
  const name = make('b', 'dr-name', { textContent: '?' });
  const sure = make('span', 'dr-sure');
  const truth = make('span', 'dr-truth');
  top.append(name, make('div', '', {}, sure, truth));
  const list = make('ul', 'dr-bars');
  const bars = classNames.map((text, c) => {
    const fill = make('i', '');
    const value = make('span', 'dr-value', { textContent: 'n/a' });
    const button = make('button', 'dr-bar', { type: 'button', title: `What speaks for “${text}”?` }, make('span', 'dr-class', { textContent: text }), make('span', 'dr-track', {}, fill), value);
    button.addEventListener('click', () => act(c));
    list.append(make('li', '', {}, button));
    return { button, fill, value };
  });
  const live = make('div', 'nv-hidden');
  live.setAttribute('aria-live', 'polite');
  list.style.setProperty('--dr-classes', classNames.length);
  list.style.setProperty('--dr-name', `${Math.min(16, Math.max(2, ...classNames.map(({ length }) => length)) + 1)}ch`);
  element.append(top, list, live);
  let said = '';
  return {
    element,
    update({ probabilities, best, label, source }) {
      const names = probabilities ? classNames[best] : '?';
      name.textContent = names;
      name.classList.toggle('dr-long', names.length > 3);
      sure.textContent = probabilities ? `${asPercent(probabilities[best])} sure` : 'Nothing to answer yet';
      truth.textContent = label === null ? '' : `in truth: ${classNames[label]} (${source})`;
      truth.dataset.right = label === null || !probabilities ? '' : String(label === best);
      bars.forEach(({ button, fill, value }, c) => {
        const p = probabilities?.[c];
        fill.style.transform = `scaleX(${p ?? 0})`;
        value.textContent = p === undefined ? 'n/a' : asPercent(p);
        button.classList.toggle('dr-best', Boolean(probabilities) && c === best);
        button.classList.toggle('dr-true', c === label);
      });
      said = probabilities ? `${names}, ${asPercent(probabilities[best])}` : '';
    },
    /** Tell it to a screen reader, once the hand rests. */
    announce() { live.textContent = said; },
  };
}
