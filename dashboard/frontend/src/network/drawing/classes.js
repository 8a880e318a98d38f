/** The output of the network view: each class with its probability as a bar, and whether the prediction is right. */
import { cross, disc, fillBox, paintPath, rounded, trace } from '../../lib/charts/pen.js';
import { asPercent } from '../../lib/format/text.js';
import { isSame } from '../../lib/model/output-reader.js';
import { drawFace, drawWeights } from './neurons.js';
import { fontOf, label } from './pen.js';

/** @import { Block, Scene } from '../types.js' */
/** @import { Palette, Pen } from '../../lib/model/types.js' */

const LEAST_TRACK = 12; // pixels of a probability's bar

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Block} block
 */
export function drawClasses(pen, scene, block) {
  const { motion, palette, reader, trueClasses, predictedClasses } = scene;
  const names = reader.unitNames;
  const values = motion.now[block.layer + 1];
  const size = Math.min(13, Math.max(9, block.pitch * 0.62));
  const wordy = block.pitch >= 9;
  pen.font = fontOf(scene, size, 700);
  const widest = wordy ? Math.max(...names.map((name) => pen.measureText(name).width)) : 0;
  const tag = 22;
  const figures = 56;
  const space = block.width - tag - figures - LEAST_TRACK - 2 * block.radius - 15;
  const nameWidth = Math.min(block.width * 0.36, widest, Math.max(24, space));
  const start = block.x + 2 * block.radius + 8 + nameWidth + 7;
  const track = Math.max(LEAST_TRACK, block.x + block.width - tag - figures - start);
  const thick = Math.min(12, block.pitch * 0.5);
  const faces = block.face ? scene.faces?.[block.layer] : null;
  const weights = block.layer === 0 && block.radius * scene.camera.scale >= 9 && !faces ? scene.weightPictures() : null;
  for (let unit = 0; unit < block.size; unit += 1) {
    const y = block.ys[unit];
    const x = block.xs[unit];
    const value = values[unit];
    const isTrue = trueClasses !== null && reader.hasUnit(trueClasses, unit);
    const isPredicted = reader.hasUnit(predictedClasses, unit);
    const marked = isTrue || isPredicted;
    const color = palette.sequential.css(value);
    if (faces) drawFace(pen, scene, faces[unit], block, x, y, color);
    else if (weights) drawWeights(pen, scene, weights, unit, block, x, y, color, false);
    else disc(pen, x, y, block.radius, color, palette.line);
    if (wordy) {
      label(pen, scene, names[unit], start - 7, y, {
        align: 'right',
        size,
        color: marked ? palette.ink : palette.muted,
        weight: marked ? 700 : 500,
        most: nameWidth,
      });
    }
    rounded(pen, start, y - thick / 2, track, thick, Math.min(3, thick / 2));
    paintPath(pen, palette.faint);
    if (value > 0.0005) {
      rounded(pen, start, y - thick / 2, Math.max(1.5, track * Math.min(1, value)), thick, Math.min(3, thick / 2));
      paintPath(pen, isPredicted ? palette.positive : palette.off);
    }
    if (wordy) {
      label(pen, scene, asPercent(value), start + track + figures - 3, y, {
        align: 'right',
        size: Math.min(12, size),
        color: marked ? palette.ink : palette.muted,
        mono: true,
        weight: marked ? 600 : 400,
      });
    }
    if (reader.hasThreshold) fillBox(pen, start + track / 2 - 0.5, y - thick / 2 - 2, 1, thick + 4, palette.muted);
    if (marked && trueClasses)
      mark(pen, block.x + block.width - tag / 2 + 2, y, Math.min(8, block.pitch * 0.42), isTrue, isPredicted, palette);
  }
  drawVerdict(pen, scene, block);
}

/**
 * @param {Pen} pen
 * @param {Scene} scene
 * @param {Block} block
 */
function drawVerdict(pen, scene, block) {
  const { palette, reader, trueClasses, predictedClasses, layout } = scene;
  if (!trueClasses) return; // nobody knows what it is
  const right = isSame(trueClasses, predictedClasses);
  const y = layout.area.y + layout.area.height + 20;
  const text = right
    ? `${reader.words(predictedClasses)}: right`
    : `predicted ${reader.words(predictedClasses)}; true ${reader.words(trueClasses)}`;
  pen.font = fontOf(scene, 13, 700);
  const width = Math.min(block.width - 26, pen.measureText(text).width);
  const x = block.x + block.width - width - 4;
  mark(pen, x - 14, y, 8, right, true, palette);
  label(pen, scene, text, x, y, { align: 'left', size: 13, weight: 700, color: palette.ink, most: width + 1 });
}

/**
 * A check (right), a cross (predicted, wrong) or a ring (true, not predicted); distinguished by shape and by colour.
 * @param {Pen} pen
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {boolean} isTrue
 * @param {boolean} isPredicted
 * @param {Palette} palette
 */
function mark(pen, x, y, r, isTrue, isPredicted, palette) {
  const width = Math.max(1.4, r * 0.26);
  if (!isPredicted) {
    disc(pen, x, y, Math.max(0.5, r - 1), null, palette.negative, width);
    disc(pen, x, y, r * 0.3, palette.negative);
  } else if (isTrue) {
    disc(pen, x, y, r, palette.negative);
    trace(pen, [
      [x - r * 0.45, y + r * 0.02],
      [x - r * 0.1, y + r * 0.38],
      [x + r * 0.48, y - r * 0.36],
    ]);
    paintPath(pen, null, palette.surface, width);
  } else {
    rounded(pen, x - r * 0.92, y - r * 0.92, 1.84 * r, 1.84 * r, r * 0.3);
    paintPath(pen, palette.positive);
    cross(pen, x, y, r * 0.4, palette.surface, width);
  }
}
