/** A picture from a file, the clipboard or dropped on the sheet: read by the server, and shown beside what was found. */

import { isWhole, WHOLE } from '../lib/model/crop.js';
import { debounce, press } from '../lib/ui/controls.js';
import { make, messageOf } from '../lib/ui/dom.js';
import { createOriginal } from './original.js';

/** @import { Crop } from '../lib/model/types.js' */
/** @import { FoundInPhoto, RunServer } from './types.js' */

const ACCEPTED = 'image/*';

/**
 * Build the way in. `take(found)` gets what the server found in an image, `notify(sentence | null)` what is wrong.
 * Returns {element, original, said, isOnSheet(is), listen(target)}.
 * @param {RunServer} server
 * @param {(found: FoundInPhoto) => void} take
 * @param {(sentence: string | null) => void} notify
 */
export function createUpload(server, take, notify) {
  const file = make('input', { className: 'nv-hidden', type: 'file', accept: ACCEPTED, tabIndex: -1 });
  file.setAttribute('aria-label', 'Upload an image');
  file.setAttribute('aria-hidden', 'true');
  const open = press(
    'Upload or paste',
    'An image of up to 20 MB; Ctrl+V pastes one, and it can be dropped on the sheet',
    () => file.click(),
  );
  const invert = make('input', { type: 'checkbox' });
  const words = make('span');
  const flip = make('label', { className: 'dr-switch', hidden: true }, invert, words);
  const element = make('span', { className: 'dr-upload' }, open, file, flip);
  const said = make('p', { className: 'dr-note dr-said', hidden: true });
  /** What is on the sheet, and how it was read; another file takes its place once it has been read. */
  /** @type {{ blob: Blob, crop: Crop, inverted: boolean | null } | null} */
  let shown = null;
  let asked = new AbortController();

  const original = createOriginal((crop) => {
    if (shown) shown.crop = crop;
    again();
  });
  const again = debounce(() => shown && read(shown), 120);

  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    file.value = '';
    if (chosen) begin(chosen);
  });
  invert.addEventListener('change', () => {
    if (shown) read({ ...shown, inverted: invert.checked });
  });

  /** @param {Blob} blob */
  const begin = (blob) => read({ blob, crop: WHOLE, inverted: null });

  /** @param {{ blob: Blob, crop: Crop, inverted: boolean | null }} wanted */
  async function read(wanted) {
    const { blob, crop, inverted } = wanted;
    again.cancel();
    asked.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const found = await server.photo(blob, crop, inverted, signal);
      if (signal.aborted) return;
      // The rectangle may have been moved while this part of it was read.
      shown = { ...wanted, crop: shown?.blob === blob ? shown.crop : crop };
      invert.checked = found.inverted;
      words.textContent = found.is_photo ? 'negative' : 'dark on light';
      said.textContent = `${found.said}${isWhole(crop) ? ' Drag the frame or its corners to read a part.' : ''}`;
      original.show(found.preview, shown.crop);
      take(found);
      notify(null);
    } catch (error) {
      if (!signal.aborted) notify(messageOf(error));
    }
  }

  return {
    element,
    original: original.element,
    said,
    /**
     * Whether nothing but the upload is on the sheet: its switches would put it in the place of anything else.
     * @param {boolean} is
     */
    isOnSheet(is) {
      for (const part of [flip, said, original.element]) part.hidden = !is;
    },
    /**
     * Take what is pasted on the page and dropped on `target`, until `signal` is aborted.
     * @param {HTMLElement} target
     * @param {AbortSignal} signal
     */
    listen(target, signal) {
      signal.addEventListener('abort', () => {
        asked.abort();
        again.cancel();
      });
      document.addEventListener(
        'paste',
        (event) => {
          const item = [...(event.clipboardData?.items ?? [])].find(({ kind }) => kind === 'file');
          if (!item) return;
          event.preventDefault();
          const pasted = item.getAsFile();
          if (pasted) begin(pasted);
        },
        { signal },
      );
      target.addEventListener('dragover', (event) => event.preventDefault(), { signal });
      target.addEventListener(
        'drop',
        (event) => {
          event.preventDefault();
          const dropped = event.dataTransfer?.files[0];
          if (dropped) begin(dropped);
        },
        { signal },
      );
    },
  };
}
