/** What a store tells its views. */

/** Listeners by the name of an event: {on(event, listen), which returns what ends it, emit(event)}. */
export function createEvents() {
  /** @type {Map<string, Set<() => void>>} */
  const listeners = new Map();
  return {
    /**
     * @param {string} event
     * @param {() => void} listen
     */
    on(event, listen) {
      const heard = listeners.get(event) ?? new Set();
      listeners.set(event, heard.add(listen));
      return () => {
        heard.delete(listen);
      };
    },
    /** @param {string} event */
    emit(event) {
      for (const listen of [...(listeners.get(event) ?? [])]) {
        try {
          listen();
        } catch (error) {
          reportError(error); // one listener's mistake is not the next one's
        }
      }
    },
  };
}
