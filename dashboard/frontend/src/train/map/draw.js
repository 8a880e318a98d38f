/** What lies on the decision map: regions or a neuron, contours, the points, axes and the cross-hair. */

import { cross, disc } from '../../lib/charts/pen.js';
import { classColor, fillPoint } from '../../lib/charts/plane.js';
import { linearTicks, tickText } from '../../lib/charts/scale.js';
import { contour, margins } from '../../lib/model/contours.js';

/** @import { OutputReader, Palette, Pen, Plane, Point } from '../../lib/model/types.js' */
/** @import { Field } from './field.js' */

const SURE = [0.75, 0.9, 0.99]; // probabilities that have a line of their own
const TICKS = 5;

/**
 * How large a point is drawn among so many.
 * @param {number} count
 */
export const radiusFor = (count) => (count > 1200 ? 2.6 : count > 500 ? 3.4 : 4.4);

/**
 * @param {Pen} pen
 * @param {number[]} lines
 * @param {number} side
 * @param {{ color: string, width: number, alpha?: number, dash?: number[] }} look
 */
export function drawLines(pen, lines, side, { color, width, alpha = 1, dash = [] }) {
  pen.save();
  pen.globalAlpha = alpha;
  pen.setLineDash(dash);
  pen.strokeStyle = color;
  pen.lineWidth = width;
  pen.beginPath();
  for (let i = 0; i < lines.length; i += 4) {
    pen.moveTo(lines[i] * side, lines[i + 1] * side);
    pen.lineTo(lines[i + 2] * side, lines[i + 3] * side);
  }
  pen.stroke();
  pen.restore();
}

/**
 * The border between the regions, and where the network is certain by so much.
 * @param {Pen} pen
 * @param {Field} field
 * @param {number} side
 * @param {Palette} palette
 * @param {OutputReader} reader
 * @param {boolean} withSure
 */
export function drawContours(pen, { side: places, probabilities }, side, palette, reader, withSure) {
  const size = reader.names.length;
  const ahead = reader.isMany ? probabilities : margins(probabilities, size);
  for (let c = 0; c < size; c += 1) {
    const border = contour(ahead, places, reader.isMany ? 0.5 : 0, size, c);
    drawLines(pen, border, side, {
      color: reader.isMany ? classColor(palette, c) : palette.ink,
      width: 1.6,
      alpha: 0.85,
    });
    if (!withSure) continue;
    for (const level of SURE)
      drawLines(pen, contour(probabilities, places, level, size, c), side, {
        color: palette.ink,
        width: 1,
        alpha: 0.4,
      });
  }
}

/**
 * One point: filled in the colour of its class, held-out ones as rings; with a cross where the prediction is wrong.
 * @param {Pen} pen
 * @param {Point} at
 * @param {{ classes: number[], isHeldOut: boolean, isWrong: boolean }} about
 * @param {number} radius
 * @param {Palette} palette
 */
export function drawPoint(pen, [x, y], { classes, isHeldOut, isWrong }, radius, palette) {
  fillPoint(pen, x, y, radius, palette, classes);
  disc(pen, x, y, radius, null, palette.paper, 1);
  if (isHeldOut) disc(pen, x, y, radius + 2, null, palette.ink, 1.5);
  if (!isWrong) return;
  const reach = radius + (isHeldOut ? 2 : 1);
  cross(pen, x, y, reach, palette.paper, 3.6);
  cross(pen, x, y, reach, palette.ink, 1.7);
}

/**
 * Numbers along the bottom and the left edge.
 * @param {Pen} pen
 * @param {Plane} plane
 * @param {number} side
 * @param {Palette} palette
 * @param {string} font
 */
export function drawAxes(pen, plane, side, palette, font) {
  pen.save();
  pen.font = `11px ${font}`;
  pen.lineJoin = 'round';
  plane.ends.forEach(([low, high], axis) => {
    for (const value of linearTicks(low, high, TICKS)) {
      const at = ((axis ? high - value : value - low) / (high - low)) * side;
      if (at < 24 || at > side - 24) continue;
      const [x, y] = axis ? [6, at] : [at, side - 6];
      pen.textAlign = axis ? 'left' : 'center';
      pen.textBaseline = axis ? 'middle' : 'bottom';
      pen.fillStyle = palette.ink;
      pen.fillRect(axis ? 0 : at - 0.5, axis ? at - 0.5 : side - 4, axis ? 4 : 1, axis ? 1 : 4);
      outlined(pen, tickText(value), x, y, palette);
    }
  });
  const [across, up] = plane.names;
  pen.font = `600 12px ${font}`;
  pen.textAlign = 'right';
  pen.textBaseline = 'bottom';
  outlined(pen, across, side - 6, side - 5, palette);
  pen.textAlign = 'left';
  pen.textBaseline = 'top';
  outlined(pen, up, 6, 5, palette);
  pen.restore();
}

/**
 * @param {Pen} pen
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {Palette} palette
 */
function outlined(pen, text, x, y, palette) {
  pen.strokeStyle = palette.paper;
  pen.lineWidth = 3;
  pen.strokeText(text, x, y);
  pen.fillStyle = palette.ink;
  pen.fillText(text, x, y);
}

/**
 * The example that goes through the network: a ring about its place.
 * @param {Pen} pen
 * @param {Point} at
 * @param {Palette} palette
 */
export function drawChosen(pen, [x, y], palette) {
  disc(pen, x, y, 9, null, palette.paper, 5);
  disc(pen, x, y, 9, null, palette.accent, 2.6);
}

/**
 * @param {Pen} pen
 * @param {Point} at
 * @param {number} side
 * @param {Palette} palette
 */
export function drawCrossHair(pen, [x, y], side, palette) {
  for (const { color, width } of [
    { color: palette.paper, width: 3 },
    { color: palette.ink, width: 1 },
  ]) {
    pen.beginPath();
    pen.moveTo(x, 0);
    pen.lineTo(x, side);
    pen.moveTo(0, y);
    pen.lineTo(side, y);
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.globalAlpha = 0.6;
    pen.stroke();
    pen.globalAlpha = 1;
  }
}
