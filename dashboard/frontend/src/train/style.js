/** The look of the stage: the timeline, the grid of cards, curves, confusion matrix and classes. */

export const RULES = `
.annscope-stage { container-type: inline-size; color: var(--nv-ink); font-size: 13px; line-height: 1.4; min-height: 420px; outline: none; }
.annscope-stage *, .annscope-stage *::before { box-sizing: border-box; }
.annscope-stage [hidden] { display: none !important; }
.as-sticky { position: sticky; top: 0; z-index: 20; background: var(--nv-surface); padding: 6px 0 8px; }
.as-timeline { display: flex; align-items: center; gap: 6px 8px; flex-wrap: wrap; padding: 8px 12px; border: 1px solid var(--nv-edge); border-radius: 10px; background: var(--nv-panel); }
.as-button, .as-latest, .as-speed { font: inherit; font-size: 12px; color: var(--nv-ink); background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 7px; cursor: pointer; height: 30px; }
.as-button { width: 32px; padding: 0; display: inline-grid; place-items: center; }
.as-button svg { width: 16px; height: 16px; }
.as-solid { fill: currentColor; } .as-line { fill: none; stroke: currentColor; stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
.as-speed { padding: 0 4px; }
.as-latest { padding: 0 12px; font-weight: 600; }
.as-latest[aria-pressed=true] { border-color: var(--nv-accent); color: var(--nv-accent); }
.as-latest.as-running::before { content: ''; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: var(--nv-positive); margin-right: 6px; }
.as-button:hover:not(:disabled), .as-latest:hover:not(:disabled) { border-color: var(--nv-muted); }
.as-timeline :disabled { opacity: 0.45; cursor: default; }
.annscope-stage :focus-visible { outline: 2px solid var(--nv-accent); outline-offset: 2px; }
.as-track { position: relative; flex: 1 1 240px; min-width: 160px; height: 50px; }
.as-track canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.as-track input { position: absolute; left: 0; top: 15px; width: 100%; height: 18px; margin: 0; background: none; appearance: none; -webkit-appearance: none; cursor: pointer; }
.as-track input::-webkit-slider-runnable-track { background: none; height: 18px; }
.as-track input::-webkit-slider-thumb { -webkit-appearance: none; width: 18px; height: 18px; border-radius: 50%; background: var(--nv-surface); border: 3px solid var(--nv-accent); }
.as-track input::-moz-range-track { background: none; height: 18px; }
.as-track input::-moz-range-thumb { width: 12px; height: 12px; border-radius: 50%; background: var(--nv-surface); border: 3px solid var(--nv-accent); }
.as-marks { position: absolute; inset: 0; pointer-events: none; }
.as-mark { position: absolute; top: -2px; width: 16px; height: 16px; margin-left: -8px; padding: 2px; color: var(--nv-muted); background: none; border: 0; border-radius: 4px; cursor: pointer; pointer-events: auto; }
.as-mark svg { display: block; width: 12px; height: 12px; fill: currentColor; }
.as-mark[data-kind=rate], .as-mark[data-kind=best] { color: var(--nv-accent); } .as-mark[data-kind=trouble] { color: var(--nv-positive); }
.as-mark[data-kind=pin], .as-mark:hover { color: var(--nv-ink); }
.as-tip.as-mark-tip { top: 38px; white-space: pre; }
.as-trouble { margin: 0; padding: 10px 12px; border: 1px solid var(--nv-edge); border-left: 4px solid var(--nv-positive); border-radius: 8px; }
.as-readout { flex: none; min-width: 240px; text-align: right; color: var(--nv-muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.as-notice { margin: 6px 0 0; padding: 7px 12px; border: 1px solid var(--nv-positive); border-radius: 8px; background: var(--nv-panel); }
.as-waiting { display: grid; place-items: center; min-height: 300px; color: var(--nv-muted); text-align: center; }
.as-waiting progress { width: min(360px, 70cqw); accent-color: var(--nv-accent); display: block; margin: 10px auto 0; }
.as-columns { display: grid; grid-template-columns: minmax(0, 7fr) minmax(0, 5fr); gap: 14px; align-items: start; margin-top: 6px; }
.as-column { display: grid; gap: 14px; min-width: 0; }
.as-card { min-width: 0; padding: 12px 14px 12px; border: 1px solid var(--nv-edge); border-radius: 12px; background: var(--nv-surface); }
@container (max-width: 900px) {
  .as-columns { grid-template-columns: minmax(0, 1fr); }
  .as-column { display: contents; }
  .as-card[data-view=curves] { order: 1; } .as-card[data-view=network] { order: 2; } .as-card[data-view=confusion] { order: 3; }
  .as-card[data-view=compare], .as-card[data-view=health] { order: 2; } .as-card[data-view=classes] { order: 4; } .as-card[data-view=tiles] { order: 5; }
  .as-card[data-view=layers] { order: 6; } .as-card[data-view=distributions] { order: 7; }
  .as-readout { min-width: 0; flex: 1 1 100%; text-align: left; }
}
.as-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; margin-bottom: 6px; }
.as-head h3 { margin: 0 auto 0 0; padding: 0; font-size: 15px; font-weight: 700; letter-spacing: -0.005em; }
.as-head small { color: var(--nv-muted); font-size: 12px; font-weight: 400; }
.as-choice { display: inline-flex; }
.as-choice button { font: inherit; font-size: 12px; padding: 3px 9px; margin-left: -1px; color: var(--nv-ink); background: var(--nv-surface); border: 1px solid var(--nv-edge); cursor: pointer; }
.as-choice button:first-child { border-radius: 6px 0 0 6px; } .as-choice button:last-child { border-radius: 0 6px 6px 0; } .as-choice button:only-child { border-radius: 6px; margin: 0; }
.as-choice button[aria-pressed=true] { background: var(--nv-ink); color: var(--nv-surface); border-color: var(--nv-ink); }
.as-chart { position: relative; }
.as-chart canvas { display: block; width: 100%; border-radius: 6px; cursor: crosshair; touch-action: pan-y; }
.as-tip { position: absolute; z-index: 4; top: 6px; padding: 6px 9px; pointer-events: none; font-size: 12px; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 8px; box-shadow: 0 6px 20px rgb(0 0 0 / 0.2); white-space: nowrap; font-variant-numeric: tabular-nums; }
.as-tip b { display: block; } .as-tip span { display: flex; justify-content: space-between; gap: 14px; }
.as-matrix { width: 100%; border-collapse: separate; border-spacing: 1px; table-layout: fixed; font-variant-numeric: tabular-nums; border: 0; margin: 0; }
.as-matrix th, .as-matrix td { border: 0; padding: 0; height: var(--cell, 30px); text-align: center; font-size: 12px; font-weight: 400; line-height: 1; overflow: hidden; }
.as-matrix th { color: var(--nv-muted); font-size: 11.5px; text-overflow: ellipsis; white-space: nowrap; }
.as-matrix th[scope=row] { padding-right: 6px; text-align: right; }
.as-matrix td[tabindex] { border-radius: 3px; cursor: default; transition: none; }
.as-matrix td[tabindex]:hover { box-shadow: inset 0 0 0 2px var(--nv-ink); }
.as-matrix td[tabindex]:focus-visible { outline-offset: -2px; }
.as-say { min-height: 1.5em; margin: 6px 0 0; color: var(--nv-muted); font-size: 12px; }
.as-classes { width: 100%; border-collapse: collapse; margin: 0; border: 0; font-variant-numeric: tabular-nums; }
.as-classes th, .as-classes td { border: 0; border-bottom: 1px solid var(--nv-edge); padding: 4px 8px 4px 0; font-size: 12.5px; text-align: right; }
.as-classes tr:last-child > * { border-bottom: 0; }
.as-classes th:first-child, .as-classes td:first-child, .as-classes tbody th { text-align: left; }
.as-classes thead button { font: inherit; font-size: 12px; font-weight: 600; color: var(--nv-muted); background: none; border: 0; padding: 2px 0; cursor: pointer; white-space: nowrap; }
.as-classes thead th[aria-sort]:not([aria-sort=none]) button { color: var(--nv-ink); }
.as-classes tbody th { font-weight: 600; max-width: 130px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.as-classes tfoot th { max-width: none; white-space: nowrap; }
.as-classes tfoot th, .as-classes tfoot td { color: var(--nv-muted); font-weight: 500; }
.as-select { font: inherit; font-size: 12px; padding: 3px 6px; color: var(--nv-ink); background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 6px; }
.as-findings { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px; }
.as-findings li { margin: 0; padding: 2px 0 2px 12px; font-size: 12.5px; border-left: 3px solid var(--nv-edge); }
.as-findings li.as-bad { border-color: var(--nv-positive); } .as-findings li.as-watch { border-color: var(--nv-positive); border-left-style: dotted; } .as-findings li.as-fine { border-color: var(--nv-accent); color: var(--nv-muted); }
.as-findings b, .as-findings span, .as-findings em { display: block; }
.as-findings span { color: var(--nv-muted); } .as-findings em { font-style: normal; }
.as-compare { display: grid; gap: 12px; }
.as-compare caption { caption-side: top; text-align: left; padding: 0 0 2px; color: var(--nv-muted); font-size: 12px; }
.as-compare thead th { color: var(--nv-muted); font-weight: 500; }
.as-better { color: var(--nv-accent); font-weight: 600; } .as-worse { color: var(--nv-highest); font-weight: 600; }
.as-numbers { margin-top: 4px; font-size: 12px; } .as-numbers summary { color: var(--nv-muted); cursor: pointer; width: max-content; }
.as-numbers-box { max-height: 240px; overflow: auto; margin-top: 4px; } .as-numbers .as-classes th, .as-numbers .as-classes td { padding: 2px 8px 2px 0; font-size: 11.5px; }
.as-sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
