/** A snapshot's network, computed in the browser: forward passes and attribution. */

import { biasOf, forwardRows, layersOf, weightOf } from './forward.js';
import { activate, inputGradient, preActivations } from './math.js';
import { readerOf } from './output-reader.js';
/** @import { Description, Frame, Numbers, Shape } from './types.js' */

/**
 * The network of a frame. `description` is the run's; `cost` counts the multiplications of one pass.
 * @param {Description} description
 * @param {Pick<Frame, 'tensor'>} frame
 */
export function createModel(description, frame) {
  const reader = readerOf(description);
  const layers = layersOf(description).map((layer) => ({
    ...layer,
    weight: weightOf(frame, layer.index),
    bias: biasOf(frame, layer.index),
  }));

  /**
   * Every layer's activations for the features `x`, those of the output units last.
   * @param {Numbers} x
   */
  const activations = (x) => forwardRows(layers, x);

  /** @param {Numbers} x */
  const outputs = (x) => activations(x)[layers.length - 1];
  /** @param {Numbers} x */
  const probabilities = (x) => reader.probabilities(outputs(x));

  /**
   * d logit of a class / d x, as core.explain.saliency.input_gradient: of two classes with one unit the first has its negative.
   * @param {Numbers} x
   * @param {number} label
   */
  function gradient(x, label) {
    /** @type {Float64Array[]} */
    const sums = [];
    let values = x;
    for (const { weight, bias, activation } of layers) {
      const z = preActivations(weight, bias, values);
      sums.push(z);
      values = activate(activation, z);
    }
    if (!reader.isBinary) return inputGradient(layers, sums, label);
    const slope = inputGradient(layers, sums, 0);
    return label === 1 ? slope : slope.map((value) => -value);
  }

  /**
   * The drop in the probability of a class when the `patch` x `patch` pixels around each pixel become `paper`
   * (features of bare paper), as core.explain.saliency.occlusion. The first layer's sums are corrected, not summed again.
   * @param {Numbers} x
   * @param {Shape} about
   * @param {number} label
   * @param {number} patch
   * @param {Numbers} paper
   */
  function occlusion(x, [height, width], label, patch, paper) {
    const reach = (patch - 1) / 2;
    const { weight, bias } = layers[0];
    const size = weight.shape[1];
    const whole = preActivations(weight, bias, x);
    /** @param {Float64Array} sums */
    const finish = (sums) => {
      let values = activate(layers[0].activation, sums);
      for (const layer of layers.slice(1))
        values = activate(layer.activation, preActivations(layer.weight, layer.bias, values));
      return reader.probabilities(values)[label];
    };
    const before = finish(whole);
    const drop = new Float64Array(height * width);
    for (let row = 0; row < height; row += 1) {
      for (let column = 0; column < width; column += 1) {
        /** @type {Float64Array | null} */
        let sums = null;
        for (let r = Math.max(0, row - reach); r <= Math.min(height - 1, row + reach); r += 1) {
          for (let c = Math.max(0, column - reach); c <= Math.min(width - 1, column + reach); c += 1) {
            const i = r * width + c;
            const change = paper[i] - x[i];
            if (change === 0) continue;
            sums ??= whole.slice();
            for (let j = 0; j < size; j += 1) sums[j] += change * weight.data[i * size + j];
          }
        }
        if (sums) drop[row * width + column] = before - finish(sums);
      }
    }
    return drop;
  }

  const cost = layers.reduce((sum, { inputSize, size }) => sum + inputSize * size, 0);
  return {
    cost,
    layers,
    activations,
    outputs,
    probabilities,
    gradient,
    occlusion,
  };
}
