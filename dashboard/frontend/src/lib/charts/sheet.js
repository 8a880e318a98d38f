/** The canvas of a picture that is saved: twice as fine as it is measured, on the page's background. */

import { make, penOf } from '../ui/dom.js';
import { fillBox } from './pen.js';

/** @import { Palette } from '../model/types.js' */

/**
 * @param {number} width
 * @param {number} height
 * @param {Palette} palette
 */
export function createSheet(width, height, palette) {
  const canvas = make('canvas', { width: 2 * width, height: 2 * height });
  const pen = penOf(canvas);
  pen.scale(2, 2);
  fillBox(pen, 0, 0, width, height, palette.surface);
  return { canvas, pen };
}
