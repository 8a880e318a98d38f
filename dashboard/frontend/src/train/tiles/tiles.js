/**
 * The first layer's weights as tiles, one a neuron: as an image where the input is one, else as bars,
 * all on one symmetric scale that holds over the run. A click pins the neuron in the network view.
 */

import { watchSize } from '../../lib/charts/canvas.js';
import { asNumber, neuronName } from '../../lib/format/text.js';
import { shownWeightsOf, sinceWords } from '../../lib/model/change.js';
import { featureName } from '../../lib/model/description.js';
import { layersOf, weightOf } from '../../lib/model/forward.js';
import { gradientOf } from '../../lib/theme/palette.js';
import { press, select } from '../../lib/ui/controls.js';
import { createListeners, make, setText } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { arrow } from '../../lib/ui/keys.js';
import { createNumbersTable } from '../../lib/ui/numbers-table.js';
import { createRunView } from '../../lib/ui/seen.js';
import { createSinceChoice } from '../../lib/ui/since-choice.js';
import { createTip } from '../../lib/ui/tip.js';
import { between, createTilePainter, drawBars, layTiles } from './draw.js';
import { classVotes, endsOf, normsOf, orderOf } from './order.js';

/** @import { Base, Frame, Neuron, Numbers, Palette } from '../../lib/model/types.js' */
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
  const events = ['frame', 'base', 'glide', 'theme', 'pin', 'run'];
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
  const weights = shownWeightsOf(store, layers);
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
  /** @type {{ frame: Frame | null, base: Base | null, kind: string, top: number, pinned: Neuron | null, t: number }} */
  const known = { frame: null, base: null, kind: '', top: 0, pinned: null, t: -1 };
  /** @type {{ from: Numbers | null, to: Numbers }} */
  let values = { from: null, to: [] }; // what the tiles glide from, and what they show in the end
  /** @type {ReturnType<typeof factsOf> | null} */
  let facts = null; // of what is on screen: {norms, ends, votes}, made when first asked for
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
  const { listen, stop, signal } = createListeners();
  const about = make('small');
  const bar = make(
    'div',
    { className: 'nv-bar' },
    make('h3', {}, 'First-layer weights ', about),
    make('span', { className: 'nv-scale' }, low, ramp, high),
    createSinceChoice(store, signal),
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
  element.append(bar, box);
  const numbers = createNumbersTable(element, 'Incoming weights of each neuron', rows, 'neuron');
  element.append(live);

  // --- what the person does ---
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
      ...(store.imageShape
        ? [`largest ${sourced('high', unit)}   smallest ${sourced('low', unit)}`]
        : [`largest ${sourced('high', unit)}`, `smallest ${sourced('low', unit)}`]),
      `norm ${asNumber(facts.norms[unit], 4)}`,
    ];
    if (weights.isChange) lines[0] += `: ${sinceWords(store)}`;
    if (!first.isOutput) lines[lines.length - 1] += `   raises ${store.classNames[facts.votes[unit]]} most`;
    const x = (at % plan.across) * plan.pitchX;
    const y = Math.floor(at / plan.across) * plan.pitchY;
    tip.show([lines.join('\n')], { x, y: y + plan.pitchY + 4 });
  }

  /** @param {Frame} frame */
  const weightsOf = (frame) => layers.map(({ index }) => weightOf(frame, index));
  /** @param {Frame} frame */
  function factsOf(frame) {
    const matrix = weights.matrix(frame, 0);
    return {
      norms: normsOf(matrix),
      ends: endsOf(matrix),
      votes: classVotes(weightsOf(frame), store.reader.isBinary).votes,
    };
  }

  /**
   * The smallest or largest weight of a neuron and, unless inputs are pixels, which input it is of.
   * @param {'low' | 'high'} end
   * @param {number} unit
   */
  function sourced(end, unit) {
    const value = facts?.ends[end][unit] ?? Number.NaN;
    if (store.imageShape || !known.frame) return asNumber(value, 4);
    const { data, shape } = weights.matrix(known.frame, 0);
    const input = Array.from({ length: shape[0] }, (_, i) => i).find((i) => data[i * shape[1] + unit] === value);
    return `${asNumber(value, 4)}${input === undefined ? '' : `, ${featureName(store.description, input)}`}`;
  }

  /** The figures of every neuron's weights, or of their change with the norm of the weights beside it. */
  function rows() {
    if (!known.frame) return { head: [], rows: [] };
    facts ??= factsOf(known.frame);
    const { norms } = facts;
    const whole = weights.isChange ? normsOf(weightOf(known.frame, 0)) : null;
    const of = whole ? ', change' : '';
    return {
      head: ['Neuron', `norm${of}`, `smallest${of}`, `largest${of}`, ...(whole ? ['norm of the weights'] : [])],
      rows: order.map((unit) => [
        first.isOutput ? store.reader.unitNames[unit] : String(unit + 1),
        asNumber(norms[unit], 4),
        sourced('low', unit),
        sourced('high', unit),
        ...(whole ? [asNumber(whole[unit], 4)] : []),
      ]),
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
    const [, ...later] = weightsOf(known.frame);
    const shown = how === 'norm' ? weights.matrix(known.frame, 0) : weightOf(known.frame, 0);
    const sorted = orderOf(how, [shown, ...later], store.reader.isBinary);
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
    const { shown: frame, base } = store;
    weights.see(frame);
    const { kind } = weights;
    const top = weights.scales().of(0);
    if (frame === known.frame && base === known.base && top === known.top) return;
    const goesOn = kind === known.kind && frame !== known.frame;
    const isOther = kind !== known.kind;
    Object.assign(known, { frame, base, kind, top });
    facts = null;
    low.textContent = asNumber(-top, 0);
    high.textContent = asNumber(top, 0);
    setText(about, sinceWords(store) ?? '');
    values = { from: goesOn ? values.to : null, to: weights.matrix(frame, 0).data };
    element.dataset.number = String(frame.number);
    element.dataset.shows = kind;
    dirty = true;
    if (!order.length || isOther || (how !== 'index' && performance.now() - orderedAt > 400)) rearrange();
    if (at >= 0) showTip();
    numbers.update();
  }

  function takeProgress() {
    const glides = values.from && order.length * first.inputSize <= GLIDE_UP_TO;
    const t = glides ? Math.min(1, store.progress ?? 1) : 1;
    if (t !== known.t) dirty = true;
    known.t = t;
  }

  /** @param {Frame} frame */
  function draw(frame) {
    const [nIn, nOut] = weightOf(frame, 0).shape;
    if (buffer.length !== values.to.length) buffer = new Float32Array(values.to.length);
    const data = between(values.from, values.to, known.t, buffer);
    const top = weights.scales().of(0);
    if (store.imageShape) paint(canvas, plan, order, data, nOut, store.imageShape, palette.diverging, top);
    else drawBars(canvas, plan, order, data, nOut, nIn, palette, top);
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
