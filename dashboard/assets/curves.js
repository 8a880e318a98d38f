/**
 * Loss and accuracy of both splits over the epochs, and the learning rate where it changes. Pointing names the
 * numbers, a click goes to that moment, dragging zooms, and the zoom stays while new snapshots arrive.
 */
import { MARGIN, drawChart, layChart, splitColors } from './chart-draw.js';
import { indexAt, nearest, tickText } from './chart-scale.js';
import { paletteFor } from './network-color.js';

const HEIGHTS = { loss: 178, accuracy: 178, rate: 98 };
const DRAG = 6; // pixels before a press is a drag

const figure = (value) => (Number.isFinite(value) ? value.toFixed(value >= 100 ? 1 : 4) : 'n/a');
const percent = (value) => (Number.isFinite(value) ? `${(100 * value).toFixed(2)} %` : 'n/a');

/** Build the curves in `root` on the stage's store. Returns {update(now), destroy()}. */
export function createCurves(root, store) {
  const head = document.createElement('div');
  head.className = 'as-head';
  const title = document.createElement('h3');
  title.textContent = 'Loss and accuracy';
  const legend = document.createElement('span');
  legend.className = 'as-legend';
  const whole = document.createElement('div');
  whole.className = 'as-choice';
  const reset = document.createElement('button');
  reset.type = 'button';
  reset.textContent = 'Whole run';
  reset.title = 'Undo the zoom';
  const scale = document.createElement('button');
  scale.type = 'button';
  scale.textContent = 'Log loss';
  scale.title = 'Show the loss on a logarithmic scale';
  scale.setAttribute('aria-pressed', 'false');
  whole.append(reset, scale);
  head.append(title, legend, whole);
  const box = document.createElement('div');
  box.className = 'as-chart';
  const canvas = document.createElement('canvas');
  canvas.tabIndex = 0;
  canvas.setAttribute('role', 'img');
  const tip = document.createElement('div');
  tip.className = 'as-tip';
  tip.hidden = true;
  box.append(canvas, tip);
  root.append(head, box);
  const context = canvas.getContext('2d');

  let waiting = 0;
  let log = false;
  let zoom = null; // [from, to] in epochs, or null for all
  let pointer = null; // index of the snapshot pointed at
  let drag = null;
  let xs = [];
  let columns = null;
  let counted = -1;
  let charts = [];
  const wake = () => { waiting ||= requestAnimationFrame(update); };

  /** The history as columns, made anew when it has grown. */
  function read() {
    const lines = store.snapshotLines;
    const per = store.stepsPerEpoch;
    const key = `${store.run} ${lines.length} ${per}`;
    if (key === counted) return;
    counted = key;
    const number = (value) => (typeof value === 'number' ? value : NaN);
    xs = lines.map(({ step }) => step / per);
    columns = {
      loss: [lines.map((line) => number(line.train.loss)), lines.map((line) => number(line.heldout.loss))],
      accuracy: [lines.map((line) => number(line.train.accuracy)), lines.map((line) => number(line.heldout.accuracy))],
      rate: [lines.map((line) => number(line.learning_rate))],
    };
  }

  function names() {
    return columns.rate[0].some((value) => value !== columns.rate[0][0]) ? ['loss', 'accuracy', 'rate'] : ['loss', 'accuracy'];
  }

  function update() {
    waiting = 0;
    read();
    const width = box.clientWidth;
    if (!width || !xs.length) return;
    const shownNames = names();
    const height = shownNames.reduce((sum, name) => sum + HEIGHTS[name], 0) + MARGIN.bottom;
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
      canvas.style.height = `${height}px`;
    }
    const palette = paletteFor(store.theme === 'dark');
    const colors = splitColors(palette);
    const font = getComputedStyle(root).fontFamily;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, width, height);
    const domainX = zoom ?? [xs[0], Math.max(xs.at(-1), xs[0] + 1e-6)];
    const shown = store.shown ? store.shown.line.step / store.stepsPerEpoch : null;
    const marks = store.events
      .filter(({ event }) => event === 'learning_rate')
      .map(({ step }) => ({ place: step / store.stepsPerEpoch, color: palette.muted }));
    let top = 0;
    charts = shownNames.map((name, i) => {
      const withX = i === shownNames.length - 1;
      const series = name === 'rate'
        ? [{ values: columns.rate[0], color: palette.ink, name: 'learning rate' }]
        : [
          { values: columns[name][0], color: colors.train, name: 'train' },
          { values: columns[name][1], color: colors.heldout, name: 'held-out', dash: true },
        ];
      const size = HEIGHTS[name] + (withX ? MARGIN.bottom - 8 : 0);
      const chart = layChart({
        width, height: size, xs, series, domainX, log: log && name === 'loss', withX,
        unit: name === 'accuracy' ? 'share' : 'number',
      });
      context.save();
      context.translate(0, top);
      drawChart(context, chart, {
        xs, series, palette, font, cursor: shown, pointer, marks, withX,
        label: name === 'accuracy' ? percent : name === 'rate' ? tickText : figure,
      });
      context.fillStyle = palette.muted;
      context.textAlign = 'left';
      context.textBaseline = 'top';
      context.font = `600 11px ${font}`;
      context.fillText({ loss: 'Loss', accuracy: 'Accuracy', rate: 'Learning rate' }[name], chart.left, 1);
      context.restore();
      if (drag?.isFar) {
        context.fillStyle = palette.accent;
        context.globalAlpha = 0.14;
        context.fillRect(Math.min(drag.from, drag.to), top + chart.top, Math.abs(drag.to - drag.from), chart.bottom - chart.top);
        context.globalAlpha = 1;
      }
      top += HEIGHTS[name];
      return chart;
    });
    reset.hidden = zoom === null;
    const heldout = store.description?.dataset?.n_validation ? 'validation' : 'test';
    legend.innerHTML = '';
    for (const [color, dash, text] of [[colors.train, '', 'train'], [colors.heldout, 'dash', `held-out (${heldout})`]]) {
      const item = document.createElement('span');
      const line = document.createElement('i');
      line.className = dash;
      line.style.borderTopColor = color;
      item.append(line, text);
      legend.append(item);
    }
    describe();
  }

  function describe() {
    const i = pointer ?? indexAt(xs, store.shown ? store.shown.line.step / store.stepsPerEpoch + 1e-9 : Infinity);
    canvas.setAttribute('aria-label', `Loss and accuracy over ${xs.length} snapshots. ${wordsAt(i)}. Arrow keys move the moment shown.`);
    if (pointer === null) {
      tip.hidden = true;
      return;
    }
    const palette = paletteFor(store.theme === 'dark');
    const colors = splitColors(palette);
    tip.hidden = false;
    const rows = [
      ['train loss', figure(columns.loss[0][i]), colors.train], ['held-out loss', figure(columns.loss[1][i]), colors.heldout],
      ['train accuracy', percent(columns.accuracy[0][i]), colors.train], ['held-out accuracy', percent(columns.accuracy[1][i]), colors.heldout],
      ['learning rate', tickText(columns.rate[0][i]), palette.ink],
    ];
    tip.replaceChildren(Object.assign(document.createElement('b'), { textContent: `Epoch ${Number(xs[i].toFixed(2))}, step ${store.snapshotLines[i].step.toLocaleString('en')}` }));
    for (const [name, value, color] of rows) {
      const row = document.createElement('span');
      const left = Object.assign(document.createElement('em'), { textContent: name });
      left.style.cssText = `font-style:normal;color:${color}`;
      row.append(left, value);
      tip.append(row);
    }
    const at = charts[0].x(xs[i]);
    const isRight = at > box.clientWidth / 2;
    tip.style.left = isRight ? '' : `${at + 12}px`;
    tip.style.right = isRight ? `${box.clientWidth - at + 12}px` : '';
  }

  const wordsAt = (i) => `At epoch ${Number(xs[i].toFixed(2))}: train loss ${figure(columns.loss[0][i])}, held-out loss ${figure(columns.loss[1][i])}, train accuracy ${percent(columns.accuracy[0][i])}, held-out accuracy ${percent(columns.accuracy[1][i])}`;

  // --- what the person does ---
  const place = (event) => event.clientX - canvas.getBoundingClientRect().left;
  const inside = (x) => Math.min(charts[0].right, Math.max(charts[0].left, x));

  canvas.addEventListener('pointerdown', (event) => {
    if (!charts.length || event.button !== 0) return;
    const at = inside(place(event));
    drag = { from: at, to: at, isFar: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (!charts.length) return;
    const at = inside(place(event));
    if (drag) {
      drag.to = at;
      drag.isFar ||= Math.abs(drag.to - drag.from) > DRAG && event.pointerType !== 'touch';
    }
    pointer = nearest(xs, charts[0].value(at));
    wake();
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!drag) return;
    const { from, to, isFar } = drag;
    drag = null;
    if (isFar) {
      const [a, b] = [charts[0].value(Math.min(from, to)), charts[0].value(Math.max(from, to))];
      if (nearest(xs, b) > nearest(xs, a)) zoom = [a, b];
    } else store.select(nearest(xs, charts[0].value(inside(place(event)))));
    wake();
  });
  canvas.addEventListener('pointercancel', () => { drag = null; wake(); });
  canvas.addEventListener('pointerleave', () => { pointer = null; wake(); });
  canvas.addEventListener('dblclick', () => { zoom = null; wake(); });
  canvas.addEventListener('wheel', (event) => {
    if (!(event.ctrlKey || event.metaKey) || !charts.length) return;
    event.preventDefault();
    const [a, b] = charts[0].domainX;
    const middle = charts[0].value(inside(place(event)));
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    const [from, to] = [middle - (middle - a) * factor, middle + (b - middle) * factor];
    zoom = from <= xs[0] && to >= xs.at(-1) ? null : [Math.max(xs[0], from), Math.min(xs.at(-1), to)];
    wake();
  }, { passive: false });
  canvas.addEventListener('keydown', (event) => {
    const now = store.selected ?? store.newest;
    const next = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: store.newest }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    if (next >= 0 && next <= store.newest) store.select(next);
  });
  reset.addEventListener('click', () => { zoom = null; wake(); });
  scale.addEventListener('click', () => {
    log = !log;
    scale.setAttribute('aria-pressed', String(log));
    wake();
  });

  const stops = ['lines', 'frame', 'theme', 'status'].map((event) => store.on(event, wake));
  stops.push(store.on('run', () => { zoom = null; pointer = null; wake(); }));
  const watch = new ResizeObserver(wake);
  watch.observe(box);
  wake();
  return {
    update,
    destroy() {
      cancelAnimationFrame(waiting);
      watch.disconnect();
      stops.forEach((stop) => stop());
      root.replaceChildren();
    },
  };
}
