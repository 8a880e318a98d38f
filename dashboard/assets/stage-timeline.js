/** The timeline: every view on the stage shows the moment that is chosen here. */
import { paletteFor } from './network-color.js';
import { duration, epochWords } from './stage-store.js';

const SPEEDS = [0.5, 1, 2, 4, 8];
const PACE = 450; // ms for a snapshot at speed 1
const INSET = 9; // half a thumb: where the ends of the slider's range lie
const MOST_MARKS = 60;
const ICONS = {
  play: 'M7 4.5v15l12-7.5z', pause: 'M6 5h4v14H6zM14 5h4v14h-4z',
  back: 'M15.5 5l-8 7 8 7', on: 'M8.5 5l8 7-8 7',
};
const EVENTS = {
  learning_rate: ({ value }) => `learning rate set to ${Number(value.toPrecision(6))}`,
  pause: () => 'paused', resume: () => 'resumed', stop: () => 'stopped', finished: () => 'finished',
  diverged: ({ message }) => `diverged: ${message ?? ''}`, interrupted: () => 'interrupted', failed: () => 'failed',
  epochs: ({ n_epochs: n }) => `epochs set to ${n}`,
};

function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', ICONS[name]);
  svg.classList.add(name === 'back' || name === 'on' ? 'as-line' : 'as-solid');
  svg.append(path);
  return svg;
}

function button(name, label, act) {
  const node = document.createElement('button');
  node.type = 'button';
  node.className = 'as-button';
  node.title = label;
  node.setAttribute('aria-label', label.replace(/ \(.*\)$/, ''));
  node.append(icon(name));
  node.addEventListener('click', act);
  return node;
}

