/** What the network sees: the small image, and over it the attribution of the prediction, with every number one click away. */

import { asNumber } from '../lib/format/text.js';
import { roundUp } from '../lib/model/math.js';
import { gradientOf, imageColors } from '../lib/theme/palette.js';
import { segmented, select } from '../lib/ui/controls.js';
import { make, penOf } from '../lib/ui/dom.js';
import { card } from './card.js';

/** @import { Seen } from './types.js' */
/** @import { OutputReader, Image, MapChoice, Numbers, Palette, Shape } from '../lib/model/types.js' */

const MAPS = [
  ['none', 'Image', 'The image alone'],
  ['gradient', 'Gradient', 'How the class’s logit moves with each pixel: d logit / d x'],
  ['occlusion', 'Occlusion', 'How much of the class’s probability goes when a patch around each pixel is blanked'],
];
/** @type {Record<string, string[]>} */
const WORDS = {
  gradient: ['less ink raises it', 'more ink raises it'],
  occlusion: ['against', 'for it'],
};

/**
 * Build the card for the classes that a reader of outputs knows (output-reader.js). `explain(kind, label, patch)` returns the map as numbers; `redraw()` asks for an update.
 * `shows` is {map, label} to begin with, the name of a map and of a class or null; `sendShown({map, label})` is called with what a person chooses.
 * Returns {element, update(features, image, best), about(label)}.
 * @param {Shape} about
 * @param {boolean | undefined} isPhoto
 * @param {OutputReader} about
 * @param {(kind: string, label: number, patch: number) => Float64Array | null} explain
 * @param {() => void} redraw
 * @param {MapChoice} shows
 * @param {(shows: MapChoice) => void} sendShown
 */
