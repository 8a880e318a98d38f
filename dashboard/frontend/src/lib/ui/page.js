/** A page's component: how Streamlit mounts it, and in which theme. */
import { isDark, paletteFor } from '../theme/palette.js';
import { paintFrame } from './frame.js';

/** @import { Component, Palette } from '../model/types.js' */

const CHECK_THEME = 700; // ms
const LEAVING = 10_000; // ms after which a click on another page has led nowhere

let left = Number.NEGATIVE_INFINITY; // when a link to another page was clicked

/** @param {MouseEvent} event */
function onClick({ target, button, altKey, ctrlKey, metaKey, shiftKey }) {
  const link = target instanceof Element ? target.closest('a[data-testid$="NavLink"]') : null;
  const isPlain = !(button || altKey || ctrlKey || metaKey || shiftKey); // others open a tab or a window
  if (link instanceof HTMLAnchorElement && isPlain && link.pathname !== location.pathname) left = performance.now();
}
globalThis.document?.addEventListener('click', onClick, true);

/**
 * What a component of a page that is being left still says is kept from Streamlit: it would draw a part of that page
 * after the other one, and take the other one away.
 * @template Data
 * @param {Component<Data>} component
 * @returns {Component<Data>}
 */
function silentWhenLeft(component) {
  const isLeft = () => performance.now() - left < LEAVING;
  return {
    ...component,
    setStateValue: (name, value) => isLeft() || component.setStateValue(name, value),
    setTriggerValue: (name, value) => isLeft() || component.setTriggerValue(name, value),
  };
}

/**
 * The `mount` of a page, which the component's loader calls at every change of its data; it returns what unmounts it.
 * One page lives in an element, as long as `isSame(page, data)`.
 * @template Data
 * @template {{ update(component: Component<Data>): void, destroy(): void }} Page
 * @param {(parent: HTMLElement, data: Data) => Page} create
 * @param {(page: Page, data: Data) => boolean} [isSame]
 */
export function mounting(create, isSame = () => true) {
  /** @type {WeakMap<HTMLElement, Page>} */
  const pages = new WeakMap();
  /** @param {Component<Data>} component */
  return (component) => {
    const { parentElement: parent, data } = component;
    const known = pages.get(parent);
    const isKept = known && isSame(known, data);
    if (known && !isKept) known.destroy();
    if (!known) left = Number.NEGATIVE_INFINITY; // the other page is here
    const page = isKept ? known : create(parent, data);
    pages.set(parent, page);
    page.update(silentWhenLeft(component));
    return () => {
      if (pages.get(parent) !== page) return;
      pages.delete(parent);
      page.destroy();
    };
  };
}

/**
 * Paint `frame` in the theme of the page around `parent`, now and whenever it is another one, and hand `changed` its
 * palette. Returns {palette, check(), stop()}.
 * @param {HTMLElement} parent
 * @param {HTMLElement} frame
 * @param {(palette: Palette) => void} changed
 */
export function followTheme(parent, frame, changed) {
  /** @type {Palette} */
  let palette;
  function check() {
    const found = paletteFor(isDark(parent));
    if (found === palette) return;
    palette = found;
    paintFrame(frame, palette);
    changed(palette);
  }
  check();
  const timer = setInterval(check, CHECK_THEME);
  return {
    get palette() {
      return palette;
    },
    check,
    stop: () => clearInterval(timer),
  };
}
