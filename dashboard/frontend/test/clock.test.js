import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Clock, shareOf } from '../src/train/clock.js';

const span = { stepsPerEpoch: 60, totalSteps: 600 };
const lines = [0, 1, 2, 3, 5, 8, 13, 20, 30, 40, 50, 60, 150, 300, 450, 600].map((step) => ({ step }));

test('the first epoch takes the first third, and a run its whole time', () => {
  assert.equal(shareOf(0, span), 0);
  assert.ok(Math.abs(shareOf(60, span) - 1 / 3) < 1e-12);
  assert.ok(Math.abs(shareOf(330, span) - 2 / 3) < 1e-12);
  assert.equal(shareOf(600, span), 1);
});

test('the first steps are seen one by one', () => {
  const times = [0, 1, 2, 3, 5, 8].map((step) => 12 * shareOf(step, span));
  for (let i = 1; i < times.length; i += 1) assert.ok(times[i] - times[i - 1] > 0.1, `${times}`);
});

test('a run of one epoch has all the time for it, one of single steps none more for its first', () => {
  assert.equal(shareOf(60, { stepsPerEpoch: 60, totalSteps: 60 }), 1);
  assert.ok(shareOf(1, { stepsPerEpoch: 1, totalSteps: 100 }) < 0.02);
});

test('a finished run is shown in as many seconds as were chosen, each snapshot in its turn', () => {
  const clock = new Clock();
  clock.seconds = 5;
  /** @type {number[]} */
  const seen = [];
  let ms = 0;
  for (let isThere = false; !isThere; ms += 10) {
    isThere = clock.advance(10, 600, span);
    const { step } = clock.lineOf(lines, span);
    if (seen.at(-1) !== step) seen.push(step);
  }
  assert.deepEqual(
    seen,
    lines.map(({ step }) => step),
  );
  assert.ok(Math.abs(ms - 5000) <= 20, `${ms}`);
});

test('it waits for a slower run, and a burst of snapshots does not run away from it', () => {
  const clock = new Clock();
  assert.ok(clock.advance(60_000, 3, span));
  assert.equal(clock.lineOf(lines, span).step, 3);
  assert.equal(clock.behind(3, span), 0);
  assert.ok(clock.behind(600, span) > 8000);
  assert.ok(!clock.advance(100, 600, span));
  assert.ok(clock.lineOf(lines, span).step < 20);
});

test('a run that goes on has more to come', () => {
  const clock = new Clock();
  clock.advance(60_000, 600, span);
  assert.equal(clock.share, 1);
  assert.ok(clock.advance(0, 600, { stepsPerEpoch: 60, totalSteps: 1200 }));
  assert.ok(clock.share < 1);
});
