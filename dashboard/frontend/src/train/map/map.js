/**
 * The decision map of 2-D data: what the network shown makes of every point of the plane, with the points it learns from.
 * A point of one's own goes through the network at a click, and points are painted that the next run learns from.
 */

import { pixelRatio, watchSize } from '../../lib/charts/canvas.js';
import { classColor, facePicture, regionPicture } from '../../lib/charts/plane.js';
import { asNumber, asPercent, counted, neuronName } from '../../lib/format/text.js';
import { contour } from '../../lib/model/contours.js';
import { heldoutOf, runOf } from '../../lib/model/description.js';
import { ActivationScales, layersOf, probeInput } from '../../lib/model/forward.js';
import { isSame } from '../../lib/model/output-reader.js';
import { neuronOverPlane } from '../../lib/model/plane.js';
import { pointSample } from '../../lib/model/sample.js';
import { segmented, toggle } from '../../lib/ui/controls.js';
import { make, penOf } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { arrow, isCommand } from '../../lib/ui/keys.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { createView } from '../../lib/ui/seen.js';
import { createTip } from '../../lib/ui/tip.js';
import { drawAxes, drawChosen, drawContours, drawCrossHair, drawLines, drawPoint, radiusFor } from './draw.js';
import { createEditor } from './editor.js';
import { between, FINE, Fields, finer } from './field.js';

/** @import { DataPoint, Frame, Layer, Neuron, Numbers, Palette, Plane, Point } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */
/** @import { Field } from './field.js' */

const REST = 180; // ms without another snapshot after which the map becomes fine
const TIMES = 4; // places drawn for each one predicted, where certainty is not shown
const NEAR = 7; // pixels from a point of the data that still mean it
const STEP = 1 / 100; // of the map, that an arrow key moves

