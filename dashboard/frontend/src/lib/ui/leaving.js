/** The way to another page: a click on its link holds, and the page that is left keeps to itself what it still says. */

/** @import { Component } from '../model/types.js' */

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
export function silentWhenLeft(component, mounted) {
  const isLeft = () => isWanted() && (mounted < goal.since || goal.path !== '');
  return {
    ...component,
    setStateValue: (name, value) => isLeft() || component.setStateValue(name, value),
    setTriggerValue: (name, value) => isLeft() || component.setTriggerValue(name, value),
  };
}
