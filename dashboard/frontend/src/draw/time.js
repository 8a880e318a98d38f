/** The choice of the snapshot on the Draw page. */
import { asPercent } from '../lib/format/text.js';
import { make } from '../lib/ui/dom.js';

/** @import { SnapshotLine } from '../lib/model/types.js' */

/**
 * The slider over the snapshots: {element, grow(newest), about(line, isMany)}; `isMany`: of several labels an example.
 * @param {number} newest
 * @param {number | null} snapshot
 * @param {(number: number, isLast: boolean) => void} choose
 */
export function createTime(newest, snapshot, choose) {
  const input = make('input', {
    type: 'range',
    min: 0,
    max: newest,
    step: 1,
    value: Math.min(snapshot ?? newest, newest),
    disabled: newest < 1,
    'aria-label': 'Snapshot of the network',
  });
  const output = make('output');
  input.addEventListener('input', () => choose(input.valueAsNumber, input.value === input.max));
  const element = make('div', { className: 'dr-time' }, make('b', {}, 'Network'), input, output);
  return {
    element,
    /**
     * There are more snapshots by now.
     * @param {number} last
     */
    grow(last) {
      input.max = String(last);
      input.disabled = last < 1;
    },
    /**
     * @param {SnapshotLine} about
     * @param {boolean} isMany
     */
    about({ number, epoch, step, heldout }, isMany) {
      const accuracy = asPercent(heldout?.accuracy);
      const words = isMany
        ? `on held-out examples ${accuracy} with every label right`
        : `${accuracy} right on held-out examples`;
      output.textContent = `epoch ${epoch}, step ${step.toLocaleString('en')}: ${words}`;
      input.setAttribute('aria-valuetext', output.textContent);
      input.value = String(number);
    },
  };
}
