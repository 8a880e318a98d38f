/** One chart of lines over epochs, drawn on a canvas: axes, lines, marks, the snapshot shown and the one pointed at. */
import { cross, disc, fillBox, paintPath, trace, write } from './pen.js';
import { domainOf, extent, indexAt, linearTicks, logTicks, rangeOf, tickText } from './scale.js';
/** @import { Chart, ChartScene, Ghost, Series } from './types.js' */
/** @import { Palette, Pen, Point } from '../model/types.js' */

export const MARGIN = { left: 46, right: 86, top: 22, bottom: 20 };
const FAINT = 0.35; // opacity of another run's lines
const ROW = 29; // pixels that a value and its name take beside the right end

/**
 * How tall a chart must be for the values of so many lines to stand beside it one below the other.
 * @param {number} count
 */
export const heightForEnds = (count) => MARGIN.top + 4 + ROW * (count - 1) + 18 + MARGIN.bottom;

/**
 * Colours of the two splits; the held-out one is dashed and has its name beside it too.
 * @param {Palette} palette
 */
export const splitColors = (palette) => ({ train: palette.negative, heldout: palette.positive });

/**
 * The frame of a chart: {x(epoch), y(value), value(pixel), left, right, top, bottom, low, high, beyond}.
 * `series` is [{values}], `xs` their epochs, `ghosts` lines with epochs of their own, `domainX` the epochs from left to
 * right.
 * @param {{ width: number, height: number, xs: number[], series: Array<{ values: number[] }>, ghosts?: Ghost[], domainX: Point, log: boolean, unit: string, withX: boolean }} about
 */
export function layChart({ width, height, xs, series, ghosts = [], domainX, log, unit, withX }) {
  const { left, top } = MARGIN;
  const bottom = height - (withX ? MARGIN.bottom : 8);
  const right = width - MARGIN.right;
  const [x0, x1] = domainX;
  /**
   * @param {number[]} epochs
   * @param {number[]} values
   */
  const shown = (epochs, values) => values.slice(indexAt(epochs, x0), indexAt(epochs, x1) + 2);
  const columns = [
    ...series.map(({ values }) => shown(xs, values)),
    ...ghosts.map((ghost) => shown(ghost.xs, ghost.values)),
  ];
  const [least, greatest] = extent(columns) ?? [0, 1];
  const range = unit === 'number' ? rangeOf(columns, 0, Infinity, log) : { low: least, high: greatest, beyond: null };
  const { low, high, beyond } = domainOf(range, { log, unit });
  /** @param {number} value */
  const scaled = (value) => (log ? Math.log(Math.max(value, low)) : value);
  const [a, b] = [scaled(low), scaled(high)];
  return {
    left,
    right,
    top,
    bottom,
    low,
    high,
    beyond,
    log,
    unit,
    domainX,
    /** @param {number} value */
    x: (value) => left + ((value - x0) / (x1 - x0 || 1)) * (right - left),
    // Far outside a canvas loses its precision: a line that leaves the chart leaves it just as well a little above.
    /** @param {number} value */
    y: (value) =>
      Math.max(top - 400, Math.min(bottom + 400, bottom - ((scaled(value) - a) / (b - a || 1)) * (bottom - top))),
    /** @param {number} pixel */
    value: (pixel) => x0 + ((pixel - left) / (right - left)) * (x1 - x0),
  };
}

/**
 * Draw a chart laid by `layChart`. `cursor` is the index of the snapshot shown, `pointer` that of the one pointed at
 * (null for none), `marks` [{kind, epoch}], `label` a value's words, `withMarks` whether their signs are drawn.
 * @param {Pen} pen
 * @param {Chart} chart
 * @param {ChartScene} about
 */
