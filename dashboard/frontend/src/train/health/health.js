/** The health panel: what is wrong at the snapshot shown, which numbers say so, and which setting to change. */

import { make } from '../../lib/ui/dom.js';
import { whenSeen } from '../../lib/ui/seen.js';

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
  const head = make('div', { className: 'as-head' });
  const title = make('h3', { textContent: 'Health' });
  const summary = make('small');
  head.append(title, summary);
  const list = make('ul', { className: 'as-findings' });
  root.append(head, list);
  let asked = '';
  let drawn = '';
  let since = -READ;
  let timer = 0;
  const { schedule, cancel } = whenSeen(root, update, store, ['frame', 'lines', 'run']);

  function update() {
    const rest = since + READ - performance.now();
    if (rest > 0) {
      timer ||= window.setTimeout(() => {
        timer = 0;
        schedule();
      }, rest);
      return;
    }
    const { run, base, shown, description, events } = store;
    if (!shown || !description) return;
    // What ended a run comes after its last snapshot, and belongs to it.
    const question = `${run} ${shown.number} ${events.length}`;
    if (question === asked) return;
    asked = question;
    since = performance.now();
    ask(`${base}/annscope/runs/${encodeURIComponent(run)}/snapshots/${shown.number}/findings`, question);
  }

  /**
   * @param {string} address
   * @param {string} question
   */
  async function ask(address, question) {
    try {
      const response = await fetch(address);
      if (response.ok && question === asked) show(await response.text());
    } catch {
      // The stage says that the connection is lost.
    }
  }

  /** @param {string} text */
  function show(text) {
    if (text === drawn) return;
    drawn = text;
    /** @type {Finding[]} */
    const findings = JSON.parse(text);
    summary.textContent = findings.length
      ? `${findings.length} ${findings.length === 1 ? 'thing' : 'things'} to look at`
      : '';
    if (!findings.length) {
      list.replaceChildren(make('li', { className: 'as-fine', textContent: FINE }));
      return;
    }
    list.replaceChildren(
      ...findings.map(({ level, title: what, why, remedy }) => {
        const item = make('li', { className: `as-${level}` });
        const strong = make('b', { textContent: what });
        const reason = make('span', { textContent: why });
        const advice = make('em', { textContent: remedy });
        item.append(strong, reason, advice);
        return item;
      }),
    );
  }

  return {
    update,
    destroy() {
      clearTimeout(timer);
      cancel();
      root.replaceChildren();
    },
  };
}
