/**
 * What can be told of a network's health from its history, in words with the numbers that say so.
 * Pure: takes the lines of the snapshots up to the moment shown, answers findings, worst first.
 */

/** @import { Description, EventLine, SnapshotLine } from '../../lib/model/types.js' */
/** @import { Finding } from '../types.js' */

const DEAD = 0.2; // share of a layer's neurons that are 0 for every example
const SATURATED = 0.5; // share of a layer's values at an end of the range
export const HEALTHY = [1e-4, 1e-2]; // update-to-weight ratios; 1e-3 is the usual rule of thumb
const UNEVEN = 1e-3; // first layer's gradient as a part of the last one's, per weight
const EXPLODING = 10; // times the usual gradient norm
const WORSE = 1.05; // train loss as a multiple of the one before any training
const OVERFITTED = 1.1; // held-out loss as a multiple of its lowest

/**
 * A loss or an accuracy as a number: NaN where it is not finite.
 * @param {number | null} value
 */
const numberOf = (value) => value ?? NaN;
/** @param {number} share */
const percent = (share) => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
/** @param {number} value */
const figure = (value) =>
  Math.abs(value) >= 0.001 && Math.abs(value) < 1e4 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
/** @param {Array<number | null>} values */
const median = (values) => {
  const sorted = values
    .flatMap((value) => (value !== null && Number.isFinite(value) ? value : []))
    .sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor(sorted.length / 2)] : NaN;
};

/**
 * Findings: [{level: 'bad' | 'watch', title, why, remedy}]. `names` names the layers, `settings` is the run's
 * config, `epochOf(line)` counts epochs, `events` are the events up to the moment shown.
 * @param {SnapshotLine[]} lines
 * @param {{ names: string[], sizes: number[], settings: Description['config'], epochOf: (line: SnapshotLine) => number, events: EventLine[] }} about
 */
