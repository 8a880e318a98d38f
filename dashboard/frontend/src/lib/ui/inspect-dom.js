/** Small pieces of page that the parts of Inspect are made of. */

/** An element with properties, attributes (names with a dash) and children. */
export function node(name, about = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(about)) {
    if (value === null || value === undefined) continue;
    if (key.includes('-') || key === 'role' || key === 'scope') made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

const LETTERS = ['#10161f', '#ffffff'];
const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);

/** Dark or light letters, whichever stand out more on a colour such as "rgb(1,2,3)" (the ratio of WCAG 2). */
export function lettersOn(color) {
  const [r, g, b] = color.match(/\d+/g).map((part) => linear(part / 255));
  const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return (light + 0.05) / 0.0575 >= 1.05 / (light + 0.05) ? LETTERS[0] : LETTERS[1];
}

/** The bytes of a base64 text. */
export function bytesOf(text) {
  const letters = atob(text);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i += 1) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/**
 * One place in the order of Tab for a whole grid, and arrow keys within it. `place(element)` is [row, column] or
 * null, `at(row, column)` the element there or null; returns what makes an element the one that Tab reaches.
 */
export function roveOver(root, place, at) {
  let current = null;
  function reach(element) {
    if (!element) return;
    if (current && current !== element) current.tabIndex = -1;
    current = element;
    element.tabIndex = 0;
  }
  root.addEventListener('focusin', (event) => {
    if (place(event.target)) reach(event.target);
  });
  root.addEventListener('keydown', (event) => {
    const from = place(event.target);
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!from || !by) return;
    const to = at(from[0] + by[0], from[1] + by[1]);
    event.preventDefault();
    if (!to) return;
    reach(to);
    to.focus();
  });
  return reach;
}

/** A button that saves what `picture` makes, a canvas or the promise of a blob, as a PNG called what `file` says. */
export function pngButton(picture, file) {
  const button = node('button', {
    type: 'button',
    className: 'ai-png',
    textContent: 'PNG',
    title: 'Save as a picture',
    'aria-label': 'Save as a PNG picture',
  });
  button.addEventListener('click', async () => {
    const made = await picture();
    const blob =
      made instanceof Blob
        ? made
        : await new Promise((resolve) => {
            made.toBlob(resolve);
          });
    const link = node('a', { href: URL.createObjectURL(blob), download: `${file()}.png` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  return button;
}
