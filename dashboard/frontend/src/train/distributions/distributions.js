/**
 * How the weights, gradients, updates and activations of a layer are distributed, over all snapshots: as a heat map
 * (a column a snapshot) or as ridges, on bins that are the same for every run; of the weights, also how they changed.
 */

import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { tickText } from '../../lib/charts/scale.js';
import { layersOf } from '../../lib/model/forward.js';
import { parseHead } from '../../lib/model/frame.js';
import { layerColors, paletteFor } from '../../lib/theme/palette.js';
import { segmented, select } from '../../lib/ui/controls.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { createView } from '../../lib/ui/seen.js';
import { createSinceChoice } from '../../lib/ui/since-choice.js';
import { createChartCard, pointAtSnapshots } from '../chart-card.js';
import { drawHeat, drawRidges, LEFT, RIGHT } from './draw.js';

/** @import { Histograms, Store } from '../types.js' */

const HEIGHT = 250;
/** @type {Record<string, string>} */
const KINDS = { weight: 'Weights', gradient: 'Gradients', update: 'Updates', activation: 'Activations' };
const SHAPES = [
  ['heat', 'Heat map'],
  ['ridges', 'Ridges'],
];
const WAIT = 700; // ms between two questions to the server while a run trains
const MOST_COLUMNS = 1024; // snapshots kept in memory

/**
 * @param {number} value
 * @param {number} digits
 */
const rounded = (value, digits) => tickText(Number(value.toPrecision(digits)));

