/** One chart of lines over epochs, drawn on a canvas: axes, lines, marks, the moment shown and the one pointed at. */
import { extent, indexAt, linearTicks, logTicks, tickText } from './chart-scale.js';

export const MARGIN = { left: 44, right: 92, top: 18, bottom: 20 };
const ROW = 30; // pixels that a value and its name take beside the right end

/** Colours of the two splits; the held-out one is dashed too. */
export const splitColors = (palette) => ({ train: palette.negative, heldout: palette.positive });

/**
 * The frame of a chart: {x, y: value -> pixel, left, right, top, bottom, domain: {x, y}}.
 * `series` is [{values}], `xs` their places; `log` for a logarithmic y.
 */
export function layChart({ width, height, xs, series, domainX, log, unit, withX }) {
  const bottom = height - (withX ? MARGIN.bottom : 8);
  const left = MARGIN.left;
  const right = width - MARGIN.right;
  const [x0, x1] = domainX;
  const from = Math.max(0, indexAt(xs, x0));
  const to = indexAt(xs, x1) + 2;
  const found = extent(series.map(({ values }) => values), from, to) ?? [0, 1];
  let [low, high] = found;
  if (log) {
    low = Math.max(low, high / 1e9, 1e-12);
    high = Math.max(high, low * 1.5);
    low /= 1.15;
    high *= 1.15;
  } else {
    const pad = (high - low || Math.abs(high) || 1) * 0.06;
    low = unit === 'share' ? Math.max(0, low - pad) : low >= 0 ? Math.max(0, low - pad) : low - pad;
    high = unit === 'share' ? Math.min(1, high + pad) : high + pad;
    if (unit !== 'share' && low < high * 0.35) low = Math.min(low, 0);
  }
  const yOf = log ? Math.log : (value) => value;
  const [a, b] = [yOf(low), yOf(high)];
  return {
    left, right, top: MARGIN.top, bottom, low, high, log, unit,
    domainX,
    x: (value) => left + ((value - x0) / (x1 - x0 || 1)) * (right - left),
    y: (value) => bottom - ((yOf(log ? Math.max(value, low) : value) - a) / (b - a || 1)) * (bottom - MARGIN.top),
    value: (pixel) => x0 + ((pixel - left) / (right - left)) * (x1 - x0),
  };
}

