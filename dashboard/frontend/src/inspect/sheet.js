/** The canvas of a picture that is saved: twice as fine as it is measured, on the page's background. */

import { make, penOf } from '../lib/ui/dom.js';

/** @import { Palette } from '../lib/model/types.js' */

/**
 * @param {number} width
 * @param {number} height
 * @param {Palette} palette
 */
export function createSheet(width, height, palette) {
  const canvas = make('canvas', { width: 2 * width, height: 2 * height });
  const pen = penOf(canvas);
  pen.scale(2, 2);
  /**
   * @param {number} x
   * @param {number} y
   * @param {number} wide
   * @param {number} tall
   * @param {string} color
   */
  const fill = (x, y, wide, tall, color) => {
    pen.fillStyle = color;
    pen.fillRect(x, y, wide, tall);
  };
  fill(0, 0, width, height, palette.surface);
  return {
    canvas,
    pen,
    fill,
    /**
     * Write a text, its middle at `y`, squeezed to at `most` so many pixels.
     * @param {string} text
     * @param {number} x
     * @param {number} y
     * @param {string} color
     * @param {{ align?: CanvasTextAlign, font?: string, most?: number }} [about]
     */
    write(text, x, y, color, { align = 'left', font = '13px sans-serif', most } = {}) {
      Object.assign(pen, { fillStyle: color, textAlign: align, font, textBaseline: 'middle' });
      pen.fillText(text, x, y, most);
    },
    /**
     * Draw from (x, y) on upwards.
     * @param {number} x
     * @param {number} y
     * @param {() => void} draw
     */
    turned(x, y, draw) {
      pen.save();
      pen.translate(x, y);
      pen.rotate(-Math.PI / 2);
      draw();
      pen.restore();
    },
    /**
     * @param {string} text
     * @param {string} font
     */
    measure(text, font) {
      pen.font = font;
      return pen.measureText(text).width;
    },
  };
}
