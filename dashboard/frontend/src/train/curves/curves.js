/**
 * Loss and accuracy of both splits over the epochs, before the losses of single batches and beside chance, and the
 * learning rate where it changes. Pointing names the
 * numbers, a click goes to that snapshot, dragging zooms, and the zoom stays while new snapshots arrive.
 */
import { freshContext, watchSize } from '../../lib/charts/canvas.js';
import { drawChart, layChart, MARGIN, splitColors } from '../../lib/charts/line-chart.js';
import { fillBox } from '../../lib/charts/pen.js';
import { indexAt, nearest, tickText, within } from '../../lib/charts/scale.js';
import { heldoutOf, runOf } from '../../lib/model/description.js';
import { group, press, toggle } from '../../lib/ui/controls.js';
import { make, penOf } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { indexByKey, isCommand, zoomByKey } from '../../lib/ui/keys.js';
import { createView } from '../../lib/ui/seen.js';
import { createTip } from '../../lib/ui/tip.js';
import { History, marksOf } from './history.js';
import { createNumbers, epochText, figuresOf, lossText, shareText } from './numbers.js';

/** @import { Frame, Palette, Point } from '../../lib/model/types.js' */
/** @import { Chart, Series } from '../../lib/charts/types.js' */
/** @import { BesideRun, CurveMark, Drag, Store } from '../types.js' */

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
  const { frame, theme } = createFrame(root, 'Loss and accuracy');
  const canvas = make('canvas', {
    className: 'ch-canvas',
    tabIndex: 0,
    role: 'slider',
    'aria-roledescription': 'curves',
    'aria-label': 'Loss and accuracy over the epochs: arrow keys choose the snapshot, plus and minus zoom',
    'aria-valuemin': 0,
  });
  const pen = penOf(canvas);
  const history = new History();
  const before = new History(); // of the run beside

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
  const ghost = toggle('Run beside', 'Show the run beside, faintly', () => redraw());
  ghost.setAttribute('aria-pressed', 'true');
  ghost.hidden = true; // until there is one
  const table = toggle('Numbers', 'Show the last values as a table', (isOn) => numbers.open(isOn, history, cursor));
  const choice = group('How the curves are shown', reset, scale, ghost, table);
  const box = make('div', { className: 'ch-box' }, canvas);
  const tip = createTip(box);
  const numbers = createNumbers();
  reset.disabled = true; // never hidden: the charts must not move under the pointer
  frame.append(
    make('div', { className: 'nv-bar' }, make('h3', { textContent: 'Loss and accuracy' }), legend, choice),
    box,
    numbers.element,
  );

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
  /** @type {{ run: string | null, named: string | null, frame: Frame | null, events: number, beside: BesideRun | null }} */
  const known = { run: null, named: null, frame: null, events: -1, beside: null }; // `named` is what the legend is of
  const view = createView(root, store, ['run', 'lines', 'status', 'frame', 'theme', 'beside'], update);
  const { listen, schedule } = view;
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
    if (store.beside !== known.beside) {
      known.beside = store.beside;
      before.forget();
      ghost.hidden = !store.beside;
      isDirty = true;
    }
    if (store.beside && before.read(store.beside)) isDirty = true;
    const hasNew = history.read(store);
    const named = `${known.run} ${history.batches.losses.length > 0}`;
    if (store.description && (painted || known.named !== named)) showLegend(named);
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

  /** @param {string} named */
  function showLegend(named) {
    known.named = named;
    const { name } = heldoutOf(store.description);
    const lines = [
      [colors.train, '', 'train'],
      [colors.heldout, 'dash', `held-out (${name})`],
      [colors.train, 'thin', 'each batch'],
    ].map(([color, className, text]) =>
      make('span', {}, make('i', { className, style: `border-top-color: ${color}` }), text),
    );
    // The first snapshot has no batch before it; the line that the words may need is kept for them.
    if (!history.batches.losses.length) lines[2].style.visibility = 'hidden';
    legend.replaceChildren(...lines);
  }

  function sendSnapshot() {
    if (cursor === null) return;
    canvas.setAttribute('aria-valuemax', String(history.length - 1));
    canvas.setAttribute('aria-valuenow', String(cursor));
    const words = figuresAt(cursor)
      .slice(0, -1)
      .map(({ name, value }) => `${name} ${value}`);
    canvas.setAttribute('aria-valuetext', `Epoch ${epochText(history.epochs[cursor])}: ${words.join(', ')}`);
  }

  /**
   * The figures of the snapshot at an index, in words.
   * @param {number} i
   */
  const figuresAt = (i) =>
    figuresOf(store.reader.accuracy).map(([figure, name, split, text]) => ({
      name,
      split,
      value: text(history.figures[figure][i]),
    }));

  // --- drawing ---
  /** @returns {Point} */
  const whole = () => [
    history.epochs[0],
    Math.max(history.epochs[history.length - 1], before.epochs.at(-1) ?? 0, history.epochs[0] + 1e-6),
  ];

  /**
   * @param {ChartName} name
   * @param {History} run
   * @returns {Series[]}
   */
  function seriesOf(name, { figures }) {
    if (name === 'rate') return [{ values: figures.rate, color: palette.ink, name: 'learning rate', isStepped: true }];
    const [train, heldout] =
      name === 'loss' ? [figures.trainLoss, figures.heldoutLoss] : [figures.trainAccuracy, figures.heldoutAccuracy];
    return [
      { values: train, color: colors.train, name: 'train' },
      { values: heldout, color: colors.heldout, name: 'held-out', dash: true },
    ];
  }

  /** The losses of the batches; they have no part in the scale, which would jump with each of them. */
  const batches = () => [
    { values: history.batches.losses, xs: history.batches.epochs, color: colors.train, name: 'each batch', width: 1 },
  ];

  const isGhostShown = () => ghost.getAttribute('aria-pressed') === 'true';

  /** @param {ChartName} name */
  function levelOf(name) {
    const value = name === 'rate' ? null : store.chance[name];
    return value === null ? null : { value, name: `chance ${LABELS[name](value)}` };
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
      const series = seriesOf(name, history);
      const ghosts =
        before.length && isGhostShown() ? seriesOf(name, before).map((each) => ({ ...each, xs: before.epochs })) : [];
      const chart = layChart({
        width,
        height: HEIGHTS[name] + (withX ? MARGIN.bottom - 8 : 0),
        xs: history.epochs,
        series,
        ghosts,
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
        ghosts: name === 'loss' ? [...batches(), ...ghosts] : ghosts,
        level: levelOf(name),
        note: ghosts.length && i === 0 ? 'faint: the run beside' : '',
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
        const { from, to } = drag;
        pen.globalAlpha = 0.16;
        fillBox(pen, Math.min(from, to), chart.top, Math.abs(to - from), chart.bottom - chart.top, palette.accent);
      }
      pen.restore();
      top += HEIGHTS[name];
      return chart;
    });
    reset.disabled = zoom === null;
    const [from, to] = charts[0].domainX;
    Object.assign(canvas.dataset, {
      from: String(from),
      to: String(to),
      snapshots: String(history.length),
      beside: String(isGhostShown() ? before.length : 0),
      batches: String(history.batches.losses.length),
      chance: String(store.chance.loss ?? ''),
    });
  }

  function showTip() {
    if (pointer === null) {
      tip.hide();
      return;
    }
    const [{ x }] = charts;
    const at = x(history.epochs[pointer]);
    const near = marks.filter(({ epoch }) => Math.abs(x(epoch) - at) < NEAR);
    const words = `Epoch ${epochText(history.epochs[pointer])}, step ${history.lines[pointer].step.toLocaleString('en')}`;
    const content = [
      make('b', { textContent: words }),
      ...figuresAt(pointer).map(({ name, split, value }) => {
        const color = split ? colors[split] : palette.ink;
        return make('span', {}, make('em', { style: `color: ${color}` }, name), value);
      }),
      ...near.slice(0, 3).map((mark) => make('q', { textContent: mark.words })),
    ];
    tip.show(content, { x: at, y: 6, beside: 12 });
  }

  // --- what the person does ---
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
    } else {
      const how = zoomByKey(event);
      if (!how) return;
      if (how === 'fit') zoomTo(null);
      else zoomBy(how === 'in' ? 0.7 : 1 / 0.7, history.epochs[now]);
    }
    event.preventDefault();
    event.stopPropagation();
  });
  const size = watchSize(box, redraw, view.signal);
  return view;
}
