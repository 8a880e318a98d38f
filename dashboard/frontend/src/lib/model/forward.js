/**
 * What the network view knows of a run: its layers by name, and, for one frame and one probe image,
 * every layer's values. `values[0]` is the input and `values[l + 1]` the activations of layer l,
 * so the weights of layer l lead from `values[l]` to `values[l + 1]`.
 */
import {
  activate,
  activationNamed,
  column,
  inputGradient,
  preActivations,
  preActivationsOfEach,
  productsOf,
  roundingOf,
  roundUp,
  strongest,
  termsOf,
} from './math.js';

/** @import { Description, Explanation, Frame, Layer, NetworkStore, Numbers, Overlay, Tensor } from './types.js' */

/**
 * The layers of a run, from the first hidden one to the output.
 * @param {Description} description
 * @returns {Layer[]}
 */
export function layersOf({ layer_sizes: sizes, layer_functions: functions }) {
  const last = sizes.length - 2;
  return sizes.slice(1).map((size, index) => {
    const isOutput = index === last;
    const { name: activation } = functions[index];
    return {
      index,
      name: isOutput ? 'Output' : last === 1 ? 'Hidden layer' : `Hidden ${index + 1}`,
      size,
      inputSize: sizes[index],
      activation,
      function: functions[index],
      canBeOff: activationNamed(activation).f(-1) === 0,
      isOutput,
    };
  });
}

/**
 * The features of one probe example.
 * @param {Pick<NetworkStore, 'probe'> & Partial<NetworkStore>} store
 * @param {number} probe
 */
export function probeInput(store, probe) {
  const { shape, data } = store.probe.images;
  return data.subarray(probe * shape[1], (probe + 1) * shape[1]);
}

/**
 * How many probe examples there are.
 * @param {Pick<NetworkStore, 'probe'> & Partial<NetworkStore>} store
 */
export const probeCount = (store) => store.probe?.labels.length ?? 0;

/** The split of an example that is a point of one's own, and none of the data. */
export const POINT = 'point';

/**
 * What a probe example is called: by its place among the recorded ones, or in its split.
 * @param {Pick<NetworkStore, 'probe'> & Partial<NetworkStore>} store
 * @param {number} probe
 */
export function exampleName(store, probe) {
  const { sample, labels } = store.probe;
  if (sample && probe === labels.length - 1 && sample.split === POINT) return 'Your point';
  if (sample && probe === labels.length - 1)
    return `${sample.split[0].toUpperCase()}${sample.split.slice(1)} example ${sample.index}`;
  return `${store.imageShape ? 'Image' : 'Example'} ${probe + 1}`;
}

/**
 * A tensor that every snapshot with arrays has.
 * @param {Pick<Frame, 'tensor'>} frame
 * @param {string} name
 */
export function tensorOf(frame, name) {
  const tensor = frame.tensor(name);
  if (!tensor) throw new Error(`This snapshot has no ${name}.`);
  return tensor;
}

/**
 * A layer's weight matrix.
 * @param {Pick<Frame, 'tensor'>} frame
 * @param {number} layer
 */
export const weightOf = (frame, layer) => tensorOf(frame, `layer${layer}.weight`);

/**
 * A bias {shape, data}, or null in a network without.
 * @param {Pick<Frame, 'tensor'>} frame
 * @param {number} layer
 */
export function biasOf(frame, layer) {
  return frame.tensor(`layer${layer}.bias`);
}

/**
 * A layer's recorded activations to one probe example, as a view into the frame.
 * @param {Frame} frame
 * @param {number} layer
 * @param {number} probe
 */
export function recorded(frame, layer, probe) {
  const { shape, data } = tensorOf(frame, `layer${layer}.activation`);
  return data.subarray(probe * shape[1], (probe + 1) * shape[1]);
}

/**
 * The index of the largest.
 * @param {Numbers} values
 */
export function largest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (values[i] > values[best]) best = i;
  return best;
}

