/** The words above and below each layer of the network view: its name, its size, its scale, and the state of its neurons. */
import { fillBox } from '../../lib/charts/pen.js';
import { asNumber } from '../../lib/format/text.js';
import { isSaturated } from './neurons.js';
import { fontOf, label } from './pen.js';

/** @import { Block, Scene } from '../types.js' */
/** @import { Layer, Pen } from '../../lib/model/types.js' */

/**
 * @param {Pen} pen
 * @param {Scene} scene
 */
export function drawCaptions(pen, scene) {
  const { layout, palette, layers } = scene;
  const top = layout.area.y - 34;
  const bottom = layout.area.y + layout.area.height;
  /**
   * @param {number} x
   * @param {string} name
   * @param {string} about
   * @param {number} most
   */
  const caption = (x, name, about, most) => {
    label(pen, scene, name, x, top, { size: 13, weight: 700, color: palette.ink, most });
    label(pen, scene, about, x, top + 16, { size: 11.5, color: palette.muted, most });
  };
  const { input } = layout;
  const middle = input.kind === 'plane' ? input.x + input.side / 2 : input.x + input.width / 2;
  caption(middle, scene.driversTitle ?? 'Input', scene.driversTitle ? scene.driversAbout : scene.inputAbout, 170);
  pen.font = fontOf(scene, 13, 600);
  const labelAt = Math.max(middle, 10 + Math.min(180, pen.measureText(scene.inputLabel).width) / 2);
  label(pen, scene, scene.inputLabel, labelAt, input.kind === 'features' ? bottom + 20 : input.y + input.height + 17, {
    size: 13,
    weight: 600,
    color: palette.ink,
    most: 180,
  });
  const blocks = [...layout.hidden, layout.output];
  const middles = blocks.map(({ x, width }) => x + width / 2);
  const apart = middles.slice(1).reduce((least, x, i) => Math.min(least, x - middles[i]), Infinity) - 8;
  /** @param {Layer} layer */
  const sizeAndFunction = (layer) => `${layer.size} · ${layer.function.label}`;
  const hidden = layers.slice(0, -1);
  // Many layers stand close: then the number of a layer and its size are enough, and its card says the rest.
  const hasNames = isWithin(
    pen,
    scene,
    hidden.map(({ name }) => name),
    apart,
    13,
    700,
  );
  const hasFunctions = isWithin(pen, scene, hidden.map(sizeAndFunction), apart, 11.5);
  blocks.forEach((block, i) => {
    const layer = layers[block.layer];
    const x = middles[i];
    const name = layer.isOutput || hasNames ? layer.name : `H${block.layer + 1}`;
    caption(
      x,
      name,
      layer.isOutput || hasFunctions ? sizeAndFunction(layer) : `${layer.size}`,
      Math.max(block.width, 104),
    );
    if (layer.isOutput) return;
    const after = blocks[block.layer + 1];
    const space = after ? after.x + (after.layer === layers.length - 1 ? 0 : after.width / 2) - x - 8 : 130;
    drawScale(pen, scene, block, x, bottom + 14, Math.max(16, Math.min(48, space - 40)));
    const words = stateWords(scene, layer, space < 110);
    if (words)
      label(pen, scene, words, x, bottom + 32, {
        size: 11.5,
        weight: 600,
        color: palette.ink,
        most: Math.max(space, 60),
      });
  });
}

/**
 * Whether texts side by side, each with so much space, keep clear of each other.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {string[]} texts
 * @param {number} space
 * @param {number} size
 * @param {number} [weight]
 */
function isWithin(pen, scene, texts, space, size, weight) {
  pen.font = fontOf(scene, size, weight);
  return texts.every((text) => pen.measureText(text).width <= space);
}

/**
 * How many neurons of a layer are always off, as the record counts them over many examples, and how many are saturated
 * for this one: "3 always off", "12 saturated" (signs alone when `brief`); empty when none is.
 * @param {Scene} about
 * @param {Layer} layer
 * @param {boolean} brief
 */
function stateWords({ statistics, motion }, layer, brief) {
  const off = Math.round((statistics?.[layer.index]?.dead_fraction ?? 0) * layer.size);
  let full = 0;
  for (const value of motion.now[layer.index + 1]) full += Number(isSaturated(value, layer));
  const words = [
    [off, '⊘', 'always off'],
    [full, '●', 'saturated'],
  ];
  return words
    .filter(([count]) => count)
    .map(([count, sign, word]) => `${sign} ${count}${brief ? '' : ` ${word}`}`)
    .join(' · ');
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {number} width
 */
function drawScale(pen, scene, block, x, y, width) {
  const { palette, scales } = scene;
  const { low, high, signed } = scales.of(block.layer);
  const colors = signed ? palette.diverging : palette.sequential;
  const wide = width / 24;
  for (let i = 0; i < 24; i += 1) {
    fillBox(pen, x - width / 2 + i * wide, y - 2.5, wide + 0.2, 5, colors.css(signed ? i / 11.5 - 1 : i / 23));
  }
  label(pen, scene, asNumber(low, 0), x - width / 2 - 4, y, { align: 'right', size: 10.5, color: palette.muted });
  label(pen, scene, asNumber(high, 0), x + width / 2 + 4, y, { align: 'left', size: 10.5, color: palette.muted });
}
