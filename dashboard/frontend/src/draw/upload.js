/** A picture from a file, the clipboard or dropped on the sheet: read here, and never sent anywhere. */

import { inkOf } from '../lib/model/ink.js';
import { press } from '../lib/ui/controls.js';
import { make, penOf } from '../lib/ui/dom.js';
import { imageSize } from './image-size.js';

/** @import { Image } from '../lib/model/types.js' */

const MOST_BYTES = 10e6;
const MOST_PIXELS = 50e6; // decoded, each takes 4 bytes; as many as an image of a folder may have
const SIDE = 560; // what a picture is scaled down to before its ink is looked for
/** @type {Record<string, string>} */
const KINDS = { 'image/png': 'PNG', 'image/jpeg': 'JPEG' };

/**
 * Build the way in. `take(ink)` gets the ink image that was found, `notify(sentence | null)` what is wrong.
 * Returns {element, forget(), listen(target)}.
 * @param {(ink: Image) => void} take
 * @param {(sentence: string | null) => void} notify
 */
export function createUpload(take, notify) {
  const file = make('input', { className: 'nv-hidden', type: 'file', accept: 'image/png,image/jpeg', tabIndex: -1 });
  file.setAttribute('aria-label', 'Upload an image');
  file.setAttribute('aria-hidden', 'true');
  const open = press(
    'Upload or paste',
    'A PNG or JPEG of up to 10 MB; Ctrl+V pastes one, and it can be dropped on the sheet',
    () => file.click(),
  );
  const invert = make('input', { type: 'checkbox' });
  const flip = make('label', { className: 'dr-switch', hidden: true }, invert, 'dark on light');
  const element = make('span', { className: 'dr-upload' }, open, file, flip);
  /** @type {ImageData | null} */
  let pixels = null;

  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    file.value = '';
    if (chosen) read(chosen);
  });
  invert.addEventListener('change', () => use(invert.checked));

  /** @param {Blob} blob */
  async function read(blob) {
    const problem = await takeIn(blob);
    notify(problem);
  }

  /**
   * Take a file in; returns one sentence when it cannot be.
   * @param {Blob} blob
   */
  async function takeIn(blob) {
    const name = blob instanceof File && blob.name ? `“${blob.name}”` : 'What was pasted';
    if (!KINDS[blob.type]) return `${name} is no PNG or JPEG image${blob.type ? ` but ${blob.type}` : ''}.`;
    if (blob.size > MOST_BYTES) return `${name} has ${(blob.size / 1e6).toFixed(1)} MB; an image may have up to 10 MB.`;
    if (!blob.size) return `${name} is empty.`;
    const unreadable = `${name} cannot be read as a ${KINDS[blob.type]} image; it may be damaged.`;
    let picture;
    try {
      const size = imageSize(new Uint8Array(await blob.arrayBuffer()));
      if (!size) return unreadable;
      // By its header: a file of a few kilobytes may be gigabytes of pixels.
      if (size.width * size.height > MOST_PIXELS)
        return `${name} is ${size.width} × ${size.height} pixels; up to 50 million are read.`;
      picture = await createImageBitmap(blob);
    } catch {
      return unreadable;
    }
    const { width, height } = picture;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const context = penOf(make('canvas', { width: w, height: h }), { willReadFrequently: true });
    context.imageSmoothingQuality = 'high';
    context.drawImage(picture, 0, 0, w, h);
    picture.close();
    pixels = context.getImageData(0, 0, w, h);
    return use(null);
  }

  /** @param {boolean | null} inverted */
  function use(inverted) {
    if (!pixels) return null;
    const found = inkOf(pixels, inverted);
    invert.checked = found.inverted;
    flip.hidden = false;
    if (found.empty) {
      const sentence = 'No ink stands out from the paper in this image.';
      if (inverted !== null) notify(sentence);
      return sentence;
    }
    take(found.ink);
    if (inverted !== null) notify(null);
    return null;
  }

  return {
    element,
    /**
     * Whether nothing but the upload is on the sheet: the switch would put it in the place of anything else.
     * @param {boolean} is
     */
    isOnSheet(is) {
      flip.hidden = !is;
    },
    /**
     * Take what is pasted on the page and dropped on `target`, until `signal` is aborted.
     * @param {HTMLElement} target
     * @param {AbortSignal} signal
     */
    listen(target, signal) {
      document.addEventListener(
        'paste',
        (event) => {
          const item = [...(event.clipboardData?.items ?? [])].find(({ kind }) => kind === 'file');
          if (!item) return;
          event.preventDefault();
          const pasted = item.getAsFile();
          if (pasted) read(pasted);
        },
        { signal },
      );
      target.addEventListener('dragover', (event) => event.preventDefault(), { signal });
      target.addEventListener(
        'drop',
        (event) => {
          event.preventDefault();
          const dropped = event.dataTransfer?.files[0];
          if (dropped) read(dropped);
        },
        { signal },
      );
    },
  };
}
