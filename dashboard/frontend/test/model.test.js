import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Edits } from '../src/lib/model/edits.js';
import { roundUp, softmax, strongest } from '../src/lib/model/math.js';
import { classesOf, readerOf } from '../src/lib/model/output-reader.js';

test('a label is a class number or a row of 0 and 1; nobody knows a null', () => {
  assert.deepEqual(classesOf(3), [3]);
  assert.deepEqual(classesOf(3n), [3]);
  assert.deepEqual(classesOf([0, 1, 1]), [1, 2]);
  assert.equal(classesOf(null), null);
});

test('of several labels each is predicted from one half on', () => {
  const reader = readerOf({ dataset: { class_names: ['a', 'b', 'c'], is_multilabel: true, image_shape: null } });
  assert.deepEqual(reader.predicted([0.5, 0.49, 0.9]), [0, 2]);
  assert.equal(reader.words([]), 'no label');
  assert.equal(reader.words([0, 2]), 'a, c');
});

test('softmax bears logits of any size', () => {
  assert.deepEqual([...softmax([1000, 1000])], [0.5, 0.5]);
  assert.deepEqual([...softmax([-1000, 0])], [0, 1]);
});

test('the strongest are the largest in magnitude; zeros never', () => {
  assert.deepEqual(strongest([0, -3, 2, 0, 1], 2), [1, 2]);
  assert.deepEqual(strongest([0, -3], 5), [1]);
  assert.deepEqual(strongest([1], 0), []);
});

test('a scale ends at a short number that is not below the value', () => {
  assert.deepEqual([0.9, 1.2, 7, 11, 0].map(roundUp), [1, 1.5, 8, 15, 1]);
});

test('changes by hand are taken back one by one, and a drag is one change', () => {
  const edits = new Edits();
  edits.toggleNeuron(0, 2);
  edits.setWeight(1, 0, 3, 0.5);
  edits.setWeight(1, 0, 3, 0.7);
  assert.equal(edits.firstLayer(), 0);
  assert.deepEqual(edits.changedInputs(1, 3), [0]);
  edits.undo();
  assert.deepEqual(edits.changes, [{ layer: 0, unit: 2 }]);
  edits.undo();
  assert.equal(edits.active, false);
});

test('a changed weight lies over the recorded one, which stays', () => {
  const recorded = { shape: [1, 2], data: Float32Array.of(1, 2) };
  const frame = /** @type {import('../src/lib/model/types.js').Frame} */ (
    /** @type {unknown} */ ({ tensor: () => recorded })
  );
  const edits = new Edits();
  edits.setWeight(0, 0, 1, 5);
  assert.deepEqual([...edits.weight(frame, 0).data], [1, 5]);
  assert.deepEqual([...recorded.data], [1, 2]);
});
