/** For 2-D data: every neuron's activation over the whole plane, as small pictures, and the classes' regions. */

import { largest, outputsOf, probeCount, probeInput } from '../model/forward.js';
import { channels, packed } from '../theme/palette.js';
import { make } from '../ui/dom.js';
import { paintPixels } from './canvas.js';

/** @import { OutputReader, Colors, Frame, Layer, NetworkStore, Numbers, Overlay, Palette, Pen } from '../model/types.js' */

/** Colours of classes, distinguished with any colour vision (after Okabe and Ito), for light and dark pages. */
const CLASSES = {
  light: ['#2F6FDE', '#D9660B', '#7b3fa0', '#00896b', '#b5890a', '#b2417f', '#3b4757', '#4aa3c7', '#8a5a2b', '#6c8b1f'],
  dark: ['#6EA0FF', '#FF9F4A', '#c79bf0', '#2fc9a0', '#e8c24a', '#f08fc0', '#b8c2d0', '#7fd0ef', '#d0a070', '#b5d65a'],
};

/**
 * The colour of a class.
 * @param {Palette} palette
 * @param {number} label
 */
const classColor = (palette, label) => CLASSES[palette.dark ? 'dark' : 'light'][label % 10];

/**
 * Fill a disc in the colours of its classes, a sector each; grey where there is none, or none is known.
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {Palette} palette
 * @param {number[] | null} classes
 */
export function fillPoint(context, x, y, radius, palette, classes) {
  const colors = classes?.length ? classes.map((c) => classColor(palette, c)) : [palette.off];
  colors.forEach((color, k) => {
    context.beginPath();
    if (colors.length === 1) context.arc(x, y, radius, 0, 7);
    else {
      context.moveTo(x, y);
      context.arc(x, y, radius, (2 * Math.PI * k) / colors.length, (2 * Math.PI * (k + 1)) / colors.length);
    }
    context.fillStyle = color;
    context.fill();
  });
}

/**
 * Half the side of the square about zero that holds every probe point, in steps of 0.5.
 * @param {NetworkStore & { extent?: number }} store
 */
export function extentOf(store) {
  if (store.extent) return store.extent;
  let top = 0;
  for (let i = 0; i < probeCount(store); i += 1)
    for (const value of probeInput(store, i)) top = Math.max(top, Math.abs(value));
  return Math.max(0.5, Math.ceil(top * 2.2) / 2);
}

/**
 * How fine a plane may be for a network, so that it costs a few milliseconds: 16 to 40 points a side.
 * @param {Array<{ inputSize: number, size: number }>} layers
 */
export function finenessFor(layers) {
  const work = layers.reduce((sum, layer) => sum + layer.inputSize * layer.size, 0);
  return Math.round(Math.min(40, Math.max(16, Math.sqrt(2.5e6 / work))));
}

/**
 * Every layer's activations over the plane: an array of [side * side][size], rows from the top.
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {number} extent
 * @param {number} side
 * @param {Overlay} edits
 */
export function overPlane(layers, frame, extent, side, edits) {
  /** @type {Float64Array[][]} */
  const activations = layers.map(() => []);
  for (let row = 0; row < side; row += 1) {
    for (let column = 0; column < side; column += 1) {
      /** @type {Numbers} */
      let values = [((column + 0.5) / side) * 2 * extent - extent, extent - ((row + 0.5) / side) * 2 * extent];
      for (const layer of layers) {
        const outputs = outputsOf(layer, frame, values, edits);
        activations[layer.index].push(outputs);
        values = outputs;
      }
    }
  }
  return activations;
}

/**
 * A picture of one neuron's activations over the plane.
 * @param {Numbers[]} activations
 * @param {number} unit
 * @param {number} side
 * @param {Colors} colors
 * @param {number} top
 */
export function facePicture(activations, unit, side, colors, top) {
  return paintPixels(make('canvas'), side, side, (i) => colors.rgba(activations[i][unit] / top));
}

/**
 * A picture of the classes' regions, of what the output layer predicts at each point: the colour of the likeliest class,
 * paler the less sure; or, of labels, of all that are predicted over each other. `reader` reads the activations (output-reader.js).
 * @param {Numbers[]} outputs
 * @param {number} side
 * @param {Palette} palette
 * @param {OutputReader} reader
 */
export function regionPicture(outputs, side, palette, reader) {
  const probabilities = outputs.map(reader.probabilities);
  const size = probabilities[0].length;
  const classes = Array.from({ length: size }, (_, label) => channels(classColor(palette, label)));
  const paper = channels(palette.paper);
  /**
   * @param {number[]} below
   * @param {number[]} color
   * @param {number} share
   */
  const mix = (below, color, share) => below.map((value, k) => value + (color[k] - value) * share);
  return paintPixels(make('canvas'), side, side, (i) => {
    const p = probabilities[i];
    if (reader.isMany)
      return packed(classes.reduce((below, color, c) => mix(below, color, 0.9 * Math.max(0, p[c] - 0.5)), paper));
    const best = largest(p);
    return packed(mix(paper, classes[best], 0.62 * Math.max(0, (p[best] - 1 / size) / (1 - 1 / size))));
  });
}
