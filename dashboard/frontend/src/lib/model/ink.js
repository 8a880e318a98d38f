/**
 * From ink on the pad to the image a network was trained on: the same steps in the same order as
 * core/images/centering.py, in float64. An ink image is {height, width, data}, 0 bare paper, 1 full ink.
 */

/** @import { Image } from './types.js' */

const ROUNDING = 1e-9;

/**
 * An empty ink image.
 * @param {number} height
 * @param {number} width
 */
export const blank = (height, width) => ({ height, width, data: new Float64Array(height * width) });

/**
 * The ink in the form of MNIST: the longer side `box` pixels, the centre of mass in the middle.
 * @param {Image} ink
 * @param {number} [side]
 * @param {number} [box]
 */
export function asMnist(ink, side = 28, box = 20) {
  const cut = inked(ink);
  if (!cut) return blank(side, side);
  const figure = resized(cut, box / Math.max(cut.height, cut.width));
  let total = 0;
  let row = 0;
  let column = 0;
  for (let r = 0; r < figure.height; r += 1) {
    for (let c = 0; c < figure.width; c += 1) {
      const value = figure.data[r * figure.width + c];
      total += value;
      row += value * r;
      column += value * c;
    }
  }
  /**
   * @param {number} center
   * @param {number} length
   */
  const shift = (center, length) =>
    Math.min(Math.max(Math.floor(side / 2 - center + 0.5 - ROUNDING), 0), side - length);
  return laid(figure, side, side, shift(row / total, figure.height), shift(column / total, figure.width));
}

/**
 * The ink scaled until it touches two opposite edges, in the middle between the other two.
 * @param {Image} ink
 * @param {number} height
 * @param {number} width
 */
export function asBox(ink, height, width) {
  const cut = inked(ink);
  if (!cut) return blank(height, width);
  const figure = resized(cut, Math.min(height / cut.height, width / cut.width));
  const rows = Math.min(height, figure.height);
  const columns = Math.min(width, figure.width);
  const top = Math.floor((height - rows) / 2);
  const left = Math.floor((width - columns) / 2);
  return laid(figure, height, width, top, left);
}

/**
 * An image `scale` times as large, each pixel the mean of the area it covers.
 * @param {Image} about
 * @param {number} scale
 */
export function resized({ height, width, data }, scale) {
  const rows = areaWeights(height, scale);
  const columns = areaWeights(width, scale);
  const half = new Float64Array(rows.length * width);
  rows.forEach(({ from, weights }, i) => {
    weights.forEach((weight, k) => {
      const at = (from + k) * width;
      for (let c = 0; c < width; c += 1) half[i * width + c] += weight * data[at + c];
    });
  });
  const smaller = blank(rows.length, columns.length);
  for (let i = 0; i < rows.length; i += 1) {
    columns.forEach(({ from, weights }, j) => {
      let sum = 0;
      for (let k = 0; k < weights.length; k += 1) sum += weights[k] * half[i * width + from + k];
      smaller.data[i * columns.length + j] = sum;
    });
  }
  return smaller;
}

/**
 * For each new pixel, which old ones it covers and to what share of itself: [{from, weights}].
 * @param {number} count
 * @param {number} scale
 */
function areaWeights(count, scale) {
  const made = Math.max(1, Math.ceil(count * scale - ROUNDING));
  return Array.from({ length: made }, (_, i) => {
    const [left, right] = [i / scale, (i + 1) / scale];
    const from = Math.min(count - 1, Math.floor(left));
    const weights = [];
    for (let j = from; j < count && j < right; j += 1) {
      weights.push(Math.max(0, Math.min(right, j + 1) - Math.max(left, j)) * scale);
    }
    return { from, weights };
  });
}

/** @param {Image} about */
function inked({ height, width, data }) {
  let [top, bottom, left, right] = [height, -1, width, -1];
  for (let r = 0; r < height; r += 1) {
    for (let c = 0; c < width; c += 1) {
      if (!(data[r * width + c] > 0)) continue;
      if (r < top) top = r;
      bottom = r;
      if (c < left) left = c;
      if (c > right) right = c;
    }
  }
  if (bottom < 0) return null;
  const cut = blank(bottom - top + 1, right - left + 1);
  for (let r = 0; r < cut.height; r += 1) {
    for (let c = 0; c < cut.width; c += 1) cut.data[r * cut.width + c] = data[(r + top) * width + c + left];
  }
  return cut;
}

/**
 * @param {Image} figure
 * @param {number} height
 * @param {number} width
 * @param {number} top
 * @param {number} left
 */
function laid(figure, height, width, top, left) {
  const image = blank(height, width);
  for (let r = 0; r < Math.min(figure.height, height - top); r += 1) {
    for (let c = 0; c < Math.min(figure.width, width - left); c += 1) {
      image.data[(r + top) * width + c + left] = figure.data[r * figure.width + c];
    }
  }
  return image;
}
