/**
 * The stage: one component that holds everything alive on the page. It follows the run by itself, and tells
 * Streamlit only what a person chose, the snapshot and the example, so that the address can hold it.
 */

import { nameOf } from '../lib/model/sample.js';
import { make, messageOf } from '../lib/ui/dom.js';
import { followTheme, mounting } from '../lib/ui/page.js';
import { createNetwork } from '../network/network.js';
import { openBeside } from './beside/beside.js';
import { Choice } from './choice.js';
import { createClasses } from './classes/classes.js';
import { createCompare } from './compare/compare.js';
import { createConfusion } from './confusion/confusion.js';
import { createCurves } from './curves/curves.js';
import { createDistributions } from './distributions/distributions.js';
import { createHealth } from './health/health.js';
import { createLayers } from './layers/layers.js';
import { createMap } from './map/map.js';
import { createPlayer } from './player.js';
import { pictureButton } from './saving/button.js';
import { createFilm } from './saving/film.js';
import { createShow } from './show.js';
import { openSource } from './source.js';
import { createStep } from './step/step.js';
import { createStore, isAtWork } from './store.js';
import { createStrip } from './strip/strip.js';
import { createTiles } from './tiles/tiles.js';
import { createTimeline } from './timeline/timeline.js';

/** @import { Source, StageView, Store } from './types.js' */
/** @import { Component, Since, TrainData } from '../lib/model/types.js' */

/**
 * The views, each with its column, and with a name where it is a picture that can be saved.
 * @type {Array<[string, number, (root: HTMLElement, store: Store) => NonNullable<StageView['made']>, string?]>}
 */
const VIEWS = [
  ['step', 0, createStep],
  ['network', 0, createNetwork, 'Network'],
  ['tiles', 0, createTiles, 'First-layer weights'],
  ['layers', 0, createLayers, 'Layers over time'],
  ['distributions', 0, createDistributions, 'Distributions'],
  ['map', 1, createMap, 'Decision map'],
  ['curves', 1, createCurves, 'Loss and accuracy'],
  ['compare', 1, createCompare],
  ['health', 1, createHealth],
  ['confusion', 1, createConfusion, 'Confusion matrix'],
  ['classes', 1, createClasses, 'Each class'],
];
/** Which of the views a line of a stack trace belongs to. */
const VIEW_IN_STACK = new RegExp(`/(${VIEWS.map(([name]) => name).join('|')})/\\1\\.js\\b`, 'g');
/** Runs whose beginning was shown, so that coming back to the page does not show it again. */
const begun = new Set();
const REDRAW = 500; // ms after which the page is asked for, when the run has another status than it shows
/**
 * The number of the pinned snapshot in what the address says of changes; null for another moment.
 * @param {string | null} since
 */
const momentOf = (since) => (since && /^\d+$/.test(since) ? Number(since) : null);
/** Called by the component's loader at every change of its data; returns what unmounts it. */
export const mount = mounting(createStage);

