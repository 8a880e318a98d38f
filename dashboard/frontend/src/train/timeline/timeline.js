/** The timeline: every view on the stage shows the snapshot that is chosen here. */

import { freshContext, pixelRatio, watchSize } from '../../lib/charts/canvas.js';
import { fillBox, paintPath, rounded, write } from '../../lib/charts/pen.js';
import { paletteFor } from '../../lib/theme/palette.js';
import { group, press, select } from '../../lib/ui/controls.js';
import { copyAndSay } from '../../lib/ui/copy.js';
import { around, closest, make, setText, svgOf, whileHeld } from '../../lib/ui/dom.js';
import { LINES } from '../../lib/ui/icons.js';
import { isCommand, isTyping, roveOver } from '../../lib/ui/keys.js';
import { createView } from '../../lib/ui/seen.js';
import { isPressed } from '../../lib/ui/shortcuts.js';
import { createTip } from '../../lib/ui/tip.js';
import { REPLAYED, WATCHED } from '../player.js';
import { duration, epochWords, isAtWork } from '../store.js';
import { GLYPHS, gathered, marksOf } from './marks.js';

/** @import { createPlayer } from '../player.js' */
/** @import { Gathered, Store, Way } from '../types.js' */

const INSET = 9; // half a thumb: where the ends of the slider's range lie
/** @type {Record<string, string>} */
const ICONS = {
  play: 'M7 4.5v15l12-7.5z',
  pause: 'M6 5h4v14H6zM14 5h4v14h-4z',
  back: 'M15.5 5l-8 7 8 7',
  on: 'M8.5 5l8 7-8 7',
  save: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14',
  link: LINES.link,
};
/** @param {string} name */
function icon(name) {
  const { svg } = svgOf('0 0 24 24', ICONS[name]);
  svg.classList.add(name === 'play' || name === 'pause' ? 'as-solid' : 'as-line');
  return svg;
}

/**
 * @param {string} name
 * @param {string} label
 * @param {() => void} act
 */
function button(name, label, act) {
  const node = press('', label, act, { className: 'as-button', 'aria-label': label.replace(/ \(.*\)$/, '') });
  node.append(icon(name));
  return node;
}

/**
 * The address that opens the run at the snapshot that is shown, with all else as it is.
 * @param {Store} store
 */
function addressOf(store) {
  const address = new URL(location.href);
  address.searchParams.set('run', store.run);
  address.searchParams.set('snapshot', String(store.shown?.number ?? 0));
  return address.href;
}

/**
 * Build the timeline in `root` on the store; `keys` is the element within which space plays. Returns {element, destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 * @param {ReturnType<typeof createPlayer>} player
 * @param {HTMLElement} keys
 * @param {(way: Way) => void} prefer a way that a person chose for runs to come
 * @param {() => void} save asks how to save what is seen
 */
