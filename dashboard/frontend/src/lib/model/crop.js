/** The part of a photograph that is read: a rectangle whose edges are shares of the width and the height. */

/** @import { Crop } from './types.js' */

/** @type {Readonly<Crop>} */
export const WHOLE = Object.freeze({ left: 0, top: 0, right: 1, bottom: 1 });
const LEAST = 0.05; // the smallest side

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
const between = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * The rectangle moved as a whole, never over the edge.
 * @param {Crop} crop
 * @param {number} across
 * @param {number} down
 * @returns {Crop}
 */
export function moved({ left, top, right, bottom }, across, down) {
  const x = between(across, -left, 1 - right);
  const y = between(down, -top, 1 - bottom);
  return { left: left + x, top: top + y, right: right + x, bottom: bottom + y };
}

/**
 * The rectangle with one corner moved: `corner` names its edges, such as 'top left'.
 * @param {Crop} crop
 * @param {string} corner
 * @param {number} across
 * @param {number} down
 * @returns {Crop}
 */
export function resized(crop, corner, across, down) {
  const { left, top, right, bottom } = crop;
  return {
    left: corner.includes('left') ? between(left + across, 0, right - LEAST) : left,
    right: corner.includes('right') ? between(right + across, left + LEAST, 1) : right,
    top: corner.includes('top') ? between(top + down, 0, bottom - LEAST) : top,
    bottom: corner.includes('bottom') ? between(bottom + down, top + LEAST, 1) : bottom,
  };
}

/** @param {Crop} crop */
export const isWhole = ({ left, top, right, bottom }) => left === 0 && top === 0 && right === 1 && bottom === 1;
