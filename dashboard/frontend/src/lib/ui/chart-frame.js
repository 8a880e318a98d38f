/** The look of the curves, the confusion matrix and the classes, on the frame that the network view has too. */
import { isDark, paletteFor } from '../theme/palette.js';
import { createFrame, paintFrame } from './frame.js';

const RULES = `
.ch-choice { display: inline-flex; }
.ch-choice .nv-button { border-radius: 0; margin-left: -1px; }
.ch-choice .nv-button:first-child { border-radius: 6px 0 0 6px; margin-left: 0; }
.ch-choice .nv-button:last-child { border-radius: 0 6px 6px 0; }
.ch-choice .nv-button:only-child { border-radius: 6px; }
.ch-choice .nv-button:disabled { color: var(--nv-off); background: none; cursor: default; }
.ch-lines i { width: 20px; height: 0; border-top: 2.5px solid; border-radius: 0; } .ch-lines i.dash { border-top-style: dashed; }
.ch-box { position: relative; }
.ch-canvas { display: block; width: 100%; border-radius: 6px; cursor: crosshair; touch-action: pan-y; }
.nv-tip.ch-tip { top: 6px; white-space: nowrap; }
.ch-tip b { display: block; font-weight: 700; }
.ch-tip span { display: flex; justify-content: space-between; gap: 14px; }
.ch-tip q { display: block; max-width: 250px; white-space: normal; color: var(--nv-muted); quotes: none; }
.ch-scroll { overflow-x: auto; }
.ch-numbers, .ch-classes { width: 100%; margin: 6px 0 0; border: 0; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.ch-numbers caption { padding: 0 0 2px; text-align: left; color: var(--nv-muted); font-size: 12px; }
.ch-numbers th, .ch-numbers td { padding: 2px 0 2px 10px; border: 0; border-bottom: 1px solid var(--nv-edge); font-size: 12px; text-align: right; white-space: nowrap; }
.ch-numbers thead th { color: var(--nv-muted); font-weight: 600; vertical-align: bottom; white-space: normal; }
.ch-numbers th:first-child { padding-left: 0; text-align: left; }
.ch-numbers tr[aria-current] > * { background: var(--nv-panel); font-weight: 700; }
.ch-axis { margin: 0 0 2px; text-align: center; color: var(--nv-muted); font-size: 12px; }
.ch-matrix { width: 100%; margin: 0; border: 0; border-collapse: separate; border-spacing: 1px; table-layout: fixed; font-variant-numeric: tabular-nums; }
.ch-matrix th, .ch-matrix td { height: var(--ch-cell, 30px); padding: 0; border: 0; overflow: hidden; font-size: 12px; font-weight: 400; line-height: 1; text-align: center; }
.ch-matrix th { color: var(--nv-muted); text-overflow: ellipsis; white-space: nowrap; }
.ch-matrix th[scope=row] { padding-right: 6px; text-align: right; }
.ch-matrix thead th { vertical-align: bottom; padding-bottom: 3px; }
.ch-matrix thead th.ch-tall > span { display: inline-block; max-height: 76px; overflow: hidden; text-overflow: ellipsis; writing-mode: vertical-rl; transform: rotate(180deg); }
.ch-matrix .ch-total { width: var(--ch-total, 40px); color: var(--nv-muted); font-size: 11.5px; }
.ch-matrix thead th.ch-corner { font-size: 11px; text-align: right; padding-right: 6px; }
.ch-matrix .ch-lit { color: var(--nv-ink); font-weight: 700; }
.ch-matrix td[data-row] { border-radius: 3px; cursor: pointer; }
.ch-matrix td[data-row]:hover { box-shadow: inset 0 0 0 2px var(--nv-ink); }
.ch-matrix td[aria-selected=true] { box-shadow: inset 0 0 0 2px var(--nv-ink), inset 0 0 0 3.5px var(--nv-surface); }
.ch-matrix td[data-row]:focus-visible { outline-offset: -2px; }
.ch-say { min-height: 2.9em; margin: 6px 0 0; color: var(--nv-ink); font-size: 12.5px; }
.ch-say.ch-quiet { color: var(--nv-muted); }
.ch-classes { table-layout: auto; margin: 0; }
.ch-classes th, .ch-classes td { padding: 4px 0 4px 10px; border: 0; border-bottom: 1px solid var(--nv-edge); font-size: 12.5px; text-align: right; }
.ch-classes tfoot tr:last-child > * { border-bottom: 0; }
.ch-classes th:first-child { padding-left: 0; text-align: left; }
.ch-classes thead button { padding: 2px 0; font: inherit; font-size: 12px; font-weight: 600; color: var(--nv-muted); background: none; border: 0; cursor: pointer; white-space: nowrap; }
.ch-classes thead .ch-trend { color: var(--nv-muted); font-size: 12px; font-weight: 600; white-space: nowrap; }
.ch-classes thead button::after { content: ' ↕'; opacity: 0.45; }
.ch-classes th[aria-sort=ascending] button::after { content: ' ↑'; opacity: 1; } .ch-classes th[aria-sort=descending] button::after { content: ' ↓'; opacity: 1; }
.ch-classes th[aria-sort=ascending] button, .ch-classes th[aria-sort=descending] button { color: var(--nv-ink); }
.ch-classes tbody th { max-width: 150px; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ch-classes tbody th em { margin-left: 6px; padding: 0 5px; border: 1px solid var(--nv-positive); border-radius: 5px; font-size: 11px; font-style: normal; font-weight: 500; }
.ch-classes .ch-undefined { color: var(--nv-muted); text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.ch-meter { display: flex; align-items: center; justify-content: flex-end; gap: 7px; }
.ch-meter i { flex: 1 1 16px; min-width: 10px; max-width: 84px; height: 6px; border-radius: 3px; background: linear-gradient(90deg, var(--nv-accent) var(--part), var(--ch-faint) var(--part)); }
.ch-classes svg { display: block; width: 64px; height: 18px; margin-left: auto; overflow: visible; fill: none; stroke: var(--nv-accent); stroke-width: 1.5; stroke-linejoin: round; }
.ch-classes .ch-rate { width: 19%; } .ch-classes tfoot th small { display: block; max-width: 250px; color: var(--nv-muted); font-size: 11px; font-weight: 400; }
.ch-classes tfoot th, .ch-classes tfoot td { font-weight: 500; vertical-align: top; }
@container (max-width: 470px) { .ch-meter i { display: none; } .ch-classes .ch-trend { display: none; } .ch-matrix th, .ch-matrix td { font-size: 10.5px; } .ch-classes th, .ch-classes td { padding-left: 6px; } .ch-classes .ch-rate { width: auto; } }
`;

