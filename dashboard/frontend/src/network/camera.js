/** Zoom and pan of a canvas: Ctrl (or Cmd) with the wheel, a drag, or buttons; the page's own scrolling is left alone. */
import { createListeners } from '../lib/ui/dom.js';

/** @import { Place, Size } from './types.js' */

const LARGEST = 12;
const SMALLEST = 0.5;

export class Camera {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.fit = { scale: 1, x: 0, y: 0 };
  }

  /**
   * Say which part is the whole: content of the given size in a canvas of the given size.
   * @param {Size} content
   * @param {Size} canvas
   */
  frame(content, canvas) {
    const wasFit = this.isFit;
    const scale = Math.min(1, canvas.width / content.width, canvas.height / content.height);
    this.fit = {
      scale,
      x: (canvas.width - content.width * scale) / 2,
      y: (canvas.height - content.height * scale) / 2,
    };
    if (wasFit) this.reset();
  }

  get isFit() {
    return this.scale === this.fit.scale && this.x === this.fit.x && this.y === this.fit.y;
  }

  /** Show the whole. */
  reset() {
    Object.assign(this, { scale: this.fit.scale, x: this.fit.x, y: this.fit.y });
  }

  /**
   * Zoom by a factor about a point of the canvas.
   * @param {number} factor
   * @param {number} x
   * @param {number} y
   */
  zoom(factor, x, y) {
    const scale = Math.min(LARGEST, Math.max(SMALLEST * this.fit.scale, this.scale * factor));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    if (Math.abs(scale / this.fit.scale - 1) < 0.01) this.reset();
  }

  /**
   * Move by canvas pixels.
   * @param {number} dx
   * @param {number} dy
   */
  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
  }

  /**
   * A canvas point in the content's own coordinates.
   * @param {number} x
   * @param {number} y
   */
  toContent(x, y) {
    return { x: (x - this.x) / this.scale, y: (y - this.y) / this.scale };
  }

  /**
   * A content point on the canvas.
   * @param {number} x
   * @param {number} y
   */
  toCanvas(x, y) {
    return { x: x * this.scale + this.x, y: y * this.scale + this.y };
  }

  /**
   * Pan just enough that a content point is on the canvas, `margin` pixels from its edge.
   * @param {number} x
   * @param {number} y
   * @param {Size} canvas
   * @param {number} [margin]
   */
  reveal(x, y, canvas, margin = 40) {
    const at = this.toCanvas(x, y);
    this.pan(
      Math.max(0, margin - at.x) - Math.max(0, at.x - canvas.width + margin),
      Math.max(0, margin - at.y) - Math.max(0, at.y - canvas.height + margin),
    );
  }
}

/**
 * Let pointer and wheel move a camera over `canvas`; `changed()` after each move. A press where `isTaken()` is something
 * else's.
 * Returns {moved(): whether the last press was a drag, destroy()}.
 * @param {HTMLCanvasElement} canvas
 * @param {Camera} camera
 * @param {() => void} changed
 * @param {() => boolean} isTaken
 */
export function steer(canvas, camera, changed, isTaken) {
  /** @type {Place | null} */
  let held = null;
  let dragged = false;
  const { listen, stop } = createListeners();
  listen(
    canvas,
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      camera.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025)), event.offsetX, event.offsetY);
      changed();
    },
    { passive: false },
  );
  listen(canvas, 'pointerdown', (event) => {
    dragged = false;
    if (event.button !== 0 || isTaken()) return;
    held = { x: event.clientX, y: event.clientY };
  });
  listen(canvas, 'pointermove', (event) => {
    if (!held) return;
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!dragged && Math.hypot(dx, dy) < 4) return;
    if (!dragged) canvas.setPointerCapture(event.pointerId);
    dragged = true;
    held = { x: event.clientX, y: event.clientY };
    camera.pan(dx, dy);
    changed();
  });
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel']))
    listen(canvas, type, () => {
      held = null;
    });
  return { moved: () => dragged, dragging: () => held !== null && dragged, destroy: stop };
}
