/** One figure of every layer over the epochs: how large its steps, gradients and weights are, what is dead or saturated. */

import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { drawChart, heightForEnds, layChart, MARGIN } from '../../lib/charts/line-chart.js';
import { fillBox } from '../../lib/charts/pen.js';
import { nearest, tickText } from '../../lib/charts/scale.js';
import { layersOf } from '../../lib/model/forward.js';
import { layerColors, paletteFor } from '../../lib/theme/palette.js';
import { select } from '../../lib/ui/controls.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { createView } from '../../lib/ui/seen.js';
import { createChartCard, pointAtSnapshots } from '../chart-card.js';

/** @import { Chart, Series } from '../../lib/charts/types.js' */
/** @import { Point } from '../../lib/model/types.js' */
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
  const options = Object.entries(FIGURES).map(([name, { label }]) => [name, label]);
  const choice = select('Which figure of the layers', options, () => view.schedule(), 'as-select');
  const { box, canvas, describe } = createChartCard(root, 'Layers over time', choice);
  /** @type {Series[]} */
  let series = [];
  /** @type {number[]} */
  let xs = [];
  /** @type {Chart | null} */
  let chart = null;
  let font = '';
  const numbers = createNumbersTable(root, 'Layers over time', () => ({
    head: ['Epoch', ...series.map(({ name }) => name)],
    rows: xs.map((x, i) => [String(Number(x.toFixed(2))), ...series.map(({ values }) => figureText(values[i]))]),
  }));
  const view = createView(root, store, ['lines', 'frame', 'theme', 'run'], update);
  const pointed = pointAtSnapshots(
    view,
    canvas,
    store,
    (x) => chart && nearest(xs, chart.value(x)),
    (place) => store.snapshotLines[place].number,
  );
  const size = watchSize(box, view.schedule, view.signal);

  function update() {
    const { width } = size;
    const { snapshotLines: lines, description } = store;
    if (!width || !lines.length || !description) return;
    const name = /** @type {FigureName} */ (choice.value);
    const { label, about, log = false, band: bandOf, unit = 'number', hidden } = FIGURES[name];
    const palette = paletteFor(store.theme === 'dark');
    const colors = layerColors(palette);
    font ||= getComputedStyle(root).fontFamily;
    xs = lines.map(({ step }) => step / store.stepsPerEpoch);
    series = layersOf(description)
      .filter(({ isOutput }) => !(hidden && isOutput))
      .map(({ index, isOutput }, i) => ({
        values: lines.map((line) => line.layers[index][name] ?? NaN),
        color: colors[i % colors.length],
        dash: i % 2 === 1,
        name: isOutput ? 'output' : `hidden ${index + 1}`,
      }));
    numbers.update();
    const isKnown = series.some(({ values }) => values.some(Number.isFinite));
    const height = Math.max(HEIGHT, heightForEnds(series.length));
    const pen = freshContext(canvas, width, height, palette.surface);
    const domainX = /** @type {Point} */ ([xs[0], Math.max(xs[xs.length - 1], xs[0] + 1e-6)]);
    chart = layChart({ width, height, xs, series, domainX, log, unit, withX: true });
    const { left, right, bottom, y } = chart;
    const band = bandOf && description[bandOf];
    if (band && isKnown) {
      const [high, low] = [y(band[1]), y(band[0])].map((at) => Math.min(bottom, Math.max(MARGIN.top, at)));
      pen.globalAlpha = 0.1;
      fillBox(pen, left, high, right - left, low - high, palette.accent);
      pen.globalAlpha = 1;
    }
    const cursor = store.shown ? store.history.placeOf(store.shown.number) : null;
    const pointer = pointed.place;
    drawChart(pen, chart, {
      title: label,
      xs,
      series,
      palette,
      font,
      cursor,
      pointer,
      marks: [],
      withMarks: false,
      withX: true,
      label: unit === 'share' ? (value) => `${(100 * value).toFixed(1)} %` : figureText,
    });
    const i = pointer ?? cursor ?? xs.length - 1;
    const figures = series.map(({ name: layer, values }) => `${layer} ${figureText(values[i])}`).join(', ');
    const words = isKnown
      ? `Epoch ${Number(xs[i].toFixed(2))}: ${figures}. ${about}.`
      : `${about}: undefined for this network.`;
    describe(words, `${label} of each layer over the epochs. ${words}`);
  }

  return view;
}

/** @param {number} value */
function figureText(value) {
  if (!Number.isFinite(value)) return 'n/a';
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 1e4) ? value.toExponential(1) : tickText(Number(value.toPrecision(3)));
}
