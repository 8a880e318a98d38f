/** Where the card of the neuron under the pointer stands: beside it, and over neither the neuron nor its paths. */

import { portOf } from './layout.js';

/** @import { Layout, Link, Place, Size } from './types.js' */

const GAP = 16;
const EDGE = 4;
const SAMPLES = 12; // points looked at on each path

/**
 * Points on the path of a link, in content coordinates; the curve is that of `drawLink`.
 * @param {Layout} layout
 * @param {Link} link
 */
export function pointsOn(layout, { level, from, to }) {
  const a = portOf(layout, level, from);
  const b = portOf(layout, level + 1, to);
  const [x1, x2] = [a.x + a.radius, b.x - b.radius];
  return Array.from({ length: SAMPLES + 1 }, (_, i) => {
    const t = i / SAMPLES;
    const ease = t * t * (3 - 2 * t);
    // A cubic whose handles are level with its ends: 45 % of the way across.
    const across = 3 * (1 - t) ** 2 * t * 0.45 + 3 * (1 - t) * t ** 2 * 0.55 + t ** 3;
    return { x: x1 + (x2 - x1) * across, y: a.y + (b.y - a.y) * ease };
  });
}

/**
 * The place of the card, of the places around the neuron and around the picture, that covers the fewest of `avoided`
 * points, and is in sight; the nearest of several. Everything is relative to the picture, which is `box` in size;
 * `sight` is the part of the window in which it can be seen.
 * @param {{ card: Size, at: Place, avoided: Place[], box: Size, sight: { left: number, top: number, right: number, bottom: number } }} about
 * @returns {Place}
 */
export function placeOfCard({ card, at, avoided, box, sight }) {
  /** @param {number} y */
  const within = (y) =>
    Math.max(Math.max(EDGE, sight.top + EDGE), Math.min(y, Math.min(box.height, sight.bottom) - card.height - EDGE));
  const beside = [at.x + GAP, at.x - GAP - card.width, box.width + GAP];
  const places = beside.flatMap((x) => [at.y - 40, -Infinity, Infinity].map((y) => ({ x, y: within(y) })));
  const right = Math.max(EDGE, box.width - card.width - EDGE);
  for (const y of [box.height + GAP, -card.height - GAP]) for (const x of [EDGE, right]) places.push({ x, y });
  /** @param {Place} place */
  const cost = ({ x, y }) => {
    const [endX, endY] = [x + card.width, y + card.height];
    const covered = avoided.filter((point) => point.x > x && point.x < endX && point.y > y && point.y < endY).length;
    const hidden =
      Math.max(0, sight.left - x) +
      Math.max(0, endX - sight.right) +
      Math.max(0, sight.top - y) +
      Math.max(0, endY - sight.bottom);
    return covered + 10 * hidden;
  };
  const costs = places.map(cost);
  return places[costs.indexOf(Math.min(...costs))];
}
