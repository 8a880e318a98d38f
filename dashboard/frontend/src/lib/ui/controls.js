/** Buttons and choices, the same on every page. */
import { make } from './dom.js';

/** A button that does something; `about` are further properties and attributes. */
export function press(text, title, act, about = {}) {
  const button = make('button', { type: 'button', className: 'nv-button', textContent: text, title, ...about });
  button.addEventListener('click', act);
  return button;
}

/** A button that stays down until it is pressed again. */
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

/** Buttons that stand together. */
export const group = (label, ...buttons) =>
  make('span', { className: 'nv-choice', role: 'group', 'aria-label': label }, ...buttons);

/** A segmented control: buttons [value, text, title] of which one is down. Returns {element, buttons, value, set(value)}. */
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
  function set(name) {
    self.value = name;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === name));
  }
  set(value);
  return self;
}

/** A select of [value, text] options. */
export function select(label, options, act, className = '') {
  const node = make(
    'select',
    { className, 'aria-label': label },
    ...options.map(([value, text]) => make('option', { value, textContent: text })),
  );
  node.addEventListener('change', () => act(node.value));
  return node;
}

/** Call `act` once things have been quiet for `wait` ms; `cancel()` forgets it. */
export function debounce(act, wait) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
