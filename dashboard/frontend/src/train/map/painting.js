/** Points that are painted, moved and deleted by hand; every stroke can be undone. */

/** @typedef {{ x: number, y: number, label: number }} Painted */

export class Painting {
  /** @param {Painted[]} points */
  constructor(points) {
    this.points = points;
    /** @type {Painted[][]} */
    this.past = [];
  }

  /** Begin a stroke: what follows until the next one is undone together. */
  begin() {
    this.past.push(this.points);
  }

  /** End a stroke that changed nothing, if it did not. */
  end() {
    if (this.past.at(-1) === this.points) this.past.pop();
  }

  /** @param {Painted} point */
  add(point) {
    this.points = [...this.points, point];
  }

  /**
   * @param {number} index
   * @param {{ x: number, y: number }} to
   */
  move(index, to) {
    this.points = this.points.map((point, i) => (i === index ? { ...point, ...to } : point));
  }

  /** @param {number} index */
  remove(index) {
    this.points = this.points.filter((_, i) => i !== index);
  }

  clear() {
    if (!this.points.length) return;
    this.begin();
    this.points = [];
  }

  undo() {
    this.points = this.past.pop() ?? this.points;
  }

  /**
   * The point nearest to a place, of those for which `far(point)` is at most `reach`; -1 without one.
   * @param {(point: Painted) => number} far
   * @param {number} reach
   */
  nearest(far, reach) {
    let best = -1;
    let least = reach;
    this.points.forEach((point, i) => {
      const distance = far(point);
      if (distance <= least) {
        best = i;
        least = distance;
      }
    });
    return best;
  }
}

/**
 * The names of `count` classes: those of the data, and of further ones numbers that are none of these, as
 * dashboard/queries/planes.py names them.
 * @param {string[]} names
 * @param {number} count
 */
export function namesOf(names, count) {
  const known = [...names];
  for (let number = 0; known.length < count; number += 1)
    if (!names.includes(String(number))) known.push(String(number));
  return known.slice(0, count);
}

/**
 * Places along a brush's way from one to another, `apart` from each other, each scattered within `radius` about it.
 * @param {{ x: number, y: number }} from
 * @param {{ x: number, y: number }} to
 * @param {number} apart
 * @param {number} radius
 * @param {() => number} random
 */
export function scattered(from, to, apart, radius, random) {
  const count = Math.floor(Math.hypot(to.x - from.x, to.y - from.y) / apart);
  return Array.from({ length: count }, (_, i) => {
    const [way, angle] = [(i + 1) / count, 2 * Math.PI * random()];
    const out = radius * Math.sqrt(random());
    return {
      x: from.x + (to.x - from.x) * way + out * Math.cos(angle),
      y: from.y + (to.y - from.y) * way + out * Math.sin(angle),
    };
  });
}
