/** The histogram of a column as the path of one drawing. */

export const WIDTH = 96;
export const HEIGHT = 26;
const GAP = 1;
const LEAST = 1; // pixels, so that a rare value is seen

/** @param {number} value */
const short = (value) => Number(value.toFixed(2));

/**
 * One rectangle for each bar that is not empty; the largest has the full height.
 * @param {number[]} counts
 */
export function barsPath(counts) {
  const top = Math.max(1, ...counts);
  const step = WIDTH / counts.length;
  const width = short(Math.max(0.5, step - GAP));
  return counts
    .map((count, i) => {
      const y = short(HEIGHT - Math.max(LEAST, (HEIGHT * count) / top));
      return count ? `M${short(i * step)} ${y}h${width}V${HEIGHT}h${-width}z` : '';
    })
    .join('');
}
