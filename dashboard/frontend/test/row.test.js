import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createBeforeAfter } from '../src/draw/before-after.js';
import { createRow } from '../src/draw/row.js';
import { readerOf } from '../src/lib/model/output-reader.js';
import { cellText, changesOf, choicesOf, effectOf, encoded } from '../src/lib/model/row.js';
import { box, one } from './dom.js';

/** @import { RowColumn } from '../src/lib/model/types.js' */

/** @type {Omit<RowColumn, 'name' | 'kind'>} */
const plain = {
  values: [],
  categories: [],
  median: null,
  says_missing: false,
  may_be_missing: false,
  low: 0,
  high: 80,
  typical: 30,
  is_whole: true,
};
/** @type {RowColumn[]} */
const columns = [
  { ...plain, name: 'age', kind: 'number', median: 30, says_missing: true, may_be_missing: true },
  {
    ...plain,
    name: 'port',
    kind: 'category',
    values: ['Cork', 'Kiel', 'Oslo'],
    categories: [0, 2, null],
    may_be_missing: true,
  },
  { ...plain, name: 'alone', kind: 'boolean', values: ['no', 'yes'] },
];
const reader = readerOf({ dataset: { class_names: ['died', 'survived'], image_shape: null } });

test('a missing number becomes the median with a flag, and a value that training did not have no input of a category', () => {
  assert.deepEqual(encoded([41, 1, 1], columns), [41, 0, 0, 0, 0, 1]);
  assert.deepEqual(encoded([Number.NaN, Number.NaN, 0], columns), [30, 1, 0, 0, 1, 0]);
});

test('cells are in their units, and what is missing or new to the network is said', () => {
  assert.deepEqual(
    [1234567, 71.28330001, -0.5, null].map((value) => cellText(columns[0], value)),
    ['1234567', '71.2833', '−0.5', 'missing'],
  );
  const texts = (/** @type {RowColumn} */ column) => choicesOf(column).map(({ text }) => text);
  assert.deepEqual(texts(columns[1]), ['Cork', 'Kiel (not in training)', 'Oslo', 'missing']);
  assert.deepEqual(texts(columns[2]), ['no', 'yes']);
});

test('a change and what it did are said with both values', () => {
  assert.deepEqual(changesOf(columns, [41, Number.NaN, 1], [Number.NaN, Number.NaN, 0]), [
    { name: 'age', from: '41', to: 'missing' },
    { name: 'alone', from: 'yes', to: 'no' },
  ]);
  assert.equal(effectOf(reader, [0.8, 0.2], [0.6, 0.4]), 'stays “died”: 80.0 % → 60.0 %');
  assert.equal(effectOf(reader, [0.8, 0.2], [0.4, 0.6]), 'changes from “died” (80.0 %) to “survived” (60.0 %)');
});

test('each column is a slider or a list, a change is followed at once and can be taken back', () => {
  let moves = 0;
  let backs = 0;
  const acts = { moved: () => (moves += 1), back: () => (backs += 1), typical() {} };
  const table = createRow({ columns, reader }, acts);
  const root = box();
  root.append(table.element);
  const base = [95, 0, 1];
  table.put(base);
  table.mark(base, 'test example 3');
  const [slider, port, alone] = ['age', 'port', 'alone'].map(
    (name) => /** @type {HTMLInputElement} */ (one(root, `[aria-label="${name}"]`)),
  );
  const back = /** @type {HTMLButtonElement} */ (root.querySelector('.nv-button'));
  assert.deepEqual([slider.max, slider.value, back.disabled], ['95', '95', true], 'beyond what training had');

  port.value = '2';
  port.dispatchEvent(new Event('change'));
  alone.value = '0';
  alone.dispatchEvent(new Event('change'));
  const missing = /** @type {HTMLInputElement} */ (one(root, '[aria-label="age is missing"]'));
  missing.checked = true;
  missing.dispatchEvent(new Event('change'));
  assert.deepEqual([moves, table.row, slider.disabled], [3, [Number.NaN, 2, 0], true]);
  table.mark(base, 'test example 3');
  assert.deepEqual(
    [...root.querySelectorAll('.dr-change-head small')].map(({ textContent }) => textContent),
    ['was 95', 'was Cork', 'was yes'],
  );
  assert.equal(back.textContent, 'Back to test example 3');
  back.click();
  assert.equal(backs, 1);
  table.destroy();
});

test('before and after stand side by side, class by class', () => {
  const card = createBeforeAfter(reader);
  const root = box();
  root.append(card.element);
  card.update({ name: 'test example 3', changes: [], before: [0.8, 0.2], after: [0.8, 0.2] });
  assert.match(one(root, 'p').textContent ?? '', /Nothing is changed yet in test example 3/);
  const changes = [{ name: 'age', from: '41', to: '20' }];
  card.update({ name: 'test example 3', changes, before: [0.8, 0.2], after: [0.45, 0.55] });
  assert.match(one(root, 'p').textContent ?? '', /^age \(41 → 20\): the prediction changes from “died”/);
  const cells = [...root.querySelectorAll('tbody tr')].map((line) =>
    [...line.children].map((cell) => cell.textContent),
  );
  assert.deepEqual(cells[1], ['survived', '20.0 %', '55.0 %', '+35.0 points']);
});
