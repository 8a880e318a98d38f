import assert from 'node:assert/strict';
import { test } from 'node:test';
import { haveSameExamples, sameExample } from '../src/train/beside/example.js';
import { pairOf } from '../src/train/beside/pairing.js';
import { apartWords, momentOf, shortWords, waitingWords } from '../src/train/beside/words.js';
import { createStore } from '../src/train/store.js';

/** @import { SnapshotLine } from '../src/lib/model/types.js' */

/**
 * A run with snapshots at these steps.
 * @param {number[]} steps
 * @param {number} stepsPerEpoch
 * @param {number} [seconds] of a step
 */
function run(steps, stepsPerEpoch, seconds = 0.1) {
  const store = createStore();
  store.reset('', 'a-run');
  store.description = /** @type {never} */ ({ steps_per_epoch: stepsPerEpoch });
  const lines = steps.map((step, number) => ({ type: 'snapshot', number, step, train_seconds: step * seconds }));
  store.learn(/** @type {never} */ ({ lines, best: null }), true);
  return store;
}

/** @param {ReturnType<typeof run>} store */
const lineAt = (store, number = 0) => /** @type {SnapshotLine} */ (store.history.at(number));

test('the snapshot beside is of the same epoch, step or second of training, whatever the sizes of the batches', () => {
  const shown = run([0, 50, 100, 150], 50, 0.1);
  const other = run([0, 10, 20, 30, 40, 100, 200], 10, 0.05);
  const at = (/** @type {'epoch' | 'step' | 'time'} */ same) => pairOf(lineAt(shown, 2), shown, other, same)?.line.step;
  assert.deepEqual([at('epoch'), at('step'), at('time')], [20, 100, 200]);
});

test('where none is of that very moment it is the last one before it, and at the start the first', () => {
  const shown = run([0, 1, 7, 25, 30], 10);
  const other = run([0, 10, 20, 30], 10);
  const steps = [0, 1, 2, 3, 4].map((number) => pairOf(lineAt(shown, number), shown, other, 'epoch')?.line.step);
  assert.deepEqual(steps, [0, 0, 0, 20, 30]);
  const late = run([5, 10], 10); // its first lines are not kept
  assert.equal(pairOf(lineAt(shown), shown, late, 'step')?.line.step, 5);
  assert.equal(pairOf(lineAt(shown), shown, run([], 10), 'step'), null);
});

test('epochs are the same though their fractions are rounded', () => {
  const shown = run([0, 1, 2, 3], 3);
  const other = run([0, 7, 14, 21], 21);
  assert.equal(pairOf(lineAt(shown, 1), shown, other, 'epoch')?.line.step, 7);
  assert.equal(pairOf(lineAt(shown, 3), shown, other, 'epoch')?.isShort, false);
});

test('a run that ends before that moment is short of it, by the measure that counts', () => {
  const shown = run([0, 100], 10, 0.1);
  const other = run([0, 100], 50, 0.2);
  const short = (/** @type {'epoch' | 'step' | 'time'} */ same) =>
    pairOf(lineAt(shown, 1), shown, other, same)?.isShort;
  assert.deepEqual([short('epoch'), short('step'), short('time')], [true, false, false]);
  other.status = { status: 'stopped' };
  assert.equal(shortWords(other, true), 'B ended at epoch 2 (stopped): its last snapshot stands.');
  other.status = { status: 'running' };
  assert.equal(shortWords(other, true), 'B is not there yet: its newest snapshot is shown.');
  assert.equal(shortWords(other, false), '');
});

test('a snapshot that gave up its arrays is passed over', () => {
  const other = run([0, 10, 20, 30], 10);
  other.thinned.add([[1, 2]]);
  assert.equal(pairOf(lineAt(run([0, 20], 10), 1), run([0], 10), other, 'step')?.line.step, 0);
});

/**
 * @param {string} name
 * @param {unknown[]} judged
 */
const about = (name, judged) => /** @type {never} */ ({ judged, dataset: { name, image_shape: [8, 8] } });

test('two runs show the same image where the same held-out examples judge them, and say why where they do not', () => {
  const [digits, again] = [about('digits', ['f00d', 10]), about('digits', ['f00d', 10])];
  assert.equal(haveSameExamples(digits, again), true);
  assert.equal(haveSameExamples(digits, null), false);
  assert.equal(apartWords(digits, again), '');
  assert.match(
    apartWords(about('mnist-5k', ['beef', 10]), digits),
    /other data than A \(digits, not mnist-5k\).*own\.$/,
  );
  assert.match(apartWords(digits, about('digits', ['f00d', 20])), /other held-out examples of digits than A.*an image/);
});

test('the same example is the one of the same place, and one that was asked for by its name, which may have to be sent', () => {
  const judged = { description: about('digits', ['f00d', 10]), plane: null };
  /** @param {Partial<import('../src/lib/model/types.js').Example>} [sample] */
  const probe = (sample) => /** @type {never} */ ({ labels: sample ? [[0], [1], [2]] : [[0], [1]], sample });
  const seventh = { split: 'test', index: 7 };
  const from = { ...judged, probe: probe(seventh), probeIndex: 1 };
  assert.equal(sameExample(from, { ...judged, probe: probe() }), 1);
  from.probeIndex = 2;
  assert.equal(sameExample(from, { ...judged, probe: probe() }), 'test-7');
  assert.equal(sameExample(from, { ...judged, probe: probe({ split: 'test', index: 8 }) }), 'test-7');
  assert.equal(sameExample(from, { ...judged, probe: probe(seventh) }), 2);
  assert.equal(sameExample(from, { ...judged, probe: probe(), description: about('digits', ['beef', 10]) }), null);
  assert.equal(sameExample(from, { ...judged, probe: /** @type {never} */ (null) }), null);
});

test('the head of a run says its moment, its held-out figure and its prediction, and whether that is right', () => {
  const store = run([0, 75], 50);
  assert.equal(momentOf(store), null);
  const outputs = { shape: [2, 2], data: Float32Array.of(0.9, 0.1, 0.2, 0.8) };
  Object.assign(store, {
    layerSizes: [4, 2],
    reader: {
      names: ['no', 'yes'],
      accuracy: 'accuracy',
      probabilities: (/** @type {Float32Array} */ values) => values,
      predicted: (/** @type {Float32Array} */ [p, q]) => [Number(q > p)],
      words: (/** @type {number[]} */ classes) => classes.map((c) => ['no', 'yes'][c]).join(', '),
    },
    probe: { images: { shape: [2, 4], data: new Float32Array(8) }, labels: [[0], [0]] },
    shown: { number: 1, line: { ...lineAt(store, 1), heldout: { accuracy: 0.5 } }, tensor: () => outputs },
  });
  const first = momentOf(store);
  assert.equal(first?.moment, 'Epoch 1.50 · step 75 · 7.5 s of training');
  assert.equal(first?.figure, 'Held-out accuracy 50.0 %');
  assert.deepEqual([first?.prediction, first?.verdict], ['Prediction no (90.0 %)', 'right']);
  store.selectProbe(1);
  const second = momentOf(store);
  assert.deepEqual([second?.prediction, second?.verdict], ['Prediction yes (80.0 %)', 'wrong, it is no']);
});

test('before its first picture the network beside says what is waited for', () => {
  assert.equal(waitingWords(null, false), 'Loading the run …');
  assert.equal(waitingWords({ status: 'starting' }, false), 'The run is about to begin …');
  assert.equal(waitingWords({ status: 'failed', message: 'The disk is full.' }, false), 'The disk is full.');
});
