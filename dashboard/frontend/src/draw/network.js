/** The network view, fed with what is on the sheet instead of a recorded example. */
import { createEvents } from '../lib/model/events.js';
import { classesOf, readerOf } from '../lib/model/output-reader.js';
import { createNetwork } from '../network/network.js';
/** @import { Description, Frame, Label, NetworkStore, Numbers, Plane, Shape } from '../lib/model/types.js' */

/**
 * Build the view in `root`; `plane` is that of 2-D data. `label` is null when nobody knows what it
 * is. Returns {show(features, label, activations, frame), theme(name), destroy()}; `show` returns how many ms it took.
 * @param {HTMLElement} root
 * @param {NetworkStore['server']} server
 * @param {Description} description
 * @param {Shape | null} featureShape
 * @param {number} features
 * @param {Plane | null} plane
 */
export function createLiveNetwork(root, server, description, featureShape, features, plane) {
  /** A store as the network view reads it; `shown` is there once `show` was called. @type {Partial<NetworkStore>} */
  const made = {
    ...createEvents(),
    server,
    theme: 'light',
    hasPast: false,
    description,
    probe: { images: { shape: [1, features], data: new Float64Array(features) }, labels: [null] },
    title: `Through the network, as you ${featureShape ? 'draw' : 'move it'}`,
    plane,
    classNames: description.dataset.class_names,
    reader: readerOf(description),
    imageShape: featureShape,
    previous: null,
    progress: 1,
    probeIndex: 0,
    pinned: null,
    selectProbe() {},
    hover() {},
    edit() {},
    /**
     * @param {number | null} layer
     * @param {number | null} unit
     */
    pin(layer, unit) {
      store.pinned = layer === null || unit === null ? null : { layer, unit };
      store.emit('pin');
    },
  };
  const store = /** @type {NetworkStore} */ (made);
  const view = createNetwork(root, store);
  return {
    /**
     * @param {Numbers} x
     * @param {Label} label
     * @param {Float64Array[]} activations
     * @param {Frame} frame
     */
    show(x, label, activations, frame) {
      store.probe = { images: { shape: [1, features], data: Float64Array.from(x) }, labels: [classesOf(label)] };
      const own = activations.map((values, layer) => {
        // The scale of the colours is the run's: what the recorded examples reach counts too.
        const recorded = frame.tensor(`layer${layer}.activation`)?.data ?? new Float32Array(0);
        const data = new Float64Array(values.length + recorded.length);
        data.set(values);
        data.set(recorded, values.length);
        return { shape: [1, values.length], data };
      });
      store.shown = {
        number: frame.number,
        line: frame.line,
        perClass: frame.perClass,
        /** @param {string} name */
        tensor: (name) => {
          const found = name.match(/^layer(\d+)\.activation$/);
          return found ? own[Number(found[1])] : frame.tensor(name);
        },
      };
      const began = performance.now();
      view.update(began);
      return performance.now() - began;
    },
    /** @param {string} name */
    theme(name) {
      store.theme = name;
      store.emit('theme');
    },
    destroy: () => view.destroy(),
  };
}