export function drawChart(
  pen,
  chart,
  {
    title,
    xs,
    series,
    ghosts = [],
    level = null,
    note = '',
    palette,
    font,
    cursor,
    pointer,
    marks,
    withMarks,
    withX,
    label,
  },
) {
  drawAxes(pen, chart, palette, font, withX);
  write(pen, title, chart.left, 1, palette.ink, { baseline: 'top', font: `600 12px ${font}` });
  const notes = [
    ...(chart.beyond === null ? [] : [`↑ goes on to ${tickText(chart.beyond)}`]),
    ...(note ? [note] : []),
  ].join(' · ');
  const beside = chart.left + pen.measureText(title).width + 10;
  if (notes) write(pen, notes, beside, 2, palette.muted, { baseline: 'top', font: `11px ${font}` });
  const { left, right, top, bottom, x, y } = chart;
  pen.save();
  clipTo(pen, left - 5, top - 5, right + 5, bottom + 4);
  for (const { kind, epoch } of marks) {
    const at = Math.round(x(epoch)) + 0.5;
    trace(pen, [
      [at, top],
      [at, bottom],
    ]);
    pen.globalAlpha = 0.55;
    pen.setLineDash([2, 3]);
    paintPath(pen, null, kind === 'best' ? palette.accent : palette.muted);
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }
  pen.save();
  clipTo(pen, left - 2, top - 2, right + 2, bottom + 2);
  if (level && level.value >= chart.low && level.value <= chart.high) drawLevel(pen, chart, level, palette, font);
  pen.globalAlpha = FAINT;
  for (const ghost of ghosts) drawLine(pen, chart, ghost.xs, ghost);
  pen.globalAlpha = 1;
  for (const each of series) drawLine(pen, chart, xs, each);
  pen.restore();
  pen.globalAlpha = 0.6;
  if (cursor !== null) fillBox(pen, Math.round(x(xs[cursor])), top, 1, bottom - top, palette.ink);
  pen.globalAlpha = 1;
  if (pointer !== null) fillBox(pen, Math.round(x(xs[pointer])), top, 1, bottom - top, palette.muted);
  const dotted = pointer ?? cursor;
  if (dotted !== null)
    for (const { values, color } of series)
      if (Number.isFinite(values[dotted]) && y(values[dotted]) >= top - 5)
        disc(pen, x(xs[dotted]), y(values[dotted]), 4, color, palette.surface, 1.5);
  pen.restore();
  if (withMarks)
    for (const { kind, epoch } of marks)
      if (x(epoch) >= left - 1 && x(epoch) <= right + 1) drawSign(pen, kind, x(epoch), top - 5, palette);
  if (dotted !== null) drawEnds(pen, chart, series, label, dotted, font);
}

/**
 * @param {Pen} pen
 * @param {number} left
 * @param {number} top
 * @param {number} right
 * @param {number} bottom
 */
function clipTo(pen, left, top, right, bottom) {
  pen.beginPath();
  pen.rect(left, top, right - left, bottom - top);
  pen.clip();
}

/**
 * @param {Pen} pen
 * @param {Chart} chart
 * @param {Palette} palette
 * @param {string} font
 * @param {boolean} withX
 */
function drawAxes(pen, chart, palette, font, withX) {
  const { left, right, top, bottom, x, y, low, high } = chart;
  pen.font = `11px ${font}`;
  const ticks = chart.log ? logTicks(low, high) : linearTicks(low, high, Math.max(2, (bottom - top) / 34));
  for (const tick of ticks) {
    const at = y(tick);
    if (at < top - 1 || at > bottom + 1) continue;
    fillBox(pen, left, Math.round(at), right - left, 1, palette.faint);
    const text = chart.unit === 'share' ? `${Number((tick * 100).toPrecision(4))} %` : tickText(tick);
    write(pen, text, left - 6, at, palette.muted, { align: 'right' });
  }
  fillBox(pen, left, bottom, right - left, 1, palette.line);
  for (const tick of linearTicks(...chart.domainX, Math.max(2, (right - left) / 70))) {
    const at = x(tick);
    if (at < left - 1 || at > right + 1) continue;
    fillBox(pen, Math.round(at), bottom, 1, 4, palette.line);
    if (withX) write(pen, tickText(tick), at, bottom + 7, palette.muted, { align: 'center', baseline: 'top' });
  }
  if (withX) write(pen, 'epoch', right + 16, bottom + 7, palette.muted, { baseline: 'top' });
}

/**
 * @param {Pen} pen
 * @param {Chart} chart
 * @param {number[]} xs
 * @param {Series} about
 */
function drawLine(pen, chart, xs, { values, color, dash, width = 1.9, isStepped = false }) {
  const { x, y, left, right } = chart;
  const from = Math.max(0, indexAt(xs, chart.domainX[0]) - 1);
  const to = Math.min(xs.length - 1, indexAt(xs, chart.domainX[1]) + 1);
  pen.strokeStyle = color;
  pen.fillStyle = color;
  pen.lineWidth = width;
  pen.lineJoin = 'round';
  pen.setLineDash(dash ? [6, 3] : []);
  pen.beginPath();
  if (to - from > 3 * (right - left)) addSpans(pen, chart, xs, values, from, to);
  else {
    let isDown = false;
    for (let i = from; i <= to; i += 1) {
      const isThere = Number.isFinite(values[i]);
      if (isThere && isDown && isStepped) pen.lineTo(x(xs[i]), y(values[i - 1]));
      if (isThere && isDown) pen.lineTo(x(xs[i]), y(values[i]));
      else if (isThere) pen.moveTo(x(xs[i]), y(values[i]));
      // A number between two gaps has no line: it gets a dot.
      if (isThere && !isDown && !Number.isFinite(values[i + 1])) pen.fillRect(x(xs[i]) - 1.5, y(values[i]) - 1.5, 3, 3);
      isDown = isThere;
    }
  }
  pen.stroke();
  pen.setLineDash([]);
}

