/** The part of a photograph that is read, as it is dragged and moved by keys. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWhole, moved, resized, WHOLE } from '../src/lib/model/crop.js';

const PART = { left: 0.2, top: 0.3, right: 0.6, bottom: 0.8 };
const near = (/** @type {number} */ a, /** @type {number} */ b) =>
  assert.ok(Math.abs(a - b) < 1e-12, `${a} is not ${b}`);

test('moved over the edge, a part keeps its size and stops there', () => {
  const part = moved(PART, 5, -5);
  near(part.right, 1);
  near(part.top, 0);
  near(part.right - part.left, PART.right - PART.left);
  near(part.bottom - part.top, PART.bottom - PART.top);
  assert.deepEqual(moved(WHOLE, 0.1, 0.1), WHOLE);
});

test('a corner moves its two edges alone, and never past the opposite ones or over the image', () => {
  assert.deepEqual(resized(PART, 'top left', -1, -1), { ...PART, left: 0, top: 0 });
  const small = resized(PART, 'bottom right', -1, -1);
  assert.ok(small.right > small.left && small.bottom > small.top);
  assert.deepEqual([small.left, small.top], [PART.left, PART.top]);
  assert.ok(isWhole(resized(resized(PART, 'top left', -1, -1), 'bottom right', 1, 1)));
});
