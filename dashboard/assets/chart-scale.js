/** Scales and ticks of the curves: numbers to pixels, and the round numbers between two ends. */

/** Round numbers between low and high, about `count` of them. */
export function linearTicks(low, high, count) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const ticks = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k += 1) ticks.push(Math.abs(k * step) < step / 1e6 ? 0 : k * step);
  return ticks;
}

/** Powers of ten between low and high, with 2 and 5 between them where there are few. */
export function logTicks(low, high) {
  const from = Math.floor(Math.log10(low));
  const to = Math.ceil(Math.log10(high));
  const parts = to - from <= 2 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = from; power <= to; power += 1) {
    for (const part of parts) {
      const tick = part * 10 ** power;
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks.length ? ticks : [low, high];
}

/** A number as an axis shows it. */
export function tickText(value) {
  const size = Math.abs(value);
  if (value === 0) return '0';
  if (size >= 1e4 || size < 1e-3) return value.toExponential(0).replace('e+', 'e');
  return String(Number(value.toPrecision(4)));
}

/** low..high of all finite numbers in the arrays, or null. */
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

/** The last index whose value is at most `x`, in an ascending array; 0 when there is none. */
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

/** The index whose value is nearest to `x`. */
export function nearest(xs, x) {
  const i = indexAt(xs, x);
  return i + 1 < xs.length && xs[i + 1] - x < x - xs[i] ? i + 1 : i;
}
