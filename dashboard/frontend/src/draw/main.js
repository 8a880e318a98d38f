/**
 * The Draw page: an example of one's own, drawn, uploaded, picked or moved by hand, and what the network activations
 * while the hand is still moving. Everything but the nearest training examples is computed here from one snapshot.
 */

import { asPercent } from '../lib/format/text.js';
import { toFeatures, toRaw } from '../lib/model/features.js';
import { createModel } from '../lib/model/inference.js';
import { asBox, asMnist } from '../lib/model/ink.js';
import { classesOf, readerOf } from '../lib/model/output-reader.js';
import { changed } from '../lib/model/transforms.js';
import { debounce, press, segmented } from '../lib/ui/controls.js';
import { make, messageOf, penOf } from '../lib/ui/dom.js';
import { createFrame } from '../lib/ui/frame.js';
import { followTheme, mounting } from '../lib/ui/page.js';
import { record } from '../lib/ui/timings.js';
import { createAnswer } from './answer.js';
import { card } from './card.js';
import { createExamples } from './example.js';
import { createFeatures } from './features.js';
import { createNearest } from './nearest.js';
import { createLiveNetwork } from './network.js';
import { BRUSH, createPad, inkCanvasOf } from './pad.js';
import { createPlane } from './plane.js';
import { addSaves, asSheet, onPaper } from './save.js';
import { createSeen } from './seen.js';
import { createSliders } from './sliders.js';
import { openRun } from './source.js';
import { createUpload } from './upload.js';

/** @import { Answered, Base, Desk, Input } from './types.js' */
/** @import { Component, DrawData, Example, Frame, Image, MapChoice, Numbers, Palette, Shape, SnapshotLine } from '../lib/model/types.js' */

const MOST_MS = 16; // that the network view may take while the hand moves
const MOST_WORK = 1.5e7; // multiplications that a moving hand may wait for
/** Called by the component's loader at every change of its data; returns what unmounts it. */
export const mount = mounting(createPage, (page, { run }) => page.run === run);

/**
 * @param {HTMLElement} parent
 * @param {DrawData} about
 */
function createPage(parent, { base, run, newest, snapshot, sample, shows }) {
  const { frame: root } = createFrame(parent, 'Try the network');
  root.classList.add('annscope-draw');
  const notice = make('p', { className: 'dr-notice', hidden: true, role: 'alert' });
  const time = createTime(newest, snapshot, (number, isLast) => {
    wanted = number;
    isFollowing = isLast && atWork;
    showSnapshot();
    sendSnapshot(isFollowing ? null : number);
  });
  const body = make('div', {}, make('p', { className: 'dr-waiting', textContent: 'Loading the network …' }));
  root.append(time.element, notice, body);

  const server = openRun(base, run);
  /** @type {Component<DrawData>['setStateValue']} */
  let send = () => {};
  const sendSnapshot = debounce((/** @type {number | null} */ number) => send('snapshot', number), 150);
  let wanted = Math.min(snapshot ?? newest, newest);
  let isFollowing = snapshot === null; // whether the newest snapshot is shown, as the run goes on
  let atWork = false;
  /** @type {ReturnType<typeof createDesk> | null} */
  let desk = null;
  let isMany = false;
  let closed = false;

  /** @param {string | null} sentence */
  function say(sentence) {
    notice.hidden = !sentence;
    notice.textContent = sentence ?? '';
  }

  async function showSnapshot() {
    const number = wanted;
    try {
      const frame = await server.frame(number);
      if (closed || number !== wanted) return;
      time.about(frame.line, isMany);
      desk?.useFrame(frame);
    } catch (error) {
      if (!closed) say(messageOf(error));
    }
  }

  async function open() {
    try {
      const [{ description }, about, frame] = await Promise.all([
        server.history(),
        server.input(),
        server.frame(wanted),
      ]);
      if (closed) return;
      desk = createDesk(body, {
        description,
        about,
        server,
        say,
        frame,
        shows,
        /** @param {string | null} name */
        sendSample: (name) => send('sample', name),
        /** @param {MapChoice} what */
        sendShown: (what) => send('shows', what),
      });
      desk.paint(theme.palette);
      isMany = readerOf(description).isMany;
      time.about(frame.line, isMany);
      if (frame.number !== wanted) showSnapshot();
      if (sample) desk.take(sample);
    } catch (error) {
      if (closed) return;
      body.replaceChildren();
      say(messageOf(error));
    }
  }

  const theme = followTheme(parent, root, (palette) => desk?.paint(palette));
  open();
  return {
    run,
    /** @param {Component<DrawData>} component */
    update(component) {
      send = (name, value) => component.setStateValue(name, value);
      const last = component.data.newest;
      atWork = component.data.at_work;
      time.grow(last);
      if (!isFollowing || last === wanted) return;
      wanted = last;
      if (desk) showSnapshot();
    },
    destroy() {
      closed = true;
      theme.stop();
      sendSnapshot.cancel();
      desk?.destroy();
      root.remove();
    },
  };
}

