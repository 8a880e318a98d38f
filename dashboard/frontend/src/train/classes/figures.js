/** Order and course of the figures of the classes; null is undefined and never counts as a number. */

/** @import { PerClass } from '../../lib/model/types.js' */

/** @typedef {'precision' | 'recall' | 'f1'} Rate */

/**
 * The classes in order of a column, undefined ones last either way, ties as they were.
 * @param {Array<PerClass & { index: number }>} classes
 * @param {Rate | 'support' | 'label'} by
 * @param {boolean} falls
 */
export function sorted(classes, by, falls) {
  const sign = falls ? -1 : 1;
  return [...classes].sort((a, b) => {
    const [x, y] = by === 'label' ? [a.index, b.index] : [a[by], b[by]];
    if (x === null || y === null) return Number(x === null) - Number(y === null) || a.index - b.index;
    return sign * (x - y) || a.index - b.index;
  });
}

/**
 * The classes with the lowest F1; none when fewer than two are defined or all are alike.
 * @template {PerClass} Class
 * @param {Class[]} classes
 */
export function weakestOf(classes) {
  const defined = classes.filter(({ f1 }) => f1 !== null);
  const lowest = Math.min(...defined.map(({ f1 }) => f1 ?? Infinity));
  const weakest = defined.filter(({ f1 }) => f1 === lowest);
  return weakest.length < defined.length ? weakest : [];
}

/** F1 of each class in the snapshots that were seen, thinned out when there are many. */
export class Course {
  /** @type {Array<{ number: number, f1: Array<number | null> }>} */
  snapshots = []; // by number
  /** @type {Set<number>} */
  seen = new Set();

  /** @param {number} [limit] */
  constructor(limit = 96) {
    this.limit = limit;
  }

  forget() {
    this.snapshots = [];
    this.seen.clear();
  }

  /**
   * @param {number} number
   * @param {Array<{ f1: number | null }>} classes
   */
  see(number, classes) {
    if (this.seen.has(number)) return;
    this.seen.add(number);
    const at = this.snapshots.findLastIndex((each) => each.number < number) + 1;
    this.snapshots.splice(at, 0, { number, f1: classes.map(({ f1 }) => f1) });
    if (this.snapshots.length <= this.limit) return;
    const last = this.snapshots.length - 1;
    this.snapshots = this.snapshots.filter((_, i) => i % 2 === 0 || i === last);
    this.seen = new Set(this.snapshots.map((each) => each.number));
  }

  /**
   * The path of a class in a box, as SVG has it; a gap where it is undefined. Empty before two snapshots.
   * @param {number} index
   * @param {number} width
   * @param {number} height
   */
  path(index, width, height) {
    if (this.snapshots.length < 2) return '';
    const first = this.snapshots[0].number;
    const span = this.snapshots[this.snapshots.length - 1].number - first;
    let isDown = false;
    return this.snapshots
      .map(({ number, f1 }) => {
        const value = f1[index];
        if (value === null) {
          isDown = false;
          return '';
        }
        const point = `${isDown ? 'L' : 'M'}${((width * (number - first)) / span).toFixed(1)} ${(height * (1 - value)).toFixed(1)}`;
        isDown = true;
        return point;
      })
      .join('');
  }
}
