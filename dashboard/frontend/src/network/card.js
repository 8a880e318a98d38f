/**
 * A neuron's card: what it is connected to, the sum that made its value, what it makes of the probe set,
 * its statistics. One card floats beside the pointer; the pinned one stands under the network, follows
 * time, and lets its weights be changed.
 */

import { createFigure, paintBars, paintClasses, paintHistory, paintImage } from '../lib/charts/pictures.js';
import { asNumber, asPercent, counted, neuronName, sourceName } from '../lib/format/text.js';
import { sinceWords } from '../lib/model/change.js';
import {
  biasOf,
  exampleName,
  explain,
  listedInputs,
  overProbe,
  POINT,
  recorded,
  sensitivity,
  weightOf,
} from '../lib/model/forward.js';
import { column, roundUp } from '../lib/model/math.js';
import { press } from '../lib/ui/controls.js';
import { make, penOf } from '../lib/ui/dom.js';
import { createNumbersTable } from '../lib/ui/numbers-table.js';
import { createSum } from './sum.js';

/** @import { CardActions, Place, Size, ViewAt } from './types.js' */
/** @import { Figure } from '../lib/charts/types.js' */

const MOST_CLASSES = 24; // drawn beside the pointer: the card has to fit in the window

/**
 * Build a card. `actions` is null for the floating card, else {toggle(), unpin(), set(input, value), restore(input)}.
 * Returns {element, update(view)}; `view` is the network view's state (see network.js) with `at` = {layer, unit}.
 * @param {CardActions | null} actions
 */
export function createCard(actions) {
  const pinned = actions !== null;
  const root = make(pinned ? 'section' : 'div', { className: pinned ? 'nv-card nv-dock' : 'nv-card nv-float' });
  const head = make('header', { className: 'nv-card-head' });
  const chip = make('i', { className: 'nv-chip' });
  const title = make('h4');
  const value = make('b', { className: 'nv-value' });
  const where = make('code', { className: 'nv-code' });
  head.append(chip, title, value);
  const toggle = press('', null, () => actions?.toggle());
  if (actions) {
    const close = press('Unpin', 'Unpin (Escape)', actions.unpin);
    head.append(where, toggle, close);
  }
  const weights = createFigure('incoming weights');
  const drivers = createFigure('what drives it here');
  const pictures = make('div', { className: 'nv-pictures' });
  pictures.append(weights.element, drivers.element);
  let isWhole = false;
  /** @type {{ key: string, inputs: number[] } | null} */
  let listed = null; // {key, inputs}: the terms in the table
  /** @type {ViewAt} */
  let last;
  const sum = createSum(
    pinned
      ? {
          ...actions,
          /** @param {boolean} whole */
          unfold(whole) {
            isWhole = whole;
            listed = null;
            update(last);
          },
        }
      : null,
  );
  const classes = createFigure('activation over the probe set, by class (tick: mean)');
  const history = createFigure('activation over the snapshots');
  const facts = make('dl', { className: 'nv-facts' });
  const side = make('div', { className: 'nv-side' });
  const middle = make('div', { className: 'nv-middle' });
  middle.append(sum.element);
  side.append(classes.element);
  /** @type {Array<ReturnType<typeof createNumbersTable>>} */
  const tables = [];
  if (pinned) {
    tables.push(createNumbersTable(side, 'Activation over the probe set', () => classRows(last)));
    side.append(history.element);
    tables.push(createNumbersTable(history.element, 'Activation over the snapshots', () => historyRows(last)));
  }
  side.append(facts);
  if (pinned) root.append(head, pictures, middle, side);
  else {
    pictures.append(facts);
    middle.append(classes.element);
    root.append(head, where, pictures, middle);
  }

  /** @param {ViewAt} view */
  function update(view) {
    const {
      layers,
      frame,
      values,
      at: { layer, unit },
      edits,
      store,
      palette,
    } = view;
    last = view;
    const key = `${layer}/${unit}`;
    if (listed && listed.key !== key) isWhole = false;
    // While a weight is changed its row stays where it is.
    const kept = listed?.key === key && sum.hasFocus() ? listed.inputs : null;
    const inputs = kept ?? listedInputs(frame, layer, unit, values, isWhole ? Infinity : pinned ? 8 : 5, edits);
    listed = { key, inputs };
    const known = describe(view, inputs);
    title.textContent = neuronName(layers, store.reader.unitNames, layer, unit);
    value.textContent = layers[layer].isOutput ? asPercent(known.sum.shown) : asNumber(known.sum.shown, 4);
    value.title = String(known.sum.shown);
    const scale = view.scales.of(layer);
    const colors = scale.signed ? palette.diverging : palette.sequential;
    const off = layers[layer].canBeOff && known.sum.shown === 0;
    chip.style.background = off ? 'transparent' : colors.css(known.sum.shown / scale.high);
    chip.classList.toggle('nv-off', off);
    where.textContent = `layer${layer}.weight[:, ${unit}]${off ? ' · off for this example' : ''}`;
    if (pinned) {
      const silenced = edits.silenced(layer).has(unit);
      toggle.textContent = silenced ? 'Switch on again' : 'Switch off';
      toggle.setAttribute('aria-pressed', String(silenced));
      root.setAttribute('aria-label', `Pinned: ${title.textContent}`);
    }
    paintPictures(view, weights, drivers, pinned ? 168 : 134);
    sum.update({ ...known, isWhole });
    const isTall = !pinned && store.classNames.length > MOST_CLASSES;
    classes.canvas.hidden = isTall;
    classes.caption.textContent = `activation over the probe set, by ${store.reader.one} ${isTall ? 'once pinned' : '(tick: mean)'}`;
    const width = 300;
    const own = ownScale(view);
    paintClasses(classes.canvas, width, pinned ? 15 : 12, {
      activations: overProbe(frame, layer, unit),
      labels: view.store.probe.labels,
      classNames: store.classNames,
      probe: view.probe,
      scale: own,
      palette,
      font: view.font,
    });
    // Of a point of one's own, the snapshots before know nothing.
    const hasPast =
      store.hasPast && !(store.probe.sample?.split === POINT && view.probe === store.probe.labels.length - 1);
    history.element.hidden = !hasPast;
    if (pinned && hasPast) {
      const snapshots = view.history.of(layers, layer, unit, view.probe);
      paintHistory(history.canvas, width, 56, snapshots, frame.number, own, palette);
      history.caption.textContent = `this example, over ${counted(snapshots.length, 'snapshot')}`;
    }
    fillFacts(facts, view, pinned);
    for (const table of tables) table.update();
  }

  return { element: root, update };
}

