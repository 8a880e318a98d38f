/** What is said of two runs that are shown side by side; A is the one on the timeline, B the one beside. */

import { asPercent } from '../../lib/format/text.js';
import { isSame } from '../../lib/model/output-reader.js';
import { predictionOf, predictionWords } from '../prediction.js';
import { duration, epochWords, isAtWork } from '../store.js';
import { haveSameExamples } from './example.js';

/** @import { Description } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

/**
 * The snapshot that is shown of a run, its held-out figure, and its prediction of the example; null before there is one.
 * @param {Store} store
 */
export function momentOf(store) {
  const { shown, reader, probe, probeIndex } = store;
  if (!shown || !reader || !probe) return null;
  const { line } = shown;
  const index = Math.min(probeIndex ?? 0, probe.labels.length - 1);
  const found = predictionOf(store, shown, index);
  const trueClasses = probe.labels[index];
  const isRight = trueClasses && isSame(found.predictedClasses, trueClasses);
  return {
    moment: `Epoch ${epochWords(line, store.stepsPerEpoch)} · step ${line.step.toLocaleString('en')} · ${trained(line.train_seconds)} of training`,
    figure: `Held-out ${reader.accuracy} ${asPercent(line.heldout.accuracy)}`,
    prediction: `Prediction ${predictionWords(reader, found)}`,
    verdict: trueClasses ? (isRight ? 'right' : `wrong, it is ${reader.words(trueClasses)}`) : '',
    isRight: isRight ?? null,
  };
}

/** @param {number} seconds */
const trained = (seconds) => (seconds < 0.995 ? `${Math.round(1000 * seconds)} ms` : duration(seconds));

/**
 * Why each of two runs shows an example of its own; nothing where both show the same.
 * @param {Description} a
 * @param {Description} b
 */
export function apartWords(a, b) {
  if (haveSameExamples(a, b)) return '';
  const [here, there] = [a, b].map(({ dataset }) => dataset);
  const what = there.image_shape ? 'image' : 'example';
  if (here.name !== there.name)
    return `B has other data than A (${there.name}, not ${here.name}), in which there is no such ${what}: each network shows one of its own.`;
  return `B has other held-out examples of ${here.name} than A (other content or another split): each network shows an ${what} of its own.`;
}

/**
 * Why the snapshot of the run beside is from before the moment shown; nothing where it is not.
 * @param {Pick<Store, 'status' | 'stepsPerEpoch' | 'snapshotLines'>} other
 * @param {boolean} isShort
 */
export function shortWords(other, isShort) {
  const last = other.snapshotLines.at(-1);
  if (!isShort || !last) return '';
  if (isAtWork(other)) return 'B is not there yet: its newest snapshot is shown.';
  return `B ended at epoch ${epochWords(last, other.stepsPerEpoch)} (${other.status?.status}): its last snapshot stands.`;
}

/**
 * What stands in the place of the network beside before its first picture.
 * @param {Store['status']} status
 * @param {boolean} isRecorded
 */
export function waitingWords(status, isRecorded) {
  if (isRecorded || !status) return 'Loading the run …';
  if (isAtWork({ status })) return status.loading ? `${status.loading.what} …` : 'The run is about to begin …';
  return status.message ?? 'This run ended before its first snapshot.';
}
