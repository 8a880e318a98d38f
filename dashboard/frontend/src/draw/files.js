/** What the cards of the Draw page save: which numbers, and which pictures. */
import { classesOf } from '../lib/model/output-reader.js';
import { addSaves, asSheet, onPaper } from './save.js';

/** @import { Cards, DeskState, Input } from './types.js' */
/** @import { Cell, Numbers } from '../lib/model/types.js' */

/**
 * A cell of a row as a file has it: a number, the name of a category, nothing for what is missing.
 * @param {string[]} values
 * @param {Cell} cell
 */
const cellOf = (values, cell) => (cell === null ? '' : values.length ? values[cell] : cell);

/**
 * Put the buttons into the heads of the cards. Returns what does it for the network view, which makes its head late.
 * @param {DeskState} desk
 * @param {Input} input
 * @param {Cards} cards
 */
export function offerFiles(
  { about, description, reader, names, frame, now, palette },
  input,
  { prediction, nearest, live },
) {
  const { class_names: classNames, image_shape: shape } = description.dataset;
  const { seen, sliders } = input;
  const { columns } = about;
  /** @param {string} part */
  const files = (part) => () => `${description.run}-snapshot-${frame().number}-${part}`;
  addSaves(prediction.element, files('prediction'), {
    rows: () =>
      now().best === null
        ? null
        : [
            [reader.one, 'probability'],
            ...Array.from(reader.probabilities(/** @type {Numbers} */ (now().activations.at(-1))), (p, c) => [
              classNames[c],
              p,
            ]),
          ],
  });
  /**
   * @param {HTMLCanvasElement | null} canvas
   * @param {string} paper
   */
  const saved = (canvas, paper) => canvas && onPaper(canvas, paper);
  const tiles = () => [...nearest.element.querySelectorAll('.dr-neighbor')];
  addSaves(nearest.element, files('nearest'), {
    rows: () =>
      nearest.found.length
        ? [
            ['training example', reader.one, 'distance', ...(columns?.map(({ name }) => name) ?? names)],
            ...nearest.found.map(({ index, label, distance, x, row }) => [
              index,
              reader.words(classesOf(label) ?? []),
              distance,
              ...(columns?.map(({ values }, k) => cellOf(values, row?.[k] ?? null)) ?? x),
            ]),
          ]
        : null,
    picture:
      shape &&
      (() =>
        tiles().length
          ? asSheet(
              tiles().map((tile) => ({
                canvas: tile.querySelector('canvas'),
                above: tile.querySelector('b')?.textContent ?? '',
                below: tile.querySelector('small')?.textContent ?? '',
              })),
              4,
              [84, 84],
              palette(),
            )
          : null),
  });
  const { pad } = input;
  if (pad) addSaves(input.cards[0], files('drawing'), { picture: () => onPaper(pad.canvas, palette().paper) });
  else if (about.kind === 'plane')
    addSaves(input.cards[0], files('plane'), {
      picture: () => saved(input.cards[0].querySelector('canvas'), palette().paper),
    });
  if (seen && shape) {
    addSaves(seen.element, files('input'), {
      rows: () => {
        const { features, map, kind } = seen.shown;
        const head = ['row', 'column', 'input', ...(map ? [kind] : [])];
        return [
          head,
          ...Array.from(features, (value, i) => [
            Math.floor(i / shape[1]) + 1,
            (i % shape[1]) + 1,
            value,
            ...(map ? [map[i]] : []),
          ]),
        ];
      },
      picture: () => onPaper(seen.canvas, palette().paper, Math.ceil(560 / shape[1])),
    });
  }
  if (input.sweeps) {
    const { sweeps } = input;
    const ready = () => sweeps().filter(({ points }) => points.length);
    addSaves(sliders?.element ?? input.cards[0], files('sweeps'), {
      rows: () =>
        ready().length
          ? [
              ['change', 'value', reader.one, 'probability', 'prediction'],
              ...ready().flatMap(({ name, label, points }) =>
                points.map(({ value, p, probabilities }) => [
                  name,
                  value,
                  label === undefined ? '' : classNames[label],
                  p,
                  reader.words(reader.predicted(probabilities)),
                ]),
              ),
            ]
          : null,
      picture: () =>
        ready().length
          ? asSheet(
              ready().map(({ name, canvas, verdict }) => ({ canvas, above: name, below: verdict ?? '' })),
              3,
              [260, 46],
              palette(),
            )
          : null,
    });
  }
  let isSavable = false;
  return () => {
    if (!isSavable)
      addSaves(live, files('network'), {
        picture: () => saved(live.querySelector('canvas.nv-canvas'), palette().surface),
      });
    isSavable = true;
  };
}
