/** A page's component: how Streamlit mounts it, and in which theme. */
import { isDark, paletteFor } from '../theme/palette.js';
import { paintFrame } from './frame.js';

/** @import { Component, Palette } from '../model/types.js' */

const CHECK_THEME = 700; // ms
const LEAVING = 10_000; // ms after which a click on another page has led nowhere
const AGAIN = 1500; // ms after which it is made again: of two requests that meet, Streamlit may drop that of a page
const CHECK = 100; // ms

/** When a person clicked on another page, and which, until it is there. */
const goal = { path: '', since: Number.NEGATIVE_INFINITY };
let checks = 0;
let isOurs = false; // the click

const isWanted = () => performance.now() - goal.since < LEAVING;

function arrive() {
  clearInterval(checks);
  goal.path = '';
}

function stay() {
  arrive();
  goal.since = Number.NEGATIVE_INFINITY;
}

/** @param {MouseEvent} event */
function onClick({ target, button, altKey, ctrlKey, metaKey, shiftKey }) {
  const link = target instanceof Element ? target.closest('a[data-testid$="NavLink"]') : null;
  const isPlain = !(button || altKey || ctrlKey || metaKey || shiftKey); // others open a tab or a window
  if (isOurs || !isPlain || !(link instanceof HTMLAnchorElement)) return;
  stay();
  if (link.pathname === location.pathname) return;
  let clicked = performance.now();
  Object.assign(goal, { path: link.pathname, since: clicked });
  checks = window.setInterval(() => {
    if (goal.path === location.pathname || !isWanted()) arrive();
    else if (performance.now() - clicked > AGAIN) {
      clicked = performance.now();
      isOurs = true;
      link.click();
      isOurs = false;
    }
  }, CHECK);
}
globalThis.document?.addEventListener('click', onClick, true);
globalThis.window?.addEventListener('popstate', stay);

/**
 * What a component of a page that is being left still says is kept from Streamlit: it would draw a part of that page
 * after the other one, and take the other one away.
 * @template Data
 * @param {Component<Data>} component
 * @param {number} mounted when it came to be
 * @returns {Component<Data>}
 */
function silentWhenLeft(component, mounted) {
  const isLeft = () => isWanted() && (mounted < goal.since || goal.path !== '');
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
