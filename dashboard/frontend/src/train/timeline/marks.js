/** What happened during a run, as marks on the timeline: changes by hand, pauses, the best epoch, the end. */
/** @import { Best, EventLine, Frame } from '../../lib/model/types.js' */
/** @import { Gathered, Mark } from '../types.js' */

/** Glyphs in a box of 12 by 12, distinguished by shape. */
/** @type {Record<string, string>} */
export const GLYPHS = {
  rate: 'M6 1 11 6 6 11 1 6Z',
  pause: 'M2 1.5H5V10.5H2ZM7 1.5H10V10.5H7Z',
  resume: 'M2.5 1 10.5 6 2.5 11Z',
  best: 'M6 0.6 7.6 4.2 11.5 4.6 8.6 7.2 9.4 11 6 9 2.6 11 3.4 7.2 0.5 4.6 4.4 4.2Z',
  stop: 'M2 2H10V10H2Z',
  trouble: 'M6 0.8 11.6 11H0.4ZM5.3 4.3V7.6H6.7V4.3ZM5.3 8.5V9.8H6.7V8.5Z',
  pin: 'M2 0H10V7L6 12L2 7Z',
  note: 'M6 1.2A4.8 4.8 0 1 0 6 10.8A4.8 4.8 0 1 0 6 1.2Z',
};

const UNMARKED = new Set(['best', 'pin', 'unpin']);
/** @type {Record<string, string>} */
const KINDS = {
  learning_rate: 'rate',
  pause: 'pause',
  resume: 'resume',
  finished: 'stop',
  stop: 'stop',
  diverged: 'trouble',
  failed: 'trouble',
  interrupted: 'trouble',
  warning: 'trouble',
};

/**
 * The marks of a run: [{kind, step, text}], in order of steps. `best` is the best snapshot so far, or null.
 * @param {EventLine[]} events
 * @param {Best | null} best
 * @param {Frame | null} [compared]
 */
export function marksOf(events, best, compared = null) {
  /** @type {Mark[]} */
  const marks = [];
  if (compared) {
    const { step } = compared.line;
    marks.push({ kind: 'pin', step, text: `Pinned to be compared at step ${step.toLocaleString('en')}` });
  }
  for (const { event, step, words, message } of events) {
    if (UNMARKED.has(event)) continue;
    const text = message && message !== words ? `${words}. ${message}` : words;
    marks.push({ kind: KINDS[event] ?? 'note', step, text });
  }
  if (best) marks.push({ kind: 'best', step: best.step, text: best.words });
  return marks.sort((a, b) => a.step - b.step);
}

/**
 * Marks as they stand on a track of `width` pixels: those that would cover each other share one, with all their texts.
 * @param {Mark[]} marks
 * @param {(step: number) => number} placeOf
 * @param {number} last
 * @param {number} width
 */
export function gathered(marks, placeOf, last, width) {
  const apart = last > 0 ? (14 / Math.max(width, 50)) * last : Infinity;
  /** @type {Gathered[]} */
  const places = [];
  for (const mark of marks) {
    const number = placeOf(mark.step);
    const neighbour = places.at(-1);
    if (neighbour && number - neighbour.number < apart) {
      neighbour.texts.push(mark.text);
      if (
        mark.kind === 'pin' ||
        (mark.kind === 'best' && neighbour.kind !== 'pin') ||
        (neighbour.kind === 'note' && mark.kind !== 'note')
      )
        neighbour.kind = mark.kind;
    } else places.push({ number, kind: mark.kind, texts: [mark.text] });
  }
  return places;
}