/**
 * The slider over the snapshots: {element, grow(newest), about(line, isMany)}; `isMany`: of several labels an example.
 * @param {number} newest
 * @param {number | null} snapshot
 * @param {(number: number, isLast: boolean) => void} choose
 */
function createTime(newest, snapshot, choose) {
  const input = make('input', {
    type: 'range',
    min: 0,
    max: newest,
    step: 1,
    value: Math.min(snapshot ?? newest, newest),
    disabled: newest < 1,
  });
  input.setAttribute('aria-label', 'Snapshot of the network');
  const output = make('output');
  input.addEventListener('input', () => choose(input.valueAsNumber, input.value === input.max));
  const element = make('div', { className: 'dr-time' }, make('b', { textContent: 'Network' }), input, output);
  return {
    element,
    /**
     * There are more snapshots by now.
     * @param {number} last
     */
    grow(last) {
      input.max = String(last);
      input.disabled = last < 1;
    },
    /**
     * @param {SnapshotLine} about
     * @param {boolean} isMany
     */
    about({ number, epoch, step, heldout }, isMany) {
      const accuracy =
        heldout?.accuracy === null || heldout?.accuracy === undefined ? 'n/a' : asPercent(heldout.accuracy);
      output.textContent = `epoch ${epoch}, step ${step.toLocaleString('en')}: ${isMany ? `on held-out examples ${accuracy} with every label right` : `${accuracy} right on held-out examples`}`;
      input.setAttribute('aria-valuetext', output.textContent);
      input.value = String(number);
    },
  };
}

/**
 * Everything below the slider, for one run.
 * @param {HTMLElement} body
 * @param {Desk} about
 */
