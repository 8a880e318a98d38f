/** The desk of the Draw page: an input, the network's prediction for it, and everything that follows from that. */
import { asNumber } from '../lib/format/text.js';
import { featureName } from '../lib/model/description.js';
import { toFeatures, toRaw } from '../lib/model/features.js';
import { createModel } from '../lib/model/inference.js';
import { classesOf, readerOf } from '../lib/model/output-reader.js';
import { cellText } from '../lib/model/row.js';
import { debounce } from '../lib/ui/controls.js';
import { make, messageOf } from '../lib/ui/dom.js';
import { record } from '../lib/ui/timings.js';
import { createExamples } from './example.js';
import { offerFiles } from './files.js';
import { inputFor } from './inputs.js';
import { createNearest } from './nearest.js';
import { createLiveNetwork } from './network.js';
import { createPrediction } from './prediction.js';

/** @import { Predicted, Desk, DeskState } from './types.js' */
/** @import { Example, Frame, Numbers, Palette } from '../lib/model/types.js' */

const MOST_MS = 16; // that the network view may take while the hand moves

/**
 * Everything below the slider, for one run.
 * @param {HTMLElement} body
 * @param {Desk} desk
 */
export function createDesk(body, desk) {
  const { description, about, plane, server, notify, frame: first, sendSample } = desk;
  const { image_shape: shape } = description.dataset;
  const reader = readerOf(description);
  const nFeatures = description.layer_sizes[0];
  /** @param {Numbers} x */
  const toImage = (x) => toRaw(x, about);
  const names = Array.from({ length: nFeatures }, (_, i) => featureName(description, i));

  let frame = first;
  let model = createModel(description, frame);
  /** @type {Palette} */
  let palette;
  /** @type {Example | null} */
  let sample = null; // {split, index, label, x}, as long as nothing else is on the sheet
  /** @type {Predicted} */
  let now; // what was predicted last
  /** @type {number[] | null} */
  let predictedClasses = null; // the classes that it names, null for an empty sheet
  let waiting = 0;
  let afterwards = 0;
  let networkCost = model.cost > 3e5 ? Infinity : 0; // ms of the last drawing of the network, at first a guess
  /** @type {number | null} */
  let stamp = null;
  const stop = new AbortController();
  const painted = new MessageChannel();

  const prediction = createPrediction(reader, (label) => seen?.about(label));
  const nearest = createNearest(
    {
      imageShape: shape,
      reader,
      toImage,
      wordsOf: ({ x, row }) =>
        plane
          ? plane.point(x).map((value, i) => `${plane.names[i]} ${asNumber(value, 2)}`)
          : (about.columns ?? []).map((column, k) => `${column.name} ${cellText(column, row?.[k])}`),
      server,
    },
    (example) => use(example),
  );
  const examples = createExamples(reader, ({ split, index }) => take(`${split}-${index}`));
  const rests = debounce(() => prediction.announce(), 700);
  const live = make('div', { className: 'dr-live' });
  const grid = make('div', { className: 'dr-grid' });
  const second = make('div', { className: 'dr-second' });
  body.replaceChildren(grid, second, live);

  /** @type {DeskState} */
  const state = {
    ...desk,
    reader,
    names,
    examples,
    featuresOf: (raw) => toFeatures(raw, about),
    toImage,
    forget,
    use,
    later,
    signal: stop.signal,
    frame: () => frame,
    model: () => model,
    now: () => now,
    palette: () => palette,
  };
  const input = inputFor(state);
  const { seen, sliders } = input;
  if (sliders) {
    grid.append(...input.cards, prediction.element);
    second.append(sliders.element, nearest.element);
  } else {
    const side = make('div', { className: 'dr-side' }, prediction.element, ...(input.beside ?? []), nearest.element);
    grid.append(...input.cards, side);
  }
  const network = createLiveNetwork(
    live,
    server,
    { ...description, dataset: { ...description.dataset, feature_names: names } },
    shape,
    nFeatures,
    plane,
  );

  const offerNetwork = offerFiles(state, input, { prediction, nearest, live });

  // --- examples of the data set ---
  server.labels().then(examples.know, (error) => {
    if (!stop.signal.aborted) notify(messageOf(error));
  });

  function forget() {
    if (!sample) return;
    sample = null;
    examples.show(null);
    sendSample(null);
  }

  /** @param {Example} example */
  function use(example) {
    sample = null;
    input.put(example);
    sample = example;
    examples.show(example);
    notify(null);
    later(performance.now());
    sendSample(`${example.split}-${example.index}`);
  }

  /** @param {string} name */
  async function take(name) {
    const [split, index] = name.split('-');
    try {
      const example = await server.example(split, Number(index));
      if (!stop.signal.aborted) use(example);
    } catch (error) {
      if (!stop.signal.aborted) notify(messageOf(error));
    }
  }

  // --- predicting ---
  /** @param {number | null} at */
  function later(at) {
    if (at !== null) stamp ??= at;
    waiting ||= requestAnimationFrame(respond);
  }

  function respond() {
    waiting = 0;
    if (!palette) return;
    const asked = stamp;
    stamp = null;
    const given = input.read();
    const activations = model.activations(given.x);
    const probabilities = reader.probabilities(activations[activations.length - 1]);
    const best = given.isBare ? null : reader.leading(probabilities);
    predictedClasses = given.isBare ? null : reader.predicted(probabilities);
    now = { ...given, activations, best, moving: asked !== null };
    prediction.update({
      probabilities: given.isBare ? null : probabilities,
      trueClasses: classesOf(sample?.label),
      source: sample ? `${sample.split} example ${sample.index}` : '',
    });
    if (given.image) seen?.update({ features: given.x, image: given.image, best }, palette);
    input.shown?.();
    if (asked !== null) {
      // After this task the browser paints; a message comes back once it has.
      painted.port1.onmessage = () => {
        record('predicted', { ms: performance.now() - asked, best, p: best === null ? null : probabilities[best] });
      };
      painted.port2.postMessage(0);
    }
    follow(best);
  }

  function showNetwork() {
    afterwards = 0;
    networkCost = network.show(now.x, sample?.label ?? null, now.activations, frame);
    offerNetwork();
  }
  const networkRests = debounce(showNetwork, 180);

  /**
   * What may come a little later than the prediction.
   * @param {number | null} best
   */
  const follow = (best) => {
    // A wide network takes too long to draw while the hand moves.
    if (networkCost > MOST_MS) networkRests();
    else afterwards ||= requestAnimationFrame(showNetwork);
    input.sweep?.(best);
    nearest.ask(frame.number, best === null ? null : now.x, predictedClasses);
    rests();
  };

  return {
    take,
    /** @param {Frame} next */
    useFrame(next) {
      frame = next;
      model = createModel(description, frame);
      later(null);
    },
    /** @param {Palette} next */
    paint(next) {
      palette = next;
      input.paint();
      nearest.paint(next);
      network.theme(next.dark ? 'dark' : 'light');
      later(null);
    },
    destroy() {
      stop.abort();
      cancelAnimationFrame(waiting);
      cancelAnimationFrame(afterwards);
      painted.port1.close();
      rests.cancel();
      networkRests.cancel();
      nearest.destroy();
      sliders?.destroy();
      input.destroy?.();
      network.destroy();
    },
  };
}
