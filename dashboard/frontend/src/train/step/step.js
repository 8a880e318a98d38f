/** What one step did: its batch, the loss on it before and after, and the weights that moved most. Hidden but for Slow. */

import { paintPixels } from '../../lib/charts/canvas.js';
import { asNumber, counted, grouped, neuronName, sourceName } from '../../lib/format/text.js';
import { featureName } from '../../lib/model/description.js';
import { layersOf } from '../../lib/model/forward.js';
import { parseHead, parseTensors } from '../../lib/model/frame.js';
import { classesOf } from '../../lib/model/output-reader.js';
import { paletteFor } from '../../lib/theme/palette.js';
import { make, setText } from '../../lib/ui/dom.js';
import { createView } from '../../lib/ui/seen.js';
import { tableOf } from '../../lib/ui/table.js';

/** @import { StepTaken, Store } from '../types.js' */
/** @import { Label, Numbers } from '../../lib/model/types.js' */

/**
 * Build the card in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createStep(root, store) {
  const which = make('small');
  const words = make('p', { className: 'as-say' });
  const batch = make('div', { className: 'as-batch' });
  const moved = make('div');
  root.append(make('div', { className: 'as-head' }, make('h3', {}, 'What the step did'), which), words, batch, moved);
  let asked = '';
  const view = createView(root, store, ['frame', 'way', 'run', 'theme'], update);

  function update() {
    const { way, shown, run, server, theme } = store;
    root.hidden = way !== 'slow' || !shown;
    if (root.hidden) {
      asked = '';
      return;
    }
    const question = `${run} ${shown.number} ${theme}`;
    if (question === asked) return;
    asked = question;
    setText(which, shown.number ? `step ${grouped(shown.line.step)}` : '');
    if (!shown.number) {
      setText(words, 'The network as it was initialised. The next step takes its first batch.');
      batch.replaceChildren();
      moved.replaceChildren();
      return;
    }
    server
      .ask(`snapshots/${shown.number}/step`)
      .then((response) => response.arrayBuffer())
      .then(
        (buffer) => question === asked && show(buffer),
        (error) => question === asked && setText(words, `It cannot be shown: ${error.message}`),
      );
  }

  /** @param {ArrayBuffer} buffer */
  function show(buffer) {
    const { head, start } = parseHead(buffer);
    /** @type {StepTaken} */
    const step = head;
    const x = parseTensors(buffer, start)('x');
    setText(words, sentence(step));
    batch.replaceChildren(...(step.batch && x ? pictures(x.data, x.shape[0], step.batch.labels) : []));
    const layers = layersOf(store.description);
    const rows = step.moved.map(({ layer, input, unit, before, after }) =>
      [
        `${neuronName(layers, store.classNames, layer, unit)}, from ${sourceName(store.imageShape, layer, input, (i) => featureName(store.description, i))}`,
        asNumber(before),
        asNumber(after),
        `${after > before ? '+' : '−'}${asNumber(Math.abs(after - before))}`,
      ].map((text) => make('td', {}, text)),
    );
    moved.replaceChildren(tableOf('Weights that moved most', ['Weight', 'Before', 'After', 'Change'], rows));
  }

  /**
   * @param {Numbers} x
   * @param {number} count
   * @param {Label[]} labels
   */
  function pictures(x, count, labels) {
    const shape = store.imageShape;
    if (!shape) return [];
    const [rows, columns] = shape;
    const colors = paletteFor(store.theme === 'dark').picture;
    let top = 0;
    for (const value of x) top = Math.max(top, value);
    return Array.from({ length: count }, (_, k) =>
      paintPixels(
        make('canvas', { role: 'img', 'aria-label': store.reader.words(classesOf(labels[k]) ?? []) }),
        columns,
        rows,
        (i) => colors.rgba(x[k * rows * columns + i] / top),
      ),
    );
  }

  return view;
}

/**
 * What happened, in one sentence.
 * @param {StepTaken} step
 */
function sentence({ first, last, batch, missing }) {
  if (missing) return missing;
  if (!batch) return `${counted(last - first, 'step')} since the snapshot before, each with a batch of its own.`;
  const size = counted(batch.indices.length, 'training example');
  const { before, after } = batch;
  if (before === null || after === null) return `A batch of ${size}; the loss on it is not finite.`;
  const way = after < before ? 'fell' : after > before ? 'rose' : 'stayed';
  return `A batch of ${size}; the loss on it ${way} from ${before.toFixed(4)} to ${after.toFixed(4)}.`;
}
