/** What a confusion matrix says, in numbers and in words; undefined is "n/a". Rows are the true classes. */

import { counted } from '../format/text.js';

/** @import { Tensor } from './types.js' */

/** What a row of the counts of labels says of one label, in the order of its cells, and where each stands in [tn, fp, fn, tp]. */
/** @type {Array<[string, number]>} */
export const OF_LABEL = [
  ['true pos.', 3],
  ['false neg.', 2],
  ['false pos.', 1],
  ['true neg.', 0],
];

/**
 * The sums of a matrix: {size, nColumns, at(i, j), rows, columns, whole(i, j, isColumn), isRight(i, j)}. Of labels a row
 * has the four counts of `OF_LABEL`; `whole` is what a cell is a share of: the examples with or without the label, or those predicted so.
 * @param {Tensor} about
 */
export function countsOf({ data, shape }) {
  return shape.length === 3 ? countsOfLabels(data, shape[0]) : countsOfClasses(data, shape[0]);
}

/**
 * @param {ArrayLike<number>} data
 * @param {number} size
 */
function countsOfLabels(data, size) {
  /**
   * @param {number} k
   * @param {number} place
   */
  const of = (k, place) => Number(data[4 * k + place]);
  /**
   * @param {number} k
   * @param {number} j
   * @param {boolean} isColumn
   */
  const whole = (k, j, isColumn) => {
    const place = OF_LABEL[j][1];
    return isColumn ? of(k, place) + of(k, (place + 2) % 4) : of(k, place) + of(k, place ^ 1);
  };
  return {
    size,
    nColumns: 4,
    isMany: true,
    columns: new Float64Array(4),
    whole,
    /**
     * @param {number} k
     * @param {number} j
     */
    at: (k, j) => of(k, OF_LABEL[j][1]),
    /**
     * @param {number} _
     * @param {number} j
     */
    isRight: (_, j) => j === 0 || j === 3,
    rows: Float64Array.from({ length: size }, (_, k) => of(k, 2) + of(k, 3)),
  };
}

/**
 * @param {ArrayLike<number>} data
 * @param {number} size
 */
function countsOfClasses(data, size) {
  const rows = new Float64Array(size);
  const columns = new Float64Array(size);
  for (let i = 0, k = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1, k += 1) {
      rows[i] += Number(data[k]);
      columns[j] += Number(data[k]);
    }
  }
  return {
    size,
    nColumns: size,
    isMany: false,
    rows,
    columns,
    /**
     * @param {number} i
     * @param {number} j
     */
    at: (i, j) => Number(data[i * size + j]),
    /**
     * @param {number} i
     * @param {number} j
     * @param {boolean} isColumn
     */
    whole: (i, j, isColumn) => (isColumn ? columns[j] : rows[i]),
    /**
     * @param {number} i
     * @param {number} j
     */
    isRight: (i, j) => i === j,
  };
}

/**
 * A share as people say it; never 0 or 100 % unless it is.
 * @param {number} part
 * @param {number} whole
 */
function percentText(part, whole) {
  if (!whole) return 'n/a';
  const percent = (100 * part) / whole;
  if (part === 0 || part === whole) return `${percent} %`;
  return `${Math.min(99.9, Math.max(0.1, percent)).toFixed(1)} %`;
}

/**
 * A share as a cell shows it, without its sign: with one decimal where there is room; never 0 or 100 unless it is.
 * @param {number} part
 * @param {number} whole
 * @param {boolean} isRoomy
 */
export function cellPercent(part, whole, isRoomy) {
  if (!whole) return 'n/a';
  if (part === 0) return '·';
  const percent = (100 * part) / whole;
  if (part === whole) return '100';
  if (isRoomy) return Math.min(99.9, Math.max(0.1, percent)).toFixed(1);
  return percent < 1 ? '<1' : String(Math.min(99, Math.round(percent)));
}

/**
 * "true 4s", "true “Ankle boot”".
 * @param {string} name
 * @param {number} count
 */
const people = (name, count) => (/^\w$/.test(name) ? `${name}${count === 1 ? '' : 's'}` : `“${name}”`);
/** @param {string} name */
const called = (name) => (/^\w$/.test(name) ? name : `“${name}”`);

/**
 * One sentence on a cell: "37 of 412 true 4s were called 9 (9.0 %)."
 * @param {ReturnType<typeof countsOf>} counts
 * @param {string[]} names
 * @param {number} i
 * @param {number} j
 */
export function sentence(counts, names, i, j) {
  if (counts.isMany) return labelSentence(counts, names[i], i, j);
  const [count, row, column] = [counts.at(i, j), counts.rows[i], counts.columns[j]];
  if (!row) return `There is no true ${called(names[i])} among these examples.`;
  const words = `${count} of ${row} true ${people(names[i], row)} ${count === 1 ? 'was' : 'were'} called ${called(names[j])} (${percentText(count, row)})`;
  if (i === j)
    return `${words}, which is the recall; precision ${column ? `${percentText(count, column)} of ${column} called so` : 'n/a, as nothing was called so'}.`;
  return count
    ? `${words}; that is ${percentText(count, column)} of all that were called ${called(names[j])}.`
    : `${words}.`;
}

/**
 * The same of labels: "37 false negatives of 412 examples with “even” (9.0 %)."
 * @param {ReturnType<typeof countsOf>} counts
 * @param {string} name
 * @param {number} k
 * @param {number} j
 */
function labelSentence(counts, name, k, j) {
  const [count, whole, nPredicted] = [counts.at(k, j), counts.whole(k, j, false), counts.whole(k, j, true)];
  const are = j < 2 ? 'with' : 'without';
  if (!whole) return `There is no example ${are} “${name}”.`;
  const kind = ['true positive', 'false negative', 'false positive', 'true negative'][j];
  const words = `${counted(count, kind)} of ${whole} examples ${are} “${name}” (${percentText(count, whole)})`;
  if (j === 0)
    return `${words}, which is the recall; precision ${nPredicted ? `${percentText(count, nPredicted)} of ${nPredicted} predicted so` : 'n/a, as nothing was predicted so'}.`;
  return `${words}.`;
}
