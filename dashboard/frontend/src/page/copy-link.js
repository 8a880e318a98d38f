/** A button of the sidebar that copies a link to the settings of the next run. */

import { copyAndSay } from '../lib/ui/copy.js';
import { make } from '../lib/ui/dom.js';
import { lineIcon } from '../lib/ui/icons.js';

/** @import { Component } from '../lib/model/types.js' */
/** @typedef {{ query: string }} LinkData */

/** @type {WeakMap<HTMLElement, { query: string, button: HTMLElement }>} */
const mounted = new WeakMap();

/**
 * Called by the component's loader at every change of its data; returns what unmounts it.
 * @param {Component<LinkData>} component
 */
export function mount({ parentElement, data }) {
  let link = mounted.get(parentElement);
  if (link) link.query = data.query;
  else {
    const label = make('span', { textContent: 'Copy link' });
    const button = make(
      'button',
      { type: 'button', className: 'pg-copy', title: 'Copy a link that sets every control as it is now' },
      lineIcon('link'),
      label,
    );
    const made = { query: data.query, button };
    button.addEventListener(
      'click',
      copyAndSay(label, () => `${location.origin}/${made.query && `?${made.query}`}`),
    );
    parentElement.append(button);
    mounted.set(parentElement, made);
    link = made;
  }
  const { button } = link;
  return () => {
    if (mounted.get(parentElement)?.button !== button) return;
    mounted.delete(parentElement);
    button.remove();
  };
}
