/** One chart of lines over epochs, drawn on a canvas: axes, lines, marks, the snapshot shown and the one pointed at. */
import { domainOf, extent, indexAt, linearTicks, logTicks, rangeOf, tickText } from './scale.js';
/** @import { Chart, ChartScene, Series } from './types.js' */
/** @import { Palette, Pen, Point } from '../model/types.js' */

export const MARGIN = { left: 46, right: 86, top: 22, bottom: 20 };
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
 * `series` is [{values}], `xs` their epochs, `domainX` the epochs from left to right.
 * @param {{ width: number, height: number, xs: number[], series: Array<{ values: number[] }>, domainX: Point, log: boolean, unit: string, withX: boolean }} about
 */
export function layChart({ width, height, xs, series, domainX, log, unit, withX }) {
  const { left, top } = MARGIN;
  const bottom = height - (withX ? MARGIN.bottom : 8);
  const right = width - MARGIN.right;
  const [x0, x1] = domainX;
  const from = indexAt(xs, x0);
  const to = indexAt(xs, x1) + 2;
  const columns = series.map(({ values }) => values);
  const [least, greatest] = extent(columns, from, to) ?? [0, 1];
  const range = unit === 'number' ? rangeOf(columns, from, to, log) : { low: least, high: greatest, beyond: null };
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
 * @param {Pen} context
 * @param {Chart} chart
 * @param {ChartScene} about
 */
export function drawChart(
  context,
  chart,
  { title, xs, series, palette, font, cursor, pointer, marks, withMarks, withX, label },
) {
  context.textBaseline = 'middle';
  drawAxes(context, chart, palette, font, withX);
  context.fillStyle = palette.ink;
  context.textAlign = 'left';
  context.textBaseline = 'top';
  context.font = `600 12px ${font}`;
  context.fillText(title, chart.left, 1);
  if (chart.beyond !== null) {
    const wide = context.measureText(title).width;
    context.font = `11px ${font}`;
    context.fillStyle = palette.muted;
    context.fillText(`↑ goes on to ${tickText(chart.beyond)}`, chart.left + wide + 10, 2);
  }
  const { left, right, top, bottom, x, y } = chart;
  context.save();
  context.beginPath();
  context.rect(left - 5, top - 5, right - left + 10, bottom - top + 9);
  context.clip();
  for (const { kind, epoch } of marks) {
    context.strokeStyle = kind === 'best' ? palette.accent : palette.muted;
    context.globalAlpha = 0.55;
    context.lineWidth = 1;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(Math.round(x(epoch)) + 0.5, top);
    context.lineTo(Math.round(x(epoch)) + 0.5, bottom);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
  context.save();
  context.beginPath();
  context.rect(left - 2, top - 2, right - left + 4, bottom - top + 4);
  context.clip();
  for (const each of series) drawLine(context, chart, xs, each);
  context.restore();
  for (const { at, color, alpha } of [
    { at: cursor, color: palette.ink, alpha: 0.6 },
    { at: pointer, color: palette.muted, alpha: 1 },
  ]) {
    if (at === null) continue;
    context.fillStyle = color;
    context.globalAlpha = alpha;
    context.fillRect(Math.round(x(xs[at])), top, 1, bottom - top);
    context.globalAlpha = 1;
  }
  const dotted = pointer ?? cursor;
  if (dotted !== null) {
    for (const { values, color } of series) {
      if (!Number.isFinite(values[dotted]) || y(values[dotted]) < top - 5) continue;
      context.beginPath();
      context.arc(x(xs[dotted]), y(values[dotted]), 4, 0, 2 * Math.PI);
      context.fillStyle = color;
      context.fill();
      context.lineWidth = 1.5;
      context.strokeStyle = palette.surface;
      context.stroke();
    }
  }
  context.restore();
  if (withMarks)
    for (const mark of marks)
      if (x(mark.epoch) >= left - 1 && x(mark.epoch) <= right + 1)
        drawSign(context, mark.kind, x(mark.epoch), top - 5, palette);
  if (dotted !== null) drawEnds(context, chart, series, label, dotted, font);
}

/**
 * @param {Pen} context
 * @param {Chart} chart
 * @param {Palette} palette
 * @param {string} font
 * @param {boolean} withX
 */
function drawAxes(context, chart, palette, font, withX) {
  const { left, right, top, bottom, x, y, low, high } = chart;
  context.font = `11px ${font}`;
  const ticks = chart.log ? logTicks(low, high) : linearTicks(low, high, Math.max(2, (bottom - top) / 34));
  context.textAlign = 'right';
  for (const tick of ticks) {
    const at = y(tick);
    if (at < top - 1 || at > bottom + 1) continue;
    context.fillStyle = palette.faint;
    context.fillRect(left, Math.round(at), right - left, 1);
    context.fillStyle = palette.muted;
    context.fillText(
      chart.unit === 'share' ? `${Number((tick * 100).toPrecision(4))} %` : tickText(tick),
      left - 6,
      at,
    );
  }
  context.fillStyle = palette.line;
  context.fillRect(left, bottom, right - left, 1);
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of linearTicks(...chart.domainX, Math.max(2, (right - left) / 70))) {
    const at = x(tick);
    if (at < left - 1 || at > right + 1) continue;
    context.fillStyle = palette.line;
    context.fillRect(Math.round(at), bottom, 1, 4);
    if (!withX) continue;
    context.fillStyle = palette.muted;
    context.fillText(tickText(tick), at, bottom + 7);
  }
  if (!withX) return;
  context.textAlign = 'left';
  context.fillStyle = palette.muted;
  context.fillText('epoch', right + 16, bottom + 7);
}

/**
 * @param {Pen} context
 * @param {Chart} chart
 * @param {number[]} xs
 * @param {Series} about
 */
function drawLine(context, chart, xs, { values, color, dash }) {
  const { x, y, left, right } = chart;
  const from = Math.max(0, indexAt(xs, chart.domainX[0]) - 1);
  const to = Math.min(xs.length - 1, indexAt(xs, chart.domainX[1]) + 1);
  context.strokeStyle = color;
  context.fillStyle = color;
  context.lineWidth = 1.9;
  context.lineJoin = 'round';
  context.setLineDash(dash ? [6, 3] : []);
  context.beginPath();
  if (to - from > 3 * (right - left)) addSpans(context, chart, xs, values, from, to);
  else {
    let isDown = false;
    for (let i = from; i <= to; i += 1) {
      const isThere = Number.isFinite(values[i]);
      if (isThere && isDown) context.lineTo(x(xs[i]), y(values[i]));
      else if (isThere) context.moveTo(x(xs[i]), y(values[i]));
      // A number between two gaps has no line: it gets a dot.
      if (isThere && !isDown && !Number.isFinite(values[i + 1]))
        context.fillRect(x(xs[i]) - 1.5, y(values[i]) - 1.5, 3, 3);
      isDown = isThere;
    }
  }
  context.stroke();
  context.setLineDash([]);
}

/**
 * More numbers than pixels: of each column of pixels the first, the lowest, the highest and the last.
 * @param {Pen} context
 * @param {Chart} about
 * @param {number[]} xs
 * @param {number[]} values
 * @param {number} from
 * @param {number} to
 */
function addSpans(context, { x, y, left }, xs, values, from, to) {
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
    context[isDown ? 'lineTo' : 'moveTo'](at, y(first));
    for (const value of [low, high, last]) context.lineTo(at, y(value));
    isDown = true;
  }
}