/** The recorded network, without changes by hand. @type {Overlay} */
export const UNCHANGED = {
  firstLayer: () => Infinity,
  weight: weightOf,
  silenced: () => new Set(),
  changedInputs: () => [],
};

/**
 * What a layer puts out for its input, computed here.
 * @param {Layer} layer
 * @param {Frame} frame
 * @param {Numbers} input
 * @param {Overlay} [edits]
 */
export function outputsOf({ index, activation }, frame, input, edits = UNCHANGED) {
  const values = activate(activation, preActivations(edits.weight(frame, index), biasOf(frame, index), input));
  for (const unit of edits.silenced(index)) values[unit] = 0;
  return values;
}

/**
 * The largest finite magnitude.
 * @param {Numbers} values
 */
export function largestSize(values) {
  let top = 0;
  for (const value of values) {
    const size = value < 0 ? -value : value;
    if (size > top && size < Infinity) top = size;
  }
  return top;
}

/**
 * Everything one frame says about one probe example, with changes by hand applied when there are any.
 * From the first layer that `edits` change on, values are computed here instead of read from the record.
 * @param {Pick<NetworkStore, 'probe'> & Partial<NetworkStore>} store
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {number} probe
 * @param {Overlay} [edits]
 */
export function passOf(store, layers, frame, probe, edits = UNCHANGED) {
  /** @type {Numbers[]} */
  const values = [probeInput(store, probe)];
  const from = edits.firstLayer();
  for (const layer of layers) {
    const { index } = layer;
    values.push(index < from ? recorded(frame, index, probe) : outputsOf(layer, frame, values[index], edits));
  }
  return values;
}

/**
 * Every layer's activations to `count` examples, whose inputs `rows` holds one after the other, from its parameters.
 * @param {Array<{ weight: Tensor, bias: Tensor | null, activation: string, silenced?: Set<number> }>} layers
 * @param {Numbers} rows
 * @param {number} [count]
 */
export function forwardRows(layers, rows, count = 1) {
  /** @type {Float64Array[]} */
  const activations = [];
  let values = rows;
  for (const { weight, bias, activation, silenced } of layers) {
    const z = count === 1 ? preActivations(weight, bias, values) : preActivationsOfEach(weight, bias, values, count);
    const answer = activate(activation, z, count);
    for (const unit of silenced ?? []) for (let at = unit; at < answer.length; at += weight.shape[1]) answer[at] = 0;
    activations.push(answer);
    values = answer;
  }
  return activations;
}

/**
 * The inputs that speak loudest in a neuron's recorded sum, after those changed by hand that are not among them;
 * all of them, in their own order, when `count` is Infinity.
 * @param {Frame} frame
 * @param {number} layer
 * @param {number} unit
 * @param {Numbers[]} values
 * @param {number} count
 * @param {Overlay} [edits]
 */
export function listedInputs(frame, layer, unit, values, count, edits = UNCHANGED) {
  const changed = edits.changedInputs(layer, unit);
  const products = productsOf(weightOf(frame, layer), values[layer], unit);
  if (count >= products.length) return Array.from(products.keys());
  const loudest = strongest(products, count);
  return [...changed.filter((input) => !loudest.includes(input)), ...loudest];
}

/**
 * How one neuron came by its value: the sum, its pre-activation and its activation computed in float64,
 * beside the activation on screen. Returns termsOf(...) with {hasBias, activation, shown, logits (for softmax), silenced, rounding}:
 * `rounding` is how far the activation on screen, in float32, may be from it.
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {Numbers[]} values
 * @param {number} layer
 * @param {number} unit
 * @param {number[]} listed
 * @param {Overlay} [edits]
 * @returns {Explanation}
 */