export function createSeen(
  [rows, columns],
  isPhoto,
  { names: classNames, one, isMany },
  explain,
  redraw,
  shows,
  sendShown,
) {
  const canvas = make('canvas', { className: 'dr-seen-image', width: columns, height: rows });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', `The ${rows} by ${columns} image that the network is given`);
  const tip = make('output', { className: 'dr-tip', textContent: '' });
  const chosen = () => {
    redraw();
    sendShown({
      map: maps.value === 'none' ? null : maps.value,
      label: about.value === '' ? null : classNames[Number(about.value)],
    });
  };
  const maps = segmented('What to show over the image', MAPS, shows.map ?? 'none', chosen);
  const about = select(
    `${one === 'class' ? 'Class' : 'Label'} to explain`,
    [['', isMany ? 'the likeliest label' : 'the prediction'], ...classNames.map((name, c) => [String(c), name])],
    chosen,
  );
  if (shows.label !== null && classNames.includes(shows.label)) about.value = String(classNames.indexOf(shows.label));
  const patch = select(
    'Side of the blanked patch',
    [1, 3, 5, 7].filter((side) => side < Math.min(rows, columns)).map((side) => [String(side), `${side} × ${side}`]),
    () => redraw(),
  );
  patch.value = Math.min(rows, columns) > 12 ? '5' : '3';
  const forClass = make('label', {}, 'for', about);
  const blanking = make('label', {}, 'patch', patch);
  const scale = make('div', { className: 'nv-scale' });
  const numbers = make('details', { className: 'dr-numbers' }, make('summary', { textContent: 'Numbers' }));
  const table = make('div', { className: 'dr-table', tabIndex: 0 });
  numbers.append(table);
  const { element } = card(`What the network sees`, 'seen', make('small', { textContent: `${rows} × ${columns}` }));
  element.append(
    make(
      'div',
      { className: 'dr-seen-body' },
      make('div', {}, canvas, tip),
      make(
        'div',
        {},
        make('div', { className: 'dr-row' }, maps.element),
        make('div', { className: 'dr-row dr-about' }, forClass, blanking),
        scale,
        numbers,
      ),
    ),
  );
  /** @type {Seen} */
  let shown;

  numbers.addEventListener('toggle', () => redraw());
  canvas.addEventListener('pointermove', (event) => {
    const c = Math.min(columns - 1, Math.floor((event.offsetX / canvas.clientWidth) * columns));
    const r = Math.min(rows - 1, Math.floor((event.offsetY / canvas.clientHeight) * rows));
    if (!shown || r < 0 || c < 0) return;
    const i = r * columns + c;
    tip.textContent = `row ${r + 1}, column ${c + 1}: input ${asNumber(shown.features[i], 3)}${shown.map ? `, ${shown.kind} ${asNumber(shown.map[i], 4)}` : ''}`;
  });
  canvas.addEventListener('pointerleave', () => {
    tip.textContent = '';
  });

  /**
   * @param {Numbers} values
   * @param {string} caption
   */
  function tabulate(values, caption) {
    const text = Array.from(values, (value) => asNumber(value, 4));
    const lines = Array.from({ length: rows }, (_, r) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row', textContent: r + 1 }),
        ...text.slice(r * columns, (r + 1) * columns).map((value) => make('td', { textContent: value })),
      ),
    );
    const head = make(
      'tr',
      {},
      make('td'),
      ...Array.from({ length: columns }, (_, c) => make('th', { scope: 'col', textContent: c + 1 })),
    );
    table.replaceChildren(
      make(
        'table',
        {},
        make('caption', { textContent: caption }),
        make('thead', {}, head),
        make('tbody', {}, ...lines),
      ),
    );
  }

  return {
    element,
    canvas,
    /** The numbers that are drawn: {features, map | null, kind}. */
    get shown() {
      return shown;
    },
    /** @param {number} label */
    about(label) {
      about.value = String(label);
      if (maps.value === 'none') maps.set('gradient');
      chosen();
    },
    /**
     * Draw the image, and the map when one is chosen; `best` is null for an empty sheet.
     * @param {{ features: Numbers, image: Image, best: number | null }} about
     * @param {Palette} palette
     */
    update({ features, image, best }, palette) {
      const kind = best === null ? 'none' : maps.value;
      forClass.hidden = maps.value === 'none';
      blanking.hidden = maps.value !== 'occlusion';
      const label = about.value === '' ? best : Number(about.value);
      const map = kind === 'none' || label === null ? null : explain(kind, label, Number(patch.value));
      const top = map ? roundUp(map.reduce((most, value) => Math.max(most, Math.abs(value)), 0)) : 0;
      const context = penOf(canvas);
      const picture = context.createImageData(columns, rows);
      const pixels = new Uint32Array(picture.data.buffer);
      /**
       * @param {number} a
       * @param {number} b
       * @param {number} share
       */
      const mix = (a, b, share) => {
        let made = 255 << 24;
        for (const at of [0, 8, 16])
          made |= Math.round(((a >> at) & 255) + (((b >> at) & 255) - ((a >> at) & 255)) * share) << at;
        return made >>> 0;
      };
      for (let i = 0; i < pixels.length; i += 1) {
        pixels[i] = imageColors(palette, isPhoto).rgba(image.data[i]);
        if (map)
          pixels[i] = mix(
            pixels[i],
            palette.diverging.rgba(map[i] / top),
            Math.min(0.92, 0.25 + 1.4 * (Math.abs(map[i]) / top) ** 0.7) * (map[i] ? 1 : 0),
          );
      }
      context.putImageData(picture, 0, 0);
      shown = { features, map, kind };
      scale.hidden = !map;
      if (map) {
        const bar = make('i');
        const words = kind === 'gradient' && isPhoto ? ['darker raises it', 'lighter raises it'] : WORDS[kind];
        bar.style.background = gradientOf(palette.diverging);
        scale.replaceChildren(
          make('span', { textContent: `${words[0]} −${asNumber(top, 2)}` }),
          bar,
          make('span', { textContent: `+${asNumber(top, 2)} ${words[1]}` }),
        );
      }
      if (numbers.open) {
        const name = label === null ? '' : classNames[label];
        const ofMap = kind === 'gradient' ? `d logit of “${name}” / d pixel` : `Drop in the probability of “${name}”`;
        tabulate(map ?? features, map ? ofMap : 'What the network is given');
      }
    },
  };
}
