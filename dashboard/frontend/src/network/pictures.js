/** Pictures that the network view keeps from one drawing to the next, made again only when what they show changed. */

import { paintImage } from '../lib/charts/pictures.js';
import { extentOf, facePicture, finenessFor, overPlane, regionPicture } from '../lib/charts/plane.js';
import { sensitivity, weightOf } from '../lib/model/forward.js';
import { make } from '../lib/ui/dom.js';
import { imagePicture } from './probes.js';

const ATLAS_COLUMNS = 32;

/** Every first-layer neuron's weights as one image: {atlas, columns, width, height}. */
export function weightAtlas(weight, [rows, columns], colors, top) {
  const [, count] = weight.shape;
  const across = Math.min(count, ATLAS_COLUMNS);
  const atlas = make('canvas', { width: across * columns, height: Math.ceil(count / across) * rows });
  const context = atlas.getContext('2d');
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

/** Which pixels drive a neuron at this example (gradient x pixel), transparent where they do not. */
export function driversPicture({ layers, frame, values, edits, store, palette }, { layer, unit }) {
  const gradient = sensitivity(layers, frame, values, layer, unit, edits.active ? edits : null);
  if (!gradient) return null;
  const product = gradient.map((g, i) => g * values[0][i]);
  const top = product.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
  const canvas = make('canvas');
  paintImage(canvas, product, store.imageShape, palette.diverging, top);
  const context = canvas.getContext('2d');
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
  const kept = new Map();
  const keep = (name, key, make) => {
    const known = kept.get(name);
    if (known && known.key.length === key.length && known.key.every((part, i) => part === key[i])) return known.picture;
    const picture = make();
    kept.set(name, { key, picture });
    return picture;
  };
  const plane = (view) =>
    keep('plane', [view.frame, view.edits.changes], () => {
      const side = finenessFor(view.layers);
      const answers = overPlane(
        view.layers,
        view.frame,
        extentOf(view.store),
        side,
        view.edits.active ? view.edits : null,
      );
      return answers && { side, answers };
    });
  return {
    input(view) {
      const { store, palette, probe } = view;
      if (store.imageShape)
        return keep('input', [store.probe, probe, palette], () => imagePicture(store, probe, palette));
      if (!view.isPlane) return null;
      const known = plane(view);
      return (
        known &&
        keep('input', [known, palette], () =>
          regionPicture(known.answers[view.layers.length - 1], known.side, palette, store.answers),
        )
      );
    },
    faces(view) {
      const known = view.isPlane ? plane(view) : null;
      if (!known) return null;
      return keep('faces', [known, view.palette, ...view.scales.tops], () =>
        view.layers.map(({ index, size, isOutput }) => {
          if (size > 24) return null;
          const { signed, high } = view.scales.of(index);
          const colors = signed && !isOutput ? view.palette.diverging : view.palette.sequential;
          return Array.from({ length: size }, (_, unit) =>
            facePicture(known.answers[index], unit, known.side, colors, high),
          );
        }),
      );
    },
    weights(view) {
      const { store, frame, palette, edits } = view;
      if (!store.imageShape) return null;
      const top = view.weightScales.of(0);
      const weight = edits.active ? edits.weight(frame, 0) : weightOf(frame, 0);
      return keep('weights', [weight.data, palette, top], () =>
        weightAtlas(weight, store.imageShape, palette.diverging, top),
      );
    },
    drivers(view, at) {
      if (!at || !view.store.imageShape) return null;
      const key = [view.frame, view.probe, view.edits.changes, view.palette, at.layer, at.unit];
      return keep('drivers', key, () => driversPicture(view, at));
    },
  };
}
