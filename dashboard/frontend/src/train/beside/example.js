/** The same example in two runs. */

import { nameOf } from '../../lib/model/sample.js';

/** @import { Description } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

/**
 * Whether two runs have the same examples, so that the same one can be sent through both networks.
 * @param {Description | null} a
 * @param {Description | null} b
 */
export const haveSameExamples = (a, b) => !!a && !!b && JSON.stringify(a.judged) === JSON.stringify(b.judged);

/**
 * Which of `to`'s examples is the one that `from` shows: its index among the recorded ones and the one asked for, or its
 * name where `to` has to be sent it first; null where it has none, or none is known yet.
 * @param {Pick<Store, 'description' | 'probe' | 'probeIndex' | 'plane'>} from
 * @param {Pick<Store, 'description' | 'probe' | 'plane'>} to
 * @returns {number | string | null}
 */
export function sameExample(from, to) {
  if (!from.probe || !to.probe || !haveSameExamples(from.description, to.description)) return null;
  const { sample, labels } = from.probe;
  const index = from.probeIndex ?? 0;
  if (!sample || index < labels.length - 1) return index;
  const name = nameOf(sample, from.plane);
  const known = to.probe.sample;
  return known && nameOf(known, to.plane) === name ? to.probe.labels.length - 1 : name;
}
