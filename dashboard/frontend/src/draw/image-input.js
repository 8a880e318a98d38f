/** A drawing as the network's input: the sheet with its tools, what the network sees of it, and the sliders that change it. */
import { asBox, asMnist } from '../lib/model/ink.js';
import { changed } from '../lib/model/transforms.js';
import { debounce, press, segmented } from '../lib/ui/controls.js';
import { make, penOf } from '../lib/ui/dom.js';
import { card } from './card.js';
import { BRUSH, createPad, inkCanvasOf } from './pad.js';
import { createSeen } from './seen.js';
import { createSliders } from './sliders.js';
import { createUpload } from './upload.js';

/** @import { Base, DeskState, Input } from './types.js' */
/** @import { Example, Image, Shape } from '../lib/model/types.js' */

const MOST_WORK = 1.5e7; // multiplications that a moving hand may wait for

/**
 * @param {DeskState} desk
 * @param {Shape} imageShape
 * @returns {Input}
 */
export function imageInput(desk, imageShape) {
  const { about, description, reader, examples, featuresOf, toImage, forget, later, notify, model, now, palette } =
    desk;
  const [rows, columns] = imageShape;
  const nFeatures = rows * columns;
  const { is_photo: isPhoto } = description.dataset;
  const pad = createPad(imageShape, (at) => {
    if (!pad.untouched()) forget();
    upload.isOnSheet(uploaded !== null && pad.untouched() === uploaded);
    tools();
    later(at);
  });
  pad.canvas.classList.toggle('dr-shades', Boolean(isPhoto));
  pad.toggle = () => {
    pad.brush.erase = !pad.brush.erase;
    tool.set(pad.brush.erase ? 'erase' : 'brush');
    pad.show();
  };
  const tool = segmented(
    'Tool',
    [
      ['brush', 'Brush', 'Draw'],
      ['erase', 'Erase', 'Rub out (E)'],
    ],
    'brush',
    (name) => {
      pad.brush.erase = name === 'erase';
      pad.show();
    },
  );
  const size = make('input', {
    type: 'range',
    min: 0.03,
    max: 0.2,
    step: 0.005,
    value: BRUSH,
    'aria-label': 'Width of the brush',
  });
  size.addEventListener('input', () => {
    pad.brush.size = size.valueAsNumber * Math.max(rows, columns);
  });
  const undo = press('Undo', 'Take the last stroke back (Ctrl+Z)', () => pad.undo());
  const redo = press('Redo', 'Draw it again (Ctrl+Shift+Z)', () => pad.redo());
  const clear = press('Clear', 'A clean sheet (Delete)', () => pad.clear());
  const tools = () => {
    const { undo: back, redo: on } = pad.can();
    undo.disabled = !back;
    redo.disabled = !on;
  };
  tools();
  /** @type {Base | null} */
  let uploaded = null; // what stands on the sheet for the last upload
  const upload = createUpload(
    desk.server,
    (found) => {
      const data = Float64Array.from(atob(found.ink), (byte) => byte.charCodeAt(0) / 255);
      const drawing = { height: found.height, width: found.width, data };
      uploaded = {
        ink: found.is_photo ? inkCanvasOf(drawing) : onSheet(drawing),
        exact: Float64Array.from(found.image),
      };
      pad.put(uploaded);
      forget();
    },
    notify,
  );
  /** @param {Image} ink */
  function onSheet(ink) {
    const margin = 0.14;
    const canvas = make('canvas', { width: 280, height: Math.round((280 * rows) / columns) });
    const [w, h] = [Math.round(canvas.width * (1 - 2 * margin)), Math.round(canvas.height * (1 - 2 * margin))];
    penOf(canvas).drawImage(inkCanvasOf(asBox(ink, h, w)), (canvas.width - w) / 2, (canvas.height - h) / 2);
    return canvas;
  }
  const { element } = card('Your drawing', 'pad-card', undo, redo, clear);
  element.style.cssText = `--dr-columns: ${columns}; --dr-rows: ${rows}`;
  element.append(
    make('div', { className: 'dr-tools' }, tool.element, make('label', {}, 'Size', size), upload.element),
    make('div', { className: 'dr-sheets' }, upload.original, pad.element),
    upload.said,
    examples.element,
  );
  upload.listen(pad.element, desk.signal);
  const paper = featuresOf(new Float64Array(nFeatures));
  /** @type {(ink: Image) => Image} */
  const form =
    about.form === 'mass' && rows === columns
      ? (ink) => asMnist(ink, rows, Math.round((rows * 20) / 28))
      : (ink) => asBox(ink, rows, columns);
  // One map of a wide network takes longer than a stroke may wait: then it comes when the hand rests.
  const again = debounce(() => later(null), 250);
  /**
   * @param {string} kind
   * @param {number} label
   * @param {number} patch
   */
  const explain = (kind, label, patch) => {
    if (kind === 'gradient') return model().gradient(now().x, label);
    const work = nFeatures * (model().cost + (patch * patch - nFeatures) * model().layers[0].size);
    if (now().moving && work > MOST_WORK) {
      again();
      return null;
    }
    return model().occlusion(now().x, imageShape, label, patch, paper);
  };
  const view = createSeen(imageShape, isPhoto, reader, explain, () => later(null), desk.shows, desk.sendShown);
  const moves = createSliders(description.dataset.class_names, Math.max(rows, columns), (at) => later(at));
  /** @type {Image} */
  let plain;
  return {
    cards: [element, view.element],
    seen: view,
    sliders: moves,
    pad,
    sweeps: moves.sweeps,
    read() {
      const untouched = pad.untouched();
      const exact = untouched?.exact ?? null;
      plain = exact ? { height: rows, width: columns, data: exact } : form(pad.ink());
      const image = changed(plain, moves.values, moves.seed);
      const isBare = !image.data.some((value) => value > 0);
      return { image, x: featuresOf(image.data), isBare };
    },
    /** @param {Example} example */
    put(example) {
      const data = toImage(example.x);
      const ink = data.map((value) => Math.min(1, Math.max(0, value)));
      pad.put({ ink: inkCanvasOf({ height: rows, width: columns, data: ink }), exact: data });
    },
    /** @param {number | null} label */
    sweep(label) {
      moves.update(
        {
          image: plain,
          label,
          /** @param {Image} image */
          predict: (image) => model().probabilities(featuresOf(image.data)),
          predicts: reader.predicts,
          name: reader.isMany && label !== null ? reader.names[label] : '',
          count: Math.round(Math.min(200, Math.max(12, 1.6e7 / model().cost))),
        },
        palette(),
      );
    },
    paint() {
      pad.paint(isPhoto ? { ...palette(), paper: '#000000', pen: '#ffffff' } : palette());
    },
    destroy: again.cancel,
  };
}
