/** @import { Change, HeldOutAnswer } from '../lib/model/types.js' */
/**
 * Asks the server what the changes do to the held-out figures; `tell(answer)` gets
 * {state: 'none' | 'waiting' | 'known' | 'unavailable', accuracy, loss}.
 */
export class HeldOutQuestion {
  /** @param {(answer: HeldOutAnswer) => void} tell */
  constructor(tell) {
    this.tell = tell;
    this.available = true;
    this.asked = '';
    this.timer = 0;
    this.abort = null;
  }

  /**
   * Ask about `changes` to a snapshot; a newer question replaces an older one.
   * @param {string} url
   * @param {Change[]} changes
   */
  ask(url, changes) {
    const key = changes.length && url ? `${url} ${JSON.stringify(changes)}` : '';
    if (key === this.asked) return;
    this.asked = key;
    clearTimeout(this.timer);
    this.abort?.abort();
    if (!key) {
      this.tell({ state: 'none' });
      return;
    }
    if (!this.available) {
      this.tell({ state: 'unavailable' });
      return;
    }
    this.tell({ state: 'waiting' });
    this.timer = window.setTimeout(() => this.#send(url, changes, key), 150);
  }

  /**
   * @param {string} url
   * @param {Change[]} changes
   * @param {string} key
   */
  async #send(url, changes, key) {
    this.abort = new AbortController();
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ changes }),
        signal: this.abort.signal,
      });
      if (answer.status === 404 || answer.status === 405) this.available = false;
      const told = answer.ok ? { state: 'known', ...(await answer.json()) } : { state: 'unavailable' };
      if (key === this.asked) this.tell(told);
    } catch {
      if (key === this.asked) this.tell({ state: 'unavailable' });
    }
  }

  /** Forget what was asked, and stop asking. */
  destroy() {
    clearTimeout(this.timer);
    this.abort?.abort();
  }
}
