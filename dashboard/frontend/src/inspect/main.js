/**
 * The parts of the Inspect page that answer to a click: the confusion matrix, tables whose rows can be chosen, charts,
 * the gallery, and the choice of the snapshot. Each is drawn from the data that Streamlit hands over, and reports what was chosen and nothing else.
 */

import { isDark, paletteFor } from '../lib/theme/palette.js';
import { make } from '../lib/ui/dom.js';
import { paintFrame } from '../lib/ui/frame.js';
import { createChart, plotly } from './chart.js';
import { createGallery } from './gallery.js';
import { createMatrices } from './matrices.js';
import { createSnapshotSlider } from './snapshot-slider.js';
import { createTable } from './table.js';

/** @import { InspectData, PartView } from './types.js' */
/** @import { Component, Palette } from '../lib/model/types.js' */

/** @type {Record<InspectData['view'], (root: HTMLElement, send: (chosen: Record<string, unknown>) => void) => PartView>} */
const VIEWS = {
  matrix: createMatrices,
  labels: createMatrices,
  table: createTable,
  chart: createChart,
  gallery: createGallery,
  moment: createSnapshotSlider,
};
const LOOK_AT_THEME = 700; // ms
/** @type {WeakMap<HTMLElement, ReturnType<typeof create>>} */
const mounted = new WeakMap();

let isLoadedAhead = false;

/**
 * Load what draws the charts while the page is at rest: it is 5 MB, which the first chart would wait for.
 * @param {string} address
 */
function loadAhead(address) {
  if (isLoadedAhead) return;
  isLoadedAhead = true;
  const load = () => {
    plotly(address).catch(() => {});
  }; // a chart that needs it says so itself
  if ('requestIdleCallback' in window) requestIdleCallback(load, { timeout: 4000 });
  else setTimeout(load, 1000);
}

/**
 * Called by the component's loader at every change of its data; returns what unmounts it.
 * @param {Component<InspectData>} component
 */
export function mount(component) {
  const parent = component.parentElement;
  let view = mounted.get(parent);
  if (!view) {
    view = create(parent, component.data.view);
    mounted.set(parent, view);
  }
  view.update(component);
  return () => {
    mounted.delete(parent);
    view.destroy();
  };
}

/**
 * @param {HTMLElement} parent
 * @param {InspectData['view']} name
 */
function create(parent, name) {
  const root = make('div', { className: `annscope-inspect ai-${name}` });
  parent.append(root);
  /** @type {Component<InspectData>['setStateValue']} */
  let send = () => {};
  /** @type {InspectData} */
  let data;
  /** @type {Palette} */
  let palette;
  const view = VIEWS[name](root, (chosen) => send('chosen', { ...chosen, when: Date.now() }));

  function paint() {
    const found = paletteFor(isDark(parent));
    if (found === palette) return false;
    palette = found;
    paintFrame(root, palette);
    return true;
  }

  const clock = setInterval(() => {
    if (paint() && data) view.update(/** @type {never} */ (data), palette);
  }, LOOK_AT_THEME);
  return {
    /** @param {Component<InspectData>} component */
    update(component) {
      ({ data } = component);
      // Of two choices in quick succession Streamlit may lose a trigger, but it keeps the last state.
      send = component.setStateValue;
      paint();
      view.update(/** @type {never} */ (data), palette);
      root.dataset.ready = 'true';
      loadAhead(data.plotly);
    },
    destroy() {
      clearInterval(clock);
      view.destroy?.();
      root.remove();
    },
  };
}
