/** How the cells of a confusion matrix on Inspect are coloured, and the legend that says so. */

import { lettersOn } from '../lib/theme/palette.js';
import { make } from '../lib/ui/dom.js';
/** @import { Palette } from '../lib/model/types.js' */

/**
 * Blue for right, orange for wrong; of a difference blue is better, orange worse. Small shares are lifted:
 * `value` is drawn as the root of its share of `top`.
 * @param {HTMLElement} cell
 * @param {number} value
 * @param {{ top: number, isRight: boolean, isDifference: boolean }} about
 * @param {Palette} palette
 */
export function paintCell(cell, value, { top, isRight, isDifference }, palette) {
  const size = Math.sqrt(Math.min(1, Math.abs(value) / top));
  const tone = isDifference ? (isRight ? -Math.sign(value) : Math.sign(value)) * size : isRight ? -value : size;
  const color = palette.diverging.css(tone);
  cell.style.background = value ? color : palette.panel;
  cell.style.color = value ? lettersOn(color) : palette.muted;
}

/**
 * What the two colours mean, and in `words` what the numbers are.
 * @param {HTMLElement} legend
 * @param {{ isDifference: boolean, words: string }} about
 * @param {Palette} palette
 */
export function fillLegend(legend, { isDifference, words }, palette) {
  /**
   * @param {number} tone
   * @param {string} text
   */
  const swatch = (tone, text) => {
    const mark = make('i');
    mark.style.background = palette.diverging.css(tone);
    return make('span', {}, mark, text);
  };
  legend.replaceChildren(
    swatch(-0.75, isDifference ? 'better' : 'right'),
    swatch(0.75, isDifference ? 'worse' : 'wrong'),
    make('span', { textContent: words }),
  );
}
