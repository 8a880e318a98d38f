/** The input of the network view: an image, a point in the plane, or features. */
import { disc, paintPath, rounded } from '../../lib/charts/pen.js';
import { fillPoint } from '../../lib/charts/plane.js';
import { PLANE_INPUT } from '../layout.js';
import { label } from './pen.js';

/** @import { FeaturesBlock, PlaneBlock, Scene } from '../types.js' */
/** @import { Pen } from '../../lib/model/types.js' */

/**
 * @param {Pen} pen
 * @param {Scene} scene
 */
export function drawInput(pen, scene) {
  const {
    layout: { input },
    palette,
    pictures,
  } = scene;
  if (input.kind === 'features') {
    drawFeatures(pen, scene, input);
    return;
  }
  const side = input.kind === 'plane' ? { width: input.side, height: input.side } : input;
  pen.save();
  pen.imageSmoothingEnabled = input.kind === 'plane';
  rounded(pen, input.x, input.y, side.width, side.height, 4);
  paintPath(pen, palette.paper);
  pen.clip();
  pen.globalAlpha = pictures.drivers ? 0.16 : 1;
  if (pictures.input) pen.drawImage(pictures.input, input.x, input.y, side.width, side.height);
  pen.globalAlpha = 1;
  if (pictures.drivers) pen.drawImage(pictures.drivers, input.x, input.y, side.width, side.height);
  if (input.kind === 'plane') drawPoints(pen, scene, input);
  pen.restore();
  rounded(pen, input.x, input.y, side.width, side.height, 4);
  paintPath(pen, null, palette.line);
  if (input.kind === 'plane') {
    input.xs.forEach((x, i) => {
      const color = palette.diverging.css(scene.motion.now[0][i] / scene.featureTop);
      disc(pen, x, input.ys[i], input.radius, color, palette.line);
      const below = input.ys[i] + input.radius + 9;
      label(pen, scene, scene.featureName(i), x, below, { color: palette.muted, most: 2 * PLANE_INPUT });
    });
  }
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {PlaneBlock} about
 */
function drawPoints(pen, scene, { x, y, side }) {
  const { points, palette, probe } = scene;
  if (!points) return;
  const order = points.map((_, i) => i).sort((a, b) => Number(a === probe) - Number(b === probe));
  for (const i of order) {
    const point = points[i];
    const chosen = i === probe;
    const [left, top, radius] = [x + point.x * side, y + point.y * side, chosen ? 6.5 : 3.2];
    fillPoint(pen, left, top, radius, palette, point.label);
    disc(pen, left, top, radius, null, chosen ? palette.ink : palette.paper, chosen ? 2 : 1);
  }
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {FeaturesBlock} input
 */
function drawFeatures(pen, scene, input) {
  const { motion, palette, featureTop } = scene;
  const values = motion.now[0];
  for (let i = 0; i < values.length; i += 1) {
    disc(pen, input.xs[i], input.ys[i], input.radius, palette.diverging.css(values[i] / featureTop), palette.line);
    if (input.label) {
      label(pen, scene, scene.featureName(i), input.x + input.label - 4, input.ys[i], {
        align: 'right',
        color: palette.muted,
        size: 11,
        most: input.label,
      });
    }
  }
}
