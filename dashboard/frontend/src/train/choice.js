/**
 * A choice that a person makes here and that the address keeps: sent to Python once the hand rests, and taken over
 * from a link; what comes back from Python is distinguished from what a link says.
 */

const REST = 150; // ms
const ECHO = 4000; // ms within which one's own choice comes back

/** @template {number | string} Value */
export class Choice {
  #timer = 0;
  /** @type {Value | null | undefined} */
  #heard;
  #sent;
  /** @type {Array<{ value: Value | null, at: number }>} */
  #awaited = [];

  /**
   * `send(value)` hands a value to Python; `first` is what Python held at the beginning.
   * @param {(value: Value | null) => void} send
   * @param {Value | null} first
   */
  constructor(send, first) {
    this.send = send;
    this.#sent = first;
  }

  /**
   * The person chose.
   * @param {Value | null} value
   */
  choose(value) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (value === this.#heard && !this.#awaited.length) return;
      this.#awaited.push({ value, at: performance.now() });
      this.#send(value);
    }, REST);
  }

  /**
   * Python says what the address holds. Returns whether that is news from outside, to be followed.
   * @param {Value | null} value
   */
  hear(value) {
    const isNew = value !== this.#heard;
    this.#heard = value;
    this.#awaited = this.#awaited.filter(({ at }) => performance.now() - at < ECHO);
    const echo = this.#awaited.findIndex((sent) => sent.value === value);
    if (echo >= 0) {
      this.#awaited.splice(0, echo + 1);
      return false;
    }
    if (!isNew || this.#timer || this.#awaited.length) return false;
    // Python notices a choice only when it differs from the last one that it was sent.
    if (value !== this.#sent) this.#send(value);
    return true;
  }

  /** @param {Value | null} value */
  #send(value) {
    this.#sent = value;
    this.send(value);
  }

  destroy() {
    clearTimeout(this.#timer);
  }
}
