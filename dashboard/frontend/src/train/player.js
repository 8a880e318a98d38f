/**
 * How a person sees a run: live, by a clock of their own, or a step at a time. It chooses on the timeline what a hand
 * could choose, so that replay and live are one path.
 */

import { Clock } from './clock.js';
import { isAtWork } from './store.js';

/** @import { Store, Way } from './types.js' */

export const WATCHED = 12; // s for a run that is watched from its beginning
export const REPLAYED = [5, 15, 60]; // s for a replay, to choose from
const SLOW = 1200; // ms for a step
const LATE = 500; // ms that a run may be ahead of who follows it
const LONGEST = 100; // ms that count between two animation frames: nobody sees what a hidden page shows

/**
 * Play what is selected in `store`: {live, watch, slow, play, stop}, and `take(seconds)` for the time of a replay. For a
 * film of it `film()` begins, `show(number)` goes to a snapshot and `leave(selected)` back to what was looked at.
 * What a hand selects meanwhile ends it.
 * @param {Store} store
 */
export function createPlayer(store) {
  const clock = new Clock();
  let seconds = REPLAYED[1];
  let frame = 0;
  let timer = 0;
  let since = 0;
  let isChoosing = false;

  const span = () => ({
    stepsPerEpoch: store.stepsPerEpoch,
    totalSteps: Math.max(store.status?.total_steps ?? 0, store.snapshotLines.at(-1)?.step ?? 0, 1),
  });

  /** @param {Way} way */
  function set(way) {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
    if (store.way === 'slow' && ['live', 'watch'].includes(way) && store.status?.status === 'paused') command('resume');
    store.way = way;
    store.pace = 0;
    store.emit('way');
  }

  /** @param {number | null} number */
  function choose(number) {
    isChoosing = true;
    store.select(number);
    isChoosing = false;
  }
  const ignore = store.on('select', () => {
    if (!isChoosing) set(store.selected === null ? 'live' : 'still');
  });

  /** @param {'pause' | 'resume' | 'step'} name */
  function command(name) {
    store.server.ask(`commands/${name}`, { method: 'POST' }).catch(() => {}); // it has ended meanwhile
  }

  /**
   * Play by the clock from a snapshot on.
   * @param {Way} way
   * @param {number} time
   * @param {number} first
   */
  function start(way, time, first) {
    set(way);
    clock.seconds = time;
    clock.share = 0;
    clock.advance(Infinity, store.history.at(first)?.step ?? 0, span());
    if (store.selected !== first) choose(first);
    since = performance.now();
    frame = requestAnimationFrame(tick);
  }

  /** @param {number} now */
  function tick(now) {
    frame = requestAnimationFrame(tick);
    const newest = store.snapshotLines.at(-1);
    const ms = Math.max(0, Math.min(LONGEST, now - since));
    since = now;
    if (!newest || !store.shown) return;
    store.pace = (1000 * clock.seconds) / Math.max(1, newest.number);
    const isThere = clock.advance(ms, newest.step, span());
    if (store.selected === null) {
      // It follows a run at work, until that runs away from it.
      if (!isAtWork(store)) end();
      else if (clock.behind(newest.step, span()) > LATE) choose(store.shown.number);
      return;
    }
    if (store.shown.number !== store.selected) return; // one after the other
    const next = isThere ? newest.number : clock.lineOf(store.snapshotLines, span()).number;
    const drawable = store.thinned.nearest(next, newest.number);
    if (drawable > store.selected) choose(drawable);
    else if (isThere && isAtWork(store)) choose(null);
    else if (isThere) end();
  }

  /** A step at a time: the run at work takes one, of another the next snapshot is shown. */
  function step() {
    timer = window.setTimeout(step, SLOW);
    if (isAtWork(store) && store.selected === null) {
      if (store.status?.status === 'paused') command('step');
      return;
    }
    const next = store.thinned.next(store.selected ?? store.newest, 1, store.newest);
    if (next !== null) choose(next);
    else if (isAtWork(store)) choose(null);
    else end();
  }

  function end() {
    set('live');
    store.select(null);
  }

  return {
    live: end,
    watch: () => start('watch', WATCHED, 0),
    /** From the snapshot shown, or from the beginning when that is the last. */
    play() {
      const at = store.selected ?? store.newest;
      start('play', seconds, at < store.newest ? at : 0);
    },
    /** @param {number} time */
    take(time) {
      seconds = time;
      if (store.way === 'play') clock.seconds = time;
    },
    slow() {
      set('slow');
      store.pace = SLOW;
      if (isAtWork(store)) command('pause');
      if (!isAtWork(store) && (store.selected ?? store.newest) >= store.newest) choose(0);
      timer = window.setTimeout(step, SLOW);
    },
    /** Stay where it is. */
    stop() {
      if (store.way === 'live' || store.way === 'still') return;
      set('still');
      choose(store.selected ?? store.newest); // where it was left is now a choice
    },
    span,
    film: () => set('play'),
    show: choose,
    /** @param {number | null} selected */
    leave(selected) {
      if (selected === null) {
        end();
        return;
      }
      set('still');
      choose(selected);
    },
    forget: () => set('live'),
    destroy() {
      set('still');
      ignore();
    },
  };
}
