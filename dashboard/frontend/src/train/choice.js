/**
 * A choice that a person makes here and that the address keeps: told to Python once the hand rests, and taken over
 * from a link; what comes back from Python is told apart from what a link says.
 */

const REST = 150; // ms
const ECHO = 4000; // ms within which one's own choice comes back

export class Choice {
  #timer = 0;
  /** @type {number | null | undefined} */
  #heard;
  #told;
  /** @type {Array<{ value: number | null, at: number }>} */
  #awaited = [];

  /**
   * `tell(value)` hands a value to Python; `first` is what Python held at the beginning.
   * @param {(value: number | null) => void} tell
   * @param {number | null} first
   */
  constructor(tell, first) {
    this.tell = tell;
    this.#told = first;
  }

  /**
   * The person chose.
   * @param {number | null} value
   */
  choose(value) {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      if (value === this.#heard && !this.#awaited.length) return;
      this.#awaited.push({ value, at: performance.now() });
      this.#tell(value);
    }, REST);
  }

  /**
   * Python says what the address holds. Answers whether that is news from outside, to be followed.
   * @param {number | null} value
   */
  hear(value) {
    const isNew = value !== this.#heard;
    this.#heard = value;
    this.#awaited = this.#awaited.filter(({ at }) => performance.now() - at < ECHO);
    const echo = this.#awaited.findIndex((told) => told.value === value);
    if (echo >= 0) {
      this.#awaited.splice(0, echo + 1);
      return false;
    }
    if (!isNew || this.#timer || this.#awaited.length) return false;
    // Python notices a choice only when it differs from the last one that it was told.
    if (value !== this.#told) this.#tell(value);
    return true;
  }

  /** @param {number | null} value */
  #tell(value) {
    this.#told = value;
    this.tell(value);
  }

  destroy() {
    clearTimeout(this.#timer);
  }
}
