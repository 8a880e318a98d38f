/** Where the arrow keys lead from a neuron. */
import { blockOf } from './layout.js';

/** @import { Layout } from './types.js' */
/** @import { Neuron } from '../lib/model/types.js' */

/**
 * The neuron beside another: up and down within a layer, left and right across a grid and on to the next layer, where it
 * is the nearest one of the first column that is reached.
 * @param {Layout} layout
 * @param {Neuron} from
 * @param {number} across
 * @param {number} along
 * @returns {Neuron}
 */
export function neighbourOf(layout, { layer, unit }, across, along) {
  const { columns, size, ys } = blockOf(layout, layer);
  if (along) {
    const next = unit + along * columns;
    const isThere = next >= 0 && next < size;
    return { layer, unit: isThere ? next : Math.min(size - 1, Math.max(0, unit + along)) };
  }
  const column = (unit % columns) + across;
  if (column >= 0 && column < columns && unit + across < size) return { layer, unit: unit + across };
  const reached = layer + across;
  if (reached < 0 || reached > layout.hidden.length) return { layer, unit };
  const block = blockOf(layout, reached);
  const edge = across > 0 ? 0 : block.columns - 1;
  let best = 0;
  for (let i = 0; i < block.size; i += 1)
    if (i % block.columns === edge && Math.abs(block.ys[i] - ys[unit]) < Math.abs(block.ys[best] - ys[unit])) best = i;
  return { layer: reached, unit: best };
}
