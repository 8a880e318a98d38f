/**
 * An example as the row of a table: a number a column, the code of a category, NaN for what is missing; how it is
 * prepared for a network, as data/preparation.py does it, and its cells in words.
 */
import { asPercent, asValue } from '../format/text.js';
import { toFeatures } from './features.js';
import { isSame } from './output-reader.js';

/** @import { Cell, CellColumn, Numbers, OutputReader, RowColumn, RowDescription } from './types.js' */

const MISSING = 'missing';

/**
 * A row as it came from the server, where a missing value is null.
 * @param {Cell[]} cells
 */
export const rowOf = (cells) => cells.map((cell) => cell ?? Number.NaN);

/**
 * The features of a row in the units of the table: a median for a missing number, 0 and 1 for the values of a category.
 * @param {number[]} row
 * @param {RowColumn[]} columns
 */
export const encoded = (row, columns) =>
  columns.flatMap(({ kind, categories, median, says_missing: saysMissing }, k) => {
    const value = row[k];
    const isMissing = Number.isNaN(value);
    if (kind === 'category') return categories.map((code) => Number(code === null ? isMissing : code === value));
    return [isMissing && median !== null ? median : value, ...(saysMissing ? [Number(isMissing)] : [])];
  });

/**
 * The input of a network for a row.
 * @param {number[]} row
 * @param {RowDescription} about
 */
export const prepared = (row, about) => toFeatures(encoded(row, about.columns), about);

/**
 * A cell in words: a number in its units, a category by its name.
 * @param {CellColumn} column
 * @param {Cell | undefined} value
 */
export function cellText({ values }, value) {
  if (value === null || value === undefined || Number.isNaN(value)) return MISSING;
  return values.length ? values[value] : asValue(value);
}

/**
 * What a column without a scale can be: each value with its words, those that training did not have marked.
 * @param {RowColumn} column
 */
export function choicesOf(column) {
  const { kind, values, categories, may_be_missing: mayBeMissing } = column;
  const isKnown = (/** @type {number | null} */ code) => kind !== 'category' || categories.includes(code);
  const choices = values.map((text, code) => ({
    value: code,
    text: isKnown(code) ? text : `${text} (not in training)`,
  }));
  return mayBeMissing ? [...choices, { value: Number.NaN, text: MISSING }] : choices;
}

/**
 * Which columns of a row differ from those of another one, with both cells in words.
 * @param {RowColumn[]} columns
 * @param {number[]} before
 * @param {number[]} after
 */
export const changesOf = (columns, before, after) =>
  columns.flatMap((column, k) =>
    Object.is(before[k], after[k])
      ? []
      : [{ name: column.name, from: cellText(column, before[k]), to: cellText(column, after[k]) }],
  );

/**
 * What a change did to the prediction, in words: "stays “yes”: 71.0 % → 82.3 %", "changes from “no” (60.0 %) to “yes” (51.2 %)".
 * @param {OutputReader} reader
 * @param {Numbers} before
 * @param {Numbers} after
 */
export function effectOf(reader, before, after) {
  const [was, is] = [reader.predicted(before), reader.predicted(after)];
  const [from, to] = [reader.words(was), reader.words(is)];
  if (reader.isMany) return isSame(was, is) ? `stays ${from}` : `changes from ${from} to ${to}`;
  if (isSame(was, is)) return `stays “${from}”: ${asPercent(before[was[0]])} → ${asPercent(after[was[0]])}`;
  return `changes from “${from}” (${asPercent(before[was[0]])}) to “${to}” (${asPercent(after[is[0]])})`;
}
