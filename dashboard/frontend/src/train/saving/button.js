/** Saving a view as a picture, and the button for it. */

import { setDensity } from '../../lib/charts/canvas.js';
import { press } from '../../lib/ui/controls.js';
import { download, pngOf } from '../../lib/ui/download.js';
import { pictureOf } from './picture.js';

/** @import { Store } from '../types.js' */

const DENSITY = 2; // pixels for a CSS pixel

/**
 * The name of a view as part of a file's.
 * @param {string} name
 */
export const fileName = (name) => name.toLowerCase().replaceAll(' ', '-');

/**
 * Save an element of the stage as it is now, as a PNG file named after run, snapshot and view.
 * @param {HTMLElement} element
 * @param {string} name
 * @param {Store} store
 */
export async function savePicture(element, name, store) {
  const file = `${store.run}-snapshot-${store.shown?.number ?? 0}-${fileName(name)}.png`;
  try {
    download(await pngOf(pictureOf(element, store, DENSITY)), file);
  } finally {
    setDensity(null);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {Store} store
 */
export const pictureButton = (element, name, store) =>
  press('PNG', 'Save as a picture', () => savePicture(element, name, store), {
    className: 'nv-button as-save',
    'aria-label': `Save ${name} as a PNG picture`,
  });
