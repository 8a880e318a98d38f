/**
 * Loss and accuracy of both splits over the epochs, and the learning rate where it changes. Pointing names the
 * numbers, a click goes to that snapshot, dragging zooms, and the zoom stays while new snapshots arrive.
 */
import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { drawChart, layChart, MARGIN, splitColors } from '../../lib/charts/line-chart.js';
import { indexAt, nearest, tickText, within } from '../../lib/charts/scale.js';
import { createChartFrame, heldoutOf, runOf } from '../../lib/ui/chart-frame.js';
import { group, press, toggle } from '../../lib/ui/controls.js';
import { createListeners, make, penOf } from '../../lib/ui/dom.js';
import { indexByKey, isCommand } from '../../lib/ui/keys.js';
import { whenSeen } from '../../lib/ui/seen.js';
import { createTip } from '../../lib/ui/tip.js';
import { History, marksOf } from './history.js';
import { createNumbers, epochText, lossText, shareText } from './numbers.js';

/** @import { Frame, Palette, Point } from '../../lib/model/types.js' */
/** @import { Chart, Series } from '../../lib/charts/types.js' */
/** @import { CurveMark, Drag, Store } from '../types.js' */

/** @typedef {'loss' | 'accuracy' | 'rate'} ChartName */

const HEIGHTS = { loss: 182, accuracy: 182, rate: 96 };
const TITLES = { loss: 'Loss', accuracy: 'Accuracy', rate: 'Learning rate' };
const UNITS = { loss: 'number', accuracy: 'share', rate: 'rate' };
const LABELS = { loss: lossText, accuracy: shareText, rate: tickText };
const DRAG = 6; // pixels before a press is a drag
const NEAR = 7; // pixels from which a mark is named

