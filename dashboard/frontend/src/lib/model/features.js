/**
 * From the numbers of a data set's source to the features that a network takes, and back.
 * @param {number | number[]} value
 * @param {number} i
 */

/** @import { Numbers, Scaling } from './types.js' */

/**
 * @param {number | number[]} value
 * @param {number} i
 */
const each = (value, i) => (Array.isArray(value) ? value[i] : value);

/**
 * The features of raw values, of which `white` is full ink: (raw * white - offset) / divisor.
 * @param {Numbers} raw
 * @param {Scaling} about
 */
export const toFeatures = (raw, { white, offset, divisor }) =>
  Float64Array.from(raw, (value, i) => (value * white - each(offset, i)) / each(divisor, i));

/**
 * The raw values that features come from.
 * @param {Numbers} features
 * @param {Scaling} about
 */
export const toRaw = (features, { white, offset, divisor }) =>
  Float64Array.from(features, (value, i) => (value * each(divisor, i) + each(offset, i)) / white);
