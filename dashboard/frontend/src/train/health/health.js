/** The health panel: what is wrong at the snapshot shown, which numbers say so, and which setting to change. */

import { counted } from '../../lib/format/text.js';
import { press } from '../../lib/ui/controls.js';
import { make } from '../../lib/ui/dom.js';
import { createView } from '../../lib/ui/seen.js';

/** @import { Finding, Store } from '../types.js' */

const READ = 1000; // ms for which a sentence stays at least: the server goes through the whole history for it
const FINE =
  'Nothing to report: the loss falls, gradients reach every layer, steps are of a usual size, and held-out examples do as well.';

/** One finding on screen; `settings` are those that its button tries. @typedef {{ element: HTMLElement, fill(finding: Finding): void }} Item */

/**
 * Build the panel in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createHealth(root, store) {
  const summary = make('small');
  const list = make('ul', { className: 'as-findings', tabIndex: 0, 'aria-label': 'Findings' });
  root.append(make('div', { className: 'as-head' }, make('h3', {}, 'Health'), summary), list);
  let asked = '';
  let drawn = '';
  /** @type {Item[]} */
  let items = [];
  let titles = ''; // of the findings on screen
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
    summary.textContent = findings.length ? `${counted(findings.length, 'thing')} to look at` : '';
    // The same findings with other numbers keep their elements: a button that is pressed or has the focus stays.
    const wanted = findings.map(({ title }) => title).join('\n');
    if (wanted !== titles || !drawn) {
      titles = wanted;
      items = findings.map(createItem);
      const fine = make('li', { className: 'as-fine' }, FINE);
      list.replaceChildren(...(items.length ? items.map(({ element }) => element) : [fine]));
    }
    items.forEach((item, i) => item.fill(findings[i]));
    drawn = text;
  }

  /** @returns {Item} */
  function createItem() {
    const [what, why, remedy] = [make('b'), make('span'), make('em')];
    /** @type {Finding['settings']} */
    let settings = {};
    const button = press('Try it', null, () => {
      button.disabled = true; // until the new run is shown
      store.tryRemedy(settings);
    });
    return {
      element: make('li', {}, make('p', {}, what, ' ', why, ' ', remedy), button),
      fill(finding) {
        settings = finding.settings;
        this.element.className = `as-${finding.level}`;
        what.textContent = `${finding.title}.`;
        why.textContent = finding.why;
        remedy.textContent = finding.remedy;
        button.hidden = !Object.keys(settings).length;
        button.title = `Start a run with these settings, beside this one: ${finding.remedy}`;
        button.setAttribute('aria-label', `Try it: ${finding.remedy}`);
      },
    };
  }

  return view;
}
