import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, neutral } from '../src/lib/model/transforms.js';

const image = { height: 3, width: 3, data: Float64Array.of(0, 0.5, 0, 1, 0.2, 0, 0, 0, 0.9) };
/**
 * @param {Float64Array} found
 * @param {number[]} expected
 */
const near = (found, expected) =>
  found.forEach((value, i) => {
    assert.ok(Math.abs(value - expected[i]) < 1e-12, `${found} is not ${expected}`);
  });

test('what changes nothing leaves the image as it is, to the bit', () => {
  assert.equal(changed(image, neutral()), image);
});

test('a quarter turn clockwise brings the left column to the top', () => {
  near(changed(image, { ...neutral(), rotate: 90 }).data, [0, 1, 0, 0, 0.2, 0.5, 0.9, 0, 0]);
});

test('moving by whole pixels moves every pixel, and bare paper follows', () => {
  near(changed(image, { ...neutral(), dx: 1, dy: 1 }).data, [0, 0, 0, 0, 0, 0.5, 0, 1, 0.2]);
});

test('thickening takes the most ink within reach, thinning the least', () => {
  const dot = { height: 3, width: 3, data: Float64Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0) };
  near(
    changed(dot, { ...neutral(), thick: 1 }).data,
    [0, 1, 0, 1, 1, 1, 0, 1, 0].map((v, i) => (i % 2 ? v : i === 4 ? 1 : 2 - Math.SQRT2)),
  );
  near(changed(dot, { ...neutral(), thick: -1 }).data, new Array(9).fill(0));
});

test('noise is the same for the same seed, another for another, and stays within 0 and 1', () => {
  /** @param {number} seed */
  const noisy = (seed) => [...changed(image, { ...neutral(), noise: 0.5 }, seed).data];
  assert.deepEqual(noisy(1), noisy(1));
  assert.notDeepEqual(noisy(1), noisy(2));
  assert.ok(noisy(3).every((value) => value >= 0 && value <= 1));
});
