/** The card of a chart over the snapshots: its head, its canvas and its sentence, and how a snapshot is pointed at. */
import { make, setText } from '../lib/ui/dom.js';

/** @import { createView } from '../lib/ui/seen.js' */
/** @import { Store } from './types.js' */

/**
 * Build the card in `root`: {box, canvas, describe(words, label)}.
 * @param {HTMLElement} root
 * @param {string} title
 * @param {HTMLElement[]} controls
 */
export function createChartCard(root, title, ...controls) {
  const canvas = make('canvas', { tabIndex: 0, role: 'img', 'aria-label': title });
  const box = make('div', { className: 'as-chart' }, canvas);
  const say = make('p', { className: 'as-say' });
  root.append(make('div', { className: 'as-head' }, make('h3', {}, title), ...controls), box, say);
  return {
    box,
    canvas,
    /**
     * @param {string} words
     * @param {string} [label]
     */
    describe(words, label = words) {
      setText(say, words);
      canvas.setAttribute('aria-label', label);
    },
  };
}

/**
 * Let snapshots be pointed at on a canvas and chosen by a click, or by keys. `placeAt(x)` is the place of a snapshot among
 * those drawn, or null, `numberAt(place)` its number. Returns {place}, what is pointed at, or null.
 * @param {ReturnType<typeof createView>} view
 * @param {HTMLCanvasElement} canvas
 * @param {Store} store
 * @param {(x: number) => number | null} placeAt
 * @param {(place: number) => number} numberAt
 */
export function pointAtSnapshots({ listen, schedule }, canvas, store, placeAt, numberAt) {
  /** @type {{ place: number | null }} */
  const pointed = { place: null };
  /** @param {number | null} place */
  function point(place) {
    pointed.place = place;
    schedule();
  }
  listen(canvas, 'pointermove', ({ offsetX }) => point(placeAt(offsetX)));
  listen(canvas, 'pointerleave', () => point(null));
  listen(canvas, 'click', ({ offsetX }) => {
    const place = placeAt(offsetX);
    if (place !== null) store.select(numberAt(place));
  });
  listen(canvas, 'keydown', (event) => {
    const now = store.selected ?? store.newest;
    /** @type {Record<string, () => number | null>} */
    const asked = {
      ArrowLeft: () => store.thinned.next(now, -1, store.newest),
      ArrowRight: () => store.thinned.next(now, 1, store.newest),
      Home: () => 0,
      End: () => store.newest,
    };
    const next = asked[event.key]?.();
    if (next === undefined) return;
    event.preventDefault();
    if (next !== null) store.select(next);
  });
  return pointed;
}
