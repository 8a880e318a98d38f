/** A run's history as columns of numbers, to which new snapshots are only added; a missing number is NaN. */

/** @import { EventLine, SnapshotLine } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

const EVENTS = {
  /** @param {EventLine} about */
  learning_rate: ({ value }) => `learning rate set to ${value}`,
  pause: () => 'paused',
  best: () => 'lowest held-out loss so far',
  diverged: () => 'diverged',
  interrupted: () => 'interrupted',
  stop: () => 'stopped',
  failed: () => 'failed',
};
const FIGURES = {
  /** @param {SnapshotLine} line */
  trainLoss: (line) => line.train?.loss,
  /** @param {SnapshotLine} line */
  heldoutLoss: (line) => line.heldout?.loss,
  /** @param {SnapshotLine} line */
  trainAccuracy: (line) => line.train?.accuracy,
  /** @param {SnapshotLine} line */
  heldoutAccuracy: (line) => line.heldout?.accuracy,
  /** @param {SnapshotLine} line */
  rate: (line) => line.learning_rate,
};

/**
 * Steps of one epoch: from the status, else from the configuration, else from the history itself.
 * @param {Store} about
 */
export function stepsPerEpoch({ status, description, snapshotLines }) {
  if (status?.total_steps > 0 && status.n_epochs > 0) return status.total_steps / status.n_epochs;
  const batch = description?.config?.training?.batch_size;
  const examples = description?.dataset?.n_train;
  if (batch === 'full') return 1;
  if (batch > 0 && examples > 0) return Math.ceil(examples / batch);
  const line = snapshotLines.findLast(({ epoch }) => epoch > 0);
  return line ? line.step / line.epoch : Math.max(1, snapshotLines.at(-1)?.step ?? 1);
}

export class History {
  constructor() {
    this.forget();
  }

  forget() {
    this.lines = [];
    this.per = 0;
    this.epochs = [];
    this.figures = Object.fromEntries(Object.keys(FIGURES).map((name) => [name, []]));
    this.hasRates = false;
  }

  get length() {
    return this.lines.length;
  }

  /**
   * Take in what the store has; returns whether anything is new.
   * @param {Store} store
   */
  read(store) {
    const { snapshotLines } = store;
    const per = stepsPerEpoch(store);
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
      for (const [name, of] of Object.entries(FIGURES)) {
        const value = of(line);
        this.figures[name].push(typeof value === 'number' ? value : NaN);
      }
      this.hasRates ||= line.learning_rate !== this.lines[0].learning_rate;
    }
    return true;
  }
}

/**
 * The events worth a mark: [{kind, epoch, step, words}]; of the best moments only the last one.
 * @param {Store} about
 * @param {number} per
 */
export function marksOf({ events }, per) {
  const best = events.findLast(({ event }) => event === 'best');
  return events
    .filter((line) => line.event in EVENTS && (line.event !== 'best' || line === best))
    .map((line) => ({ kind: line.event, step: line.step, epoch: line.step / per, words: EVENTS[line.event](line) }));
}
