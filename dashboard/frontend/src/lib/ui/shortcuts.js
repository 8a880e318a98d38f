/** Every key that does something, in one table (shortcuts.json), which the Python pages read as well. */

import table from './shortcuts.json' with { type: 'json' };

/** @typedef {keyof typeof table} Shortcut */

/**
 * Whether an event is the press of a shortcut's key.
 * @param {{ key: string }} event
 * @param {Shortcut} name
 */
export const isPressed = ({ key }, name) => table[name].keys.includes(key);

/** @type {Record<string, string>} */
const NAMES = {
  ' ': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Escape: 'Esc',
};

/**
 * A key as it stands on a keyboard.
 * @param {string} key
 */
const nameOf = (key) => NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);

/** The shortcuts by where they work: [where, [[the names of the keys, what they do], ...]]. */
export const shortcutList = () =>
  Object.entries(Object.groupBy(Object.values(table), ({ page }) => page)).map(
    ([page, shortcuts]) =>
      /** @type {const} */ ([
        page,
        (shortcuts ?? []).map(({ keys, does }) => /** @type {const} */ ([keys.map(nameOf), does])),
      ]),
  );
