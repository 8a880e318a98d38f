/** For tables: one slider a feature, over what the training examples span. */
import { card, make, press } from './draw-parts.js';
import { asNumber } from './network-text.js';

/** Build the card. `moved(stamp)` is called when a slider moves. Returns {element, raw, put(raw)}. */
export function createFeatures({ low, high, middle, names }, moved) {
  const self = { raw: [...middle], put };
  const { element } = card('Choose the features', 'features', press('Medians', 'Every feature at its training median', () => put([...middle])));
  const rows = names.map((name, i) => {
    const span = high[i] - low[i] || 1;
    const input = make('input', '', { type: 'range', min: low[i], max: high[i], step: 'any', value: middle[i] });
    input.setAttribute('aria-label', name);
    const output = make('output', '', { textContent: asNumber(middle[i], 2) });
    input.addEventListener('input', (event) => {
      self.raw[i] = input.valueAsNumber;
      output.textContent = asNumber(self.raw[i], 2);
      moved(event.timeStamp);
    });
    input.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!by) return;
      event.preventDefault();
      input.value = input.valueAsNumber + (by * span) / 100;
      input.dispatchEvent(new Event('input'));
    });
    element.append(make('label', 'dr-feature', {}, make('span', '', { textContent: name }), input, output));
    return { input, output };
  });

  function put(raw, stamp = performance.now()) {
    self.raw = raw;
    rows.forEach(({ input, output }, i) => {
      input.value = raw[i];
      output.textContent = asNumber(raw[i], 2);
    });
    moved(stamp);
  }
  return Object.assign(self, { element });
}
