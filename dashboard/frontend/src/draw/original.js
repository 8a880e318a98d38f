/** The original of an uploaded image, with the rectangle of it that is read: dragged, or moved by keys. */

import { isWhole, moved, resized, WHOLE } from '../lib/model/crop.js';
import { make } from '../lib/ui/dom.js';
import { arrow } from '../lib/ui/keys.js';

/** @import { Crop } from '../lib/model/types.js' */

const STEP = 0.02; // of the width or the height, by a key
const CORNERS = ['top left', 'top right', 'bottom left', 'bottom right'];

/**
 * Build the view. `changed(crop)` is called while the rectangle is dragged and at every key.
 * Returns {element, show(url, crop)}.
 * @param {(crop: Crop) => void} changed
 */
export function createOriginal(changed) {
  const image = make('img', { alt: 'The original image', draggable: false });
  const frame = make(
    'div',
    {
      className: 'dr-crop',
      tabIndex: 0,
      role: 'application',
      'aria-roledescription': 'crop rectangle',
    },
    ...CORNERS.map((corner) => make('i', { 'data-corner': corner })),
  );
  const element = make('div', { className: 'dr-original', hidden: true }, image, frame);
  /** @type {Crop} */
  let crop = WHOLE;

  function place() {
    frame.style.left = `${100 * crop.left}%`;
    frame.style.top = `${100 * crop.top}%`;
    frame.style.width = `${100 * (crop.right - crop.left)}%`;
    frame.style.height = `${100 * (crop.bottom - crop.top)}%`;
    const [left, top, right, bottom] = [crop.left, crop.top, crop.right, crop.bottom].map((at) => Math.round(100 * at));
    const what = isWhole(crop) ? 'the whole image' : `${left} to ${right} % across, ${top} to ${bottom} % down`;
    frame.setAttribute(
      'aria-label',
      `The part that is read: ${what}. Arrow keys move it, with Shift they make it larger or smaller, Escape takes the whole image.`,
    );
  }

  /** @param {Crop} next */
  function put(next) {
    crop = next;
    place();
    changed(crop);
  }

  frame.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const corner = /** @type {HTMLElement} */ (event.target).dataset.corner;
    const box = image.getBoundingClientRect();
    const [x, y, before] = [event.clientX, event.clientY, crop];
    const drag = new AbortController();
    const { signal } = drag;
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener(
      'pointermove',
      (move) => {
        const [across, down] = [(move.clientX - x) / box.width, (move.clientY - y) / box.height];
        put(corner ? resized(before, corner, across, down) : moved(before, across, down));
      },
      { signal },
    );
    for (const end of ['pointerup', 'pointercancel']) frame.addEventListener(end, () => drag.abort(), { signal });
  });
  frame.addEventListener('keydown', (event) => {
    const by = arrow(event);
    if (by) {
      const [down, across] = [STEP * by[0], STEP * by[1]];
      put(event.shiftKey ? resized(crop, 'bottom right', across, down) : moved(crop, across, down));
    } else if (event.key === 'Escape' && !isWhole(crop)) put(WHOLE);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    element,
    /**
     * @param {string} url
     * @param {Crop} part
     */
    show(url, part) {
      if (image.src !== url) image.src = url;
      crop = part;
      place();
      element.hidden = false;
    },
  };
}
