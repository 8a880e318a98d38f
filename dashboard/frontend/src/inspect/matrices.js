/**
 * The confusion matrices of Inspect: one of all classes, or a 2x2 matrix for each label. Every cell, row and column is
 * a button that says which examples to show.
 */

import { fillBox, widthOf, write } from '../lib/charts/pen.js';
import { createSheet } from '../lib/charts/sheet.js';
import { grouped } from '../lib/format/text.js';
import { make } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { createMatrix, toneOf } from '../lib/ui/matrix.js';

/** @import { LabelsData, MatrixData } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */
/** @import { Heading, Place } from '../lib/ui/matrix.js' */

const NUMBERS_UP_TO = 26; // classes for which every cell has room for its number
const BIG_UP_TO = 12;
const HINT = 'Choose a cell, a row or a column to see its examples.';
const CELLS = ['tn', 'fp', 'fn', 'tp'];
const WORDS = ['true negatives', 'false positives', 'false negatives', 'true positives'];

/**
 * One matrix: its headings, the numbers of its cells, and what is sentences of a place in it.
 * @typedef {{
 *   name: string,
 *   columns: Heading[],
 *   rows: Heading[],
 *   total?: Heading,
 *   margin?: Heading,
 *   foot?: Heading,
 *   figures?: { margin: string[], foot: string[] },
 *   show: (i: number, j: number) => string,
 *   labelOf: (i: number, j: number) => string,
 *   sentence: (i: number, j: number) => string,
 *   counts: number[][],
 *   values: number[][],
 *   texts: string[][],
 *   totals?: number[],
 * }} Panel
 */

/**
 * @param {number} part
 * @param {number} whole
 */
const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : 'n/a');

/**
 * @param {MatrixData} data
 * @returns {Panel}
 */
function panelOfClasses({ difference, names, counts, values, texts, totals, predicted, recall, precision }) {
  return {
    name: '',
    columns: names.map((text, j) => ({
      text,
      title: `Everything predicted as ${text}`,
      show: `predicted-${j}`,
      isTall: names.length > BIG_UP_TO,
    })),
    rows: names.map((text, i) => ({ text, title: `Everything whose true class is ${text}`, show: `true-${i}` })),
    total: { text: 'all' },
    ...(names.length <= NUMBERS_UP_TO
      ? {
          margin: { text: 'recall %' },
          foot: { text: 'precision %' },
          figures: { margin: recall.map(([short]) => short), foot: precision.map(([short]) => short) },
        }
      : {}),
    show: (i, j) => (difference ? `ab-${i}-${j}` : `${i}-${j}`),
    labelOf: (i, j) => `true ${names[i]}, predicted ${names[j]}`,
    sentence(i, j) {
      if (i < 0 || i >= names.length)
        return `${grouped(predicted[j])} predicted as ${names[j]}; precision ${precision[j][1]}.`;
      if (j < 0 || j >= names.length) return `${grouped(totals[i])} of true class ${names[i]}; recall ${recall[i][1]}.`;
      return (
        `${grouped(counts[i][j])} of ${grouped(totals[i])} of true class ${names[i]} predicted as ${names[j]}` +
        ` (${share(counts[i][j], totals[i])} of the row, ${share(counts[i][j], predicted[j])} of the column).`
      );
    },
    counts,
    values,
    texts,
    totals,
  };
}

/**
 * @param {LabelsData} data
 * @param {number} k
 * @returns {Panel}
 */