/** @param {HTMLElement} parent */
function createStage(parent) {
  const store = createStore();
  const root = make('div', { className: 'annscope-stage', tabIndex: -1 }); // a click anywhere on it gives it the space bar
  const sticky = make('div', { className: 'as-sticky' });
  const notice = make('p', { className: 'as-notice', role: 'status', hidden: true });
  const waiting = make('div', { className: 'as-waiting' });
  const pair = make('section', { className: 'as-pair', 'aria-label': 'Two runs side by side', hidden: true });
  const columns = make('div', { className: 'as-columns' });
  const strip = createStrip(root, store);
  root.append(sticky, waiting, pair, columns);
  parent.append(root);

  /** @type {Source | null} */
  let source = null;
  let run = ''; // the one that is opened, whose first snapshot may not be there yet
  /** @type {Component<TrainData>['setStateValue']} */
  let send = () => {};
  /** @type {Component<TrainData>['setTriggerValue']} */
  let trigger = () => {};
  /** @type {ReturnType<typeof openBeside> | null} */
  let beside = null; // the run that is shown beside this one
  const choices = {
    snapshot: new Choice((/** @type {number | null} */ value) => send('snapshot', value), null),
    probe: new Choice((/** @type {number | null} */ value) => send('probe', value), null),
    sample: new Choice((/** @type {string | null} */ value) => send('sample', value), null),
    since: new Choice((/** @type {string | null} */ value) => send('since', value), null),
    beside: new Choice((/** @type {string | null} */ value) => send('beside', value), null),
    same: new Choice((/** @type {string | null} */ value) => send('same', value), null),
  };
  store.tryRemedy = (settings) => trigger('remedy', settings);
  store.usePoints = (path) => trigger('painted', path);
  const player = createPlayer(store); // before anything else that hears what is selected
  const show = createShow(store, root, () => source);
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {Array<{ name: string, element: HTMLElement }>} */
  const pictures = [];
  const film = createFilm(root, store, player, () => pictures.filter(({ element }) => element.offsetHeight > 0));
  const timeline = createTimeline(sticky, store, player, root, (way) => send('way', way), film.open);
  sticky.append(notice);

  const halves = [0, 1].map(() => make('div', { className: 'as-column' }));
  columns.append(...halves);
  const views = VIEWS.map(([name, half, create, title]) => {
    const card = make('div', { className: 'as-card', 'data-view': name });
    halves[half].append(card);
    /** @type {StageView} */
    const view = { name, card, made: null };
    try {
      view.made = create(card, store);
      if (title) {
        card.append(pictureButton(card, title, store));
        pictures.push({ name: title, element: card });
      }
    } catch (error) {
      console.error(error);
      giveUp(view, error);
    }
    return view;
  });

  pictures.push({ name: 'Timeline', element: timeline.element });

  /**
   * A view that fails says so on its card and draws no more; the others go on.
   * @param {StageView} view
   * @param {unknown} error
   */
  function giveUp(view, error) {
    const { made, card } = view;
    view.made = null;
    try {
      made?.destroy();
    } catch {
      // it may be broken in more than one place
    }
    const sentence = `This view (${view.name}) stopped because of an error: ${messageOf(error)}. Reload the page to have it back.`;
    card.replaceChildren(make('p', { className: 'as-trouble', role: 'alert' }, sentence));
  }

  // Views draw by themselves: what goes wrong in one is found by the outermost view in the stack. The browser has printed it.
  /** @param {ErrorEvent} about */
  function onError({ error }) {
    const name = [...(error?.stack ?? '').matchAll(VIEW_IN_STACK)].at(-1)?.[1];
    const view = views.find((each) => each.name === name && each.made);
    if (view) giveUp(view, error);
  }
  window.addEventListener('error', onError);

  /** @type {string | null} */
  let lasting = null; // a sentence that holds as long as this address is looked at
  /** @param {string | null} sentence */
  function notify(sentence) {
    notice.textContent = sentence ?? lasting ?? '';
    notice.hidden = !notice.textContent;
  }

  let isRecorded = false; // whether there is a snapshot, which is on its way
  const waitingWords = () => {
    if (isRecorded) return 'Loading the run …';
    return !store.status || isAtWork(store)
      ? 'The run is about to begin …'
      : 'This run ended before its first snapshot.';
  };

  let hasPicture = false;
  function wait() {
    hasPicture ||= store.shown !== null; // from then on there is one, if only of the run before
    columns.hidden = !hasPicture;
    pair.hidden = !hasPicture || !beside;
    waiting.hidden = hasPicture;
    if (hasPicture) return;
    const { status } = store;
    const loading = status?.loading;
    waiting.replaceChildren(
      make(
        'p',
        { role: status && !isAtWork(store) && !isRecorded ? 'alert' : null },
        loading ? `${loading.what} …` : (status?.message ?? waitingWords()),
      ),
    );
    if (loading?.total)
      waiting.append(make('progress', { max: loading.total, value: loading.done, 'aria-label': loading.what }));
  }

  function showSelected() {
    // A server that went away meanwhile (a TypeError of fetch) is spoken of by the source, and asked again.
    show.choose().catch((error) => {
      if (!(error instanceof TypeError)) notify(`This snapshot cannot be shown: ${error.message}`);
    });
  }

  let byHand = true; // whether a choice comes from a person, and not from the address
  store.on('select', () => {
    // What a replay passes through is no choice: the address holds where it was left.
    if (byHand && (store.way === 'live' || store.way === 'still')) choices.snapshot.choose(store.selected);
    showSelected();
  });
  /** The example that is shown where the address names none of the recorded ones. */
  const usual = () => (store.probe?.sample ? store.probe.labels.length - 1 : 0);
  store.on('probe', () => {
    if (!byHand) return;
    choices.probe.choose(store.probeIndex === usual() ? null : store.probeIndex);
    if (store.probe?.sample) choices.sample.choose(nameOf(store.probe.sample, store.plane));
  });

  store.on('since', () => {
    if (byHand) choices.since.choose(store.since === 'pinned' ? String(store.compared?.number) : store.since);
  });
  /**
   * Show changes since a moment as the address has it.
   * @param {string | null} since
   */
  async function showSince(since) {
    const number = momentOf(since);
    if (number === null) {
      withoutSending(() => store.showSince(/** @type {Since | null} */ (since)));
      return;
    }
    const { run } = store;
    const pinned = await source?.frame(Math.min(number, store.newest)).catch((error) => {
      notify(`The pinned snapshot cannot be shown: ${messageOf(error)}`);
    });
    if (!pinned || run !== store.run) return;
    withoutSending(() => {
      store.compare(pinned);
      store.showSince('pinned');
    });
  }

  /**
   * Do what the address says: that is not sent back to it.
   * @param {() => void} act
   */
  function withoutSending(act) {
    byHand = false;
    act();
    byHand = true;
  }
  store.on('frame', wait);
  store.on('status', () => {
    if (store.status) root.dataset.status = store.status.status;
    wait();
    compareStatus();
  });
  /** @type {string | null} */
  let drawnStatus = null; // of the run, on the page around the stage
  let redraw = 0;
  /** Ask for the page if the run has another status than it shows, but not in the middle of a quick change. */
  function compareStatus() {
    const status = () => (store.coming ?? store.status)?.status ?? drawnStatus;
    if (status() === drawnStatus) return;
    redraw ||= window.setTimeout(() => {
      redraw = 0;
      if (status() !== drawnStatus) trigger('status', status());
    }, REDRAW);
  }
  store.on('run', wait);
  // A link may name a snapshot before the history is there.
  store.on('lines', () => {
    if (store.shown === null && store.selected !== null && store.newest >= 0) store.select(store.selected);
  });

  /**
   * Show another run. What was there stays, dimmed, until its first snapshot can be shown.
   * @param {TrainData} data
   */
  function open(data) {
    source?.close();
    show.forget();
    lasting = null;
    notify(null);
    run = data.run;
    root.classList.toggle('as-old', store.shown !== null);
    let way = begun.has(run) || data.snapshot !== null || still.matches ? null : data.way;
    begun.add(run);
    let isPinned = momentOf(data.since) !== null; // a moment that is still to be fetched
    const begin = () => {
      store.reset(data.base, data.run);
      store.selected = data.snapshot;
      store.way = data.snapshot === null ? 'live' : 'still';
      store.probeIndex = data.probe;
      if (!isPinned) store.since = /** @type {Since | null} */ (data.since);
      root.classList.remove('as-old');
    };
    source = openSource(store, {
      base: data.base,
      run,
      sample: data.sample ?? null,
      first: way === 'watch' ? 0 : data.snapshot,
      live: show.live,
      trouble: notify,
      begin,
      early: (status, hasSnapshots) => {
        const isNext = root.classList.contains('as-old');
        isRecorded = hasSnapshots;
        if (isNext && (isRecorded || isAtWork({ status }))) store.coming = status;
        else {
          if (isNext) begin(); // it ended before its first snapshot, and that is all there is to see of it
          hasPicture = false;
          store.status = status;
        }
        store.emit('status');
      },
      greeted: () => {
        if (way === 'watch' || way === 'slow') withoutSending(player[way]);
        else if (store.selected !== null) showSelected();
        way = null;
        if (isPinned) showSince(data.since);
        isPinned = false;
      },
      /** @param {string} sentence */
      missing: (sentence) => {
        lasting = sentence;
        notify(null);
      },
    });
    if (store.shown === null) {
      begin();
      wait();
    }
    showBeside(data);
  }

  /** @param {TrainData} data */
  function showBeside({ base, beside: other, same, names }) {
    closeBeside();
    const { card } = views.find(({ name }) => name === 'network') ?? {};
    if (other && card) {
      const about = { base, run: other, same: same ?? 'epoch', names: names ?? null };
      beside = openBeside(pair, store, card, about, {
        same: (value) => choices.same.choose(value === 'epoch' ? null : value),
        close() {
          choices.beside.choose(null);
          closeBeside();
          root.focus({ preventScroll: true });
        },
      });
    }
    wait();
  }

  function closeBeside() {
    beside?.close();
    beside = null;
  }

  const theme = followTheme(parent, root, ({ dark }) => {
    store.theme = dark ? 'dark' : 'light';
    store.emit('theme');
  });
  return {
    /** @param {Component<TrainData>} component */
    update(component) {
      const { data } = component;
      drawnStatus = data.status;
      send = component.setStateValue;
      trigger = component.setTriggerValue;
      theme.check();
      const isNews = {
        snapshot: choices.snapshot.hear(data.snapshot ?? null),
        probe: choices.probe.hear(data.probe ?? null),
        sample: choices.sample.hear(data.sample ?? null),
        since: choices.since.hear(data.since ?? null),
        beside: choices.beside.hear(data.beside ?? null),
        same: choices.same.hear(data.same ?? null),
      };
      if (data.run !== run || isNews.sample) {
        withoutSending(player.forget);
        open({ ...data, snapshot: data.snapshot ?? null, probe: data.probe ?? null, since: data.since ?? null });
        return;
      }
      if (isNews.beside) showBeside(data);
      else if (isNews.same) beside?.take(data.same ?? 'epoch');
      if (data.names) beside?.rename(data.names);
      if (isNews.snapshot) withoutSending(() => store.select(data.snapshot ?? null));
      if (isNews.since) showSince(data.since ?? null);
      if (isNews.probe) withoutSending(() => store.selectProbe(data.probe ?? usual()));
    },
    destroy() {
      theme.stop();
      window.removeEventListener('error', onError);
      clearTimeout(redraw);
      choices.snapshot.destroy();
      choices.probe.destroy();
      choices.sample.destroy();
      choices.since.destroy();
      choices.beside.destroy();
      choices.same.destroy();
      closeBeside();
      withoutSending(player.destroy);
      source?.close();
      show.destroy();
      strip.destroy();
      film.destroy();
      timeline.destroy();
      views.forEach(({ made }) => made?.destroy());
      root.remove();
    },
  };
}
