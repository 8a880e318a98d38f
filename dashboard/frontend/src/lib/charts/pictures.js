/** Small charts of a neuron's card, each drawn on a canvas of its own with its numbers as a label. */

import { asNumber } from '../format/text.js';
import { make } from '../ui/dom.js';
import { freshContext, paintPixels } from './canvas.js';
import { disc, fillBox, paintPath, signedBars, trace, write } from './pen.js';
/** @import { Colors, Numbers, Palette, Scale, Shape } from '../model/types.js' */

/**
 * A canvas with a caption: {element, canvas, caption}.
 * @param {string} label
 */
export function createFigure(label) {
  const canvas = make('canvas', { role: 'img', 'aria-label': label });
  const caption = make('figcaption', {}, label);
  return { element: make('figure', { className: 'nv-figure' }, canvas, caption), canvas, caption };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function prepare(canvas, width, height) {
  canvas.style.width = `${width}px`;
  return freshContext(canvas, width, height);
}

/**
 * Signed numbers as an image of `shape` on the scale -top..top, one canvas pixel a number.
 * @param {HTMLCanvasElement} canvas
 * @param {Numbers} values
 * @param {Shape} about
 * @param {Colors} colors
 * @param {number} top
 */
export function paintImage(canvas, values, [rows, columns], colors, top) {
  paintPixels(canvas, columns, rows, (i) => colors.rgba(values[i] / top));
}

/**
 * Signed numbers as bars about a zero line.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {Numbers} values
 * @param {number} top
 * @param {Palette} palette
 */
export function paintBars(canvas, width, height, values, top, palette) {
  const pen = prepare(canvas, width, height);
  const middle = height / 2;
  pen.globalAlpha = 0.9;
  signedBars(pen, values, { left: 0, middle, wide: width / values.length, half: middle - 1, top }, palette);
  pen.globalAlpha = 1;
  fillBox(pen, 0, middle - 0.5, width, 1, palette.muted);
}

/**
 * One neuron's activations to the probe set, a row of dots a class, the mean as a tick, the chosen example ringed.
 * `labels` lists each example's classes: with several it stands in several rows, without any in none.
 * `scale` is {low, high}; a row is `row` pixels high, less when there are many classes.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} row
 * @param {{ activations: Numbers, labels: Array<number[] | null>, classNames: string[], probe: number, scale: Scale, palette: Palette, font: string }} about
 */
export function paintClasses(canvas, width, row, { activations, labels, classNames, probe, scale, palette, font }) {
  const rows = classNames.length;
  const pitch = rows <= 12 ? row : Math.max(4, (12 * row) / rows);
  const height = rows * pitch + 14;
  const pen = prepare(canvas, width, height);
  pen.font = `11px ${font}`;
  const names = rows <= 12;
  const left = names ? Math.min(84, Math.max(...classNames.map((name) => pen.measureText(name).width)) + 8) : 4;
  const right = width - 8;
  const { low, high } = scale;
  /** @param {number} value */
  const at = (value) => left + 4 + ((Math.min(high, Math.max(low, value)) - low) / (high - low)) * (right - left - 8);
  const means = classNames.map((_, c) => {
    const own = Array.from(activations).filter((__, i) => labels[i]?.includes(c));
    return own.reduce((sum, value) => sum + value, 0) / own.length;
  });
  const most = Math.max(...means.filter(Number.isFinite));
  means.forEach((mean, c) => {
    const y = (c + 0.5) * pitch;
    fillBox(pen, left, y - 0.5, right - left, 1, palette.faint);
    if (!Number.isFinite(mean)) return;
    const color = mean === most ? palette.ink : palette.muted;
    if (names) write(pen, classNames[c], left - 6, y + 0.5, color, { align: 'right', most: left - 6 });
    fillBox(pen, at(mean) - 1, y - pitch * 0.42, 2, pitch * 0.84, palette.muted);
  });
  const order = Array.from(activations, (_, i) => i).sort((a, b) => Number(a === probe) - Number(b === probe));
  for (const [i, c] of order.flatMap((place) => (labels[place] ?? []).map((each) => [place, each]))) {
    const chosen = i === probe;
    const value = activations[i];
    const color = value < 0 ? palette.negative : value > 0 ? palette.positive : palette.off;
    const radius = chosen ? 4.6 : Math.min(3, pitch * 0.4);
    pen.globalAlpha = chosen ? 1 : 0.62;
    disc(pen, at(value), (c + 0.5) * pitch, radius, color, chosen ? palette.ink : null, 2);
  }
  pen.globalAlpha = 1;
  pen.font = `10.5px ${font}`;
  write(pen, asNumber(low, 0), left, height - 6, palette.muted);
  write(pen, asNumber(high, 0), right, height - 6, palette.muted, { align: 'right' });
}

/**
 * One neuron's activation over the snapshots; `number` is the one on screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {Array<{ number: number, step: number, value: number }>} snapshots
 * @param {number} number
 * @param {Scale} scale
 * @param {Palette} palette
 */
export function paintHistory(canvas, width, height, snapshots, number, scale, palette) {
  const pen = prepare(canvas, width, height);
  const [first, last] = [snapshots[0]?.step ?? 0, snapshots[snapshots.length - 1]?.step ?? 1];
  /** @param {number} step */
  const at = (step) => 5 + ((step - first) / (last - first || 1)) * (width - 10);
  /** @param {number} value */
  const y = (value) => height - 5 - ((value - scale.low) / (scale.high - scale.low)) * (height - 10);
  fillBox(pen, 5, y(0) - 0.5, width - 10, 1, palette.line);
  trace(
    pen,
    snapshots.map(({ step, value }) => [at(step), y(value)]),
  );
  pen.lineJoin = 'round';
  paintPath(pen, null, palette.ink, 1.8);
  for (const snapshot of snapshots) {
    const [left, top] = [at(snapshot.step), y(snapshot.value)];
    if (snapshot.number === number) disc(pen, left, top, 4.4, palette.positive, palette.surface, 1.6);
    else if (snapshots.length <= 60) disc(pen, left, top, 1.8, palette.ink);
  }
}
