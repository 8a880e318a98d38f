/** The last values of the curves as words and as a table. */
import { tickText } from '../../lib/charts/scale.js';
import { make } from '../../lib/ui/dom.js';
import { headOf, lineOf } from '../../lib/ui/table.js';

/** @import { FigureName, History } from './history.js' */

const ROWS = 12;

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

/**
 * The figures of a snapshot in the order in which they are named: [name, words, split, text(value)], where accuracy is
 * called `accuracy`.
 * @param {string} accuracy
 * @returns {Array<[FigureName, string, 'train' | 'heldout' | null, (value: number) => string]>}
 */
export const figuresOf = (accuracy) => [
  ['trainLoss', 'train loss', 'train', lossText],
  ['heldoutLoss', 'held-out loss', 'heldout', lossText],
  ['trainAccuracy', `train ${accuracy}`, 'train', shareText],
  ['heldoutAccuracy', `held-out ${accuracy}`, 'heldout', shareText],
  ['rate', 'learning rate', null, tickText],
];
const FIGURES = figuresOf('accuracy');

/** A table that is closed at first: {element, open(isOpen, history, cursor), show(history, cursor)}. */
export function createNumbers() {
  const body = make('tbody');
  const caption = make('caption');
  const headings = ['epoch', 'step', ...FIGURES.map(([, words]) => words)];
  const head = headOf(headings.map((words) => words[0].toUpperCase() + words.slice(1)));
  const table = make('table', { className: 'tb ch-numbers' }, caption, head, body);
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
    const rows = history.epochs.slice(start, end).map((epoch, k) => {
      const i = start + k;
      const figures = FIGURES.map(([name, , , text]) => text(history.figures[name][i]));
      const cells = [epochText(epoch), history.lines[i].step.toLocaleString('en'), ...figures];
      return lineOf(cells, { 'aria-current': i === cursor ? 'true' : null });
    });
    body.replaceChildren(...rows.reverse());
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
