/** Saving what is on the page as a file. */

import { press } from './controls.js';
import { make } from './dom.js';

/**
 * Hand a blob to the person as a file of that name.
 * @param {Blob} blob
 * @param {string} name
 */
export function download(blob, name) {
  const link = make('a', { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/**
 * The blob of a canvas as PNG.
 * @param {HTMLCanvasElement} canvas
 */
export const pngOf = (canvas) => new Promise((resolve) => canvas.toBlob(resolve));

/**
 * A button that saves what `picture` makes, a canvas or the promise of a blob, as a PNG called what `file` says.
 * @param {() => HTMLCanvasElement | Promise<Blob>} picture
 * @param {() => string} file
 */
export const pngButton = (picture, file) =>
  press(
    'PNG',
    'Save as a picture',
    async () => {
      const made = await picture();
      download(made instanceof Blob ? made : await pngOf(made), `${file()}.png`);
    },
    { className: 'ai-png', 'aria-label': 'Save as a PNG picture' },
  );
