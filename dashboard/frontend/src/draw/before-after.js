/** What the changes of a row did: the probabilities of the example and of the changed one, side by side. */

import { asPercent, asPoints, counted } from '../lib/format/text.js';
import { effectOf } from '../lib/model/row.js';
import { make } from '../lib/ui/dom.js';
import { tableOf } from '../lib/ui/table.js';
import { card } from './card.js';

/** @import { Compared } from './types.js' */
/** @import { OutputReader } from '../lib/model/types.js' */

const MOST = 8; // classes
const MOST_NAMED = 4; // changes

/**
 * Build the card. Returns {element, update(compared)}; `reader` reads the outputs (output-reader.js).
 * @param {OutputReader} reader
 */
export function createBeforeAfter(reader) {
  const { element } = card('Before and after', 'before-after');
  const words = make('p', { className: 'dr-note', role: 'status' });
  const body = make('div');
  element.append(words, body);
  return {
    element,
    /** @param {Compared} about */
    update({ name, changes, before, after }) {
      const named = changes.slice(0, MOST_NAMED).map((change) => `${change.name} (${change.from} → ${change.to})`);
      const more = changes.length > MOST_NAMED ? ` and ${counted(changes.length - MOST_NAMED, 'other change')}` : '';
      const said = changes.length
        ? `${named.join(', ')}${more}: the prediction ${effectOf(reader, before, after)}.`
        : `Nothing is changed yet in ${name}.`;
      words.textContent = said.replaceAll(' %', '\u00a0%');
      const order = reader.names.map((_, c) => c);
      if (order.length > MOST)
        order.sort((a, b) => Math.max(before[b], after[b]) - Math.max(before[a], after[a])).splice(MOST);
      body.replaceChildren(
        tableOf(
          make('caption', { className: 'nv-hidden' }, `Probabilities of ${name} and of the changed row`),
          [reader.one, 'before', 'after', 'change'],
          order.map((c) => [
            reader.names[c],
            asPercent(before[c]),
            asPercent(after[c]),
            changes.length ? asPoints(after[c] - before[c]) : '',
          ]),
        ),
      );
    },
  };
}
