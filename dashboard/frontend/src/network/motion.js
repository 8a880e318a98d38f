/**
 * What is on screen between two snapshots: values and connections glide from what was last drawn
 * to what is now true, so an interrupted movement never jumps.
 */
import { linkKey } from './links.js';
/** @import { Link, MovingLink } from './types.js' */
/** @import { Numbers } from '../lib/model/types.js' */

export class Motion {
  constructor() {
    /** @type {Float32Array[]} */
    this.now = [];
    /** @type {Float32Array[]} */
    this.from = [];
    /** @type {Numbers[]} */
    this.to = [];
    /** @type {MovingLink[]} */
    this.links = [];
    this.t = 1;
  }

  /**
   * Head for new values (one array a level) and connections, from wherever the picture is.
   * @param {Numbers[]} values
   * @param {Link[]} links
   */
  retarget(values, links) {
    const fits = this.now.length === values.length && values.every((array, l) => array.length === this.now[l].length);
    this.from = fits
      ? this.now.map((array) => Float32Array.from(array))
      : values.map((array) => Float32Array.from(array));
    this.to = values;
    this.now = this.from.map((array) => Float32Array.from(array));
    const union = new Map();
    for (const link of fits ? this.links : []) {
      const shown = link.presence;
      if (shown > 0.01) union.set(link.key, { ...link, v0: link.value, p0: shown, p1: 0 });
    }
    for (const link of links) {
      const key = linkKey(link.level, link.from, link.to);
      const old = union.get(key);
      if (old) Object.assign(old, { v1: link.value, p1: 1 });
      else union.set(key, { ...link, key, v0: link.value, v1: link.value, p0: fits ? 0 : 1, p1: 1 });
    }
    this.links = [...union.values()].sort((a, b) => Math.abs(a.v1) - Math.abs(b.v1));
    this.t = -1;
    this.seek(fits ? 0 : 1);
  }

  /**
   * Stand at share `t` (0 to 1) of the way; returns whether anything moved.
   * @param {number} t
   */
  seek(t) {
    if (t === this.t) return false;
    this.t = t;
    const rest = 1 - t;
    for (let l = 0; l < this.to.length; l += 1) {
      const [now, from, to] = [this.now[l], this.from[l], this.to[l]];
      for (let i = 0; i < now.length; i += 1) now[i] = t >= 1 ? to[i] : from[i] * rest + to[i] * t;
    }
    for (const link of this.links) {
      link.value = link.v0 * rest + link.v1 * t;
      link.presence = link.p0 * rest + link.p1 * t;
    }
    if (t >= 1) this.links = this.links.filter((link) => link.p1 > 0);
    return true;
  }
}
