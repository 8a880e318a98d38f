/** The training examples whose last hidden layer is most alike: asked of the server once the hand rests. */

import { paintImage } from '../lib/charts/pictures.js';
import { asNumber } from '../lib/format/text.js';
import { classesOf, isSame } from '../lib/model/output-reader.js';
import { debounce } from '../lib/ui/controls.js';
import { make, messageOf } from '../lib/ui/dom.js';
import { card } from './card.js';
/** @import { OutputReader, Label, Neighbor, NetworkStore, Numbers, Palette, Shape } from '../lib/model/types.js' */

/**
 * Build the card. `choose(sample)` opens one. Returns {element, ask(number, features | null, predictedClasses), paint(palette), destroy()}.
 * @param {{ imageShape: Shape | null, reader: OutputReader, toImage: (x: Numbers) => Numbers, wordsOf: (example: Neighbor) => string[], server: NetworkStore['server'] }} about
 * @param {(example: Neighbor) => void} choose
 */
export function createNearest({ imageShape, reader, toImage, wordsOf, server }, choose) {
  const { element } = card('Most alike in training', 'nearest', make('small', { textContent: 'last hidden layer' }));
  const list = make('ol', { className: 'dr-neighbors' });
  const note = make('p', {
    className: 'dr-note',
    textContent: 'Draw, and the training examples that the network finds most alike appear here.',
  });
  element.append(note, list);
  /** @type {Palette} */
  let palette;
  /** @type {Neighbor[]} */
  let found = [];
  /** @type {AbortController | null} */
  let abort = null;
  /** @type {number[] | null} */
  let predictedClasses = null; // the classes that are predicted

  const send = debounce(async (/** @type {number} */ number, /** @type {Numbers} */ x) => {
    abort = new AbortController();
    try {
      const body = { x: Array.from(x), k: 8 };
      const response = await server.post(`snapshots/${number}/nearest`, body, abort.signal);
      found = (await response.json()).neighbors;
      element.removeAttribute('aria-busy');
      show();
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      found = [];
      show();
      note.textContent = messageOf(error);
    }
  }, 200);

  function show() {
    /** @param {{ label: Label }} about */
    const isAlike = ({ label }) => predictedClasses !== null && isSame(classesOf(label) ?? [], predictedClasses);
    const same = found.filter(isAlike).length;
    note.textContent = found.length
      ? `${same} of ${found.length} are ${predictedClasses === null ? '' : `“${reader.words(predictedClasses)}”`}, nearest first.`
      : 'Draw, and the training examples that the network finds most alike appear here.';
    list.replaceChildren(
      ...found.map((neighbor) => {
        const words = reader.words(classesOf(neighbor.label) ?? []);
        const button = make('button', {
          className: `dr-neighbor${isAlike(neighbor) ? '' : ' dr-differs'}`,
          type: 'button',
          title: `Training example ${neighbor.index}: ${words}. Click to try it.`,
        });
        button.addEventListener('click', () => choose({ ...neighbor, split: 'train' }));
        if (imageShape) {
          const canvas = make('canvas');
          paintImage(canvas, toImage(neighbor.x), imageShape, palette.picture, 1);
          button.append(canvas);
        } else
          button.append(
            make('span', {
              className: 'dr-coordinates',
              textContent: wordsOf(neighbor).slice(0, 3).join(', '),
              title: wordsOf(neighbor).join(', '),
            }),
          );
        button.append(
          make('b', { textContent: words }),
          make('small', { textContent: asNumber(neighbor.distance, 2) }),
        );
        return make('li', {}, button);
      }),
    );
  }

  return {
    element,
    /** What was found last: [{index, label, distance, x}]. */
    get found() {
      return found;
    },
    /**
     * @param {number} number
     * @param {Numbers | null} x
     * @param {number[] | null} predicted
     */
    ask(number, x, predicted) {
      abort?.abort();
      predictedClasses = predicted;
      if (!x) {
        send.cancel();
        found = [];
        show();
        return;
      }
      element.setAttribute('aria-busy', 'true');
      send(number, x);
    },
    /** @param {Palette} next */
    paint(next) {
      palette = next;
      show();
    },
    destroy() {
      send.cancel();
      abort?.abort();
    },
  };
}
