/** What is drawn of the network view, from its state. */
import { largestSize, probeInput } from '../lib/model/forward.js';
import { exampleWords } from './probes.js';

/** @import { createPictures } from './pictures.js' */
/** @import { Scene, SceneState, View } from './types.js' */

/**
 * The scene of a view with a frame.
 * @param {View} view
 * @param {SceneState} state
 * @param {ReturnType<typeof createPictures>} pictures
 * @returns {Scene}
 */
export function sceneOf(view, state, pictures) {
  const { store, layers, frame, probe, edits } = view;
  const { reader, imageShape, plane } = store;
  const at = state.focus ?? state.pinned;
  const drivers = pictures.drivers(view, at);
  return {
    ...state,
    layers,
    probe,
    reader,
    palette: view.palette,
    scales: view.scales,
    font: view.font,
    mono: 'ui-monospace, Menlo, Consolas, monospace',
    dim: state.focus ? 0.1 : 0.3,
    statistics: frame.line.layers,
    trueClasses: store.probe.labels[probe],
    predictedClasses: reader.predicted(reader.probabilities(view.values[layers.length])),
    silenced: edits.changes.filter(({ input }) => input === undefined),
    featureName: view.featureName,
    faces: pictures.faces(view),
    weightPictures: () => pictures.weights(view),
    pictures: { input: pictures.input(view), drivers },
    inputAbout: imageShape ? `${imageShape[1]} × ${imageShape[0]} pixels` : `${layers[0].inputSize} features`,
    inputLabel: exampleWords(store, probe),
    driversTitle: drivers ? 'What drives it' : null,
    driversAbout: at?.layer === 0 ? 'weight × pixel' : 'gradient × pixel',
    featureTop: imageShape ? 0 : largestSize(store.probe.images.data),
    points:
      plane &&
      store.probe.labels.map((label, i) => {
        const [x, y] = plane.place(plane.point(probeInput(store, i)));
        return { label, x, y };
      }),
  };
}
