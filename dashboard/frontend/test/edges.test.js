import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asPoints } from '../src/lib/format/text.js';
import { changeOf, sinceWords } from '../src/lib/model/change.js';
import { isSameLink, nearestLink } from '../src/network/edges.js';
import { WeightHistory } from '../src/network/history.js';
import { layOut } from '../src/network/layout.js';

/** @import { Frame, Layer, Since } from '../src/lib/model/types.js' */

/**
 * A frame with one weight matrix of one weight.
 * @param {number} number
 * @param {number} [weight]
 */
const frame = (number, weight = 0) =>
  /** @type {Frame} */ (
    /** @type {unknown} */ ({
      number,
      line: { step: 1000 * number },
      tensor: () => ({ shape: [1, 1], data: [weight] }),
    })
  );

test('what weights are compared with is said in words', () => {
  /**
   * @param {Since} since
   * @param {Frame | null} base
   */
  const words = (since, base) => sinceWords({ base: { since, frame: base }, shown: frame(3) });
  assert.equal(words('start', frame(0)), 'change since step 0');
  assert.equal(words('last', frame(2)), 'change since step 2,000');
  assert.equal(words('pinned', frame(5)), 'difference from step 5,000');
  assert.equal(words('last', frame(3)), 'no snapshot before this one');
  assert.equal(words('pinned', frame(3)), 'no change: this is step 3,000');
  assert.equal(words('start', null), 'weights: the snapshot to compare with cannot be read');
  assert.equal(sinceWords({ base: null, shown: frame(3) }), null);
});

test('matrices of two shapes have no difference', () => {
  const [a, b] = [2, 3].map((n) => ({ shape: [1, n], data: new Float32Array(n) }));
  assert.throws(() => changeOf(a, b), /one shape, got 1,3|one shape, got 1 × 3 and 1 × 2/);
});

test('a share moves by points', () => {
  assert.deepEqual([-0.003, 0.0371, 0.0001].map(asPoints), ['−0.3 points', '+3.7 points', '±0.0 points']);
});

test('the connection under the pointer is the nearest one, and none is far away', () => {
  const layers = /** @type {Layer[]} */ ([
    { index: 0, size: 2, isOutput: false },
    { index: 1, size: 2, isOutput: true },
  ]);
  const input = { size: 2, imageShape: null, plane: false };
  const layout = layOut({ width: 800, height: 400, input, layers, faces: false, longestName: 1 });
  const [hidden] = layout.hidden;
  const links = [0, 1].flatMap((from) => [0, 1].map((to) => ({ level: 1, from, to, value: 1 })));
  const level = { x: (hidden.xs[0] + layout.output.xs[0]) / 2, y: hidden.ys[0] };
  for (const to of [0, 1]) {
    const at = { x: layout.output.xs[to] - layout.output.radius - 8, y: layout.output.ys[to] + (to ? -3 : 3) };
    assert.equal(nearestLink(layout, links, at, 6)?.to, to);
  }
  assert.equal(nearestLink(layout, links, { ...level, y: 0 }, 6), null);
  assert.ok(isSameLink(links[1], { ...links[1] }) && !isSameLink(links[1], links[2]) && !isSameLink(links[0], null));
});

test('the history of a weight is that of the record and of the frames seen, in order', () => {
  const history = new WeightHistory();
  const link = { level: 0, from: 0, to: 0, value: 1 };
  history.see(link, frame(2, 0.5));
  assert.ok(!history.knows(link));
  history.recall(link, { numbers: [0, 1, 2], steps: [0, 1000, 2000], weights: [0.1, null, 0.5] });
  history.see(link, frame(3, 0.75));
  assert.ok(history.knows(link));
  assert.deepEqual(
    history.of(link).map(({ step, value }) => [step, value]),
    [
      [0, 0.1],
      [2000, 0.5],
      [3000, 0.75],
    ],
  );
});
