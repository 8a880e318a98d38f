/** A view as a picture of its own: its card as it is drawn, and below it the run, the epoch and the step. */

import { setDensity } from '../../lib/charts/canvas.js';
import { fillBox, write } from '../../lib/charts/pen.js';
import { paintElement } from '../../lib/charts/photograph.js';
import { paletteFor } from '../../lib/theme/palette.js';
import { make, penOf } from '../../lib/ui/dom.js';
import { drawInside } from '../../lib/ui/seen.js';
import { epochWords } from '../store.js';

/** @import { Store } from '../types.js' */

const EDGE = 12; // pixels around a card
const FOOT = 26; // below it, for the line about the run

/**
 * How large the picture of an element is, in CSS pixels.
 * @param {Element} element
 */
export function sizeOf(element) {
  const { width, height } = element.getBoundingClientRect();
  return { width: Math.round(width) + 2 * EDGE, height: Math.round(height) + 2 * EDGE + FOOT };
}

/**
 * Draw an element of the stage, with `scale` pixels for a CSS pixel, on a canvas of this size, or of its own.
 * @param {HTMLElement} element
 * @param {Store} store
 * @param {number} scale
 * @param {{ width: number, height: number }} [size]
 */
export function pictureOf(element, store, scale, size = sizeOf(element)) {
  setDensity(scale);
  drawInside(element);
  const palette = paletteFor(store.theme === 'dark');
  // Even numbers, as videos have them.
  const [width, height] = [size.width, size.height].map((each) => 2 * Math.round((each * scale) / 2));
  const canvas = make('canvas', { width, height });
  const pen = penOf(canvas);
  pen.scale(scale, scale);
  fillBox(pen, 0, 0, size.width + 1, size.height + 1, palette.surface);
  pen.save();
  pen.translate(EDGE, EDGE);
  paintElement(pen, element);
  pen.restore();
  const { fontFamily } = getComputedStyle(element);
  const line = store.shown?.line;
  const words = line
    ? `Run ${store.run} · epoch ${epochWords(line, store.stepsPerEpoch)} · step ${line.step.toLocaleString('en')}`
    : `Run ${store.run}`;
  const most = size.width - 2 * EDGE - 28;
  write(pen, words, EDGE + 14, size.height - FOOT / 2 - 4, palette.muted, { font: `12px ${fontFamily}`, most });
  return canvas;
}
