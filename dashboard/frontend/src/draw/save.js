/** What a card shows as a file: its numbers as CSV, in full, and its picture as PNG. */

import { fillBox, write } from '../lib/charts/pen.js';
import { createSheet } from '../lib/charts/sheet.js';
import { press } from '../lib/ui/controls.js';
import { make, penOf } from '../lib/ui/dom.js';
import { download, pngOf } from '../lib/ui/download.js';

/** @import { Palette } from '../lib/model/types.js' */

/**
 * A cell: quoted where it must be, and with an apostrophe before a text that a spreadsheet would compute.
 * @param {unknown} value
 */
function field(value) {
  const text = /^[=+@\t\r\n＝＋－＠-]/.test(String(value)) && Number.isNaN(Number(value)) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Put buttons into the head of a card: `rows()` returns [[heading], [value]], `picture()` a canvas, `name()` what the
 * files are called. What is null has no button; when there is nothing to save, `rows` and `picture` return null.
 * @param {HTMLElement} element
 * @param {() => string} name
 * @param {{ rows?: (() => unknown[][] | null) | null, picture?: (() => HTMLCanvasElement | null) | null }} about
 */
export function addSaves(element, name, { rows = null, picture = null }) {
  const head = element.querySelector('.dr-head, .nv-bar') ?? element;
  if (rows) {
    head.append(
      press('CSV', 'Save the numbers as a table', () => {
        const lines = rows();
        if (lines)
          download(
            new Blob([`${lines.map((line) => line.map(field).join(',')).join('\n')}\n`], { type: 'text/csv' }),
            `${name()}.csv`,
          );
      }),
    );
  }
  if (picture) {
    head.append(
      press('PNG', 'Save as a picture', async () => {
        const made = picture();
        if (made) download(await pngOf(made), `${name()}.png`);
      }),
    );
  }
}

/**
 * A canvas on the paper of the page, `scale` times as large, every pixel of it a square.
 * @param {HTMLCanvasElement} canvas
 * @param {string} paper
 * @param {number} [scale]
 */
export function onPaper(canvas, paper, scale = 1) {
  const made = make('canvas', { width: canvas.width * scale, height: canvas.height * scale });
  const context = penOf(made);
  fillBox(context, 0, 0, made.width, made.height, paper);
  context.imageSmoothingEnabled = false;
  context.drawImage(canvas, 0, 0, made.width, made.height);
  return made;
}

/**
 * Several canvases side by side, `columns` in a row, each with a line of words above and one below it.
 * @param {Array<{ canvas: HTMLCanvasElement | null, above: string, below: string }>} parts
 * @param {number} columns
 * @param {[number, number]} about
 * @param {Palette} palette
 */
export function asSheet(parts, columns, [width, height], palette) {
  const [gap, line] = [16, 18];
  const rows = Math.ceil(parts.length / columns);
  const { canvas: made, pen } = createSheet(
    columns * (width + gap) + gap,
    rows * (height + 2 * line + gap) + gap,
    palette,
  );
  pen.imageSmoothingEnabled = false;
  parts.forEach(({ canvas, above, below }, k) => {
    const [x, y] = [gap + (k % columns) * (width + gap), gap + Math.floor(k / columns) * (height + 2 * line + gap)];
    const about = { baseline: /** @type {const} */ ('alphabetic'), most: width };
    write(pen, above, x, y + 12, palette.ink, { ...about, font: '600 12px sans-serif' });
    if (canvas) pen.drawImage(canvas, x, y + line, width, height);
    write(pen, below, x, y + line + height + 14, palette.muted, { ...about, font: '12px sans-serif' });
  });
  return made;
}
