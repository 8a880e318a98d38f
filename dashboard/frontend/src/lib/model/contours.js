/** Lines on which a field of numbers over a grid has one value, by marching squares. */

/** @import { Numbers } from './types.js' */

/** Which sides of a cell a line joins, for each of the 16 ways in which its corners lie above: [from, to] pairs. */
const SIDES = [
  [],
  [3, 2],
  [2, 1],
  [3, 1],
  [1, 0],
  [3, 0, 1, 2],
  [2, 0],
  [3, 0],
  [0, 3],
  [0, 2],
  [0, 1, 2, 3],
  [0, 1],
  [1, 3],
  [1, 2],
  [2, 3],
  [],
];

/**
 * The lines on which `values`, `side` x `side` numbers at the middles of cells, are `level`: [x0, y0, x1, y1, ...] from 0
 * to 1 across and down the whole square. `stride` and `start` pick one of several numbers a place.
 * @param {Numbers} values
 * @param {number} side
 * @param {number} level
 * @param {number} [stride]
 * @param {number} [start]
 */
export function contour(values, side, level, stride = 1, start = 0) {
  /** @type {number[]} */
  const lines = [];
  /**
   * @param {number} row
   * @param {number} column
   */
  const above = (row, column) => values[(row * side + column) * stride + start] - level;
  for (let row = 0; row + 1 < side; row += 1) {
    for (let column = 0; column + 1 < side; column += 1) {
      const a = above(row, column);
      const b = above(row, column + 1);
      const c = above(row + 1, column + 1);
      const d = above(row + 1, column);
      const kind = (a > 0 ? 8 : 0) | (b > 0 ? 4 : 0) | (c > 0 ? 2 : 0) | (d > 0 ? 1 : 0);
      const sides = SIDES[kind];
      for (const at of sides) {
        let x = column;
        let y = row;
        if (at === 0) x += a / (a - b);
        else if (at === 1) {
          x += 1;
          y += b / (b - c);
        } else if (at === 2) {
          x += d / (d - c);
          y += 1;
        } else y += a / (a - d);
        lines.push((x + 0.5) / side, (y + 0.5) / side);
      }
    }
  }
  return lines;
}

/**
 * By how much each class is ahead of the likeliest other one at every place: 0 on the border of its region.
 * @param {Numbers} probabilities
 * @param {number} size
 */
export function margins(probabilities, size) {
  const ahead = new Float32Array(probabilities.length);
  for (let at = 0; at < probabilities.length; at += size) {
    let first = -Infinity;
    let second = -Infinity;
    for (let c = 0; c < size; c += 1) {
      const p = probabilities[at + c];
      if (p > first) {
        second = first;
        first = p;
      } else if (p > second) second = p;
    }
    for (let c = 0; c < size; c += 1)
      ahead[at + c] = probabilities[at + c] - (probabilities[at + c] === first ? second : first);
  }
  return ahead;
}