/**
 * Build the view in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createDistributions(root, store) {
  const again = () => view.schedule();
  const kindChoice = select('Of what', Object.entries(KINDS), again, 'as-select');
  const layerChoice = select('Of which layer', [], again, 'as-select');
  const shape = segmented('How they are drawn', SHAPES, 'heat', again);
  const gone = new AbortController();
  const sinceChoice = createSinceChoice(store, gone.signal, 'as-select');
  const choices = [kindChoice, sinceChoice, layerChoice, shape.element];
  const { box, canvas, describe } = createChartCard(root, 'Distributions', ...choices);
  const numbers = createNumbersTable(root, 'Counts of the snapshot shown', () => ({
    head: ['From', 'to', 'how many'],
    rows: Array.from(known.length ? counts(placeOf(store.shown.number)) : []).flatMap((count, bin) =>
      count ? [[rounded(edges()[bin], 4), rounded(edges()[bin + 1], 4), count.toLocaleString('en')]] : [],
    ),
  }));

  let timer = 0;
  /** @type {Histograms[]} */
  let known = []; // {number, step, counts: Int32Array of [layers][kinds][bins]}, in order of their numbers
  /** @type {string[]} */
  let kinds = [];
  let bins = 64;
  let isAsking = false;
  let isVisible = false;
  let shows = ''; // the run, and what of it is known
  let font = '';
  const view = createView(root, store, ['frame', 'base', 'theme'], update);
  const pointed = pointAtSnapshots(
    view,
    canvas,
    store,
    (x) => {
      if (shape.value === 'ridges' || !known.length) return null;
      const place = Math.floor(((x - LEFT) / (box.clientWidth - RIGHT - LEFT)) * known.length);
      return Math.min(known.length - 1, Math.max(0, place));
    },
    (place) => known[place].number,
  );
  const size = watchSize(box, view.schedule, view.signal);
  const isChange = () => kindChoice.value === 'weight' && store.base?.frame != null;
  /** Since when the server is asked for changes; '' for the distributions that are recorded. */
  function moment() {
    const base = isChange() ? store.base : null;
    return !base?.frame ? '' : base.since === 'last' ? 'last' : String(base.frame.number);
  }
  /** The kind whose bins the counts are in: a change has the only kind that is sent then. */
  const kind = () => (isChange() ? kinds[0] : kindChoice.value);
  const edges = () => store.description.histogram_edges[kind()];

  async function ask() {
    timer = 0;
    forget();
    if (isAsking || !isVisible || !store.description || newestKnown() >= store.newest) return;
    isAsking = true;
    const asked = shows;
    try {
      const since = moment() && `&since=${moment()}`;
      const buffer = await (await store.server.ask(`histograms?start=${newestKnown() + 1}${since}`)).arrayBuffer();
      if (asked === shows) take(buffer);
    } catch {
      // The stage says that the connection is lost; the next snapshot asks again.
    } finally {
      isAsking = false;
      if (asked !== shows) grow();
    }
  }

  /** @param {ArrayBuffer} buffer */
  function take(buffer) {
    const { head, start } = parseHead(buffer);
    const [, nLayers, nKinds, nBins] = head.shape;
    [kinds, bins] = [head.kinds, nBins];
    const each = nLayers * nKinds * nBins;
    head.numbers.forEach((/** @type {number} */ number, /** @type {number} */ k) => {
      const all = new Int32Array(buffer, start + 4 * k * each, each).slice();
      known.push({ number, step: head.steps[k], counts: all });
    });
    while (known.length > MOST_COLUMNS) known = known.filter((_, i) => i % 2 === 0 || i === known.length - 1);
    view.schedule();
  }

  function forget() {
    const now = `${store.run} ${moment()}`;
    if (shows === now) return;
    if (!shows.startsWith(`${store.run} `)) layerChoice.replaceChildren();
    shows = now;
    known = [];
    pointed.place = null;
  }

  function grow() {
    forget();
    timer ||= window.setTimeout(ask, known.length ? WAIT : 0);
    view.schedule();
  }

  const newestKnown = () => known.at(-1)?.number ?? -1;
  /**
   * Where the snapshot `number`, or the one nearest before it, stands in `known`.
   * @param {number} number
   */
  const placeOf = (number) =>
    Math.max(
      0,
      known.findLastIndex((each) => each.number <= number),
    );
  /** @param {number} place */
  const counts = (place) => {
    const start = (Number(layerChoice.value) * kinds.length + kinds.indexOf(kind())) * bins;
    return known[place].counts.subarray(start, start + bins);
  };

  function update() {
    const { width } = size;
    if (!width || !store.description || !store.shown) return;
    sinceChoice.disabled = kindChoice.value !== 'weight';
    if (shows !== `${store.run} ${moment()}`) grow();
    if (!layerChoice.length) {
      for (const { index, isOutput } of layersOf(store.description))
        layerChoice.append(new Option(isOutput ? 'Output' : `Hidden ${index + 1}`, String(index)));
    }
    const palette = paletteFor(store.theme === 'dark');
    const pen = freshContext(canvas, width, HEIGHT, palette.surface);
    if (!known.length) return;
    const [low, high] = span();
    font ||= getComputedStyle(root).fontFamily;
    pen.font = `11px ${font}`;
    const epochs = known.map(({ step }) => step / store.stepsPerEpoch);
    const chosen = placeOf(store.shown.number);
    const plot = { pen, palette, width, height: HEIGHT, low, high, bins, edges: edges(), epochs, chosen, counts };
    if (shape.value === 'ridges') drawRidges(plot, layerColors(palette)[Number(layerChoice.value) % 7]);
    else drawHeat(plot);
    describeAt(pointed.place ?? chosen);
    numbers.update();
  }

  /** The first and last bin that anything ever fell into, with one to spare. */
  function span() {
    let low = bins;
    let high = -1;
    for (let place = 0; place < known.length; place += 1) {
      const count = counts(place);
      for (let bin = 0; bin < bins; bin += 1) {
        if (count[bin] > 0) {
          if (bin < low) low = bin;
          if (bin > high) high = bin;
        }
      }
    }
    return high < 0 ? [0, bins - 1] : [Math.max(0, low - 1), Math.min(bins - 1, high + 1)];
  }

  /** @param {number} place */
  function describeAt(place) {
    const count = counts(place);
    const total = count.reduce((sum, value) => sum + value, 0);
    /** @param {number} share */
    const quantile = (share) => {
      let sum = 0;
      const bin = count.findIndex((value) => {
        sum += value;
        return sum >= share * total;
      });
      return (edges()[bin] + edges()[bin + 1]) / 2;
    };
    const epoch = Number((known[place].step / store.stepsPerEpoch).toFixed(2));
    const layer = layerChoice.selectedOptions[0]?.text.toLowerCase() ?? '';
    const since =
      moment() === 'last' ? 'the snapshot before' : `step ${store.base?.frame?.line.step.toLocaleString('en')}`;
    const kindWords = isChange() ? `Change since ${since} of the weights` : KINDS[kindChoice.value];
    const what = `${kindWords} of ${layer} at epoch ${epoch}`;
    describe(
      total
        ? `${what}: ${total.toLocaleString('en')} numbers, 90 % between about ${rounded(quantile(0.05), 2)} and ${rounded(quantile(0.95), 2)}. The bins widen away from 0.`
        : `${what}: none before the first step.`,
    );
  }

  const stops = [store.on('lines', grow), store.on('run', grow)];
  // What nobody sees is not fetched.
  const seen = new IntersectionObserver(([entry]) => {
    isVisible = entry.isIntersecting;
    if (isVisible) grow();
  });
  seen.observe(root);
  view.signal.addEventListener('abort', () => {
    gone.abort();
    clearTimeout(timer);
    seen.disconnect();
    for (const stop of stops) stop();
  });
  return view;
}
