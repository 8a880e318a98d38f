/**
 * The network view: one example's way through the network, from the input through every layer to the prediction,
 * gliding between snapshots; neurons can be looked into, pinned, switched off, and their weights changed.
 */

import { watchSize } from '../lib/charts/canvas.js';
import { asNumber, neuronName } from '../lib/format/text.js';
import { shownWeightsOf, sinceWords } from '../lib/model/change.js';
import { featureName } from '../lib/model/description.js';
import { Edits } from '../lib/model/edits.js';
import {
  ActivationScales,
  exampleName,
  largest,
  layersOf,
  listedInputs,
  passOf,
  probeCount,
  probeInput,
  recorded,
  silentUnits,
  UNCHANGED,
} from '../lib/model/forward.js';
import { createListeners, make } from '../lib/ui/dom.js';
import { createFrame } from '../lib/ui/frame.js';
import { arrow, isCommand, zoomByKey } from '../lib/ui/keys.js';
import { createRunView } from '../lib/ui/seen.js';
import { isPressed } from '../lib/ui/shortcuts.js';
import { createSinceChoice } from '../lib/ui/since-choice.js';
import { Camera, steer } from './camera.js';
import { createCard, describe } from './card.js';
import { placeOfCard, pointsOn } from './card-place.js';
import { createBanner, createBar, createLegend } from './chrome.js';
import { drawNetwork } from './drawing/network.js';
import { createEdgeHand } from './edge-hand.js';
import { HeldOutQuestion } from './held-out-question.js';
import { ActivationHistory, WeightHistory } from './history.js';
import { blockOf, heightFor, hit, layOut } from './layout.js';
import { ShownLinks } from './links.js';
import { Motion } from './motion.js';
import { neighbourOf } from './neighbours.js';
import { createPictures } from './pictures.js';
import { createProbes } from './probes.js';
import { sceneOf } from './scene.js';

/** @import { Focus, Layout, Link, Place, View } from './types.js' */
/** @import { Change, Frame, HeldOutFigures, NetworkStore, Neuron, Probe } from '../lib/model/types.js' */

const GLIDE = 220; // ms from one example to another
const FOCUS_LINKS = 48;

/**
 * Build the network view in `root` on the stage's store.
 * Returns {update(now), destroy()}; it draws only when something it shows has changed.
 * @param {HTMLElement} root
 * @param {NetworkStore} store
 */
export function createNetwork(root, store) {
  const events = ['frame', 'base', 'probe', 'theme', 'pin', 'run'];
  const isReady = () => Boolean(store.description && store.shown && probeCount(store) > 0);
  return createRunView(root, store, events, isReady, (schedule) => createNetworkOfRun(root, store, schedule));
}

/**
 * The view of one run; `update` returns whether it wants to be called again on the next frame.
 * @param {HTMLElement} root
 * @param {NetworkStore} store
 * @param {() => void} schedule
 */