/** Build the timeline in `root` on the store; `keys` is the element within which space plays. Returns {destroy()}. */
export function createTimeline(root, store, keys) {
  let playing = 0;
  let speed = 1;
  let dirty = 0;

  const element = document.createElement('section');
  element.className = 'as-timeline';
  element.setAttribute('aria-label', 'Timeline');
  const play = button('play', 'Play (space)', toggle);
  const back = button('back', 'One snapshot back (,)', () => step(-1));
  const on = button('on', 'One snapshot on (.)', () => step(1));
  const pace = document.createElement('select');
  pace.className = 'as-speed';
  pace.title = 'Speed';
  pace.setAttribute('aria-label', 'Speed of play');
  for (const each of SPEEDS) pace.append(new Option(`${each}×`, each, each === 1, each === 1));
  pace.addEventListener('change', () => { speed = Number(pace.value); });
  const track = document.createElement('div');
  track.className = 'as-track';
  const canvas = document.createElement('canvas');
  const marks = document.createElement('div');
  marks.className = 'as-marks';
  const slider = document.createElement('input');
  Object.assign(slider, { type: 'range', min: 0, max: 0, step: 1, value: 0 });
  slider.setAttribute('aria-label', 'Timeline');
  track.append(canvas, marks, slider);
  const latest = document.createElement('button');
  latest.type = 'button';
  latest.className = 'as-latest';
  latest.addEventListener('click', () => { stop(); store.select(null); });
  const pin = document.createElement('button');
  pin.type = 'button';
  pin.className = 'as-latest';
  pin.addEventListener('click', () => store.compare(store.compared === null ? store.shown : null));
  const readout = document.createElement('output');
  readout.className = 'as-readout';
  element.append(play, back, on, pace, track, latest, pin, readout);
  root.append(element);

  slider.addEventListener('input', () => {
    stop();
    store.select(Number(slider.value));
  });

  const shown = () => store.selected ?? store.newest;

  function step(by) {
    stop();
    const number = shown() + by;
    if (number >= 0 && number <= store.newest) store.select(number);
  }

  function toggle() {
    if (playing) {
      stop();
      return;
    }
    if (store.newest < 1) return;
    if (shown() >= store.newest) store.select(0);
    else if (store.selected === null) store.select(store.newest);
    playing = performance.now();
    setPlaying();
    next();
  }

  function next() {
    setTimeout(() => {
      if (!playing) return;
      // A step is taken once the one before it is on screen.
      if (store.shown?.number === store.selected) {
        if (store.selected >= store.newest) {
          stop();
          return;
        }
        store.select(store.selected + 1);
      }
      next();
    }, Math.max(16, PACE / speed));
  }

  function stop() {
    if (!playing) return;
    playing = 0;
    setPlaying();
  }

  function setPlaying() {
    play.replaceChildren(icon(playing ? 'pause' : 'play'));
    play.title = playing ? 'Pause the replay (space)' : 'Play (space)';
    play.setAttribute('aria-label', playing ? 'Pause the replay' : 'Play');
  }

  const isTyping = (target) => target.closest?.('input:not([type=range]), textarea, select, [contenteditable=true], [role=combobox], [role=spinbutton]');
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.composedPath?.()[0] ?? event.target;
    if (!(target instanceof Element) || isTyping(target)) return;
    if (event.key === ',' || event.key === '.') {
      step(event.key === ',' ? -1 : 1);
      event.preventDefault();
    } else if (event.key === ' ' && keys.contains(target) && !target.closest('button, summary, a')) {
      toggle();
      event.preventDefault();
    }
  }
  document.addEventListener('keydown', onKey);

  /** The place of a step among the snapshots, 0 to newest, between two of them where it lies there. */
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
    if (!after || !before || at >= after.step) return low;
    return low - 1 + (at - before.step) / (after.step - before.step);
  }

  function wake() {
    dirty ||= requestAnimationFrame(draw);
  }

  function draw() {
    dirty = 0;
    const { newest } = store;
    const at = shown();
    const line = store.snapshotLines[at] ?? store.shown?.line;
    slider.max = Math.max(0, newest);
    slider.value = Math.max(0, at);
    slider.disabled = newest < 1;
    for (const each of [play, back, on, pace]) each.disabled = newest < 1;
    const isLive = store.selected === null;
    const isRunning = ['running', 'starting', 'paused'].includes(store.status?.status);
    latest.textContent = isRunning ? 'Live' : 'Latest';
    latest.title = isRunning ? 'Follow the run as it trains' : 'Show the last snapshot';
    latest.setAttribute('aria-pressed', String(isLive));
    latest.classList.toggle('as-running', isLive && store.status?.status === 'running');
    latest.disabled = newest < 0;
    pin.textContent = store.compared ? 'Pinned' : 'Pin';
    pin.title = store.compared ? 'No longer compare with the pinned moment' : 'Pin this moment, to compare another one with it';
    pin.setAttribute('aria-pressed', String(store.compared !== null));
    pin.disabled = store.shown === null;
    const words = line
      ? `Epoch ${epochWords(line, store.stepsPerEpoch)} · step ${line.step.toLocaleString('en')} · ${duration(line.train_seconds)} of training`
      : 'Waiting for the first snapshot';
    if (readout.textContent !== words) readout.textContent = words;
    slider.setAttribute('aria-valuetext', line ? words.split(' · ').slice(0, 2).join(', ').toLowerCase() : 'nothing yet');
    drawTicks();
  }

  function drawTicks() {
    const width = track.clientWidth;
    const height = track.clientHeight;
    if (!width) return;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const palette = paletteFor(store.theme === 'dark');
    const context = canvas.getContext('2d');
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const { newest, snapshotLines, stepsPerEpoch } = store;
    const x = (place) => INSET + (newest > 0 ? place / newest : 0) * (width - 2 * INSET);
    const middle = 11;
    context.fillStyle = palette.line;
    context.beginPath();
    context.roundRect(INSET, middle - 2, width - 2 * INSET, 4, 2);
    context.fill();
    context.fillStyle = palette.accent;
    context.beginPath();
    context.roundRect(INSET, middle - 2, Math.max(0, x(Math.max(0, shown())) - INSET), 4, 2);
    context.fill();
    const last = snapshotLines.at(-1);
    if (!last) return;
    // Epochs: a tick at each, or at every so many that they stay apart, with numbers where there is room.
    const epochs = last.step / stepsPerEpoch;
    const every = niceStep(epochs / (width / 9));
    const named = niceStep(epochs / (width / 46));
    context.font = `10px ${getComputedStyle(element).fontFamily}`;
    context.textAlign = 'center';
    context.textBaseline = 'top';
    for (let epoch = 0; epoch <= epochs + 1e-9; epoch += every) {
      const place = x(placeOf(epoch * stepsPerEpoch));
      const isNamed = Math.abs(epoch / named - Math.round(epoch / named)) < 1e-6;
      context.fillStyle = isNamed ? palette.muted : palette.line;
      context.fillRect(Math.round(place) - 0.5, middle + 8, 1, isNamed ? 5 : 3);
      if (isNamed) context.fillText(String(Math.round(epoch)), place, middle + 14);
    }
    drawMarks(x);
  }

  let marked = '';
  function drawMarks(x) {
    const events = store.events.filter(({ event }) => EVENTS[event]).slice(-MOST_MARKS);
    const best = store.snapshotLines.length > 2 ? bestOf(store.snapshotLines) : null;
    const wanted = events.map((event) => ({
      place: placeOf(event.step), kind: event.event, text: `Step ${event.step.toLocaleString('en')}: ${EVENTS[event.event](event)}`,
    }));
    if (best) wanted.push({ place: best.number, kind: 'best', text: `Lowest held-out loss: ${best.heldout.loss.toFixed(4)} at epoch ${epochWords(best, store.stepsPerEpoch)}` });
    if (store.compared) wanted.push({ place: store.compared.number, kind: 'pin', text: `Pinned: step ${store.compared.line.step.toLocaleString('en')}` });
    const key = JSON.stringify([wanted, Math.round(x(store.newest)), store.newest]);
    if (key === marked) return;
    marked = key;
    marks.replaceChildren(...wanted.map(({ place, kind, text }) => {
      const node = document.createElement('span');
      node.className = `as-mark as-mark-${kind}`;
      node.style.left = `${x(place)}px`;
      node.title = text;
      node.setAttribute('role', 'img');
      node.setAttribute('aria-label', text);
      return node;
    }));
  }

  const stops = ['lines', 'status', 'frame', 'select', 'run', 'theme', 'compare'].map((event) => store.on(event, wake));
  const watch = new ResizeObserver(wake);
  watch.observe(track);
  wake();
  return {
    destroy() {
      playing = 0;
      cancelAnimationFrame(dirty);
      watch.disconnect();
      document.removeEventListener('keydown', onKey);
      stops.forEach((each) => each());
      element.remove();
    },
  };
}

/** The smallest of 1, 2, 5, 10, 20, ... that is at least `value`. */
export function niceStep(value) {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value * 0.999);
}

function bestOf(lines) {
  let best = null;
  for (const line of lines) {
    if (typeof line.heldout.loss === 'number' && (best === null || line.heldout.loss < best.heldout.loss)) best = line;
  }
  return best;
}