/**
 * The activations to the probe set as rows, class by class, with their mean.
 * @param {ViewAt} about
 */
function classRows({ frame, store, at: { layer, unit } }) {
  const { labels } = store.probe;
  const activations = overProbe(frame, layer, unit);
  const rows = store.classNames.flatMap((name, c) => {
    const places = Array.from(activations.keys()).filter((i) => labels[i]?.includes(c));
    if (!places.length) return [];
    const mean = places.reduce((total, i) => total + activations[i], 0) / places.length;
    return [
      ...places.map((i) => [name, exampleName(store, i), asNumber(activations[i], 6)]),
      [name, 'mean', asNumber(mean, 6)],
    ];
  });
  return { head: [store.reader.one, 'example', 'activation'], rows };
}

/**
 * The activations to this example as rows, a snapshot each.
 * @param {ViewAt} about
 */
function historyRows({ layers, history, probe, at: { layer, unit } }) {
  const rows = history
    .of(layers, layer, unit, probe)
    .map(({ step, value }) => [step.toLocaleString('en'), asNumber(value, 6)]);
  return { head: ['step', 'activation'], rows };
}

/**
 * For 2-D data: the neuron's activation over the whole plane.
 * @param {Figure} about
 * @param {HTMLCanvasElement | null} picture
 */
function paintFace({ element: figure, canvas, caption }, picture) {
  figure.hidden = !picture;
  if (!picture) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  penOf(canvas).drawImage(picture, 0, 0);
  caption.textContent = 'its activation over the plane';
}

/**
 * The ends of a neuron's own axis: its function's range, else the largest activation seen, rounded up.
 * @param {ViewAt} about
 */
function ownScale({ layers, scales, history, at: { layer, unit } }) {
  const scale = scales.of(layer);
  if (layers[layer].function.range[1] !== null) return scale;
  const high = roundUp(history.largest(layers, layer, unit));
  return { ...scale, low: scale.signed ? -high : 0, high };
}

