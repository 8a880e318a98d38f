/** A slider that changes what the network is given, and the chart below it: the probability over its whole range. */
import { freshContext } from '../lib/charts/canvas.js';
import { fillBox, paintPath, trace } from '../lib/charts/pen.js';
import { make } from '../lib/ui/dom.js';

/** @import { Palette } from '../lib/model/types.js' */

const HEIGHT = 46;

/**
 * Build a slider with the canvas of its chart: {element, input, output, canvas, verdict, describe(of, words, title)}.
 * @param {string} label
 * @param {Record<string, unknown>} range
 */
export function createSweep(label, range) {
  const input = make('input', { type: 'range', 'aria-label': label, ...range });
  const output = make('output');
  const canvas = make('canvas', { className: 'dr-sweep', role: 'img' });
  const verdict = make('span', { className: 'dr-verdict' });
  const head = make('div', { className: 'dr-change-head' }, make('span', {}, label), output);
  return {
    element: make('div', { className: 'dr-change' }, head, input, canvas, verdict),
    input,
    output,
    canvas,
    verdict,
    /**
     * @param {string} of
     * @param {string} words
     * @param {string} title
     */
    describe(of, words, title) {
      Object.assign(verdict, { textContent: words, title });
      canvas.setAttribute('aria-label', `Probability of ${of} over ${label}: ${words}`);
    },
  };
}

/**
 * Where the prediction changes, in words.
 * @param {string[]} breaks
 */
export const breakWords = (breaks) => (breaks.length ? `changes at ${breaks.join(' and ')}` : 'never changes');

/**
 * Draw `found`, {points: [{value, p, holds}]} (null: an empty chart), over `low`..`high`, with a mark at `now`.
 * Where the prediction is another one, the ground is shaded.
 * @param {HTMLCanvasElement} canvas
 * @param {{ points: Array<{ value: number, p: number, holds: boolean }> } | null} found
 * @param {{ low: number, high: number }} about
 * @param {number} now
 * @param {Palette} palette
 */
export function drawSweep(canvas, found, { low, high }, now, palette) {
  const width = canvas.clientWidth || 200;
  const pen = freshContext(canvas, width, HEIGHT, null, 2);
  const [left, right, top, bottom] = [8, width - 8, 4, HEIGHT - 4];
  /** @param {number} value */
  const x = (value) => left + ((value - low) / (high - low || 1)) * (right - left);
  /** @param {number} p */
  const y = (p) => bottom - p * (bottom - top);
  fillBox(pen, left, bottom, right - left, 1, palette.line);
  if (!found) return;
  const { points } = found;
  points.forEach((point, i) => {
    if (point.holds) return;
    const from = i ? (x(points[i - 1].value) + x(point.value)) / 2 : left;
    const to = i + 1 < points.length ? (x(points[i + 1].value) + x(point.value)) / 2 : right;
    fillBox(pen, Math.floor(from), top, Math.ceil(to) - Math.floor(from), bottom - top, palette.faint);
  });
  trace(
    pen,
    points.map(({ value, p }) => [x(value), y(p)]),
  );
  pen.lineJoin = 'round';
  paintPath(pen, null, palette.accent, 1.8);
  fillBox(pen, x(now) - 0.75, top - 2, 1.5, bottom - top + 4, palette.ink);
}
