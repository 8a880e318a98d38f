/** Which snapshot of the run beside belongs to the one shown. */

/** @import { SnapshotLine } from '../../lib/model/types.js' */
/** @import { BesideRun, Same } from '../types.js' */

const ROUNDING = 1e-9; // epochs are fractions of steps

/**
 * How far a run is at a snapshot.
 * @type {Record<Same, (line: SnapshotLine, stepsPerEpoch: number) => number>}
 */
const PLACES = {
  epoch: ({ step }, stepsPerEpoch) => step / stepsPerEpoch,
  step: ({ step }) => step,
  time: ({ train_seconds }) => train_seconds,
};

/**
 * The line of `other`'s snapshot at the moment of a snapshot of `run`: its last one that is not later and can be drawn,
 * so that it was never trained for longer; and whether its record ends before that moment. `same` says by what moments
 * are the same. Null for a run without snapshots.
 * @param {SnapshotLine} line
 * @param {Pick<BesideRun, 'stepsPerEpoch'>} run
 * @param {Pick<BesideRun, 'snapshotLines' | 'stepsPerEpoch' | 'thinned'>} other
 * @param {Same} same
 */
export function pairOf(line, run, { snapshotLines, stepsPerEpoch, thinned }, same) {
  const placeOf = PLACES[same];
  const now = placeOf(line, run.stepsPerEpoch) + ROUNDING;
  const last = snapshotLines.at(-1);
  if (!last) return null;
  let low = 0;
  let high = snapshotLines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (placeOf(snapshotLines[middle], stepsPerEpoch) <= now) low = middle;
    else high = middle - 1;
  }
  while (low > 0 && thinned.numbers.has(snapshotLines[low].number)) low -= 1;
  return { line: snapshotLines[low], isShort: placeOf(last, stepsPerEpoch) + 2 * ROUNDING < now };
}
