/** Connections as things to look at: which one a point is on, and what is known of one. */

import { neuronName, sourceName } from '../lib/format/text.js';
import { biasOf, weightOf } from '../lib/model/forward.js';
import { termsOf } from '../lib/model/math.js';
import { pointsOn } from './card-place.js';
import { linkKey } from './links.js';

/** @import { EdgeAbout, Layout, Link, Place, View } from './types.js' */

/**
 * Whether two are the same connection.
 * @param {Link | null} a
 * @param {Link | null} b
 */
export const isSameLink = (a, b) =>
  a === b || (a !== null && b !== null && linkKey(a.level, a.from, a.to) === linkKey(b.level, b.from, b.to));

/**
 * Of the links as they are drawn, the one nearest to a point and at most `slack` away; null where there is none.
 * @param {Layout} layout
 * @param {Link[]} links
 * @param {Place} at
 * @param {number} slack
 */
export function nearestLink(layout, links, at, slack) {
  /** @type {Link | null} */
  let nearest = null;
  let least = slack;
  for (const link of links) {
    const points = pointsOn(layout, link);
    for (let i = 1; i < points.length; i += 1) {
      const away = distanceTo(points[i - 1], points[i], at);
      if (away > least) continue;
      nearest = link;
      least = away;
    }
  }
  return nearest;
}

/**
 * How far a point is from a stretch.
 * @param {Place} a
 * @param {Place} b
 * @param {Place} at
 */
function distanceTo(a, b, at) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((at.x - a.x) * dx + (at.y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(at.x - a.x - t * dx, at.y - a.y - t * dy);
}

/**
 * What is known of a connection at the frame, the example and the changes by hand of a view.
 * @param {View} view
 * @param {Link} link
 * @returns {EdgeAbout}
 */
export function describeEdge(view, { level, from, to }) {
  const { layers, frame, values, edits, weights, store } = view;
  const matrix = edits.weight(frame, level);
  const at = from * layers[level].size + to;
  const { terms, z } = termsOf(matrix, biasOf(frame, level), values[level], to, [from]);
  return {
    from: level
      ? neuronName(layers, store.reader.unitNames, level - 1, from)
      : sourceName(store.imageShape, level, from, view.featureName),
    to: neuronName(layers, store.reader.unitNames, level, to),
    code: `layer${level}.weight[${from}, ${to}]`,
    weight: matrix.data[at],
    recorded: weightOf(frame, level).data[at],
    isChanged: edits.changedInputs(level, to).includes(from),
    activation: terms[0].a,
    product: terms[0].product,
    z,
    change: weights.isChange ? weights.matrix(frame, level, edits).data[at] : null,
    top: Math.max(weights.scales('weights').of(level), Math.abs(matrix.data[at])),
  };
}
