/** For 2-D data: the classes' regions and single neurons over the plane as pictures, and the points on them. */

import { channels, packed } from '../theme/palette.js';
import { make } from '../ui/dom.js';
import { paintPixels } from './canvas.js';

/** @import { Colors, Numbers, OutputReader, Palette, Pen } from '../model/types.js' */

/** Colours of classes, distinguished with any colour vision (after Okabe and Ito), for light and dark pages. */
const CLASSES = {
  light: ['#2F6FDE', '#D9660B', '#7b3fa0', '#00896b', '#b5890a', '#b2417f', '#3b4757', '#4aa3c7', '#8a5a2b', '#6c8b1f'],
  dark: ['#6EA0FF', '#FF9F4A', '#c79bf0', '#2fc9a0', '#e8c24a', '#f08fc0', '#b8c2d0', '#7fd0ef', '#d0a070', '#b5d65a'],
};
const SHADES = 64; // of a class, from paper to the most certain
const MOST = 0.62; // of a class's colour where it is certain
const SOLID = 0.46; // of it where certainty is not shown
const OF_LABEL = 0.9; // of a label's colour for each unit of probability above one half

/**
 * The colour of a class.
 * @param {Palette} palette
 * @param {number} label
 */
export const classColor = (palette, label) => CLASSES[palette.dark ? 'dark' : 'light'][label % 10];

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
 * How fine the small plane of the network view may be, so that it costs a few milliseconds: 16 to 40 points a side.
 * @param {number} work
 */
export const finenessFor = (work) => Math.round(Math.min(40, Math.max(16, Math.sqrt(2.5e6 / work))));

/**
 * A picture of one neuron's activations over the plane, `size` numbers a place.
 * @param {Numbers} activations
 * @param {number} size
 * @param {number} unit
 * @param {number} side
 * @param {Colors} colors
 * @param {number} top
 */
export function facePicture(activations, size, unit, side, colors, top) {
  return paintPixels(make('canvas'), side, side, (i) => colors.rgba(activations[i * size + unit] / top));
}

/** @type {WeakMap<Palette, Uint32Array[]>} */
const shades = new WeakMap();

/**
 * The shades of every class, from paper on.
 * @param {Palette} palette
 */
function shadesOf(palette) {
  const known = shades.get(palette);
  if (known) return known;
  const paper = channels(palette.paper);
  const made = Array.from({ length: 10 }, (_, label) => {
    const color = channels(classColor(palette, label));
    return Uint32Array.from({ length: SHADES + 1 }, (__, k) =>
      packed(paper.map((value, c) => value + ((color[c] - value) * k) / SHADES)),
    );
  });
  shades.set(palette, made);
  return made;
}

/**
 * A picture of the classes' regions, from the probabilities of the classes at each place: the colour of the likeliest
 * class, paler the less certain, or with `isDiscrete` the same everywhere; or, of labels, of all that are predicted over
 * each other. `reader` reads the outputs (output-reader.js).
 * @param {Numbers} probabilities
 * @param {number} side
 * @param {Palette} palette
 * @param {OutputReader} reader
 * @param {{ isDiscrete?: boolean, onto?: HTMLCanvasElement }} [how]
 */
export function regionPicture(
  probabilities,
  side,
  palette,
  reader,
  { isDiscrete = false, onto = make('canvas') } = {},
) {
  const size = reader.names.length;
  const table = shadesOf(palette);
  if (reader.isMany) {
    const colors = Array.from({ length: size }, (_, label) => channels(classColor(palette, label)));
    const paper = channels(palette.paper);
    return paintPixels(onto, side, side, (i) =>
      packed(
        colors.reduce((below, color, c) => {
          const p = probabilities[i * size + c];
          const share = isDiscrete ? (p >= 0.5 ? SOLID : 0) : OF_LABEL * Math.max(0, p - 0.5);
          return below.map((value, k) => value + (color[k] - value) * share);
        }, paper),
      ),
    );
  }
  return paintPixels(onto, side, side, (i) => {
    let best = 0;
    let p = probabilities[i * size];
    for (let c = 1; c < size; c += 1) {
      if (probabilities[i * size + c] > p) {
        best = c;
        p = probabilities[i * size + c];
      }
    }
    const share = isDiscrete ? SOLID : MOST * Math.max(0, (p - 1 / size) / (1 - 1 / size));
    return table[best % 10][Math.round(share * SHADES) || 0]; // a network that diverged predicts nothing
  });
}
