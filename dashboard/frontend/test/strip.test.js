import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStore } from '../src/train/store.js';
import { longestOf, wordsOf } from '../src/train/strip/words.js';

/** @import { Store } from '../src/train/types.js' */

/**
 * A store that knows of a run of 10 epochs of 50 steps, with snapshots at some steps.
 * @param {Partial<NonNullable<Store['status']>>} status
 * @param {number[]} steps
 */
function knowing(status, steps) {
  const store = createStore();
  store.reset('', 'a-run');
  store.description = /** @type {never} */ ({ steps_per_epoch: 50 });
  store.reader = /** @type {never} */ ({ accuracy: 'accuracy' });
  const lines = steps.map((step, number) => ({
    ...{ type: 'snapshot', number, step, learning_rate: 0.001 },
    heldout: { loss: 1, accuracy: step / 1000 },
  }));
  store.learn(/** @type {never} */ ({ lines, best: null }), true);
  store.status = { status: 'running', step: 0, epoch: 0, total_steps: 500, n_epochs: 10, ...status };
  return store;
}

test('what the strip says is never behind the snapshots', () => {
  const late = wordsOf(knowing({ status: 'starting' }, [0, 50, 125]));
  assert.equal(late.status, 'running');
  assert.equal(late.recorded.epoch, 'epoch 2 of 10');
  assert.equal(late.recorded.step, 'step 125');
  assert.equal(late.recorded.accuracy, 'held-out accuracy 12.5 %');
  assert.equal(late.share, 0.25);
});

test('a run that begins again is said to start, though it has snapshots of before', () => {
  assert.equal(wordsOf(knowing({ status: 'starting', step: 125, epoch: 2 }, [0, 50, 125])).status, 'starting');
});

test('at work the strip says how long it takes, at the end what there is to say, and before the first snapshot nothing', () => {
  assert.equal(wordsOf(knowing({ seconds_left: 75 }, [0])).message, '1:15 min left');
  const failed = { status: 'failed', message: 'The disk is full.', seconds_left: null };
  assert.equal(wordsOf(knowing(failed, [0, 50])).message, 'The disk is full.');
  assert.equal(wordsOf(knowing(failed, [0, 50])).share, null);
  assert.equal(wordsOf(knowing(failed, [])).message, '');
});

test('the room of a cell is enough for whatever it says while the run goes on', () => {
  for (const [step, learningRate] of [
    [0, 0.5],
    [125, 0.000123],
    [500, 1.23e-5],
    [499, 1],
  ]) {
    const store = knowing({ samples_per_second: 1234567.8 }, [step]);
    store.history.at(0).learning_rate = learningRate;
    const { recorded } = wordsOf(store);
    /** @type {Record<string, string> | null} */
    const longest = longestOf(store);
    assert.ok(longest);
    for (const [name, words] of Object.entries(recorded))
      assert.ok(words.length <= longest[name].length, `${words} in the room of ${longest[name]}`);
  }
});
