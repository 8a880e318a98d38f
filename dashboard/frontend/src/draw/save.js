/** What a card shows as a file: its numbers as CSV, in full, and its picture as PNG. */

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
 * Put buttons into the head of a card: `rows()` answers [[heading], [value]], `picture()` a canvas, `name()` what the
 * files are called. What is null has no button; when there is nothing to save, `rows` and `picture` answer null.
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
  const made = make('canvas', {
    width: canvas.width * scale,
    height: canvas.height * scale,
  });
  const context = penOf(made);
  context.fillStyle = paper;
  context.fillRect(0, 0, made.width, made.height);
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
  const made = make('canvas', {
    width: 2 * (columns * (width + gap) + gap),
    height: 2 * (rows * (height + 2 * line + gap) + gap),
  });
  const context = penOf(made);
  context.scale(2, 2);
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, made.width, made.height);
  context.imageSmoothingEnabled = false;
  parts.forEach(({ canvas, above, below }, k) => {
    const [x, y] = [gap + (k % columns) * (width + gap), gap + Math.floor(k / columns) * (height + 2 * line + gap)];
    context.fillStyle = palette.ink;
    context.font = '600 12px sans-serif';
    context.fillText(above, x, y + 12, width);
    if (canvas) context.drawImage(canvas, x, y + line, width, height);
    context.fillStyle = palette.muted;
    context.font = '12px sans-serif';
    context.fillText(below, x, y + line + height + 14, width);
  });
  return made;
}
