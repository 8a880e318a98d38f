/** What stands around the network's canvas: title, sliders, zoom, the legend, the banner of changes by hand. */

import { asPercent, asPoints, counted, grouped } from '../lib/format/text.js';
import { group, press } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
/** @import { BannerAbout } from './types.js' */

/**
 * The bar above: {element, title(text)}; `act` has connections(count) and zoom('in' | 'out' | 'fit').
 * @param {number} count
 * @param {{ connections(count: number): void, zoom(how: 'in' | 'out' | 'fit'): void }} act
 */
export function createBar(count, act) {
  const element = make('div', { className: 'nv-bar' });
  const heading = make('h3', { textContent: 'Through the network' });
  const label = make('label', { textContent: 'Connections' });
  const slider = make('input', { type: 'range', min: 0, max: 300, step: 10, value: count });
  const output = make('output', { textContent: String(count) });
  slider.addEventListener('input', () => {
    output.textContent = slider.value;
    act.connections(slider.valueAsNumber);
  });
  label.title =
    'How many connections are drawn: those that carry the most for this example, an equal share for each pair of layers';
  label.append(slider, output);
  const zoom = group(
    'Zoom',
    press('−', 'Zoom out', () => act.zoom('out'), { 'aria-label': 'Zoom out' }),
    press('fit', 'Show the whole network', () => act.zoom('fit'), { 'aria-label': 'Show the whole network' }),
    press('+', 'Zoom in (or Ctrl and wheel)', () => act.zoom('in'), { 'aria-label': 'Zoom in (or Ctrl and wheel)' }),
  );
  element.append(heading, label, zoom);
  return {
    element,
    /** @param {string} text */
    title: (text) => {
      heading.textContent = text;
    },
  };
}

/** The legend below; `notes` are [kind, text] with kind 'line' | 'ring' | 'struck'. */
export function createLegend() {
  const element = make('div', { className: 'nv-legend' });
  /**
   * @param {string} className
   * @param {string | null} color
   * @param {string} text
   */
  const note = (className, color, text) => {
    const span = make('span');
    const sign = make('i', { className: className });
    if (color) sign.style.background = `var(--nv-${color})`;
    span.append(sign, text);
    return span;
  };
  let known = '';
  return {
    element,
    /**
     * `change` says since when the change of weights is shown, if it is.
     * @param {{ canBeOff: boolean, canBeSilent: boolean, canSaturate: boolean, change: string | null }} about
     */
    update(about) {
      if (JSON.stringify(about) === known) return;
      known = JSON.stringify(about);
      const { canBeOff, canBeSilent, canSaturate, change } = about;
      const by = change ? 'change of its weight' : 'weight';
      element.replaceChildren(
        ...(change ? [make('b', { textContent: change })] : []),
        note('', 'positive', `pushes up (activation × ${by} above 0)`),
        note('', 'negative', 'pushes down'),
        ...(canBeOff ? [note('ring', null, 'shut off by ReLU')] : []),
        ...(canBeSilent ? [note('struck', null, 'off for every example shown')] : []),
        ...(canSaturate ? [make('span', { textContent: '● saturated' })] : []),
        make('span', {
          textContent:
            'Hover or use the arrow keys (E: connections); click or Enter pins; drag a connection up or down',
        }),
      );
    },
  };
}

/**
 * The banner of changes by hand; `act` has undo() and reset(). Hidden while there are none.
 * @param {{ undo(): void, reset(): void }} act
 */
export function createBanner(act) {
  const element = make('div', { className: 'nv-banner' });
  element.setAttribute('role', 'status');
  element.hidden = true;
  const title = make('b');
  const output = make('span');
  const figures = make('span');
  element.append(
    title,
    output,
    press('Undo', 'Take the last change back', act.undo, { 'aria-label': 'Take the last change back' }),
    press('Reset', 'Take all changes back', act.reset, { 'aria-label': 'Take all changes back' }),
    figures,
  );
  return {
    element,
    /**
     * `about`: {count, name, before, after (probabilities of one class), figure (what accuracy is called), accuracy, heldOut (see HeldOutQuestion)}
     * @param {BannerAbout} about
     */
    update({ count, name, before, after, figure, accuracy, heldOut }) {
      element.hidden = count === 0;
      if (!count) return;
      title.textContent = `Changed by hand: ${counted(count, 'change')}`;
      output.textContent = `${name} ${asPercent(before)} → ${asPercent(after)}`;
      figures.hidden = heldOut.state === 'unavailable' || heldOut.state === 'none';
      figures.classList.toggle('nv-waiting', heldOut.state === 'waiting');
      const { accuracy: now, n_examples: n } = heldOut;
      const by = now === undefined || accuracy === null ? '' : ` (${asPoints(now - accuracy)})`;
      const of = n === undefined ? '' : `, ${grouped(n)} examples`;
      figures.textContent = `held-out ${figure} ${asPercent(accuracy)} → ${now === undefined ? '–' : asPercent(now)}${by}${of}`;
    },
  };
}
