/** What every page has at its top: its name, for screen readers, the list of keys, and full screen for a projector. */

import { make } from '../lib/ui/dom.js';
import { lineIcon } from '../lib/ui/icons.js';
import { isCommand, isTyping } from '../lib/ui/keys.js';
import { isPressed, shortcutList } from '../lib/ui/shortcuts.js';

/** @import { Component } from '../lib/model/types.js' */

/** @type {WeakMap<HTMLElement, { update(title: string): void, destroy(): void }>} */
const mounted = new WeakMap();

/**
 * Called by the component's loader at every change of its data; returns what unmounts it.
 * @param {Component<{ title: string }>} component
 */
export function mount({ parentElement, data }) {
  const toolbar = mounted.get(parentElement) ?? createToolbar(parentElement);
  mounted.set(parentElement, toolbar);
  toolbar.update(data.title);
  return () => {
    if (mounted.get(parentElement) !== toolbar) return;
    mounted.delete(parentElement);
    toolbar.destroy();
  };
}

/** @param {HTMLElement} parent */
function createToolbar(parent) {
  const dialog = createKeyList();
  const showKeys = () => (dialog.open ? dialog.close() : dialog.showModal());
  const screen = button('full-screen', 'Full screen (F)', toggleFullScreen);
  screen.hidden = !document.fullscreenEnabled;
  const root = make('div', { className: 'pg-toolbar' }, button('keyboard', 'Keys (?)', showKeys), screen);
  const heading = make('h1', { className: 'pg-title' });
  parent.append(heading, root, dialog);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (isCommand(event) || isTyping(event)) return;
    if (isPressed(event, 'keys')) showKeys();
    else if (isPressed(event, 'full-screen')) toggleFullScreen();
    else return;
    event.preventDefault();
  }
  document.addEventListener('keydown', onKey);
  return {
    /** @param {string} title */
    update(title) {
      if (heading.textContent !== title) heading.textContent = title;
    },
    destroy() {
      document.removeEventListener('keydown', onKey);
      heading.remove();
      root.remove();
      dialog.remove();
    },
  };
}

/**
 * @param {string} icon
 * @param {string} title
 * @param {() => void} act
 */
function button(icon, title, act) {
  const label = title.replace(/ \(.*/, '');
  const node = make('button', { type: 'button', className: 'pg-icon', title, 'aria-label': label }, lineIcon(icon));
  node.addEventListener('click', act);
  return node;
}

function toggleFullScreen() {
  const change = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
  change.catch(() => {}); // the browser may refuse it, and says so itself
}

function createKeyList() {
  const close = make('button', { type: 'button', className: 'pg-close', textContent: 'Close', autofocus: true });
  const dialog = make('dialog', { className: 'pg-keys', 'aria-label': 'Keys' }, make('h2', { textContent: 'Keys' }));
  for (const [where, shortcuts] of shortcutList()) {
    const list = make('dl');
    for (const [keys, does] of shortcuts) {
      list.append(
        make('dt', {}, ...keys.map((key) => make('kbd', { textContent: key }))),
        make('dd', { textContent: does }),
      );
    }
    dialog.append(make('section', {}, make('h3', { textContent: where }), list));
  }
  dialog.append(close);
  // A click beside the dialog is one on its backdrop, which is the dialog itself.
  dialog.addEventListener('click', ({ target }) => (target === dialog || target === close) && dialog.close());
  return dialog;
}
