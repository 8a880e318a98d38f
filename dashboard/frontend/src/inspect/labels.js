/** A 2x2 matrix for each label: what is true in rows, what was predicted in columns; every cell shows its examples. */

import { around, closest, make, penOf } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { roveOver } from '../lib/ui/keys.js';
import { fillLegend, paintCell } from './cells.js';

/** @import { LabelsData } from './types.js' */
/** @import { Palette } from '../lib/model/types.js' */

const CELLS = [
  ['tn', 'fp'],
  ['fn', 'tp'],
];
/** @type {Record<string, string>} */
const WORDS = { tn: 'true negatives', fp: 'false positives', fn: 'false negatives', tp: 'true positives' };
const LINES = [
  ['without', 'truly not'],
  ['true', 'truly'],
];
const HEADS = [
  ['unpredicted', 'predicted without'],
  ['predicted', 'predicted'],
];

/**
 * Build the matrices in `root`; `tell` is called with a selection such as "fn-3" or "true-3".
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} tell
 */
export function createLabels(root, tell) {
  const grid = make('div', { className: 'ai-matrices', role: 'group' });
  const say = make('p', { className: 'ai-say', 'aria-live': 'polite' });
  const legend = make('p', { className: 'ai-legend' });
  root.append(
    grid,
    say,
    make(
      'div',
      { className: 'ai-foot' },
      legend,
      pngButton(picture, () => data.file),
    ),
  );
  /** @type {HTMLButtonElement[][][]} */
  let cells = []; // [label][row][column]
  let built = '';
  /** @type {LabelsData} */
  let data;
  /** @type {Palette} */
  let palette;
  /** @param {EventTarget | null} element */
  const placeOf = (element) => {
    const spot = around(element, '[data-spot]')?.dataset.spot;
    return spot ? spot.split(',').map(Number) : null;
  };
  // Up and down go from label to label, as if all matrices stood under each other.
  const reach = roveOver(grid, placeOf, (row, column) => cells[Math.floor(row / 2)]?.[row % 2]?.[column] ?? null);

  /** @param {string[]} names */
  function build(names) {
    cells = names.map(() => [[], []]);
    grid.replaceChildren(
      ...names.map((name, k) => {
        /**
         * @param {string} className
         * @param {string} show
         * @param {string} text
         * @param {string} title
         */
        const button = (className, show, text, title) => {
          const made = make('button', { type: 'button', className, textContent: text, title });
          made.dataset.show = `${show}-${k}`;
          return made;
        };
        const matrix = make(
          'div',
          { className: 'ai-two', role: 'group', 'aria-label': name },
          make('h4', { textContent: name, title: name }),
          ...HEADS.map(([show, words]) => button('ai-side-name', show, words, `Everything ${words} ${name}`)),
        );
        LINES.forEach(([show, words], i) => {
          matrix.append(button('ai-side-name ai-row-name', show, words, `Everything that is ${words} ${name}`));
          CELLS[i].forEach((kind, j) => {
            const cell = button('ai-cell', kind, '', '');
            cell.tabIndex = -1;
            cell.dataset.spot = `${2 * k + i},${j}`;
            cells[k][i][j] = cell;
            matrix.append(cell);
          });
        });
        return matrix;
      }),
    );
    reach(cells[0][0][0]);
  }

  /**
   * @param {LabelsData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    data = given;
    palette = colors;
    const { names, counts, values, texts, difference, selected } = data;
    grid.setAttribute('aria-label', data.label);
    if (built !== names.join('\n')) {
      built = names.join('\n');
      build(names);
    }
    cells.forEach((matrix, k) =>
      matrix.forEach((row, i) =>
        row.forEach((cell, j) => {
          paintCell(cell, values[k][i][j], { top: data.top, isRight: i === j, isDifference: difference }, palette);
          cell.textContent = texts[k][i][j];
          cell.setAttribute(
            'aria-label',
            `${names[k]}, ${WORDS[CELLS[i][j]]}: ${counts[k][i][j]}${difference ? `, change ${texts[k][i][j]}` : ''}`,
          );
        }),
      ),
    );
    for (const each of grid.querySelectorAll('[data-show]'))
      each.setAttribute('aria-pressed', String(each.getAttribute('data-show') === selected));
    fillLegend(legend, { isDifference: difference, words: data.words }, palette);
    describe(null);
  }

  /** @param {EventTarget | null} element */
  function describe(element) {
    const [kind, place] = around(element, '[data-show]')?.dataset.show?.split('-') ?? [];
    if (!kind || !data) {
      say.textContent = 'Choose a cell, a row or a column to see its examples.';
      return;
    }
    const k = Number(place);
    const [[tn, fp], [fn, tp]] = data.counts[k];
    const name = data.names[k];
    /**
     * @param {number} part
     * @param {number} whole
     */
    const share = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : 'n/a');
    /** @type {Record<string, string>} */
    const told = {
      tp: `${tp} of ${tp + fn} that are ${name} were predicted so (recall ${share(tp, tp + fn)}).`,
      fn: `${fn} of ${tp + fn} that are ${name} were not predicted so (${share(fn, tp + fn)}).`,
      fp: `${fp} of ${tn + fp} that are not ${name} were predicted so (${share(fp, tn + fp)}).`,
      tn: `${tn} of ${tn + fp} that are not ${name} were not predicted so (specificity ${share(tn, tn + fp)}).`,
      true: `${tp + fn} are ${name}; recall ${share(tp, tp + fn)}.`,
      without: `${tn + fp} are not ${name}; specificity ${share(tn, tn + fp)}.`,
      predicted: `${tp + fp} were predicted as ${name}; precision ${share(tp, tp + fp)}.`,
      unpredicted: `${tn + fn} were predicted without ${name}; ${share(tn, tn + fn)} of them correctly.`,
    };
    say.textContent = told[kind];
  }

  /** All matrices as one picture. */
  function picture() {
    const [side, left, top, across] = [64, 96, 64, Math.min(3, data.names.length)];
    const [wide, tall] = [left + 2 * side + 24, top + 2 * side + 16];
    const canvas = make('canvas', {
      width: 2 * across * wide,
      height: 2 * (28 + Math.ceil(data.names.length / across) * tall),
    });
    const context = penOf(canvas);
    context.scale(2, 2);
    context.fillStyle = palette.surface;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = 'middle';
    /**
     * @param {string} text
     * @param {number} x
     * @param {number} y
     * @param {string} color
     * @param {CanvasTextAlign} [align]
     * @param {string} [font]
     */
    const write = (text, x, y, color, align = 'center', font = '13px sans-serif') => {
      Object.assign(context, { fillStyle: color, textAlign: align, font });
      context.fillText(text, x, y);
    };
    write(data.file, 12, 16, palette.muted, 'left', '12px sans-serif');
    data.names.forEach((name, k) => {
      const [x, y] = [(k % across) * wide, 28 + Math.floor(k / across) * tall];
      write(name, x + 12, y + 18, palette.ink, 'left', '600 14px sans-serif');
      HEADS.forEach(([, words], j) =>
        write(words, x + left + (j + 0.5) * side, y + 48, palette.muted, 'center', '11px sans-serif'),
      );
      LINES.forEach(([, words], i) => {
        write(words, x + left - 8, y + top + (i + 0.5) * side, palette.muted, 'right', '11px sans-serif');
        cells[k][i].forEach((cell, j) => {
          context.fillStyle = cell.style.background;
          context.fillRect(x + left + j * side + 1, y + top + i * side + 1, side - 2, side - 2);
          write(cell.textContent, x + left + (j + 0.5) * side, y + top + (i + 0.5) * side, cell.style.color);
        });
      });
    });
    return canvas;
  }

  grid.addEventListener('click', (event) => {
    const chosen = closest(event, '[data-show]');
    if (!chosen) return;
    for (const each of grid.querySelectorAll('[aria-pressed=true]')) each.setAttribute('aria-pressed', 'false');
    chosen.setAttribute('aria-pressed', 'true');
    tell({ show: chosen.dataset.show });
  });
  grid.addEventListener('pointerover', (event) => describe(event.target));
  grid.addEventListener('pointerleave', () => describe(null));
  grid.addEventListener('focusin', (event) => describe(event.target));
  return { update };
}
