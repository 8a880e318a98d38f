import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsPath, HEIGHT, WIDTH } from '../src/data/bars.js';

/** @param {string} path */
const rectangles = (path) =>
  [...path.matchAll(/M(\S+) (\S+)h(\S+)V26h-\S+z/g)].map(([, x, y, width]) => [x, y, width].map(Number));

test('the largest bar has the full height, and the others their share of it', () => {
  const drawn = rectangles(barsPath([2, 4, 1]));
  assert.deepEqual(
    drawn.map(([, y]) => y),
    [HEIGHT / 2, 0, 0.75 * HEIGHT],
  );
  assert.deepEqual(
    drawn.map(([x]) => x),
    [0, WIDTH / 3, (2 * WIDTH) / 3],
  );
});

test('a rare value is seen, and one that does not occur leaves a gap', () => {
  const drawn = rectangles(barsPath([0, 1_000_000, 1]));
  assert.equal(drawn.length, 2);
  assert.equal(drawn[1][1], HEIGHT - 1);
});

test('bars never overlap or leave the drawing', () => {
  for (const n of [1, 2, 24, 90]) {
    const drawn = rectangles(barsPath(Array(n).fill(3)));
    assert.equal(drawn.length, n);
    for (const [i, [x, , width]] of drawn.entries()) {
      assert.ok(x + width <= (drawn[i + 1]?.[0] ?? WIDTH) + 0.02);
    }
  }
});

test('a column of nothing draws nothing', () => {
  assert.equal(barsPath([0, 0]), '');
});
