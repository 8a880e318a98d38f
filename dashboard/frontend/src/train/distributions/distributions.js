/**
 * How the weights, gradients, updates and activations of a layer are distributed, over all snapshots: as a heat map
 * (a column a snapshot) or as ridges, on bins that are the same for every run.
 */

import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { tickText } from '../../lib/charts/scale.js';
import { layersOf } from '../../lib/model/forward.js';
import { layerColors, paletteFor } from '../../lib/theme/palette.js';
import { segmented, select } from '../../lib/ui/controls.js';
import { make, penOf } from '../../lib/ui/dom.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { whenSeen } from '../../lib/ui/seen.js';
import { chooseByKey } from '../choose-by-key.js';

/** @import { Palette } from '../../lib/model/types.js' */
/** @import { Histograms, Store } from '../types.js' */

const HEIGHT = 250;
const LEFT = 52;
const BOTTOM = 22;
/** @type {Record<string, string>} */
const KINDS = { weight: 'Weights', gradient: 'Gradients', update: 'Updates', activation: 'Activations' };
const WAIT = 700; // ms between two questions to the server while a run trains
const MOST_RIDGES = 24;
const MOST_COLUMNS = 1024; // snapshots kept in memory

/**
 * Build the view in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createDistributions(root, store) {
  const head = make('div', { className: 'as-head' });
  const title = make('h3', { textContent: 'Distributions' });
  const kindChoice = select('Of what', Object.entries(KINDS), () => schedule(), 'as-select');
  const layerChoice = select('Of which layer', [], () => schedule(), 'as-select');
  let isRidge = false;
  const shape = segmented(
    'How they are drawn',
    [
      ['heat', 'Heat map'],
      ['ridges', 'Ridges'],
    ],
    'heat',
    (name) => {
      isRidge = name === 'ridges';
      schedule();
    },
  );
  head.append(title, kindChoice, layerChoice, shape.element);
  const box = make('div', { className: 'as-chart' });
  const canvas = make('canvas', {
    tabIndex: 0,
    role: 'img',
    'aria-label': 'Distributions of a layer over the snapshots',
  });
  box.append(canvas);
  const say = make('p', { className: 'as-say' });
  root.append(head, box, say);
  const numbers = createNumbersTable(root, 'Counts of the snapshot shown', () => {
    const edges = store.description.histogram_edges[kindChoice.value];
    /** @type {string[][]} */
    const rows = [];
    counts(placeOf(store.shown.number)).forEach((count, bin) => {
      if (count)
        rows.push([
          tickText(Number(edges[bin].toPrecision(4))),
          tickText(Number(edges[bin + 1].toPrecision(4))),
          count.toLocaleString('en'),
        ]);
    });
    return { head: ['From', 'to', 'how many'], rows };
  });
  const context = penOf(canvas);

  let timer = 0;
  /** @type {Histograms[]} */
  let known = []; // {number, step, counts: Int32Array of [layers][kinds][bins]}, in order of their numbers
  /** @type {string[]} */
  let kinds = [];
  let bins = 64;
  let isAsking = false;
  let isVisible = false;
  /** @type {number | null} */
  let pointer = null;
  /** @type {string | null} */
  let run = null;
  let font = '';
  const { schedule, cancel } = whenSeen(root, update, store, ['frame', 'theme']);

  async function ask() {
    timer = 0;
    if (isAsking || !isVisible || !store.description || newestKnown() >= store.newest) return;
    isAsking = true;
    const asked = store.run;
    try {
      const response = await fetch(
        `${store.base}/annscope/runs/${encodeURIComponent(asked)}/histograms?start=${newestKnown() + 1}`,
      );
      if (!response.ok || asked !== store.run) return;
      const buffer = await response.arrayBuffer();
      const length = new DataView(buffer).getUint32(0, true);
      /** @type {{ shape: number[], kinds: string[], numbers: number[], steps: number[] }} */
      const about = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
      const [, layers, n_kinds, n_bins] = about.shape;
      kinds = about.kinds;
      bins = n_bins;
      const each = layers * n_kinds * n_bins;
      about.numbers.forEach((number, k) => {
        known.push({
          number,
          step: about.steps[k],
          counts: new Int32Array(buffer, 4 + length + 4 * k * each, each).slice(),
        });
      });
      while (known.length > MOST_COLUMNS) known = known.filter((_, i) => i % 2 === 0 || i === known.length - 1);
      schedule();
    } catch {
      // The stage says that the connection is lost; the next snapshot asks again.
    } finally {
      isAsking = false;
    }
  }

  function grow() {
    if (run !== store.run) {
      run = store.run;
      known = [];
      pointer = null;
      layerChoice.replaceChildren();
    }
    timer ||= window.setTimeout(ask, known.length ? WAIT : 0);
    schedule();
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
    const kind = kinds.indexOf(kindChoice.value);
    const start = (Number(layerChoice.value) * kinds.length + kind) * bins;
    return known[place].counts.subarray(start, start + bins);
  };

  function update() {
    const { width } = size;
    if (!width || !store.description || !store.shown) return;
    if (!layerChoice.length) {
      for (const { index, isOutput } of layersOf(store.description))
        layerChoice.append(new Option(isOutput ? 'Output' : `Hidden ${index + 1}`, String(index)));
    }
    const palette = paletteFor(store.theme === 'dark');
    freshContext(canvas, width, HEIGHT, palette.surface);
    if (!known.length) return;
    const [low, high] = span();
    const edges = store.description.histogram_edges[kindChoice.value];
    const bottom = HEIGHT - BOTTOM;
    /** @param {number} bin */
    const y = (bin) => bottom - ((bin - low) / (high + 1 - low)) * (bottom - 8);
    font ||= getComputedStyle(root).fontFamily;
    context.font = `11px ${font}`;
    if (isRidge) drawRidges(palette, width, low, high, edges);
    else drawHeat(palette, width, low, high, edges, y, bottom);
    describe(edges);
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

  /**
   * @param {Palette} palette
   * @param {number} width
   * @param {number} low
   * @param {number} high
   * @param {number[]} edges
   * @param {(bin: number) => number} y
   * @param {number} bottom
   */
  function drawHeat(palette, width, low, high, edges, y, bottom) {
    const right = width - 8;
    const n = known.length;
    /** @param {number} place */
    const x = (place) => LEFT + (place / n) * (right - LEFT);
    const columns = Math.min(n, Math.floor(right - LEFT));
    for (let column = 0; column < columns; column += 1) {
      const count = counts(Math.floor((column / columns) * n));
      const most = Math.max(1, ...count);
      const from = x((column / columns) * n);
      const to = x(((column + 1) / columns) * n);
      for (let bin = low; bin <= high; bin += 1) {
        if (!count[bin]) continue;
        context.fillStyle = palette.sequential.css(Math.sqrt(count[bin] / most));
        context.fillRect(from, y(bin + 1), to - from + 0.5, y(bin) - y(bin + 1) + 0.5);
      }
    }
    // Edges as ticks: 0 and a few on each side.
    context.fillStyle = palette.muted;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    let last = Infinity;
    for (let bin = low; bin <= high + 1; bin += 1) {
      const at = y(bin);
      if (bin !== bins / 2 && (last - at < 26 || Math.abs(at - y(bins / 2)) < 20)) continue;
      context.fillText(bin === bins / 2 ? '0' : tickText(Number(edges[bin].toPrecision(1))), LEFT - 6, at);
      last = at;
    }
    context.textAlign = 'center';
    context.textBaseline = 'top';
    const per = store.stepsPerEpoch;
    let room = -Infinity;
    for (let place = 0; place < n; place += 1) {
      const at = x(place + 0.5);
      if (at - room < 44) continue;
      room = at;
      context.fillText(String(Number((known[place].step / per).toFixed(1))), at, bottom + 7);
    }
    const chosen = placeOf(store.shown.number);
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.5;
    context.strokeRect(x(chosen) + 0.5, 8, Math.max(2, x(chosen + 1) - x(chosen)), bottom - 8);
  }

  /**
   * @param {Palette} palette
   * @param {number} width
   * @param {number} low
   * @param {number} high
   * @param {number[]} edges
   */
  function drawRidges(palette, width, low, high, edges) {
    const right = width - 8;
    const n = known.length;
    const rows = Math.min(n, MOST_RIDGES);
    const color = layerColors(palette)[Number(layerChoice.value) % 7];
    const bottom = HEIGHT - BOTTOM;
    const step = (bottom - 46) / Math.max(1, rows - 1);
    /** @param {number} bin */
    const x = (bin) => LEFT + ((bin - low) / (high + 1 - low)) * (right - LEFT);
    for (let row = 0; row < rows; row += 1) {
      const place = rows === 1 ? 0 : Math.round((row / (rows - 1)) * (n - 1));
      const { number, step: at } = known[place];
      const count = counts(place);
      const most = Math.max(1, ...count);
      const base = 46 + row * step;
      context.beginPath();
      context.moveTo(x(low), base);
      for (let bin = low; bin <= high; bin += 1) context.lineTo(x(bin + 0.5), base - 38 * Math.sqrt(count[bin] / most));
      context.lineTo(x(high + 1), base);
      context.closePath();
      context.globalAlpha = 0.85;
      context.fillStyle = palette.surface;
      context.fill();
      context.globalAlpha = 0.18;
      context.fillStyle = color;
      context.fill();
      context.globalAlpha = 1;
      context.strokeStyle = number === store.shown.number ? palette.ink : color;
      context.lineWidth = number === store.shown.number ? 2 : 1.1;
      context.stroke();
      if (row % Math.ceil(rows / 8) === 0) {
        context.fillStyle = palette.muted;
        context.textAlign = 'right';
        context.textBaseline = 'middle';
        context.fillText(String(Number((at / store.stepsPerEpoch).toFixed(1))), LEFT - 6, base - 3);
      }
    }
    context.fillStyle = palette.muted;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    let room = -Infinity;
    for (let bin = low; bin <= high + 1; bin += 1) {
      if (x(bin) - room < 52) continue;
      room = x(bin);
      context.fillText(bin === bins / 2 ? '0' : tickText(Number(edges[bin].toPrecision(1))), x(bin), bottom + 7);
    }
  }

  /** @param {number[]} edges */
  function describe(edges) {
    const place = pointer ?? placeOf(store.shown.number);
    const count = counts(place);
    const total = count.reduce((sum, value) => sum + value, 0);
    /** @param {number} share */
    const quantile = (share) => {
      let sum = 0;
      for (let bin = 0; bin < bins; bin += 1) {
        sum += count[bin];
        if (sum >= share * total) return (edges[bin] + edges[bin + 1]) / 2;
      }
      return NaN;
    };
    const epoch = Number((known[place].step / store.stepsPerEpoch).toFixed(2));
    const what = `${KINDS[kindChoice.value]} of ${layerChoice.selectedOptions[0]?.text.toLowerCase() ?? ''} at epoch ${epoch}`;
    const words = total
      ? `${what}: ${total.toLocaleString('en')} numbers, 90 % between about ${tickText(Number(quantile(0.05).toPrecision(2)))} and ${tickText(Number(quantile(0.95).toPrecision(2)))}. The bins widen away from 0.`
      : `${what}: none before the first step.`;
    if (say.textContent !== words) say.textContent = words;
    canvas.setAttribute('aria-label', words);
  }

  canvas.addEventListener('pointermove', (event) => {
    if (isRidge || !known.length) return;
    const at = event.clientX - canvas.getBoundingClientRect().left;
    pointer = Math.min(
      known.length - 1,
      Math.max(0, Math.floor(((at - LEFT) / (box.clientWidth - 8 - LEFT)) * known.length)),
    );
    schedule();
  });
  canvas.addEventListener('pointerleave', () => {
    pointer = null;
    schedule();
  });
  canvas.addEventListener('click', () => {
    if (pointer !== null) store.select(known[pointer].number);
  });
  canvas.addEventListener('keydown', (event) => chooseByKey(event, store));

  const stops = [store.on('lines', grow), store.on('run', grow)];
  const size = watchSize(box, schedule);
  // What nobody sees is not fetched.
  const seen = new IntersectionObserver(([entry]) => {
    isVisible = entry.isIntersecting;
    if (isVisible) grow();
  });
  seen.observe(root);
  return {
    update,
    destroy() {
      clearTimeout(timer);
      cancel();
      size.stop();
      seen.disconnect();
      stops.forEach((stop) => stop());
      root.replaceChildren();
    },
  };
}
