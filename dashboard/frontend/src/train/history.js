/**
 * The lines of a run's snapshots in bounded memory: every 2^k-th, and always the first, the newest, the best so far and
 * those with an event. The server keeps its lines by the same rule (`dashboard.queries.history`).
 */

/** @import { SnapshotLine } from '../lib/model/types.js' */

export class SnapshotLines {
  /** @type {SnapshotLine[]} */
  kept = []; // in order of their numbers
  /** @type {number | null} */
  best = null; // the number of the best snapshot so far, which the server says
  apart = 1; // 2^k
  /** @type {Set<number>} */
  marked = new Set(); // numbers with an event

  most = Infinity; // how many are kept, which the server says

  forget() {
    Object.assign(this, { kept: [], best: null, apart: 1, marked: new Set() });
  }

  get newest() {
    return this.kept.at(-1)?.number ?? -1;
  }

  /**
   * Take in the next snapshot's line.
   * @param {SnapshotLine} line
   */
  add(line) {
    const last = this.kept.at(-1);
    if (last && !this.#stays(last)) this.kept.pop();
    this.kept.push(line);
    while (this.kept.length > this.most) {
      const before = this.kept.length;
      this.apart *= 2;
      this.kept = this.kept.filter((each) => each === line || this.#stays(each));
      if (this.kept.length === before && this.apart > line.number) break; // all that is left has to stay
    }
  }

  /**
   * Keep the newest snapshot, as something happened at its step.
   * @param {number} step
   */
  mark(step) {
    const last = this.kept.at(-1);
    if (last?.step === step) this.marked.add(last.number);
  }

  /** @param {SnapshotLine} line */
  #stays(line) {
    return line.number % this.apart === 0 || line.number === this.best || this.marked.has(line.number);
  }

  /**
   * The line of a snapshot, or the one nearest before it.
   * @param {number} number
   */
  at(number) {
    return this.kept[this.placeOf(number)];
  }

  /**
   * Where the line of a snapshot, or the one nearest before it, stands in `kept`; 0 at the least.
   * @param {number} number
   */
  placeOf(number) {
    let low = 0;
    let high = this.kept.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.kept[middle].number <= number) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The snapshots that gave up their arrays: their figures are known, but they cannot be drawn. */
export class Thinned {
  /** @type {Set<number>} */
  numbers = new Set();

  forget() {
    this.numbers.clear();
  }

  /**
   * Take in [first, last] ranges of numbers.
   * @param {Array<[number, number]>} ranges
   */
  add(ranges) {
    for (const [first, last] of ranges) for (let number = first; number <= last; number += 1) this.numbers.add(number);
  }

  /**
   * The snapshot nearest to `number`, of those up to `newest`, that can be drawn; the first and the newest always can.
   * @param {number} number
   * @param {number} newest
   */
  nearest(number, newest) {
    for (let away = 0; away <= newest; away += 1) {
      if (number - away >= 0 && !this.numbers.has(number - away)) return number - away;
      if (number + away <= newest && !this.numbers.has(number + away)) return number + away;
    }
    return number;
  }

  /**
   * The next one in a direction (1 or -1) that can be drawn, or null beyond the ends.
   * @param {number} number
   * @param {number} way
   * @param {number} newest
   */
  next(number, way, newest) {
    for (let at = number + way; at >= 0 && at <= newest; at += way) if (!this.numbers.has(at)) return at;
    return null;
  }
}