function createDesk(body, { description, about, server, say, frame: first, shows, sendSample, sendShown }) {
  const { class_names: classNames, image_shape: shape } = description.dataset;
  const reader = readerOf(description);
  const nFeatures = description.layer_sizes[0];
  /** @param {Numbers} raw */
  const featuresOf = (raw) => toFeatures(raw, about);
  /** @param {Numbers} x */
  const toImage = (x) => toRaw(x, about);
  const names = Array.from({ length: nFeatures }, (_, i) => about.feature_names?.[i] ?? `x${i + 1}`);

  let frame = first;
  let model = createModel(description, frame);
  /** @type {Palette} */
  let palette;
  /** @type {Example | null} */
  let sample = null; // {split, index, label, x}, as long as nothing else is on the sheet
  /** @type {Answered} */
  let now; // what was answered last
  /** @type {number[] | null} */
  let predictedClasses = null; // the classes that it names, null for an empty sheet
  let waiting = 0;
  let afterwards = 0;
  let networkCost = model.cost > 3e5 ? Infinity : 0; // ms of the last drawing of the network, at first a guess
  /** @type {number | null} */
  let stamp = null;
  const stop = new AbortController();
  const painted = new MessageChannel();

  const answer = createAnswer(reader, (label) => seen?.about(label));
  const nearest = createNearest(
    {
      imageShape: shape,
      reader,
      toShown: about.kind === 'plane' ? (x) => x : toImage,
      /** @param {number} i */ featureName: (i) => names[i],
      server,
    },
    (example) => use(example),
  );
  const examples = createExamples(reader, ({ split, index }) => take(`${split}-${index}`));
  const rests = debounce(() => answer.announce(), 700);
  const live = make('div', { className: 'dr-live' });
  const grid = make('div', { className: 'dr-grid' });
  const second = make('div', { className: 'dr-second' });
  body.replaceChildren(grid, second, live);

  /** @type {Input} */
  const input = shape ? imageInput(shape) : about.kind === 'plane' ? planeInput() : featuresInput();
  const { seen, sliders } = input;
  if (sliders) {
    grid.append(...input.cards, answer.element);
    second.append(sliders.element, nearest.element);
  } else grid.append(...input.cards, make('div', { className: 'dr-side' }, answer.element, nearest.element));
  const network = createLiveNetwork(
    live,
    server,
    { ...description, dataset: { ...description.dataset, feature_names: names } },
    shape,
    nFeatures,
    input.extent,
  );

  // --- files ---
  /** @param {string} part */
  const files = (part) => () => `${description.run}-snapshot-${frame.number}-${part}`;
  addSaves(answer.element, files('answer'), {
    rows: () =>
      now.best === null
        ? null
        : [
            [reader.one, 'probability'],
            ...Array.from(reader.probabilities(now.activations[now.activations.length - 1]), (p, c) => [
              classNames[c],
              p,
            ]),
          ],
  });
  /**
   * @param {HTMLCanvasElement | null} canvas
   * @param {string} paper
   */
  const saved = (canvas, paper) => canvas && onPaper(canvas, paper);
  const tiles = () => [...nearest.element.querySelectorAll('.dr-neighbor')];
  addSaves(nearest.element, files('nearest'), {
    rows: () =>
      nearest.found.length
        ? [
            ['training example', reader.one, 'distance', ...names],
            ...nearest.found.map(({ index, label, distance, x }) => [
              index,
              reader.words(classesOf(label) ?? []),
              distance,
              ...x,
            ]),
          ]
        : null,
    picture:
      shape &&
      (() =>
        tiles().length
          ? asSheet(
              tiles().map((tile) => ({
                canvas: tile.querySelector('canvas'),
                above: tile.querySelector('b')?.textContent ?? '',
                below: tile.querySelector('small')?.textContent ?? '',
              })),
              4,
              [84, 84],
              palette,
            )
          : null),
  });
  const { pad } = input;
  if (pad) addSaves(input.cards[0], files('drawing'), { picture: () => onPaper(pad.canvas, palette.paper) });
  else if (about.kind === 'plane')
    addSaves(input.cards[0], files('plane'), {
      picture: () => saved(input.cards[0].querySelector('canvas'), palette.paper),
    });
  if (seen && shape) {
    addSaves(seen.element, files('input'), {
      rows: () => {
        const { features, map, kind } = seen.shown;
        const head = ['row', 'column', 'input', ...(map ? [kind] : [])];
        return [
          head,
          ...Array.from(features, (value, i) => [
            Math.floor(i / shape[1]) + 1,
            (i % shape[1]) + 1,
            value,
            ...(map ? [map[i]] : []),
          ]),
        ];
      },
      picture: () => onPaper(seen.canvas, palette.paper, Math.ceil(560 / shape[1])),
    });
  }
  if (input.sweeps) {
    const { sweeps } = input;
    const ready = () => sweeps().filter(({ points }) => points.length);
    addSaves(sliders?.element ?? input.cards[0], files('sweeps'), {
      rows: () =>
        ready().length
          ? [
              ['change', 'value', reader.one, 'probability', 'answer'],
              ...ready().flatMap(({ name, label, points }) =>
                points.map(({ value, p, probabilities }) => [
                  name,
                  value,
                  label === undefined ? '' : classNames[label],
                  p,
                  reader.words(reader.predicted(probabilities)),
                ]),
              ),
            ]
          : null,
      picture: () =>
        ready().length
          ? asSheet(
              ready().map(({ name, canvas, verdict }) => ({ canvas, above: name, below: verdict ?? '' })),
              3,
              [260, 46],
              palette,
            )
          : null,
    });
  }
  let isSavable = false; // the network view makes its bar when it is first shown
  function offerNetwork() {
    if (!isSavable)
      addSaves(live, files('network'), {
        picture: () => saved(live.querySelector('canvas.nv-canvas'), palette.surface),
      });
    isSavable = true;
  }

  // --- what is given to the network ---
  /**
   * @param {Shape} imageShape
   * @returns {Input}
   */
  function imageInput(imageShape) {
    const [rows, columns] = imageShape;
    const toolChanged = () => {
      tool.set(pad.brush.erase ? 'erase' : 'brush');
    };
    const pad = createPad(imageShape, (at) => {
      if (!pad.untouched()) forget();
      upload.isOnSheet(pad.untouched() === uploaded);
      tools();
      later(at);
    });
    pad.toggle = () => {
      pad.brush.erase = !pad.brush.erase;
      toolChanged();
      pad.show();
    };
    const tool = segmented(
      'Tool',
      [
        ['brush', 'Brush', 'Draw'],
        ['erase', 'Erase', 'Rub out (E)'],
      ],
      'brush',
      (name) => {
        pad.brush.erase = name === 'erase';
        pad.show();
      },
    );
    const size = make('input', { type: 'range', min: 0.03, max: 0.2, step: 0.005, value: BRUSH });
    size.setAttribute('aria-label', 'Width of the brush');
    size.addEventListener('input', () => {
      pad.brush.size = size.valueAsNumber * Math.max(rows, columns);
    });
    const undo = press('Undo', 'Take the last stroke back (Ctrl+Z)', () => pad.undo());
    const redo = press('Redo', 'Draw it again (Ctrl+Shift+Z)', () => pad.redo());
    const clear = press('Clear', 'A clean sheet (Delete)', () => pad.clear());
    const tools = () => {
      const { undo: back, redo: on } = pad.can();
      undo.disabled = !back;
      redo.disabled = !on;
    };
    tools();
    /** @type {Base | null} */
    let uploaded = null; // what stands on the sheet for the last upload
    const upload = createUpload((ink) => {
      const margin = 0.14;
      const canvas = make('canvas', { width: 280, height: Math.round((280 * rows) / columns) });
      const [w, h] = [Math.round(canvas.width * (1 - 2 * margin)), Math.round(canvas.height * (1 - 2 * margin))];
      penOf(canvas).drawImage(inkCanvasOf(asBox(ink, h, w)), (canvas.width - w) / 2, (canvas.height - h) / 2);
      uploaded = { ink: canvas, exact: null };
      pad.put(uploaded);
      forget();
    }, say);
    const { element } = card('Your drawing', 'pad-card', undo, redo, clear);
    element.style.setProperty('--dr-columns', String(columns));
    element.style.setProperty('--dr-rows', String(rows));
    element.append(
      make('div', { className: 'dr-tools' }, tool.element, make('label', {}, 'Size', size), upload.element),
      pad.element,
      examples.element,
    );
    upload.listen(pad.element, stop.signal);
    const paper = featuresOf(new Float64Array(rows * columns));
    /** @type {(ink: Image) => Image} */
    const form =
      about.form === 'mass' && rows === columns
        ? (ink) => asMnist(ink, rows, Math.round((rows * 20) / 28))
        : (ink) => asBox(ink, rows, columns);
    // One map of a wide network takes longer than a stroke may wait: then it comes when the hand rests.
    const again = debounce(() => later(null), 250);
    /**
     * @param {string} kind
     * @param {number} label
     * @param {number} patch
     */
    const explain = (kind, label, patch) => {
      if (kind === 'gradient') return model.gradient(now.x, label);
      const work = rows * columns * (model.cost + (patch * patch - nFeatures) * model.layers[0].size);
      if (now.moving && work > MOST_WORK) {
        again();
        return null;
      }
      return model.occlusion(now.x, imageShape, label, patch, paper);
    };
    const view = createSeen(imageShape, reader, explain, () => later(null), shows, sendShown);
    const moves = createSliders(classNames, Math.max(rows, columns), (at) => later(at));
    /** @type {Image} */
    let plain;
    return {
      cards: [element, view.element],
      seen: view,
      sliders: moves,
      pad,
      sweeps: moves.sweeps,
      read() {
        const untouched = pad.untouched();
        const exact = untouched?.exact ?? null;
        plain = exact ? { height: rows, width: columns, data: exact } : form(pad.ink());
        const image = changed(plain, moves.values, moves.seed);
        const isBare = !image.data.some((value) => value > 0);
        return { image, x: featuresOf(image.data), isBare };
      },
      /** @param {Example} example */
      put(example) {
        const data = toImage(example.x);
        pad.put({
          ink: inkCanvasOf({
            height: rows,
            width: columns,
            data: data.map((value) => Math.min(1, Math.max(0, value))),
          }),
          exact: data,
        });
      },
      /** @param {number | null} label */
      sweep(label) {
        moves.update(
          {
            image: plain,
            label,
            /** @param {Image} image */
            answer: (image) => model.probabilities(featuresOf(image.data)),
            says: reader.says,
            name: reader.isMany && label !== null ? reader.names[label] : '',
            count: Math.round(Math.min(200, Math.max(12, 1.6e7 / model.cost))),
          },
          palette,
        );
      },
      paint() {
        pad.paint(palette);
      },
      destroy: again.cancel,
    };
  }

  /** @returns {Input} */
  function planeInput() {
    const plane = createPlane({ points: about.points, labels: about.point_labels, names, reader }, (at) => {
      forget();
      later(at);
    });
    plane.element.append(examples.element);
    return {
      cards: [plane.element],
      extent: plane.extent,
      read: () => ({ x: Float64Array.from(plane.point), isBare: false }),
      /** @param {Example} example */
      put: (example) => plane.put(example.x),
      shown: () => plane.draw(model, palette),
      paint() {},
    };
  }

  /** @returns {Input} */
  function featuresInput() {
    const table = createFeatures({ ...about, names, reader }, (at) => {
      forget();
      later(at);
    });
    table.element.append(examples.element);
    return {
      cards: [table.element],
      sweeps: table.sweeps,
      read: () => ({ x: featuresOf(table.raw), isBare: false }),
      /** @param {Example} example */
      put: (example) => table.put(Array.from(toImage(example.x))),
      /** @param {number | null} label */
      sweep: (label) => label !== null && table.sweep(label, (raw) => model.probabilities(featuresOf(raw)), palette),
      destroy: table.destroy,
      paint() {},
    };
  }

  // --- examples of the data set ---
  server.labels().then(examples.know, (error) => {
    if (!stop.signal.aborted) say(messageOf(error));
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
    say(null);
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
      if (!stop.signal.aborted) say(messageOf(error));
    }
  }

  // --- answering ---
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
    answer.update({
      probabilities: given.isBare ? null : probabilities,
      trueClasses: classesOf(sample?.label),
      source: sample ? `${sample.split} example ${sample.index}` : '',
    });
    if (given.image) seen?.update({ features: given.x, image: given.image, best }, palette);
    input.shown?.();
    if (asked !== null) {
      // After this task the browser paints; a message comes back once it has.
      painted.port1.onmessage = () => {
        record('answered', { ms: performance.now() - asked, best, p: best === null ? null : probabilities[best] });
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
   * What may come a little later than the answer.
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
