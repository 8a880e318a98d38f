/** The frame of a view; its look is in frame.css, with the theme's colours as variables. */

import { paletteFor } from '../theme/palette.js';
import { make } from './dom.js';
/** @import { Palette } from '../model/types.js' */

/**
 * Append a frame to `root` that a view can build in: {frame, theme(store)}, which is the palette when it is another one, else null.
 * @param {HTMLElement} root
 * @param {string} label
 */
export function createFrame(root, label) {
  const frame = make('section', { className: 'nv', 'aria-label': label });
  root.append(frame);
  /** @type {Palette | null} */
  let painted = null;
  return {
    frame,
    /** @param {{ theme: string }} store */
    theme(store) {
      const palette = paletteFor(store.theme === 'dark');
      if (palette === painted) return null;
      painted = palette;
      paintFrame(frame, palette);
      return palette;
    },
  };
}

/**
 * Hand a palette's colours and the page's fonts to the style sheet.
 * @param {HTMLElement} frame
 * @param {Palette} palette
 */
export function paintFrame(frame, palette) {
  const variables = {
    ink: palette.ink,
    muted: palette.muted,
    surface: palette.surface,
    panel: palette.panel,
    edge: palette.line,
    faint: palette.faint,
    paper: palette.paper,
    off: palette.off,
    accent: palette.accent,
    positive: palette.positive,
    negative: palette.negative,
    highest: palette.highest,
    mono: 'ui-monospace, "SF Mono", "Source Code Pro", Menlo, Consolas, monospace',
    font: getComputedStyle(frame).fontFamily,
  };
  for (const [name, value] of Object.entries(variables)) frame.style.setProperty(`--nv-${name}`, value);
}
