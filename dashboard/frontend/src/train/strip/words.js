/** What the strip says of a run: one function of what the stage knows. */

import { asPercent } from '../../lib/format/text.js';
import { duration, isAtWork } from '../store.js';

/** @import { Store } from '../types.js' */

const ENDED_BADLY = new Set(['failed', 'diverged', 'interrupted']);

/**
 * The state of a run in words. `status` is its name; `recorded` says, cell by cell, how far the record goes; `share` how
 * much of the training is done, null where nothing is going on; `message` what else is to be said.
 * The snapshots come before the status that goes with them, so a run is never said to be behind its own record.
 * @param {Pick<Store, 'status' | 'history' | 'description' | 'reader' | 'stepsPerEpoch'>} store
 */
export function wordsOf({ status, history, description, reader, stepsPerEpoch }) {
  const line = history.newest < 0 ? null : history.at(history.newest);
  if (!status)
    return {
      status: '',
      recorded: { epoch: '', step: '', accuracy: '', speed: '', rate: '' },
      share: null,
      message: '',
    };
  const isAhead = line !== null && line.step > (status.step ?? 0);
  const name = isAhead && status.status === 'starting' ? 'running' : status.status;
  const step = Math.max(status.step ?? 0, line?.step ?? 0);
  const epoch = isAhead ? Math.floor(step / stepsPerEpoch) : (status.epoch ?? 0);
  const total = status.total_steps ?? (description ? stepsPerEpoch * (status.n_epochs ?? 0) : 0);
  const accuracy = line?.heldout.accuracy;
  const isKnown = description !== null;
  return {
    status: name,
    recorded: {
      epoch: isKnown ? `epoch ${epoch} of ${status.n_epochs}` : '',
      step: isKnown ? `step ${step.toLocaleString('en')}` : '',
      accuracy: typeof accuracy === 'number' ? `held-out ${reader.accuracy} ${asPercent(accuracy)}` : '',
      speed: status.samples_per_second
        ? `${Math.round(status.samples_per_second).toLocaleString('en')} examples/s`
        : '',
      rate: line ? `rate ${Number(line.learning_rate.toPrecision(3))}` : '',
    },
    share: isAtWork({ status }) && total ? Math.min(1, step / total) : null,
    message: line ? messageOf(status, name) : '', // before the first snapshot it stands in the place of the picture
  };
}

/**
 * The longest that each cell says while a run goes on: the space reserved for it, in any font.
 * @param {Pick<Store, 'status' | 'description' | 'reader' | 'stepsPerEpoch'>} store
 */
export function longestOf({ status, description, reader, stepsPerEpoch }) {
  if (!status || !description) return null;
  const epochs = status.n_epochs ?? 0;
  const steps = status.total_steps ?? stepsPerEpoch * epochs;
  return {
    epoch: `epoch ${epochs} of ${epochs}`,
    step: `step ${steps.toLocaleString('en')}`,
    accuracy: `held-out ${reader.accuracy} >99.9 %`,
    speed: '8,888,888 examples/s',
    rate: 'rate 0.0000888',
  };
}

/**
 * What is said of the next run, of which there is no snapshot yet.
 * @param {NonNullable<Store['status']>} status
 */
export function wordsOfComing({ status, loading }) {
  return {
    status,
    recorded: { epoch: '', step: '', accuracy: '', speed: '', rate: '' },
    share: loading?.total ? Math.min(1, loading.done / loading.total) : null,
    message: loading?.what ?? '',
  };
}

/**
 * @param {NonNullable<Store['status']>} status
 * @param {string} name
 */
function messageOf({ loading, message, seconds_left: left }, name) {
  if (loading) return loading.what;
  return typeof left === 'number' && !ENDED_BADLY.has(name) ? `${duration(left)} left` : (message ?? '');
}
