/**
 * Drawing of the network view on a canvas. Everything drawn comes in one `scene`:
 * {palette, font, layout, camera, ratio, layers, scales, linkScales, motion, input, output, silent, statistics,
 *  focus, pinned, changes, ...}; nothing here decides what is shown.
 */

import { freshContext } from '../lib/charts/canvas.js';
import { fillPoint } from '../lib/charts/plane.js';
import { asNumber, asPercent } from '../lib/format/text.js';
import { activationNamed } from '../lib/model/math.js';
import { isSame } from '../lib/model/output-reader.js';
import { blockOf, portOf } from './layout.js';

/** @import { Block, FeaturesBlock, Link, PlaneBlock, Scene, WeightAtlas } from './types.js' */
/** @import { Layer, Palette, Pen } from '../lib/model/types.js' */

const LEAST_TRACK = 12; // pixels of a probability's bar
const TAU = 2 * Math.PI;
const VALUE_FROM = 13; // CSS pixels of radius from which a neuron shows its value
const PICTURE_FROM = 22; // ... and from which it shows its weights as a picture

/**
 * Draw the whole scene.
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 */
export function drawNetwork(canvas, scene) {
  const { layout, camera, size } = scene;
  const context = freshContext(canvas, size.width, size.height, null, 2);
  context.transform(camera.scale, 0, 0, camera.scale, camera.x, camera.y);
  context.lineCap = 'round';
  drawInput(context, scene);
  drawLinks(context, scene);
  for (const block of layout.hidden) drawNeurons(context, scene, block);
  drawClasses(context, scene, layout.output);
  drawCaptions(context, scene);
  drawMarks(context, scene);
}

// --- input ---

/**
 * @param {Pen} context
 * @param {Scene} scene
 */
