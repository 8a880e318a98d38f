/** Two snapshots of a run side by side: the pinned one and the one shown. Hidden while nothing is pinned. */

import { countsOf, OF_LABEL } from '../../lib/model/confusion-counts.js';
import { exampleName, layersOf, tensorOf, weightOf } from '../../lib/model/forward.js';
import { isSame } from '../../lib/model/output-reader.js';
import { paletteFor } from '../../lib/theme/palette.js';
import { press } from '../../lib/ui/controls.js';
import { make } from '../../lib/ui/dom.js';
import { createMatrix, toneOf } from '../../lib/ui/matrix.js';
import { createView } from '../../lib/ui/seen.js';
import { tableOf } from '../../lib/ui/table.js';
import { predictionOf, predictionWords } from '../prediction.js';
import { epochWords } from '../store.js';

/** @import { Frame, Layer } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

/**
 * @param {number | null} value
 * @param {number} digits
 */
const signed = (value, digits) =>
  value !== null && Number.isFinite(value)
    ? `${value > 0 ? '+' : value < 0 ? '−' : '±'}${Math.abs(value).toFixed(digits)}`
    : 'n/a';
/**
 * @param {number | null} value
 * @param {number} digits
 */
const number = (value, digits) => (typeof value === 'number' && Number.isFinite(value) ? value.toFixed(digits) : 'n/a');
/**
 * How a figure changed; `better` is 1 where more is better, -1 where less is.
 * @param {number | null} x
 * @param {number | null} y
 * @param {number} digits
 * @param {1 | -1} better
 */
const change = (x, y, digits, better) =>
  x === null || y === null
    ? { text: 'n/a', good: null }
    : { text: signed(y - x, digits), good: x === y ? null : better * (y - x) > 0 };
/** @param {CellText} about */
const cellOf = (about) =>
  typeof about === 'string' || about.good === null
    ? cellText(about)
    : make('td', { className: about.good ? 'as-better' : 'as-worse' }, about.text);
/** @param {CellText} about */
const cellText = (about) => (typeof about === 'string' ? about : about.text);
/**
 * @param {string} caption
 * @param {string[]} head
 * @param {Array<[string, ...CellText[]]>} rows
 */
const table = (caption, head, rows) =>
  tableOf(
    caption,
    head,
    rows.map((cells) => cells.map(cellOf)),
  );
/** @param {number} by */
const countChange = (by) => (by ? `${by > 0 ? '+' : '−'}${Math.abs(by)}` : '·');
/** @typedef {string | { text: string, good: boolean | null }} CellText A cell: its words, and whether they are good news. */
const MOST_CLASSES = 26;

