/**
 * Drawing of the network view on a canvas. Everything drawn comes in one `scene`:
 * {size, palette, font, layout, camera, layers, scales, linkScales, motion, input, output, silent, statistics,
 *  focus, pinned, changes, ...}; nothing here decides what is shown.
 */

import { freshContext } from '../../lib/charts/canvas.js';
import { disc, paintPath, rounded } from '../../lib/charts/pen.js';
import { blockOf, portOf } from '../layout.js';
import { drawCaptions } from './captions.js';
import { drawClasses } from './classes.js';
import { drawInput } from './input.js';
import { drawNeurons } from './neurons.js';
import { strike } from './pen.js';

/** @import { Block, Link, Port, Scene } from '../types.js' */
/** @import { Palette, Pen } from '../../lib/model/types.js' */

/**
 * Draw the whole scene.
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 */
export function drawNetwork(canvas, scene) {
  const { layout, camera, size } = scene;
  const pen = freshContext(canvas, size.width, size.height, null, 2);
  pen.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
  pen.lineCap = 'round';
  drawInput(pen, scene);
  drawLinks(pen, scene);
  for (const block of layout.hidden) drawNeurons(pen, scene, block);
  drawClasses(pen, scene, layout.output);
  drawCaptions(pen, scene);
  drawMarks(pen, scene);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 */
function drawLinks(pen, scene) {
  const { motion, focusLinks, palette } = scene;
  const dim = focusLinks ? scene.dim : 1;
  for (const link of motion.links) drawLink(pen, scene, link, link.presence * dim, palette);
  if (focusLinks) for (let i = focusLinks.length - 1; i >= 0; i -= 1) drawLink(pen, scene, focusLinks[i], 1, palette);
  pen.globalAlpha = 1;
  const { edge, pinned } = scene.marked;
  if (pinned) drawMarked(pen, scene, pinned, palette.ink);
  if (edge) drawMarked(pen, scene, edge, palette.accent);
}

/**
 * A connection that is looked at or pinned: in its colour, with a rim.
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Link} link
 * @param {string} rim
 */
function drawMarked(pen, scene, link, rim) {
  const { palette } = scene;
  const [a, b] = endsOf(scene, link);
  tracePath(pen, a, b);
  paintPath(pen, null, rim, 6);
  paintPath(pen, null, palette.surface, 4);
  paintPath(pen, null, link.value < 0 ? palette.negative : palette.positive, 2.4);
  for (const x of [a.x + a.radius, b.x - b.radius]) disc(pen, x, x === b.x - b.radius ? b.y : a.y, 3, rim);
}

/**
 * @param {Scene} scene
 * @param {Link} link
 */
function endsOf({ layout }, link) {
  link.start ??= portOf(layout, link.level, link.from);
  link.end ??= portOf(layout, link.level + 1, link.to);
  return [link.start, link.end];
}

/**
 * @param {Pen} pen
 * @param {Port} a
 * @param {Port} b
 */
function tracePath(pen, a, b) {
  const x1 = a.x + a.radius;
  const x2 = b.x - b.radius;
  const bend = (x2 - x1) * 0.45;
  pen.beginPath();
  pen.moveTo(x1, a.y);
  pen.bezierCurveTo(x1 + bend, a.y, x2 - bend, b.y, x2, b.y);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Link} link
 * @param {number} presence
 * @param {Palette} palette
 */
function drawLink(pen, scene, link, presence, palette) {
  const share = Math.sqrt(scene.linkScales.share(link.level, link.value));
  const alpha = presence * (0.1 + 0.68 * share);
  if (alpha < 0.012) return;
  const [a, b] = endsOf(scene, link);
  pen.globalAlpha = alpha;
  tracePath(pen, a, b);
  paintPath(pen, null, link.value < 0 ? palette.negative : palette.positive, 0.5 + 2.8 * share * share);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 */
function drawMarks(pen, scene) {
  const { palette, focus, pinned, silenced } = scene;
  for (const { layer, unit } of silenced) {
    const block = blockOf(scene.layout, layer);
    strike(pen, block.xs[unit], block.ys[unit], block.radius + 2, palette.positive, 2.4);
    outline(pen, block, unit, palette.positive, 2, 2);
  }
  if (pinned) outline(pen, blockOf(scene.layout, pinned.layer), pinned.unit, palette.ink, 2.4, 3.4);
  if (focus) outline(pen, blockOf(scene.layout, focus.layer), focus.unit, palette.accent, 2, 2);
}

/**
 * @param {Pen} pen
 * @param {Block} block
 * @param {number} unit
 * @param {string} color
 * @param {number} width
 * @param {number} distance
 */
function outline(pen, block, unit, color, width, distance) {
  const r = block.radius + distance;
  const [x, y] = [block.xs[unit], block.ys[unit]];
  if (block.shape === 'cell' || block.shape === 'face' || block.face) {
    rounded(pen, x - r, y - r, 2 * r, 2 * r, r * 0.3);
    paintPath(pen, null, color, width);
  } else disc(pen, x, y, r, null, color, width);
}
