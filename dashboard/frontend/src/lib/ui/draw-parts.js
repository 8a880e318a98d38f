/** Small pieces that every card of the Draw page is made of. */

/** An element with a class, properties and children. */
export function make(tag, className = '', properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

/** A button that does something. */
export function press(text, title, act, className = 'nv-button') {
  const node = make('button', className, { type: 'button', textContent: text });
  if (title) node.title = title;
  node.addEventListener('click', act);
  return node;
}

/** A row of buttons of which one is down: {element, value, set(value), onChange}. */
export function choice(label, options, value, act) {
  const element = make('span', 'dr-choice');
  element.setAttribute('role', 'group');
  element.setAttribute('aria-label', label);
  const buttons = options.map(([name, text, title]) => {
    const button = press(text, title, () => {
      set(name);
      act(name);
    });
    button.dataset.value = name;
    return button;
  });
  element.append(...buttons);
  const self = { element, value, set };
  function set(name) {
    self.value = name;
    for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.value === name));
  }
  set(value);
  return self;
}

/** A select: [value, text] options. */
export function select(label, options, act) {
  const node = make(
    'select',
    '',
    {},
    ...options.map(([value, text]) => make('option', '', { value, textContent: text })),
  );
  node.setAttribute('aria-label', label);
  node.addEventListener('change', () => act(node.value));
  return node;
}

/** A card with a heading; what stands right of the heading is `aside`. */
export function card(title, name, ...aside) {
  const heading = make('h3', '', { textContent: title });
  const head = make('div', 'dr-head', {}, heading, ...aside);
  const element = make('section', `dr-card dr-${name}`, {}, head);
  element.setAttribute('aria-label', title);
  return { element, heading, head };
}

/** Calls `act` once things have been quiet for `wait` ms; `cancel()` forgets it. */
export function calm(act, wait) {
  let timer = 0;
  const later = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...given), wait);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}
