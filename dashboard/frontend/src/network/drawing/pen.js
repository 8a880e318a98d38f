/** Signs and words of the network view, in its fonts. */
import { paintPath, trace, write } from '../../lib/charts/pen.js';
import { withoutMiddle } from '../../lib/format/text.js';

/** @import { Scene } from '../types.js' */
/** @import { Pen } from '../../lib/model/types.js' */

/**
 * @param {{ font: string, mono: string }} scene
 * @param {number} size
 * @param {number} [weight]
 * @param {boolean} [mono]
 */
export const fontOf = (scene, size, weight = 400, mono = false) =>
  `${weight} ${size}px ${mono ? scene.mono : scene.font}`;

/**
 * Write a text in the view's font, at most `most` pixels of it.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{ align?: CanvasTextAlign, size?: number, weight?: number, color: string, mono?: boolean, most?: number }} about
 */
export function label(pen, scene, text, x, y, { align = 'center', size = 12, weight, color, mono, most = 0 }) {
  pen.font = fontOf(scene, size, weight, mono);
  write(pen, most ? shorten(pen, text, most) : text, x, y + 0.5, color, { align });
}

/**
 * @param {Pen} pen
 * @param {string} text
 * @param {number} most
 */
const shorten = (pen, text, most) => withoutMiddle(text, (shorter) => pen.measureText(shorter).width <= most);

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} color
 * @param {number} [width]
 */
export function strike(pen, x, y, r, color, width = 1.3) {
  trace(pen, [
    [x - r * 0.8, y + r * 0.8],
    [x + r * 0.8, y - r * 0.8],
  ]);
  paintPath(pen, null, color, width);
}
