/** The last values of the curves as words and as a table. */
import { tickText } from '../../lib/charts/scale.js';
import { make } from '../../lib/ui/dom.js';
import { headOf, lineOf } from '../../lib/ui/table.js';

const ROWS = 12;
const HEADINGS = [
  'Epoch',
  'Step',
  'Train loss',
  'Held-out loss',
  'Train accuracy',
  'Held-out accuracy',
  'Learning rate',
];

/** @import { History } from './history.js' */

/**
 * A loss with four decimals, a huge one in powers of ten.
 * @param {number} value
 */
export function lossText(value) {
  if (!Number.isFinite(value)) return 'n/a';
  return Math.abs(value) >= 1e5 ? tickText(value) : value.toFixed(Math.abs(value) >= 100 ? 1 : 4);
}

/** @param {number} value */
export const shareText = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(2)} %` : 'n/a');
/** @param {number} epoch */
export const epochText = (epoch) => String(Number(epoch.toFixed(2)));

/** A table that is closed at first: {element, open(isOpen, history, cursor), show(history, cursor)}. */
export function createNumbers() {
  const body = make('tbody');
  const caption = make('caption');
  const table = make('table', { className: 'tb ch-numbers' }, caption, headOf(HEADINGS), body);
  const element = make('div', { className: 'ch-scroll', hidden: true }, table);

  /**
   * The rows up to the newest snapshot, or up to the one shown when that is further back.
   * @param {History} history
   * @param {number | null} cursor
   */
  function show(history, cursor) {
    if (element.hidden || !history.length) return;
    const end = cursor !== null && cursor < history.length - ROWS ? cursor + 1 : history.length;
    const start = Math.max(0, end - ROWS);
    caption.textContent = `Snapshots ${start} to ${end - 1} of ${history.length}, the newest first`;
    const { trainLoss, heldoutLoss, trainAccuracy, heldoutAccuracy, rate } = history.figures;
    const rows = [];
    for (let i = end - 1; i >= start; i -= 1) {
      const cells = [
        epochText(history.epochs[i]),
        history.lines[i].step.toLocaleString('en'),
        lossText(trainLoss[i]),
        lossText(heldoutLoss[i]),
        shareText(trainAccuracy[i]),
        shareText(heldoutAccuracy[i]),
        tickText(rate[i]),
      ];
      rows.push(lineOf(cells, { 'aria-current': i === cursor ? 'true' : null }));
    }
    body.replaceChildren(...rows);
  }

  return {
    element,
    show,
    /**
     * @param {boolean} isOpen
     * @param {History} history
     * @param {number | null} cursor
     */
    open(isOpen, history, cursor) {
      element.hidden = !isOpen;
      show(history, cursor);
    },
  };
}