/**
 * What the sum table needs to know of the neuron at `view.at`, with the terms of the `listed` inputs.
 * @param {ViewAt} view
 * @param {number[]} listed
 */
export function describe(view, listed) {
  const {
    layers,
    frame,
    values,
    at: { layer, unit },
    edits,
    store,
    probe,
  } = view;
  const sum = explain(layers, frame, values, layer, unit, listed, edits);
  const weights = edits.weight(frame, layer);
  return {
    sum,
    function: layers[layer].function,
    changed: new Set(edits.changedInputs(layer, unit)),
    weightTop: listed.reduce(
      (top, i) => Math.max(top, Math.abs(weights.data[i * weights.shape[1] + unit])),
      view.weights.scales('weights').of(layer),
    ),
    changes: view.weights.isChange ? column(view.weights.matrix(frame, layer, edits), unit) : null,
    recorded: edits.firstLayer() <= layer ? null : recorded(frame, layer, probe)[unit],
    /** @param {number} input */
    name: (input) => sourceName(store.imageShape, layer, input, view.featureName),
  };
}

/**
 * @param {ViewAt} view
 * @param {Figure} weights
 * @param {Figure} drivers
 * @param {number} width
 */
function paintPictures(view, weights, drivers, width) {
  const {
    layers,
    frame,
    values,
    at: { layer, unit },
    edits,
    store,
    palette,
  } = view;
  const mine = column(view.weights.matrix(frame, layer, edits), unit);
  const top = view.weights.scales().of(layer);
  const shape = layer === 0 ? store.imageShape : null;
  weights.element.classList.toggle('nv-wide', !shape);
  if (shape) {
    paintImage(weights.canvas, mine, shape, palette.diverging, top);
    weights.canvas.style.cssText = '';
  } else {
    paintBars(weights.canvas, width, 54, mine, top, palette);
  }
  weights.caption.textContent = `${sinceWords(store) ?? 'weights'}, ±${asNumber(top, 0)}`;
  if (!store.imageShape) {
    paintFace(drivers, view.facePicture(layer, unit));
    return;
  }
  const gradient = sensitivity(layers, frame, values, layer, unit, edits);
  drivers.element.hidden = false;
  const product = gradient.map((g, i) => g * values[0][i]);
  const most = product.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  paintImage(drivers.canvas, product, store.imageShape, palette.diverging, most);
  drivers.caption.textContent = layer === 0 ? 'weight × pixel' : 'gradient × pixel';
}

/**
 * @param {HTMLElement} list
 * @param {ViewAt} view
 * @param {boolean} everything
 */
function fillFacts(list, view, everything) {
  const {
    frame,
    at: { layer, unit },
  } = view;
  const activations = overProbe(frame, layer, unit);
  const active = activations.filter((a) => a > 0).length;
  const mean = activations.reduce((a, b) => a + b, 0) / activations.length;
  const matrix = weightOf(frame, layer);
  let norm = 0;
  for (let i = 0; i < matrix.shape[0]; i += 1) norm += matrix.data[i * matrix.shape[1] + unit] ** 2;
  const statistics = frame.line.layers[layer] ?? {};
  const bias = biasOf(frame, layer);
  const facts = [
    ['bias', bias ? asNumber(bias.data[unit], 4) : 'none'],
    ['weight norm', asNumber(Math.sqrt(norm), 3)],
    ['mean', asNumber(mean, 3)],
    [
      'largest',
      asNumber(
        activations.reduce((a, b) => Math.max(a, b), -Infinity),
        3,
      ),
    ],
    ['above 0 for', `${active} of ${activations.length}`],
  ];
  if (everything)
    facts.push(
      ['layer: gradient norm', asNumber(statistics.gradient_norm, 3)],
      ['layer: update / weight', asNumber(statistics.update_ratio, 5)],
      ['layer: dead', statistics.dead_fraction === undefined ? '–' : asPercent(statistics.dead_fraction)],
    );
  if (everything && typeof statistics.saturated_fraction === 'number')
    facts.push(['layer: saturated', asPercent(statistics.saturated_fraction)]);
  while (list.children.length < 2 * facts.length) list.append(make('dt'), make('dd'));
  while (list.children.length > 2 * facts.length) list.lastElementChild?.remove();
  facts.forEach(([name, text], i) => {
    list.children[2 * i].textContent = name;
    list.children[2 * i + 1].textContent = text;
  });
}