function drawInput(context, scene) {
  const {
    layout: { input },
    palette,
    pictures,
  } = scene;
  if (input.kind === 'features') {
    drawFeatures(context, scene, input);
    return;
  }
  const side = input.kind === 'plane' ? { width: input.side, height: input.side } : input;
  context.save();
  context.imageSmoothingEnabled = input.kind === 'plane';
  rounded(context, input.x, input.y, side.width, side.height, 4);
  context.fillStyle = palette.paper;
  context.fill();
  context.clip();
  if (pictures.drivers) {
    context.globalAlpha = 0.16;
    if (pictures.input) context.drawImage(pictures.input, input.x, input.y, side.width, side.height);
    context.globalAlpha = 1;
    context.drawImage(pictures.drivers, input.x, input.y, side.width, side.height);
  } else if (pictures.input) {
    context.drawImage(pictures.input, input.x, input.y, side.width, side.height);
  }
  if (input.kind === 'plane') drawPoints(context, scene, input);
  context.restore();
  rounded(context, input.x, input.y, side.width, side.height, 4);
  context.strokeStyle = palette.line;
  context.lineWidth = 1;
  context.stroke();
  if (input.kind === 'plane') {
    for (let i = 0; i < 2; i += 1) {
      const value = scene.motion.now[0][i];
      disc(context, input.xs[i], input.ys[i], input.radius, palette.diverging.css(value / scene.extent), palette.line);
      write(context, scene, ['x₁', 'x₂'][i], input.xs[i], input.ys[i] + input.radius + 10, { color: palette.muted });
    }
  }
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {PlaneBlock} about
 */
function drawPoints(context, scene, { x, y, side }) {
  const { points, extent, palette, probe } = scene;
  /** @param {number} value */
  const at = (value) => (value / extent / 2 + 0.5) * side;
  if (!points) return;
  const order = points.map((_, i) => i).sort((a, b) => Number(a === probe) - Number(b === probe));
  for (const i of order) {
    const point = points[i];
    const chosen = i === probe;
    const [left, top, radius] = [x + at(point.x), y + side - at(point.y), chosen ? 6.5 : 3.2];
    fillPoint(context, left, top, radius, palette, point.label);
    disc(context, left, top, radius, null, chosen ? palette.ink : palette.paper, chosen ? 2 : 1);
  }
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {FeaturesBlock} input
 */
function drawFeatures(context, scene, input) {
  const { motion, palette, featureTop } = scene;
  const values = motion.now[0];
  for (let i = 0; i < values.length; i += 1) {
    disc(context, input.xs[i], input.ys[i], input.radius, palette.diverging.css(values[i] / featureTop), palette.line);
    if (input.label) {
      write(context, scene, scene.featureName(i), input.x + input.label - 4, input.ys[i], {
        align: 'right',
        color: palette.muted,
        size: 11,
        most: input.label,
      });
    }
  }
}

// --- connections ---

/**
 * @param {Pen} context
 * @param {Scene} scene
 */
function drawLinks(context, scene) {
  const { motion, focusLinks, palette } = scene;
  const dim = focusLinks ? scene.dim : 1;
  for (const link of motion.links) drawLink(context, scene, link, link.presence * dim, palette);
  if (focusLinks)
    for (let i = focusLinks.length - 1; i >= 0; i -= 1) drawLink(context, scene, focusLinks[i], 1, palette);
  context.globalAlpha = 1;
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {Link} link
 * @param {number} presence
 * @param {Palette} palette
 */
function drawLink(context, scene, link, presence, palette) {
  const share = Math.sqrt(scene.linkScales.share(link.level, link.value));
  const alpha = presence * (0.1 + 0.68 * share);
  if (alpha < 0.012) return;
  const { layout } = scene;
  link.start ??= portOf(layout, link.level, link.from);
  link.end ??= portOf(layout, link.level + 1, link.to);
  const { start: a, end: b } = link;
  const x1 = a.x + a.radius;
  const x2 = b.x - b.radius;
  const bend = (x2 - x1) * 0.45;
  context.globalAlpha = alpha;
  context.strokeStyle = link.value < 0 ? palette.negative : palette.positive;
  context.lineWidth = 0.5 + 2.8 * share * share;
  context.beginPath();
  context.moveTo(x1, a.y);
  context.bezierCurveTo(x1 + bend, a.y, x2 - bend, b.y, x2, b.y);
  context.stroke();
}

// --- neurons ---

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {Block} block
 */
function drawNeurons(context, scene, block) {
  const { motion, palette, scales, layers, camera, silent } = scene;
  const values = motion.now[block.layer + 1];
  const { high, signed } = scales.of(block.layer);
  const colors = signed ? palette.diverging : palette.sequential;
  const { off } = activationNamed(layers[block.layer].activation);
  const size = block.radius * camera.scale;
  const faces = block.shape === 'face' ? scene.faces?.[block.layer] : null;
  const weights = size >= PICTURE_FROM && block.layer === 0 && !faces ? scene.weightPictures() : null;
  const square = block.shape === 'cell' || block.shape === 'face';
  for (let unit = 0; unit < block.size; unit += 1) {
    const x = block.xs[unit];
    const y = block.ys[unit];
    const value = values[unit];
    const closed = off && value <= 0;
    const fill = closed ? palette.surface : colors.css(value / high);
    const edge = closed ? palette.off : size > 5 ? palette.line : null;
    if (faces) drawFace(context, scene, faces[unit], block, x, y, colors.css(value / high));
    else if (weights) drawWeights(context, scene, weights, unit, block, x, y, fill, closed);
    else if (square) cell(context, x, y, block.radius, fill, edge, size);
    else disc(context, x, y, block.radius, fill, edge, closed ? 1.2 : 1);
    if (silent[block.layer]?.[unit]) strike(context, x, y, block.radius * (square ? 0.9 : 0.7), palette.muted);
    else if (saturated(value, layers[block.layer].activation))
      pip(context, faces ? x - 1.48 * block.radius : x, y, block.radius, palette);
    if (size >= VALUE_FROM && !weights && !faces) {
      const color = closed ? palette.muted : colors.letters(value / high);
      write(context, scene, asNumber(value, 2), x, y, { color, size: block.radius * 0.62, mono: true });
    }
  }
}

/**
 * Whether a value lies within 0.05 of an end of a bounded range, as the record counts it.
 * @param {number} value
 * @param {string} activation
 */
function saturated(value, activation) {
  const [lowest, highest] = activationNamed(activation).range;
  return lowest !== null && highest !== null && (value < lowest + 0.05 || value > highest - 0.05);
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {HTMLCanvasElement} picture
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {string} color
 */
function drawFace(context, scene, picture, block, x, y, color) {
  const r = block.radius;
  context.save();
  context.imageSmoothingEnabled = true;
  rounded(context, x - r, y - r, 2 * r, 2 * r, Math.min(6, r * 0.25));
  context.clip();
  if (picture) context.drawImage(picture, x - r, y - r, 2 * r, 2 * r);
  context.restore();
  rounded(context, x - r, y - r, 2 * r, 2 * r, Math.min(6, r * 0.25));
  context.lineWidth = 1;
  context.strokeStyle = scene.palette.line;
  context.stroke();
  disc(context, x + r - 1, y - r + 1, Math.max(3, r * 0.24), color, scene.palette.ink, 1.2);
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {WeightAtlas} pictures
 * @param {number} unit
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {string} fill
 * @param {boolean} closed
 */
function drawWeights(context, scene, pictures, unit, block, x, y, fill, closed) {
  const r = block.radius;
  context.save();
  context.imageSmoothingEnabled = false;
  rounded(context, x - r, y - r, 2 * r, 2 * r, r * 0.2);
  context.fillStyle = scene.palette.paper;
  context.fill();
  context.clip();
  const { atlas, columns, width, height } = pictures;
  context.drawImage(
    atlas,
    (unit % columns) * width,
    Math.floor(unit / columns) * height,
    width,
    height,
    x - r,
    y - r,
    2 * r,
    2 * r,
  );
  context.restore();
  rounded(context, x - r, y - r, 2 * r, 2 * r, r * 0.2);
  context.strokeStyle = closed ? scene.palette.off : fill;
  context.lineWidth = closed ? 0.5 : r * 0.14;
  context.stroke();
}

// --- classes ---

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {Block} block
 */
function drawClasses(context, scene, block) {
  const { motion, palette, reader, trueClasses, predictedClasses } = scene;
  const names = reader.unitNames;
  const values = motion.now[block.layer + 1];
  const size = Math.min(13, Math.max(9, block.pitch * 0.62));
  const wordy = block.pitch >= 9;
  context.font = fontOf(scene, size, 700);
  const widest = wordy ? Math.max(...names.map((name) => context.measureText(name).width)) : 0;
  const tag = 22;
  const figures = 56;
  const room = block.width - tag - figures - LEAST_TRACK - 2 * block.radius - 15;
  const nameWidth = Math.min(block.width * 0.36, widest, Math.max(24, room));
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
    const isSaid = reader.hasUnit(predictedClasses, unit);
    const marked = isTrue || isSaid;
    const color = palette.sequential.css(value);
    if (faces) drawFace(context, scene, faces[unit], block, x, y, color);
    else if (weights) drawWeights(context, scene, weights, unit, block, x, y, color, false);
    else disc(context, x, y, block.radius, color, palette.line);
    if (wordy) {
      write(context, scene, names[unit], start - 7, y, {
        align: 'right',
        size,
        color: marked ? palette.ink : palette.muted,
        weight: marked ? 700 : 500,
        most: nameWidth,
      });
    }
    context.fillStyle = palette.faint;
    rounded(context, start, y - thick / 2, track, thick, Math.min(3, thick / 2));
    context.fill();
    if (value > 0.0005) {
      context.fillStyle = isSaid ? palette.positive : palette.off;
      rounded(context, start, y - thick / 2, Math.max(1.5, track * Math.min(1, value)), thick, Math.min(3, thick / 2));
      context.fill();
    }
    if (wordy) {
      write(context, scene, asPercent(value), start + track + figures - 3, y, {
        align: 'right',
        size: Math.min(12, size),
        color: marked ? palette.ink : palette.muted,
        mono: true,
        weight: marked ? 600 : 400,
      });
    }
    if (reader.hasThreshold) {
      context.fillStyle = palette.muted;
      context.fillRect(start + track / 2 - 0.5, y - thick / 2 - 2, 1, thick + 4);
    }
    if (marked && trueClasses)
      mark(context, block.x + block.width - tag / 2 + 2, y, Math.min(8, block.pitch * 0.42), isTrue, isSaid, palette);
  }
  drawVerdict(context, scene, block);
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {Block} block
 */
function drawVerdict(context, scene, block) {
  const { palette, reader, trueClasses, predictedClasses, layout } = scene;
  if (!trueClasses) return; // nobody knows what it is
  const right = isSame(trueClasses, predictedClasses);
  const y = layout.room.y + layout.room.height + 20;
  const text = right
    ? `${reader.words(predictedClasses)}: right`
    : `says ${reader.words(predictedClasses)}, is ${reader.words(trueClasses)}`;
  context.font = fontOf(scene, 13, 700);
  const width = Math.min(block.width - 26, context.measureText(text).width);
  const x = block.x + block.width - width - 4;
  mark(context, x - 14, y, 8, right, true, palette);
  write(context, scene, text, x, y, { align: 'left', size: 13, weight: 700, color: palette.ink, most: width + 1 });
}

/**
 * A check (right), a cross (answered, wrong) or a ring (true, not answered); distinguished by shape and by colour.
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {boolean} isTrue
 * @param {boolean} isAnswer
 * @param {Palette} palette
 */
function mark(context, x, y, r, isTrue, isAnswer, palette) {
  context.lineWidth = Math.max(1.4, r * 0.26);
  if (isAnswer) {
    context.fillStyle = isTrue ? palette.negative : palette.positive;
    context.beginPath();
    if (isTrue) context.arc(x, y, r, 0, TAU);
    else context.roundRect(x - r * 0.92, y - r * 0.92, 1.84 * r, 1.84 * r, r * 0.3);
    context.fill();
    context.strokeStyle = palette.surface;
    context.beginPath();
    if (isTrue) {
      context.moveTo(x - r * 0.45, y + r * 0.02);
      context.lineTo(x - r * 0.1, y + r * 0.38);
      context.lineTo(x + r * 0.48, y - r * 0.36);
    } else {
      const s = r * 0.4;
      context.moveTo(x - s, y - s);
      context.lineTo(x + s, y + s);
      context.moveTo(x + s, y - s);
      context.lineTo(x - s, y + s);
    }
    context.stroke();
    return;
  }
  context.strokeStyle = palette.negative;
  context.beginPath();
  context.arc(x, y, r - 1, 0, TAU);
  context.stroke();
  disc(context, x, y, r * 0.3, palette.negative, null);
}

// --- captions and marks ---

/**
 * @param {Pen} context
 * @param {Scene} scene
 */
function drawCaptions(context, scene) {
  const { layout, palette, layers } = scene;
  const top = layout.room.y - 34;
  const bottom = layout.room.y + layout.room.height;
  /**
   * @param {number} x
   * @param {string} name
   * @param {string} about
   * @param {number} most
   */
  const caption = (x, name, about, most) => {
    write(context, scene, name, x, top, { size: 13, weight: 700, color: palette.ink, most });
    write(context, scene, about, x, top + 16, { size: 11.5, color: palette.muted, most });
  };
  const { input } = layout;
  const middle = input.kind === 'plane' ? input.x + input.side / 2 : input.x + input.width / 2;
  caption(middle, scene.driversTitle ?? 'Input', scene.driversTitle ? scene.driversAbout : scene.inputAbout, 170);
  context.font = fontOf(scene, 13, 600);
  const labelAt = Math.max(middle, 10 + Math.min(180, context.measureText(scene.inputLabel).width) / 2);
  write(
    context,
    scene,
    scene.inputLabel,
    labelAt,
    input.kind === 'features' ? bottom + 20 : input.y + input.height + 17,
    { size: 13, weight: 600, color: palette.ink, most: 180 },
  );
  const blocks = [...layout.hidden, layout.output];
  const middles = blocks.map(({ x, width }) => x + width / 2);
  const apart = middles.slice(1).reduce((least, x, i) => Math.min(least, x - middles[i]), Infinity) - 8;
  /** @param {Layer} about */
  const functionOf = ({ activation }) => activationNamed(activation).label;
  const hidden = layers.slice(0, -1);
  // Many layers stand close: then the number of a layer and its size are enough, and its card says the rest.
  const hasNames = isWithin(
    context,
    scene,
    hidden.map(({ name }) => name),
    apart,
    13,
    700,
  );
  const hasFunctions = isWithin(
    context,
    scene,
    hidden.map((layer) => `${layer.size} · ${functionOf(layer)}`),
    apart,
    11.5,
  );
  blocks.forEach((block, i) => {
    const layer = layers[block.layer];
    const x = middles[i];
    const name = layer.isOutput || hasNames ? layer.name : `H${block.layer + 1}`;
    caption(
      x,
      name,
      layer.isOutput || hasFunctions ? `${layer.size} · ${functionOf(layer)}` : `${layer.size}`,
      Math.max(block.width, 104),
    );
    if (layer.isOutput) return;
    const after = blocks[block.layer + 1];
    const room = after ? after.x + (after.layer === layers.length - 1 ? 0 : after.width / 2) - x - 8 : 130;
    drawScale(context, scene, block, x, bottom + 14, Math.max(16, Math.min(48, room - 40)));
    const words = stateWords(scene, layer, room < 110);
    if (words)
      write(context, scene, words, x, bottom + 32, {
        size: 11.5,
        weight: 600,
        color: palette.ink,
        most: Math.max(room, 60),
      });
  });
}

/**
 * Whether texts side by side, each with so much room, keep clear of each other.
 * @param {Pen} context
 * @param {Scene} scene
 * @param {string[]} texts
 * @param {number} room
 * @param {number} size
 * @param {number} [weight]
 */
function isWithin(context, scene, texts, room, size, weight) {
  context.font = fontOf(scene, size, weight);
  return texts.every((text) => context.measureText(text).width <= room);
}

/**
 * How many neurons of a layer bear a mark: "3 always off", "12 saturated" (signs alone when `brief`); empty when none does.
 * Where there is one example alone, which marks none as off, the neurons that the record counts as dead.
 * @param {Scene} about
 * @param {Layer} layer
 * @param {boolean} brief
 */
function stateWords({ silent, statistics, motion }, layer, brief) {
  const marked = silent[layer.index];
  const off = marked
    ? marked.reduce((count, each) => count + each, 0)
    : Math.round((statistics?.[layer.index]?.dead_fraction ?? 0) * layer.size);
  let full = 0;
  for (const value of motion.now[layer.index + 1]) full += Number(saturated(value, layer.activation));
  const words = [
    [off, '⊘', marked ? 'always off' : 'dead'],
    [full, '●', 'saturated'],
  ];
  return words
    .filter(([count]) => count)
    .map(([count, sign, word]) => `${sign} ${count}${brief ? '' : ` ${word}`}`)
    .join(' · ');
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {Block} block
 * @param {number} x
 * @param {number} y
 * @param {number} width
 */
function drawScale(context, scene, block, x, y, width) {
  const { palette, scales } = scene;
  const { low, high, signed } = scales.of(block.layer);
  const colors = signed ? palette.diverging : palette.sequential;
  const wide = width / 24;
  for (let i = 0; i < 24; i += 1) {
    context.fillStyle = colors.css(signed ? i / 11.5 - 1 : i / 23);
    context.fillRect(x - width / 2 + i * wide, y - 2.5, wide + 0.2, 5);
  }
  write(context, scene, asNumber(low, 0), x - width / 2 - 4, y, { align: 'right', size: 10.5, color: palette.muted });
  write(context, scene, asNumber(high, 0), x + width / 2 + 4, y, { align: 'left', size: 10.5, color: palette.muted });
}

/**
 * @param {Pen} context
 * @param {Scene} scene
 */
function drawMarks(context, scene) {
  const { palette, focus, pinned, silenced } = scene;
  for (const { layer, unit } of silenced) {
    const block = blockOf(scene.layout, layer);
    strike(context, block.xs[unit], block.ys[unit], block.radius + 2, palette.positive, 2.4);
    outline(context, block, unit, palette.positive, 2, 2);
  }
  if (pinned) outline(context, blockOf(scene.layout, pinned.layer), pinned.unit, palette.ink, 2.4, 3.4);
  if (focus) outline(context, blockOf(scene.layout, focus.layer), focus.unit, palette.accent, 2, 2);
}

/**
 * @param {Pen} context
 * @param {Block} block
 * @param {number} unit
 * @param {string} color
 * @param {number} width
 * @param {number} distance
 */
function outline(context, block, unit, color, width, distance) {
  const r = block.radius + distance;
  context.strokeStyle = color;
  context.lineWidth = width;
  if (block.shape === 'cell' || block.shape === 'face' || block.face)
    rounded(context, block.xs[unit] - r, block.ys[unit] - r, 2 * r, 2 * r, r * 0.3);
  else {
    context.beginPath();
    context.arc(block.xs[unit], block.ys[unit], r, 0, TAU);
  }
  context.stroke();
}

// --- strokes and words ---

/**
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string | null} fill
 * @param {string | null} edge
 * @param {number} [width]
 */
function disc(context, x, y, r, fill, edge, width = 1) {
  context.beginPath();
  context.arc(x, y, r, 0, TAU);
  if (fill) {
    context.fillStyle = fill;
    context.fill();
  }
  if (!edge) return;
  context.lineWidth = width;
  context.strokeStyle = edge;
  context.stroke();
}

/**
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} fill
 * @param {string | null} edge
 * @param {number} size
 */
function cell(context, x, y, r, fill, edge, size) {
  if (size > 5) {
    rounded(context, x - r, y - r, 2 * r, 2 * r, r * 0.36);
    context.fillStyle = fill;
    context.fill();
    if (!edge) return;
    context.lineWidth = 1;
    context.strokeStyle = edge;
    context.stroke();
    return;
  }
  context.fillStyle = edge ?? fill;
  context.fillRect(x - r, y - r, 2 * r, 2 * r);
  if (!edge) return;
  context.fillStyle = fill;
  const inner = r - Math.min(1, r * 0.4);
  context.fillRect(x - inner, y - inner, 2 * inner, 2 * inner);
}

/**
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {string} color
 * @param {number} [width]
 */
function strike(context, x, y, r, color, width = 1.3) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x - r * 0.8, y + r * 0.8);
  context.lineTo(x + r * 0.8, y - r * 0.8);
  context.stroke();
}

/**
 * The sign of a saturated neuron, on its shoulder.
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} r
 * @param {Palette} palette
 */
function pip(context, x, y, r, palette) {
  disc(context, x + r * 0.74, y - r * 0.74, Math.max(1.2, r * 0.26), palette.ink, palette.surface);
}

/**
 * @param {Pen} context
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} radius
 */
function rounded(context, x, y, width, height, radius) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
}

/**
 * @param {{ font: string, mono: string }} scene
 * @param {number} size
 * @param {number} [weight]
 * @param {boolean} [mono]
 */
const fontOf = (scene, size, weight = 400, mono = false) => `${weight} ${size}px ${mono ? scene.mono : scene.font}`;

/**
 * @param {Pen} context
 * @param {Scene} scene
 * @param {string} text
 * @param {number} x
 * @param {number} y
 * @param {{ align?: CanvasTextAlign, size?: number, weight?: number, color: string, mono?: boolean, most?: number }} about
 */
function write(
  context,
  scene,
  text,
  x,
  y,
  { align = 'center', size = 12, weight = 400, color, mono = false, most = 0 },
) {
  context.font = fontOf(scene, size, weight, mono);
  context.textAlign = align;
  context.textBaseline = 'middle';
  context.fillStyle = color;
  context.fillText(most ? shorten(context, text, most) : text, x, y + 0.5);
}

/**
 * @param {Pen} context
 * @param {string} text
 * @param {number} most
 */
function shorten(context, text, most) {
  if (text.length < 3 || context.measureText(text).width <= most) return text;
  let end = text.length - 1;
  while (end > 1 && context.measureText(`${text.slice(0, end)}…`).width > most) end -= 1;
  return `${text.slice(0, end)}…`;
}