export function createTimeline(root, store, player, keys, prefer, save) {
  const element = make('section', { className: 'as-timeline', 'aria-label': 'Timeline' });
  const play = button('play', 'Play (space)', toggle);
  const back = button('back', 'One snapshot back (,)', () => step(-1));
  const on = button('on', 'One snapshot on (.)', () => step(1));
  const times = REPLAYED.map((each) => [String(each), `${each} s`]);
  const time = select('Time of a replay', times, (chosen) => player.take(Number(chosen)), 'as-speed');
  Object.assign(time, { title: 'The time for the whole run', value: String(REPLAYED[1]) });
  const track = make('div', { className: 'as-track' });
  const canvas = make('canvas');
  const marks = make('div', { className: 'as-marks', role: 'group', 'aria-label': 'What happened' });
  const slider = make('input', { type: 'range', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'Timeline' });
  track.append(canvas, slider, marks);
  const tip = createTip(track);
  /**
   * @param {string} text
   * @param {string | null} title
   * @param {'slow' | 'watch' | 'live'} way
   */
  const wayButton = (text, title, way) => {
    const choose = () => {
      if (way !== 'live' || isAtWork(store)) prefer(way);
      player[way]();
    };
    return press(text, title, choose, { className: way === 'live' ? 'as-latest as-end' : 'as-latest' });
  };
  const slow = wayButton('Slow', 'A step at a time, with what it did', 'slow');
  const watch = wayButton('Watch', `From the beginning, in about ${WATCHED} seconds`, 'watch');
  const latest = wayButton('', null, 'live');
  const pin = press('', null, () => store.compare(store.compared === null ? store.shown : null), {
    className: 'as-latest',
  });
  const saving = button('save', 'Save as a picture or a film', save);
  saving.setAttribute('aria-haspopup', 'dialog');
  const said = make('span', { className: 'as-said', role: 'status' });
  const link = button(
    'link',
    'Copy a link to this moment',
    copyAndSay(said, () => addressOf(store)),
  );
  link.append(said);
  const readout = make('output', { className: 'as-readout', 'aria-live': 'off' }); // it changes many times a second
  element.append(play, back, on, time, track, group('How to see it', slow, watch, latest), pin, link, saving, readout);
  root.append(element);
  const events = ['lines', 'status', 'frame', 'select', 'run', 'theme', 'compare', 'way'];
  const { schedule, listen, signal, destroy } = createView(element, store, events, draw);

  slider.addEventListener('input', () => store.select(Number(slider.value)));
  // While the thumb is held the scale stays, or it would run away from the finger.
  let held = false;
  whileHeld(slider, (isHeld) => {
    held = isHeld;
    schedule();
  });

  const shown = () => store.selected ?? store.newest;

  const isPlaying = () => store.way !== 'live' && store.way !== 'still';

  /** @param {number} by */
  function step(by) {
    const number = store.thinned.next(shown(), by, store.newest);
    if (number !== null) store.select(number);
  }

  function toggle() {
    if (isPlaying()) player.stop();
    else if (store.newest > 0) player.play();
  }

  listen(document, 'keydown', (event) => {
    const target = event.composedPath()[0];
    if (isCommand(event) || isTyping(event) || !(target instanceof Element)) return;
    if (isPressed(event, 'back') || isPressed(event, 'forward')) {
      step(isPressed(event, 'back') ? -1 : 1);
      event.preventDefault();
    } else if (isPressed(event, 'play') && keys.contains(target) && !target.closest('button, summary, a')) {
      toggle();
      event.preventDefault();
    }
  });

  /**
   * The place of a step among the snapshots, 0 to newest, between two of them where it lies there.
   * @param {number} at
   */
  function placeOf(at) {
    const lines = store.snapshotLines;
    let low = 0;
    let high = lines.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle].step < at) low = middle + 1;
      else high = middle;
    }
    const after = lines[low];
    const before = lines[low - 1];
    if (!after) return 0;
    if (!before || at >= after.step) return after.number;
    return before.number + ((at - before.step) / (after.step - before.step)) * (after.number - before.number);
  }

  function draw() {
    const { newest } = store;
    const at = shown();
    const line = store.shown?.number === at ? store.shown.line : (store.history.at(at) ?? store.shown?.line);
    const last = held ? Number(slider.max) : Math.max(0, newest);
    if (slider.max !== String(last)) slider.max = String(last);
    if (!held) slider.value = String(Math.max(0, at));
    slider.disabled = newest < 1;
    for (const each of [play, back, on, time, slow, watch]) each.disabled = newest < 1;
    drawPlay();
    const { way } = store;
    setText(latest, isAtWork(store) ? 'Live' : isPlaying() ? 'Skip to the end' : 'Latest');
    latest.title = isAtWork(store) ? 'Follow the run as it trains' : 'Show the last snapshot';
    slow.setAttribute('aria-pressed', String(way === 'slow'));
    watch.setAttribute('aria-pressed', String(way === 'watch'));
    latest.setAttribute('aria-pressed', String(way === 'live'));
    latest.classList.toggle('as-running', store.selected === null && store.status?.status === 'running');
    latest.disabled = newest < 0;
    setText(pin, store.compared ? 'Pinned' : 'Pin');
    pin.title = store.compared
      ? 'No longer compare with the pinned snapshot'
      : 'Pin this snapshot, to compare another one with it';
    pin.setAttribute('aria-pressed', String(store.compared !== null));
    pin.disabled = store.shown === null;
    const trained = duration((way === 'watch' ? store.snapshotLines.at(-1) : line)?.train_seconds ?? 0);
    const words = line
      ? `Epoch ${epochWords(line, store.stepsPerEpoch)} · step ${line.step.toLocaleString('en')} · ${
          way === 'watch' && !isAtWork(store)
            ? `trained in ${trained}, shown in ${WATCHED} s`
            : `${trained} of training`
        }`
      : isAtWork(store)
        ? 'Waiting for the first snapshot'
        : 'No snapshot';
    setText(readout, words);
    slider.setAttribute(
      'aria-valuetext',
      line ? words.split(' · ').slice(0, 2).join(', ').toLowerCase() : 'nothing yet',
    );
    drawTicks(last);
  }

  let drawnPlay = '';
  function drawPlay() {
    const name = isPlaying() ? 'pause' : 'play';
    if (name === drawnPlay) return;
    drawnPlay = name;
    play.replaceChildren(icon(name));
    play.title = isPlaying() ? 'Pause the replay (space)' : 'Play (space)';
    play.setAttribute('aria-label', isPlaying() ? 'Pause the replay' : 'Play');
  }

  let ticked = '';
  let font = '';
  /** @param {number} end */
  function drawTicks(end) {
    const { width, height } = size;
    if (!width) return;
    const state = [store.run, store.theme, store.nLines, shown(), end, width, pixelRatio(), store.compared?.number];
    if (state.join(' ') === ticked) return;
    ticked = state.join(' ');
    const palette = paletteFor(store.theme === 'dark');
    const pen = freshContext(canvas, width, height);
    const { snapshotLines, stepsPerEpoch } = store;
    /** @param {number} place */
    const x = (place) => INSET + (end > 0 ? Math.min(1, place / end) : 0) * (width - 2 * INSET);
    const middle = 24; // of the slider, as in the style sheet
    rounded(pen, INSET, middle - 2, width - 2 * INSET, 4, 2);
    paintPath(pen, palette.line);
    rounded(pen, INSET, middle - 2, Math.max(0, x(Math.max(0, shown())) - INSET), 4, 2);
    paintPath(pen, palette.accent);
    placeMarks(x, width);
    const last = snapshotLines.at(-1);
    if (!last) return;
    // Epochs: a tick at each, or at every so many that they stay apart, with numbers where there is room.
    const epochs = last.step / stepsPerEpoch;
    const every = niceStep(epochs / (width / 9));
    const named = niceStep(epochs / (width / 46));
    font ||= getComputedStyle(element).fontFamily;
    pen.font = `10px ${font}`;
    for (let epoch = 0; epoch <= epochs + 1e-9; epoch += every) {
      const place = x(placeOf(epoch * stepsPerEpoch));
      const isNamed = Math.abs(epoch / named - Math.round(epoch / named)) < 1e-6;
      fillBox(pen, Math.round(place) - 0.5, middle + 8, 1, isNamed ? 5 : 3, isNamed ? palette.muted : palette.line);
      if (isNamed)
        write(pen, String(Math.round(epoch)), place, middle + 14, palette.muted, { align: 'center', baseline: 'top' });
    }
  }

  let marked = '';
  /** @type {Gathered[]} */
  let places = [];
  /** @type {HTMLButtonElement[]} */
  const nodes = [];
  /**
   * @param {(place: number) => number} x
   * @param {number} width
   */
  function placeMarks(x, width) {
    const { newest, events, nLines } = store;
    const key = `${store.run} ${nLines} ${newest} ${width} ${store.compared?.number}`;
    if (key === marked) return;
    marked = key;
    places = gathered(marksOf(events, newest > 1 ? store.best : null, store.compared), placeOf, newest, width);
    while (nodes.length > places.length) nodes.pop()?.remove();
    places.forEach(({ number, kind, texts }, i) => {
      nodes[i] ??= createMark(i);
      const node = nodes[i];
      node.style.setProperty('--place', `${x(number)}px`);
      node.setAttribute('aria-label', texts.join('. '));
      if (node.dataset.kind === kind) return;
      node.dataset.kind = kind;
      node.querySelector('path')?.setAttribute('d', GLYPHS[kind]);
    });
    reach(nodes[0] ?? null);
  }

  /** @param {number} i */
  function createMark(i) {
    const { svg, path } = svgOf('0 0 12 12');
    path.setAttribute('fill-rule', 'evenodd');
    const node = make(
      'button',
      { type: 'button', className: 'as-mark', 'data-drawn': '', 'data-place': i, tabIndex: -1 },
      svg,
    );
    marks.append(node);
    return node;
  }
  const reach = roveOver(
    marks,
    (element) => {
      const mark = around(element, '.as-mark');
      return mark && [0, Number(mark.dataset.place)];
    },
    (row, column) => (row === 0 && nodes[column]) || null,
  );

  /** @param {Event} event */
  const placeUnder = (event) => places[Number(closest(event, '.as-mark')?.dataset.place ?? -1)];
  marks.addEventListener('click', (event) => {
    const place = placeUnder(event);
    if (place) store.select(Math.round(place.number));
  });
  /** @param {Event} event */
  function showTip(event) {
    const texts = placeUnder(event)?.texts;
    if (!texts) return;
    const words = (texts.length > 6 ? [...texts.slice(0, 5), `and ${texts.length - 5} more`] : texts).join('\n');
    const mark = closest(event, '.as-mark')?.style.getPropertyValue('--place') ?? '0';
    tip.show([words], { x: Number.parseFloat(mark), y: 38, isCentred: true });
  }
  marks.addEventListener('pointerover', showTip);
  marks.addEventListener('focusin', showTip);
  marks.addEventListener('pointerout', tip.hide);
  marks.addEventListener('focusout', tip.hide);

  const size = watchSize(track, schedule, signal);
  return { element, destroy };
}

/**
 * The smallest of 1, 2, 5, 10, 20, ... that is at least `value`.
 * @param {number} value
 */
function niceStep(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((each) => each * power >= value * 0.999) ?? 10);
}
