/** Scales of the curves: the range that is worth showing, round numbers in it, and the place of a number in a list. */

/** @import { Ends } from './types.js' */
/** @import { Point } from '../model/types.js' */

const BEYOND = { linear: 8, log: 1e6 }; // times what was usual: from here on a loss has diverged
const ABOVE = 3; // times the first number, which the median is taken for usual up to: a run that diverged is mostly beyond
const DECADES = 9; // of a logarithmic axis at most

/**
 * Round numbers between low and high, about `count` of them.
 * @param {number} low
 * @param {number} high
 * @param {number} count
 */
export function linearTicks(low, high, count) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5].find((each) => each * power >= rough * (1 - 1e-9)) ?? 10);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1)
    ticks.push(Math.abs(k * step) < step / 1e6 ? 0 : k * step);
  return ticks;
}

/**
 * Powers of ten between low and high, with 2 and 5 between them where there are few.
 * @param {number} low
 * @param {number} high
 */
export function logTicks(low, high) {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const parts = to - from <= 2 ? [1, 2, 5] : [1];
  const every = Math.ceil((to - from) / 6);
  const ticks = [];
  for (let power = from; power <= to; power += 1) {
    if (power % every) continue;
    for (const part of parts) {
      const tick = part * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length > 1 ? ticks : linearTicks(low, high, 4);
}

/**
 * A number as an axis and the learning rate show it: four digits, never rounded to fewer.
 * @param {number} value
 */
export function tickText(value) {
  if (!Number.isFinite(value)) return 'n/a';
  if (value === 0) return '0';
  const size = Math.abs(value);
  const short = Number(value.toPrecision(4));
  const text = size >= 1e5 || size < 1e-3 ? short.toExponential().replace('e+', 'e') : String(short);
  return text.replace(/-/g, '−');
}

/**
 * low..high of all finite numbers in the arrays, or null.
 * @param {number[][]} arrays
 * @param {number} [from]
 * @param {number} [to]
 */
export function extent(arrays, from = 0, to = Infinity) {
  let low = Infinity;
  let high = -Infinity;
  for (const array of arrays) {
    for (let i = Math.max(0, from); i < Math.min(array.length, to); i += 1) {
      const value = array[i];
      if (Number.isFinite(value)) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * {low, high, beyond} of the numbers worth an axis, or null without any. `beyond` is null, or the largest number of a
 * run that diverged: the axis then ends where the sane part does, and the line leaves it at the top.
 * @param {number[][]} arrays
 * @param {number} from
 * @param {number} to
 * @param {boolean} [log]
 */
export function rangeOf(arrays, from, to, log = false) {
  const found = extent(arrays, from, to);
  if (!found) return null;
  const [low, high] = found;
  // What was usual: the larger of the first number and of the median, unless most of a run diverged.
  let usual = 0;
  for (const array of arrays) {
    const stop = Math.min(array.length, to);
    const stride = Math.max(1, Math.floor((stop - from) / 400));
    const sample = [];
    for (let i = Math.max(0, from); i < stop; i += stride)
      if (Number.isFinite(array[i])) sample.push(Math.abs(array[i]));
    if (!sample.length) continue;
    const first = sample[0];
    sample.sort((a, b) => a - b);
    const median = sample[sample.length >> 1];
    usual = Math.max(usual, first, first ? Math.min(median, ABOVE * first) : median);
  }
  const most = usual * (log ? BEYOND.log : BEYOND.linear);
  if (usual === 0 || high <= most) return { low, high, beyond: null };
  return { low, high: log ? most : 3 * usual, beyond: high };
}

/**
 * {low, high, beyond} with room at both ends for an axis of its kind.
 * @param {Ends | null} range
 * @param {{ log: boolean, unit: string }} about
 */
export function domainOf(range, { log, unit }) {
  let { low, high } = range ?? { low: 0, high: 1 };
  if (log) {
    high = Math.max(high, 1e-12);
    low = Math.min(Math.max(low, high / 10 ** DECADES), high / 1.5);
    return { low: low / 1.15, high: high * 1.15, beyond: range?.beyond ?? null };
  }
  const pad = (high - low || Math.abs(high) || 1) * 0.06;
  const isPositive = low >= 0;
  low -= pad;
  high += pad;
  if (isPositive) low = Math.max(0, low);
  if (unit === 'share') high = Math.min(1, high);
  else if (isPositive && low < high * 0.35) low = 0;
  return { low, high, beyond: range?.beyond ?? null };
}

/**
 * The last index whose value is at most `x`, in an ascending array; 0 when there is none.
 * @param {number[]} xs
 * @param {number} x
 */
export function indexAt(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (xs[middle] <= x) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The index whose value is nearest to `x`.
 * @param {number[]} xs
 * @param {number} x
 */
export function nearest(xs, x) {
  const i = indexAt(xs, x);
  return i + 1 < xs.length && xs[i + 1] - x < x - xs[i] ? i + 1 : i;
}

/**
 * A stretch [a, b] kept within [first, last] without changing its length, if it fits.
 * @param {Point} about
 * @param {number} first
 * @param {number} last
 * @returns {Point}
 */
export function within([a, b], first, last) {
  const length = Math.min(b - a, last - first);
  const from = Math.min(Math.max(a, first), last - length);
  return [from, from + length];
}