function createNetworkOfRun(root, store, schedule) {
  const { description } = store;
  const layers = layersOf(description);
  const { frame: element, theme } = createFrame(root, 'The network at work');
  const edits = new Edits();
  const camera = new Camera();
  const motion = new Motion();
  const pictures = createPictures();
  const isTold = store.probe.labels.length > 1; // one example alone does not tell which neurons are off for all
  const { plane } = store;

  /** What the view shows; cards and pictures read it, once there is a frame. @type {Partial<View>} */
  const before = {
    store,
    layers,
    edits,
    probe: -1,
    values: [],
    font: 'sans-serif',
    scales: new ActivationScales(layers),
    weights: shownWeightsOf(store, layers),
    history: new ActivationHistory(),
    weightHistory: new WeightHistory(),
    /** @param {number} i */
    featureName: (i) => plane?.names[i] ?? featureName(description, i),
  };
  const view = /** @type {View} */ (before);
  const shownLinks = new ShownLinks(view);
  let count = layers.length === 1 ? 80 : 40 * Math.min(4, layers.length);
  /** @type {Layout} */
  let layout;
  let size = { width: 0, height: 0 };
  let dirty = true;
  /** @type {Focus | null} */
  let focus = null; // {layer, unit, by: 'pointer' | 'keys'}
  /** @type {Neuron | null} */
  let pinned = null;
  /** @type {Link[] | null} */
  let focusLinks = null;
  /** @type {Array<Uint8Array | null>} */
  let silent = [];
  /** @type {{ start: number, length: number } | null} */
  let glide = null; // {start, length}, or null while the store's own progress moves the picture
  /** @type {{ frame: Frame | null, base: Frame | null | undefined, probe: number, examples: Probe, changes: Change[], count: number }} */
  let shown = { frame: null, base: undefined, probe: -1, examples: store.probe, changes: edits.changes, count: -1 };
  /** @type {Neuron | null} */
  let knownPin = null;
  /** @type {HeldOutFigures} */
  let heldOut = { state: 'none' };

  // --- elements ---
  const { listen, stop, signal } = createListeners();
  const bar = createBar(count, {
    /** @param {number} value */
    connections(value) {
      count = value;
      schedule();
    },
    zoom,
  });
  if (store.showSince) bar.element.append(createSinceChoice(store, signal));
  const probes = createProbes(store);
  const stage = make('div', { className: 'nv-stage' });
  const canvas = make('canvas', {
    className: 'nv-canvas',
    tabIndex: 0,
    role: 'application',
    'aria-roledescription': 'network',
    'aria-label': `Network ${description.layer_sizes.join(', ')}. Arrow keys move between neurons and layers, E goes along the connections of one, Enter pins, Escape unpins.`,
  });
  const banner = createBanner({ undo: () => change(() => edits.undo()), reset: () => change(() => edits.reset()) });
  const floating = createCard(null);
  floating.element.hidden = true;
  const dock = createCard({
    toggle: () => change(() => pinned && edits.toggleNeuron(pinned.layer, pinned.unit)),
    unpin: () => unpin(),
    /**
     * @param {number} input
     * @param {number} value
     */
    set: (input, value) => change(() => pinned && edits.setWeight(pinned.layer, input, pinned.unit, value)),
    /** @param {number} input */
    restore: (input) => change(() => pinned && edits.restoreWeight(pinned.layer, input, pinned.unit)),
  });
  dock.element.hidden = true;
  const legend = createLegend();
  const canBeOff = layers.some((layer) => layer.canBeOff);
  const live = make('div', { className: 'nv-hidden', 'aria-live': 'polite' });
  const edges = createEdgeHand(view, {
    layout: () => layout,
    links: () => [...motion.links.filter((link) => link.presence > 0.5), ...(focusLinks ?? [])],
    change,
    redraw() {
      showFloating();
      dirty = true;
      schedule();
    },
    pinned: () => pinned && store.pin(null, null),
    focus: () => canvas.focus({ preventScroll: true }),
    place: placeCard,
    announce: (words) => {
      live.textContent = words;
    },
  });
  stage.append(canvas, banner.element, floating.element, edges.floating);
  element.append(bar.element, probes.element, stage, legend.element, dock.element, edges.dock, live);
  const question = new HeldOutQuestion(store.server, (found) => {
    heldOut = found;
    showBanner();
  });

  // --- what the person does ---
  /** @param {() => unknown} act */
  function change(act) {
    act();
    store.edit(edits);
    schedule();
  }

  /** @param {'in' | 'out' | 'fit'} how */
  function zoom(how) {
    if (how === 'fit') camera.reset();
    else camera.zoom(how === 'in' ? 1.4 : 1 / 1.4, size.width / 2, size.height / 2);
    moved();
  }

  function moved() {
    canvas.classList.toggle('nv-zoomed', !camera.isFit);
    dirty = true;
    if (focus) placeFloating(focus);
    edges.place();
    schedule();
  }

  const hand = steer(
    canvas,
    camera,
    () => {
      setFocus(null);
      edges.leave();
      canvas.classList.add('nv-held');
      moved();
    },
    () => edges.isOver(),
  );

  /** @param {MouseEvent} event */
  function point(event) {
    if (hand.dragging() || edges.isHeld() || !layout) return;
    const at = camera.toContent(event.offsetX, event.offsetY);
    const found = hit(layout, at.x, at.y);
    edges.point(found ? null : at, camera.scale);
    setFocus(found ? { ...found, by: 'pointer' } : null);
    canvas.classList.toggle('nv-on-edge', edges.isOver());
  }

  /** @param {Focus | null} next */
  function setFocus(next) {
    if (next?.layer === focus?.layer && next?.unit === focus?.unit) return;
    focus = next;
    store.hover(next && { layer: next.layer, unit: next.unit });
    canvas.classList.toggle('nv-over', Boolean(next));
    refocus();
  }

  /** Recompute what belongs to the neuron looked at. */
  function refocus() {
    const at = focus ?? pinned;
    focusLinks = at && view.frame ? shownLinks.of(at, FOCUS_LINKS) : null;
    showFloating();
    dirty = true;
    schedule();
  }

  function showFloating() {
    const isPinned = focus && pinned && focus.layer === pinned.layer && focus.unit === pinned.unit;
    floating.element.hidden = !focus || Boolean(isPinned) || edges.isWalking() || !view.frame;
    if (!focus || floating.element.hidden) return;
    floating.update({ ...view, at: focus });
    placeFloating(focus);
    announce(focus);
  }

  /** @param {Neuron} neuron */
  function placeFloating({ layer, unit }) {
    const block = blockOf(layout, layer);
    const [x, y] = [block.xs[unit], block.ys[unit]];
    const paths = (focusLinks ?? []).flatMap((link) => pointsOn(layout, link));
    placeCard(floating.element, { x: x + block.radius, y }, [{ x, y }, ...paths]);
  }

  /**
   * Put a card beside a place of the content, over as few of the `avoided` as can be.
   * @param {HTMLElement} card
   * @param {Place} at
   * @param {Place[]} avoided
   */
  function placeCard({ offsetWidth: width, offsetHeight: height, style }, at, avoided) {
    const { left, top } = stage.getBoundingClientRect();
    const place = placeOfCard({
      card: { width, height },
      at: camera.toCanvas(at.x, at.y),
      avoided: avoided.map((point) => camera.toCanvas(point.x, point.y)),
      box: size,
      sight: { left: -left, top: -top, right: window.innerWidth - left, bottom: window.innerHeight - top },
    });
    style.transform = `translate(${Math.round(place.x)}px, ${Math.round(place.y)}px)`;
  }

  /** @param {Focus} at */
  function announce(at) {
    if (at.by !== 'keys') return;
    const { layer, unit } = at;
    const { sum, name } = describe({ ...view, at }, listedInputs(view.frame, layer, unit, view.values, 1));
    const loudest = sum.terms[0] ? `; loudest: ${name(sum.terms[0].input)}, ${asNumber(sum.terms[0].product, 3)}` : '';
    live.textContent = `${neuronName(layers, store.reader.unitNames, layer, unit)}: ${asNumber(sum.shown, 3)}, from a sum of ${asNumber(sum.z, 3)}${loudest}`;
  }

  /** @param {Neuron} at */
  const pin = (at) => store.pin(at.layer, at.unit);
  const unpin = () => {
    store.pin(null, null);
    canvas.focus({ preventScroll: true });
  };

  listen(canvas, 'pointermove', point);
  listen(canvas, 'pointerleave', () => {
    edges.leave();
    if (focus?.by === 'pointer') setFocus(null);
  });
  listen(canvas, 'pointerdown', (event) => edges.hold(event));
  listen(canvas, 'pointermove', (event) => edges.drag(event));
  for (const type of /** @type {const} */ (['pointerup', 'pointercancel']))
    listen(canvas, type, () => {
      edges.release();
      canvas.classList.remove('nv-held');
    });
  listen(canvas, 'click', (event) => {
    if (hand.moved() || edges.wasDrag()) return;
    point(event);
    if (focus) pin(focus);
    else if (edges.isOver()) edges.pin();
    else if (plane) choosePoint(event);
  });
  listen(canvas, 'blur', () => {
    if (edges.isWalking()) edges.leave();
    if (focus?.by === 'keys') setFocus(null);
  });
  listen(element, 'keydown', (event) => {
    if (event.key === 'Escape' && edges.escape()) {
      // It is taken back, or let go.
    } else if (event.key === 'Escape' && pinned) unpin();
    else if (
      (event.ctrlKey || event.metaKey) &&
      event.key === 'z' &&
      edits.past.length &&
      !(event.target instanceof HTMLInputElement && event.target.type === 'number')
    )
      change(() => edits.undo());
    else if (event.target !== canvas || isCommand(event) || !keyed(event)) return;
    event.preventDefault();
    event.stopPropagation();
  });

  /**
   * Act on a key pressed on the canvas; returns whether it meant something.
   * @param {KeyboardEvent} event
   */
  function keyed(event) {
    const { key } = event;
    const [by, how] = [arrow(event), zoomByKey(event)];
    const isEnter = key === 'Enter' || key === ' ';
    if (edges.isWalking() && by) edges.step(by[0] || by[1]);
    else if (edges.isWalking() && isEnter) edges.enter();
    else if (isPressed(event, 'edge') && focusLinks) edges.walk(focusLinks);
    else if (by) move(by[1], by[0]);
    else if (isEnter && focus) pin(focus);
    else if (how) zoom(how);
    else return false;
    return true;
  }

  /**
   * Move the keyboard's place.
   * @param {number} across
   * @param {number} along
   */
  function move(across, along) {
    const at = focus ?? pinned;
    const { layer, unit } = at ? neighbourOf(layout, at, across, along) : { layer: 0, unit: 0 };
    const { xs, ys } = blockOf(layout, layer);
    camera.reveal(xs[unit], ys[unit], size);
    setFocus({ layer, unit, by: 'keys' });
  }

  /** @param {MouseEvent} event */
  function choosePoint(event) {
    const { x, y } = camera.toContent(event.offsetX, event.offsetY);
    const { input } = layout;
    if (input.kind !== 'plane' || x < input.x || x > input.x + input.side || y < input.y || y > input.y + input.side)
      return;
    const at = [(x - input.x) / input.side, (y - input.y) / input.side];
    const away = store.probe.labels.map((_, i) => {
      const place = plane?.place(plane.point(probeInput(store, i))) ?? at;
      return Math.hypot(place[0] - at[0], place[1] - at[1]);
    });
    store.selectProbe(away.indexOf(Math.min(...away)));
  }

  // --- what changed outside ---
  const changed = () => {
    fitCanvas();
    schedule();
  };
  watchSize(stage, changed, signal);

  function fitCanvas() {
    const width = stage.clientWidth;
    if (width < 50) return;
    size = { width, height: heightFor(width) };
    const input = { size: layers[0].inputSize, imageShape: store.imageShape, plane: plane !== null };
    layout = layOut({
      ...size,
      input,
      layers,
      faces: plane !== null,
      longestName: Math.max(...store.reader.unitNames.map((name) => name.length)),
    });
    for (const link of [...motion.links, ...(focusLinks ?? [])]) Object.assign(link, { start: null, end: null });
    camera.frame(layout, size);
    dirty = true;
    if (focus) placeFloating(focus);
    edges.place();
  }

  function takeTheme() {
    const painted = theme(store);
    if (!painted) return;
    view.palette = painted;
    view.font = getComputedStyle(element).fontFamily || 'sans-serif';
    probes.paint(view.palette);
    dirty = true;
    if (view.frame) updateCards();
  }

  function takePin() {
    const next = store.pinned;
    if (next === knownPin) return;
    knownPin = next;
    pinned = next && next.unit < (layers[next.layer]?.size ?? 0) ? next : null;
    dock.element.hidden = !pinned;
    if (pinned) {
      if (edges.isPinned()) edges.unpin();
      dock.update({ ...view, at: pinned });
      recall(pinned);
    }
    refocus();
  }

  /**
   * Ask the record for what a neuron put out before this page was open; without it, its chart begins here.
   * @param {Neuron} about
   */
  async function recall({ layer, unit }) {
    if (!store.hasPast || view.history.knows(layer, unit)) return;
    try {
      view.history.recall(layer, unit, await store.server.fetched(`neurons/${layer}/${unit}`));
      if (view.frame) updateCards();
    } catch {
      // The stage says that the connection is lost.
    }
  }

  /**
   * Take the store's snapshot and example, and the changes by hand; head for them.
   * @param {number} now
   */
  function takeChanges(now) {
    const frame = store.shown;
    const probe = Math.min(probeCount(store) - 1, Math.max(0, store.probeIndex ?? 0));
    const isNewFrame = frame !== shown.frame;
    const hasOthers = store.probe !== shown.examples;
    const isNewProbe = probe !== shown.probe || hasOthers;
    const isEdited = edits.changes !== shown.changes;
    const base = store.base?.frame;
    if (!isNewFrame && !isNewProbe && !isEdited && base === shown.base && count === shown.count) return;
    const first = shown.frame === null;
    shown = { frame, base, probe, examples: store.probe, changes: edits.changes, count };
    if (hasOthers && store.hasPast) {
      probes.build();
      probes.paint(view.palette);
      probes.mark(frame, layers);
    }
    view.frame = frame;
    view.probe = probe;
    if (isNewFrame) takeFrame(frame);
    if (isNewProbe) probes.choose(probe);
    if (isNewFrame || isNewProbe || isEdited) view.values = passOf(store, layers, frame, probe, edits);
    view.weights.see(frame);
    const links = shownLinks.strongest(count);
    takeLegend();
    motion.retarget(view.values, links);
    const still = first || isEdited || matchMedia('(prefers-reduced-motion: reduce)').matches;
    glide = isNewFrame && !still ? null : { start: now, length: still ? 0 : GLIDE };
    dirty = true;
    bar.title(store.title ?? `${exampleName(store, probe)} through the network`);
    if (isNewFrame || isEdited) question.ask(frame.number, edits.changes);
    updateCards();
    showBanner();
  }

  function takeLegend() {
    element.dataset.shows = view.weights.kind;
    legend.update({
      canBeOff,
      canBeSilent: canBeOff && isTold,
      canSaturate: layers.some((layer) => layer.function.unsaturated !== null),
      change: sinceWords(store),
    });
  }

  /** @param {Frame} frame */
  function takeFrame(frame) {
    view.scales.see(frame);
    view.history.see(frame, layers);
    silent = layers.map((layer) => (isTold && layer.canBeOff ? silentUnits(frame, layer.index) : null));
    probes.mark(frame, layers);
    element.dataset.number = String(frame.number);
  }

  function updateCards() {
    if (pinned) dock.update({ ...view, at: pinned });
    edges.update();
    refocus();
  }

  function showBanner() {
    const { frame, probe } = view;
    if (!frame) return;
    const last = layers.length - 1;
    const { reader } = store;
    const before = reader.probabilities(recorded(frame, last, probe));
    const after = reader.probabilities(view.values[last + 1]);
    // Of several labels the one that the changes move most.
    const about = reader.isMany ? largest(before.map((p, c) => Math.abs(after[c] - p))) : reader.leading(before);
    banner.update({
      count: edits.changes.length,
      name: reader.names[about],
      before: before[about],
      after: after[about],
      figure: reader.accuracy,
      accuracy: frame.line.heldout.accuracy,
      heldOut,
    });
  }

  /** @param {number} now */
  function progress(now) {
    if (!glide) return Math.min(1, Math.max(0, store.progress ?? 1));
    const t = glide.length ? Math.min(1, Math.max(0, (now - glide.start) / glide.length)) : 1;
    return t * t * (3 - 2 * t);
  }

  view.facePicture = (layer, unit) => pictures.faces(view)?.[layer]?.[unit] ?? null;
  fitCanvas();
  return {
    /** @param {number} now */
    update(now) {
      takeTheme();
      takeChanges(now);
      takePin();
      if (motion.seek(progress(now))) dirty = true;
      if (dirty && layout) {
        const { marked } = edges;
        const links = { focusLinks, linkScales: shownLinks.scales, marked };
        const state = { size, camera, layout, motion, silent, focus, pinned, ...links };
        drawNetwork(canvas, sceneOf(view, state, pictures));
        dirty = false;
      }
      return motion.t < 1;
    },
    destroy() {
      stop();
      hand.destroy();
      question.destroy();
      edges.destroy();
      store.hover(null);
      store.edit(UNCHANGED);
      element.remove();
    },
  };
}
