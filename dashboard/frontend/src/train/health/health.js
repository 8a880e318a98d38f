/** The health panel: what is wrong at the snapshot shown, which numbers say so, and which setting to change. */

import { counted } from '../../lib/format/text.js';
import { make } from '../../lib/ui/dom.js';
import { createView } from '../../lib/ui/seen.js';

/** @import { Finding, Store } from '../types.js' */

const READ = 250; // ms for which a sentence stays at least: the server goes through the whole history for it
const FINE =
  'Nothing to report: no dying or saturated neurons, no vanishing or exploding gradients, no overfitting, and steps of a usual size.';

/**
 * Build the panel in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createHealth(root, store) {
  const summary = make('small');
  const list = make('ul', { className: 'as-findings' });
  root.append(make('div', { className: 'as-head' }, make('h3', {}, 'Health'), summary), list);
  let asked = '';
  let drawn = '';
  let since = -READ;
  let timer = 0;
  const view = createView(root, store, ['frame', 'lines', 'run'], update);
  view.signal.addEventListener('abort', () => clearTimeout(timer));

  function update() {
    const rest = since + READ - performance.now();
    if (rest > 0) {
      timer ||= window.setTimeout(() => {
        timer = 0;
        view.schedule();
      }, rest);
      return;
    }
    const { run, server, shown, description, events } = store;
    if (!shown || !description) return;
    // What ended a run comes after its last snapshot, and belongs to it.
    const question = `${run} ${shown.number} ${events.length}`;
    if (question === asked) return;
    asked = question;
    since = performance.now();
    server.fetched(`snapshots/${shown.number}/findings`).then(
      (findings) => question === asked && show(findings),
      () => {}, // the stage says that the connection is lost
    );
  }

  /** @param {Finding[]} findings */
  function show(findings) {
    const text = JSON.stringify(findings);
    if (text === drawn) return;
    drawn = text;
    summary.textContent = findings.length ? `${counted(findings.length, 'thing')} to look at` : '';
    const items = findings.map(({ level, title, why, remedy }) =>
      make('li', { className: `as-${level}` }, make('b', {}, title), make('span', {}, why), make('em', {}, remedy)),
    );
    list.replaceChildren(...(items.length ? items : [make('li', { className: 'as-fine' }, FINE)]));
  }

  return view;
}
