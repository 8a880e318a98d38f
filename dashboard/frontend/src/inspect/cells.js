/** How the cells of a confusion matrix on Inspect are coloured, and the legend that says so. */

import { lettersOn } from '../lib/theme/palette.js';
import { make } from '../lib/ui/dom.js';

/**
 * Blue for right, orange for wrong; of a difference blue is better, orange worse. Small shares are lifted:
 * `value` is drawn as the root of its share of `top`.
 */
export function paintCell(cell, value, { top, isRight, isDifference }, palette) {
  const size = Math.sqrt(Math.min(1, Math.abs(value) / top));
  const tone = isDifference ? (isRight ? -Math.sign(value) : Math.sign(value)) * size : isRight ? -value : size;
  const color = palette.diverging.css(tone);
  cell.style.background = value ? color : palette.panel;
  cell.style.color = value ? lettersOn(color) : palette.muted;
}

/** What the two colours mean, and in `words` what the numbers are. */
export function fillLegend(legend, { isDifference, words }, palette) {
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
