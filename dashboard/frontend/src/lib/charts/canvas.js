/** Canvases as sharp as the screen, or as a picture that is saved, and as large as the box they stand in. */
import { penOf } from '../ui/dom.js';

/** @type {number | null} */
let density = null;
/** @type {Set<() => void>} */
const watchers = new Set(); // called when a box has another size

/** Pixels of a canvas for a CSS pixel. */
export const pixelRatio = () => density ?? (globalThis.devicePixelRatio || 1);

/**
 * Have canvases drawn with so many pixels for a CSS pixel from now on; null for as many as the screen has.
 * @param {number | null} ratio
 */
export function setDensity(ratio) {
  if (density === ratio) return;
  density = ratio;
  for (const changed of watchers) changed();
}

/**
 * A canvas as sharp as the screen, up to `most` pixels a CSS pixel: `width` x `height` CSS pixels, cleared, to `color`
 * where there is one. Returns its 2-D context, scaled to them.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {string | null} [color]
 * @param {number} [most]
 */
export function freshContext(canvas, width, height, color = null, most = 3) {
  const ratio = Math.min(Math.max(most, density ?? 0), pixelRatio());
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  canvas.style.height = `${height}px`;
  const context = penOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (color === null) context.clearRect(0, 0, width, height);
  else {
    context.fillStyle = color;
    context.fillRect(0, 0, width, height);
  }
  return context;
}

/**
 * Paint a picture of `columns` x `rows` canvas pixels, row by row: `pixel(i)` is the colour of the i-th, as `Colors.rgba`
 * has it. Returns the canvas.
 * @param {HTMLCanvasElement} canvas
 * @param {number} columns
 * @param {number} rows
 * @param {(i: number) => number} pixel
 */
export function paintPixels(canvas, columns, rows, pixel) {
  if (canvas.width !== columns || canvas.height !== rows) Object.assign(canvas, { width: columns, height: rows });
  const context = penOf(canvas);
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = pixel(i);
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The size of a box as it was laid out last: {width, height}. Asking an element for it in each frame would lay out the
 * page in the middle of every one. `changed()` is called when it is another one, and at the beginning, until `signal`.
 * @param {HTMLElement} box
 * @param {() => void} changed
 * @param {AbortSignal} signal
 */
export function watchSize(box, changed, signal) {
  const size = { width: 0, height: 0 };
  const watch = new ResizeObserver(() => {
    Object.assign(size, { width: box.clientWidth, height: box.clientHeight });
    changed();
  });
  watch.observe(box);
  watchers.add(changed);
  signal.addEventListener('abort', () => {
    watch.disconnect();
    watchers.delete(changed);
  });
  return size;
}
