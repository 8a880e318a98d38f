/** Where the stage has its frames from: the live socket, or any snapshot asked for by number. */

import { parseFrame, parseTensors } from '../lib/model/frame.js';
import { classesOfEach } from '../lib/model/output-reader.js';
import { isPlane, planeOf, planeOfProbe } from '../lib/model/plane.js';
import { pointIn, pointSample, withActivations, withSample } from '../lib/model/sample.js';
import { routesOf } from '../lib/server/run.js';
import { messageOf } from '../lib/ui/dom.js';

/** @import { SourceOptions, Store } from './types.js' */
/** @import { Description, Frame, Message } from '../lib/model/types.js' */

const KEPT = 40;
const GONE = 4404;
const LONGEST_WAIT = 8000; // ms between two attempts to connect

/**
 * Follow a run. What was shown before stays until its first snapshot can be shown, `first` or the newest: then `begin()`
 * is called, and the store learns what the run is; until then `early(status, hasSnapshots)` says how far it is.
 * `live(frame)` gets each newest frame and returns a promise that is kept once it is drawn; `trouble(sentence | null)`
 * says why nothing comes.
 * `greeted()` is called after each first message of a connection. `sample`, such as test-17 or a point 0.5,-1, names an
 * example to show beside the recorded ones; `missing(sentence)` says why there is none.
 * Returns {frame(number), prefetch(number), close()}.
 * @param {Store} store
 * @param {SourceOptions} about
 */
