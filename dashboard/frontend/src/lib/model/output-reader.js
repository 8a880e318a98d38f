/**
 * What the output layer predicts and what is true, as lists of class numbers in order: one class each, or, where an
 * example carries several labels, any number of them. The one place that knows what an output unit stands for.
 */
import { largest } from './forward.js';

/** @import { Description, Label, Numbers, Tensor } from './types.js' */

const HALF = 0.5; // from here on a label is predicted, and the second of two classes

/**
 * What is true of an example, out of a class number, a row of 0 and 1, or null where nobody knows.
 * @param {Label | undefined} label
 */
export function classesOf(label) {
  if (label === null || label === undefined) return null;
  if (typeof label === 'number' || typeof label === 'bigint') return [Number(label)];
  return Array.from(label, Number).flatMap((is, c) => (is ? [c] : []));
}

/**
 * The same of every row of a tensor of labels.
 * @param {Tensor} about
 */
export function classesOfEach({ shape: [count, width], data }) {
  return Array.from({ length: count }, (_, i) =>
    classesOf(width === undefined ? data[i] : data.subarray(i * width, (i + 1) * width)),
  );
}

/**
 * Whether two lists name the same classes.
 * @param {number[]} a
 * @param {number[]} b
 */
export const isSame = (a, b) => a.length === b.length && a.every((c, i) => c === b[i]);

/**
 * How the outputs of a run are read; `description` is the run's.
 * @param {Pick<Description, 'dataset'> & Partial<Description>} description
 */
export function readerOf(description) {
  const names = description.dataset.class_names;
  const isMany = description.dataset.is_multilabel === true;
  const isBinary = description.config?.network?.output === 'binary';
  const self = {
    names,
    isMany,
    isBinary,
    /** What each output unit stands for. */
    unitNames: isBinary ? [`p(${names[1]})`] : names,
    /** What an example is to be: a class, or any number of labels. */
    one: isMany ? 'label' : 'class',
    accuracy: isMany ? 'subset accuracy' : 'accuracy',
    /** Whether each output unit is judged by itself, at one half. */
    hasThreshold: isMany || isBinary,
    /**
     * The probability of each class or label, of what the output units put out.
     * @param {Numbers} outputs
     */
    probabilities: (outputs) => (isBinary ? Float64Array.of(1 - outputs[0], outputs[0]) : outputs),
    /**
     * The same of many examples, whose outputs stand one after the other.
     * @param {Numbers} outputs
     * @returns {Numbers}
     */
    probabilitiesOfEach: (outputs) =>
      isBinary
        ? Float64Array.from({ length: 2 * outputs.length }, (_, i) => (i % 2 ? outputs[i >> 1] : 1 - outputs[i >> 1]))
        : outputs,
    /**
     * The classes that such probabilities predict.
     * @param {Numbers} probabilities
     */
    predicted(probabilities) {
      if (isMany) return Array.from(probabilities).flatMap((p, c) => (p >= HALF ? [c] : []));
      return [isBinary ? Number(probabilities[1] >= HALF) : largest(probabilities)];
    },
    /**
     * The class to speak of first: the one predicted, or the likeliest label.
     * @param {Numbers} probabilities
     */
    leading: (probabilities) => (isMany ? largest(probabilities) : self.predicted(probabilities)[0]),
    /**
     * Whether a class is among those predicted.
     * @param {Numbers} probabilities
     * @param {number} c
     */
    predicts: (probabilities, c) => (isMany ? probabilities[c] >= HALF : self.predicted(probabilities)[0] === c),
    /**
     * The classes of the output unit number `unit` in a list.
     * @param {number[]} classes
     * @param {number} unit
     */
    hasUnit: (classes, unit) => classes.includes(isBinary ? 1 : unit),
    /**
     * A list of classes in words.
     * @param {number[]} classes
     */
    words: (classes) => (classes.length ? classes.map((c) => names[c]).join(', ') : 'no label'),
  };
  return self;
}
