/** The first layer's weights drawn as tiles, into one image that is put on the canvas at once. */

import { freshContext } from '../../lib/charts/canvas.js';
import { fillBox, signedBars } from '../../lib/charts/pen.js';
import { make, penOf } from '../../lib/ui/dom.js';
/** @import { Colors, Numbers, Palette, Shape } from '../../lib/model/types.js' */
/** @import { Plan } from '../types.js' */

/**
 * Where the tiles stand: {shape, across, down, scale, pitchX, pitchY, width, height} in CSS pixels.
 * An image tile shows `imageShape` pixels enlarged by a whole number; without an image a tile holds bars.
 * @param {{ width: number, count: number, imageShape: Shape | null, nInputs: number }} about
 */
export function layTiles({ width, count, imageShape, nInputs }) {
  const wanted = count <= 12 ? 96 : count <= 36 ? 78 : count <= 130 ? 58 : 44;
  if (!imageShape) {
    const tile = { width: Math.max(64, Math.min(160, nInputs * 8)), height: 46 };
    const across = Math.max(1, Math.min(count, Math.floor(width / (tile.width + 8))));
    return { tile, across, down: Math.ceil(count / across), pitchX: tile.width + 8, pitchY: tile.height + 8 };
  }
  const [rows, columns] = imageShape;
  const scale = Math.max(1, Math.round(wanted / Math.max(rows, columns)));
  const tile = { width: columns * scale, height: rows * scale };
  const gap = scale > 1 ? 2 * Math.ceil(scale / 2) : 2;
  const across = Math.max(1, Math.min(count, Math.floor(width / (tile.width + gap))));
  return { tile, scale, across, down: Math.ceil(count / across), pitchX: tile.width + gap, pitchY: tile.height + gap };
}

/**
 * Weights between two snapshots, in a buffer that is used again.
 * @param {Numbers | null} from
 * @param {Numbers} to
 * @param {number} t
 * @param {Float32Array} buffer
 */
export function between(from, to, t, buffer) {
  if (t >= 1 || !from || from.length !== to.length) return to;
  for (let i = 0; i < to.length; i += 1) buffer[i] = from[i] + (to[i] - from[i]) * t;
  return buffer;
}

/** A drawer of image tiles, which keeps its image from call to call. */
export function createTilePainter() {
  /** @type {ImageData} */
  let image;
  const small = make('canvas');
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Plan} plan
   * @param {number[]} order
   * @param {Numbers} data
   * @param {number} nOut
   * @param {Shape} shape
   * @param {Colors} colors
   * @param {number} top
   */
  return function draw(canvas, plan, order, data, nOut, [rows, columns], colors, top) {
    const gap = Math.max(1, Math.round((plan.pitchX - plan.tile.width) / (plan.scale ?? 1)));
    const width = plan.across * (columns + gap);
    const height = plan.down * (rows + gap);
    if (small.width !== width || small.height !== height || !image) {
      small.width = width;
      small.height = height;
      image = penOf(small).createImageData(width, height);
    }
    const pixels = new Uint32Array(image.data.buffer);
    pixels.fill(0);
    const lookup = lookupOf(colors);
    const half = (lookup.length - 1) / 2;
    const factor = half / top;
    order.forEach((unit, place) => {
      const start = Math.floor(place / plan.across) * (rows + gap) * width + (place % plan.across) * (columns + gap);
      for (let row = 0, from = unit; row < rows; row += 1) {
        for (let column = 0, at = start + row * width; column < columns; column += 1, at += 1, from += nOut) {
          const level = half + data[from] * factor;
          pixels[at] = lookup[level < 0 ? 0 : level >= lookup.length ? lookup.length - 1 : level | 0];
        }
      }
    });
    const context = penOf(canvas);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.putImageData(image, 0, 0);
    canvas.style.width = `${plan.across * plan.pitchX}px`;
    canvas.style.height = `${plan.down * plan.pitchY}px`;
  };
}

const lookups = new WeakMap();

/**
 * A colour table sampled finely, so that a pixel costs one look-up and no power.
 * @param {Colors} colors
 */
function lookupOf(colors) {
  let lookup = lookups.get(colors);
  if (!lookup) {
    lookup = Uint32Array.from({ length: 1025 }, (_, i) => colors.rgba(i / 512 - 1));
    lookups.set(colors, lookup);
  }
  return lookup;
}

/**
 * Tiles of bars, for inputs that are no image.
 * @param {HTMLCanvasElement} canvas
 * @param {Plan} plan
 * @param {number[]} order
 * @param {Numbers} data
 * @param {number} nOut
 * @param {number} nInputs
 * @param {Palette} palette
 * @param {number} top
 */
export function drawBars(canvas, plan, order, data, nOut, nInputs, palette, top) {
  const { tile, across, pitchX, pitchY } = plan;
  const pen = freshContext(canvas, across * pitchX, plan.down * pitchY, null, 2);
  canvas.style.width = `${across * pitchX}px`;
  const half = tile.height / 2;
  order.forEach((unit, place) => {
    const x = (place % across) * pitchX;
    const y = Math.floor(place / across) * pitchY;
    const values = Float64Array.from({ length: nInputs }, (_, i) => data[i * nOut + unit]);
    const bars = { left: x + 2, middle: y + half, wide: (tile.width - 4) / nInputs, half: half - 2, top };
    fillBox(pen, x, y, tile.width, tile.height, palette.faint);
    signedBars(pen, values, bars, palette);
    fillBox(pen, x, y + half - 0.5, tile.width, 1, palette.muted);
  });
}