/**
 * Build the curves in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createCurves(root, store) {
  const { frame, theme, remove } = createChartFrame(root, 'Loss and accuracy');
  const canvas = make('canvas', { className: 'ch-canvas', tabIndex: 0 });
  const pen = penOf(canvas);
  const history = new History();

  // --- elements ---
  const legend = make('span', { className: 'nv-legend ch-lines' });
  const reset = press('Whole run', 'Undo the zoom (0)', () => {
    zoomTo(null);
    canvas.focus();
  });
  const scale = toggle('Log loss', 'Show the loss on a logarithmic scale', (isOn) => {
    log = isOn;
    redraw();
  });
  const table = toggle('Numbers', 'Show the last values as a table', (isOn) => numbers.open(isOn, history, cursor));
  const choice = group('How the curves are shown', reset, scale, table);
  const box = make('div', { className: 'ch-box' }, canvas);
  const tip = createTip(box);
  const numbers = createNumbers();
  reset.disabled = true; // never hidden: the charts must not move under the pointer
  frame.append(
    make('div', { className: 'nv-bar' }, make('h3', { textContent: 'Loss and accuracy' }), legend, choice),
    box,
    numbers.element,
  );
  canvas.setAttribute('role', 'slider');
  canvas.setAttribute('aria-roledescription', 'curves');
  canvas.setAttribute(
    'aria-label',
    'Loss and accuracy over the epochs: arrow keys choose the snapshot, plus and minus zoom',
  );
  canvas.setAttribute('aria-valuemin', '0');

  /** @type {Palette} */
  let palette;
  /** @type {ReturnType<typeof splitColors>} */
  let colors;
  let font = '';
  let isDirty = true;
  let log = false;
  /** @type {Point | null} */
  let zoom = null; // [from, to] in epochs, or null for the whole run
  /** @type {number | null} */
  let pointer = null; // index of the snapshot pointed at
  /** @type {Drag | null} */
  let drag = null;
  /** @type {number | null} */
  let cursor = null; // index of the snapshot shown
  /** @type {Chart[]} */
  let charts = [];
  /** @type {CurveMark[]} */
  let marks = [];
  /** @type {{ run: string | null, named: string | null, frame: Frame | null, events: number }} */
  const known = { run: null, named: null, frame: null, events: -1 }; // `named` is the run of the legend
  const { schedule, cancel } = whenSeen(root, update, store, ['run', 'lines', 'status', 'frame', 'theme']);
  const redraw = () => {
    isDirty = true;
    schedule();
  };

  // --- what changed outside ---
  function update() {
    take();
    if (!isDirty || !palette || !history.length || size.width < 60) return;
    isDirty = false;
    draw();
    showTip();
  }

  function take() {
    const painted = theme(store);
    if (painted) {
      palette = painted;
      colors = splitColors(palette);
      font = getComputedStyle(frame).fontFamily;
      isDirty = true;
    }
    if (store.description && runOf(store) !== known.run) {
      known.run = runOf(store);
      zoom = null;
      pointer = null;
      isDirty = true;
    }
    if (store.description && (painted || known.named !== known.run)) showLegend();
    const hasNew = history.read(store);
    if (hasNew || store.events.length !== known.events) {
      known.events = store.events.length;
      marks = marksOf(store, history.per);
      isDirty = true;
    }
    if (pointer !== null && pointer >= history.length) pointer = null;
    if (hasNew || store.shown !== known.frame) {
      known.frame = store.shown;
      cursor =
        store.shown && history.length ? indexAt(history.epochs, store.shown.line.step / history.per + 1e-9) : null;
      isDirty = true;
      sendSnapshot();
      numbers.show(history, cursor);
    }
  }

  function showLegend() {
    known.named = known.run;
    const { name } = heldoutOf(store.description);
    legend.replaceChildren(
      ...[
        [colors.train, '', 'train'],
        [colors.heldout, 'dash', `held-out (${name})`],
      ].map(([color, className, text]) => {
        const line = make('i', { className });
        line.style.borderTopColor = color;
        return make('span', {}, line, text);
      }),
    );
  }

  function sendSnapshot() {
    if (cursor === null) return;
    canvas.setAttribute('aria-valuemax', String(history.length - 1));
    canvas.setAttribute('aria-valuenow', String(cursor));
    const { trainLoss, heldoutLoss, trainAccuracy, heldoutAccuracy } = history.figures;
    canvas.setAttribute(
      'aria-valuetext',
      `Epoch ${epochText(history.epochs[cursor])}: train loss ${lossText(trainLoss[cursor])}, held-out loss ${lossText(heldoutLoss[cursor])}, ` +
        `train ${store.reader.accuracy} ${shareText(trainAccuracy[cursor])}, held-out ${store.reader.accuracy} ${shareText(heldoutAccuracy[cursor])}`,
    );
  }

  // --- drawing ---
  /** @returns {Point} */
  const whole = () => [history.epochs[0], Math.max(history.epochs[history.length - 1], history.epochs[0] + 1e-6)];

  /**
   * @param {ChartName} name
   * @returns {Series[]}
   */
  function seriesOf(name) {
    const { figures } = history;
    if (name === 'rate') return [{ values: figures.rate, color: palette.ink, name: 'learning rate' }];
    const [train, heldout] =
      name === 'loss' ? [figures.trainLoss, figures.heldoutLoss] : [figures.trainAccuracy, figures.heldoutAccuracy];
    return [
      { values: train, color: colors.train, name: 'train' },
      { values: heldout, color: colors.heldout, name: 'held-out', dash: true },
    ];
  }

  /** The canvas is sized and filled in one go, so that no picture without lines ever reaches the screen. */
  function draw() {
    /** @type {ChartName[]} */
    const names = history.hasRates ? ['loss', 'accuracy', 'rate'] : ['loss', 'accuracy'];
    const { width } = size;
    const height = names.reduce((sum, name) => sum + HEIGHTS[name], MARGIN.bottom - 8);
    freshContext(canvas, width, height, palette.surface);
    let top = 0;
    charts = names.map((name, i) => {
      const withX = i === names.length - 1;
      const series = seriesOf(name);
      const chart = layChart({
        width,
        height: HEIGHTS[name] + (withX ? MARGIN.bottom - 8 : 0),
        xs: history.epochs,
        series,
        domainX: zoom ?? whole(),
        log: log && name === 'loss',
        withX,
        unit: UNITS[name],
      });
      pen.save();
      pen.translate(0, top);
      drawChart(pen, chart, {
        title: `${name === 'accuracy' && store.reader.isMany ? 'Subset accuracy (every label right)' : TITLES[name]}${chart.log ? ' (log scale)' : ''}`,
        xs: history.epochs,
        series,
        palette,
        font,
        cursor,
        pointer,
        marks,
        withMarks: i === 0,
        withX,
        label: LABELS[name],
      });
      if (drag?.isFar) {
        pen.fillStyle = palette.accent;
        pen.globalAlpha = 0.16;
        pen.fillRect(Math.min(drag.from, drag.to), chart.top, Math.abs(drag.to - drag.from), chart.bottom - chart.top);
      }
      pen.restore();
      top += HEIGHTS[name];
      return chart;
    });
    reset.disabled = zoom === null;
    const [from, to] = charts[0].domainX;
    Object.assign(canvas.dataset, { from: String(from), to: String(to), snapshots: String(history.length) });
  }

  function showTip() {
    if (pointer === null) {
      tip.hide();
      return;
    }
    const { trainLoss, heldoutLoss, trainAccuracy, heldoutAccuracy, rate } = history.figures;
    const [{ x }] = charts;
    const rows = [
      ['train loss', lossText(trainLoss[pointer]), colors.train],
      ['held-out loss', lossText(heldoutLoss[pointer]), colors.heldout],
      [`train ${store.reader.accuracy}`, shareText(trainAccuracy[pointer]), colors.train],
      [`held-out ${store.reader.accuracy}`, shareText(heldoutAccuracy[pointer]), colors.heldout],
      ['learning rate', tickText(rate[pointer]), palette.ink],
    ];
    const at = x(history.epochs[pointer]);
    const near = marks.filter(({ epoch }) => Math.abs(x(epoch) - at) < NEAR);
    const words = `Epoch ${epochText(history.epochs[pointer])}, step ${history.lines[pointer].step.toLocaleString('en')}`;
    const content = [
      make('b', { textContent: words }),
      ...rows.map(([name, value, color]) => {
        const left = make('em', { textContent: name });
        left.style.color = color;
        return make('span', {}, left, value);
      }),
      ...near.slice(0, 3).map((mark) => make('q', { textContent: mark.words })),
    ];
    tip.show(content, { x: at, y: 6, beside: 12 });
  }

  // --- what the person does ---
  const { listen, stop } = createListeners();
  /** @param {MouseEvent} event */
  const place = (event) => {
    const [{ left, right }] = charts;
    return Math.min(right, Math.max(left, event.clientX - canvas.getBoundingClientRect().left));
  };
  /** @param {MouseEvent} event */
  const snapshotAt = (event) => nearest(history.epochs, charts[0].value(place(event)));

  /** @param {Point | null} next */
  function zoomTo(next) {
    const [first, last] = whole();
    zoom = next && next[1] - next[0] < (last - first) * 0.999 ? within(next, first, last) : null;
    redraw();
  }

  /**
   * @param {number} factor
   * @param {number} middle
   */
  function zoomBy(factor, middle) {
    const [a, b] = zoom ?? whole();
    const closest = (2 * (history.epochs[history.length - 1] - history.epochs[0])) / Math.max(2, history.length - 1);
    const kept = Math.max(factor, closest / (b - a));
    if (factor < 1 && kept >= 1) return;
    zoomTo([middle - (middle - a) * kept, middle + (b - middle) * kept]);
  }

  listen(canvas, 'pointerdown', (event) => {
    if (!charts.length || event.button !== 0) return;
    const at = place(event);
    drag = { from: at, to: at, isFar: false };
    canvas.setPointerCapture(event.pointerId);
  });
  listen(canvas, 'pointermove', (event) => {
    if (!charts.length) return;
    if (drag) {
      drag.to = place(event);
      drag.isFar ||= Math.abs(drag.to - drag.from) > DRAG && event.pointerType !== 'touch';
    }
    pointer = snapshotAt(event);
    redraw();
  });
  listen(canvas, 'pointerup', (event) => {
    if (!drag) return;
    const { from, to, isFar } = drag;
    drag = null;
    if (isFar) {
      const [a, b] = [charts[0].value(Math.min(from, to)), charts[0].value(Math.max(from, to))];
      if (nearest(history.epochs, b) > nearest(history.epochs, a)) zoomTo([a, b]);
    } else store.select(history.lines[snapshotAt(event)].number);
    redraw();
  });
  listen(canvas, 'pointercancel', () => {
    drag = null;
    redraw();
  });
  listen(canvas, 'pointerleave', () => {
    pointer = null;
    redraw();
  });
  listen(canvas, 'dblclick', () => zoomTo(null));
  // The wheel belongs to the page until the curves were clicked or a modifier says otherwise; sideways it moves the stretch.
  listen(
    canvas,
    'wheel',
    (event) => {
      if (!charts.length) return;
      const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
      if (isSideways ? zoom === null : !(event.ctrlKey || event.metaKey || canvas.matches(':focus'))) return;
      event.preventDefault();
      if (isSideways) {
        const by = charts[0].value(event.deltaX) - charts[0].value(0);
        if (zoom) zoomTo([zoom[0] + by, zoom[1] + by]);
      } else zoomBy(event.deltaY > 0 ? 1.25 : 0.8, charts[0].value(place(event)));
    },
    { passive: false },
  );
  listen(canvas, 'keydown', (event) => {
    if (!history.length || isCommand(event)) return;
    const last = history.length - 1;
    const chosen = history.lines.findIndex(({ number }) => number === store.selected);
    const now = chosen >= 0 ? chosen : (cursor ?? last);
    const at = indexByKey(event, now, history.length);
    if (at !== null) {
      const epoch = history.epochs[at];
      if (zoom && (epoch < zoom[0] || epoch > zoom[1])) {
        const half = (zoom[1] - zoom[0]) / 2;
        zoomTo([epoch - half, epoch + half]);
      }
      if (at !== now) store.select(history.lines[at].number);
    } else if (event.key === '+' || event.key === '=') zoomBy(0.7, history.epochs[now]);
    else if (event.key === '-') zoomBy(1 / 0.7, history.epochs[now]);
    else if (event.key === '0') zoomTo(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  const size = watchSize(box, redraw);
  return {
    update,
    destroy() {
      cancel();
      stop();
      size.stop();
      remove();
    },
  };
}
