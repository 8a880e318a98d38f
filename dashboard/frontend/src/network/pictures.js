/** Pictures that the network view keeps from one drawing to the next, made again only when what they show changed. */

import { paintImage } from '../lib/charts/pictures.js';
import { facePicture, finenessFor, regionPicture } from '../lib/charts/plane.js';
import { sensitivity } from '../lib/model/forward.js';
import { overPlane, workOf } from '../lib/model/plane.js';
import { make, penOf } from '../lib/ui/dom.js';
import { imagePicture } from './probes.js';

/** @import { View } from './types.js' */
/** @import { Colors, Neuron, Shape, Tensor } from '../lib/model/types.js' */

const ATLAS_COLUMNS = 32;

/**
 * Every first-layer neuron's weights as one image: {atlas, columns, width, height}.
 * @param {Tensor} weight
 * @param {Shape} about
 * @param {Colors} colors
 * @param {number} top
 */
function weightAtlas(weight, [rows, columns], colors, top) {
  const [, count] = weight.shape;
  const across = Math.min(count, ATLAS_COLUMNS);
  const atlas = make('canvas', { width: across * columns, height: Math.ceil(count / across) * rows });
  const context = penOf(atlas);
  const image = context.createImageData(atlas.width, atlas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < rows * columns; i += 1) {
    const [row, column] = [Math.floor(i / columns), i % columns];
    for (let unit = 0; unit < count; unit += 1) {
      const at = (Math.floor(unit / across) * rows + row) * atlas.width + (unit % across) * columns + column;
      pixels[at] = colors.rgba(weight.data[i * count + unit] / top);
    }
  }
  context.putImageData(image, 0, 0);
  return { atlas, columns: across, width: columns, height: rows };
}

/**
 * Which pixels drive a neuron at this example (gradient x pixel), transparent where they do not.
 * @param {View} view
 * @param {Neuron} neuron
 */
function driversPicture({ layers, frame, values, edits, store, palette }, { layer, unit }) {
  if (!store.imageShape) return null;
  const gradient = sensitivity(layers, frame, values, layer, unit, edits);
  const product = gradient.map((g, i) => g * values[0][i]);
  const top = product.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const canvas = make('canvas');
  paintImage(canvas, product, store.imageShape, palette.diverging, top);
  const context = penOf(canvas);
  const image = context.getImageData(0, 0, canvas.width, canvas.height);
  product.forEach((value, i) => {
    image.data[4 * i + 3] = Math.round(255 * Math.min(1, (Math.abs(value) / top) * 2.2));
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

/**
 * The pictures of one view. `input(view)` is the example or, for 2-D data, the plane with the classes' regions;
 * `faces(view)` one picture a neuron for 2-D data, else null; `weights(view)` the first layer's weights.
 */
export function createPictures() {
  /** @type {Map<string, { key: unknown[], picture: unknown }>} */
  const kept = new Map();
  /**
   * @template Picture
   * @param {string} name
   * @param {unknown[]} key
   * @param {() => Picture} make
   * @returns {Picture}
   */
  const keep = (name, key, make) => {
    const known = kept.get(name);
    if (known && known.key.length === key.length && known.key.every((part, i) => part === key[i]))
      return /** @type {Picture} */ (known.picture);
    const picture = make();
    kept.set(name, { key, picture });
    return picture;
  };
  /** @param {View} view */
  const plane = (view) =>
    keep('plane', [view.frame, view.edits.changes, view.store.plane], () => {
      const { plane: space } = view.store;
      if (!space) return null;
      const side = finenessFor(workOf(view.layers));
      return { side, activations: overPlane(view.layers, view.frame, space, side, view.edits) };
    });
  return {
    /** @param {View} view */
    input(view) {
      const { store, palette, probe } = view;
      if (store.imageShape)
        return keep('input', [store.probe, probe, palette], () => imagePicture(store, probe, palette));
      const known = plane(view);
      return (
        known &&
        keep('input', [known, palette], () =>
          regionPicture(
            store.reader.probabilitiesOfEach(known.activations[view.layers.length - 1]),
            known.side,
            palette,
            store.reader,
          ),
        )
      );
    },
    /** @param {View} view */
    faces(view) {
      const known = plane(view);
      if (!known) return null;
      return keep('faces', [known, view.palette, ...view.scales.tops], () =>
        view.layers.map(({ index, size, isOutput }) => {
          if (size > 24) return null;
          const { signed, high } = view.scales.of(index);
          const colors = signed && !isOutput ? view.palette.diverging : view.palette.sequential;
          return Array.from({ length: size }, (_, unit) =>
            facePicture(known.activations[index], size, unit, known.side, colors, high),
          );
        }),
      );
    },
    /** @param {View} view */
    weights(view) {
      const { frame, palette, edits } = view;
      const { imageShape } = view.store;
      if (!imageShape) return null;
      const top = view.weights.scales().of(0);
      const weight = view.weights.matrix(frame, 0, edits);
      return keep('weights', [weight.data, palette, top], () =>
        weightAtlas(weight, imageShape, palette.diverging, top),
      );
    },
    /**
     * @param {View} view
     * @param {Neuron | null} at
     */
    drivers(view, at) {
      if (!at || !view.store.imageShape) return null;
      const key = [view.frame, view.probe, view.edits.changes, view.palette, at.layer, at.unit];
      return keep('drivers', key, () => driversPicture(view, at));
    },
  };
}
