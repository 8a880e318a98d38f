/** The dialog that saves a view: as a picture, or as a moving one of the whole timeline. */

import { setDensity } from '../../lib/charts/canvas.js';
import { counted } from '../../lib/format/text.js';
import { press, select } from '../../lib/ui/controls.js';
import { make, messageOf } from '../../lib/ui/dom.js';
import { download, pngOf } from '../../lib/ui/download.js';
import { REPLAYED } from '../player.js';
import { fileName, savePicture } from './button.js';
import { bodyOf, recordVideo, videoType } from './encode.js';
import { pictureOf, sizeOf } from './picture.js';
import { filmOf } from './schedule.js';

/** @import { createPlayer } from '../player.js' */
/** @import { Store } from '../types.js' */

const WIDTHS = [480, 720, 1080]; // pixels
const IMAGES = { webp: 'Animated WebP', gif: 'Animated GIF' };

/**
 * Build the dialog in `root`: {open(), destroy()}. `views()` are those that can be filmed, each with its name.
 * @param {HTMLElement} root
 * @param {Store} store
 * @param {ReturnType<typeof createPlayer>} player
 * @param {() => Array<{ name: string, element: HTMLElement }>} views
 */
export function createFilm(root, store, player, views) {
  const view = select('View', [], () => {});
  const time = select(
    'Length',
    REPLAYED.map((seconds) => [String(seconds), `${seconds} seconds`]),
    () => {},
  );
  const width = select(
    'Size',
    WIDTHS.map((pixels) => [String(pixels), `${pixels} pixels wide`]),
    () => {},
  );
  const video = videoType();
  const kinds = [...Object.entries(IMAGES), ...(video ? [['video', 'Video']] : []), ['png', 'PNG of this snapshot']];
  const kind = select('Format', kinds, showFields);
  width.value = String(WIDTHS[1]);
  const progress = make('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
  const say = make('p', { role: 'status' });
  const start = press('Save', null, save, { className: 'as-latest' });
  const cancel = press('Close', null, () => (work ? work.abort() : dialog.close()), { className: 'as-latest' });
  const fields = [view, kind, time, width].map((each) => make('label', {}, each.ariaLabel ?? '', each));
  const dialog = make(
    'dialog',
    { className: 'as-film', 'aria-label': 'Save as a picture or a film' },
    make('h2', {}, 'Save as a picture or a film'),
    ...fields,
    progress,
    say,
    make('div', { className: 'as-film-acts' }, start, cancel),
  );
  root.append(dialog);
  /** @type {AbortController | null} */
  let work = null;
  dialog.addEventListener('cancel', (event) => {
    if (!work) return;
    event.preventDefault();
    work.abort();
  });

  /** @param {boolean} isBusy */
  function showBusy(isBusy) {
    for (const each of [view, kind, start]) each.disabled = isBusy;
    showFields();
    progress.value = 0;
    cancel.textContent = isBusy ? 'Cancel' : 'Close';
  }

  function showFields() {
    for (const each of [time, width]) each.disabled = work !== null || kind.value === 'png';
  }

  async function save() {
    const chosen = views()[Number(view.value)];
    if (!chosen) return;
    chosen.element.scrollIntoView({ block: 'nearest' }); // a view out of sight may not know its past
    if (kind.value === 'png') {
      savePicture(chosen.element, chosen.name, store);
      return;
    }
    const { run, selected } = store;
    const isVideo = kind.value === 'video';
    work = new AbortController();
    const { signal } = work;
    showBusy(true);
    try {
      player.film();
      const frames = await shoot(chosen.element, isVideo, signal);
      player.leave(selected);
      const blob = isVideo
        ? await recordVideo(
            /** @type {Array<{ picture: ImageBitmap, ms: number }>} */ (frames),
            (share) => show('Recording the video', share),
            signal,
          )
        : await encode(/** @type {Array<{ picture: Blob, ms: number }>} */ (frames), signal);
      const ending = isVideo ? (blob.type.includes('mp4') ? 'mp4' : 'webm') : kind.value;
      download(blob, `${run}-${fileName(chosen.name)}.${ending}`);
      say.textContent = `Saved: ${frames.length} snapshots, ${(blob.size / 1e6).toFixed(1)} MB.`;
    } catch (error) {
      say.textContent = signal.aborted ? 'Cancelled.' : `No film was made: ${messageOf(error)}`;
    } finally {
      setDensity(null);
      if (store.run === run && store.way === 'play') player.leave(selected);
      work = null;
      showBusy(false);
    }
  }

  /**
   * @param {string} what
   * @param {number} share
   */
  function show(what, share) {
    progress.value = share;
    say.textContent = `${what} …`;
  }

  /**
   * Go through the snapshots of the film and take a picture of each.
   * @param {HTMLElement} element
   * @param {boolean} isVideo
   * @param {AbortSignal} signal
   */
  async function shoot(element, isVideo, signal) {
    const size = sizeOf(element);
    const scale = Number(width.value) / size.width;
    const { run, newest } = store;
    const plan = filmOf(store.snapshotLines, player.span(), Number(time.value), (number) =>
      store.thinned.nearest(number, newest),
    );
    const frames = [];
    for (const { number, ms } of plan) {
      await shown(number, signal);
      if (store.run !== run) throw new Error('another run is shown.');
      const canvas = pictureOf(element, store, scale, size);
      const picture = isVideo ? await createImageBitmap(canvas) : await pngOf(canvas);
      frames.push({ picture, ms });
      show('Drawing the snapshots', frames.length / plan.length);
    }
    return frames;
  }

  /**
   * Show a snapshot, and wait until it is.
   * @param {number} number
   * @param {AbortSignal} signal
   * @returns {Promise<void>}
   */
  function shown(number, signal) {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (signal.aborted) reject(signal.reason);
        else if (store.shown?.number !== number) return;
        else resolve();
        stop();
        signal.removeEventListener('abort', check);
      };
      const stop = store.on('frame', check);
      signal.addEventListener('abort', check);
      player.show(number);
      check();
    });
  }

  /**
   * @param {Array<{ picture: Blob, ms: number }>} frames
   * @param {AbortSignal} signal
   */
  async function encode(frames, signal) {
    progress.removeAttribute('value'); // the server does not say how far it is
    say.textContent = `Writing the ${IMAGES[/** @type {'webp' | 'gif'} */ (kind.value)]} …`;
    const response = await store.server.ask('film', { method: 'POST', body: bodyOf(kind.value, frames), signal });
    return response.blob();
  }

  return {
    open() {
      const before = view.value;
      const found = views();
      view.replaceChildren(...found.map(({ name }, i) => new Option(name, String(i))));
      if (before && Number(before) < found.length) view.value = before;
      const count = store.snapshotLines.length;
      start.disabled = count === 0;
      say.textContent = `The run has ${counted(count, 'snapshot')}; the film replays them all.`;
      showFields();
      dialog.showModal();
    },
    destroy() {
      work?.abort();
      dialog.remove();
    },
  };
}