function panelOfLabel({ names, counts, values, texts }, k) {
  const name = names[k];
  const [[tn, fp], [fn, tp]] = counts[k];
  const sentences = [
    [
      `${tp + fp + tn + fn} examples.`,
      `${tn + fn} were predicted without ${name}; ${share(tn, tn + fn)} of them correctly.`,
      `${tp + fp} were predicted as ${name}; precision ${share(tp, tp + fp)}.`,
    ],
    [
      `${tn + fp} are not ${name}; specificity ${share(tn, tn + fp)}.`,
      `${tn} of ${tn + fp} that are not ${name} were not predicted so (specificity ${share(tn, tn + fp)}).`,
      `${fp} of ${tn + fp} that are not ${name} were predicted so (${share(fp, tn + fp)}).`,
    ],
    [
      `${tp + fn} are ${name}; recall ${share(tp, tp + fn)}.`,
      `${fn} of ${tp + fn} that are ${name} were not predicted so (${share(fn, tp + fn)}).`,
      `${tp} of ${tp + fn} that are ${name} were predicted so (recall ${share(tp, tp + fn)}).`,
    ],
  ];
  /**
   * @param {string} kind
   * @param {string} text
   * @param {string} words
   */
  const heading = (kind, text, words) => ({ text, title: `Everything ${words} ${name}`, show: `${kind}-${k}` });
  return {
    name,
    columns: [
      heading('unpredicted', 'predicted without', 'predicted without'),
      heading('predicted', 'predicted', 'predicted'),
    ],
    rows: [
      heading('without', 'true without', 'without the true label'),
      heading('true', 'true', 'with the true label'),
    ],
    show: (i, j) => `${CELLS[2 * i + j]}-${k}`,
    labelOf: (i, j) => `${name}, ${WORDS[2 * i + j]}`,
    sentence: (i, j) => sentences[i + 1][j + 1],
    counts: counts[k],
    values: values[k],
    texts: texts[k],
  };
}

/**
 * Build the matrices in `root`; `choose` is called with a selection such as "3-5", "true-3" or "fn-3".
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} choose
 */
