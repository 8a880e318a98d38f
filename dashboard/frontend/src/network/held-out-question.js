/** @import { Change, HeldOutAnswer } from '../lib/model/types.js' */
/**
 * Asks the server what the changes do to the held-out figures; `report(answer)` gets
 * {state: 'none' | 'waiting' | 'known' | 'unavailable', accuracy, loss}.
 */
export class HeldOutQuestion {
  /** @param {(answer: HeldOutAnswer) => void} report */
  constructor(report) {
    this.report = report;
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
      this.report({ state: 'none' });
      return;
    }
    if (!this.available) {
      this.report({ state: 'unavailable' });
      return;
    }
    this.report({ state: 'waiting' });
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
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ changes }),
        signal: this.abort.signal,
      });
      if (response.status === 404 || response.status === 405) this.available = false;
      const found = response.ok ? { state: 'known', ...(await response.json()) } : { state: 'unavailable' };
      if (key === this.asked) this.report(found);
    } catch {
      if (key === this.asked) this.report({ state: 'unavailable' });
    }
  }

  /** Forget what was asked, and stop asking. */
  destroy() {
    clearTimeout(this.timer);
    this.abort?.abort();
  }
}