/**
 * Build the decision map in `root` on the stage's store. Returns the view (seen.js).
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createMap(root, store) {
  root.hidden = true;
  const { frame, theme } = createFrame(root, 'Decision map');

  // --- elements ---
  const title = make('h3');
  const look = segmented(
    'Regions',
    [
      ['sure', 'Confidence', 'The colour of the likeliest class, paler the less certain the network is'],
      ['flat', 'Classes', 'The predicted class alone'],
    ],
    'sure',
    redraw,
  );
  const heldOut = toggle('Held-out', 'Show the held-out points, too', redraw);
  const contours = toggle('Contours', 'Lines where a class is predicted with 75, 90 and 99 % probability', redraw);
  heldOut.setAttribute('aria-pressed', 'true');
  const paintButton = toggle('Paint', 'Paint, move and delete points for the next run', (isOn) => {
    if (isOn && plane) editor.open(plane, store.classNames);
    else editor.close();
    frame.classList.toggle('mp-painting', isOn);
    redraw();
  });
  const box = make('div', { className: 'mp-box' });
  const canvas = make('canvas', {
    className: 'mp-canvas',
    tabIndex: 0,
    role: 'application',
    'aria-roledescription': 'decision map',
  });
  const tip = createTip(box);
  box.prepend(canvas);
  const legend = make('div', { className: 'nv-legend mp-legend' });
  const live = make('div', { className: 'nv-hidden', 'aria-live': 'polite' });
  const editor = createEditor({
    side: () => size.width,
    send: async (points) => (await store.server.post('points', { points }, view.signal)).json(),
    changed: redraw,
    saved: ({ data }) => store.usePoints(data),
  });
  frame.append(
    make('div', { className: 'nv-bar' }, title, look.element, heldOut, contours, paintButton),
    box,
    editor.element,
    legend,
    live,
  );
  const numbers = createNumbersTable(frame, 'Points', pointRows, 'point');
  const pen = penOf(canvas);
  const pointsCanvas = make('canvas');
  /** @type {HTMLCanvasElement | undefined} */
  let picture;

  // --- state ---
  /** @type {Palette} */
  let palette;
  let font = '';
  let isDirty = true;
  /** @type {Plane | null} */
  let plane = null;
  /** @type {Layer[]} */
  let layers = [];
  /** @type {Fields} */
  let fields;
  /** @type {ActivationScales} */
  let scales;
  /** @type {Frame | null} */
  let shown = null;
  /** @type {{ from: Field | null, to: Field | null }} */
  let way = { from: null, to: null };
  /** @type {Float64Array | undefined} */
  let scratch;
  /** @type {number[][]} */
  let predicted = []; // of every point of the data
  let pointsKey = '';
  /** @type {Point | null} */
  let cursor = null; // the cross-hair, as a share of the side; null without the focus of the keyboard
  /** @type {Point | null} */
  let pointer = null;
  let isDown = false;
  let timer = 0;
  /** @type {ReturnType<Fields['refine']> | null} */
  let refining = null;
  /** @type {unknown} */
  let knownRun = null;
  const events = ['frame', 'glide', 'theme', 'run', 'probe', 'hover', 'pin', 'edit'];
  const view = createView(root, store, events, update);
  const { schedule, listen } = view;
  const size = watchSize(box, redraw, view.signal);

  function redraw() {
    isDirty = true;
    pointsKey = '';
    schedule();
  }

  const isPainting = () => paintButton.getAttribute('aria-pressed') === 'true';
  const isOn = (/** @type {HTMLElement} */ button) => button.getAttribute('aria-pressed') === 'true';
  const looksAt = () => store.hovered ?? store.pinned;
  const stops = [
    store.on('run', takeRun),
    store.on('edit', () => {
      fields?.edit(store.edits);
      shown = null;
      redraw();
    }),
    ...['hover', 'pin', 'probe'].map((event) =>
      store.on(event, () => {
        isDirty = true;
      }),
    ),
  ];
  view.signal.addEventListener('abort', () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  });

  // --- what changed outside ---
  /** Take another run, before its first snapshot: the map's room is there when the first one comes. */
  function takeRun() {
    const next = store.description ? store.plane : null;
    root.hidden = !next;
    if (!next || (knownRun === runOf(store) && next === plane)) return;
    knownRun = runOf(store);
    plane = next;
    layers = layersOf(store.description);
    fields = new Fields(layers, plane, store.reader);
    scales = new ActivationScales(layers);
    fields.edit(store.edits);
    shown = null;
    way = { from: null, to: null };
    cursor = pointer = null;
    if (isPainting()) paintButton.click();
    paintButton.hidden = store.reader.isMany || !plane.points.length;
    showTitle();
    if (palette) showLegend();
    redraw();
  }

  function update() {
    const painted = theme(store);
    if (painted) {
      palette = painted;
      font = getComputedStyle(frame).fontFamily;
      editor.paint(palette);
      showLegend();
      redraw();
    }
    if (!plane || root.hidden) return;
    takeFrame();
    if (store.progress < 1 || (way.from && !isDirty)) isDirty = true;
    if (!isDirty || !shown || !palette || size.width < 60) return;
    isDirty = false;
    draw();
  }

  function takeFrame() {
    if (!store.shown || store.shown === shown) return;
    const before = shown && fields.peek(shown, fields.side);
    shown = store.shown;
    scales.see(shown);
    const known = fields.peek(shown, FINE);
    way = known && store.progress === 1 ? { from: null, to: known } : { from: before, to: fields.of(shown) };
    if (way.from?.side !== way.to?.side) way.from = null;
    predicted = fields.at(shown, plane?.points ?? []).map((each) => store.reader.predicted(each));
    canvas.dataset.number = String(shown.number);
    isDirty = true;
    pointsKey = '';
    numbers.update();
    showTitle();
    rest();
  }

  /** Predict the map finely once no other snapshot follows, a little at a time. */
  function rest() {
    clearTimeout(timer);
    refining = null;
    timer = window.setTimeout(function refine() {
      if (!shown || document.hidden) return;
      refining ??= fields.refine(shown);
      const { done, value } = refining.next();
      if (!done) {
        timer = window.setTimeout(refine);
        return;
      }
      way = { from: null, to: value };
      canvas.dataset.side = String(value.side);
      isDirty = true;
      schedule();
    }, REST);
  }

  // --- drawing ---
  function draw() {
    const side = size.width;
    const ratio = Math.min(3, pixelRatio());
    const pixels = Math.round(side * ratio);
    for (const each of [canvas, pointsCanvas])
      if (each.width !== pixels) {
        Object.assign(each, { width: pixels, height: pixels });
        pointsKey = '';
      }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.imageSmoothingEnabled = true;
    pen.imageSmoothingQuality = 'high';
    const neuron = looksAt();
    if (neuron) drawNeuron(neuron, side);
    else drawRegions(side);
    drawPoints(side, ratio);
    pen.globalAlpha = neuron && !isPainting() ? 0.45 : 1;
    pen.drawImage(pointsCanvas, 0, 0, side, side);
    pen.globalAlpha = 1;
    if (plane) drawAxes(pen, plane, side, palette, font);
    const chosen = chosenPlace();
    if (chosen && !isPainting()) drawChosen(pen, [chosen[0] * side, chosen[1] * side], palette);
    if (cursor && document.activeElement === canvas)
      drawCrossHair(pen, [cursor[0] * side, cursor[1] * side], side, palette);
    showTitle();
  }

  /** @param {number} side */
  function drawRegions(side) {
    if (!way.to) return;
    const t = way.from ? Math.min(1, Math.max(0, store.progress)) : 1;
    if (t >= 1) way.from = null;
    const now = way.from ? between(way.from, way.to, t, scratch) : way.to;
    if (now !== way.to) scratch = /** @type {Float64Array} */ (now.probabilities);
    const { reader } = store;
    const isDiscrete = look.value === 'flat';
    const drawn = isDiscrete ? finer(now, reader.names.length, TIMES) : now;
    picture = regionPicture(drawn.probabilities, drawn.side, palette, reader, { isDiscrete, onto: picture });
    pen.drawImage(picture, 0, 0, side, side);
    drawContours(pen, now, side, palette, reader, isOn(contours));
  }

  /**
   * @param {Neuron} neuron
   * @param {number} side
   */
  function drawNeuron(neuron, side) {
    if (!shown || !plane) return;
    const { isOutput, size: count } = layers[neuron.layer];
    const places = Math.min(FINE, fields.side);
    const { signed, high } = scales.of(neuron.layer);
    const colors = signed && !isOutput ? palette.diverging : palette.sequential;
    if (isOutput && count > 1) {
      const { probabilities, side: own } = fields.of(shown);
      pen.drawImage(facePicture(probabilities, count, neuron.unit, own, colors, 1), 0, 0, side, side);
      return;
    }
    const { z, values } = neuronOverPlane(layers, shown, plane, places, neuron, store.edits);
    pen.drawImage(facePicture(values, 1, 0, places, colors, high), 0, 0, side, side);
    const zero = contour(z, places, 0);
    drawLines(pen, zero, side, { color: palette.paper, width: 4, alpha: 0.8 });
    drawLines(pen, zero, side, { color: palette.ink, width: 2, dash: [6, 4] });
  }

  /**
   * The points, drawn again only when they or their predictions are others.
   * @param {number} side
   * @param {number} ratio
   */
  function drawPoints(side, ratio) {
    if (!plane || pointsKey) return;
    pointsKey = 'drawn';
    const context = penOf(pointsCanvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, side, side);
    const placeOf = plane.place;
    /** @param {{ x: number, y: number }} point @returns {Point} */
    const at = ({ x, y }) => {
      const [across, down] = placeOf([x, y]);
      return [across * side, down * side];
    };
    if (isPainting()) {
      const radius = radiusFor(editor.points.length);
      for (const point of editor.points)
        drawPoint(context, at(point), { classes: [point.label], isHeldOut: false, isWrong: false }, radius, palette);
      return;
    }
    const radius = radiusFor(plane.points.length);
    const withHeldOut = isOn(heldOut);
    const { name: split } = heldoutOf(store.description);
    plane.points.forEach((point, i) => {
      const isHeldOut = point.split === split;
      if (point.split !== 'train' && !(isHeldOut && withHeldOut)) return;
      const isWrong = !isSame(predicted[i] ?? [], point.classes);
      drawPoint(context, at(point), { classes: point.classes, isHeldOut, isWrong }, radius, palette);
    });
  }

  /**
   * Where the example lies that goes through the network.
   * @returns {Point | null}
   */
  function chosenPlace() {
    if (!plane || store.probeIndex === null || !store.probe) return null;
    return plane.place(plane.point(probeInput(store, store.probeIndex)));
  }

  // --- words ---
  function showTitle() {
    if (!plane || !store.description) return;
    const neuron = looksAt();
    const { totals, points } = plane;
    const { name } = heldoutOf(store.description);
    const all = Object.values(totals).reduce((sum, count) => sum + count, 0);
    const counts = `${counted(totals.train ?? 0, 'training point')}, ${totals[name] ?? 0} held out (${name})`;
    const part =
      all > points.length ? `, of which a fixed sample of ${points.length.toLocaleString('en')} is shown` : '';
    const about = neuron
      ? `${neuronName(layers, store.reader.unitNames, neuron.layer, neuron.unit)}: its activation${layers[neuron.layer].isOutput ? '' : '; dashed: its sum is zero'}`
      : points.length
        ? counts + part
        : 'the points are not on this machine any more';
    const words = `Decision map ${about}`;
    if (title.dataset.words === words) return;
    title.dataset.words = words;
    title.replaceChildren(make('span', { textContent: 'Decision map ' }), make('small', { textContent: about }));
    canvas.setAttribute(
      'aria-label',
      `Decision map: ${counts}${part}. Arrow keys move a cross-hair, Enter sends its point through the network.`,
    );
  }

  function showLegend() {
    if (!palette || !store.description) return;
    const { name } = heldoutOf(store.description);
    legend.replaceChildren(
      ...store.classNames.map((text, c) => {
        const dot = make('i', { className: 'mp-dot' });
        dot.style.background = classColor(palette, c);
        return make('span', {}, dot, text);
      }),
      make('span', {}, make('i', { className: 'mp-ring' }), `held out (${name})`),
      make('span', {}, '✕ predicted wrongly'),
    );
  }

  function pointRows() {
    const { names } = store.reader;
    const points = plane?.points.filter(
      ({ split }) => split !== 'test' || heldoutOf(store.description).name === 'test',
    );
    const probabilities = shown && points ? fields.at(shown, points) : [];
    return {
      head: [
        'Split',
        'No.',
        ...(plane?.names.slice(0, 2) ?? []),
        'True',
        'Predicted',
        ...names.map((name) => `p(${name})`),
      ],
      rows: (points ?? []).map(({ split, index, x, y, classes }, i) => [
        split,
        String(index),
        asNumber(x, 3),
        asNumber(y, 3),
        store.reader.words(classes),
        store.reader.words(store.reader.predicted(probabilities[i])),
        ...Array.from(probabilities[i], (p) => asNumber(p, 4)),
      ]),
    };
  }

  /**
   * What the network says of a place of the map, in lines: the coordinates, then each class.
   * @param {Point} place
   */
  function saidAt(place) {
    if (!plane || !shown) return null;
    const [x, y] = plane.at(place);
    const [probabilities] = fields.at(shown, [{ x, y }]);
    const at = `${plane.names[0]} ${asNumber(x, 2)}, ${plane.names[1]} ${asNumber(y, 2)}`;
    return { at, probabilities, predicted: store.reader.words(store.reader.predicted(probabilities)) };
  }

  function showTip() {
    const said = pointer && !isDown ? saidAt(pointer) : null;
    if (!said || !pointer) {
      tip.hide();
      return;
    }
    const most = Array.from(said.probabilities, (p, c) => ({ p, c }))
      .sort((a, b) => b.p - a.p)
      .slice(0, 4);
    const lines = most.map(({ p, c }) =>
      make('span', {}, make('em', { textContent: store.reader.names[c] }), asPercent(p)),
    );
    tip.show([make('b', { textContent: said.at }), ...lines], {
      x: pointer[0] * size.width,
      y: Math.min(pointer[1] * size.width + 14, size.width - 60),
      beside: 14,
    });
  }

  // --- what the person does ---
  /** @param {PointerEvent | MouseEvent} event @returns {Point} */
  const placeOf = (event) => [event.offsetX / size.width, event.offsetY / size.width];
  /** @param {Point} place @returns {Point} */
  const pixelOf = (place) => [place[0] * size.width, place[1] * size.width];

  /**
   * Send the point at a place through the network, or the one of the data that is there.
   * @param {Point} place
   */
  function send(place) {
    if (!plane) return;
    const at = pixelOf(place);
    const { name } = heldoutOf(store.description);
    /** @type {DataPoint | null} */
    let found = null;
    let least = NEAR;
    for (const point of plane.points) {
      if (point.split !== 'train' && !(point.split === name && isOn(heldOut))) continue;
      const [x, y] = pixelOf(plane.place([point.x, point.y]));
      const far = Math.hypot(x - at[0], y - at[1]);
      if (far <= least) [found, least] = [point, far];
    }
    const sample = pointSample(plane, found ? [found.x, found.y] : plane.at(place));
    store.send(found ? { ...sample, split: found.split, index: found.index, label: found.label } : sample);
  }

  listen(canvas, 'pointerdown', (event) => {
    if (!isPainting() || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    isDown = true;
    tip.hide();
    editor.down(pixelOf(placeOf(event)));
  });
  listen(canvas, 'pointermove', (event) => {
    pointer = placeOf(event);
    if (isDown) editor.drag(pixelOf(pointer));
    else showTip();
  });
  for (const end of /** @type {const} */ (['pointerup', 'pointercancel']))
    listen(canvas, end, () => {
      if (isDown) editor.up();
      isDown = false;
    });
  listen(canvas, 'pointerleave', () => {
    pointer = null;
    showTip();
  });
  listen(canvas, 'click', (event) => {
    if (!isPainting()) send(placeOf(event));
  });
  listen(canvas, 'focus', () => {
    isDirty = true;
    schedule();
  });
  listen(canvas, 'blur', () => {
    cursor = null;
    isDirty = true;
    schedule();
  });
  listen(canvas, 'keydown', (event) => {
    const [across, down] = cursor ?? chosenPlace() ?? [0.5, 0.5];
    /** @type {Point} */
    const place = [clamped(across), clamped(down)];
    if (!keyed(event, place)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  /**
   * Act on a key, with the cross-hair at a place; returns whether it meant something.
   * @param {KeyboardEvent} event
   * @param {Point} place
   */
  function keyed(event, place) {
    const by = isCommand(event) ? null : arrow(event);
    if (by) {
      const far = STEP * (event.shiftKey ? 10 : 1);
      cursor = [clamped(place[0] + by[1] * far), clamped(place[1] + by[0] * far)];
      const said = saidAt(cursor);
      if (said) live.textContent = `${said.at}: predicted ${said.predicted}`;
      isDirty = true;
      schedule();
      return true;
    }
    if (isPainting()) {
      if (event.key === 'Escape') paintButton.click();
      else return editor.key(event, pixelOf(place));
      return true;
    }
    if (isCommand(event) || (event.key !== 'Enter' && event.key !== ' ')) return false;
    send(place);
    return true;
  }

  takeRun();
  return view;
}

/** @param {number} share */
const clamped = (share) => Math.min(1, Math.max(0, share));
