/** Small charts of a neuron's card, each drawn on a canvas of its own with its numbers as a label. */

import { asNumber } from '../format/text.js';
import { make, penOf } from '../ui/dom.js';
/** @import { Colors, Numbers, Palette, Scale, Shape } from '../model/types.js' */

/**
 * A canvas with a caption: {element, canvas, caption}.
 * @param {string} label
 */
export function createFigure(label) {
  const element = make('figure', { className: 'nv-figure' });
  const canvas = make('canvas', { role: 'img', 'aria-label': label });
  const caption = make('figcaption', { textContent: label });
  element.append(canvas, caption);
  return { element, canvas, caption };
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
function prepare(canvas, width, height) {
  const ratio = Math.min(3, globalThis.devicePixelRatio || 1);
  const [wide, tall] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== tall) {
    canvas.width = wide;
    canvas.height = tall;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = penOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
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
  if (canvas.width !== columns || canvas.height !== rows) {
    canvas.width = columns;
    canvas.height = rows;
  }
  const context = penOf(canvas);
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = colors.rgba(values[i] / top);
  context.putImageData(image, 0, 0);
}

/**
 * Signed numbers as bars about a zero line; `strong` (optional, same length) is drawn solid over the pale ones.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {Numbers} values
 * @param {number} top
 * @param {Palette} palette
 * @param {Numbers | null} [strong]
 * @param {number} [strongTop]
 */
export function paintBars(canvas, width, height, values, top, palette, strong = null, strongTop = top) {
  const context = prepare(canvas, width, height);
  const middle = height / 2;
  const wide = width / values.length;
  /**
   * @param {Numbers} numbers
   * @param {number} most
   * @param {number} alpha
   */
  const bars = (numbers, most, alpha) => {
    context.globalAlpha = alpha;
    for (let i = 0; i < numbers.length; i += 1) {
      const tall = Math.min(1, Math.abs(numbers[i]) / most) * (middle - 1);
      context.fillStyle = numbers[i] < 0 ? palette.negative : palette.positive;
      context.fillRect(
        i * wide,
        numbers[i] < 0 ? middle : middle - tall,
        Math.max(0.6, wide - (wide > 3 ? 1 : 0)),
        tall,
      );
    }
  };
  bars(values, top, strong ? 0.32 : 0.9);
  if (strong) bars(strong, strongTop, 1);
  context.globalAlpha = 1;
  context.fillStyle = palette.muted;
  context.fillRect(0, middle - 0.5, width, 1);
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
  const context = prepare(canvas, width, height);
  context.font = `11px ${font}`;
  context.textBaseline = 'middle';
  const names = rows <= 12;
  const left = names ? Math.min(84, Math.max(...classNames.map((name) => context.measureText(name).width)) + 8) : 4;
  const right = width - 8;
  /** @param {number} value */
  const at = (value) =>
    left +
    4 +
    ((Math.min(scale.high, Math.max(scale.low, value)) - scale.low) / (scale.high - scale.low)) * (right - left - 8);
  const sums = new Float64Array(rows);
  const counts = new Float64Array(rows);
  activations.forEach((value, i) => {
    for (const c of labels[i] ?? []) {
      sums[c] += value;
      counts[c] += 1;
    }
  });
  const most = Math.max(...Array.from(sums, (sum, c) => (counts[c] ? sum / counts[c] : -Infinity)));
  for (let c = 0; c < rows; c += 1) {
    const y = (c + 0.5) * pitch;
    context.fillStyle = palette.faint;
    context.fillRect(left, y - 0.5, right - left, 1);
    if (!counts[c]) continue;
    const mean = sums[c] / counts[c];
    if (names) {
      context.fillStyle = mean === most ? palette.ink : palette.muted;
      context.textAlign = 'right';
      context.fillText(classNames[c], left - 6, y + 0.5, left - 6);
    }
    context.fillStyle = palette.muted;
    context.fillRect(at(mean) - 1, y - pitch * 0.42, 2, pitch * 0.84);
  }
  const order = Array.from(activations, (_, i) => i).sort((a, b) => Number(a === probe) - Number(b === probe));
  for (const [i, c] of order.flatMap((place) => (labels[place] ?? []).map((each) => [place, each]))) {
    const y = (c + 0.5) * pitch;
    const chosen = i === probe;
    context.beginPath();
    context.arc(at(activations[i]), y, chosen ? 4.6 : Math.min(3, pitch * 0.4), 0, 7);
    context.globalAlpha = chosen ? 1 : 0.62;
    context.fillStyle = activations[i] < 0 ? palette.negative : activations[i] > 0 ? palette.positive : palette.off;
    context.fill();
    context.globalAlpha = 1;
    if (!chosen) continue;
    context.lineWidth = 2;
    context.strokeStyle = palette.ink;
    context.stroke();
  }
  context.fillStyle = palette.muted;
  context.font = `10.5px ${font}`;
  context.textAlign = 'left';
  context.fillText(asNumber(scale.low, 0), left, height - 6);
  context.textAlign = 'right';
  context.fillText(asNumber(scale.high, 0), right, height - 6);
}

/**
 * One neuron's answer over the snapshots; `number` is the one on screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {Array<{ number: number, step: number, value: number }>} snapshots
 * @param {number} number
 * @param {Scale} scale
 * @param {Palette} palette
 */
export function paintHistory(canvas, width, height, snapshots, number, scale, palette) {
  const context = prepare(canvas, width, height);
  const [first, last] = [snapshots[0]?.step ?? 0, snapshots[snapshots.length - 1]?.step ?? 1];
  /** @param {number} step */
  const at = (step) => 5 + ((step - first) / (last - first || 1)) * (width - 10);
  /** @param {number} value */
  const y = (value) => height - 5 - ((value - scale.low) / (scale.high - scale.low)) * (height - 10);
  context.fillStyle = palette.line;
  context.fillRect(5, y(0) - 0.5, width - 10, 1);
  context.beginPath();
  snapshots.forEach(({ step, value }, i) => context[i ? 'lineTo' : 'moveTo'](at(step), y(value)));
  context.lineWidth = 1.8;
  context.lineJoin = 'round';
  context.strokeStyle = palette.ink;
  context.stroke();
  for (const snapshot of snapshots) {
    const here = snapshot.number === number;
    if (!here && snapshots.length > 60) continue;
    context.beginPath();
    context.arc(at(snapshot.step), y(snapshot.value), here ? 4.4 : 1.8, 0, 7);
    context.fillStyle = here ? palette.positive : palette.ink;
    context.fill();
    if (!here) continue;
    context.lineWidth = 1.6;
    context.strokeStyle = palette.surface;
    context.stroke();
  }
}
