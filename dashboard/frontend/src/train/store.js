/** What every view on the stage reads: the run, its history, and the one snapshot and example that are shown. */
import { createEvents } from '../lib/model/events.js';
import { UNCHANGED } from '../lib/model/forward.js';
import { readerOf } from '../lib/model/output-reader.js';
import { withSample } from '../lib/model/sample.js';
import { routesOf } from '../lib/server/run.js';
import { SnapshotLines, Thinned } from './history.js';

/** @import { BesideRun, Store } from './types.js' */
/** @import { Best, Chance, Description, Example, Frame, Line, Neuron, Overlay, Since } from '../lib/model/types.js' */

/** What is not known of a run that nothing was heard of yet. */
const blank = () => ({
  run: null,
  description: null,
  nLines: 0, // how many lines the history has in all
  best: null, // {number, step, words} of the snapshot with the lowest held-out loss so far
  chance: { loss: null, accuracy: null },
  events: [],
  status: null,
  probe: null,
  layerSizes: [],
  classNames: [],
  reader: null,
  imageShape: null,
  plane: null,
  hovered: null, // the neuron that is looked at in the network view
  edits: UNCHANGED, // the changes by hand to the network
  shown: null,
  previous: null,
  progress: 1, // previous -> shown, for views that glide
  selected: null, // the number of a snapshot, or null for the latest
  way: 'live', // how it came to be selected (player.js)
  pinned: null,
  compared: null, // the frame that is pinned to be compared with the one shown
  since: null, // since when changes of weights are shown: 'start', 'last' or 'pinned'; null for the weights themselves
  base: null, // what the weights shown are compared with: {since, frame}
  beside: null, // the run that is drawn beside this one
  coming: null, // the status of the next run, of which there is no snapshot yet
});

/**
 * Make an empty store. Views listen with `on(event, fn)` to
 * 'run' (another run), 'lines' (history grew), 'status', 'frame' (another snapshot), 'glide' (the way to it moved on),
 * 'probe', 'pin', 'hover', 'edit', 'theme', 'compare', 'beside', 'select' (what is chosen on the timeline), 'way' (how
 * it is played), 'since' (another choice) and 'base' (it is compared with another frame).
 */
export function createStore() {
  const history = new SnapshotLines();
  const thinned = new Thinned();
  /** What is the same for every run. */
  const kept = {
    theme: 'light',
    hasPast: true, // the examples are the record's, which knows their activations of before
    history,
    thinned,
    pace: 0, // ms that a replay leaves to each snapshot; 0 while a hand chooses
    probeIndex: 0,
  };
  const methods = {
    ...createEvents(),
    /**
     * Begin with another run.
     * @param {string} base
     * @param {string} run
     */
    reset(base, run) {
      Object.assign(store, blank(), { run, server: routesOf(base, run) });
      history.forget();
      thinned.forget();
      store.emit('run');
    },
    /**
     * Take in what a run is.
     * @param {Description} description
     */
    describe(description) {
      store.description = description;
      history.most = description.max_snapshots;
      store.layerSizes = description.layer_sizes;
      store.classNames = description.dataset.class_names;
      store.reader = readerOf(description);
      store.imageShape = description.dataset.image_shape;
      store.emit('run');
    },
    /**
     * Take in new lines of the history, the best snapshot so far and chance; with `replace` they are all there are.
     * @param {{ lines: Line[], best: Best | null, chance?: Chance }} news
     * @param {boolean} [replace]
     */
    learn({ lines, best, chance }, replace = false) {
      if (replace) {
        Object.assign(store, { nLines: 0, events: [] });
        history.forget();
        thinned.forget();
      }
      store.best = best;
      if (chance) store.chance = chance;
      history.best = best?.number ?? null;
      for (const line of lines) {
        store.nLines += 1;
        if (line.type === 'snapshot') history.add(line);
        else {
          if (line.event === 'thinned') {
            thinned.add(line.ranges ?? []);
            store.events = store.events.filter(({ event }) => event !== 'thinned'); // the newest says how many are left
          } else history.mark(line.step);
          store.events.push(line);
        }
      }
      store.emit('lines');
    },
    get newest() {
      return history.newest;
    },
    /** The lines of the snapshots that are kept, in order; of a long run not every one. */
    get snapshotLines() {
      return history.kept;
    },
    /** Steps of one epoch; 1 before the run is described. */
    get stepsPerEpoch() {
      return store.description?.steps_per_epoch ?? 1;
    },
    /** @param {number | null} number */
    select(number) {
      // Before the history is there, nobody knows what the last one is.
      const { newest } = store;
      store.selected =
        number === null ? null : Math.max(0, newest < 0 ? number : thinned.nearest(Math.min(number, newest), newest));
      store.emit('select');
    },
    /**
     * Pin a frame to compare with, or none.
     * @param {Frame | null} frame
     */
    compare(frame) {
      store.compared = frame;
      store.emit('compare');
      if (store.since === 'pinned') store.showSince(frame && 'pinned');
    },
    /**
     * Show how weights changed since a moment, or the weights themselves.
     * @param {Since | null} since
     */
    showSince(since) {
      store.since = since;
      store.emit('since');
    },
    /**
     * Draw another run beside this one, or none.
     * @param {BesideRun | null} other
     */
    drawBeside(other) {
      store.beside = other;
      store.emit('beside');
    },
    tryRemedy() {}, // the stage, which can ask for a run, puts its own here
    usePoints() {}, // and so here
    /** @param {number} index */
    selectProbe(index) {
      store.probeIndex = index;
      store.emit('probe');
    },
    /**
     * Send an example through the network that is none of the recorded ones.
     * @param {Example} sample
     */
    send(sample) {
      store.probe = withSample(store.probe, sample);
      store.selectProbe(store.probe.labels.length - 1);
    },
    /** @param {Neuron | null} neuron */
    hover(neuron) {
      store.hovered = neuron;
      store.emit('hover');
    },
    /** @param {Overlay} edits */
    edit(edits) {
      store.edits = edits;
      store.emit('edit');
    },
    /**
     * @param {number | null} layer
     * @param {number | null} unit
     */
    pin(layer, unit) {
      store.pinned = layer === null || unit === null ? null : { layer, unit };
      store.emit('pin');
    },
  };
  // What views read of a run and of a snapshot is there after the events 'run' and 'frame'; until then they ask.
  const store = /** @type {Store} */ (/** @type {unknown} */ (Object.assign(methods, kept, blank())));
  return store;
}

const AT_WORK = ['starting', 'running', 'paused', 'unresponsive'];

/** @param {Pick<Store, 'status'>} store */
export const isAtWork = ({ status }) => AT_WORK.includes(status?.status ?? '');

/**
 * Seconds as people say them: 0.4 s, 12 s, 3:05 min.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')} min`;
}

/**
 * An epoch as people say it: whole, or with two digits within one.
 * @param {{ step: number }} line
 * @param {number} stepsPerEpoch
 */
export function epochWords(line, stepsPerEpoch) {
  const epoch = line.step / stepsPerEpoch;
  return Math.abs(epoch - Math.round(epoch)) < 1e-6 ? `${Math.round(epoch)}` : epoch.toFixed(2);
}
