/** Shapes and words on a canvas: what every chart draws with. */

/** @import { Numbers, Palette, Pen } from '../model/types.js' */

/**
 * Fill and outline what was traced; null leaves one of them out.
 * @param {Pen} pen
 * @param {string | null} fill
 * @param {string | null} [edge]
 * @param {number} [width]
 */
export function paintPath(pen, fill, edge = null, width = 1) {
  if (fill) {
    pen.fillStyle = fill;
    pen.fill();
  }
  if (!edge) return;
  pen.lineWidth = width;
  pen.strokeStyle = edge;
  pen.stroke();
}

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string | null} fill
 * @param {string | null} [edge]
 * @param {number} [width]
 */
export function disc(pen, x, y, radius, fill, edge, width) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  paintPath(pen, fill, edge, width);
}

/**
 * Trace a box with round corners.
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
export function rounded(pen, x, y, width, height, radius) {
  pen.beginPath();
  pen.roundRect(x, y, width, height, radius);
}

/**
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {string} color
 */
export function fillBox(pen, x, y, width, height, color) {
  pen.fillStyle = color;
  pen.fillRect(x, y, width, height);
}

/**
 * Trace the line from each point to the next.
 * @param {Pen} pen
 * @param {number[][]} points
 */
export function trace(pen, points) {
  pen.beginPath();
  for (const [x, y] of points) pen.lineTo(x, y);
}

/**
 * A cross whose arms reach `reach` pixels to each side.
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 * @param {string} color
 * @param {number} width
 */
export function cross(pen, x, y, reach, color, width) {
  pen.beginPath();
  for (const way of [-1, 1]) {
    pen.moveTo(x - reach, y - way * reach);
    pen.lineTo(x + reach, y + way * reach);
  }
  paintPath(pen, null, color, width);
}

/**
 * Write a text in the font that is set, or another; squeezed to `most` pixels where it is longer.
 * @param {Pen} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {string} color
 * @param {{ align?: CanvasTextAlign, baseline?: CanvasTextBaseline, font?: string, most?: number }} [about]
 */
export function write(pen, text, x, y, color, { align = 'left', baseline = 'middle', font, most } = {}) {
  Object.assign(pen, { fillStyle: color, textAlign: align, textBaseline: baseline });
  if (font) pen.font = font;
  pen.fillText(text, x, y, most);
}

/**
 * How wide a text is in a font.
 * @param {Pen} pen
 * @param {string} text
 * @param {string} font
 */
export function widthOf(pen, text, font) {
  pen.font = font;
  return pen.measureText(text).width;
}

/**
 * Signed numbers as bars about a line at `middle`, from `left` on: each `wide` pixels with its gap, `half` tall where it
 * is `top`.
 * @param {Pen} pen
 * @param {Numbers} values
 * @param {{ left: number, middle: number, wide: number, half: number, top: number, gap?: number }} place
 * @param {Palette} palette
 */
export function signedBars(pen, values, { left, middle, wide, half, top, gap = wide > 3 ? 1 : 0 }, palette) {
  const thick = Math.max(0.6, wide - gap);
  for (let i = 0; i < values.length; i += 1) {
    const tall = Math.min(1, Math.abs(values[i]) / top) * half;
    const isBelow = values[i] < 0;
    fillBox(
      pen,
      left + i * wide,
      isBelow ? middle : middle - tall,
      thick,
      tall,
      isBelow ? palette.negative : palette.positive,
    );
  }
}
