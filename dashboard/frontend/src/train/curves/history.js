/** A run's history as columns of numbers, to which new snapshots are only added; a missing number is NaN. */

/** @import { SnapshotLine } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

const MARKED = new Set(['learning_rate', 'pause', 'best', 'diverged', 'interrupted', 'stop', 'failed']);
/** @typedef {'trainLoss' | 'heldoutLoss' | 'trainAccuracy' | 'heldoutAccuracy' | 'rate'} FigureName */

/** @type {Record<FigureName, (line: SnapshotLine) => number | null>} */
const FIGURES = {
  trainLoss: (line) => line.train.loss,
  heldoutLoss: (line) => line.heldout.loss,
  trainAccuracy: (line) => line.train.accuracy,
  heldoutAccuracy: (line) => line.heldout.accuracy,
  rate: (line) => line.learning_rate,
};

/** @returns {Record<FigureName, number[]>} */
const noFigures = () => ({ trainLoss: [], heldoutLoss: [], trainAccuracy: [], heldoutAccuracy: [], rate: [] });

/** The losses of single batches, with the epochs at which they were met. */
const noBatches = () => ({ epochs: /** @type {number[]} */ ([]), losses: /** @type {number[]} */ ([]) });

export class History {
  /** @type {SnapshotLine[]} */
  lines = [];
  per = 0;
  /** @type {number[]} */
  epochs = [];
  figures = noFigures();
  batches = noBatches();
  hasRates = false;

  forget() {
    const [figures, batches] = [noFigures(), noBatches()];
    Object.assign(this, { lines: [], per: 0, epochs: [], figures, batches, hasRates: false });
  }

  get length() {
    return this.lines.length;
  }

  /**
   * Take in the snapshots of a run; returns whether anything is new.
   * @param {Pick<Store, 'snapshotLines' | 'stepsPerEpoch'>} run
   */
  read({ snapshotLines, stepsPerEpoch: per }) {
    const last = this.length - 1;
    const isSame =
      per === this.per &&
      (last < 0 || snapshotLines[last] === this.lines[last]) &&
      (last < 0 || snapshotLines[0] === this.lines[0]);
    if (!isSame) this.forget();
    else if (snapshotLines.length === this.length) return false;
    this.per = per;
    for (let i = this.length; i < snapshotLines.length; i += 1) {
      const line = snapshotLines[i];
      this.lines.push(line);
      this.epochs.push(line.step / per);
      for (const name of /** @type {FigureName[]} */ (Object.keys(FIGURES))) {
        this.figures[name].push(FIGURES[name](line) ?? NaN);
      }
      this.#readBatches(line, i > 0 && line.number > this.lines[i - 1].number + 1);
      this.hasRates ||= line.learning_rate !== this.lines[0].learning_rate;
    }
    return true;
  }

  /**
   * @param {SnapshotLine} line
   * @param {boolean} isCut whether the lines before it are not kept, and the losses in them
   */
  #readBatches({ batch_losses: met = [] }, isCut) {
    const { epochs, losses } = this.batches;
    if (isCut && met.length) {
      epochs.push(met[0][0] / this.per);
      losses.push(NaN);
    }
    for (const [step, loss] of met) {
      epochs.push(step / this.per);
      losses.push(loss ?? NaN);
    }
  }
}

/**
 * The events worth a mark: [{kind, epoch, step, words}]; of the best snapshots only the last one.
 * @param {Store} about
 * @param {number} per
 */
export function marksOf({ events }, per) {
  const best = events.findLast(({ event }) => event === 'best');
  return events
    .filter((line) => MARKED.has(line.event) && (line.event !== 'best' || line === best))
    .map(({ event, step, words }) => ({ kind: event, step, epoch: step / per, words }));
}
