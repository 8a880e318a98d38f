/** The choice of a threshold for a probability: a slider from 0 to 1. */

import { make } from '../lib/ui/dom.js';
import { followed } from './followed.js';

/** @import { ThresholdData } from './types.js' */

/**
 * Build the choice in `root`; `send` is called with {threshold}.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} send
 */
export function createThresholdSlider(root, send) {
  const words = make('span');
  const slider = make('input', { type: 'range', min: 0, max: 1, step: 0.001 });
  const output = make('output');
  root.append(make('label', {}, words, slider), output);
  const page = followed(slider, {
    valueAt: (threshold) => threshold,
    say: () => {
      output.textContent = slider.valueAsNumber.toFixed(3);
    },
    ask: (threshold) => send({ threshold }),
  });
  return {
    /** @param {ThresholdData} data */
    update(data) {
      words.textContent = data.label;
      page.show(data.threshold, () => {
        slider.value = String(data.threshold);
      });
      root.dataset.threshold = String(data.threshold);
    },
    destroy: page.destroy,
  };
}
