/** For 2-D data: the plane with the classes' regions, the training points, and one point to drag. */

import { fillPoint, finenessFor, regionPicture } from '../lib/charts/plane.js';
import { asNumber } from '../lib/format/text.js';
import { forwardRows } from '../lib/model/forward.js';
import { gridInputs } from '../lib/model/plane.js';
import { make, penOf } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';
import { card } from './card.js';
/** @import { Model, OutputReader, Palette, Plane } from '../lib/model/types.js' */

/**
 * Build the card; `reader` reads the outputs (output-reader.js). `moved(stamp)` is called when the point moves. Returns {element, point, put(point), draw(model, palette)}.
 * @param {{ plane: Plane, reader: OutputReader }} about
 * @param {(stamp: number) => void} moved
 */
export function createPlane({ plane, reader }, moved) {
  const [[left, right], [bottom, top]] = plane.ends;
  const points = plane.points.filter(({ split }) => split === 'train');
  const start = [(left + right) / 2, (bottom + top) / 2];
  const canvas = make('canvas', { className: 'dr-plane', tabIndex: 0, width: 800, height: 800 });
  canvas.setAttribute('role', 'slider');
  canvas.setAttribute('aria-valuemin', left.toFixed(2));
  canvas.setAttribute('aria-valuemax', right.toFixed(2));
  canvas.setAttribute('aria-valuenow', start[0].toFixed(2));
  canvas.setAttribute('aria-roledescription', 'point in a plane');
  canvas.setAttribute('aria-label', 'The point to judge; the arrow keys move it, with Shift in larger steps');
  const reading = make('output', { className: 'dr-tip' });
  const { element } = card('Drag the point', 'plane-card');
  element.append(canvas, reading);
  const self = { element, canvas, point: start, put, draw };
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
    self.point = point.map((value, i) => Math.min(plane.ends[i][1], Math.max(plane.ends[i][0], value)));
    const words = self.point.map((value, i) => `${plane.names[i]} ${asNumber(value, 2)}`).join(', ');
    reading.textContent = words;
    canvas.setAttribute('aria-valuetext', words);
    canvas.setAttribute('aria-valuenow', self.point[0].toFixed(2));
    moved(stamp);
  }

  /** @param {PointerEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return plane.at([(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
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
    const step = (event.shiftKey ? 10 : 1) / 200;
    const [across, down] = plane.place(self.point);
    put(plane.at([across + step * by[1], down + step * by[0]]), event.timeStamp);
  });

  /**
   * @param {Model} model
   * @param {Palette} palette
   */
  function draw(model, palette) {
    const context = penOf(canvas);
    const { width, height } = canvas;
    if (made?.model !== model || made?.palette !== palette) {
      const side = Math.min(100, 2 * finenessFor(model.cost));
      const outputs = forwardRows(model.layers, gridInputs(plane, side), side * side)[model.layers.length - 1];
      picture = regionPicture(reader.probabilitiesOfEach(outputs), side, palette, reader);
      made = { model, palette };
    }
    /** @param {number[]} point */
    const place = (point) => {
      const [across, down] = plane.place(point);
      return [across * width, down * height];
    };
    context.imageSmoothingEnabled = true;
    context.drawImage(picture, 0, 0, width, height);
    for (const point of points) {
      const [x, y] = place([point.x, point.y]);
      context.globalAlpha = 0.85;
      fillPoint(context, x, y, 5, palette, point.classes);
      context.beginPath();
      context.arc(x, y, 5, 0, 7);
      context.lineWidth = 1.5;
      context.strokeStyle = palette.paper;
      context.stroke();
    }
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
