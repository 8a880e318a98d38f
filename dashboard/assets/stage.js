/**
 * The stage: one component that holds everything alive on the page. It follows the run by itself, and tells
 * Streamlit only what a person chose, the moment and the example, so that the address can hold it.
 */
import { createClasses } from './classes.js';
import { createCompare } from './compare.js';
import { createConfusion } from './confusion.js';
import { createCurves } from './curves.js';
import { createDistributions } from './distributions.js';
import { createHealth } from './health.js';
import { createLayers } from './layers.js';
import { isDark, paletteFor } from './network-color.js';
import { createNetwork } from './network.js';
import { paintFrame } from './network-style.js';
import { createShow } from './stage-show.js';
import { openSource } from './stage-source.js';
import { createStore } from './stage-store.js';
import { RULES } from './stage-style.js';
import { createTimeline } from './stage-timeline.js';
import { createTiles } from './tiles.js';

const TELL_AFTER = 150; // ms a choice has to stand before Streamlit hears of it
const LOOK_AT_THEME = 700; // ms
const VIEWS = [
  ['network', 0, createNetwork], ['tiles', 0, createTiles], ['layers', 0, createLayers], ['distributions', 0, createDistributions],
  ['curves', 1, createCurves], ['compare', 1, createCompare], ['health', 1, createHealth], ['confusion', 1, createConfusion],
  ['classes', 1, createClasses],
];
const stages = new WeakMap();

/** Called by the component's loader at every change of its data; returns what unmounts it. */
export function mount(component) {
  const parent = component.parentElement;
  let stage = stages.get(parent);
  if (!stage) {
    stage = createStage(parent);
    stages.set(parent, stage);
  }
  stage.update(component);
  return () => {
    stages.delete(parent);
    stage.destroy();
  };
}

function createStage(parent) {
  const store = createStore();
  const root = document.createElement('div');
  root.className = 'annscope-stage';
  const style = document.createElement('style');
  style.textContent = RULES;
  const sticky = document.createElement('div');
  sticky.className = 'as-sticky';
  const notice = document.createElement('p');
  notice.className = 'as-notice';
  notice.setAttribute('role', 'status');
  notice.hidden = true;
  const waiting = document.createElement('div');
  waiting.className = 'as-waiting';
  const columns = document.createElement('div');
  columns.className = 'as-columns';
  root.append(style, sticky, waiting, columns);
  parent.append(root);

  let source = null;
  let tell = () => {};
  const told = { snapshot: undefined, probe: undefined }; // what Streamlit knows from here
  const heard = { snapshot: undefined, probe: undefined }; // what it last said itself
  const timers = {};
  const show = createShow(store, root, () => source);
  const timeline = createTimeline(sticky, store, root);
  sticky.append(notice);

  const halves = [0, 1].map(() => {
    const half = document.createElement('div');
    half.className = 'as-column';
    columns.append(half);
    return half;
  });
  const views = VIEWS.map(([name, half, create]) => {
    const card = document.createElement('div');
    card.className = 'as-card';
    card.dataset.view = name;
    halves[half].append(card);
    try {
      return create(card, store);
    } catch (error) {
      // One view that fails must not take the others with it.
      console.error(`annscope: the view ${name} failed`, error);
      card.textContent = 'This view could not be drawn.';
      return null;
    }
  });

  function say(sentence) {
    notice.hidden = !sentence;
    notice.textContent = sentence ?? '';
  }

  function wait() {
    const isReady = store.shown !== null;
    columns.hidden = !isReady;
    waiting.hidden = isReady;
    if (isReady) return;
    const { status } = store;
    const loading = status?.loading;
    waiting.replaceChildren();
    const words = document.createElement('p');
    words.textContent = loading ? `${loading.what} …` : status?.message ?? 'The run is about to begin …';
    waiting.append(words);
    if (loading?.total) {
      const bar = document.createElement('progress');
      Object.assign(bar, { max: loading.total, value: loading.done });
      bar.setAttribute('aria-label', loading.what);
      waiting.append(bar);
    }
  }

  function paint() {
    const dark = isDark({}, parent);
    const theme = dark ? 'dark' : 'light';
    if (theme === store.theme && root.style.length) return;
    store.theme = theme;
    const palette = paletteFor(dark);
    paintFrame(root, palette);
    root.style.setProperty('--nv-faint', palette.faint);
    store.emit('theme');
  }

  function report(name, value) {
    clearTimeout(timers[name]);
    timers[name] = setTimeout(() => {
      if (told[name] === value) return;
      told[name] = value;
      // Streamlit begins with null, and a change to what it was is none: -1 says that nothing is chosen.
      tell(name, value ?? -1);
    }, TELL_AFTER);
  }

  store.on('select', () => {
    report('snapshot', store.selected);
    show.choose().catch((error) => say(`This snapshot cannot be shown: ${error.message}.`));
  });
  store.on('probe', () => report('probe', store.probeIndex));
  store.on('frame', wait);
  store.on('status', () => {
    if (store.status) root.dataset.status = store.status.status;
    wait();
  });
  store.on('run', wait);
  // A link may name a moment before the history is there.
  store.on('lines', () => {
    if (store.shown === null && store.selected !== null && store.newest >= 0) store.select(store.selected);
  });

  function open(run, data) {
    source?.close();
    show.forget();
    say(null);
    store.reset(run);
    Object.assign(told, { snapshot: data.snapshot ?? null, probe: data.probe ?? 0 });
    Object.assign(heard, told);
    store.selected = data.snapshot ?? null;
    store.probeIndex = data.probe ?? 0;
    source = openSource(store, data.base, { live: show.live, trouble: say });
    root.dataset.live = String(store.selected === null);
    wait();
  }

  paint();
  const clock = setInterval(paint, LOOK_AT_THEME);
  return {
    update(component) {
      const { data } = component;
      tell = component.setStateValue;
      paint();
      if (data.run !== store.run) {
        open(data.run, data);
        return;
      }
      const snapshot = data.snapshot ?? null;
      const probe = data.probe ?? 0;
      // What Python says anew and we did not tell it comes from a link; what it has not heard yet is no news.
      const isNews = { snapshot: snapshot !== heard.snapshot && snapshot !== told.snapshot, probe: probe !== heard.probe && probe !== told.probe };
      Object.assign(heard, { snapshot, probe });
      if (isNews.snapshot) {
        told.snapshot = snapshot;
        store.select(snapshot);
      }
      if (isNews.probe) {
        told.probe = probe;
        store.selectProbe(probe);
      }
    },
    destroy() {
      clearInterval(clock);
      Object.values(timers).forEach(clearTimeout);
      source?.close();
      show.destroy();
      timeline.destroy();
      views.forEach((view) => view?.destroy());
      root.remove();
    },
  };
}