/**
 * A value to compare with, as a dotted line with its name above the right end.
 * @param {Pen} pen
 * @param {Chart} chart
 * @param {{ value: number, name: string }} level
 * @param {Palette} palette
 * @param {string} font
 */
function drawLevel(pen, { left, right, top, y }, { value, name }, palette, font) {
  const at = Math.round(y(value)) + 0.5;
  trace(pen, [
    [left, at],
    [right, at],
  ]);
  pen.setLineDash([1.5, 4]);
  paintPath(pen, null, palette.muted, 1.5);
  pen.setLineDash([]);
  const isBelow = at < top + 14;
  write(pen, name, right - 4, at + (isBelow ? 9 : -8), palette.muted, { align: 'right', font: `11px ${font}` });
}

/**
 * More numbers than pixels: of each column of pixels the first, the lowest, the highest and the last.
 * @param {Pen} pen
 * @param {Chart} about
 * @param {number[]} xs
 * @param {number[]} values
 * @param {number} from
 * @param {number} to
 */
function addSpans(pen, { x, y, left }, xs, values, from, to) {
  let isDown = false;
  for (let i = from; i <= to; ) {
    const column = Math.floor(x(xs[i]) - left);
    let [low, high, first, last] = [Infinity, -Infinity, NaN, NaN];
    for (; i <= to && Math.floor(x(xs[i]) - left) === column; i += 1) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      if (Number.isNaN(first)) first = value;
      last = value;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    if (low > high) {
      isDown = false;
      continue;
    }
    const at = left + column + 0.5;
    pen[isDown ? 'lineTo' : 'moveTo'](at, y(first));
    for (const value of [low, high, last]) pen.lineTo(at, y(value));
    isDown = true;
  }
}

/**
 * The values at a snapshot, beside the right end, kept apart from each other.
 * @param {Pen} pen
 * @param {Chart} chart
 * @param {Series[]} series
 * @param {(value: number) => string} label
 * @param {number} at
 * @param {string} font
 */
function drawEnds(pen, chart, series, label, at, font) {
  const ends = series
    .map(({ values, color, name }) => ({
      y: Number.isFinite(values[at]) ? Math.max(chart.top, chart.y(values[at])) : chart.bottom,
      text: label(values[at]),
      color,
      name,
    }))
    .sort((a, b) => a.y - b.y);
  // From the top down each a line below the one before it, then up again from the bottom where they ran out of it.
  ends[0].y = Math.max(ends[0].y, chart.top + 4);
  for (let i = 1; i < ends.length; i += 1) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + ROW);
  let floor = chart.bottom - 18;
  for (let i = ends.length - 1; i >= 0; i -= 1) {
    ends[i].y = Math.min(ends[i].y, floor);
    floor = ends[i].y - ROW;
  }
  for (const { y, text, color, name } of ends) {
    write(pen, text, chart.right + 10, y, color, { font: `600 13px ${font}`, most: MARGIN.right - 12 });
    write(pen, name, chart.right + 10, y + 13, color, { font: `11px ${font}` });
  }
}

/**
 * A small sign of an event: a diamond for the learning rate, two bars for a pause, a star for the best, a cross for an end.
 * @param {Pen} pen
 * @param {string} kind
 * @param {number} x
 * @param {number} y
 * @param {Palette} palette
 */
function drawSign(pen, kind, x, y, palette) {
  const color = kind === 'best' ? palette.accent : kind === 'learning_rate' ? palette.positive : palette.ink;
  if (kind === 'learning_rate' || kind === 'best') {
    const points = kind === 'best' ? 10 : 4;
    trace(
      pen,
      Array.from({ length: points }, (_, k) => {
        const size = kind === 'best' ? [5.8, 2.4][k % 2] : 5;
        const angle = (2 * Math.PI * k) / points;
        return [x + size * Math.sin(angle), y - size * Math.cos(angle)];
      }),
    );
    paintPath(pen, color);
  } else if (kind === 'pause') {
    fillBox(pen, x - 3.5, y - 4, 2.5, 8, color);
    fillBox(pen, x + 1, y - 4, 2.5, 8, color);
  } else cross(pen, x, y, 3.5, color, 2);
}
