/**
 * Where everything stands in the network view, in CSS pixels before zoom and pan:
 * the input on the left, one column or grid of neurons a hidden layer, the classes on the right.
 */

/** @import { Block, InputBlock, Layout, Area } from './types.js' */
/** @import { Layer, Shape } from '../lib/model/types.js' */

const TOP = 56;
const BOTTOM = 40;
const COLUMN_UP_TO = 24;
const LARGEST_CELL = 28;
/** From the picture of a plane to the middles of the network's inputs beside it. */
export const PLANE_INPUT = 26;

/**
 * How tall the view is for its width.
 * @param {number} width
 */
export const heightFor = (width) => Math.round(Math.min(560, Math.max(380, width * 0.47)));

/**
 * Lay out a network. `input` is {size, imageShape, plane}; `layers` as layersOf makes them;
 * `longestName` counts the letters of the longest class name;
 * `faces` says that neurons are drawn as small pictures (2-D data), which wants larger cells.
 * Returns {width, height, input, hidden: [block], output: block}; a block is
 * {layer, shape: 'circle' | 'cell' | 'face' | 'row', x, y, width, height, pitch, radius, xs, ys}.
 * @param {{ width: number, height: number, input: { size: number, imageShape: Shape | null, plane: boolean }, layers: Layer[], faces: boolean, longestName: number }} about
 * @returns {Layout}
 */
export function layOut({ width, height, input, layers, faces, longestName }) {
  const area = { y: TOP, height: height - TOP - BOTTOM };
  const narrow = width < 700;
  const margin = narrow ? 10 : 18;
  const output = layers[layers.length - 1];
  const hidden = layers.slice(0, -1);
  const names = Math.round(Math.min(narrow ? 24 : 70, Math.max(0, longestName * 7 - 12)));
  const most = hidden.length ? (faces ? 290 : 250) : 380;
  const outputWidth =
    Math.round(Math.min(most, Math.max(146, width * (hidden.length ? 0.225 + (faces ? 0.03 : 0) : 0.36)))) + names;
  const inputBlock = layInput(input, width, area, margin);
  const between = width - 2 * margin - inputBlock.width - outputWidth;
  const gaps = hidden.length + 1;
  const share = hidden.length ? Math.max(20, (between - gaps * (narrow ? 34 : 56)) / hidden.length) : 0;
  const blocks = hidden.map((layer) => layNeurons(layer, share, area, faces));
  const used = blocks.reduce((sum, block) => sum + block.width, 0);
  const gap = Math.max(26, (between - used) / gaps);
  let x = margin + inputBlock.width + gap;
  const placedBlocks = blocks.map((block) => {
    const made = placed(block, x, area);
    x += block.width + gap;
    return made;
  });
  const outputBlock = layClasses(output, x, area, outputWidth, faces, hidden.length === 0);
  return {
    width: Math.max(width, x + outputWidth + margin),
    height,
    area,
    input: inputBlock,
    hidden: placedBlocks,
    output: outputBlock,
  };
}

/**
 * @param {{ size: number, imageShape: Shape | null, plane: boolean }} input
 * @param {number} width
 * @param {Area} area
 * @param {number} margin
 * @returns {InputBlock}
 */
function layInput(input, width, area, margin) {
  const middle = area.y + area.height / 2;
  if (input.imageShape) {
    const [rows, columns] = input.imageShape;
    const side = Math.min(area.height, Math.max(104, Math.min(224, width * 0.2)));
    const scale = side / Math.max(rows, columns);
    const size = { width: columns * scale, height: rows * scale };
    return { kind: 'image', x: margin, y: middle - size.height / 2, ...size, scale, rows, columns };
  }
  if (input.plane) {
    const side = Math.min(area.height, Math.max(110, Math.min(200, width * 0.18)));
    const pitch = Math.min(0.44 * side, (area.height - 30) / input.size);
    const inputs = Array.from({ length: input.size }, (_, i) => middle + (i - (input.size - 1) / 2) * pitch);
    return {
      kind: 'plane',
      x: margin,
      y: middle - side / 2,
      width: side + PLANE_INPUT + 8,
      height: side,
      side,
      xs: inputs.map(() => margin + side + PLANE_INPUT),
      ys: inputs,
      radius: 8,
    };
  }
  const columns = Math.ceil(input.size / COLUMN_UP_TO);
  const pitch = Math.min(30, area.height / Math.ceil(input.size / columns));
  const label = columns === 1 ? Math.max(64, Math.min(110, width * 0.1)) : 0;
  const height = Math.ceil(input.size / columns) * pitch;
  const y = middle - height / 2;
  return {
    kind: 'features',
    x: margin,
    width: label + columns * pitch,
    pitch,
    label,
    radius: Math.max(2, pitch * 0.36),
    columns,
    y,
    height,
    ...grid(input.size, columns, margin + label, y, pitch, pitch),
  };
}

/**
 * @param {Layer} layer
 * @param {number} share
 * @param {Area} area
 * @param {boolean} faces
 * @returns {Pick<Block, 'layer' | 'shape' | 'size' | 'columns' | 'pitch' | 'radius' | 'width'>}
 */
