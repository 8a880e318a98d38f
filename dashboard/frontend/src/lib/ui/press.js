/**
 * Drawing that waits while something in `root` is pressed: of a press on what is taken away before the release, the
 * browser makes no click. Returns a function that draws now, or else after the click.
 * @param {HTMLElement} root
 * @returns {(draw: () => void) => void}
 */
export function betweenPresses(root) {
  let isPressed = false;
  /** @type {(() => void) | null} */
  let waiting = null;
  function release() {
    isPressed = false;
    setTimeout(() => {
      if (isPressed) return;
      waiting?.();
      waiting = null;
    });
  }
  root.addEventListener('pointerdown', ({ button }) => {
    if (button) return; // others open a menu, and their release may never be heard
    isPressed = true;
    for (const end of ['pointerup', 'pointercancel']) addEventListener(end, release, { once: true, capture: true });
  });
  return (draw) => {
    if (isPressed) waiting = draw;
    else draw();
  };
}
