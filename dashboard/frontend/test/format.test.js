import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linearTicks, logTicks, rangeOf } from '../src/lib/charts/scale.js';
import { asNumber, asPercent, counted, withArticle, withoutMiddle } from '../src/lib/format/text.js';

test('numbers have a real minus sign, and none where they round to 0', () => {
  assert.equal(asNumber(-1.25, 2), '−1.25');
  assert.equal(asNumber(-0.001, 2), '0.00');
  assert.equal(asNumber(null), '–');
  assert.equal(asNumber(1e-7, 4), '1.00e-7');
});

test('a name that is too long keeps both its ends', () => {
  const within = (/** @type {number} */ most) => (/** @type {string} */ text) => text.length <= most;
  assert.equal(withoutMiddle('Embarked = Cherbourg', within(20)), 'Embarked = Cherbourg');
  assert.equal(withoutMiddle('Embarked = Cherbourg', within(12)), 'Emba…erbourg');
  assert.equal(withoutMiddle('Embarked = Cherbourg', within(1)), 'E…');
  assert.equal(withoutMiddle('no', within(1)), 'no');
});

test('a percentage says neither 0 nor 100 where it is not', () => {
  assert.deepEqual([0, 0.0001, 0.5, 0.99999, 1].map(asPercent), ['0 %', '<0.1 %', '50.0 %', '>99.9 %', '100 %']);
});

test('words agree with their number and their sound', () => {
  assert.deepEqual([counted(1, 'change'), counted(2, 'change')], ['1 change', '2 changes']);
  assert.deepEqual(['7', '8', 'ankle boot'].map(withArticle), ['a 7', 'an 8', 'an ankle boot']);
});

test('ticks are round numbers within the range', () => {
  assert.deepEqual(
    linearTicks(0, 1, 4).map((tick) => Number(tick.toFixed(6))),
    [0, 0.25, 0.5, 0.75, 1],
  );
  assert.deepEqual(linearTicks(2, 2, 4), [2]);
  assert.ok(logTicks(0.01, 10).every((tick) => tick >= 0.01 && tick <= 10));
});

test('the axis of a run that diverged ends where its sane part does', () => {
  const exploding = [2.5, 3, 9, 1e3, 1e6, 1e9, 1e15, 1e20, 1e30, 1e33];
  assert.deepEqual(rangeOf([exploding], 0, Infinity), { low: 2.5, high: 22.5, beyond: 1e33 });
  const noisy = [2.5, 2, 1.5, 4, 1, 0.5];
  assert.deepEqual(rangeOf([noisy], 0, Infinity), { low: 0.5, high: 4, beyond: null });
});
