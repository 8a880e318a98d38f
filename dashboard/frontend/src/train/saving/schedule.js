/** Which snapshots a film shows, and each for how long: those that a replay of as many seconds would. */

import { Clock } from '../clock.js';

/** @import { Span } from '../types.js' */

export const FRAME_MS = 80; // more a second make a file larger, and no film easier to follow
const LAST_MS = 1500; // that its end stays

/**
 * The frames of a film of a run: the numbers of their snapshots, each one once, and how many ms it stays.
 * @template {{ step: number, number: number }} Line
 * @param {Line[]} lines of the snapshots, in order of their steps
 * @param {Span} span
 * @param {number} seconds
 * @param {(number: number) => number} drawable the snapshot nearest to a number that can be drawn
 * @param {number} [frameMs] how long a frame stays at least
 */
export function filmOf(lines, span, seconds, drawable, frameMs = FRAME_MS) {
  /** @type {Array<{ number: number, ms: number }>} */
  const frames = [];
  const clock = new Clock();
  clock.seconds = seconds;
  const last = lines[lines.length - 1];
  for (let ms = 0; ms < 1000 * seconds; ms += frameMs) {
    if (ms) clock.advance(frameMs, last.step, span);
    add(drawable(clock.lineOf(lines, span).number), frameMs);
  }
  add(last.number, LAST_MS);

  /**
   * @param {number} number
   * @param {number} ms
   */
  function add(number, ms) {
    const before = frames.at(-1);
    if (before && number <= before.number) before.ms += ms;
    else frames.push({ number, ms });
  }
  return frames;
}
