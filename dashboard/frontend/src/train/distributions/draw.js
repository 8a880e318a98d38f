/** Histograms of a layer over the snapshots, drawn: as a heat map, or as ridges. */
import { fillBox, paintPath, trace, write } from '../../lib/charts/pen.js';
import { tickText } from '../../lib/charts/scale.js';

/** @import { HistogramPlot } from '../types.js' */

export const LEFT = 52;
export const RIGHT = 8;
const BOTTOM = 22;
const TOP = 8;
const CREST = 38; // pixels of the highest ridge
const MOST_RIDGES = 24;

/**
 * A column of colours for each snapshot, the bins from below 0 upwards.
 * @param {HistogramPlot} plot
 */
export function drawHeat(plot) {
  const { pen, palette, width, height, low, high, bins, epochs, chosen, counts } = plot;
  const [right, bottom] = [width - RIGHT, height - BOTTOM];
  const n = epochs.length;
  /** @param {number} place */
  const x = (place) => LEFT + (place / n) * (right - LEFT);
  /** @param {number} bin */
  const y = (bin) => bottom - ((bin - low) / (high + 1 - low)) * (bottom - TOP);
  const columns = Math.min(n, Math.floor(right - LEFT));
  for (let column = 0; column < columns; column += 1) {
    const count = counts(Math.floor((column / columns) * n));
    const most = Math.max(1, ...count);
    const from = x((column / columns) * n);
    const to = x(((column + 1) / columns) * n);
    for (let bin = low; bin <= high; bin += 1) {
      if (!count[bin]) continue;
      const color = palette.sequential.css(Math.sqrt(count[bin] / most));
      fillBox(pen, from, y(bin + 1), to - from + 0.5, y(bin) - y(bin + 1) + 0.5, color);
    }
  }
  // Edges as ticks: 0 and a few on each side.
  let last = Infinity;
  for (let bin = low; bin <= high + 1; bin += 1) {
    const at = y(bin);
    if (bin !== bins / 2 && (last - at < 26 || Math.abs(at - y(bins / 2)) < 20)) continue;
    write(pen, edgeText(plot, bin), LEFT - 6, at, palette.muted, { align: 'right' });
    last = at;
  }
  writeApart(
    plot,
    44,
    0,
    n - 1,
    (place) => x(place + 0.5),
    (place) => epochText(plot, place),
  );
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 1.5;
  pen.strokeRect(x(chosen) + 0.5, TOP, Math.max(2, x(chosen + 1) - x(chosen)), bottom - TOP);
}

/**
 * A ridge for each of a few snapshots, the newest in front.
 * @param {HistogramPlot} plot
 * @param {string} color
 */
export function drawRidges(plot, color) {
  const { pen, palette, width, height, low, high, epochs, chosen, counts } = plot;
  const [right, bottom, top] = [width - RIGHT, height - BOTTOM, CREST + TOP];
  const n = epochs.length;
  const rows = Math.min(n, MOST_RIDGES);
  const step = (bottom - top) / Math.max(1, rows - 1);
  /** @param {number} bin */
  const x = (bin) => LEFT + ((bin - low) / (high + 1 - low)) * (right - LEFT);
  for (let row = 0; row < rows; row += 1) {
    const place = rows === 1 ? 0 : Math.round((row / (rows - 1)) * (n - 1));
    const count = counts(place);
    const most = Math.max(1, ...count);
    const base = top + row * step;
    const crest = [[x(low), base]];
    for (let bin = low; bin <= high; bin += 1) crest.push([x(bin + 0.5), base - CREST * Math.sqrt(count[bin] / most)]);
    crest.push([x(high + 1), base], crest[0]);
    const isChosen = place === chosen;
    trace(pen, crest);
    pen.globalAlpha = 0.85;
    paintPath(pen, palette.surface);
    pen.globalAlpha = 0.18;
    paintPath(pen, color);
    pen.globalAlpha = 1;
    paintPath(pen, null, isChosen ? palette.ink : color, isChosen ? 2 : 1.1);
    if (row % Math.ceil(rows / 8) === 0)
      write(pen, epochText(plot, place), LEFT - 6, base - 3, palette.muted, { align: 'right' });
  }
  writeApart(plot, 52, low, high + 1, x, (bin) => edgeText(plot, bin));
}

/**
 * Write below the chart what stands at each place from `first` to `last`, where it is at least so many pixels `apart`.
 * @param {HistogramPlot} plot
 * @param {number} apart
 * @param {number} first
 * @param {number} last
 * @param {(place: number) => number} x
 * @param {(place: number) => string} text
 */
function writeApart({ pen, palette, height }, apart, first, last, x, text) {
  let before = -Infinity;
  for (let place = first; place <= last; place += 1) {
    if (x(place) - before < apart) continue;
    before = x(place);
    write(pen, text(place), before, height - BOTTOM + 7, palette.muted, { align: 'center', baseline: 'top' });
  }
}

/**
 * @param {HistogramPlot} plot
 * @param {number} place
 */
const epochText = ({ epochs }, place) => String(Number(epochs[place].toFixed(1)));

/**
 * @param {HistogramPlot} plot
 * @param {number} bin
 */
const edgeText = ({ bins, edges }, bin) => (bin === bins / 2 ? '0' : tickText(Number(edges[bin].toPrecision(1))));