export function diagnose(lines, { names, sizes, settings, epochOf, events }) {
  /** @type {Finding[]} */
  const found = [];
  const now = lines.at(-1);
  if (!now) return found;
  /**
   * @param {'bad' | 'watch'} level
   * @param {string} title
   * @param {string} why
   * @param {string} remedy
   */
  const say = (level, title, why, remedy) => found.push({ level, title, why, remedy });
  const diverged = events.find(({ event }) => event === 'diverged');
  if (diverged)
    say(
      'bad',
      'Training diverged',
      diverged.message ?? `At step ${diverged.step} a number stopped being finite.`,
      'Learning rate: take a tenth of it.',
    );

  now.layers.forEach((layer, i) => {
    const isHidden = i < now.layers.length - 1;
    if (isHidden && layer.dead_fraction >= DEAD) {
      say(
        layer.dead_fraction >= 0.5 ? 'bad' : 'watch',
        `${names[i]}: dying neurons`,
        `${percent(layer.dead_fraction)} of its ${sizes[i + 1]} neurons are 0 for every held-out example looked at.`,
        'Learning rate: lower it. Or take the activation leaky_relu, which is never quite off.',
      );
    }
    if (isHidden && layer.saturated_fraction !== null && layer.saturated_fraction >= SATURATED) {
      say(
        'watch',
        `${names[i]}: saturated`,
        `${percent(layer.saturated_fraction)} of its values lie within 0.05 of an end of the range, where the slope is almost 0.`,
        'Initialiser: take glorot, or a smaller scale. Or take the activation relu.',
      );
    }
  });

  const trained = lines.filter(({ layers }) => layers[0].gradient_norm !== null);
  const last = trained.at(-1);
  if (last && now === last) {
    const strength = last.layers.map(
      ({ gradient_norm: norm }, i) => numberOf(norm) / Math.sqrt(sizes[i] * sizes[i + 1]),
    );
    if (strength.length > 2 && strength[0] > 0 && strength[0] < UNEVEN * strength[strength.length - 1]) {
      say(
        'bad',
        'Vanishing gradients',
        `The gradient of ${names[0]} is ${figure(strength[0])} a weight, that of the output ${figure(strength[strength.length - 1])}: ${Math.round(strength[strength.length - 1] / strength[0]).toLocaleString('en')} times as much.`,
        'Activation: take relu. Initialiser: he for relu, glorot for tanh and sigmoid. Fewer layers help too.',
      );
    }
    const ratios = last.layers.map(({ update_ratio: ratio }) => numberOf(ratio));
    const middle = median(trained.slice(-5).flatMap(({ layers }) => layers.map(({ update_ratio: ratio }) => ratio)));
    const began = numberOf(lines[0].train.loss);
    const explained = found.some(({ level }) => level === 'bad'); // a small step is then no matter of the learning rate
    if (numberOf(now.train.loss) > WORSE * began && epochOf(now) >= 0.5) {
      say(
        'bad',
        'Learning rate too high',
        `The train loss is ${figure(numberOf(now.train.loss))}; before any training it was ${figure(began)}. A step now changes the weights by ${figure(middle)} of their size.`,
        `Learning rate: start again with ${figure(now.learning_rate / 10)}.`,
      );
    } else if (middle > 5 * HEALTHY[1] && epochOf(now) >= 0.5) {
      say(
        'watch',
        'Learning rate rather high',
        `A step changes the weights by ${percent(middle)} of their size (${ratios.map((ratio, i) => `${names[i]} ${percent(ratio)}`).join(', ')}); about 0.1 % is usual.`,
        `Learning rate: try ${figure(now.learning_rate / 5)}.`,
      );
    } else if (middle < HEALTHY[0] / 5 && numberOf(now.train.accuracy) < 0.98 && !explained) {
      say(
        'watch',
        'Learning rate rather low',
        `A step changes the weights by ${figure(middle)} of their size; about 0.001 is usual.`,
        `Learning rate: try ${figure(now.learning_rate * 5)}.`,
      );
    }
    const norms = trained.map(({ layers }) => Math.hypot(...layers.map(({ gradient_norm: norm }) => numberOf(norm))));
    const usual = median(norms.slice(0, -1));
    if (norms.length > 4 && norms[norms.length - 1] > EXPLODING * usual) {
      say(
        'bad',
        'Exploding gradients',
        `The gradient is ${figure(norms[norms.length - 1])} long, its median so far ${figure(usual)}.`,
        'Learning rate: lower it. Clip norm: set it near the usual length.',
      );
    }
  }

  const losses = lines.map(({ heldout }) => numberOf(heldout.loss));
  const lowest = losses.reduce((best, loss, i) => (Number.isFinite(loss) && !(losses[best] <= loss) ? i : best), 0);
  const since = epochOf(now) - epochOf(lines[lowest]);
  if (
    numberOf(now.heldout.loss) > OVERFITTED * losses[lowest] &&
    since >= 1 &&
    numberOf(now.train.loss) < numberOf(lines[lowest].train.loss)
  ) {
    say(
      'watch',
      'Over-fitting',
      `The held-out loss was lowest, ${figure(losses[lowest])}, at epoch ${figure(epochOf(lines[lowest]))}; since then it rose to ${figure(numberOf(now.heldout.loss))} while the train loss fell from ${figure(numberOf(lines[lowest].train.loss))} to ${figure(numberOf(now.train.loss))}.`,
      `Patience: stop after a few epochs without a lower loss. Or more L2${settings?.network?.dropout ? '' : ', dropout'}, fewer neurons, more data.`,
    );
  }
  const recent = lines.slice(-4).map(({ train }) => numberOf(train.loss));
  if (
    recent.length === 4 &&
    recent[3] > 1.2 * lines.reduce((least, { train }) => Math.min(least, train.loss ?? Infinity), Infinity) &&
    recent[3] > recent[0]
  ) {
    say(
      'watch',
      'The train loss is rising',
      `It was ${recent.slice(0, 3).map(figure).join(', ')} and is ${figure(recent[3])} now.`,
      `Learning rate: try ${figure(now.learning_rate / 3)}.`,
    );
  }
  return found.sort((a, b) => (a.level === b.level ? 0 : a.level === 'bad' ? -1 : 1));
}
