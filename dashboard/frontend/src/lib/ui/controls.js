/** Buttons and choices, the same on every page. */
import { make } from './dom.js';

/** @import { About } from './dom.js' */

/**
 * A button that does something; `about` are further properties and attributes.
 * @param {string} text
 * @param {string | null} title
 * @param {() => void} act
 * @param {About} [about]
 */
export function press(text, title, act, about = {}) {
  const button = make('button', { type: 'button', className: 'nv-button', textContent: text, title, ...about });
  button.addEventListener('click', act);
  return button;
}

/**
 * A button that stays down until it is pressed again.
 * @param {string} text
 * @param {string} title
 * @param {(isOn: boolean) => void} act
 */
export function toggle(text, title, act) {
  const button = press(
    text,
    title,
    () => {
      const isOn = button.getAttribute('aria-pressed') !== 'true';
      button.setAttribute('aria-pressed', String(isOn));
      act(isOn);
    },
    { 'aria-pressed': 'false' },
  );
  return button;
}

/**
 * Buttons that stand together.
 * @param {string} label
 * @param {HTMLElement[]} buttons
 */
export const group = (label, ...buttons) =>
  make('span', { className: 'nv-choice', role: 'group', 'aria-label': label }, ...buttons);

/**
 * A segmented control: buttons [value, text, title] of which one is down. Returns {element, buttons, value, set(value)}.
 * @param {string} label
 * @param {string[][]} options
 * @param {string} value
 * @param {(value: string) => void} act
 */
export function segmented(label, options, value, act) {
  const buttons = options.map(([name, text, title]) =>
    press(
      text,
      title,
      () => {
        set(name);
        act(name);
      },
      { 'data-value': name },
    ),
  );
  const self = { element: group(label, ...buttons), buttons, value, set };
  /** @param {string} name */
  function set(name) {
    self.value = name;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === name));
  }
  set(value);
  return self;
}

/**
 * A select of [value, text] options.
 * @param {string} label
 * @param {string[][]} options
 * @param {(value: string) => void} act
 * @param {string} [className]
 */
export function select(label, options, act, className = '') {
  const node = make(
    'select',
    { className, 'aria-label': label },
    ...options.map(([value, text]) => make('option', { value, textContent: text })),
  );
  node.addEventListener('change', () => act(node.value));
  return node;
}

/**
 * Call `act` once things have been quiet for `wait` ms; `cancel()` forgets it.
 * @template {unknown[]} Given
 * @param {(...given: Given) => void} act
 * @param {number} wait
 */
export function debounce(act, wait) {
  let timer = 0;
  return Object.assign(
    /** @param {Given} given */
    (...given) => {
      clearTimeout(timer);
      timer = window.setTimeout(() => act(...given), wait);
    },
    { cancel: () => clearTimeout(timer) },
  );
}
