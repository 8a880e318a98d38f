/** The look of the parts of Inspect. */

export const RULES = `
.annscope-inspect { container-type: inline-size; color: var(--nv-ink); font-size: 13px; line-height: 1.4; }
.annscope-inspect *, .annscope-inspect *::before { box-sizing: border-box; }
.annscope-inspect [hidden] { display: none !important; }
.annscope-inspect :focus-visible { outline: 2px solid var(--nv-accent); outline-offset: 2px; }
.annscope-inspect button { font: inherit; color: inherit; cursor: pointer; }
.ai-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.ai-scroll { overflow-x: auto; scrollbar-width: thin; }
.ai-grid { width: 100%; border-collapse: separate; border-spacing: 2px; table-layout: fixed; font-variant-numeric: tabular-nums; border: 0; margin: 0; }
.ai-grid th, .ai-grid td { height: var(--cell); padding: 0; border: 0; border-radius: 5px; text-align: center; font-size: 13px; font-weight: 500; line-height: 1; overflow: hidden; cursor: pointer; }
.ai-grid thead th, .ai-grid thead td { height: min(var(--cell), 36px); }
.ai-grid.ai-small th, .ai-grid.ai-small td { font-size: 10.5px; border-radius: 2px; }
.ai-grid th { color: var(--nv-ink); font-weight: 650; text-overflow: ellipsis; white-space: nowrap; }
.ai-grid th[scope=row] { text-align: right; padding-right: 8px; }
.ai-grid.ai-small thead th { height: 84px; padding: 0 0 4px; writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; }
.ai-grid.ai-small { min-width: 560px; }
.ai-grid .ai-corner { cursor: default; color: var(--nv-muted); font-size: 11px; text-align: right; padding-right: 8px; }
.ai-grid .ai-corner span { display: block; line-height: 1.35; }
.ai-grid .ai-total { color: var(--nv-muted); font-size: 12px; font-weight: 500; }
.ai-grid th[data-show]:hover, .ai-grid .ai-total[data-show]:hover { background: var(--nv-panel); }
.ai-grid td[role=gridcell]:not(.ai-total):hover { box-shadow: inset 0 0 0 2px var(--nv-ink); }
.ai-grid [aria-selected=true] { box-shadow: inset 0 0 0 2.5px var(--nv-ink), 0 0 0 1px var(--nv-surface); }
.ai-grid [data-show]:focus-visible { outline-offset: -1px; }
.ai-matrices { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 14px 22px; font-variant-numeric: tabular-nums; }
.ai-two { display: grid; grid-template-columns: minmax(56px, auto) minmax(0, 1fr) minmax(0, 1fr); gap: 2px; align-items: stretch; }
.ai-two h4 { margin: 0; padding: 0 6px 0 0; font-size: 14px; font-weight: 700; align-self: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 110px; }
.ai-side-name { padding: 4px 2px; font-size: 11.5px !important; color: var(--nv-muted) !important; background: none; border: 0; border-radius: 5px; white-space: nowrap; }
.ai-row-name { text-align: right; padding-right: 8px; }
.ai-side-name:hover { background: var(--nv-panel); }
.ai-cell { height: 52px; padding: 0; border: 0; border-radius: 5px; font-size: 14px !important; }
.ai-cell:hover { box-shadow: inset 0 0 0 2px var(--nv-ink); } .ai-two [aria-pressed=true] { box-shadow: inset 0 0 0 2.5px var(--nv-ink), 0 0 0 1px var(--nv-surface); }
.ai-say { min-height: 1.5em; margin: 8px 0 0; color: var(--nv-ink); }
.ai-legend { display: flex; flex-wrap: wrap; gap: 2px 14px; margin: 4px 0 0; color: var(--nv-muted); font-size: 12px; }
.ai-legend span { display: inline-flex; align-items: center; gap: 6px; }
.ai-legend i { width: 12px; height: 12px; border-radius: 3px; }
.ai-foot { display: flex; align-items: center; gap: 12px; margin-top: 4px; } .ai-foot .ai-legend { margin: 0 auto 0 0; } .ai-end { justify-content: flex-end; margin-top: 8px; }
.ai-png { flex: none; padding: 3px 10px; font-size: 12px !important; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 7px; }
.ai-png:hover { border-color: var(--nv-muted); }
.ai-head .ai-png { margin-left: auto; align-self: center; }
.ai-table { width: 100%; border-collapse: collapse; margin: 0; border: 0; font-variant-numeric: tabular-nums; }
.ai-table th, .ai-table td { border: 0; border-bottom: 1px solid var(--nv-edge); padding: 6px 8px; font-size: 13px; font-weight: 400; text-align: right; }
.ai-table .ai-text { text-align: left; white-space: nowrap; }
.ai-table tbody .ai-text { font-weight: 650; max-width: 180px; overflow: hidden; text-overflow: ellipsis; }
.ai-table thead th { padding-top: 0; }
.ai-table thead button { padding: 2px 0; font-size: 12px; font-weight: 600; color: var(--nv-muted); background: none; border: 0; white-space: nowrap; }
.ai-table thead [aria-sort=ascending] button::after { content: ' ↑'; } .ai-table thead [aria-sort=descending] button::after { content: ' ↓'; }
.ai-table tbody tr { cursor: pointer; }
.ai-table tbody tr:hover { background: var(--nv-panel); }
.ai-table tbody tr[aria-selected=true] { background: color-mix(in srgb, var(--nv-accent) 12%, transparent); box-shadow: inset 3px 0 var(--nv-accent); }
.ai-table tbody tr:focus-visible { outline-offset: -2px; }
.ai-table tfoot th, .ai-table tfoot td { color: var(--nv-muted); }
.ai-table tfoot tr:first-child > * { border-top: 1px solid var(--nv-muted); }
.ai-table tfoot tr:last-child > * { border-bottom: 0; }
.ai-tall { position: relative; max-height: 380px; overflow: auto; border: 1px solid var(--nv-edge); border-radius: 8px; }
.ai-tall .ai-table thead th { position: sticky; top: 0; z-index: 1; padding: 7px 8px; background: var(--nv-panel); }
.ai-tall .ai-table th:first-child, .ai-tall .ai-table td:first-child { position: sticky; left: 0; background: var(--nv-panel); font-weight: 600; }
.ai-tall .ai-table thead th:first-child { z-index: 2; }
.ai-tall .ai-table tbody tr[aria-selected=true] > :first-child { background: color-mix(in srgb, var(--nv-accent) 16%, var(--nv-surface)); box-shadow: inset 3px 0 var(--nv-accent); }
.ai-tall .ai-table thead button { max-width: 110px; overflow: hidden; text-overflow: ellipsis; vertical-align: bottom; }
.ai-tall .ai-table tbody tr:last-child > * { border-bottom: 0; }
.ai-table .ai-chosen, .ai-table thead .ai-chosen button { color: color-mix(in srgb, var(--nv-accent) 82%, var(--nv-ink)); font-weight: 700; }
.ai-none { color: var(--nv-muted); }
.ai-meter { display: flex; align-items: center; gap: 8px; justify-content: flex-end; }
.ai-meter i { flex: 1 1 20px; min-width: 16px; max-width: 90px; height: 6px; border-radius: 3px; background: linear-gradient(90deg, var(--nv-accent) var(--part), var(--nv-faint) var(--part)); }
.ai-meter span { min-width: 44px; }
@container (max-width: 560px) { .ai-meter i { display: none; } .ai-table th, .ai-table td { padding-inline: 5px; } }
.ai-gallery { scroll-margin-top: 120px; } .ai-detail { scroll-margin: 70px 0 12px; }
.ai-head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 10px; margin-bottom: 8px; }
.ai-head h3 { margin: 0; padding: 0; font-size: 17px; font-weight: 700; letter-spacing: -0.005em; }
.ai-count { color: var(--nv-muted); font-variant-numeric: tabular-nums; }
.ai-plot-head b { font-size: 14px; font-weight: 700; } .ai-plot-head { flex-wrap: nowrap; align-items: center; margin-bottom: 2px; }
.ai-plot-head .ai-count { flex: 1 1 0; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .ai-plot-head b { white-space: nowrap; }
.ai-head .ai-png + .ai-png { margin-left: -4px; }
.ai-png:disabled { opacity: 0.45; cursor: default; }
.ai-plot { position: relative; border-radius: 8px; touch-action: pan-y; }
.ai-plot-say { margin-top: 5px; color: var(--nv-muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.ai-moment { display: flex; align-items: center; gap: 8px; }
.ai-moment input { flex: 1 1 80px; min-width: 60px; height: 22px; margin: 0; accent-color: var(--nv-accent); cursor: pointer; }
.ai-moment output { flex: none; min-width: 5.5em; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.ai-moment button { flex: none; height: 38px; min-width: 36px; padding: 0 8px; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 8px; font-size: 15px; }
.ai-moment button:hover:not(:disabled) { border-color: var(--nv-muted); } .ai-moment button:disabled { opacity: 0.4; cursor: default; }
.ai-moment .ai-latest { padding: 0 12px; font-size: 13px; font-weight: 600; }
.ai-moment .ai-latest[aria-pressed=true] { color: color-mix(in srgb, var(--nv-accent) 82%, var(--nv-ink)); border-color: var(--nv-accent); background: color-mix(in srgb, var(--nv-accent) 10%, var(--nv-surface)); }
.ai-latest.ai-live::before { content: ''; display: inline-block; width: 8px; height: 8px; margin-right: 7px; border-radius: 50%; background: currentColor; }
.ai-latest.ai-live[aria-pressed=true]::before { background: #17a673; }
.ai-sheet { display: grid; grid-template-columns: repeat(auto-fill, minmax(66px, 1fr)); gap: 8px; }
.ai-sheet.ai-cards { grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); }
.ai-spot { display: grid; min-width: 0; } .ai-spot > * { grid-area: 1 / 1; min-width: 0; }
.ai-go { place-self: start end; z-index: 1; margin: 7px; padding: 0 7px; font-size: 13px; line-height: 20px; color: var(--nv-ink) !important; text-decoration: none !important; background: var(--nv-surface); border: 1px solid var(--nv-muted); border-radius: 6px; }
.ai-go:hover { border-color: var(--nv-accent); color: var(--nv-accent) !important; }
@media (hover: hover) { .ai-go { opacity: 0; } .ai-spot:hover .ai-go, .ai-go:focus-visible { opacity: 1; } }
.ai-tile { position: relative; display: grid; grid-template-columns: 1fr auto; align-items: baseline; gap: 0 4px; padding: 4px; text-align: left; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 8px; }
.ai-tile canvas, .ai-side canvas { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 5px; background: var(--nv-paper); }
.ai-plane { image-rendering: auto !important; }
.ai-tile canvas, .ai-tile .ai-values { grid-column: 1 / -1; margin-bottom: 3px; }
.ai-tile b { font-size: 11.5px; font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.ai-long .ai-tile b span { display: block; overflow: hidden; text-overflow: ellipsis; }
.ai-tile small { font-size: 11px; color: var(--nv-muted); font-variant-numeric: tabular-nums; white-space: nowrap; }
.ai-sheet.ai-several { grid-template-columns: repeat(auto-fill, minmax(100px, 1fr)); } .ai-several .ai-tile { align-content: start; } .ai-several .ai-tile b { grid-column: 1 / -1; white-space: normal; overflow-wrap: anywhere; }
.ai-wrong b, .ai-bad { color: color-mix(in srgb, var(--nv-positive) 82%, var(--nv-ink)); }
.ai-tile:hover { border-color: var(--nv-muted); }
.ai-tile[aria-pressed=true] { border-color: var(--nv-accent); box-shadow: 0 0 0 2px var(--nv-accent); }
.ai-values { display: grid; grid-template-columns: 1fr auto; gap: 0 8px; font-size: 11.5px; color: var(--nv-muted); }
.ai-values span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; } .ai-values em { font-style: normal; text-align: right; color: var(--nv-ink); font-variant-numeric: tabular-nums; }
.ai-empty { grid-column: 1 / -1; margin: 0; padding: 28px 0; text-align: center; color: var(--nv-muted); border: 1px dashed var(--nv-edge); border-radius: 10px; }
.ai-pager { display: flex; align-items: center; justify-content: center; gap: 4px; margin-top: 10px; color: var(--nv-muted); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.ai-pager span { min-width: 130px; text-align: center; }
.ai-pager button { width: 30px; height: 28px; padding: 0; background: var(--nv-surface); border: 1px solid var(--nv-edge); border-radius: 7px; color: var(--nv-ink) !important; }
.ai-pager button:hover:not(:disabled) { border-color: var(--nv-muted); } .ai-pager button:disabled { opacity: 0.4; cursor: default; }
.ai-detail { margin-bottom: 12px; padding: 10px 14px 14px; border: 1px solid var(--nv-edge); border-radius: 12px; background: var(--nv-panel); }
.ai-detail-head { display: flex; align-items: center; margin-bottom: 6px; }
.ai-detail h4 { margin: 0 auto 0 0; padding: 0; font-size: 14px; font-weight: 700; }
.ai-close { width: 28px; height: 28px; padding: 0; font-size: 18px !important; line-height: 1 !important; background: none; border: 1px solid transparent; border-radius: 7px; }
.ai-close:hover { border-color: var(--nv-edge); background: var(--nv-surface); }
.ai-detail-body { display: grid; grid-template-columns: minmax(110px, 160px) minmax(0, 1fr); gap: 16px; align-items: start; }
.ai-side p { margin: 8px 0 4px; } .ai-side dl { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 1px 10px; margin: 0; max-height: 260px; overflow: auto; }
.ai-detail-body.ai-of-values { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
.ai-side dt, .ai-side dd { margin: 0; padding: 0; font-size: 12px; } .ai-side dt { color: var(--nv-muted); font-weight: 400; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }   .ai-side dd { text-align: right; font-variant-numeric: tabular-nums; }
.ai-side canvas { border: 1px solid var(--nv-edge); }
.ai-links { display: grid; gap: 2px; margin: 4px 0 0 !important; }
.annscope-inspect .ai-link { color: color-mix(in srgb, var(--nv-accent) 82%, var(--nv-ink)); font-weight: 600; text-decoration: none; } .annscope-inspect .ai-link:hover { text-decoration: underline; }
.ai-bars { display: grid; grid-template-columns: auto minmax(0, 1fr) 58px; gap: 4px 8px; max-height: 300px; overflow-y: auto; font-variant-numeric: tabular-nums; }
.ai-bars > div { display: grid; grid-template-columns: subgrid; grid-column: 1 / -1; align-items: center; }
.ai-bars span { min-width: 18px; max-width: clamp(90px, 24cqw, 220px); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.ai-bars i { height: 14px; border-radius: 4px; background: linear-gradient(90deg, var(--nv-muted) var(--part), var(--nv-faint) var(--part)); }
.ai-bars em { font-style: normal; text-align: right; font-family: var(--nv-mono); font-size: 11.5px; }
.ai-bars .ai-true i { background: linear-gradient(90deg, var(--nv-accent) var(--part), var(--nv-faint) var(--part)); }
.ai-bars .ai-taken i { background: linear-gradient(90deg, var(--nv-positive) var(--part), var(--nv-faint) var(--part)); }
.ai-bars .ai-true span, .ai-bars .ai-taken span, .ai-bars .ai-missed span { font-weight: 700; }
.ai-bars .ai-true span::after { content: ' ✓'; } .ai-bars .ai-taken span::after { content: ' ✗'; }
.ai-bars .ai-missed i { background: linear-gradient(90deg, var(--nv-muted) var(--part), var(--nv-faint) var(--part)); } .ai-bars .ai-missed span::after { content: ' ○ missed'; font-weight: 500; }
@container (max-width: 330px) { .ai-detail-body { grid-template-columns: minmax(0, 1fr); } }
`;
