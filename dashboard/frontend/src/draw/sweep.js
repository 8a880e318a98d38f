/** A control that changes what the network is given, and the chart below it: the probability over its whole range. */
import { freshContext } from '../lib/charts/canvas.js';
import { fillBox, paintPath, trace } from '../lib/charts/pen.js';
import { make } from '../lib/ui/dom.js';

/** @import { Palette } from '../lib/model/types.js' */

const HEIGHT = 46;

/**
 * Build what is around a control, with the canvas of its chart: {element, head, output, canvas, verdict, describe(of, words, title)}.
 * @param {string} label
 * @param {HTMLElement[]} controls
 */
export function createChange(label, ...controls) {
  const output = make('output');
  const canvas = make('canvas', { className: 'dr-sweep', role: 'img' });
  const verdict = make('span', { className: 'dr-verdict' });
  const head = make('div', { className: 'dr-change-head' }, make('span', { title: label }, label), output);
  return {
    element: make('div', { className: 'dr-change' }, head, ...controls, canvas, verdict),
    head,
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
 * The same with a slider, {input}.
 * @param {string} label
 * @param {Record<string, unknown>} range
 */
export function createSweep(label, range) {
  const input = make('input', { type: 'range', 'aria-label': label, ...range });
  return { input, ...createChange(label, input) };
}

/**
 * Where the prediction changes, in words.
 * @param {string[]} breaks
 */
export const breakWords = (breaks) => (breaks.length ? `changes at ${breaks.join(' and ')}` : 'never changes');

/**
 * Draw `found`, {points: [{value, p, holds}]} (null: an empty chart), over `low`..`high`, with a mark at `now` unless it is null.
 * Where the prediction is another one, the ground is shaded.
 * @param {HTMLCanvasElement} canvas
 * @param {{ points: Array<{ value: number, p: number, holds: boolean }> } | null} found
 * @param {{ low: number, high: number }} about
 * @param {number | null} now
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
  if (now !== null) fillBox(pen, x(now) - 0.75, top - 2, 1.5, bottom - top + 4, palette.ink);
}

/**
 * Draw `points` [{value, p, holds}] as a bar each, that of `now` marked; where the prediction is another one, the ground
 * is shaded.
 * @param {HTMLCanvasElement} canvas
 * @param {Array<{ value: number, p: number, holds: boolean }>} points
 * @param {number} now
 * @param {Palette} palette
 */
export function drawChoices(canvas, points, now, palette) {
  const width = canvas.clientWidth || 200;
  const pen = freshContext(canvas, width, HEIGHT, null, 2);
  const [left, top, bottom] = [8, 4, HEIGHT - 4];
  const wide = (width - 2 * left) / points.length;
  points.forEach(({ value, p, holds }, i) => {
    const x = left + i * wide;
    const gap = Math.min(3, wide / 6);
    if (!holds) fillBox(pen, x, top, wide, bottom - top, palette.faint);
    const isNow = Object.is(value, now);
    fillBox(pen, x + gap, bottom - p * (bottom - top), wide - 2 * gap, p * (bottom - top), palette.accent);
    if (isNow) fillBox(pen, x + gap, bottom, wide - 2 * gap, 3, palette.ink);
  });
  fillBox(pen, left, bottom, width - 2 * left, 1, palette.line);
}
