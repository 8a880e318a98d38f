/** The strip of probe examples to choose from, grouped by class; a corner marks those predicted wrongly. */

import { fillPoint } from '../lib/charts/plane.js';
import { asNumber, withArticle } from '../lib/format/text.js';
import { exampleName, POINT, probeCount, probeInput, recorded } from '../lib/model/forward.js';
import { isSame } from '../lib/model/output-reader.js';
import { imageColors } from '../lib/theme/palette.js';
import { closest, make, penOf } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';

/** @import { Frame, Layer, NetworkStore, Palette, Probe } from '../lib/model/types.js' */

const SIDE = 34;

/**
 * Build the chooser. Returns {element, mark(frame, layers), choose(probe), paint(palette)}:
 * `mark` shows which examples a snapshot gets wrong.
 * @param {NetworkStore} store
 */
export function createProbes(store) {
  const element = make('div', {
    className: 'nv-probes',
    role: 'group',
    'aria-label': 'Examples to send through the network',
  });
  /** @type {HTMLImageElement[]} */
  const pictures = [];
  /** @type {HTMLButtonElement[]} */
  const buttons = [];
  const { reader } = store;
  /** @type {number[][]} */
  let labels = [];
  /** @type {number[]} */
  const order = [];
  build();

  function build() {
    for (const each of [pictures, buttons, order]) each.length = 0;
    element.replaceChildren();
    labels = store.probe.labels.map((classes) => classes ?? []); // of an example of one's own nothing is known
    const { sample } = store.probe;
    const asked = sample ? labels.length - 1 : -1; // the one that was asked for stands before the others
    if (sample) addGroup(sample.split === POINT ? 'your point' : `${sample.split} ${sample.index}`, [asked]);
    const kinds = new Map(labels.map((each) => [String(each), each]));
    for (const classes of [...kinds.values()].sort((a, b) => (a[0] ?? -1) - (b[0] ?? -1) || a.length - b.length)) {
      const group = [...labels.keys()].filter((i) => isSame(labels[i], classes) && i !== asked);
      if (group.length) addGroup(reader.words(classes), group);
    }
  }

  /**
   * @param {string} title
   * @param {number[]} examples
   */
  function addGroup(title, examples) {
    const group = make('div', { className: 'nv-probe-group' });
    const name = make('span', { textContent: title });
    group.append(name);
    const row = make('div');
    for (const i of examples) {
      buttons[i] = createButton(i);
      order.push(i);
      row.append(buttons[i]);
    }
    group.append(row);
    element.append(group);
  }

  /** @param {number} i */
  function createButton(i) {
    const button = make('button', { type: 'button', className: 'nv-probe', 'data-probe': i, tabIndex: -1 });
    // A picture and no canvas: a browser looks after every canvas on the page in each frame, painted or not.
    pictures[i] = make('img', { alt: '' });
    button.append(pictures[i]);
    return button;
  }

  /** @param {number[]} classes */
  const called = (classes) => (reader.isMany ? reader.words(classes) : withArticle(reader.words(classes)));
  /**
   * @param {number} i
   * @param {number[]} predictedClasses
   */
  const describe = (i, predictedClasses) => {
    if (!store.probe.labels[i]) return `${exampleName(store, i)}, predicted as ${called(predictedClasses)}`;
    const name = `${exampleName(store, i)}: ${called(labels[i])}`;
    return isSame(predictedClasses, labels[i]) ? name : `${name}, predicted as ${called(predictedClasses)}`;
  };

  /** Say on which side the strip goes on: there it fades. */
  function lookAround() {
    const { scrollLeft, clientWidth, scrollWidth } = element;
    element.toggleAttribute('data-before', scrollLeft > 1);
    element.toggleAttribute('data-after', scrollLeft + clientWidth < scrollWidth - 1);
  }
  element.addEventListener('scroll', lookAround, { passive: true });
  new ResizeObserver(lookAround).observe(element);

  element.addEventListener('click', (event) => {
    const button = closest(event, 'button');
    if (button) store.selectProbe(Number(button.dataset.probe));
  });
  element.addEventListener('keydown', (event) => {
    const [down, right] = arrow(event) ?? [0, 0];
    const at = order.indexOf(Number(closest(event, '.nv-probe')?.dataset.probe));
    if (at < 0) return;
    let next = at + down + right;
    if (event.key === 'Home') next = 0;
    if (event.key === 'End') next = order.length - 1;
    if (next === at || next < 0 || next >= order.length) return;
    event.preventDefault();
    event.stopPropagation();
    buttons[order[next]].focus();
    store.selectProbe(order[next]);
  });

  return {
    element,
    /** Make the buttons again, of other examples; what `paint`, `mark` and `choose` did is to be done again. */
    build,
    /**
     * @param {Frame} frame
     * @param {Layer[]} layers
     */
    mark(frame, layers) {
      buttons.forEach((button, i) => {
        const predictedClasses = reader.predicted(reader.probabilities(recorded(frame, layers.length - 1, i)));
        const text = describe(i, predictedClasses);
        if (button.title === text) return;
        button.title = text;
        button.setAttribute('aria-label', text);
        button.classList.toggle('nv-wrong', store.probe.labels[i] !== null && !isSame(predictedClasses, labels[i]));
      });
    },
    /** @param {number} probe */
    choose(probe) {
      buttons.forEach((button, i) => {
        button.setAttribute('aria-pressed', String(i === probe));
        button.tabIndex = i === probe ? 0 : -1;
      });
    },
    /** @param {Palette} palette */
    paint(palette) {
      pictures.forEach((picture, i) => {
        picture.src = exampleCanvas(store, i, palette).toDataURL();
      });
    },
  };
}

