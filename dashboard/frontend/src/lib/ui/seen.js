/**
 * When the views draw: together, in one animation frame, those in sight. A view out of sight waits until it is scrolled
 * to, a second at most: who searches the page or has it read aloud finds no old numbers.
 */

const AHEAD = '25%'; // of the window: so far from its edge a view counts as in sight, so that it comes in drawn
const LATE = 1000; // ms

/** @typedef {{ update(now: number): void }} Drawn */

/** @type {Set<Drawn>} */
const due = new Set(); // for the next animation frame
/** @type {Set<Drawn>} */
const waiting = new Set(); // out of sight, the longest waiting first
let frame = 0;
let timer = 0;

/**
 * Draw what is due now, and not only in the next animation frame: what has just arrived is then laid out in that one.
 * @param {number} [now]
 */
export function draw(now = performance.now()) {
  cancelAnimationFrame(frame);
  frame = 0;
  const views = [...due];
  due.clear();
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
  due.add(view);
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
 * Call `update(now)` for the view in `root` after each of the store's `events` and each `schedule()`, once, when its
 * turn comes; and for a first time. Returns {schedule, cancel}.
 * @param {HTMLElement} root
 * @param {(now: number) => void} update
 * @param {{ on(event: string, listen: () => void): unknown }} store
 * @param {string[]} events
 */
export function whenSeen(root, update, store, events) {
  const view = { update };
  let isSeen = true;
  const watch = new IntersectionObserver(
    (entries) => {
      const newest = entries[entries.length - 1];
      // What takes up no room yet may be about to.
      isSeen = newest.isIntersecting || !newest.boundingClientRect.width;
      if (isSeen && waiting.has(view)) next(view);
    },
    { rootMargin: AHEAD, scrollMargin: AHEAD },
  );
  watch.observe(root);
  function schedule() {
    if (isSeen) next(view);
    else if (!due.has(view) && !waiting.has(view)) {
      waiting.add(view);
      if (!timer) timer = window.setTimeout(catchUp, LATE);
    }
  }
  const stops = events.map((event) => store.on(event, schedule));
  schedule();
  return {
    schedule,
    /** Draw no more. */
    cancel() {
      watch.disconnect();
      due.delete(view);
      waiting.delete(view);
      for (const stop of stops) if (typeof stop === 'function') stop();
    },
  };
}
