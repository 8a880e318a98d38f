/** How every view makes its elements. */

/** @typedef {Record<string, unknown>} About Properties and attributes of an element. */

/**
 * An element with properties, attributes (`role` and names with a dash; what is null is left out) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {About} [about]
 * @param {Array<Node | string>} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, about = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (value === null || value === undefined) continue;
    if (name === 'role' || name.includes('-')) element.setAttribute(name, String(value));
    else Object.assign(element, { [name]: value });
  }
  element.append(...children);
  return element;
}

/**
 * Write into an element, unless it says that already.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * A drawing of one path that is no news to a screen reader.
 * @param {string} viewBox
 * @param {string} [d]
 */
export function svgOf(viewBox, d = '') {
  const [svg, path] = ['svg', 'path'].map((tag) => document.createElementNS('http://www.w3.org/2000/svg', tag));
  svg.setAttribute('viewBox', viewBox);
  svg.setAttribute('aria-hidden', 'true');
  path.setAttribute('d', d);
  svg.append(path);
  return { svg, path };
}

/**
 * The element of a selector that an event is about, itself or around its target; null where there is none.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export const closest = ({ target }, selector) => around(target, selector);

/**
 * The element of a selector, itself or around another.
 * @param {EventTarget | null} target
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export const around = (target, selector) => (target instanceof Element ? target.closest(selector) : null);

/** The element that has the focus. */
export const focusedElement = () => (document.activeElement instanceof HTMLElement ? document.activeElement : null);

/**
 * What a promise or a block was rejected with, in words.
 * @param {unknown} error
 */
export const messageOf = (error) => (error instanceof Error ? error.message : String(error));

/**
 * The context of a canvas to draw on.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasRenderingContext2DSettings} [settings]
 * @returns {CanvasRenderingContext2D}
 */
export function penOf(canvas, settings) {
  const pen = canvas.getContext('2d', settings);
  if (!pen) throw new Error('This browser draws on no canvas.');
  return pen;
}

/**
 * Listeners that are taken off together: `listen(target, type, act)` until `stop()`, which `signal` tells.
 * @returns {{ listen: Listen, stop: () => void, signal: AbortSignal }}
 */
export function createListeners() {
  const end = new AbortController();
  const { signal } = end;
  return {
    listen: (target, type, act, options = {}) =>
      target.addEventListener(type, /** @type {EventListener} */ (act), { ...options, signal }),
    stop: () => end.abort(),
    signal,
  };
}

/**
 * Say by `changed(isHeld)` when a press of the pointer on an element begins and ends.
 * @param {HTMLElement} element
 * @param {(isHeld: boolean) => void} changed
 */
export function whileHeld(element, changed) {
  element.addEventListener('pointerdown', () => changed(true));
  for (const type of ['pointerup', 'pointercancel', 'blur']) element.addEventListener(type, () => changed(false));
}

/**
 * @typedef {<Type extends keyof HTMLElementEventMap>(
 *   target: EventTarget,
 *   type: Type,
 *   act: (event: HTMLElementEventMap[Type]) => void,
 *   options?: AddEventListenerOptions,
 * ) => void} Listen
 */
