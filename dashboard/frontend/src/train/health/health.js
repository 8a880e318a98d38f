/** The health panel: what is wrong, why it says so, and which slider to move. */

import { layersOf } from '../../lib/model/forward.js';
import { make } from '../../lib/ui/dom.js';
import { whenSeen } from '../../lib/ui/seen.js';
import { diagnose } from './rules.js';

/** @import { SnapshotLine } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

const READ = 250; // ms for which a sentence stays at least: the whole history is gone through for it

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
  let said = '';
  let since = -READ;
  let timer = 0;
  const { wake, sleep } = whenSeen(root, update);

  function update() {
    const rest = since + READ - performance.now();
    if (rest > 0) {
      timer ||= setTimeout(() => {
        timer = 0;
        wake();
      }, rest);
      return;
    }
    const { shown, description, snapshotLines, events } = store;
    if (!shown || !description) return;
    since = performance.now();
    const lines = snapshotLines.slice(0, store.history.placeOf(shown.number) + 1);
    const layers = layersOf(description);
    const findings = diagnose(lines, {
      names: layers.map((layer, i) => (layer.isOutput ? 'the output' : `hidden layer ${i + 1}`)),
      sizes: description.layer_sizes,
      settings: description.config,
      /** @param {SnapshotLine} line */
      epochOf: (line) => line.step / store.stepsPerEpoch,
      events: events.filter(({ step }) => step <= shown.line.step || shown.number === store.newest),
    });
    const key = JSON.stringify(findings);
    if (key === said) return;
    said = key;
    summary.textContent = findings.length
      ? `${findings.length} ${findings.length === 1 ? 'thing' : 'things'} to look at`
      : '';
    if (!findings.length) {
      const fine = make('li', {
        className: 'as-fine',
        textContent:
          'Nothing to report: no dying or saturated neurons, no vanishing or exploding gradients, no over-fitting, and steps of a usual size.',
      });
      list.replaceChildren(fine);
      return;
    }
    list.replaceChildren(
      ...findings.map(({ level, title: what, why, remedy }) => {
        const item = make('li', { className: `as-${level}` });
        const strong = make('b', { textContent: what[0].toUpperCase() + what.slice(1) });
        const reason = make('span', { textContent: why });
        const advice = make('em', { textContent: remedy });
        item.append(strong, reason, advice);
        return item;
      }),
    );
  }

  const stops = ['frame', 'lines'].map((event) => store.on(event, wake));
  stops.push(
    store.on('run', () => {
      said = '';
      wake();
    }),
  );
  wake();
  return {
    update,
    destroy() {
      clearTimeout(timer);
      sleep();
      stops.forEach((stop) => stop());
      root.replaceChildren();
    },
  };
}
