/**
 * A second run beside the one shown: both networks, on one timeline. Its snapshots come as those of any run do, and its
 * timeline is that of the run shown: which of them is seen follows from the snapshot that is shown (`pairing.js`).
 */

import { pointIn, pointSample } from '../../lib/model/sample.js';
import { press, segmented } from '../../lib/ui/controls.js';
import { make, messageOf, setText } from '../../lib/ui/dom.js';
import { createNetwork } from '../../network/network.js';
import { pictureButton } from '../saving/button.js';
import { createShow } from '../show.js';
import { openSource } from '../source.js';
import { createStore } from '../store.js';
import { sameExample } from './example.js';
import { createMoment } from './moment.js';
import { pairOf } from './pairing.js';
import { apartWords, shortWords, waitingWords } from './words.js';

/** @import { TrainData } from '../../lib/model/types.js' */
/** @import { Same, Source, Store } from '../types.js' */

const SAMES = [
  ['epoch', 'Same epoch', 'B at the epoch of A, or the last snapshot before it'],
  ['step', 'Same step', 'B after as many updates as A, or the last snapshot before that'],
  ['time', 'Same time', 'B after as many seconds of training as A, or the last snapshot before that'],
];

/**
 * Show a run beside that of `store`, in `root`, to which the card with its network moves meanwhile. `act` has close()
 * and same(same), which a person chose. Returns {run, rename(names), take(same), close()}.
 * @param {HTMLElement} root
 * @param {Store} store
 * @param {HTMLElement} card
 * @param {{ base: string, run: string, same: Same, names: TrainData['names'] }} about
 * @param {{ close(): void, same(same: Same): void }} act
 */
export function openBeside(root, store, card, { base, run, same, names }, act) {
  const other = createStore();
  other.theme = store.theme;

  // --- elements ---
  const choice = segmented('Which moments are the same', SAMES, same, (value) => {
    take(/** @type {Same} */ (value));
    act.same(/** @type {Same} */ (value));
  });
  const close = press('Close', 'Show run A alone', act.close, { className: 'as-latest', 'aria-label': 'Close run B' });
  const apart = make('p'); // says the same for as long as both are shown
  const note = make('p', { className: 'as-pair-note', role: 'status' });
  const waiting = make('div', { className: 'as-waiting' });
  const second = make('div', { className: 'as-card', 'data-view': 'beside', 'data-run': run }, waiting);
  const heads = [createMoment('A', store), createMoment('B', other)];
  const home = document.createComment('network');
  const hadFocus = card.contains(document.activeElement) ? document.activeElement : null;
  card.before(home);
  root.replaceChildren(
    make('div', { className: 'as-pair-bar' }, make('h3', {}, 'Side by side'), note, choice.element, close),
    apart,
    make('div', { className: 'as-seat' }, heads[0].element, card),
    make('div', { className: 'as-seat' }, heads[1].element, second),
  );
  if (hadFocus instanceof HTMLElement) hadFocus.focus({ preventScroll: true });
  const picture = make('div');
  second.append(picture);
  const network = createNetwork(picture, other);
  second.append(pictureButton(second, 'Network of run B', other));

  // --- which snapshot ---
  /** @type {string | null} */
  let trouble = null;
  let isShort = false;
  let isRecorded = false;

  function say() {
    if (store.description && other.description) setText(apart, apartWords(store.description, other.description));
    apart.hidden = !apart.textContent;
    setText(note, trouble ?? shortWords(other, isShort));
    note.title = note.textContent;
    waiting.hidden = Boolean(other.shown);
    if (!other.shown) setText(waiting, trouble ?? waitingWords(other.status, isRecorded));
  }

  function pair() {
    const found = store.shown && store.description ? pairOf(store.shown.line, store, other, same) : null;
    if (found) {
      isShort = found.isShort;
      other.pace = store.pace;
      if (found.line.number !== other.selected || !other.shown) other.select(found.line.number);
    }
    say();
  }

  /** @param {Same} value */
  function take(value) {
    same = value;
    choice.set(value);
    pair();
  }

  // --- the same example, and the same change of weights, in both ---
  let isFollowing = false;
  /**
   * Do in one store what was done in the other, which is not to come back.
   * @param {() => void} does
   */
  function follow(does) {
    if (isFollowing) return;
    isFollowing = true;
    does();
    isFollowing = false;
  }

  /**
   * Show the example of one run in the other.
   * @param {Store} from
   * @param {Store} to
   */
  function showExample(from, to) {
    const found = sameExample(from, to);
    if (typeof found === 'string') send(found, to);
    else if (found !== null && found !== to.probeIndex) to.selectProbe(found);
  }

  /**
   * Send an example that is none of the recorded ones through a network, whose inputs may be others than the other's.
   * @param {string} name
   * @param {Store} to
   */
  async function send(name, to) {
    const point = pointIn(name);
    try {
      const example = await (point
        ? to.plane && pointSample(to.plane, point)
        : to.server.fetched(`examples/${name.replace('-', '/')}`));
      if (example && sameExample(store, other) === name) follow(() => to.send(example));
    } catch (error) {
      tell(`B cannot show this example: ${messageOf(error)}`);
    }
  }

  /** @param {string | null} sentence */
  function tell(sentence) {
    trouble = sentence;
    say();
  }

  function tellCurves() {
    if (other.description) store.drawBeside(other);
  }

  // --- the run ---
  /** @type {Source | null} */
  let source = null;
  const show = createShow(other, second, () => source);
  const stops = [
    store.on('frame', pair),
    store.on('theme', () => {
      other.theme = store.theme;
      other.emit('theme');
    }),
    store.on('run', () => {
      rename(names);
      if (!store.description) return;
      tellCurves();
      follow(() => showExample(store, other));
      pair();
    }),
    store.on('probe', () => follow(() => showExample(store, other))),
    store.on('since', () => follow(() => other.showSince(store.since === 'pinned' ? null : store.since))),
  ];
  other.on('select', () => {
    show.choose().catch((error) => {
      if (!(error instanceof TypeError)) tell(`This snapshot of B cannot be shown: ${error.message}`);
    });
  });
  other.on('lines', () => {
    tellCurves();
    pair();
  });
  for (const event of ['status', 'frame']) other.on(event, say);
  other.on('run', () => follow(() => showExample(store, other)));
  other.on('probe', () => follow(() => showExample(other, store)));
  other.on('since', () => follow(() => store.showSince(other.since)));
  source = openSource(other, {
    base,
    run,
    first: null,
    live: show.live,
    trouble: tell,
    missing: tell,
    greeted: () => {},
    begin() {
      other.reset(base, run);
      Object.assign(other, { selected: 0, way: 'still', since: store.since === 'pinned' ? null : store.since });
    },
    early(status, hasSnapshots) {
      isRecorded = hasSnapshots;
      other.status = status;
      other.emit('status');
    },
  });
  rename(names);
  say();

  /** @param {TrainData['names']} about */
  function rename(about) {
    names = about;
    heads[0].name(names?.[store.run] ?? [store.run, '']);
    heads[1].name(names?.[run] ?? [run, '']);
  }

  return {
    run,
    rename,
    take,
    close() {
      for (const stop of stops) stop();
      source?.close();
      show.destroy();
      network.destroy();
      for (const head of heads) head.destroy();
      home.replaceWith(card);
      root.replaceChildren();
      root.hidden = true;
      store.drawBeside(null);
    },
  };
}
