/** What a snapshot predicts for an example, and in words. */

import { asPercent } from '../lib/format/text.js';
import { recorded } from '../lib/model/forward.js';

/** @import { Frame, Numbers, OutputReader } from '../lib/model/types.js' */
/** @import { Store } from './types.js' */

/**
 * What a snapshot predicts for an example.
 * @param {Pick<Store, 'reader' | 'layerSizes'>} store
 * @param {Frame} frame
 * @param {number} probeIndex
 */
export function predictionOf({ reader, layerSizes }, frame, probeIndex) {
  const probabilities = reader.probabilities(recorded(frame, layerSizes.length - 2, probeIndex));
  return { predictedClasses: reader.predicted(probabilities), probabilities };
}

/**
 * The same in words: "7 (98.2 %)".
 * @param {OutputReader} reader
 * @param {{ predictedClasses: number[], probabilities: Numbers }} about
 */
export function predictionWords(reader, { predictedClasses, probabilities }) {
  const words = predictedClasses.map((c) => `${reader.names[c]} (${asPercent(probabilities[c])})`);
  return words.length ? words.join(', ') : reader.words(predictedClasses);
}