/** Draw a chart laid by `layChart`. `cursor` is the place of the moment shown, `marks` [{x, color}] are events. */
export function drawChart(context, chart, { xs, series, palette, font, cursor, pointer, marks, withX, label }) {
  const { left, right, top, bottom, x, y } = chart;
  context.font = `11px ${font}`;
  context.textBaseline = 'middle';
  // Grid and ticks.
  const ticks = chart.log ? logTicks(chart.low, chart.high) : linearTicks(chart.low, chart.high, Math.max(2, (bottom - top) / 34));
  context.textAlign = 'right';
  for (const tick of ticks) {
    const at = y(tick);
    if (at < top - 1 || at > bottom + 1) continue;
    context.fillStyle = palette.faint;
    context.fillRect(left, Math.round(at), right - left, 1);
    context.fillStyle = palette.muted;
    context.fillText(chart.unit === 'share' ? `${Number((tick * 100).toPrecision(4))} %` : tickText(tick), left - 6, at);
  }
  context.textAlign = 'center';
  context.textBaseline = 'top';
  const [x0, x1] = chart.domainX;
  for (const tick of linearTicks(x0, x1, Math.max(2, (right - left) / 70))) {
    const at = x(tick);
    if (at < left - 1 || at > right + 1) continue;
    context.fillStyle = palette.line;
    context.fillRect(Math.round(at), bottom, 1, 4);
    if (withX) {
      context.fillStyle = palette.muted;
      context.fillText(tickText(tick), at, bottom + 7);
    }
  }
  if (withX) {
    context.textAlign = 'left';
    context.fillStyle = palette.muted;
    context.fillText('epoch', right + 8, bottom + 7);
  }
  context.fillStyle = palette.line;
  context.fillRect(left, bottom, right - left, 1);
  context.save();
  context.beginPath();
  context.rect(left - 1, top - 6, right - left + 2, bottom - top + 12);
  context.clip();
  for (const { place, color } of marks) {
    context.strokeStyle = color;
    context.globalAlpha = 0.6;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(x(place), top);
    context.lineTo(x(place), bottom);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
  }
  for (const each of series) drawLine(context, chart, xs, each);
  if (cursor !== null) {
    context.fillStyle = palette.ink;
    context.globalAlpha = 0.55;
    context.fillRect(Math.round(x(cursor)), top, 1, bottom - top);
    context.globalAlpha = 1;
  }
  if (pointer !== null) {
    context.fillStyle = palette.muted;
    context.fillRect(Math.round(x(xs[pointer])), top, 1, bottom - top);
  }
  const dotted = pointer ?? (cursor === null ? null : indexAt(xs, cursor + 1e-9));
  if (dotted !== null) {
    for (const { values, color } of series) {
      if (!Number.isFinite(values[dotted])) continue;
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
  drawEnds(context, chart, xs, series, label, dotted);
}

function drawLine(context, chart, xs, { values, color, dash, bold }) {
  const { x, y, left, right } = chart;
  const from = Math.max(0, indexAt(xs, chart.domainX[0]) - 1);
  const to = Math.min(xs.length - 1, indexAt(xs, chart.domainX[1]) + 1);
  context.strokeStyle = color;
  context.lineWidth = bold ? 2.4 : 1.9;
  context.lineJoin = 'round';
  context.setLineDash(dash ? [6, 3] : []);
  context.beginPath();
  let isDown = false;
  if (to - from > 3 * (right - left)) {
    // More points than pixels: the span of each column of pixels.
    for (let pixel = Math.floor(left); pixel <= right; pixel += 1) {
      const a = indexAt(xs, chart.value(pixel));
      const b = Math.max(a + 1, indexAt(xs, chart.value(pixel + 1)));
      const span = extent([values], a, b + 1);
      if (!span) {
        isDown = false;
        continue;
      }
      if (isDown) context.lineTo(pixel, y(span[0]));
      else context.moveTo(pixel, y(span[0]));
      context.lineTo(pixel, y(span[1]));
      isDown = true;
    }
  } else {
    for (let i = from; i <= to; i += 1) {
      if (!Number.isFinite(values[i])) {
        isDown = false;
        continue;
      }
      if (isDown) context.lineTo(x(xs[i]), y(values[i]));
      else context.moveTo(x(xs[i]), y(values[i]));
      isDown = true;
    }
    if (to === from && Number.isFinite(values[from])) context.lineTo(x(xs[from]) + 0.5, y(values[from]));
  }
  context.stroke();
  context.setLineDash([]);
}

/** The values at the moment shown, beside the right end, kept apart from each other. */
function drawEnds(context, chart, xs, series, label, at) {
  if (at === null) return;
  const ends = series
    .filter(({ values }) => Number.isFinite(values[at]))
    .map(({ values, color, name }) => ({ y: chart.y(values[at]), text: label(values[at]), color, name }))
    .sort((a, b) => a.y - b.y);
  // From the top down each a line below the one before it, then up again from the bottom where they ran out of it.
  if (ends.length) ends[0].y = Math.max(ends[0].y, chart.top + 6);
  for (let i = 1; i < ends.length; i += 1) ends[i].y = Math.max(ends[i].y, ends[i - 1].y + ROW);
  let floor = chart.bottom - 18;
  for (let i = ends.length - 1; i >= 0; i -= 1) {
    ends[i].y = Math.min(ends[i].y, floor);
    floor = ends[i].y - ROW;
  }
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  const family = context.font.replace(/^\S+ /, '');
  for (const { y, text, color, name } of ends) {
    context.fillStyle = color;
    context.font = `600 13px ${family}`;
    context.fillText(text, chart.right + 10, y);
    context.font = `11px ${family}`;
    context.fillText(name, chart.right + 10, y + 13);
  }
  context.font = `11px ${family}`;
}
