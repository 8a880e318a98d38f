/** The head over each of two networks: which run, at which moment, how good, and its prediction; its height never changes. */

import { make, setText } from '../../lib/ui/dom.js';
import { createView } from '../../lib/ui/seen.js';
import { momentOf } from './words.js';

/** @import { Store } from '../types.js' */

/**
 * Build the head of a run in an element of its own. Returns {element, name([name, settings]), destroy()}.
 * @param {string} letter
 * @param {Store} store
 */
export function createMoment(letter, store) {
  const name = make('b');
  const differs = make('small');
  const moment = make('span');
  const figure = make('span', { className: 'as-strong' });
  const prediction = make('span', { 'aria-live': 'off' });
  const verdict = make('em');
  const element = make(
    'header',
    { className: 'as-moment' },
    make('h4', {}, make('i', {}, letter), name),
    differs,
    make('p', {}, moment, figure, make('span', { className: 'as-prediction' }, prediction, verdict)),
  );
  const view = createView(element, store, ['frame', 'probe', 'run', 'status'], draw);

  function draw() {
    const about = momentOf(store);
    setText(moment, about?.moment ?? '');
    setText(figure, about?.figure ?? '');
    setText(prediction, about?.prediction ?? '');
    setText(verdict, about?.verdict ?? '');
    verdict.className = about?.isRight === false ? 'as-wrong' : '';
  }

  return {
    element,
    /** @param {[string, string]} about */
    name([text, settings]) {
      setText(name, text);
      setText(differs, settings);
      name.title = text;
      differs.title = settings;
    },
    destroy() {
      view.destroy();
      element.remove();
    },
  };
}
