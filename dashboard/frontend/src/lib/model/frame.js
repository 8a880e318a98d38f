/** The binary messages of the live route: a JSON head, then a safetensors file as the record holds it. */

/** @import { Frame, Tensor } from './types.js' */

const TYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array };

/** @typedef {{ dtype: keyof typeof TYPES, shape: number[], data_offsets: [number, number] }} Header */

/**
 * The tensors of a safetensors file that begins at `start`: name -> {shape, data}, views where aligned; labels, which
 * are int64, as plain numbers.
 * @param {ArrayBuffer} buffer
 * @param {number} [start]
 */
export function parseTensors(buffer, start = 0) {
  const view = new DataView(buffer);
  const length = Number(view.getBigUint64(start, true));
  /** @type {Record<string, Header>} */
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, start + 8, length)));
  const base = start + 8 + length;
  /** @type {Map<string, Tensor>} */
  const made = new Map();
  /**
   * @param {string} name
   * @returns {Tensor | null}
   */
  return (name) => {
    const known = made.get(name);
    if (known) return known;
    const about = header[name];
    if (!about) return null;
    const Type = TYPES[about.dtype];
    const [from, to] = about.data_offsets;
    const count = (to - from) / Type.BYTES_PER_ELEMENT;
    const at = base + from;
    const read = at % Type.BYTES_PER_ELEMENT ? new Type(buffer.slice(at, at + to - from)) : new Type(buffer, at, count);
    const data = read instanceof BigInt64Array ? Int32Array.from(read, Number) : read;
    const tensor = { shape: about.shape, data };
    made.set(name, tensor);
    return tensor;
  };
}

/**
 * The JSON head of a binary message, and where the bytes after it start: {head, start}.
 * @param {ArrayBuffer} buffer
 */
export function parseHead(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
  return { head, start: 4 + length };
}

/**
 * A frame: {number, line, perClass, averages, written, tensor(name)}.
 * @param {ArrayBuffer} buffer
 * @returns {Frame}
 */
export function parseFrame(buffer) {
  const { head, start } = parseHead(buffer);
  const { line, per_class: perClass, averages, written } = head;
  return { number: line.number, line, perClass, averages, written, tensor: parseTensors(buffer, start) };
}
