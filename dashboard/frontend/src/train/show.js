/** Which snapshot is shown: the newest while the run is followed, else the one chosen; with a glide from one to the next. */
import { draw } from '../lib/ui/seen.js';
import { record } from '../lib/ui/timings.js';
import { createBases } from './since.js';

/** @import { Source, Store } from './types.js' */
/** @import { Base, OutputReader, Frame } from '../lib/model/types.js' */

const LONGEST_GLIDE = 300; // ms
const SHORTEST_GLIDE = 100; // ms: snapshots that follow each other faster than this are a moving picture by themselves
const AHEAD = 2; // snapshots fetched before they are asked for
const LIVE_PERIOD = [42, 150]; // ms from one live frame to the next: more often nobody sees it, and training pays for it
const SHARE = 1 / 4; // of the time, at most, for drawing them
const TICK = 1000 / 60; // ms from one animation frame to the next

/**
 * Show frames of `store` in `root`. `source()` is the present source.
 * Returns {live(frame), choose(), forget(), destroy()}.
 * @param {Store} store
 * @param {HTMLElement} root
 * @param {() => Source | null} source
 */
export function createShow(store, root, source) {
  const bases = createBases(store, source);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let ticking = 0;
  let started = 0;
  let glide = 0;
  let arrived = 0;
  let between = LONGEST_GLIDE;
  let cost = TICK / 2; // ms that a frame takes, smoothed
  let loading = false;
  /** @type {(() => void) | null} */
  let release = null; // lets the server send the next live frame

  /** @param {number} now */
  function tick(now) {
    ticking = 0;
    store.progress = glide > 0 ? Math.min(1, (now - started) / glide) : 1;
    store.emit('glide');
    draw();
    if (store.progress < 1) ticking = requestAnimationFrame(tick);
  }

  /**
   * @param {Frame} frame
   * @param {Base | null} base
   * @param {number} length
   */
  function show(frame, base, length) {
    if (store.shown === frame) return;
    store.previous = store.shown;
    store.shown = frame;
    store.base = base;
    glide = store.previous && !still.matches && length >= SHORTEST_GLIDE ? Math.min(LONGEST_GLIDE, length) : 0;
    started = performance.now();
    store.progress = glide > 0 ? 0 : 1;
    cancelAnimationFrame(ticking);
    ticking = 0;
    store.emit('frame');
    if (!document.hidden) draw();
    if (glide > 0) ticking = requestAnimationFrame(tick);
  }

  /** @param {Frame} frame */
  function mark(frame) {
    root.dataset.number = String(frame.number);
    root.dataset.step = String(frame.line.step);
    root.dataset.live = String(store.selected === null);
  }

  /**
   * Kept, with how many ms that took, once a frame is painted; a hidden page paints none and must not hold up the stream.
   * @returns {Promise<number>}
   */
  const drawn = () =>
    new Promise((resolve) => {
      if (document.hidden) setTimeout(resolve, 250, 0);
      // A task asked for in an animation frame comes when that is laid out and painted.
      else requestAnimationFrame((start) => setTimeout(() => resolve(performance.now() - start)));
    });

  /** @param {Frame} frame */
  async function live(frame) {
    if (store.selected !== null) {
      // Someone looks at another snapshot: nothing more is sent until they come back.
      const { promise, resolve } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
      release = resolve;
      await promise;
      return;
    }
    const base = store.since ? await bases.of(frame) : null;
    const now = performance.now();
    if (arrived) between = 0.7 * between + 0.3 * Math.min(1000, now - arrived);
    arrived = now;
    if (store.selected === null && frame.number >= (store.shown?.number ?? -1))
      show(frame, base, between * Math.min(0.9, (SHARE * TICK) / cost));
    const began = performance.now();
    const took = (await drawn()) + (began - now);
    cost = 0.8 * cost + 0.2 * took;
    mark(store.shown);
    record('drawn', { number: frame.number, written: frame.written, drawn: Date.now() });
    const [shortest, longest] = LIVE_PERIOD;
    const rest = Math.min(longest, Math.max(shortest, cost / SHARE)) - (performance.now() - now);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }

  /** Show what `store.selected` asks for, the newest wish at last. Done once it is drawn. */
  async function choose() {
    root.dataset.live = String(store.selected === null);
    if (store.selected === null) {
      release?.();
      release = null;
    }
    if (loading) return;
    loading = true;
    try {
      for (;;) {
        const wanted = store.selected ?? store.newest;
        if (store.newest < 0 || store.shown?.number === wanted) break;
        const { run } = store;
        const frame = await source()?.frame(wanted);
        const base = frame && store.since ? await bases.of(frame) : null;
        if (run !== store.run) continue;
        if (!frame) break;
        // Where its arrays were thinned out meanwhile, this is the nearest that has some.
        if (frame.number !== wanted && store.selected === wanted) store.selected = frame.number;
        const way = Math.sign(wanted - (store.shown?.number ?? wanted)) || 1;
        show(frame, base, 0.9 * store.pace);
        bases.measure();
        // A person who goes one way is likely to go on.
        for (let next = 1; next <= AHEAD && store.selected !== null; next += 1) {
          const number = wanted + way * next;
          if (number >= 0 && number <= store.newest) source()?.prefetch(number);
        }
        await drawn();
        mark(frame);
      }
    } finally {
      loading = false;
    }
  }

  /** Another moment to compare with. */
  async function compare() {
    const { shown, since } = store;
    const base = shown && (await bases.of(shown));
    if (shown !== store.shown || since !== store.since) return; // what is shown now has its own
    store.base = base;
    store.emit('base');
    bases.measure();
  }
  const ignore = store.on('since', compare);

  return {
    live,
    choose,
    forget() {
      release?.();
      release = null;
      arrived = 0;
      for (const name of ['number', 'step', 'status']) delete root.dataset[name];
    },
    destroy() {
      ignore();
      cancelAnimationFrame(ticking);
      release?.();
    },
  };
}
