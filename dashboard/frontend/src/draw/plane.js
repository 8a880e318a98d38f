/** For 2-D data: the plane with the classes' regions, the training points, and one point to drag. */

import { fillPoint, finenessFor, regionPicture } from '../lib/charts/plane.js';
import { asNumber } from '../lib/format/text.js';
import { classesOf } from '../lib/model/output-reader.js';
import { make, penOf } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';
import { card } from './card.js';
/** @import { OutputReader, Label, Model, Palette } from '../lib/model/types.js' */

/**
 * Build the card; `reader` reads the outputs (output-reader.js). `moved(stamp)` is called when the point moves. Returns {element, extent, point, put(point), draw(model, palette)}.
 * @param {{ points: number[][], labels: Label[], names: string[], reader: OutputReader }} about
 * @param {(stamp: number) => void} moved
 */
export function createPlane({ points, labels, names, reader }, moved) {
  const extent = Math.max(
    0.5,
    Math.ceil(Math.max(...points.map(([x, y]) => Math.max(Math.abs(x), Math.abs(y)))) * 2.2) / 2,
  );
  const canvas = make('canvas', { className: 'dr-plane', tabIndex: 0, width: 800, height: 800 });
  canvas.setAttribute('role', 'slider');
  canvas.setAttribute('aria-valuemin', String(-extent));
  canvas.setAttribute('aria-valuemax', String(extent));
  canvas.setAttribute('aria-valuenow', '0');
  canvas.setAttribute('aria-roledescription', 'point in a plane');
  canvas.setAttribute('aria-label', 'The point to judge; the arrow keys move it, with Shift in larger steps');
  const reading = make('output', { className: 'dr-tip' });
  const { element } = card('Drag the point', 'plane-card');
  element.append(canvas, reading);
  const self = { element, canvas, extent, point: [0, 0], put, draw };
  let held = false;
  /** @type {HTMLCanvasElement} */
  let picture;
  /** @type {{ model: Model, palette: Palette } | null} */
  let made = null;

  /**
   * @param {number[]} point
   * @param {number} [stamp]
   */
  function put(point, stamp = performance.now()) {
    self.point = point.map((value) => Math.min(extent, Math.max(-extent, value)));
    const words = self.point.map((value, i) => `${names[i]} ${asNumber(value, 2)}`).join(', ');
    reading.textContent = words;
    canvas.setAttribute('aria-valuetext', words);
    canvas.setAttribute('aria-valuenow', self.point[0].toFixed(2));
    moved(stamp);
  }

  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width - 0.5) * 2 * extent,
      (0.5 - (event.clientY - box.top) / box.height) * 2 * extent,
    ];
  };
  canvas.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false }); // a quick drag is no swipe
  canvas.addEventListener('pointerdown', (event) => {
    held = true;
    canvas.setPointerCapture(event.pointerId);
    put(at(event), event.timeStamp);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (held) put(at(event), event.timeStamp);
  });
  for (const end of ['pointerup', 'pointercancel'])
    canvas.addEventListener(end, () => {
      held = false;
    });
  canvas.addEventListener('keydown', (event) => {
    const by = arrow(event);
    if (!by) return;
    event.preventDefault();
    const step = ((event.shiftKey ? 10 : 1) * extent) / 100;
    const [x, y] = self.point;
    put([x + step * by[1], y - step * by[0]], event.timeStamp);
  });

  /**
   * @param {Model} model
   * @param {Palette} palette
   */
  function draw(model, palette) {
    const context = penOf(canvas);
    const { width, height } = canvas;
    if (made?.model !== model || made?.palette !== palette) {
      const side = Math.min(100, 2 * finenessFor(model.layers));
      const outputs = [];
      for (let r = 0; r < side; r += 1) {
        for (let c = 0; c < side; c += 1)
          outputs.push(model.outputs([((c + 0.5) / side - 0.5) * 2 * extent, (0.5 - (r + 0.5) / side) * 2 * extent]));
      }
      picture = regionPicture(outputs, side, palette, reader);
      made = { model, palette };
    }
    /** @param {number[]} point */
    const place = ([x, y]) => [(x / extent / 2 + 0.5) * width, (0.5 - y / extent / 2) * height];
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, 0, 0, width, height);
    points.forEach((point, i) => {
      const [x, y] = place(point);
      context.globalAlpha = 0.85;
      fillPoint(context, x, y, 5, palette, classesOf(labels[i]));
      context.beginPath();
      context.arc(x, y, 5, 0, 7);
      context.lineWidth = 1.5;
      context.strokeStyle = palette.paper;
      context.stroke();
    });
    context.globalAlpha = 1;
    const [x, y] = place(self.point);
    for (const { style, thick } of [
      { style: palette.paper, thick: 8 },
      { style: palette.ink, thick: 4 },
    ]) {
      context.beginPath();
      context.arc(x, y, 15, 0, 7);
      context.lineWidth = thick;
      context.strokeStyle = style;
      context.stroke();
    }
    context.fillStyle = palette.ink;
    context.beginPath();
    context.arc(x, y, 4, 0, 7);
    context.fill();
  }
  return self;
}
