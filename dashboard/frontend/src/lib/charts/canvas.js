/** Canvases as sharp as the screen, and as large as the box they stand in. */
import { penOf } from '../ui/dom.js';

/**
 * A canvas as sharp as the screen: `width` x `height` CSS pixels, cleared to `color`. Returns its 2-D context, scaled to them.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {string} color
 */
export function freshContext(canvas, width, height, color) {
  const ratio = Math.min(3, window.devicePixelRatio || 1);
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.height = `${height}px`;
  }
  const context = penOf(canvas);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = color;
  context.fillRect(0, 0, width, height);
  return context;
}

/**
 * The size of a box as it was laid out last: {width, height, stop()}. Asking an element for it in each frame would lay
 * out the page in the middle of every one. `changed()` is called when it is another one, and at the beginning.
 * @param {HTMLElement} box
 * @param {() => void} changed
 */
export function watchSize(box, changed) {
  const size = { width: 0, height: 0, stop: () => watch.disconnect() };
  const watch = new ResizeObserver(() => {
    Object.assign(size, { width: box.clientWidth, height: box.clientHeight });
    changed();
  });
  watch.observe(box);
  return size;
}
