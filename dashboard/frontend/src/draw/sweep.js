/** The small chart under a slider: how sure the network stays of its answer over the slider's whole range. */
import { penOf } from '../lib/ui/dom.js';

/** @import { Palette } from '../lib/model/types.js' */

const HEIGHT = 46;

/**
 * Draw `found`, {points: [{value, p, holds}]} (null: an empty chart), over `low`..`high`, with a mark at `now`.
 * Where another answer is given, the ground is shaded.
 * @param {HTMLCanvasElement} canvas
 * @param {{ points: Array<{ value: number, p: number, holds: boolean }> } | null} found
 * @param {{ low: number, high: number }} about
 * @param {number} now
 * @param {Palette} palette
 */
export function drawSweep(canvas, found, { low, high }, now, palette) {
  const width = canvas.clientWidth || 200;
  const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
  canvas.width = width * ratio;
  canvas.height = HEIGHT * ratio;
  const context = penOf(canvas);
  context.scale(ratio, ratio);
  const [left, right, top, bottom] = [8, width - 8, 4, HEIGHT - 4];
  /** @param {number} value */
  const x = (value) => left + ((value - low) / (high - low || 1)) * (right - left);
  /** @param {number} p */
  const y = (p) => bottom - p * (bottom - top);
  context.fillStyle = palette.line;
  context.fillRect(left, bottom, right - left, 1);
  if (!found) return;
  const { points } = found;
  context.fillStyle = palette.faint;
  points.forEach((point, i) => {
    if (point.holds) return;
    const from = i ? (x(points[i - 1].value) + x(point.value)) / 2 : left;
    const to = i + 1 < points.length ? (x(points[i + 1].value) + x(point.value)) / 2 : right;
    context.fillRect(Math.floor(from), top, Math.ceil(to) - Math.floor(from), bottom - top);
  });
  context.beginPath();
  points.forEach((point, i) => context[i ? 'lineTo' : 'moveTo'](x(point.value), y(point.p)));
  context.lineWidth = 1.8;
  context.lineJoin = 'round';
  context.strokeStyle = palette.accent;
  context.stroke();
  context.fillStyle = palette.ink;
  context.fillRect(x(now) - 0.75, top - 2, 1.5, bottom - top + 4);
}