function layNeurons(layer, share, area, faces) {
  const { size } = layer;
  if (faces && size <= COLUMN_UP_TO) {
    const columns = area.height / size >= 20 ? 1 : 2;
    const pitch = Math.min(64, area.height / Math.ceil(size / columns), Math.max(26, share / columns));
    return { layer: layer.index, shape: 'face', size, columns, pitch, radius: pitch * 0.42, width: columns * pitch };
  }
  if (size <= COLUMN_UP_TO) {
    const pitch = Math.min(42, area.height / size);
    return {
      layer: layer.index,
      shape: 'circle',
      size,
      columns: 1,
      pitch,
      radius: Math.min(13, pitch * 0.4),
      width: Math.min(30, pitch),
    };
  }
  const shapes = Array.from({ length: size - 1 }, (_, i) => {
    const columns = i + 2;
    const full = size % columns === 0 ? 1.12 : 1; // a full last row is worth slightly smaller cells
    const pitch = Math.min(LARGEST_CELL, share / columns, area.height / Math.ceil(size / columns));
    return { columns, pitch, worth: pitch * full };
  });
  const best = shapes.reduce((a, b) => (b.worth > a.worth * 1.06 ? b : a)); // rather tall than wide
  const pitch = Math.max(3, best.pitch);
  return {
    layer: layer.index,
    shape: 'cell',
    size,
    columns: best.columns,
    pitch,
    radius: pitch * (pitch > 8 ? 0.42 : 0.46),
    width: best.columns * pitch,
  };
}

/**
 * The block of neurons laid by `layNeurons`, at its place.
 * @param {ReturnType<typeof layNeurons>} block
 * @param {number} x
 * @param {Area} area
 * @returns {Block}
 */
function placed(block, x, area) {
  const height = Math.ceil(block.size / block.columns) * block.pitch;
  const y = area.y + (area.height - height) / 2;
  const pitchX = block.columns === 1 ? block.width : block.pitch;
  return { ...block, x, y, height, ...grid(block.size, block.columns, x, y, pitchX, block.pitch) };
}

/**
 * The middles of `count` cells in rows of `columns`.
 * @param {number} count
 * @param {number} columns
 * @param {number} x
 * @param {number} y
 * @param {number} pitchX
 * @param {number} pitch
 */
const grid = (count, columns, x, y, pitchX, pitch) => ({
  xs: Float32Array.from({ length: count }, (_, i) => x + ((i % columns) + 0.5) * pitchX),
  ys: Float32Array.from({ length: count }, (_, i) => y + (Math.floor(i / columns) + 0.5) * pitch),
});

/**
 * @param {Layer} layer
 * @param {number} x
 * @param {Area} area
 * @param {number} width
 * @param {boolean} faces
 * @param {boolean} alone
 * @returns {Block}
 */
function layClasses(layer, x, area, width, faces, alone) {
  const pitch = Math.min(faces ? 64 : 40, area.height / layer.size);
  const height = pitch * layer.size;
  const y = area.y + (area.height - height) / 2;
  const radius = Math.max(1.5, Math.min(faces || alone ? width * 0.1 : 11, pitch * 0.44));
  return {
    layer: layer.index,
    shape: 'row',
    face: faces,
    size: layer.size,
    columns: 1,
    x,
    y,
    width,
    height,
    pitch,
    radius,
    xs: new Float32Array(layer.size).fill(x + radius + 1),
    ys: Float32Array.from({ length: layer.size }, (_, i) => y + (i + 0.5) * pitch),
  };
}

/**
 * The block of a layer, by its index.
 * @param {Layout} layout
 * @param {number} layer
 */
export function blockOf(layout, layer) {
  return layout.hidden[layer] ?? layout.output;
}

/**
 * Where a line leaves value `i` of level `level` (0 the input, l + 1 layer l) and where it arrives.
 * @param {Layout} layout
 * @param {number} level
 * @param {number} i
 */
export function portOf(layout, level, i) {
  if (level === 0) {
    const { input } = layout;
    if (input.kind === 'image') {
      const column = i % input.columns;
      const row = Math.floor(i / input.columns);
      return {
        x: input.x + (column + 0.5) * input.scale,
        y: input.y + (row + 0.5) * input.scale,
        radius: input.scale / 2,
      };
    }
    return { x: input.xs[i], y: input.ys[i], radius: input.radius };
  }
  const block = blockOf(layout, level - 1);
  return { x: block.xs[i], y: block.ys[i], radius: block.radius };
}

/**
 * The neuron at a point, as {layer, unit}, or null.
 * @param {Layout} layout
 * @param {number} x
 * @param {number} y
 * @param {number} [slack]
 */
export function hit(layout, x, y, slack = 3) {
  for (const block of [...layout.hidden, layout.output]) {
    if (
      x < block.x - slack ||
      x > block.x + block.width + slack ||
      y < block.y - slack ||
      y > block.y + block.height + slack
    )
      continue;
    if (block.shape === 'row') {
      const unit = Math.floor((y - block.y) / block.pitch);
      return unit >= 0 && unit < block.size ? { layer: block.layer, unit } : null;
    }
    const pitchX = block.columns === 1 ? block.width : block.pitch;
    const column = Math.min(block.columns - 1, Math.max(0, Math.floor((x - block.x) / pitchX)));
    const row = Math.max(0, Math.floor((y - block.y) / block.pitch));
    const unit = row * block.columns + column;
    return unit < block.size ? { layer: block.layer, unit } : null;
  }
  return null;
}
