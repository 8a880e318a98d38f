/** The tooltip of every view. */

import { make } from './dom.js';

/** A tooltip in `box`, hidden: {element, show(content, x, y), hide()}; `content` is its words or its elements. */
/** @param {HTMLElement} box */
export function createTip(box) {
  const element = make('div', { className: 'nv-tip', hidden: true });
  box.append(element);
  return {
    element,
    /**
     * Show it, its left edge at `x` or as near as the box allows; `beside` is how far it keeps from a pointer at `x`,
     * on the side where there is more space.
     * @param {Array<Node | string>} content
     * @param {{ x: number, y: number, beside?: number, isCentred?: boolean }} place
     */
    show(content, { x, y, beside = 0, isCentred = false }) {
      element.hidden = false;
      element.replaceChildren(...content);
      const { offsetWidth: width } = element;
      const whole = box.clientWidth;
      const isLeft = beside > 0 && x > whole / 2;
      const left = isCentred ? x - width / 2 : isLeft ? x - beside - width : x + beside;
      element.style.left = `${Math.max(0, Math.min(left, whole - width))}px`;
      element.style.top = `${y}px`;
    },
    hide() {
      element.hidden = true;
    },
  };
}