export function explain(layers, frame, values, layer, unit, listed, edits = UNCHANGED) {
  const { activation } = layers[layer];
  const weight = edits.weight(frame, layer);
  const bias = biasOf(frame, layer);
  const sum = termsOf(weight, bias, values[layer], unit, listed);
  const about = {
    ...sum,
    hasBias: bias !== null,
    shown: values[layer + 1][unit],
    logits: null,
    silenced: edits.silenced(layer).has(unit),
  };
  if (activation === 'softmax') {
    const logits = preActivations(weight, bias, values[layer]);
    return rounded({ ...about, logits, activation: activate('softmax', logits)[unit] }, logits);
  }
  const { f } = activationNamed(activation);
  return rounded({ ...about, activation: f(sum.z) }, { [unit]: sum.z });

  /**
   * @param {Omit<Explanation, 'rounding'>} made
   * @param {ArrayLike<number> | Record<number, number>} z
   * @returns {Explanation}
   */
  function rounded(made, z) {
    return { ...made, rounding: roundingOf(activation, weight, bias, values[layer], unit, z, made.activation) };
  }
}

/**
 * dz/dx of one neuron at one example (its own weights when it is in the first layer).
 * @param {Layer[]} layers
 * @param {Frame} frame
 * @param {Numbers[]} values
 * @param {number} layer
 * @param {number} unit
 * @param {Overlay} [edits]
 */
export function sensitivity(layers, frame, values, layer, unit, edits = UNCHANGED) {
  /** @param {number} l */
  const weight = (l) => edits.weight(frame, l);
  if (layer === 0) return column(weight(0), unit);
  const below = layers.slice(0, layer + 1).map((item, l) => ({ weight: weight(l), activation: item.activation }));
  const z = below.slice(0, -1).map((item, l) => preActivations(item.weight, biasOf(frame, l), values[l]));
  const silenced = below.map((_, l) => edits.silenced(l));
  return inputGradient(below, z, unit, silenced);
}

/**
 * One neuron's recorded activations to every probe example.
 * @param {Frame} frame
 * @param {number} layer
 * @param {number} unit
 */
export function overProbe(frame, layer, unit) {
  const { shape, data } = tensorOf(frame, `layer${layer}.activation`);
  return Float64Array.from({ length: shape[0] }, (_, i) => data[i * shape[1] + unit]);
}

/**
 * Which neurons of a layer put out exactly 0 to every probe example.
 * @param {Frame} frame
 * @param {number} layer
 */
export function silentUnits(frame, layer) {
  const {
    shape: [rows, size],
    data,
  } = tensorOf(frame, `layer${layer}.activation`);
  const silent = new Uint8Array(size).fill(1);
  for (let i = 0; i < rows * size; i += 1) if (data[i] !== 0) silent[i % size] = 0;
  return silent;
}

/**
 * Colour scales that stay over a run: the ends of a bounded activation's range, else the largest
 * magnitude seen so far, rounded up to a short number; they only ever grow.
 */
export class ActivationScales {
  /** @param {Layer[]} layers */
  constructor(layers) {
    this.layers = layers;
    this.tops = layers.map(({ function: { range } }) => {
      const [low, high] = range;
      return high === null ? 0 : Math.max(Math.abs(low ?? 0), high);
    });
    this.seen = new Set();
  }

  /**
   * Take a frame into account (once); returns whether a scale grew.
   * @param {Frame} frame
   */
  see(frame) {
    if (this.seen.has(frame.number)) return false;
    this.seen.add(frame.number);
    let grew = false;
    for (const { index, function: about } of this.layers) {
      if (about.range[1] !== null) continue;
      const top = largestSize(tensorOf(frame, `layer${index}.activation`).data);
      if (top > this.tops[index]) {
        this.tops[index] = roundUp(top);
        grew = true;
      }
    }
    return grew;
  }

  /**
   * {low, high, signed} of a layer's colours.
   * @param {number} layer
   */
  of(layer) {
    const [low] = this.layers[layer].function.range;
    const high = this.tops[layer] || 1;
    return low === 0 ? { low: 0, high, signed: false } : { low: -high, high, signed: true };
  }
}
