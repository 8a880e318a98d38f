/** The neurons of a hidden layer: discs, cells or pictures, with their values and the signs of their states. */
import { disc, fillBox, paintPath, rounded } from '../../lib/charts/pen.js';
import { asNumber } from '../../lib/format/text.js';
import { label, strike } from './pen.js';

/** @import { Block, Scene, WeightAtlas } from '../types.js' */
/** @import { Layer, Palette, Pen } from '../../lib/model/types.js' */

const VALUE_FROM = 13; // CSS pixels of radius from which a neuron shows its value
const PICTURE_FROM = 22; // ... and from which it shows its weights as a picture

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Block} block
 */
export function drawNeurons(pen, scene, block) {
  const { motion, palette, scales, layers, camera, silent } = scene;
  const values = motion.now[block.layer + 1];
  const { high, signed } = scales.of(block.layer);
  const colors = signed ? palette.diverging : palette.sequential;
  const layer = layers[block.layer];
  const size = block.radius * camera.scale;
  const faces = block.shape === 'face' ? scene.faces?.[block.layer] : null;
  const weights = size >= PICTURE_FROM && block.layer === 0 && !faces ? scene.weightPictures() : null;
  const square = block.shape === 'cell' || block.shape === 'face';
  for (let unit = 0; unit < block.size; unit += 1) {
    const x = block.xs[unit];
    const y = block.ys[unit];
    const value = values[unit];
    const closed = layer.canBeOff && value <= 0;
    const fill = closed ? palette.surface : colors.css(value / high);
    const edge = closed ? palette.off : size > 5 ? palette.line : null;
    if (faces) drawFace(pen, scene, faces[unit], block, x, y, colors.css(value / high));
    else if (weights) drawWeights(pen, scene, weights, unit, block, x, y, fill, closed);
    else if (square) cell(pen, x, y, block.radius, fill, edge, size);
    else disc(pen, x, y, block.radius, fill, edge, closed ? 1.2 : 1);
    if (silent[block.layer]?.[unit]) strike(pen, x, y, block.radius * (square ? 0.9 : 0.7), palette.muted);
    else if (isSaturated(value, layer)) pip(pen, faces ? x - 1.48 * block.radius : x, y, block.radius, palette);
    if (size >= VALUE_FROM && !weights && !faces) {
      const color = closed ? palette.muted : colors.letters(value / high);
      label(pen, scene, asNumber(value, 2), x, y, { color, size: block.radius * 0.62, mono: true });
    }
  }
}

/**
 * Whether a value lies so near an end of its function's range that the record counts it as saturated.
 * @param {number} value
 * @param {Layer} layer
 */
export function isSaturated(value, { function: { unsaturated } }) {
  return unsaturated !== null && (value < unsaturated[0] || value > unsaturated[1]);
}

/**
 * A neuron as a picture of its own: over the plane, with a disc of its value at its shoulder.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {HTMLCanvasElement} picture
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {string} color
 */
export function drawFace(pen, { palette }, picture, { radius: r }, x, y, color) {
  framed(pen, x, y, r, Math.min(6, r * 0.25), null, () => {
    pen.imageSmoothingEnabled = true;
    if (picture) pen.drawImage(picture, x - r, y - r, 2 * r, 2 * r);
  });
  paintPath(pen, null, palette.line);
  disc(pen, x + r - 1, y - r + 1, Math.max(3, r * 0.24), color, palette.ink, 1.2);
}

/**
 * A neuron as a picture of its weights, in a frame of the colour of its value.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {WeightAtlas} pictures
 * @param {number} unit
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {string} fill
 * @param {boolean} closed
 */
export function drawWeights(pen, { palette }, pictures, unit, { radius: r }, x, y, fill, closed) {
  const { atlas, columns, width, height } = pictures;
  const [left, top] = [(unit % columns) * width, Math.floor(unit / columns) * height];
  framed(pen, x, y, r, r * 0.2, palette.paper, () => {
    pen.imageSmoothingEnabled = false;
    pen.drawImage(atlas, left, top, width, height, x - r, y - r, 2 * r, 2 * r);
  });
  paintPath(pen, null, closed ? palette.off : fill, closed ? 0.5 : r * 0.14);
}

/**
 * Draw within a square with round corners, and leave it traced.
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {number} corner
 * @param {string | null} fill
 * @param {() => void} draw
 */
function framed(pen, x, y, r, corner, fill, draw) {
  pen.save();
  rounded(pen, x - r, y - r, 2 * r, 2 * r, corner);
  paintPath(pen, fill);
  pen.clip();
  draw();
  pen.restore();
  rounded(pen, x - r, y - r, 2 * r, 2 * r, corner);
}

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} fill
 * @param {string | null} edge
 * @param {number} size
 */
function cell(pen, x, y, r, fill, edge, size) {
  if (size > 5) {
    rounded(pen, x - r, y - r, 2 * r, 2 * r, r * 0.36);
    paintPath(pen, fill, edge);
    return;
  }
  fillBox(pen, x - r, y - r, 2 * r, 2 * r, edge ?? fill);
  const inner = r - Math.min(1, r * 0.4);
  if (edge) fillBox(pen, x - inner, y - inner, 2 * inner, 2 * inner, fill);
}

/**
 * The sign of a saturated neuron, on its shoulder.
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {Palette} palette
 */
function pip(pen, x, y, r, palette) {
  disc(pen, x + r * 0.74, y - r * 0.74, Math.max(1.2, r * 0.26), palette.ink, palette.surface);
}
