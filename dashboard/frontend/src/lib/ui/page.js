/** A page's component: how Streamlit mounts it, and in which theme. */
import { isDark, paletteFor } from '../theme/palette.js';
import { paintFrame } from './frame.js';
import { silentWhenLeft } from './leaving.js';

/** @import { Component, Palette } from '../model/types.js' */

const CHECK_THEME = 700; // ms

/**
 * The `mount` of a page, which the component's loader calls at every change of its data; it returns what unmounts it.
 * One page lives in an element, as long as `isSame(page, data)`.
 * @template Data
 * @template {{ update(component: Component<Data>): void, destroy(): void }} Page
 * @param {(parent: HTMLElement, data: Data) => Page} create
 * @param {(page: Page, data: Data) => boolean} [isSame]
 */
export function mounting(create, isSame = () => true) {
  /** @type {WeakMap<HTMLElement, { page: Page, mounted: number }>} */
  const pages = new WeakMap();
  /** @param {Component<Data>} component */
  return (component) => {
    const { parentElement: parent, data } = component;
    const known = pages.get(parent);
    const isKept = known && isSame(known.page, data);
    if (known && !isKept) known.page.destroy();
    const shown = isKept ? known : { page: create(parent, data), mounted: performance.now() };
    pages.set(parent, shown);
    shown.page.update(silentWhenLeft(component, shown.mounted));
    return () => {
      if (pages.get(parent) !== shown) return;
      pages.delete(parent);
      shown.page.destroy();
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
