/** The size of a picture, out of the first bytes of its file: known before anything is decoded. */

/**
 * What a PNG, JPEG, GIF, WebP or BMP file says of itself: {width, height} in pixels; null for anything else.
 * @param {Uint8Array} bytes The file, or its beginning: of a JPEG, as far as its frame header.
 */
export function imageSize(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /**
   * @param {string} text
   * @param {number} [at]
   */
  const has = (text, at = 0) => [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  try {
    if (has('\x89PNG\r\n\x1a\n') && has('IHDR', 12)) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (has('\xff\xd8\xff')) return sizeOfJpeg(view);
    if (has('GIF87a') || has('GIF89a')) return sizeOfGif(view);
    if (has('RIFF') && has('WEBP', 8)) return sizeOfWebp(view, has);
    if (has('BM')) return sizeOfBmp(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the file ends before its size
  }
  return null;
}

/**
 * ITU-T T.81, annex B: segments of a marker and a length, up to the frame header (SOF0 to SOF15).
 * @param {DataView} view
 */
function sizeOfJpeg(view) {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    if (marker === 0xda) return null; // the pixels begin
    if (marker === 0xff)
      at += 1; // a fill byte
    else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7))
      at += 2; // markers without a segment
    else at += 2 + view.getUint16(at + 2);
  }
}

/**
 * GIF89a, sections 18 to 23: the screen, or the first picture where that is larger, which browsers then show.
 * @param {DataView} view
 */
function sizeOfGif(view) {
  /** @param {number} flags */
  const table = (flags) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0);
  let [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  let at = 13 + table(view.getUint8(10));
  while (view.getUint8(at) === 0x21) {
    at += 2;
    while (view.getUint8(at)) at += 1 + view.getUint8(at);
    at += 1;
  }
  if (view.getUint8(at) !== 0x2c) return null;
  width = Math.max(width, view.getUint16(at + 1, true) + view.getUint16(at + 5, true));
  height = Math.max(height, view.getUint16(at + 3, true) + view.getUint16(at + 7, true));
  return { width, height };
}

/**
 * RFC 9649: the canvas of an extended file, else the frame of a lossy (VP8) or lossless (VP8L) one.
 * @param {DataView} view
 * @param {(text: string, at?: number) => boolean} has
 */
function sizeOfWebp(view, has) {
  /** @param {number} at */
  const uint24 = (at) => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (has('VP8X', 12)) return { width: uint24(24) + 1, height: uint24(27) + 1 };
  if (has('VP8 ', 12)) return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
  if (!has('VP8L', 12)) return null;
  const bits = view.getUint32(21, true);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}

/**
 * The first header of Windows bitmaps has sizes of 16 bits, the later ones of 32, upside down where negative.
 * @param {DataView} view
 */
function sizeOfBmp(view) {
  if (view.getUint32(14, true) === 12) return { width: view.getUint16(18, true), height: view.getUint16(20, true) };
  return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
}
