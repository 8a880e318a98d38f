/** Words and numbers as every page shows them. */

/** @import { Layer, Shape } from '../model/types.js' */

const MINUS = '−';

/**
 * A number with `places` decimals and a real minus sign; very small and very large ones in powers of ten.
 * @param {number | null | undefined} value
 * @param {number} [places]
 */
export function asNumber(value, places = 4) {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  const small = size !== 0 && size < 0.5 * 10 ** -places && places > 2;
  const text =
    small || size >= 1e6
      ? size.toExponential(2)
      : Number.isInteger(value) && places === 0
        ? String(size)
        : trimmed(size, places);
  return `${value < 0 && Number(text) !== 0 ? MINUS : ''}${text}`;
}

/**
 * @param {number} size
 * @param {number} places
 */
const trimmed = (size, places) => (places === 0 ? String(Number(size.toPrecision(3))) : size.toFixed(places));

/**
 * A measured number as it stands in a table: whole ones in full, others with six significant digits.
 * @param {number} value
 */
export const asValue = (value) =>
  String(Number.isInteger(value) ? value : Number(value.toPrecision(6))).replaceAll('-', MINUS);

/**
 * A text without as much of its middle as does not fit: names often differ in their ends ("Port = Cork", "Port = Oslo").
 * @param {string} text
 * @param {(shorter: string) => boolean} fits
 */
export function withoutMiddle(text, fits) {
  const letters = [...text];
  for (let kept = letters.length; kept > 2; kept -= 1) {
    const first = Math.ceil(kept / 3);
    const shorter =
      kept === letters.length
        ? text
        : `${letters.slice(0, first).join('').trimEnd()}…${letters
            .slice(first - kept)
            .join('')
            .trimStart()}`;
    if (fits(shorter)) return shorter;
  }
  return letters.length < 3 ? text : `${letters[0]}…`;
}

/**
 * A share as a percentage, as short as is honest.
 * @param {number | null | undefined} share
 */
export function asPercent(share) {
  if (share === null || share === undefined) return 'n/a';
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return '<0.1 %';
  if (percent >= 99.95 && percent < 100) return '>99.9 %';
  return `${percent === 100 || percent === 0 ? Math.round(percent) : percent.toFixed(1)} %`;
}

/**
 * How far a share moved, in percentage points: "+0.3 points".
 * @param {number} by
 */
export function asPoints(by) {
  const points = Math.abs(100 * by).toFixed(1);
  return `${points === '0.0' ? '±' : by < 0 ? MINUS : '+'}${points} points`;
}

/**
 * A whole number, its thousands apart.
 * @param {number} count
 */
export const grouped = (count) => count.toLocaleString('en');

/**
 * "a 7", "an 8", "an ankle boot".
 * @param {string} name
 */
export const withArticle = (name) => `${/^(8|11$|18$|[aeiou])/i.test(name) ? 'an' : 'a'} ${name}`;

/**
 * "1 change", "2 changes".
 * @param {number} count
 * @param {string} word
 */
export const counted = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

/**
 * "Hidden 1, neuron 12" or "Output, 7"; neurons count from 1 as people do.
 * @param {Layer[]} layers
 * @param {string[]} classNames
 * @param {number} layer
 * @param {number} unit
 */
export function neuronName(layers, classNames, layer, unit) {
  const { name, isOutput } = layers[layer];
  return isOutput ? `${name}, ${classNames[unit]}` : `${name}, neuron ${unit + 1}`;
}

/**
 * What feeds a connection: a pixel by row and column, a feature, or a neuron of the layer before.
 * @param {Shape | null} imageShape
 * @param {number} layer
 * @param {number} input
 * @param {(i: number) => string} featureName
 */
export function sourceName(imageShape, layer, input, featureName) {
  if (layer > 0) return `neuron ${input + 1}`;
  if (imageShape) return `pixel ${Math.floor(input / imageShape[1]) + 1}, ${(input % imageShape[1]) + 1}`;
  return featureName(input);
}