export function createMatrices(root, choose) {
  const box = make('div', { className: 'ai-scroll', role: 'group' });
  const words = make('p', { className: 'ai-say', 'aria-live': 'polite' });
  const legend = make('p', { className: 'ai-legend' });
  const png = pngButton(picture, () => data.file);
  root.append(box, words, make('div', { className: 'ai-foot' }, legend, png));
  /** @type {Panel[]} */
  let panels = [];
  /** @type {Array<ReturnType<typeof createMatrix>>} */
  let matrices = [];
  let built = '';
  /** @type {MatrixData | LabelsData} */
  let data;
  /** @type {Palette} */
  let palette;

  function build() {
    const { names } = data;
    const longest = Math.max(...names.map((name) => name.length));
    matrices = panels.map((panel, k) => {
      const matrix = createMatrix({
        describe: (place) => describe(k, place),
        choose(show) {
          for (const each of matrices) each.select(show);
          choose({ show });
        },
      });
      const corner = panel.name
        ? [make('b', { textContent: panel.name, title: panel.name })]
        : [make('div', { textContent: 'predicted →' }), make('div', { textContent: 'true ↓' })];
      matrix.build({ ...panel, corner });
      const width = panel.name ? 84 : Math.min(names.length <= 4 ? 230 : 140, Math.max(64, 20 + 7 * longest));
      matrix.element.rows[0].cells[0].style.width = `${width}px`;
      return matrix;
    });
    const size = names.length;
    const side =
      data.view === 'labels' ? 52 : size <= 4 ? 64 : size <= BIG_UP_TO ? 36 : size <= NUMBERS_UP_TO ? 24 : 13;
    box.style.setProperty('--mx-cell', `${side}px`);
    box.classList.toggle('ai-small', side < 36);
    box.replaceChildren(...matrices.map(({ element }) => element));
  }

  /**
   * @param {MatrixData | LabelsData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    data = given;
    palette = colors;
    const { view, names, top, difference } = data;
    panels =
      data.view === 'matrix'
        ? [panelOfClasses(data)]
        : names.map((_, k) => panelOfLabel(/** @type {LabelsData} */ (data), k));
    box.setAttribute('aria-label', data.label);
    const shape = `${names.join('\n')}\n${difference}`;
    if (built !== shape) {
      built = shape;
      build();
    }
    const hasRoom = view === 'labels' || names.length <= NUMBERS_UP_TO;
    panels.forEach(({ name, counts, values, texts, totals, figures, labelOf }, k) => {
      matrices[k].element.setAttribute('aria-label', name || data.label);
      matrices[k].paint(
        palette,
        (i, j) => ({
          tone: toneOf(values[i][j], { top, isRight: i === j, isDifference: difference }),
          text: hasRoom ? texts[i][j] : '',
          label: `${labelOf(i, j)}: ${counts[i][j]}${difference ? `, change ${texts[i][j]}` : ''}`,
        }),
        totals,
        figures,
      );
      matrices[k].select(data.selected);
    });
    legend.replaceChildren(
      swatch(-0.75, difference ? 'better' : 'right'),
      swatch(0.75, difference ? 'worse' : 'wrong'),
      make('span', { textContent: data.words }),
    );
    words.textContent = HINT;
  }

  /**
   * @param {number} tone
   * @param {string} text
   */
  function swatch(tone, text) {
    return make('span', {}, make('i', { style: `background: ${palette.diverging.css(tone)}` }), text);
  }

  /**
   * @param {number} k
   * @param {Place | null} place
   */
  function describe(k, place) {
    words.textContent = place ? panels[k].sentence(...place) : HINT;
  }

  /** All matrices as one picture, their names in full. */
  function picture() {
    const across = Math.min(3, panels.length);
    const side = panels.length > 1 ? 64 : 44;
    const [heading, bold] = ['13px sans-serif', '600 13px sans-serif'];
    const { pen: ruler } = createSheet(0, 0, palette);
    /** @param {Heading[]} heads */
    const longest = (heads) => Math.ceil(Math.max(...heads.map(({ text }) => widthOf(ruler, text, bold))));
    const reach = longest(panels[0].columns);
    const isUpright = reach > side - 4; // names that are too long for their column stand on end
    const [left, top] = [Math.max(96, longest(panels[0].rows) + 20), isUpright ? reach + 46 : 64];
    const { columns, rows, totals, figures } = panels[0];
    const wide = left + (columns.length + (totals ? 1 : 0) + (figures ? 1 : 0)) * side + 12;
    const tall = top + (rows.length + (figures ? 1 : 0)) * side + 12;
    const { canvas, pen } = createSheet(across * wide, Math.ceil(panels.length / across) * tall, palette);
    write(pen, data.file, 12, 16, palette.muted, { font: '12px sans-serif' });
    panels.forEach((panel, k) => {
      const [x, y] = [(k % across) * wide, Math.floor(k / across) * tall];
      write(pen, panel.name || 'true ↓ pred. →', x + 6, y + top - 18, palette.muted, { font: '11px sans-serif' });
      panel.columns.forEach(({ text }, j) => {
        const middle = x + left + (j + 0.5) * side;
        if (isUpright) {
          pen.save();
          pen.translate(middle, y + top - 8);
          pen.rotate(-Math.PI / 2);
          write(pen, text, 0, 0, palette.ink, { font: bold });
          pen.restore();
        } else write(pen, text, middle, y + top - 18, palette.ink, { align: 'center', font: bold, most: side - 4 });
      });
      panel.rows.forEach(({ text }, i) => {
        const middle = y + top + (i + 0.5) * side;
        write(pen, text, x + left - 8, middle, palette.ink, { align: 'right', font: bold });
        panel.texts[i].forEach((number, j) => {
          const { background, color } = matrices[k].element.rows[i + 1].cells[j + 1].style;
          fillBox(pen, x + left + j * side + 1, y + top + i * side + 1, side - 2, side - 2, background);
          write(pen, number, x + left + (j + 0.5) * side, middle, color, {
            align: 'center',
            font: heading,
            most: side - 4,
          });
        });
        [panel.totals?.[i], panel.figures?.margin[i]].forEach((figure, k) => {
          if (figure !== undefined)
            write(pen, String(figure), x + left + (columns.length + 0.5 + k) * side, middle, palette.muted, {
              align: 'center',
              font: '12px sans-serif',
            });
        });
      });
      const foot = panel.figures?.foot ?? [];
      foot.forEach((figure, j) => {
        write(pen, figure, x + left + (j + 0.5) * side, y + top + (rows.length + 0.5) * side, palette.muted, {
          align: 'center',
          font: '12px sans-serif',
        });
      });
    });
    return canvas;
  }
  return { update };
}
