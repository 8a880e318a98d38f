/** The look of the network view and of the weight tiles, as one style sheet with its colours as variables. */

const RULES = `
.nv { position: relative; color: var(--nv-ink); font-size: 13px; line-height: 1.4; container-type: inline-size; }
.nv *, .nv *::before { box-sizing: border-box; }
.nv [hidden] { display: none !important; }
.nv-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px; margin-bottom: 8px; }
.nv-bar h3, .nv-bar h3 * { margin: 0; padding: 0; font-size: 15px; font-weight: 700; letter-spacing: -0.005em; }
.nv-bar h3 { margin-right: auto; }
.nv-bar small { color: var(--nv-muted); font-size: 12px; font-weight: 400; }
.nv-bar label { display: inline-flex; align-items: center; gap: 8px; color: var(--nv-muted); font-size: 12px; }
.nv-bar output { min-width: 24px; color: var(--nv-ink); font-variant-numeric: tabular-nums; font-weight: 600; }
.nv input[type=range] { accent-color: var(--nv-accent); width: 110px; height: 18px; margin: 0; cursor: pointer; }
.nv select, .nv-button, .nv input[type=number] { font: inherit; font-size: 12px; color: var(--nv-ink); background: var(--nv-surface);
  border: 1px solid var(--nv-edge); border-radius: 6px; }
.nv select { padding: 3px 6px; }
.nv-button { padding: 3px 9px; cursor: pointer; white-space: nowrap; }
.nv-button:hover { background: var(--nv-panel); border-color: var(--nv-muted); }
.nv-button[aria-pressed=true] { background: var(--nv-ink); color: var(--nv-surface); }
.nv-zoom { display: inline-flex; }
.nv-zoom .nv-button { border-radius: 0; min-width: 28px; margin-left: -1px; }
.nv-zoom .nv-button:first-child { border-radius: 6px 0 0 6px; }
.nv-zoom .nv-button:last-child { border-radius: 0 6px 6px 0; }
.nv :focus-visible { outline: 2px solid var(--nv-accent); outline-offset: 1px; }
.nv-probes { display: flex; gap: 14px; overflow-x: auto; padding: 3px 3px 8px; margin-bottom: 4px; scrollbar-width: thin; }
.nv-probe-group { flex: none; }
.nv-probe-group > span { display: block; font-size: 11px; font-weight: 600; color: var(--nv-muted); margin: 0 0 2px 1px; max-width: 120px;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.nv-probe-group > div { display: flex; gap: 4px; }
.nv-probe { position: relative; flex: none; width: 34px; height: 34px; padding: 0; border: 1px solid var(--nv-edge); border-radius: 5px;
  background: var(--nv-paper); overflow: hidden; cursor: pointer; }
.nv-probe img { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.nv-probe:hover { border-color: var(--nv-muted); }
.nv-probe[aria-pressed=true] { border-color: var(--nv-accent); box-shadow: 0 0 0 2px var(--nv-accent); }
.nv-wrong::before { content: ''; position: absolute; top: 0; right: 0; border: 6px solid; border-color: var(--nv-positive) var(--nv-positive) transparent transparent; }
.nv-stage { position: relative; }
.nv-canvas { display: block; width: 100%; border-radius: 10px; background: var(--nv-surface); border: 1px solid var(--nv-edge); cursor: grab; touch-action: pan-y; }
.nv-canvas.nv-zoomed { touch-action: none; }
.nv-canvas.nv-over { cursor: pointer; }
.nv-canvas.nv-held { cursor: grabbing; }
.nv-banner { position: absolute; z-index: 2; left: 50%; top: 6px; transform: translateX(-50%); display: flex; flex-wrap: wrap; align-items: center; gap: 4px 12px;
  width: max-content; max-width: calc(100% - 16px); padding: 6px 8px 6px 14px; border-radius: 10px; background: var(--nv-surface); border: 2px solid var(--nv-positive); box-shadow: 0 4px 18px rgb(0 0 0 / 0.22); }
.nv-banner b { font-weight: 700; }
.nv-banner span { color: var(--nv-muted); font-variant-numeric: tabular-nums; }
.nv-legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 6px 2px 0; color: var(--nv-muted); font-size: 12px; }
.nv-legend span { display: inline-flex; align-items: center; gap: 6px; }
.nv-legend i { display: inline-block; width: 18px; height: 3px; border-radius: 2px; }
.nv-legend i.ring { width: 11px; height: 11px; border-radius: 50%; border: 1.5px solid var(--nv-off); }
.nv-legend i.struck { width: 13px; height: 13px; background: linear-gradient(135deg, transparent 44%, var(--nv-muted) 44%, var(--nv-muted) 56%, transparent 56%); }
.nv-card { font-size: 12px; color: var(--nv-ink); background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 10px; }
.nv-float { position: absolute; z-index: 3; top: 0; left: 0; display: grid; grid-template-columns: 134px minmax(0, 1fr); gap: 0 16px; width: 476px; max-width: calc(100% - 8px); padding: 10px 12px; pointer-events: none; box-shadow: 0 8px 28px rgb(0 0 0 / 0.24); }
.nv-float .nv-card-head, .nv-float .nv-code { grid-column: 1 / -1; }
.nv-float .nv-pictures { flex-direction: column; align-content: flex-start; margin: 0; flex-wrap: nowrap; }
.nv-float .nv-pictures .nv-facts { margin: 0; }
.nv-card-head { display: flex; align-items: center; gap: 8px; }
.nv-card h4, .nv-card h4 * { margin: 0; padding: 0; font-size: 13px; font-weight: 700; letter-spacing: 0; }
.nv-card h4 { margin-right: auto; }
.nv-chip { flex: none; width: 13px; height: 13px; border-radius: 50%; border: 1px solid var(--nv-edge); }
.nv-chip.nv-off { border: 1.5px solid var(--nv-off); }
.nv-value, .nv-code, .nv-sum td.n, .nv-sum-end { font-family: var(--nv-mono); font-variant-numeric: tabular-nums; }
.nv-value { font-size: 13px; }
.nv .nv-code { display: block; padding: 0; margin: 1px 0 6px; background: none; color: var(--nv-muted); font-size: 11px; }
.nv-pictures { display: flex; flex-wrap: wrap; gap: 8px 12px; margin-bottom: 8px; }
.nv-figure { margin: 0; }
.nv-figure canvas { display: block; }
.nv-pictures .nv-figure:not(.nv-wide) canvas { width: 134px; height: auto; aspect-ratio: 1; image-rendering: pixelated; border: 1px solid var(--nv-edge); border-radius: 4px; }
.nv-figure figcaption { color: var(--nv-muted); font-size: 11px; margin-top: 2px; }
.nv-sum table { width: 100%; border-collapse: collapse; margin: 0; border: 0; }
.nv-sum th, .nv-sum td { padding: 1px 0 1px 8px; border: 0; font-size: 11.5px; line-height: 1.45; text-align: left; white-space: nowrap; }
.nv-sum th { color: var(--nv-muted); font-size: 11px; font-weight: 500; }
.nv-sum th:first-child, .nv-sum td:first-child { padding-left: 0; }
.nv-sum .n { text-align: right; }
.nv-sum td.n { font-size: 11px; }
.nv-product { position: relative; }
.nv-product i { position: absolute; right: 0; bottom: 0; height: 2px; border-radius: 1px; max-width: calc(100% - 8px); }
.nv-product i.pos { background: var(--nv-positive); } .nv-product i.neg { background: var(--nv-negative); }
.nv-tail td { color: var(--nv-muted); }
.nv-sum-end { display: flex; flex-wrap: wrap; gap: 0 14px; margin: 4px 0 8px; padding-top: 4px; border-top: 1px solid var(--nv-edge); font-size: 11.5px; }
.nv-sum-end .nv-a { font-weight: 700; }
.nv-sum-end .nv-note { color: var(--nv-muted); font-family: var(--nv-font); }
.nv-facts { display: grid; grid-template-columns: 1fr auto; gap: 0 10px; margin: 6px 0 0; font-size: 11.5px; }
.nv-facts dt { margin: 0; color: var(--nv-muted); font-weight: 400; } .nv-facts dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.nv-dock { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; gap: 6px 24px; margin-top: 10px; padding: 12px 16px 14px; background: var(--nv-panel); }
.nv-dock .nv-card-head { grid-column: 1 / -1; flex-wrap: wrap; }
.nv-dock h4 { font-size: 15px; margin-right: 0; } .nv-dock .nv-value { font-size: 15px; }
.nv-dock .nv-code { margin: 0 auto 0 4px; }
.nv-dock .nv-pictures { flex-direction: column; }
.nv-dock .nv-pictures .nv-figure:not(.nv-wide) canvas { width: 168px; }
.nv-dock .nv-sum td:nth-child(3) { display: flex; align-items: center; justify-content: flex-end; gap: 6px; }
.nv-dock .nv-sum td { padding-block: 2px; }
.nv-dock .nv-sum input[type=range] { width: clamp(40px, 9cqw, 96px); }
.nv-dock .nv-sum input[type=number] { width: 84px; padding: 1px 4px; text-align: right; font-family: var(--nv-mono); font-size: 11px; }
.nv-dock .nv-sum td button { width: 54px; padding: 1px 0; font: inherit; font-family: var(--nv-font); font-size: 11px; color: var(--nv-ink); background: none; border: 1px solid var(--nv-edge); border-radius: 5px; cursor: pointer; }
.nv-dock .nv-sum td button:hover { background: var(--nv-surface); border-color: var(--nv-muted); }
.nv-whole { max-height: 420px; overflow: auto; contain: content; } .nv-whole table { table-layout: fixed; } .nv-whole th:nth-child(3) { width: 262px; } .nv-whole .nv-from { overflow: hidden; text-overflow: ellipsis; } .nv-whole thead th { position: sticky; top: 0; z-index: 1; background: var(--nv-panel); }
.nv-unfold { margin-top: 4px; }
.nv-dock .as-numbers { margin: 0 0 6px; font-size: 11px; } .nv-dock .as-numbers summary { color: var(--nv-muted); cursor: pointer; width: max-content; }
.nv-dock .as-numbers-box { max-height: 180px; overflow: auto; } .nv-dock .as-numbers caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; } .nv-dock .as-numbers table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.nv-dock .as-numbers th, .nv-dock .as-numbers td { padding: 2px 8px 2px 0; border: 0; font-size: 11px; text-align: right; } .nv-dock .as-numbers th:first-child { text-align: left; }
.nv-changed td:first-child { box-shadow: inset 3px 0 var(--nv-positive); padding-left: 8px !important; font-weight: 600; }
@container (max-width: 980px) { .nv-dock { grid-template-columns: minmax(0, 1fr) auto; } .nv-dock .nv-pictures { grid-column: 1 / -1; flex-direction: row; } }
@container (max-width: 700px) { .nv-dock { grid-template-columns: minmax(0, 1fr); } .nv-bar h3 { width: 100%; }
  .nv-dock .nv-sum { overflow-x: auto; } .nv-dock .nv-sum input[type=range] { display: none; } .nv-whole th:nth-child(3) { width: 160px; } }
.nv-tiles-box { position: relative; }
.nv-tiles { display: block; image-rendering: pixelated; cursor: pointer; border-radius: 4px; }
.nv-tile-mark { position: absolute; pointer-events: none; border: 2px solid var(--nv-accent); border-radius: 3px; box-shadow: 0 0 0 1px var(--nv-surface); }
.nv-tile-mark.pin { border-color: var(--nv-ink); }
.nv-tip { position: absolute; z-index: 3; padding: 7px 10px; font-size: 12px; pointer-events: none; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 8px; box-shadow: 0 6px 20px rgb(0 0 0 / 0.22); white-space: pre; font-variant-numeric: tabular-nums; }
.nv-scale { display: inline-flex; align-items: center; gap: 6px; color: var(--nv-muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.nv-scale i { width: 96px; height: 8px; border-radius: 4px; }
.nv-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .nv-banner, .nv-dock { animation: nv-in 160ms ease-out; } }
@keyframes nv-in { from { opacity: 0; } }
`;

/** Give `root` the style sheet (once in each tree) and a frame element to build in. */
export function createFrame(root, label) {
  const style = document.createElement('style');
  style.textContent = RULES;
  const frame = document.createElement('section');
  frame.className = 'nv';
  frame.setAttribute('aria-label', label);
  root.append(style, frame);
  return { frame, remove: () => { style.remove(); frame.remove(); } };
}

/** Hand a palette's colours and the page's fonts to the style sheet. */
export function paintFrame(frame, palette) {
  const variables = {
    ink: palette.ink, muted: palette.muted, surface: palette.surface, panel: palette.panel, edge: palette.line, paper: palette.paper,
    off: palette.off, accent: palette.accent, positive: palette.positive, negative: palette.negative,
    mono: 'ui-monospace, "SF Mono", "Source Code Pro", Menlo, Consolas, monospace', font: getComputedStyle(frame).fontFamily,
  };
  for (const [name, value] of Object.entries(variables)) frame.style.setProperty(`--nv-${name}`, value);
}