/**
 * An example as a small picture: its pixels, its place in the plane, or its features as bars.
 * @param {NetworkStore} store
 * @param {number} probe
 * @param {Palette} palette
 */
function exampleCanvas(store, probe, palette) {
  if (store.imageShape) return imagePicture(store, probe, palette);
  const values = probeInput(store, probe);
  const canvas = make('canvas');
  const context = penOf(canvas);
  canvas.width = 2 * SIDE;
  canvas.height = 2 * SIDE;
  context.scale(2, 2);
  if (store.plane) {
    const [across, down] = store.plane.place(store.plane.point(values));
    context.fillStyle = palette.line;
    context.fillRect(SIDE / 2 - 0.5, 3, 1, SIDE - 6);
    context.fillRect(3, SIDE / 2 - 0.5, SIDE - 6, 1);
    fillPoint(context, across * SIDE, down * SIDE, 4, palette, store.probe.labels[probe]);
    return canvas;
  }
  const top = Math.max(...Array.from(values, Math.abs)) || 1;
  const wide = (SIDE - 6) / values.length;
  values.forEach((value, i) => {
    context.fillStyle = value < 0 ? palette.negative : palette.positive;
    const tall = (Math.abs(value) / top) * (SIDE / 2 - 3);
    context.fillRect(3 + i * wide, SIDE / 2 - (value > 0 ? tall : 0), Math.max(0.6, wide - 0.4), tall);
  });
  return canvas;
}

/** @type {WeakMap<Probe, [number, number]>} */
const ranges = new WeakMap();

/**
 * The lowest and highest pixel over the whole probe set, so that every image has the same greys.
 * @param {NetworkStore} store
 */
function rangeOf(store) {
  const known = ranges.get(store.probe);
  /** @type {[number, number]} */
  let range = known ?? [Infinity, -Infinity];
  if (!known) {
    for (let i = 0; i < probeCount(store); i += 1) {
      for (const value of probeInput(store, i)) range = [Math.min(range[0], value), Math.max(range[1], value)];
    }
    ranges.set(store.probe, range);
  }
  return range;
}

/**
 * A probe image as a canvas of one pixel a feature.
 * @param {NetworkStore} store
 * @param {number} probe
 * @param {Palette} palette
 */
export function imagePicture(store, probe, palette) {
  const [rows, columns] = store.imageShape ?? [1, store.probe.images.shape[1]];
  const [low, high] = rangeOf(store);
  const canvas = make('canvas', { width: columns, height: rows });
  const context = penOf(canvas);
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  const values = probeInput(store, probe);
  const colors = imageColors(palette, store.description?.dataset.is_photo);
  for (let i = 0; i < pixels.length; i += 1) pixels[i] = colors.rgba((values[i] - low) / (high - low || 1));
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * What an example is, in words, for a caption: its true class or labels, or that and its two coordinates.
 * @param {NetworkStore} store
 * @param {number} probe
 */
export function exampleWords(store, probe) {
  const trueClasses = store.probe.labels[probe];
  const label = trueClasses ? store.reader.words(trueClasses) : '';
  const point = store.plane?.point(probeInput(store, probe));
  return point
    ? `${label} (${asNumber(point[0], 2)}, ${asNumber(point[1], 2)})`.trim()
    : label && (store.reader.isMany ? `true labels: ${label}` : `true class: ${label}`);
}
