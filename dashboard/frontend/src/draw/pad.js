/**
 * The sheet to draw on: strokes of a brush or an eraser by mouse, finger, pen or keys, each of which can be taken back.
 * Ink is the alpha of a canvas that is never shown; the sheet on screen is coloured from it.
 */

import { make, penOf } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';

/** @import { Base, Done, Stroke } from './types.js' */
/** @import { Image, Palette, Shape } from '../lib/model/types.js' */

const SIDE = 280; // pixels of ink a side
export const BRUSH = 0.085; // width of the brush to begin with, as a share of the sheet

/**
 * Build the sheet for images of `shape` [rows, columns]. `changed(timeStamp)` is called at every change.
 * Returns {element, canvas, brush: {size, erase}, ink(), image(), put(base), undo(), redo(), clear(), can(), isEmpty(), paint(palette)}.
 * A base is {ink: canvas, exact: any}: what lies under the strokes, such as an upload or a real image.
 * @param {Shape} shape
 * @param {(stamp: number) => void} changed
 */
export function createPad(shape, changed) {
  const [rows, columns] = shape;
  const cell = SIDE / Math.max(rows, columns);
  const width = Math.round(columns * cell);
  const height = Math.round(rows * cell);
  const inkCanvas = make('canvas', { width, height });
  const ink = penOf(inkCanvas, { willReadFrequently: true });
  const canvas = make('canvas', { className: 'dr-sheet', width: 2 * width, height: 2 * height, tabIndex: 0 });
  canvas.style.aspectRatio = `${width} / ${height}`;
  canvas.setAttribute('role', 'application');
  canvas.setAttribute('aria-roledescription', 'drawing pad');
  canvas.setAttribute(
    'aria-label',
    'Drawing pad. Arrow keys move the cursor, Space inks a dot, Shift and an arrow key draws, ' +
      'E switches to the eraser, Ctrl+Z takes back, Delete clears.',
  );
  const sheet = penOf(canvas);
  const hint = make('p', { className: 'dr-hint', textContent: 'Draw here' });
  const element = make('div', { className: 'dr-pad' }, canvas, hint);

  const brush = { size: BRUSH * Math.max(rows, columns), erase: false };
  /** @type {Done[]} */
  const done = []; // {base} | {erase, points: [{x, y, size}]}
  /** @type {Done[]} */
  let undone = [];
  /** @type {Palette} */
  let palette;
  let cursor = { x: Math.floor(columns / 2), y: Math.floor(rows / 2) };
  let byKeys = false;
  /** @type {{ id: number, stroke: Stroke } | null} */
  let held = null; // {id, stroke}

  /** What was done last, once there is anything. */
  const newest = () => done[done.length - 1];

  // --- ink ---
  /**
   * @param {Stroke} about
   * @param {number} [from]
   */
  function strike({ erase, points }, from = 0) {
    ink.globalCompositeOperation = erase ? 'destination-out' : 'source-over';
    ink.lineCap = 'round';
    ink.lineJoin = 'round';
    for (let i = Math.max(1, from); i < points.length; i += 1) {
      ink.lineWidth = points[i].size * cell;
      ink.beginPath();
      ink.moveTo(points[i - 1].x * cell, points[i - 1].y * cell);
      ink.lineTo(points[i].x * cell, points[i].y * cell);
      ink.stroke();
    }
    if (from === 0 && points.length) {
      ink.beginPath();
      ink.arc(points[0].x * cell, points[0].y * cell, (points[0].size * cell) / 2, 0, 7);
      ink.fill();
    }
    ink.globalCompositeOperation = 'source-over';
  }

  function again() {
    ink.clearRect(0, 0, width, height);
    for (const act of done) {
      if (!('base' in act)) strike(act);
      else {
        ink.clearRect(0, 0, width, height);
        ink.imageSmoothingEnabled = false;
        if (act.base) ink.drawImage(act.base.ink, 0, 0, width, height);
      }
    }
  }

  function show() {
    if (!palette) return;
    sheet.globalCompositeOperation = 'source-over';
    sheet.clearRect(0, 0, canvas.width, canvas.height);
    sheet.imageSmoothingEnabled = !(done.length && 'base' in newest());
    sheet.drawImage(inkCanvas, 0, 0, canvas.width, canvas.height);
    sheet.globalCompositeOperation = 'source-in';
    sheet.fillStyle = palette.pen;
    sheet.fillRect(0, 0, canvas.width, canvas.height);
    sheet.globalCompositeOperation = 'source-over';
    if (byKeys) {
      const unit = 2 * cell;
      sheet.lineWidth = 3;
      sheet.strokeStyle = brush.erase ? palette.positive : palette.accent;
      sheet.strokeRect(cursor.x * unit, cursor.y * unit, unit, unit);
    }
    hint.hidden = done.length > 0 || byKeys;
  }

  /** @param {number} [stamp] */
  function report(stamp = performance.now()) {
    show();
    changed(stamp);
  }

  /** @param {Done} stroke */
  function begin(stroke) {
    done.push(stroke);
    undone = [];
  }

  // --- pointer ---
  /** @param {PointerEvent} event */
  function pointOf(event) {
    const box = canvas.getBoundingClientRect();
    const pressed = event.pointerType === 'pen' && event.pressure > 0 ? 0.45 + 1.1 * event.pressure : 1;
    return {
      x: ((event.clientX - box.left) / box.width) * columns,
      y: ((event.clientY - box.top) / box.height) * rows,
      size: brush.size * pressed,
    };
  }

  canvas.addEventListener('pointerdown', (event) => {
    if (held || (event.button !== 0 && event.button !== 5)) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    byKeys = false;
    canvas.setPointerCapture(event.pointerId);
    const stroke = { erase: brush.erase || event.button === 5, points: [pointOf(event)] };
    held = { id: event.pointerId, stroke };
    begin(stroke);
    strike(stroke);
    report(event.timeStamp);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (held?.id !== event.pointerId) return;
    const { points } = held.stroke;
    const from = points.length;
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) points.push(pointOf(move));
    strike(held.stroke, from);
    report(event.timeStamp);
  });
  // A quick stroke is no swipe: after one the browser would take the next tap, on Undo, for the end of a scroll.
  canvas.addEventListener('touchstart', (event) => event.preventDefault(), { passive: false });
  /** @param {PointerEvent} event */
  const lift = (event) => {
    if (held?.id === event.pointerId) held = null;
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);

  // --- keys ---
  canvas.addEventListener('keydown', (event) => {
    if (!keyed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener('focus', () => {
    byKeys = canvas.matches(':focus-visible') && !held;
    show();
  });
  canvas.addEventListener('blur', () => {
    byKeys = false;
    show();
  });

  /** @param {{ x: number, y: number }} about */
  const middle = ({ x, y }) => ({ x: x + 0.5, y: y + 0.5, size: brush.size });

  /**
   * Act on a key; returns whether it meant something.
   * @param {KeyboardEvent} event
   */
  function keyed(event) {
    const { key, shiftKey, timeStamp } = event;
    const by = arrow(event);
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() === 'z') (shiftKey ? redo : undo)();
      else if (key.toLowerCase() === 'y') redo();
      else return false;
      return true;
    }
    if (by) {
      byKeys = true;
      const before = cursor;
      cursor = {
        x: Math.min(columns - 1, Math.max(0, cursor.x + by[1])),
        y: Math.min(rows - 1, Math.max(0, cursor.y + by[0])),
      };
      if (shiftKey) drawTo(before, timeStamp);
      else show();
    } else if (key === ' ') {
      byKeys = true;
      const stroke = { erase: brush.erase, keys: true, points: [middle(cursor)] };
      begin(stroke);
      strike(stroke);
      report(timeStamp);
    } else if (key.toLowerCase() === 'e' && !event.altKey) api.toggle();
    else if (key === 'Delete' || key === 'Backspace') clear();
    else return false;
    return true;
  }

  /**
   * Go on with the stroke that the keys began, or begin one.
   * @param {{ x: number, y: number }} before
   * @param {number} stamp
   */
  function drawTo(before, stamp) {
    const last = done.length ? newest() : null;
    const start = middle(before);
    const end = last && 'points' in last ? last.points[last.points.length - 1] : null;
    const goesOn = end?.x === start.x && end.y === start.y && !undone.length;
    if (last && 'points' in last && last.keys && last.erase === brush.erase && goesOn) {
      last.points.push(middle(cursor));
      strike(last, last.points.length - 1);
    } else {
      const stroke = { erase: brush.erase, keys: true, points: [start, middle(cursor)] };
      begin(stroke);
      strike(stroke);
    }
    report(stamp);
  }

  function undo() {
    const last = done.pop();
    if (!last) return;
    undone.push(last);
    again();
    report();
  }

  function redo() {
    const last = undone.pop();
    if (!last) return;
    done.push(last);
    again();
    report();
  }

  function clear() {
    const last = done.length ? newest() : null;
    if (!last || ('base' in last && last.base === null)) return;
    begin({ base: null });
    again();
    report();
  }

  const api = {
    element,
    canvas,
    brush,
    undo,
    redo,
    clear,
    toggle() {},
    can: () => ({ undo: done.length > 0, redo: undone.length > 0 }),
    /**
     * Begin again on top of a base.
     * @param {Base} base
     */
    put(base) {
      begin({ base });
      again();
      report();
    },
    /** The base alone when nothing was drawn on it since, else null. */
    untouched() {
      const last = done.length ? newest() : null;
      return last && 'base' in last ? last.base : null;
    },
    /** The ink as numbers. */
    ink() {
      const { data: bytes } = ink.getImageData(0, 0, width, height);
      const data = new Float64Array(width * height);
      for (let i = 0; i < data.length; i += 1) data[i] = bytes[4 * i + 3] / 255;
      return { height, width, data };
    },
    show,
    paper: () => palette.paper,
    /** @param {Palette} next */
    paint(next) {
      palette = next;
      canvas.style.backgroundColor = next.paper;
      show();
    },
  };
  return api;
}

/**
 * A canvas whose alpha is an ink image's ink, to lay under strokes.
 * @param {Image} about
 */
export function inkCanvasOf({ height, width, data }) {
  const canvas = make('canvas', { width, height });
  const context = penOf(canvas);
  const image = context.createImageData(width, height);
  for (let i = 0; i < data.length; i += 1) image.data[4 * i + 3] = Math.round(255 * data[i]);
  context.putImageData(image, 0, 0);
  return canvas;
}
