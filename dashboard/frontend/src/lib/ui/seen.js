/**
 * When the views draw: together, in one animation frame, those in sight. A view out of sight waits until it is scrolled
 * to, a second at most: who searches the page or has it read aloud finds no old numbers.
 */

import { createListeners } from './dom.js';

const AHEAD = '25%'; // of the window: so far from its edge a view counts as in sight, so that it comes in drawn
const LATE = 1000; // ms

/** @typedef {{ root: HTMLElement, update(now: number): void }} Drawn */

/** @type {Set<Drawn>} */
const queued = new Set(); // for the next animation frame
/** @type {Set<Drawn>} */
const waiting = new Set(); // out of sight, the longest waiting first
let frame = 0;
let timer = 0;

/**
 * Draw what is queued now, and not only in the next animation frame: what has just arrived is then laid out in that one.
 * @param {number} [now]
 */
export function draw(now = performance.now()) {
  cancelAnimationFrame(frame);
  frame = 0;
  const views = [...queued];
  queued.clear();
  drawAll(views, now);
}

/**
 * Draw what waits inside an element now, in sight or not.
 * @param {Element} element
 */
export function drawInside(element) {
  const views = [...queued, ...waiting].filter(({ root }) => element.contains(root));
  for (const view of views) {
    queued.delete(view);
    waiting.delete(view);
  }
  drawAll(views, performance.now());
}

/**
 * @param {Drawn[]} views
 * @param {number} now
 */
function drawAll(views, now) {
  for (const view of views) {
    try {
      view.update(now);
    } catch (error) {
      reportError(error); // one view's mistake is not the next one's
    }
  }
}

/** @param {Drawn} view */
function next(view) {
  waiting.delete(view);
  queued.add(view);
  frame ||= requestAnimationFrame(draw);
}

/** One after the other, so that no frame has to draw everything that is out of sight. */
function catchUp() {
  timer = 0;
  const [view] = waiting;
  if (view) next(view);
  if (waiting.size) timer = window.setTimeout(catchUp, LATE / waiting.size);
}

/**
 * A view in `root`: `update(now)` is called after each of the store's `events` and each `schedule()`, once, when its turn
 * comes; and for a first time. What it listens to, and what else it stops at `signal`, ends with `destroy()`.
 * @param {HTMLElement} root
 * @param {{ on(event: string, listen: () => void): () => void }} store
 * @param {string[]} events
 * @param {(now: number) => void} update
 */
export function createView(root, store, events, update) {
  const drawn = { root, update };
  let isSeen = true;
  let hadRoom = false; // when it was last observed
  const watch = new IntersectionObserver(
    (entries) => {
      const newest = entries[entries.length - 1];
      // What takes up no room yet may be about to.
      hadRoom = newest.boundingClientRect.width > 0;
      isSeen = newest.isIntersecting || !hadRoom;
      if (isSeen && waiting.has(drawn)) next(drawn);
    },
    { rootMargin: AHEAD, scrollMargin: AHEAD },
  );
  watch.observe(root);
  function schedule() {
    if (!hadRoom && root.clientWidth) {
      hadRoom = true; // nothing tells of what was hidden and is shown out of sight
      watch.unobserve(root);
      watch.observe(root);
    }
    if (isSeen) next(drawn);
    else if (!queued.has(drawn) && !waiting.has(drawn)) {
      waiting.add(drawn);
      if (!timer) timer = window.setTimeout(catchUp, LATE);
    }
  }
  const stops = events.map((event) => store.on(event, schedule));
  const { listen, stop, signal } = createListeners();
  schedule();
  return {
    update,
    schedule,
    listen,
    signal,
    destroy() {
      stop();
      watch.disconnect();
      queued.delete(drawn);
      waiting.delete(drawn);
      for (const end of stops) end();
      root.replaceChildren();
    },
  };
}

/**
 * A view that is made again for each run: `create(schedule)` makes it once `isReady()`, and its `update` returns whether
 * it wants to be called again in the next frame.
 * @param {HTMLElement} root
 * @param {{ on(event: string, listen: () => void): () => void, description: unknown }} store
 * @param {string[]} events
 * @param {() => boolean} isReady
 * @param {(schedule: () => void) => { update(now: number): boolean, destroy(): void }} create
 */
export function createRunView(root, store, events, isReady, create) {
  /** @type {ReturnType<typeof create> | null} */
  let made = null;
  /** @type {unknown} */
  let run = null;
  const view = createView(root, store, events, update);

  function forget() {
    made?.destroy();
    made = null;
  }

  /** @param {number} now */
  function update(now) {
    if (!isReady() || run !== store.description) forget();
    if (!isReady()) return;
    run = store.description;
    made ??= create(view.schedule);
    if (made.update(now)) view.schedule();
  }
  view.signal.addEventListener('abort', forget);
  return view;
}