/** A frame in `root` for one view: {frame, theme(store) -> palette when it is another one, else null, remove()}. */
export function createChartFrame(root, label) {
  const { frame, remove } = createFrame(root, label);
  const style = document.createElement('style');
  style.textContent = RULES;
  root.append(style);
  let dark = null;
  return {
    frame,
    theme(store) {
      const now = isDark(store, root);
      if (now === dark) return null;
      dark = now;
      const palette = paletteFor(dark);
      paintFrame(frame, palette);
      frame.style.setProperty('--ch-faint', palette.faint);
      return palette;
    },
    remove() {
      style.remove();
      remove();
    },
  };
}

/** An element with properties and children. */
export function make(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** A button of the frame's style; `pressed` for one that stays down. */
export function makeButton(text, title, pressed = null) {
  const button = make('button', { type: 'button', className: 'nv-button', textContent: text, title });
  if (pressed !== null) button.setAttribute('aria-pressed', String(pressed));
  return button;
}

/** What tells a run from another one; the same run may be described anew after the server was away. */
export const runOf = ({ description }) => description?.run ?? description;

/** The split that the held-out figures are of: {name, size}. */
export function heldoutOf({ dataset }) {
  return dataset.n_validation ? { name: 'validation', size: dataset.n_validation } : { name: 'test', size: dataset.n_test ?? 0 };
}
