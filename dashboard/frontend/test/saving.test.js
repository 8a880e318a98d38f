import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../src/train/curves/history.js';
import { bodyOf } from '../src/train/saving/encode.js';
import { FRAME_MS, filmOf } from '../src/train/saving/schedule.js';

/** @import { SnapshotLine } from '../src/lib/model/types.js' */

const span = { stepsPerEpoch: 60, totalSteps: 600 };
const lines = [0, 1, 2, 3, 5, 8, 13, 20, 30, 40, 50, 60, 150, 300, 450, 600].map((step, number) => ({ step, number }));

test('a film shows every snapshot in order, as long as a replay and with a pause at its end', () => {
  const frames = filmOf(lines, span, 15, (number) => number);
  assert.deepEqual(
    frames.map(({ number }) => number),
    lines.map(({ number }) => number),
  );
  const whole = frames.reduce((sum, { ms }) => sum + ms, 0);
  assert.ok(Math.abs(whole - 16_500) <= 2 * FRAME_MS, `${whole}`);
});

test('a snapshot without arrays has the nearest in its place, once', () => {
  const frames = filmOf(lines, span, 5, (number) => (number === 15 ? 15 : number - (number % 5)));
  assert.deepEqual(
    frames.map(({ number }) => number),
    [0, 5, 10, 15],
  );
});

test('a film of a long run has no more frames than its length allows', () => {
  const many = Array.from({ length: 4000 }, (_, number) => ({ step: number, number }));
  assert.ok(
    filmOf(many, { stepsPerEpoch: 100, totalSteps: 3999 }, 5, (number) => number).length <= 5000 / FRAME_MS + 1,
  );
});

test('the frames go to the server with their sizes and times', async () => {
  const frames = [
    { picture: new Blob(['abc']), ms: 80.4 },
    { picture: new Blob(['defgh']), ms: 1500 },
  ];
  const buffer = await bodyOf('gif', frames).arrayBuffer();
  const length = new DataView(buffer).getUint32(0, true);
  const about = JSON.parse(new TextDecoder().decode(buffer.slice(4, 4 + length)));
  assert.deepEqual(about, {
    format: 'gif',
    frames: [
      [3, 80],
      [5, 1500],
    ],
  });
  assert.equal(new TextDecoder().decode(buffer.slice(4 + length)), 'abcdefgh');
});

/**
 * @param {number} number
 * @param {Array<[number, number | null]>} [batches]
 */
const line = (number, batches) =>
  /** @type {SnapshotLine} */ ({
    type: 'snapshot',
    number,
    step: 2 * number,
    learning_rate: 0.1,
    train: { loss: 1, accuracy: 0.5 },
    heldout: { loss: 1, accuracy: 0.5 },
    batch_losses: batches,
  });

test('the losses of the batches are in the order of their steps, with a gap where lines are not kept', () => {
  const history = new History();
  const snapshotLines = [
    line(0, []),
    line(1, [
      [0, 2],
      [1, null],
    ]),
  ];
  history.read({ snapshotLines, stepsPerEpoch: 2 });
  snapshotLines.push(
    line(3, [
      [4, 1],
      [5, 0.5],
    ]),
  );
  history.read({ snapshotLines, stepsPerEpoch: 2 });
  assert.deepEqual(history.batches.epochs, [0, 0.5, 2, 2, 2.5]);
  assert.deepEqual(history.batches.losses, [2, NaN, NaN, 1, 0.5]);
});

test('an older run has no losses of batches', () => {
  const history = new History();
  history.read({ snapshotLines: [line(0), line(1)], stepsPerEpoch: 2 });
  assert.deepEqual(history.batches.losses, []);
  assert.equal(history.length, 2);
});