/**
 * Build the comparison in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createCompare(root, store) {
  const close = press('Unpin', null, () => store.compare(null), { className: 'as-latest' });
  const body = make('div', { className: 'as-compare' });
  root.append(make('div', { className: 'as-head' }, make('h3', {}, 'Two snapshots'), close), body);
  root.hidden = true;
  let drawn = '';
  const view = createView(root, store, ['frame', 'compare', 'theme', 'probe', 'run'], update);

  function update() {
    const { compared, shown, description } = store;
    root.hidden = !compared || !shown;
    if (!compared || !shown) return;
    const key = `${store.run} ${compared.number} ${shown.number} ${store.theme} ${store.probeIndex} ${store.probe.sample?.x}`;
    if (key === drawn) return;
    drawn = key;
    const names = [compared, shown].map(
      ({ line }) => `Epoch ${epochWords(line, store.stepsPerEpoch)}, step ${line.step.toLocaleString('en')}`,
    );
    body.replaceChildren(
      table(
        'Figures',
        ['', `${names[0]} (pinned)`, `${names[1]} (shown)`, 'Change'],
        [
          ...figures(compared, shown),
          ...predictions(compared, shown),
          ...weights(compared, shown, layersOf(description)),
        ],
      ),
      table(
        `F1 of each ${store.reader.one}`,
        [store.reader.isMany ? 'Label' : 'Class', 'Pinned', 'Shown', 'Change'],
        classes(compared, shown),
      ),
    );
    if (store.classNames.length <= MOST_CLASSES)
      body.append(store.reader.isMany ? labelDifference(compared, shown) : difference(compared, shown));
  }

  /**
   * @param {Frame} a
   * @param {Frame} b
   * @returns {Array<[string, ...CellText[]]>}
   */
  function figures(a, b) {
    const { accuracy } = store.reader;
    /** @type {Array<[string, 'heldout' | 'train', 'loss' | 'accuracy']>} */
    const all = [
      ['Held-out loss', 'heldout', 'loss'],
      [`Held-out ${accuracy}`, 'heldout', 'accuracy'],
      ['Train loss', 'train', 'loss'],
      [`Train ${accuracy}`, 'train', 'accuracy'],
    ];
    return all.map(([name, split, figure]) => {
      const [x, y] = [a.line[split][figure], b.line[split][figure]];
      return [name, number(x, 4), number(y, 4), change(x, y, 4, figure === 'loss' ? -1 : 1)];
    });
  }

  /**
   * What both predict for the example on the stage.
   * @param {Frame} a
   * @param {Frame} b
   * @returns {Array<[string, ...CellText[]]>}
   */
  function predictions(a, b) {
    const { reader, probe } = store;
    const probeIndex = store.probeIndex ?? 0;
    const [x, y] = [a, b].map((frame) => predictionOf(store, frame, probeIndex));
    const trueClasses = probe.labels[probeIndex] ?? [];
    const [wasRight, isRight] = [isSame(x.predictedClasses, trueClasses), isSame(y.predictedClasses, trueClasses)];
    return [
      [
        `${exampleName(store, probeIndex)}, ${reader.isMany ? '' : 'a '}${reader.words(trueClasses)}`,
        predictionWords(reader, x),
        predictionWords(reader, y),
        isSame(x.predictedClasses, y.predictedClasses)
          ? 'same prediction'
          : { text: 'another prediction', good: isRight ? true : wasRight ? false : null },
      ],
    ];
  }

  /**
   * @param {Frame} a
   * @param {Frame} b
   * @param {Layer[]} layers
   * @returns {Array<[string, ...CellText[]]>}
   */
  function weights(a, b, layers) {
    return layers.map(({ index, isOutput }) => {
      // Of a layer with batch normalisation the norm is that of the weights before they are normalised.
      /** @param {Frame} frame */
      const trained = (frame) => frame.tensor(`layer${index}.normalized.weight`) ?? weightOf(frame, index);
      const [x, y] = [a, b].map((frame) => trained(frame).data);
      let moved = 0;
      let size = 0;
      for (let i = 0; i < x.length; i += 1) {
        moved += (y[i] - x[i]) ** 2;
        size += x[i] ** 2;
      }
      const norms = [a, b].map(({ line }) => line.layers[index].weight_norm);
      return [
        `Weight norm, ${isOutput ? 'output' : `hidden ${index + 1}`}`,
        number(norms[0], 2),
        number(norms[1], 2),
        `moved by ${size ? ((100 * Math.sqrt(moved)) / Math.sqrt(size)).toFixed(0) : 0} % of it`,
      ];
    });
  }

  /**
   * @param {Frame} a
   * @param {Frame} b
   * @returns {Array<[string, ...CellText[]]>}
   */
  function classes(a, b) {
    return (a.perClass ?? []).map((row, i) => {
      const [x, y] = [row.f1, b.perClass?.[i].f1 ?? null];
      return [row.label, number(x, 3), number(y, 3), change(x, y, 3, 1)];
    });
  }

  /**
   * The counts of each label in the shown snapshot less those in the pinned one.
   * @param {Frame} a
   * @param {Frame} b
   */
  function labelDifference(a, b) {
    const [x, y] = [a, b].map((frame) => countsOf(tensorOf(frame, 'confusion')));
    /** @type {Array<[string, ...CellText[]]>} */
    const rows = store.classNames.map((name, k) => [
      name,
      ...OF_LABEL.map((_, j) => {
        const by = y.at(k, j) - x.at(k, j);
        return {
          text: countChange(by),
          good: by ? by > 0 === y.isRight(k, j) : null,
        };
      }),
    ]);
    return table('Counts of each label, shown less pinned', ['Label', ...OF_LABEL.map(([text]) => text)], rows);
  }

  /**
   * The shown confusion matrix less the pinned one: more right or fewer wrong is blue, the other way orange.
   * @param {Frame} a
   * @param {Frame} b
   */
  function difference(a, b) {
    const { classNames } = store;
    const [x, y] = [a, b].map((frame) => countsOf(tensorOf(frame, 'confusion')));
    const matrix = createMatrix();
    const headings = classNames.map((text) => ({ text, title: text }));
    matrix.build({ corner: [], columns: headings, rows: headings });
    matrix.paint(paletteFor(store.theme === 'dark'), (i, j) => {
      const by = y.at(i, j) - x.at(i, j);
      return {
        tone: toneOf(by, { top: Math.max(1, x.rows[i]), isRight: i === j, isDifference: true }),
        text: countChange(by),
      };
    });
    const { element } = matrix;
    element.createCaption().textContent = 'Confusion matrix, shown less pinned (rows true, columns predicted)';
    element.style.setProperty('--mx-cell', `${classNames.length <= 12 ? 24 : 18}px`);
    return element;
  }

  return view;
}
