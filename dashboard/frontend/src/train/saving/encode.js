/** Frames as a moving picture: WebP and GIF by the server, a video by the browser itself. */

import { make, penOf } from '../../lib/ui/dom.js';

/** @typedef {{ picture: ImageBitmap | Blob, ms: number }} FilmFrame */

const VIDEO = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm', 'video/mp4'];
const RATE = 30; // frames a second of a video
const BITS = 6e6; // a second: lines and letters stay sharp

/** The kind of video that this browser can record; undefined where it can none. */
export const videoType = () =>
  typeof MediaRecorder === 'undefined' ? undefined : VIDEO.find((type) => MediaRecorder.isTypeSupported(type));

/**
 * What the server makes a film of: the frames' sizes in bytes and times as JSON, which its length precedes, then the PNGs.
 * @param {string} format
 * @param {Array<{ picture: Blob, ms: number }>} frames
 */
export function bodyOf(format, frames) {
  const about = new TextEncoder().encode(
    JSON.stringify({ format, frames: frames.map(({ picture, ms }) => [picture.size, Math.round(ms)]) }),
  );
  const length = new DataView(new ArrayBuffer(4));
  length.setUint32(0, about.length, true);
  return new Blob([length, about, ...frames.map(({ picture }) => picture)]);
}

/**
 * Record a video of pictures; it takes as long as it lasts. `progress` is called with the share that is recorded.
 * @param {Array<{ picture: ImageBitmap, ms: number }>} frames
 * @param {(share: number) => void} progress
 * @param {AbortSignal} signal
 */
export async function recordVideo(frames, progress, signal) {
  const [{ picture }] = frames;
  const canvas = make('canvas', { width: picture.width, height: picture.height });
  const pen = penOf(canvas);
  const stream = canvas.captureStream(RATE);
  const recorder = new MediaRecorder(stream, { mimeType: videoType(), videoBitsPerSecond: BITS });
  /** @type {Blob[]} */
  const parts = [];
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const ended = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  const whole = frames.reduce((sum, { ms }) => sum + ms, 0);
  pen.drawImage(picture, 0, 0);
  recorder.start();
  const began = performance.now();
  try {
    let at = 0;
    for (const frame of frames) {
      at += frame.ms;
      // Drawn again and again: a stream has a new frame only where a canvas was drawn on.
      do {
        signal.throwIfAborted();
        pen.drawImage(frame.picture, 0, 0);
        progress(Math.min(1, (performance.now() - began) / whole));
        await new Promise((resolve) => setTimeout(resolve, 1000 / RATE));
      } while (performance.now() - began < at);
    }
  } finally {
    recorder.stop();
    await ended;
    for (const track of stream.getTracks()) track.stop();
  }
  return new Blob(parts, { type: recorder.mimeType });
}
