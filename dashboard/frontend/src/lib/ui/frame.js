/** The frame of a view; its look is in frame.css, with the theme's colours as variables. */

import { make } from './dom.js';
/** @import { Palette } from '../model/types.js' */

/**
 * Append a frame to `root` that a view can build in.
 * @param {HTMLElement} root
 * @param {string} label
 */
export function createFrame(root, label) {
  const frame = make('section', { className: 'nv', 'aria-label': label });
  root.append(frame);
  return { frame, remove: () => frame.remove() };
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
