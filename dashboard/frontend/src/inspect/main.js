/**
 * The parts of the Inspect page that react to a click: the confusion matrix, tables whose rows can be chosen, charts,
 * the gallery, and the choices of the snapshot and of a threshold. Each is drawn from the data that Streamlit hands over, and reports what was chosen and nothing else.
 */

import { make } from '../lib/ui/dom.js';
import { followTheme, mounting } from '../lib/ui/page.js';
import { betweenPresses } from '../lib/ui/press.js';
import { createChart, plotly } from './chart.js';
import { createGallery } from './gallery.js';
import { createMatrices } from './matrices.js';
import { createSnapshotSlider } from './snapshot-slider.js';
import { createTable } from './table.js';
import { createThresholdSlider } from './threshold-slider.js';

/** @import { InspectData, PartView } from './types.js' */
/** @import { Component } from '../lib/model/types.js' */

/** @type {Record<InspectData['view'], (root: HTMLElement, send: (chosen: Record<string, unknown>) => void) => PartView>} */
const VIEWS = {
  matrix: createMatrices,
  labels: createMatrices,
  table: createTable,
  chart: createChart,
  gallery: createGallery,
  snapshot: createSnapshotSlider,
  threshold: createThresholdSlider,
};

/** The views whose rows or tiles are made anew at each change. */
const REBUILT = new Set(['table', 'gallery']);

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

/** Called by the component's loader at every change of its data; returns what unmounts it. */
export const mount = mounting(create);

/**
 * @param {HTMLElement} parent
 * @param {InspectData} about
 */
function create(parent, { view: name }) {
  const root = make('div', { className: `annscope-inspect ai-${name}` });
  parent.append(root);
  /** @type {Component<InspectData>['setStateValue']} */
  let send = () => {};
  /** @type {InspectData | null} */
  let data = null;
  const draw = REBUILT.has(name) ? betweenPresses(root) : (/** @type {() => void} */ now) => now();
  const view = VIEWS[name](root, (chosen) => send('chosen', { ...chosen, when: Date.now() }));

  const theme = followTheme(parent, root, (palette) => {
    if (data) view.update(/** @type {never} */ (data), palette);
  });
  return {
    /** @param {Component<InspectData>} component */
    update(component) {
      data = component.data;
      // Of two choices in quick succession Streamlit may lose a trigger, but it keeps the last state.
      send = component.setStateValue;
      theme.check();
      draw(() => view.update(/** @type {never} */ (data), theme.palette));
      root.dataset.ready = 'true';
      loadAhead(data.plotly);
    },
    destroy() {
      theme.stop();
      view.destroy?.();
      root.remove();
    },
  };
}
