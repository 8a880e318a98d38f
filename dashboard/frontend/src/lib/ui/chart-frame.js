/** The look of the curves, the confusion matrix and the classes, on the frame that the network view has too. */
import { paletteFor } from '../theme/palette.js';
import { createFrame, paintFrame } from './frame.js';
/** @import { Description } from '../model/types.js' */

/**
 * A frame in `root` for one view: {frame, theme(store) -> palette when it is another one, else null, remove()}.
 * @param {HTMLElement} root
 * @param {string} label
 */
export function createChartFrame(root, label) {
  const { frame, remove } = createFrame(root, label);
  /** @type {boolean | null} */
  let dark = null;
  return {
    frame,
    /** @param {{ theme: string }} store */
    theme(store) {
      const now = store.theme === 'dark';
      if (now === dark) return null;
      dark = now;
      const palette = paletteFor(dark);
      paintFrame(frame, palette);
      return palette;
    },
    remove,
  };
}

/**
 * What tells a run from another one; the same run may be described again after the server was away.
 * @param {{ description: Description }} about
 */
export const runOf = ({ description }) => description?.run ?? description;

/**
 * The split that the held-out figures are of: {name, size}.
 * @param {Description} about
 */
export function heldoutOf({ dataset }) {
  return dataset.n_validation
    ? { name: 'validation', size: dataset.n_validation }
    : { name: 'test', size: dataset.n_test ?? 0 };
}