export function openSource(store, { base, run, first, early, begin, live, greeted, trouble, missing, sample = null }) {
  const server = routesOf(base, run);
  const kept = new Map();
  const asked = new Map();
  /** @type {WebSocket | null} */
  let socket = null;
  let closed = false;
  let wait = 300;
  let timer = 0;
  let isOpen = false;
  /** @type {{ promise: Promise<void>, resolve: () => void } | null} */
  let away = null; // {promise, resolve} while the server is away
  /** @type {Extract<Message, { type: 'hello' }> | null} */
  let news = null; // what is known of a run before its first snapshot
  let hasBegun = false;
  /** @type {Extract<Message, { type: 'lines' }> | null} */
  let held = null; // lines that are drawn together with the frame that follows them
  /** @type {ReturnType<typeof fetchExamples>} */
  let examples;

  /** Kept as soon as the server can be asked: a request to one that is away would only fail. */
  function reachable() {
    if (isOpen || closed) return Promise.resolve();
    if (!away) {
      const { promise, resolve } = /** @type {PromiseWithResolvers<void>} */ (Promise.withResolvers());
      away = { promise, resolve };
    }
    return away.promise;
  }

  function release() {
    away?.resolve();
    away = null;
  }

  /** @param {Frame} frame */
  function keep(frame) {
    kept.delete(frame.number);
    kept.set(frame.number, frame);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return frame;
  }

  /** @param {string} path */
  const fetchBuffer = async (path) => (await server.ask(path)).arrayBuffer();

  const point = pointIn(sample);

  /** The example of the data that the address names; null without one, or with the reason why it cannot be had. */
  async function fetchSample() {
    if (!sample || point) return null;
    try {
      return await server.fetched(`examples/${sample.replace('-', '/')}`);
    } catch (error) {
      missing(messageOf(error));
      return null;
    }
  }

  /**
   * Of 2-D data that is not on this machine any more, or another, only the recorded examples are known.
   * @param {unknown} error
   */
  function withoutPoints(error) {
    if (error instanceof TypeError) throw error; // a server that went away meanwhile
    return null;
  }

  /**
   * What is shown of the data: the recorded examples, the one that the address names, and the points of 2-D data.
   * @param {Description} description
   */
  const fetchExamples = (description) =>
    Promise.all([
      fetchBuffer('probe'),
      fetchSample(),
      isPlane(description) ? server.fetched('plane').then(planeOf, withoutPoints) : null,
    ]);

  /** Show the run, now that it has a snapshot. */
  async function introduce() {
    if (!news) return;
    const { description } = news;
    const newest = news.lines.findLast((line) => line.type === 'snapshot')?.number ?? 0;
    const wanted = first === null ? null : Math.min(first, newest);
    const [[probe, asked, plane], buffer] = await Promise.all([
      examples,
      wanted === null ? null : fetchBuffer(`snapshots/${wanted}`),
    ]);
    if (closed) return;
    const tensor = parseTensors(probe);
    const [x, y] = [tensor('x'), tensor('y')];
    if (!x || !y) throw new Error('The recorded examples are damaged.');
    hasBegun = true;
    begin();
    store.probe = { images: x, labels: classesOfEach(y) };
    store.plane = plane ?? (isPlane(description) ? planeOfProbe({ description, probe: store.probe }) : null);
    const example = asked ?? (point && store.plane && pointSample(store.plane, point));
    if (example) store.probe = withSample(store.probe, example);
    const last = Math.max(0, store.probe.labels.length - 1);
    store.probeIndex = Math.min(store.probeIndex ?? (example ? last : 0), last);
    store.describe(description);
    if (buffer) keep(withActivations(parseFrame(buffer), store));
    learn(news);
    news = null;
  }

  /** @param {Extract<Message, { type: 'hello' }>} message */
  function learn(message) {
    held = null;
    store.status = message.status;
    store.learn(message, true);
    store.emit('status');
    greeted();
  }

  // Messages are taken in one after the other: the first has to fetch something.
  /** @type {Promise<unknown>} */
  let last = Promise.resolve();
  /** @param {() => unknown} act */
  const inTurn = (act) => {
    last = last.then(() => (closed ? null : act()));
  };

  /**
   * @param {string | ArrayBuffer} data
   * @param {WebSocket} from
   */
  async function take(data, from) {
    if (typeof data !== 'string') {
      await introduce();
      if (closed) return;
      if (held) store.learn(held);
      held = null;
      // Not waited for: lines and status go on while someone looks at another snapshot.
      live(keep(withActivations(parseFrame(data), store))).then(() => {
        if (from.readyState === WebSocket.OPEN) from.send('ack');
      });
      return;
    }
    /** @type {Message} */
    const message = JSON.parse(data);
    if (!hasBegun) {
      // Until there is a snapshot, what comes belongs to the first message.
      if (message.type === 'hello') {
        news = message;
        examples = fetchExamples(message.description);
        examples.catch(() => {}); // who waits for them says so
      } else if (news && message.type === 'lines') {
        news.lines.push(...message.lines);
        news.best = message.best;
        news.chance = message.chance;
      } else if (news && message.type === 'status') news.status = message.status;
      if (message.type !== 'lines') early(message.status, news?.lines.some(({ type }) => type === 'snapshot') ?? false);
    } else if (message.type === 'hello') learn(message);
    else if (message.type === 'lines' && message.with_frame) held = message;
    else if (message.type === 'lines') store.learn(message);
    else if (message.type === 'status') {
      store.status = message.status;
      store.emit('status');
    }
  }

  function connect() {
    const address = new URL(`${server.url}/live`, location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const opened = new WebSocket(address);
    socket = opened;
    let understood = true;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      isOpen = true;
      release();
    };
    socket.onmessage = ({ data }) => {
      inTurn(async () => {
        if (!understood) return;
        try {
          await take(data, opened);
          if (closed) return;
          wait = 300;
          trouble(null);
        } catch (error) {
          if (closed) return;
          trouble(`The run cannot be shown: ${messageOf(error)}.`);
          // What comes after a first message that failed means nothing: begin again.
          understood = hasBegun;
          if (!understood) opened.close();
        }
      });
    };
    socket.onclose = ({ code, reason }) => {
      if (closed) return;
      isOpen = false;
      if (code === GONE) {
        closed = true;
        release();
        trouble(reason || 'This run is not there any more.');
        return;
      }
      if (understood) trouble('The connection to annscope is lost; trying again. What is shown stays.');
      timer = window.setTimeout(connect, wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
      socket = null;
    };
  }

  /** A person who comes back to the page does not wait for the next attempt. */
  function hurry() {
    if (closed || socket || document.hidden) return;
    clearTimeout(timer);
    connect();
  }

  /** @param {number} number */
  function ask(number) {
    if (!asked.has(number)) {
      asked.set(
        number,
        fetchBuffer(`snapshots/${number}`)
          .then((buffer) => keep(withActivations(parseFrame(buffer), store)))
          .finally(() => asked.delete(number)),
      );
    }
    return asked.get(number);
  }

  // A pinned snapshot keeps its arrays while the run goes on: its worker is asked to.
  /** @type {number | null} */
  let pinned = null;
  const stopPinning = store.on('compare', () => {
    const before = pinned;
    pinned = store.compared?.number ?? null;
    if (pinned === before || !['starting', 'running', 'paused'].includes(store.status?.status ?? '')) return;
    /**
     * @param {number | null} number
     * @param {'pin' | 'unpin'} act
     */
    const tell = (number, act) => {
      if (number !== null) server.ask(`snapshots/${number}/${act}`, { method: 'POST' }).catch(() => {});
    };
    tell(before, 'unpin');
    tell(pinned, 'pin');
  });

  document.addEventListener('visibilitychange', hurry);
  connect();
  return {
    /**
     * The frame of a snapshot, as soon as it is there; null when the source is closed before that.
     * @param {number} number
     */
    async frame(number) {
      const known = kept.get(number);
      if (known) return keep(known);
      await reachable();
      return closed ? null : ask(number);
    },
    /**
     * Have a frame at hand before it is asked for.
     * @param {number} number
     */
    prefetch(number) {
      if (isOpen && !kept.has(number)) ask(number).catch(() => {});
    },
    close() {
      closed = true;
      release();
      stopPinning();
      document.removeEventListener('visibilitychange', hurry);
      clearTimeout(timer);
      // Closing one that is still opening would be an error on the console.
      const mine = socket;
      if (mine?.readyState === WebSocket.CONNECTING) mine.onopen = () => mine.close();
      else mine?.close();
    },
  };
}
