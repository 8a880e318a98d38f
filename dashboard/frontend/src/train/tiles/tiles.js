/**
 * The first layer's weights as tiles, one a neuron: as an image where the input is one, else as bars,
 * all on one symmetric scale that holds over the run. A click pins the neuron in the network view.
 */

import { watchSize } from '../../lib/charts/canvas.js';
import { asNumber, neuronName } from '../../lib/format/text.js';
import { layersOf, weightOf } from '../../lib/model/forward.js';
import { weightScalesOf } from '../../lib/model/weight-scales.js';
import { gradientOf } from '../../lib/theme/palette.js';
import { press, select } from '../../lib/ui/controls.js';
import { createListeners, make } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { arrow } from '../../lib/ui/keys.js';
import { createRunView } from '../../lib/ui/seen.js';
import { createTip } from '../../lib/ui/tip.js';
import { between, createTilePainter, drawBars, layTiles } from './draw.js';
import { classVotes, endsOf, normsOf, orderOf } from './order.js';

/** @import { Frame, Neuron, Palette } from '../../lib/model/types.js' */
/** @import { Plan, Store } from '../types.js' */

const ORDERS = [
  ['index', 'index'],
  ['norm', 'norm'],
  ['class', 'class it votes for'],
];
const AT_FIRST = 128;
const GLIDE_UP_TO = 110_000; // weights on screen for which the tiles glide between snapshots

/**
 * Build the tiles in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createTiles(root, store) {
  const events = ['frame', 'glide', 'theme', 'pin', 'run'];
  const isReady = () => Boolean(store.description && store.shown && weightOf(store.shown, 0));
  return createRunView(root, store, events, isReady, (schedule) => createRunTiles(root, store, schedule));
}

/**
 * @param {HTMLElement} root
 * @param {Store} store
 * @param {() => void} schedule
 */
