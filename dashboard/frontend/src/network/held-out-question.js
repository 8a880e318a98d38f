import { debounce } from '../lib/ui/controls.js';

/** @import { Change, HeldOutFigures, NetworkStore } from '../lib/model/types.js' */

/**
 * Asks the server what the changes do to the held-out figures; `report(found)` gets
 * {state: 'none' | 'waiting' | 'known' | 'unavailable', accuracy, loss, n_examples}; while it waits, the figures known last.
 */
export class HeldOutQuestion {
  #asked = '';
  /** @type {HeldOutFigures} */
  #last = { state: 'none' };
  #abort = new AbortController();
  #send = debounce(async (/** @type {string} */ key, /** @type {number} */ number, /** @type {Change[]} */ changes) => {
    /** @type {HeldOutFigures} */
    let found = { state: 'unavailable' };
    try {
      const { signal } = this.#abort;
      const response = await this.server.post(`snapshots/${number}/what-if`, { changes }, signal);
      found = { state: 'known', ...(await response.json()) };
    } catch {
      // Where it cannot be asked the figures are left out.
    }
    if (key !== this.#asked) return;
    this.#last = found;
    this.report(found);
  }, 150);

  /**
   * @param {NetworkStore['server']} server
   * @param {(found: HeldOutFigures) => void} report
   */
  constructor(server, report) {
    this.server = server;
    this.report = report;
  }

  /**
   * Ask about `changes` to a snapshot; a newer question replaces an older one.
   * @param {number} number
   * @param {Change[]} changes
   */
  ask(number, changes) {
    const key = changes.length ? `${number} ${JSON.stringify(changes)}` : '';
    if (key === this.#asked) return;
    this.destroy();
    this.#asked = key;
    this.#abort = new AbortController();
    if (!key) this.#last = { state: 'none' };
    this.report({ ...this.#last, state: key ? 'waiting' : 'none' });
    if (key) this.#send(key, number, changes);
  }

  /** Forget what was asked, and stop asking. */
  destroy() {
    this.#asked = '';
    this.#send.cancel();
    this.#abort.abort();
  }
}
