/**
 * The arithmetic of the network view, in float64 on the recorded float32 numbers: one forward pass, one neuron's sum term
 * by term, one gradient with respect to the input. Nothing here knows of canvases or of the page.
 */

/** @import { Activation, Numbers, Tensor } from './types.js' */

/** @param {number} z */
const sigmoid = (z) => (z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z)));
const LEAKY_SLOPE = 0.01;
const GELU_SCALE = Math.sqrt(2 / Math.PI);
/** @param {number} z */
const geluTanh = (z) => Math.tanh(GELU_SCALE * (z + 0.044715 * z ** 3));
/** @param {number} z */
const geluSlope = (z) => {
  const t = geluTanh(z);
  return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * GELU_SCALE * (1 + 3 * 0.044715 * z * z);
};

/**
 * Each activation function and its derivative, by its name in core.functions.activations.
 * @type {Record<string, Activation>}
 */
export const ACTIVATIONS = {
  relu: { f: (z) => Math.max(0, z), slope: (z) => (z > 0 ? 1 : 0) },
  leaky_relu: { f: (z) => (z > 0 ? z : LEAKY_SLOPE * z), slope: (z) => (z > 0 ? 1 : LEAKY_SLOPE) },
  sigmoid: { f: sigmoid, slope: (z) => sigmoid(z) * (1 - sigmoid(z)) },
  tanh: { f: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
  elu: { f: (z) => (z > 0 ? z : Math.expm1(z)), slope: (z) => (z > 0 ? 1 : Math.exp(z)) },
  silu: { f: (z) => z * sigmoid(z), slope: (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z))) },
  gelu: { f: (z) => 0.5 * z * (1 + geluTanh(z)), slope: geluSlope },
  softplus: { f: (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))), slope: sigmoid },
  softmax: { f: () => NaN, slope: () => 1 }, // of one logit alone there is no probability
};

/**
 * An activation function and its derivative. Throws where the name has no counterpart here.
 * @param {string} name
 */
export function activationNamed(name) {
  const known = ACTIVATIONS[name];
  if (!known) throw new Error(`The activation ${name} is not known to this page.`);
  return known;
}

/**
 * Probabilities of logits, shift-invariant; of `count` examples, whose logits stand one after the other.
 * @param {Numbers} logits
 * @param {number} [count]
 */
export function softmax(logits, count = 1) {
  const size = logits.length / count;
  const probabilities = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += size) {
    let top = -Infinity;
    for (let i = from; i < from + size; i += 1) top = Math.max(top, logits[i]);
    let total = 0;
    for (let i = from; i < from + size; i += 1) {
      probabilities[i] = Math.exp(logits[i] - top);
      total += probabilities[i];
    }
    for (let i = from; i < from + size; i += 1) probabilities[i] /= total;
  }
  return probabilities;
}

/**
 * Pre-activations of one layer: z[j] = sum_i a[i] * w[i, j] + b[j], summed in float64.
 * `weight` is {shape: [n_in, n_out], data} in row-major order, `bias` is {data} or null.
 * @param {Tensor} weight
 * @param {Tensor | null} bias
 * @param {Numbers} input
 */
export function preActivations(weight, bias, input) {
  const [nIn, nOut] = weight.shape;
  const z = new Float64Array(nOut);
  if (bias) z.set(bias.data);
  for (let i = 0; i < nIn; i += 1) {
    const a = input[i];
    if (a === 0) continue;
    const row = i * nOut;
    for (let j = 0; j < nOut; j += 1) z[j] += a * weight.data[row + j];
  }
  return z;
}

/**
 * The same for `count` examples, whose activations `input` holds one after the other: four at a time, so that each weight
 * is read once for four sums.
 * @param {Tensor} weight
 * @param {Tensor | null} bias
 * @param {Numbers} input
 * @param {number} count
 */
export function preActivationsOfEach(weight, bias, input, count) {
  const [nIn, nOut] = weight.shape;
  const columns = new Float64Array(nIn * nOut);
  for (let j = 0; j < nOut; j += 1) for (let i = 0; i < nIn; i += 1) columns[j * nIn + i] = weight.data[i * nOut + j];
  const z = new Float64Array(count * nOut);
  const whole = count - (count % 4);
  for (let example = 0; example < whole; example += 4) {
    const first = example * nIn;
    const [second, third, fourth] = [first + nIn, first + 2 * nIn, first + 3 * nIn];
    for (let j = 0; j < nOut; j += 1) {
      const column = j * nIn;
      const b = bias ? bias.data[j] : 0;
      let [z1, z2, z3, z4] = [b, b, b, b];
      for (let i = 0; i < nIn; i += 1) {
        const w = columns[column + i];
        z1 += input[first + i] * w;
        z2 += input[second + i] * w;
        z3 += input[third + i] * w;
        z4 += input[fourth + i] * w;
      }
      const to = example * nOut + j;
      z[to] = z1;
      z[to + nOut] = z2;
      z[to + 2 * nOut] = z3;
      z[to + 3 * nOut] = z4;
    }
  }
  for (let example = whole; example < count; example += 1)
    z.set(preActivations(weight, bias, input.slice(example * nIn, (example + 1) * nIn)), example * nOut);
  return z;
}

const FLOAT32 = 2 ** -24; // the most that rounding to float32 takes from or adds to a number, as a share of it