/**
 * The values at a snapshot, beside the right end, kept apart from each other.
 * @param {Pen} context
 * @param {Chart} chart
 * @param {Series[]} series
 * @param {(value: number) => string} label
 * @param {number} at
 * @param {string} font
 */
function drawEnds(context, chart, series, label, at, font) {
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
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  for (const { y, text, color, name } of ends) {
    context.fillStyle = color;
    context.font = `600 13px ${font}`;
    context.fillText(text, chart.right + 10, y, MARGIN.right - 12);
    context.font = `11px ${font}`;
    context.fillText(name, chart.right + 10, y + 13);
  }
}

/**
 * A small sign of an event: a diamond for the learning rate, two bars for a pause, a star for the best, a cross for an end.
 * @param {Pen} context
 * @param {string} kind
 * @param {number} x
 * @param {number} y
 * @param {Palette} palette
 */
function drawSign(context, kind, x, y, palette) {
  context.fillStyle = kind === 'best' ? palette.accent : kind === 'learning_rate' ? palette.positive : palette.ink;
  context.strokeStyle = context.fillStyle;
  context.lineWidth = 2;
  context.beginPath();
  if (kind === 'learning_rate') {
    for (const [dx, dy] of [
      [0, -5],
      [5, 0],
      [0, 5],
      [-5, 0],
    ])
      context.lineTo(x + dx, y + dy);
    context.fill();
  } else if (kind === 'pause') {
    context.fillRect(x - 3.5, y - 4, 2.5, 8);
    context.fillRect(x + 1, y - 4, 2.5, 8);
  } else if (kind === 'best') {
    for (let k = 0; k < 10; k += 1) {
      const size = k % 2 ? 2.4 : 5.8;
      context.lineTo(x + size * Math.sin((k * Math.PI) / 5), y - size * Math.cos((k * Math.PI) / 5));
    }
    context.fill();
  } else {
    context.moveTo(x - 3.5, y - 3.5);
    context.lineTo(x + 3.5, y + 3.5);
    context.moveTo(x + 3.5, y - 3.5);
    context.lineTo(x - 3.5, y + 3.5);
    context.stroke();
  }
}
