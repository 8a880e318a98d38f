/** A slider that the page follows while a hand moves it: the next value is asked for once the last one is shown. */

const REST = 160; // ms without a key before the value it stands on is asked for
const PATIENCE = 2000; // ms in which the page may show it; until then the slider stays where it was put

/**
 * `say` is called whenever the slider has moved, `ask` with the value that the page is to show.
 * @template T
 * @param {HTMLInputElement} slider
 * @param {{ valueAt: (position: number) => T, say: () => void, ask: (value: T) => void }} of
 */
export function followed(slider, { valueAt, say, ask }) {
  let held = false; // a hand is on the slider: nothing else may move it
  let timer = 0;
  /** @type {T | undefined} */
  let shown;
  /** @type {{ value: T | undefined, since: number }} */
  let wanted = { value: undefined, since: 0 };

  function send() {
    clearTimeout(timer);
    timer = 0;
    const value = valueAt(slider.valueAsNumber);
    wanted = { value, since: performance.now() };
    ask(value);
  }

  function follow() {
    if (held && !timer && wanted.value === undefined && valueAt(slider.valueAsNumber) !== shown) send();
  }

  const drop = () => {
    held = false;
  };
  slider.addEventListener('pointerdown', () => {
    held = true;
  });
  slider.addEventListener('input', () => {
    say();
    follow();
  });
  slider.addEventListener('change', () => {
    clearTimeout(timer);
    timer = window.setTimeout(send, REST);
    drop();
  });
  slider.addEventListener('pointercancel', drop);
  slider.addEventListener('pointerup', drop);
  return {
    /** Ask for what the slider stands on at once. */
    send,
    /** Leave what was asked for. */
    forget() {
      wanted.value = undefined;
    },
    /**
     * The page shows `value`: `move` puts the slider there, unless a hand or a wish of it is ahead.
     * @param {T} value
     * @param {() => void} move
     */
    show(value, move) {
      shown = value;
      if (value === wanted.value || performance.now() - wanted.since > PATIENCE) wanted.value = undefined;
      if (!held && !timer && wanted.value === undefined) {
        move();
        say();
      }
      follow();
    },
    destroy() {
      clearTimeout(timer);
    },
  };
}