/**
 * How far one neuron's recorded activation, computed in float32, may be from what float64 makes of the same numbers.
 * A sum of n products is off by up to n roundings of the sum of their sizes, and hardly ever by more than 3 sqrt(n)
 * (Higham & Mary 2019, theorem 2.4); no activation function makes more than 1.2 of it, and all take some roundings
 * of their own. Of a softmax every probability p is off by p times twice what the logits are.
 * @param {string} name
 * @param {Tensor} weight
 * @param {Tensor | null} bias
 * @param {Numbers} input
 * @param {number} unit
 * @param {Record<number, number> | ArrayLike<number>} z
 * @param {number} activation
 */
export function roundingOf(name, weight, bias, input, unit, z, activation) {
  const [nIn, nOut] = weight.shape;
  /** @param {number} j */
  const ofSum = (j) => {
    let size = Math.abs(bias?.data[j] ?? 0);
    for (let i = 0; i < nIn; i += 1) size += Math.abs(input[i] * weight.data[i * nOut + j]);
    return Math.min(nIn + 1, 3 * Math.sqrt(nIn + 1)) * size * FLOAT32;
  };
  const smallest = FLOAT32 ** 2;
  if (name !== 'softmax')
    return 1.2 * ofSum(unit) + 4 * FLOAT32 * (Math.abs(z[unit]) + Math.abs(activation)) + smallest;
  const every = Array.from({ length: nOut }, (_, j) => j);
  const drop = Math.max(...every.map((j) => z[j])) - z[unit];
  return activation * (2 * Math.max(...every.map(ofSum)) + FLOAT32 * (8 + nOut + 2 * drop)) + smallest;
}

/**
 * A layer's outputs for its pre-activations, of `count` examples one after the other.
 * @param {string} name
 * @param {Float64Array} z
 * @param {number} [count]
 */
export function activate(name, z, count = 1) {
  if (name === 'softmax') return softmax(z, count);
  const { f } = activationNamed(name);
  const answer = new Float64Array(z.length);
  for (let i = 0; i < z.length; i += 1) answer[i] = f(z[i]);
  return answer;
}

/**
 * The products a[i] * w[i, unit] that one neuron adds up.
 * @param {Tensor} weight
 * @param {Numbers} input
 * @param {number} unit
 */
export function productsOf(weight, input, unit) {
  const [nIn, nOut] = weight.shape;
  return Float64Array.from({ length: nIn }, (_, i) => input[i] * weight.data[i * nOut + unit]);
}

/**
 * The sum that made one neuron's pre-activation: the `listed` inputs each as a term, the others as one sum.
 * Returns {terms: [{input, a, w, product}], restCount, rest, bias, z} with terms + rest + bias = z.
 * @param {Tensor} weight
 * @param {Tensor | null} bias
 * @param {Numbers} input
 * @param {number} unit
 * @param {number[]} listed
 */
export function termsOf(weight, bias, input, unit, listed) {
  const [nIn, nOut] = weight.shape;
  const products = productsOf(weight, input, unit);
  const terms = listed.map((i) => ({ input: i, a: input[i], w: weight.data[i * nOut + unit], product: products[i] }));
  const apart = new Set(listed);
  let rest = 0;
  for (let i = 0; i < nIn; i += 1) if (!apart.has(i)) rest += products[i];
  const b = bias ? bias.data[unit] : 0;
  const z = terms.reduce((sum, term) => sum + term.product, 0) + rest + b;
  return { terms, restCount: nIn - terms.length, rest, bias: b, z };
}

/**
 * The indices of the `count` values largest in magnitude, largest first; zeros never.
 * @param {Numbers} values
 * @param {number} count
 */
export function strongest(values, count) {
  if (count < 1) return [];
  /** @type {number[]} */
  const best = [];
  let least = 0;
  for (let i = 0; i < values.length; i += 1) {
    const size = Math.abs(values[i]);
    if (!(size > least)) continue;
    let at = best.length;
    while (at > 0 && Math.abs(values[best[at - 1]]) < size) at -= 1;
    best.splice(at, 0, i);
    if (best.length > count) best.pop();
    if (best.length === count) least = Math.abs(values[best[count - 1]]);
  }
  return best;
}

/**
 * How one neuron's pre-activation moves with each input: dz/dx for this very image.
 * `layers` holds {weight, activation} from the first to the neuron's own, `z` every layer's pre-activations, and
 * `silenced` for each layer the units that are switched off: through them nothing passes.
 * @param {Array<{ weight: Tensor, activation: string }>} layers
 * @param {Float64Array[]} z
 * @param {number} unit
 * @param {Array<Set<number> | undefined>} [silenced]
 */
export function inputGradient(layers, z, unit, silenced = []) {
  const last = layers.length - 1;
  let gradient = column(layers[last].weight, unit);
  for (let l = last - 1; l >= 0; l -= 1) {
    const { slope } = activationNamed(layers[l].activation);
    const [nIn, nOut] = layers[l].weight.shape;
    const { data } = layers[l].weight;
    const inner = gradient.map((g, j) => (silenced[l]?.has(j) ? 0 : g * slope(z[l][j])));
    const outer = new Float64Array(nIn);
    for (let i = 0; i < nIn; i += 1) {
      let sum = 0;
      for (let j = 0; j < nOut; j += 1) sum += data[i * nOut + j] * inner[j];
      outer[i] = sum;
    }
    gradient = outer;
  }
  return gradient;
}

/**
 * One neuron's incoming weights.
 * @param {Tensor} weight
 * @param {number} unit
 */
export function column(weight, unit) {
  const [nIn, nOut] = weight.shape;
  const values = new Float64Array(nIn);
  for (let i = 0; i < nIn; i += 1) values[i] = weight.data[i * nOut + unit];
  return values;
}

/**
 * The smallest of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten that is not below `value`.
 * @param {number} value
 */
export function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((s) => s * power >= value * (1 - 1e-9));
  return (step ?? 10) * power;
}
