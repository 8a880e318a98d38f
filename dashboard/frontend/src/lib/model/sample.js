/** An example of the data that the address names, beside the recorded ones: its answers are computed here, snapshot by snapshot. */
import { truthOf } from './answers.js';
import { createModel } from './inference.js';

/** The probe with one example more, at its end. `sample` is {split, index, label, x}, as the server tells it. */
export function withSample({ images, labels }, sample) {
  const [count, width] = images.shape;
  const data = new images.data.constructor((count + 1) * width);
  data.set(images.data);
  data.set(sample.x, count * width);
  return { images: { shape: [count + 1, width], data }, labels: [...labels, truthOf(sample.label)], sample };
}

/** A frame whose activations have a row more for the sample of `store.probe`, if there is one. */
export function answering(frame, store) {
  const read = frame.tensor;
  const longer = new Map();
  let answers = null;
  function tensor(name) {
    const found = read(name);
    const layer = /^layer(\d+)\.activation$/.exec(name)?.[1];
    const sample = store.probe?.sample;
    if (!found || !sample || layer === undefined) return found;
    if (!longer.has(name)) {
      answers ??= createModel(store.description, { tensor: read }).activations(Float64Array.from(sample.x));
      const [rows, size] = found.shape;
      const data = new found.data.constructor(found.data.length + size);
      data.set(found.data);
      data.set(answers[layer], found.data.length);
      longer.set(name, { shape: [rows + 1, size], data });
    }
    return longer.get(name);
  }
  return { ...frame, tensor };
}
