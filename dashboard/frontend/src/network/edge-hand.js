/**
 * What a person does with connections: look at one, by the pointer or from a neuron by keys; pin it; change its weight, by
 * dragging it up and down, or on its card.
 */

import { asNumber } from '../lib/format/text.js';
import { sinceWords } from '../lib/model/change.js';
import { debounce } from '../lib/ui/controls.js';
import { pointsOn } from './card-place.js';
import { createEdgeCard } from './edge-card.js';
import { describeEdge, isSameLink, nearestLink } from './edges.js';

/** @import { EdgeHandActions, Link, Place, View } from './types.js' */

const SLACK = 6; // pixels from a connection at which the pointer is on it
const REST = 250; // ms that the pointer rests on one before the record is asked about it
const FULL = 160; // pixels of a drag over which a weight goes from 0 to the end of its scale
const STILL = 3; // pixels that are no drag yet

/**
 * @param {View} view
 * @param {EdgeHandActions} act
 */
export function createEdgeHand(view, act) {
  /** @type {Link | null} */
  let edge = null; // looked at
  /** @type {Link[] | null} */
  let walk = null; // those that keys lead along, of the neuron looked at
  /** @type {Link | null} */
  let pinned = null;
  /** @type {{ y: number, weight: number, top: number, isDrag: boolean } | null} */
  let held = null;
  let wasDrag = false;

  const floating = createEdgeCard(null);
  const dock = createEdgeCard({
    set: (value) => pinned && set(pinned, value),
    restore,
    unpin: () => pin(null),
  });

  /**
   * @param {Link} link
   * @param {number} value
   */
  function set({ level, from, to }, value) {
    act.change(() => view.edits.setWeight(level, from, to, value));
  }

  function restore() {
    if (!pinned) return;
    const { level, from, to } = pinned;
    act.change(() => view.edits.restoreWeight(level, from, to));
  }

  /**
   * @param {Link | null} next
   * @param {Link[] | null} [along]
   */
  function look(next, along = null) {
    walk = along;
    if (isSameLink(next, edge)) return;
    edge = next && { ...next };
    recallAtRest.cancel();
    if (edge) recallAtRest(edge);
    update();
    act.redraw();
  }

  /** @param {Link | null} next */
  function pin(next) {
    pinned = next && { ...next };
    if (next) {
      act.pinned();
      recall(next);
    }
    update();
    act.redraw();
    if (!next) act.focus();
  }

  /**
   * Ask the record for the weight before this page was open.
   * @param {Link} link
   */
  async function recall(link) {
    const { store, weightHistory } = view;
    if (!store.hasPast || weightHistory.knows(link)) return;
    try {
      const { level, from, to } = link;
      weightHistory.recall(link, await store.server.fetched(`weights/${level}/${from}/${to}`));
      update();
    } catch {
      // The stage says that the connection is lost.
    }
  }
  const recallAtRest = debounce(recall, REST);

  function update() {
    if (!view.frame) return;
    const isOnCard = isSameLink(edge, pinned);
    floating.element.hidden = !edge || (isOnCard && !walk);
    dock.element.hidden = !pinned;
    for (const link of [edge, pinned]) {
      if (!link) continue;
      view.weightHistory.see(link, view.frame);
      const { activation, change, product } = describeEdge(view, link);
      link.value = change === null ? product : activation * change; // as those around it are drawn
    }
    if (pinned) dock.update(view, pinned);
    if (edge && !floating.element.hidden) {
      floating.update(view, edge);
      place();
    }
  }

  function place() {
    if (!edge || floating.element.hidden) return;
    const points = pointsOn(act.layout(), edge);
    act.place(floating.element, points[points.length >> 1], points);
  }

  function announce() {
    if (!edge) return;
    const { from, to, weight, product, change } = describeEdge(view, edge);
    const since = change === null ? '' : `; ${sinceWords(view.store)}: ${asNumber(change, 3)}`;
    act.announce(`From ${from} to ${to}: weight ${asNumber(weight, 3)}, contribution ${asNumber(product, 3)}${since}`);
  }

  return {
    floating: floating.element,
    dock: dock.element,
    update,
    place,
    /** The connections that are marked. */
    get marked() {
      return { edge, pinned };
    },
    isOver: () => edge !== null && !walk,
    isHeld: () => held !== null,
    /**
     * The pointer is at a place of the content, or away from every connection.
     * @param {Place | null} at
     * @param {number} scale
     */
    point(at, scale) {
      if (!held) look(at && nearestLink(act.layout(), act.links(), at, SLACK / scale));
    },
    /** @param {PointerEvent} event */
    hold(event) {
      wasDrag = false;
      if (!edge || walk || event.button !== 0 || event.pointerType === 'touch') return;
      const { weight, top } = describeEdge(view, edge);
      held = { y: event.clientY, weight, top, isDrag: false };
    },
    /** @param {PointerEvent} event */
    drag(event) {
      if (!held || !edge) return;
      const up = held.y - event.clientY;
      if (!held.isDrag && Math.abs(up) < STILL) return;
      if (!held.isDrag && event.target instanceof Element) event.target.setPointerCapture(event.pointerId);
      held.isDrag = true;
      set(edge, Number((held.weight + (up / FULL) * held.top).toPrecision(4)));
    },
    /** The pointer let go: what was dragged is pinned. */
    release() {
      wasDrag = held?.isDrag ?? false;
      held = null;
      if (wasDrag && edge) pin(edge);
    },
    /** Whether the press that just ended was a drag. */
    wasDrag: () => wasDrag,
    pin: () => pin(edge),
    unpin: () => pin(null),
    isPinned: () => pinned !== null,
    /** Escape: what is held or changed is taken back, then the connection is let go; returns whether there was one. */
    escape() {
      if (held?.isDrag) {
        held = null;
        act.change(() => view.edits.undo());
      } else if (walk) look(null);
      else if (pinned && describeEdge(view, pinned).isChanged) restore();
      else if (pinned) pin(null);
      else return false;
      return true;
    },
    /**
     * Go along the connections of a neuron, which are `links`, from the strongest on; or back to it.
     * @param {Link[]} links
     */
    walk(links) {
      if (walk || !links.length) look(null);
      else look(links[0], links);
      announce();
    },
    isWalking: () => walk !== null,
    /**
     * The next connection along the way, or with Enter the card of this one.
     * @param {number} by
     */
    step(by) {
      if (!walk || !edge) return;
      const at = walk.findIndex((link) => isSameLink(link, edge));
      look(walk[(at + by + walk.length) % walk.length], walk);
      announce();
    },
    /** Pin the one that keys led to, and go to its controls. */
    enter() {
      if (!edge) return;
      pin(edge);
      look(null);
      dock.slider.focus();
    },
    leave: () => !held && look(null),
    destroy() {
      recallAtRest.cancel();
    },
  };
}
