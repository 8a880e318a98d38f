/** Questions to the server about one run. */

/**
 * What the server is asked about a run: {ask(path, options)} for a response, {fetched(path)} for JSON.
 * Both fail with the server's own sentence where it has one.
 * @param {string} base
 * @param {string} run
 */
export function routesOf(base, run) {
  const url = `${base}/runs/${encodeURIComponent(run)}`;

  /**
   * @param {string} path
   * @param {RequestInit} [options]
   */
  async function ask(path, options) {
    const response = await fetch(`${url}/${path}`, options);
    if (response.ok) return response;
    throw new Error((await response.json().catch(() => null))?.error ?? `the server answered ${response.status}`);
  }

  return {
    url,
    ask,
    /**
     * @param {string} path
     * @param {unknown} body
     * @param {AbortSignal} signal
     */
    post: (path, body, signal) =>
      ask(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      }),
    /**
     * @param {string} path
     */
    async fetched(path) {
      const found = await (await ask(path)).json();
      if (found.error) throw new Error(found.error);
      return found;
    },
  };
}
