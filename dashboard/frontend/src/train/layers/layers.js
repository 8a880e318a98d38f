/** One figure of every layer over the epochs: how large its steps, gradients and weights are, what is dead or saturated. */

import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { drawChart, heightForEnds, layChart, MARGIN } from '../../lib/charts/line-chart.js';
import { nearest, tickText } from '../../lib/charts/scale.js';
import { layersOf } from '../../lib/model/forward.js';
import { layerColors, paletteFor } from '../../lib/theme/palette.js';
import { make } from '../../lib/ui/dom.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { whenSeen } from '../../lib/ui/seen.js';
import { chooseByKey } from '../choose-by-key.js';

/** @import { Palette } from '../../lib/model/types.js' */
/** @import { Chart, Series } from '../../lib/charts/types.js' */
/** @import { Store } from '../types.js' */

const HEIGHT = 210;
/** @typedef {{ label: string, about: string, log?: boolean, band?: 'usual_updates', unit?: string, hidden?: boolean }} Figure */
/** @typedef {'update_ratio' | 'gradient_norm' | 'weight_norm' | 'dead_fraction' | 'saturated_fraction' | 'activation_std'} FigureName */

/** @type {Record<FigureName, Figure>} */
const FIGURES = {
  update_ratio: {
    label: 'Update / weight',
    about: 'Length of the last step as a part of the length of the weights; the band is usual',
    log: true,
    band: 'usual_updates',
  },
  gradient_norm: { label: 'Gradient norm', about: 'Euclidean length of the gradient of the weights', log: true },
  weight_norm: { label: 'Weight norm', about: 'Euclidean length of the weights' },
  dead_fraction: {
    label: 'Dead',
    about: 'Share of neurons that are 0 for every held-out example looked at',
    unit: 'share',
    hidden: true,
  },
  saturated_fraction: {
    label: 'Saturated',
    about: 'Share of values at an end of the range of sigmoid or tanh',
    unit: 'share',
    hidden: true,
  },
  activation_std: { label: 'Spread', about: 'Standard deviation of the outputs over the held-out examples looked at' },
};

/**
 * Build the chart in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createLayers(root, store) {
  const head = make('div', { className: 'as-head' });
  const title = make('h3', { textContent: 'Layers over time' });
  const choice = make('select', { className: 'as-select', 'aria-label': 'Which figure of the layers' });
  for (const [name, { label }] of Object.entries(FIGURES)) choice.append(new Option(label, name));
  head.append(title, choice);
  const box = make('div', { className: 'as-chart' });
  const canvas = make('canvas', { tabIndex: 0, role: 'img' });
  box.append(canvas);
  const say = make('p', { className: 'as-say' });
  root.append(head, box, say);
  /** @type {Series[]} */
  let shownSeries = [];
  const numbers = createNumbersTable(root, 'Layers over time', () => ({
    head: ['Epoch', ...shownSeries.map(({ name }) => name)],
    rows: xs.map((x, i) => [
      String(Number(x.toFixed(2))),
      ...shownSeries.map(({ values }) => (Number.isFinite(values[i]) ? tickTextShort(values[i]) : 'n/a')),
    ]),
  }));
  /** @type {number | null} */
  let pointer = null;
  /** @type {number[]} */
  let xs = [];
  /** @type {Chart | null} */
  let chart = null;
  let font = '';
  const { schedule, cancel } = whenSeen(root, update, store, ['lines', 'frame', 'theme', 'run']);

  function update() {
    const { width } = size;
    const lines = store.snapshotLines;
    if (!width || !lines.length || !store.description) return;
    const name = /** @type {FigureName} */ (choice.value);
    const about = FIGURES[name];
    const palette = paletteFor(store.theme === 'dark');
    const colors = layerColors(palette);
    const layers = layersOf(store.description).filter(({ isOutput }) => !(about.hidden && isOutput));
    const per = store.stepsPerEpoch;
    font ||= getComputedStyle(root).fontFamily;
    xs = lines.map(({ step }) => step / per);
    const series = layers.map(({ index, isOutput }, i) => ({
      values: lines.map((line) => line.layers[index][name] ?? NaN),
      color: colors[i % colors.length],
      dash: i % 2 === 1,
      name: isOutput ? 'output' : `hidden ${index + 1}`,
    }));
    shownSeries = series;
    numbers.update();
    const isKnown = series.some(({ values }) => values.some(Number.isFinite));
    const height = Math.max(HEIGHT, heightForEnds(series.length));
    const context = freshContext(canvas, width, height, palette.surface);
    const laid = layChart({
      width,
      height,
      xs,
      series,
      domainX: [xs[0], Math.max(xs[xs.length - 1], xs[0] + 1e-6)],
      log: Boolean(about.log),
      unit: about.unit ?? 'number',
      withX: true,
    });
    chart = laid;
    const band = about.band && store.description[about.band];
    if (band && isKnown) {
      const [top, bottom] = [laid.y(band[1]), laid.y(band[0])].map((y) =>
        Math.min(laid.bottom, Math.max(MARGIN.top, y)),
      );
      context.fillStyle = palette.accent;
      context.globalAlpha = 0.1;
      context.fillRect(laid.left, top, laid.right - laid.left, bottom - top);
      context.globalAlpha = 1;
    }
    const cursor = store.shown ? store.history.placeOf(store.shown.number) : null;
    drawChart(context, laid, {
      title: about.label,
      xs,
      series,
      palette,
      font,
      cursor,
      pointer,
      marks: [],
      withMarks: false,
      withX: true,
      label: about.unit === 'share' ? (value) => `${(100 * value).toFixed(1)} %` : tickTextShort,
    });
    const i = pointer ?? cursor ?? xs.length - 1;
    const words = isKnown
      ? `Epoch ${Number(xs[i].toFixed(2))}: ${series.map(({ name: layer, values }) => `${layer} ${Number.isFinite(values[i]) ? tickTextShort(values[i]) : 'n/a'}`).join(', ')}. ${about.about}.`
      : `${about.about}: undefined for this network.`;
    if (say.textContent !== words) say.textContent = words;
    canvas.setAttribute('aria-label', `${about.label} of each layer over the epochs. ${words}`);
  }

  choice.addEventListener('change', schedule);
  /** @param {MouseEvent} event */
  const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
  canvas.addEventListener('pointermove', (event) => {
    if (!chart) return;
    pointer = nearest(xs, chart.value(place(event)));
    schedule();
  });
  canvas.addEventListener('pointerleave', () => {
    pointer = null;
    schedule();
  });
  canvas.addEventListener('click', (event) => {
    if (chart) store.select(store.snapshotLines[nearest(xs, chart.value(place(event)))].number);
  });
  canvas.addEventListener('keydown', (event) => chooseByKey(event, store));
  const size = watchSize(box, schedule);
  return {
    update,
    destroy() {
      cancel();
      size.stop();
      root.replaceChildren();
    },
  };
}

/** @param {number} value */
const tickTextShort = (value) =>
  value !== 0 && (Math.abs(value) < 0.001 || Math.abs(value) >= 1e4)
    ? value.toExponential(1)
    : tickText(Number(value.toPrecision(3)));
