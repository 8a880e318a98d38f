/**
 * The clock of a replay: which step of a run a person sees at which moment, however fast the machine trained.
 * A share goes from 0, step 0, to 1, the last step of the run.
 */

/** @import { Span } from './types.js' */

const FIRST_EPOCH = 1 / 3; // of the time, for a network changes most in it
const STEPS = 20; // in an epoch, from which on it is worth that much

/**
 * The share of the time for the first epoch.
 * @param {Span} span
 */
function firstShare({ stepsPerEpoch, totalSteps }) {
  const even = Math.min(1, stepsPerEpoch / totalSteps);
  return Math.max(even, FIRST_EPOCH * Math.min(1, stepsPerEpoch / STEPS));
}

/**
 * The share at which a step is seen: within the first epoch its first steps take longest, later all take the same time.
 * @param {number} step
 * @param {Span} span
 */
export function shareOf(step, span) {
  const { stepsPerEpoch, totalSteps } = span;
  const first = firstShare(span);
  if (step <= stepsPerEpoch) return first * Math.sqrt(step / stepsPerEpoch);
  return Math.min(1, first + ((1 - first) * (step - stepsPerEpoch)) / (totalSteps - stepsPerEpoch));
}

/** A clock that runs from the beginning of a run to its end in so many seconds, and waits for a run that is slower. */
export class Clock {
  seconds = 12;
  share = 0;

  /**
   * Go on for `ms`, but not beyond the step `newest` that the run has recorded last; returns whether it is there.
   * @param {number} ms
   * @param {number} newest
   * @param {Span} span
   */
  advance(ms, newest, span) {
    const end = shareOf(newest, span);
    this.share = Math.min(end, this.share + ms / (1000 * this.seconds));
    return this.share >= end;
  }

  /**
   * How many ms it is behind a step; 0 when it is not.
   * @param {number} step
   * @param {Span} span
   */
  behind(step, span) {
    return Math.max(0, 1000 * this.seconds * (shareOf(step, span) - this.share));
  }

  /**
   * The last of these lines, in the order of their steps, that is to be seen by now.
   * @template {{ step: number }} Line
   * @param {Line[]} lines
   * @param {Span} span
   */
  lineOf(lines, span) {
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (shareOf(lines[middle].step, span) <= this.share + 1e-9) low = middle;
      else high = middle - 1;
    }
    return lines[low];
  }
}
