/** Ways to change the small image, and how the prediction bears them. Pure arithmetic; an untouched image stays as it is, to the bit. */
import { blank } from './ink.js';

/** @import { Image, Numbers } from './types.js' */

/**
 * @param {number} value
 * @param {number} places
 */
const signed = (value, places) => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(places)}`;

/** Every slider: its range, what leaves the image alone, and how its value reads. */
/** @typedef {Record<'rotate' | 'dx' | 'dy' | 'scale' | 'thick' | 'noise', number>} ChangeValues */
/** @typedef {{ name: keyof ChangeValues, label: string, low: number, high: number, step: number, neutral: number, words: (value: number) => string }} ChangeKind */
/** @typedef {{ k: number, value: number, p: number, probabilities: Numbers, holds: boolean }} SweepPoint */

/** @param {number} value */
const pixels = (value) => `${signed(value, 1)} px`;
/** @param {number} value */
const degrees = (value) => `${signed(value, 0)}°`;
/** @param {number} value */
const times = (value) => `${value.toFixed(2)} ×`;
/** @param {number} value */
const percent = (value) => `${Math.round(100 * value)} %`;

/** @type {ChangeKind[]} */
export const CHANGES = [
  { name: 'rotate', label: 'Rotate', low: -90, high: 90, step: 1, neutral: 0, words: degrees },
  { name: 'dx', label: 'Move across', low: -10, high: 10, step: 0.5, neutral: 0, words: pixels },
  { name: 'dy', label: 'Move down', low: -10, high: 10, step: 0.5, neutral: 0, words: pixels },
  { name: 'scale', label: 'Scale', low: 0.3, high: 2, step: 0.05, neutral: 1, words: times },
  { name: 'thick', label: 'Thin, thicken', low: -2, high: 3, step: 0.1, neutral: 0, words: pixels },
  { name: 'noise', label: 'Noise', low: 0, high: 1, step: 0.02, neutral: 0, words: percent },
];

/** The values that change nothing. */
export const neutral = () =>
  /** @type {ChangeValues} */ (Object.fromEntries(CHANGES.map(({ name, neutral: value }) => [name, value])));

/**
 * An image thickened (or thinned), then turned, scaled and moved about its middle, then strewn with noise.
 * @param {Image} image
 * @param {ChangeValues} about
 * @param {number} [seed]
 */
export function changed(image, { rotate, dx, dy, scale, thick, noise }, seed = 1) {
  let made = image;
  if (thick) made = thickened(made, thick);
  if (rotate || dx || dy || scale !== 1) made = moved(made, (rotate * Math.PI) / 180, dx, dy, scale);
  if (noise) made = strewn(made, noise, seed);
  return made;
}

/**
 * Each pixel becomes the most (below 0: the least) of the ink within a disc; radii between pixels are mixed.
 * @param {Image} about
 * @param {number} amount
 */
function thickened({ height, width, data }, amount) {
  const sign = Math.sign(amount);
  const radius = Math.abs(amount);
  const reach = Math.ceil(radius);
  const disc = [];
  for (let r = -reach; r <= reach; r += 1) {
    for (let c = -reach; c <= reach; c += 1) {
      const weight = Math.min(1, Math.max(0, radius + 1 - Math.hypot(r, c)));
      if (weight > 0 && (r || c)) disc.push([r, c, weight]);
    }
  }
  const made = blank(height, width);
  for (let r = 0; r < height; r += 1) {
    for (let c = 0; c < width; c += 1) {
      const own = data[r * width + c];
      let value = own;
      for (const [dr, dc, weight] of disc) {
        const [y, x] = [r + dr, c + dc];
        const other = y >= 0 && y < height && x >= 0 && x < width ? data[y * width + x] : 0;
        const mixed = own + weight * (other - own);
        if (sign * (mixed - value) > 0) value = mixed;
      }
      made.data[r * width + c] = value;
    }
  }
  return made;
}

/**
 * Turned clockwise and scaled about the middle, then moved; bilinear, bare paper beyond the edge.
 * @param {Image} about
 * @param {number} angle
 * @param {number} dx
 * @param {number} dy
 * @param {number} scale
 */
function moved({ height, width, data }, angle, dx, dy, scale) {
  const made = blank(height, width);
  const [cosine, sine] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  const [middleY, middleX] = [(height - 1) / 2, (width - 1) / 2];
  /**
   * @param {number} y
   * @param {number} x
   */
  const ink = (y, x) => (y >= 0 && y < height && x >= 0 && x < width ? data[y * width + x] : 0);
  for (let r = 0; r < height; r += 1) {
    for (let c = 0; c < width; c += 1) {
      const [y0, x0] = [r - middleY - dy, c - middleX - dx];
      const y = middleY + cosine * y0 - sine * x0;
      const x = middleX + sine * y0 + cosine * x0;
      const [top, left] = [Math.floor(y), Math.floor(x)];
      if (top < -1 || left < -1 || top >= height || left >= width) continue;
      const [down, across] = [y - top, x - left];
      made.data[r * width + c] =
        (1 - down) * ((1 - across) * ink(top, left) + across * ink(top, left + 1)) +
        down * ((1 - across) * ink(top + 1, left) + across * ink(top + 1, left + 1));
    }
  }
  return made;
}

/**
 * Normally distributed noise of that standard deviation, the same for the same seed, kept within 0..1.
 * @param {Image} about
 * @param {number} deviation
 * @param {number} seed
 */
function strewn({ height, width, data }, deviation, seed) {
  const random = generator(seed);
  const made = blank(height, width);
  for (let i = 0; i < data.length; i += 1) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    made.data[i] = Math.min(1, Math.max(0, data[i] + deviation * normal));
  }
  return made;
}

/**
 * Evenly distributed numbers in 0..1 from a seed (mulberry32).
 * @param {number} seed
 */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * The probability of `label` over one slider's range, the others as they are, at about `count` of its steps.
 * `predict(image)` gives probabilities and `predicts(probabilities, label)` whether they predict it. Returns {label,
 * points: [{value, p, probabilities, holds}], breaks: [below, above], apart}: `breaks` are the values nearest to the
 * present one, to either side, at which whether the label is predicted changes (null: none was found), to the slider's step.
 * A prediction that changes and changes back between two points, `apart` from each other, is not seen; with every step
 * looked at (`apart` is one step) nothing is missed.
 * @param {Image} image
 * @param {ChangeValues} values
 * @param {ChangeKind} change
 * @param {number} label
 * @param {(image: Image) => Numbers} predict
 * @param {(probabilities: Numbers, label: number) => boolean} predicts
 * @param {number} count
 * @param {number} seed
 */
export function sweep(image, values, change, label, predict, predicts, count, seed) {
  const isPredicted = predicts(predict(changed(image, values, seed)), label);
  const steps = Math.round((change.high - change.low) / change.step);
  /** @param {number} k */
  const at = (k) => {
    const value = Number((change.low + k * change.step).toFixed(6));
    const probabilities = predict(changed(image, { ...values, [change.name]: value }, seed));
    return { k, value, p: probabilities[label], probabilities, holds: predicts(probabilities, label) === isPredicted };
  };
  const stride = Math.max(1, Math.round(steps / count));
  const points = [];
  for (let k = 0; k < steps; k += stride) points.push(at(k));
  points.push(at(steps));
  const now = (values[change.name] - change.low) / change.step;
  /**
   * The step nearest to the present value that fails, between a point that fails and the one before it.
   * @param {SweepPoint | undefined} failing
   * @param {number} towards
   */
  const edge = (failing, towards) => {
    if (!failing) return null;
    for (let k = failing.k + towards * (stride - 1); k !== failing.k; k -= towards) {
      const point = (k - now) * -towards > 0 ? at(k) : null;
      if (point && !point.holds) return point.value;
    }
    return failing.value;
  };
  const below = points.findLast((point) => point.k < now - 1e-6 && !point.holds);
  const above = points.find((point) => point.k > now + 1e-6 && !point.holds);
  return { label, points, breaks: [edge(below, 1), edge(above, -1)], apart: stride * change.step };
}

/**
 * Where `holds` ends between a value where it does and one where it does not, to a thousandth of the way.
 * @param {(value: number) => boolean} holds
 * @param {number} inside
 * @param {number} outside
 */
export function turningPoint(holds, inside, outside) {
  let [from, to] = [inside, outside];
  for (let i = 0; i < 10; i += 1) {
    const middle = (from + to) / 2;
    if (holds(middle)) from = middle;
    else to = middle;
  }
  return to;
}
