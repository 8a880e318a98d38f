/** The look of the Draw page, on top of the network view's variables and buttons (network-style.js). */
export const RULES = `
.annscope-draw { min-height: 600px; }
.annscope-draw .dr-time { display: flex; align-items: center; gap: 12px; margin: 0 0 12px; font-size: 13px; }
.annscope-draw .dr-time input[type=range] { flex: 1; max-width: 520px; width: auto; }
.annscope-draw .dr-time output { color: var(--nv-muted); font-weight: 400; font-size: 13px; white-space: nowrap; }
.annscope-draw .dr-time b { font-weight: 600; }
.dr-notice { margin: 0 0 12px; padding: 8px 14px; border: 1px solid var(--nv-positive); border-left-width: 4px; border-radius: 8px; font-size: 13px; }
.dr-grid { display: grid; gap: 14px; grid-template-columns: minmax(300px, 1.15fr) minmax(250px, 0.9fr) minmax(270px, 1fr); align-items: start; }
.dr-card { min-width: 0; padding: 14px 16px 16px; border: 1px solid var(--nv-edge); border-radius: 12px; background: var(--nv-surface); }
.dr-grid > .dr-card { height: 100%; }
.dr-head { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 10px; margin-bottom: 10px; min-height: 26px; }
.nv .dr-head h3, .nv .dr-head h3 * { margin: 0; padding: 0; font-size: 15px; font-weight: 700; letter-spacing: -0.005em; }
.dr-head h3 { margin-right: auto !important; }
.dr-head small, .dr-note { color: var(--nv-muted); font-size: 12px; }
.nv p.dr-note { margin: 0 0 10px; font-size: 12.5px; }
.dr-row { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; margin-top: 10px; }
.dr-row label, .dr-tools label { display: inline-flex; align-items: center; gap: 7px; color: var(--nv-muted); font-size: 12px; }
.dr-label { color: var(--nv-muted); font-size: 12px; }
.dr-tools { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; margin-bottom: 10px; }
.dr-tools input[type=range] { width: 84px; }
.dr-choice { display: inline-flex; }
.dr-choice .nv-button { border-radius: 0; margin-left: -1px; }
.dr-choice .nv-button:first-child { border-radius: 6px 0 0 6px; margin-left: 0; }
.dr-choice .nv-button:last-child { border-radius: 0 6px 6px 0; }
.nv-button:disabled { opacity: 0.45; cursor: default; }
.dr-pad { position: relative; max-width: 460px; margin: 0 auto; }
.dr-sheet { display: block; width: 100%; border: 1px solid var(--nv-edge); border-radius: 10px; background-color: var(--nv-paper); cursor: crosshair; touch-action: none;
  background-image: linear-gradient(var(--nv-faint) 1px, transparent 1px), linear-gradient(90deg, var(--nv-faint) 1px, transparent 1px); background-size: calc(100% / var(--dr-columns)) calc(100% / var(--dr-rows)); }
.nv .dr-hint { position: absolute; inset: 0; display: grid; place-items: center; margin: 0; color: var(--nv-muted); font-size: 20px; font-weight: 500; pointer-events: none; }
.dr-number { width: 62px; padding: 3px 6px; }
.dr-switch[hidden] { display: none; }
.dr-upload { display: inline-flex; align-items: center; gap: 8px; }
.dr-seen-image { display: block; width: 100%; max-width: 340px; margin: 0 auto; border: 1px solid var(--nv-edge); border-radius: 10px; image-rendering: pixelated; }
.nv output.dr-tip { display: block; min-height: 18px; margin-top: 4px; color: var(--nv-muted); font-size: 12px; font-weight: 400; text-align: center; }
.dr-seen .dr-row { justify-content: center; }
.dr-seen .nv-scale { justify-content: center; display: flex; flex-wrap: wrap; margin-top: 10px; }
.nv .dr-numbers { margin-top: 10px; font-size: 12px; border: 0; }
.nv .dr-numbers summary { cursor: pointer; color: var(--nv-muted); width: max-content; }
.dr-table { max-height: 240px; overflow: auto; margin-top: 6px; border: 1px solid var(--nv-edge); border-radius: 8px; }
.dr-table table { border-collapse: collapse; margin: 0; border: 0; font-family: var(--nv-mono); font-size: 10.5px; font-variant-numeric: tabular-nums; }
.dr-table caption { caption-side: top; padding: 4px 6px; text-align: left; color: var(--nv-muted); font-family: var(--nv-font); white-space: nowrap; }
.dr-table td, .dr-table th { white-space: nowrap; padding: 1px 6px; text-align: right; border: 0; color: var(--nv-ink); }
.dr-table th { color: var(--nv-muted); font-weight: 500; }
.dr-top { display: flex; align-items: center; gap: 16px; min-height: 76px; margin-bottom: 8px; }
.dr-top > div { display: flex; flex-direction: column; gap: 2px; font-size: 14px; }
.dr-name { font-size: 68px; line-height: 1; font-weight: 700; letter-spacing: -0.03em; min-width: 56px; text-align: center; font-variant-numeric: tabular-nums; }
.dr-name.dr-long { font-size: 30px; letter-spacing: -0.01em; text-align: left; }
.dr-sure { font-weight: 600; }
.dr-truth { color: var(--nv-muted); font-size: 12.5px; }
.dr-truth[data-right=true]::before { content: '✓ '; } .dr-truth[data-right=false]::before { content: '✗ '; color: var(--nv-positive); font-weight: 700; }
.nv .dr-bars { list-style: none; margin: 0; padding: 0; }
.nv .dr-bars li { margin: 0; padding: 0; }
.dr-bar { display: grid; grid-template-columns: var(--dr-name) 1fr 58px; align-items: center; gap: 10px; width: 100%; padding: 3px 6px; border: 0; border-radius: 6px; background: none; color: inherit; font: inherit; font-size: 13px; text-align: left; cursor: pointer; }
.dr-answer { display: flex; flex-direction: column; }
.nv .dr-bars { flex: 1 1 auto; max-height: calc(44px * var(--dr-classes)); display: flex; flex-direction: column; justify-content: center; }
.nv .dr-bars li { flex: 1 1 auto; display: flex; align-items: center; max-height: 44px; }
.nv .dr-sure { font-size: 16px; }
.dr-bar:hover { background: var(--nv-panel); }
.dr-class { font-variant-numeric: tabular-nums; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.dr-track { height: 17px; border-radius: 4px; background: var(--nv-faint); overflow: hidden; }
.dr-track i { display: block; height: 100%; border-radius: 4px; background: var(--nv-off); transform-origin: left; transform: scaleX(0); }
.dr-best .dr-track i { background: var(--nv-accent); }
.dr-best .dr-class, .dr-best .dr-value { font-weight: 700; color: var(--nv-ink); }
.dr-true .dr-class { text-decoration: underline; text-underline-offset: 3px; text-decoration-thickness: 2px; }
.dr-value { text-align: right; color: var(--nv-muted); font-variant-numeric: tabular-nums; }
.dr-second { display: grid; gap: 14px; grid-template-columns: minmax(0, 1.7fr) minmax(0, 1fr); margin-top: 14px; align-items: stretch; }
.dr-changes { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 14px 22px; }
.dr-change { display: flex; flex-direction: column; min-width: 0; }
.dr-change-head { display: flex; justify-content: space-between; font-size: 12.5px; }
.nv .dr-change output { font-weight: 600; font-variant-numeric: tabular-nums; }
.nv .dr-change input[type=range] { width: 100%; margin: 4px 0 6px; }
.dr-sweep { display: block; width: 100%; height: 46px; border-radius: 6px; background: var(--nv-panel); }
.dr-verdict { margin-top: 3px; color: var(--nv-muted); font-size: 12px; }
.nv .dr-neighbors { list-style: none; margin: 0; padding: 0; display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 8px; }
.nv .dr-neighbors li { margin: 0; padding: 0; }
.dr-neighbor { display: grid; grid-template-columns: 1fr auto; gap: 3px 4px; align-items: baseline; width: 100%; padding: 5px; border: 1px solid var(--nv-edge); border-radius: 8px; background: none; color: inherit; font: inherit; font-size: 12.5px; text-align: left; cursor: pointer; }
.dr-neighbor:hover { border-color: var(--nv-muted); background: var(--nv-panel); }
.dr-neighbor canvas, .dr-coordinates { grid-column: 1 / -1; display: block; width: 100%; border-radius: 4px; image-rendering: pixelated; }
.dr-coordinates { font-size: 11px; color: var(--nv-muted); }
.dr-neighbor small { color: var(--nv-muted); font-size: 11px; font-variant-numeric: tabular-nums; }
.dr-neighbor.dr-differs { border-color: var(--nv-positive); border-style: dashed; }
.dr-nearest[aria-busy=true] .dr-neighbors { opacity: 0.6; }
.dr-live { margin-top: 14px; }
.dr-live .nv-probes { display: none; }
.dr-plane { display: block; width: 100%; max-width: 620px; aspect-ratio: 1; margin: 0 auto; border: 1px solid var(--nv-edge); border-radius: 10px; touch-action: none; cursor: grab; }
.dr-plane-card, .dr-features { grid-column: span 2; }
.dr-grid > .dr-features { height: auto; }
.dr-side > .dr-nearest { flex: 1; }
.dr-side { display: flex; flex-direction: column; gap: 14px; }
.nv .dr-side .dr-neighbors { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.dr-waiting { padding: 12vh 0; text-align: center; color: var(--nv-muted); }
@container (max-width: 960px) {
  .dr-grid { grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr); }
  .dr-pad { max-width: none; }
  .dr-seen { order: 1; grid-column: 1 / -1; }
  .dr-seen-body { display: grid; grid-template-columns: 260px minmax(0, 1fr); gap: 20px; align-items: center; }
  .dr-seen .dr-row { justify-content: flex-start; }
  .dr-plane-card, .dr-features { grid-column: auto; }
  .dr-second { grid-template-columns: minmax(0, 1fr); }
  .nv .dr-neighbors { grid-template-columns: repeat(8, minmax(0, 1fr)); }
}
@container (max-width: 620px) {
  .dr-seen-body { grid-template-columns: minmax(0, 1fr); }
  .dr-grid { grid-template-columns: minmax(0, 1fr); }
  .dr-changes { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .nv .dr-neighbors { grid-template-columns: repeat(4, minmax(0, 1fr)); }
}
`;