function createRunTiles(root, store, schedule) {
  const layers = layersOf(store.description);
  const [first] = layers;
  const scales = weightScalesOf(store, layers);
  const { frame: element, theme } = createFrame(root, 'First-layer weights');
  const paint = createTilePainter();
  /** @type {Palette} */
  let palette;
  let how = 'index';
  let all = false;
  /** @type {number[]} */
  let order = [];
  /** @type {Plan} */
  let plan;
  /** @type {{ frame: Frame | null, pinned: Neuron | null, t: number }} */
  const known = { frame: null, pinned: null, t: -1 };
  /** @type {ReturnType<typeof factsOf> | null} */
  let facts = null; // of the frame on screen: {norms, ends, votes}, made when first asked for
  let at = -1; // the place looked at
  let dirty = true;
  let buffer = new Float32Array(0);
  let orderedAt = 0;

  // --- elements ---
  const [low, ramp, high] = [make('span'), make('i'), make('span')];
  const sorting = select('Sorted by', ORDERS, (value) => {
    how = value;
    rearrange();
  });
  const more = press('', null, () => {
    all = !all;
    rearrange();
  });
  const bar = make(
    'div',
    { className: 'nv-bar' },
    make('h3', {}, 'First-layer weights'),
    make('span', { className: 'nv-scale' }, low, ramp, high),
    make('label', {}, 'Sorted by', sorting),
    more,
  );
  const canvas = make('canvas', {
    className: 'nv-tiles',
    tabIndex: 0,
    role: 'application',
    'aria-roledescription': 'weight tiles',
    'aria-label': `Incoming weights of ${first.size} neurons. Arrow keys move between them, Enter pins one in the network.`,
  });
  const mark = make('div', { className: 'nv-tile-mark', hidden: true });
  const pin = make('div', { className: 'nv-tile-mark pin', hidden: true });
  const live = make('div', { className: 'nv-hidden', 'aria-live': 'polite' });
  const box = make('div', { className: 'nv-tiles-box' }, canvas, mark, pin);
  const tip = createTip(box);
  element.append(bar, box, live);

  // --- what the person does ---
  const { listen, stop, signal } = createListeners();
  listen(canvas, 'pointermove', (event) => point(placeAt(event.offsetX, event.offsetY), false));
  listen(canvas, 'pointerleave', () => point(-1, false));
  listen(canvas, 'blur', () => point(-1, false));
  listen(canvas, 'click', (event) => {
    const place = placeAt(event.offsetX, event.offsetY);
    if (place >= 0) store.pin(0, order[place]);
  });
  listen(canvas, 'keydown', (event) => {
    const by = arrow(event);
    if (event.key === 'Enter' && at >= 0) store.pin(0, order[at]);
    else if (event.key === 'Escape' && store.pinned) store.pin(null, null);
    else if (by) {
      const next = at < 0 ? 0 : at + by[0] * plan.across + by[1];
      if (next >= 0 && next < order.length) point(next, true);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /**
   * @param {number} x
   * @param {number} y
   */
  function placeAt(x, y) {
    if (!plan) return -1;
    const column = Math.floor(x / plan.pitchX);
    const place = Math.floor(y / plan.pitchY) * plan.across + column;
    return column < plan.across && place < order.length ? place : -1;
  }

  /**
   * @param {number} place
   * @param {boolean} byKeys
   */
  function point(place, byKeys) {
    if (place === at) return;
    at = place;
    showTip();
    if (byKeys) live.textContent = tip.element.textContent;
  }

  /**
   * @param {HTMLElement} node
   * @param {number} place
   */
  function frameTile(node, place) {
    node.hidden = place < 0;
    if (place < 0) return;
    Object.assign(node.style, {
      left: `${(place % plan.across) * plan.pitchX - 2}px`,
      top: `${Math.floor(place / plan.across) * plan.pitchY - 2}px`,
      width: `${plan.tile.width + 4}px`,
      height: `${plan.tile.height + 4}px`,
    });
  }

  function showTip() {
    frameTile(mark, at);
    if (at < 0) tip.hide();
    if (at < 0 || !known.frame) return;
    facts ??= factsOf(known.frame);
    const unit = order[at];
    const lines = [
      neuronName(layers, store.reader.unitNames, 0, unit),
      `largest ${asNumber(facts.ends.high[unit], 4)}   smallest ${asNumber(facts.ends.low[unit], 4)}`,
      `norm ${asNumber(facts.norms[unit], 4)}`,
    ];
    if (!first.isOutput) lines[2] += `   raises ${store.classNames[facts.votes[unit]]} most`;
    const x = (at % plan.across) * plan.pitchX;
    const y = Math.floor(at / plan.across) * plan.pitchY;
    tip.show([lines.join('\n')], { x, y: y + plan.pitchY + 4 });
  }

  /** @param {Frame} frame */
  const weightsOf = (frame) => layers.map(({ index }) => weightOf(frame, index));
  /** @param {Frame} frame */
  function factsOf(frame) {
    const weights = weightsOf(frame);
    return {
      norms: normsOf(weights[0]),
      ends: endsOf(weights[0]),
      votes: classVotes(weights, store.reader.isBinary).votes,
    };
  }

  // --- what changed outside ---
  const size = watchSize(
    box,
    () => {
      lay();
      schedule();
    },
    signal,
  );

  function rearrange() {
    if (!known.frame) return;
    const sorted = orderOf(how, weightsOf(known.frame), store.reader.isBinary);
    order = all ? sorted : sorted.slice(0, AT_FIRST);
    orderedAt = performance.now();
    more.hidden = first.size <= AT_FIRST;
    more.textContent = all ? `Show ${AT_FIRST}` : `Show all ${first.size}`;
    lay();
    schedule();
  }

  function lay() {
    const { width } = size;
    if (width < 40 || !order.length) return;
    plan = layTiles({ width, count: order.length, imageShape: store.imageShape, nInputs: first.inputSize });
    dirty = true;
    placePin();
    showTip();
  }

  function placePin() {
    const { pinned } = store;
    frameTile(pin, plan && pinned?.layer === 0 ? order.indexOf(pinned.unit) : -1);
  }

  function takeTheme() {
    const painted = theme(store);
    if (!painted) return;
    palette = painted;
    ramp.style.background = gradientOf(palette.diverging);
    dirty = true;
  }

  function takeFrame() {
    const frame = store.shown;
    if (frame === known.frame) return;
    known.frame = frame;
    facts = null;
    scales.see(frame);
    low.textContent = asNumber(-scales.of(0), 0);
    high.textContent = asNumber(scales.of(0), 0);
    element.dataset.number = String(frame.number);
    dirty = true;
    if (!order.length || (how !== 'index' && performance.now() - orderedAt > 400)) rearrange();
    if (at >= 0) showTip();
  }

  function takeProgress() {
    const glides = store.previous && order.length * first.inputSize <= GLIDE_UP_TO;
    const t = glides ? Math.min(1, store.progress ?? 1) : 1;
    if (t !== known.t) dirty = true;
    known.t = t;
  }

  /** @param {Frame} frame */
  function draw(frame) {
    const {
      data,
      shape: [nIn, nOut],
    } = weightOf(frame, 0);
    if (buffer.length !== data.length) buffer = new Float32Array(data.length);
    const previous = store.previous ? weightOf(store.previous, 0).data : null;
    const values = between(previous, data, known.t, buffer);
    if (store.imageShape) paint(canvas, plan, order, values, nOut, store.imageShape, palette.diverging, scales.of(0));
    else drawBars(canvas, plan, order, values, nOut, nIn, palette, scales.of(0));
  }

  return {
    update() {
      takeTheme();
      takeFrame();
      takeProgress();
      if (store.pinned !== known.pinned) {
        known.pinned = store.pinned;
        placePin();
      }
      if (dirty && plan && known.frame) {
        draw(known.frame);
        dirty = false;
      }
      return false;
    },
    destroy() {
      stop();
      element.remove();
    },
  };
}
