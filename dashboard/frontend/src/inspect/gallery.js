/** The gallery: a page of the chosen examples, and the one that was opened with all its probabilities. */

import { paintPixels } from '../lib/charts/canvas.js';
import { disc, fillBox, write } from '../lib/charts/pen.js';
import { fillPoint } from '../lib/charts/plane.js';
import { createSheet } from '../lib/charts/sheet.js';
import { grouped } from '../lib/format/text.js';
import { classesOf, isSame } from '../lib/model/output-reader.js';
import { cellText } from '../lib/model/row.js';
import { imageColors } from '../lib/theme/palette.js';
import { press } from '../lib/ui/controls.js';
import { focusedElement, make, penOf } from '../lib/ui/dom.js';
import { pngButton } from '../lib/ui/download.js';
import { isCommand, roveOver } from '../lib/ui/keys.js';

/** @import { GalleryData, GalleryItem, Item } from './types.js' */
/** @import { Label, Palette } from '../lib/model/types.js' */

/** @param {number} value */
const percent = (value) =>
  value >= 0.995 && value < 1 ? '>99 %' : value > 0 && value < 0.01 ? '<1 %' : `${Math.round(100 * value)} %`;
const PATIENCE = 2000; // ms in which the page that was asked for may come
const ROW = 90; // pixels: a row of images
/** @param {number} value */
const exact = (value) => (value >= 0.001 ? value.toFixed(4) : value === 0 ? '0' : value.toExponential(1));

/**
 * The bytes of a base64 text.
 * @param {string} text
 */
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/**
 * Build the gallery in `root`; `send` is called with {sample: i | null} or {sheet: page}.
 * @param {HTMLElement} root
 * @param {(chosen: Record<string, unknown>) => void} send
 */
export function createGallery(root, send) {
  const title = make('h3');
  const count = make('span', { className: 'ai-count' });
  const said = make('span', { className: 'nv-hidden', 'aria-live': 'polite' });
  const head = make(
    'div',
    { className: 'ai-head' },
    title,
    count,
    said,
    pngButton(picture, () => data.file),
  );
  const detail = make('section', {
    className: 'ai-detail',
    'aria-label': 'The opened example',
    tabIndex: -1,
    hidden: true,
  });
  const sheet = make('div', { className: 'ai-sheet', role: 'group', 'aria-label': 'Examples' });
  const pager = make('nav', { className: 'ai-pager', 'aria-label': 'Pages of the gallery' });
  root.append(head, detail, sheet, pager);
  /** @type {GalleryData} */
  let data;
  /** @type {Palette} */
  let palette;
  /** @type {number | null} */
  let opened = null;
  /** @type {GalleryItem[]} */
  let items = [];
  /** @type {HTMLElement[]} */
  let tiles = [];
  /** @type {GalleryData | null} */
  let chosen = null; // what was drawn last
  /** @type {{ sheet: number | null, since: number }} */
  let asked = { sheet: null, since: 0 }; // the page that was asked for last, until it is there

  const across = () =>
    Math.max(
      1,
      tiles.findIndex((tile) => tile.offsetTop > tiles[0].offsetTop),
    );
  /** @param {EventTarget | null} element */
  const placeOf = (element) => {
    const k = tiles.indexOf(/** @type {HTMLElement} */ (element));
    const width = tiles.at(-1)?.offsetTop === tiles[0]?.offsetTop ? tiles.length : across();
    return k < 0 ? null : [Math.floor(k / width), k % width, width];
  };
  let width = 1;
  const reach = roveOver(
    sheet,
    (element) => {
      const place = placeOf(element);
      if (place) [, , width] = place;
      return place;
    },
    (row, column) => tiles[row * width + column] ?? null,
  );

  /**
   * @param {GalleryData} given
   * @param {Palette} colors
   */
  function update(given, colors) {
    const isNew = given !== data;
    data = given;
    palette = colors;
    if (isNew) opened = data.opened;
    const isThere = given.title !== title.textContent || given.sheet === asked.sheet;
    if (isThere || performance.now() - asked.since > PATIENCE) asked.sheet = null;
    title.textContent = data.title;
    count.textContent = `${grouped(data.count)} of ${grouped(data.total)}`;
    const shown = `${data.title}: ${count.textContent} examples`;
    if (said.textContent !== shown) said.textContent = shown;
    root.dataset.count = String(data.count);
    const pixels = bytesOf(data.pixels);
    const probabilities = new Float32Array(bytesOf(data.probabilities).buffer);
    const size = data.shape ? data.shape[0] * data.shape[1] : 0;
    const classes = data.names.length;
    items = data.items.map((item, k) => {
      const [trueClasses, predictedClasses] = [classesOf(item.label) ?? [], classesOf(item.predicted) ?? []];
      return {
        ...item,
        trueClasses,
        predictedClasses,
        pixels: pixels.subarray(k * size, (k + 1) * size),
        probabilities: probabilities.subarray(k * classes, (k + 1) * classes),
      };
    });
    const focused = focusedElement();
    const held = focused && sheet.contains(focused) ? focused.dataset.sample : null;
    tiles = items.slice(0, data.shown).map(tileOf);
    sheet.classList.toggle('ai-cards', data.kind === 'row');
    const isLong = Math.max(...data.names.map((name) => name.length)) > (data.kind === 'row' ? 9 : 2);
    sheet.classList.toggle('ai-long', isLong && !data.several);
    sheet.classList.toggle('ai-several', data.several);
    sheet.classList.toggle(
      'ai-two',
      items.some(({ other }) => other !== null),
    );
    sheet.replaceChildren(
      ...tiles.map((tile, k) => make('div', { className: 'ai-spot' }, tile, linkTo(items[k], 'ai-go', '→', -1))),
    );
    if (!tiles.length) sheet.append(make('p', { className: 'ai-empty', textContent: 'No example is like this.' }));
    reach(tiles.find((tile) => tile.dataset.sample === String(opened)) ?? tiles[0]);
    if (held)
      [held, String(opened)]
        .map((sample) => tiles.find((tile) => tile.dataset.sample === sample))
        .find((tile) => tile)
        ?.focus({ preventScroll: true });
    page();
    open();
    if (isNew) show();
  }

  /** Below the number that was clicked, on a narrow screen, the gallery would open unseen. */
  function show() {
    const isOther = chosen?.run === data.run && chosen.show !== data.show;
    chosen = data;
    if (isOther && sheet.getBoundingClientRect().top > window.innerHeight - ROW)
      root.scrollIntoView({ block: 'start' });
  }

  /** @param {number[]} classes */
  const wordsOf = (classes) => classes.map((c) => data.names[c]).join(', ') || 'no label';

  /**
   * What both networks of a comparison predict: "5: A 3, B 5".
   * @param {GalleryItem} item
   */
  function wordsOfTwo({ trueClasses, predictedClasses, other }) {
    const [one, two] = [predictedClasses, classesOf(/** @type {Label} */ (other)) ?? []];
    /**
     * @param {string} name
     * @param {number[]} classes
     */
    const said = (name, classes) =>
      make('span', { className: isSame(trueClasses, classes) ? 'ai-good' : 'ai-bad' }, `${name} ${wordsOf(classes)}`);
    return [make('span', {}, `${wordsOf(trueClasses)}: `), said('A', one), ', ', said('B', two)];
  }

  /** @param {GalleryItem} item */
  function tileOf(item) {
    const { right: isRight } = item;
    const [actual, predicted] = [wordsOf(item.trueClasses), item.called ?? wordsOf(item.predictedClasses)];
    const words =
      item.other !== null
        ? wordsOfTwo(item)
        : isRight
          ? [actual]
          : [make('span', {}, actual), ' ', make('span', {}, `→ ${predicted}`)];
    const both = item.other === null ? '' : `, by the other as ${wordsOf(classesOf(item.other) ?? [])}`;
    const about = `${item.source && `${item.source}, `}true class ${actual}, predicted as ${predicted}${both}, ${data.about} ${exact(item.value)}`;
    const choose = () => {
      opened = item.sample;
      open();
      detail.scrollIntoView({ block: 'nearest' });
      send({ sample: item.sample });
    };
    const tile = press('', `Example ${item.sample}: ${about}`, choose, {
      className: `ai-tile${isRight ? '' : ' ai-wrong'}`,
      tabIndex: -1,
      'aria-label': `Example ${item.sample}, ${about}`,
      'data-sample': item.sample,
    });
    tile.append(faceOf(item), make('b', {}, ...words), make('small', {}, percent(item.value)));
    return tile;
  }

  /**
   * A click away from the network view; beside a tile it is for the pointer, the keyboard has the one of the opened example.
   * @param {Item} about
   * @param {string} className
   * @param {string} textContent
   * @param {number} [tabIndex]
   */
  const linkTo = ({ sample }, className, textContent, tabIndex = 0) =>
    make('a', {
      className,
      textContent,
      tabIndex,
      href: `/?${data.query}&sample=${data.split}-${sample}`,
      target: '_self',
      ...(className === 'ai-go'
        ? { title: 'Show in network view', 'aria-label': `Show example ${sample} in network view` }
        : {}),
    });

  /**
   * To the Draw page, which has a link back.
   * @param {Item} about
   */
  const drawLink = ({ sample }) =>
    make('a', {
      className: 'ai-link',
      ...(data.kind === 'row'
        ? {
            textContent: 'Change its values →',
            title: 'What would the network predict if a value were another one?',
          }
        : { textContent: 'Open in Draw →' }),
      href: `/drawing?${data.query}&sample=${data.split}-${sample}`,
      target: '_self',
    });

  /**
   * Which row of the table it is.
   * @param {Item} about
   */
  const numberOf = ({ number }) => (number ? `, row ${grouped(number)} of the table` : '');

  /**
   * The row of an example: each column with its value, in its units.
   * @param {Item} about
   */
  const cellsOf = ({ row = [] }) => data.columns.map((column, k) => [column.name, cellText(column, row[k])]);

  /**
   * The example itself: its pixels, its place in the plane, or its row.
   * @param {GalleryItem} item
   */
  function faceOf(item) {
    if (data.shape) {
      const [rows, columns] = data.shape;
      return paintPixels(make('canvas'), columns, rows, (i) =>
        imageColors(palette, data.photo).rgba(item.pixels[i] / 255),
      );
    }
    if (data.kind === 'plane') {
      const canvas = make('canvas', { width: 144, height: 144, className: 'ai-plane' });
      const context = penOf(canvas);
      const [left, right, bottom, top] = data.extent;
      /**
       * @param {number} x
       * @param {number} y
       */
      const at = (x, y) => [8 + (128 * (x - left)) / (right - left), 136 - (128 * (y - bottom)) / (top - bottom)];
      fillBox(context, 0, 0, 144, 144, palette.paper);
      const shades = [palette.negative, palette.positive, palette.muted];
      for (const [x, y, label] of data.points) {
        context.globalAlpha = 0.3;
        const [across, down] = at(x, y);
        if (data.several) fillPoint(context, across, down, 2.5, palette, classesOf(label));
        else fillBox(context, across - 2, down - 2, 4, 4, shades[Number(label) % 3]);
      }
      context.globalAlpha = 1;
      const [x, y] = at(item.features[0], item.features[1]);
      if (data.several) fillPoint(context, x, y, 8, palette, item.trueClasses);
      disc(context, x, y, 8, data.several ? null : shades[Number(item.label) % 3], palette.ink, 3);
      return canvas;
    }
    const list = make('span', { className: 'ai-values' });
    for (const [name, text] of cellsOf(item).slice(0, 4))
      list.append(make('span', { textContent: name }), make('em', { textContent: text, title: text }));
    return list;
  }

  /** The sheet as one picture, each example with its words beneath. */
  function picture() {
    const [side, words, gap, columns] = [84, 20, 8, Math.max(1, Math.min(7, tiles.length))];
    const rows = Math.ceil(tiles.length / columns);
    const [width, height] = [columns * (side + gap) + gap, rows * (side + words + gap) + gap + 24];
    const { canvas, pen } = createSheet(width, height, palette);
    write(pen, `${data.title}: ${count.textContent}`, gap, 16, palette.ink, {
      font: '600 13px sans-serif',
      most: width - 2 * gap,
    });
    pen.imageSmoothingEnabled = false;
    tiles.forEach((tile, k) => {
      const [x, y] = [gap + (k % columns) * (side + gap), 24 + gap + Math.floor(k / columns) * (side + words + gap)];
      const face = tile.querySelector('canvas');
      fillBox(pen, x, y, side, side, palette.panel);
      if (face) pen.drawImage(face, x, y, side, side);
      else
        cellsOf(data.items[k])
          .slice(0, 5)
          .forEach(([name, text], i) => {
            const font = '9px sans-serif';
            write(pen, name, x + 3, y + 10 + 15 * i, palette.ink, { font, most: side - 40 });
            write(pen, text, x + side - 35, y + 10 + 15 * i, palette.ink, { font, most: 32 });
          });
      write(
        pen,
        `${tile.querySelector('b')?.textContent}  ${tile.querySelector('small')?.textContent}`,
        x,
        y + side + 10,
        tile.classList.contains('ai-wrong') ? palette.positive : palette.ink,
        { font: '11px sans-serif', most: side },
      );
    });
    return canvas;
  }

  function page() {
    const { sheet: now, sheets } = data;
    pager.hidden = sheets <= 1;
    // Clicks that come before the page has followed count from the page that was asked for.
    /**
     * @param {string} text
     * @param {string} label
     * @param {boolean} leads
     * @param {() => number} to
     */
    const button = (text, label, leads, to) => {
      const turn = () => {
        const sheet = Math.max(0, Math.min(sheets - 1, to()));
        asked = { sheet, since: performance.now() };
        const words = pager.querySelector('span');
        if (words) words.textContent = `page ${grouped(sheet + 1)} of ${grouped(sheets)}`;
        send({ sheet });
      };
      return press(text, null, turn, { className: '', 'aria-label': label, disabled: !leads });
    };
    pager.replaceChildren(
      button('«', 'First page', now > 0, () => 0),
      button('‹', 'Previous page', now > 0, () => (asked.sheet ?? now) - 1),
      make('span', { 'aria-live': 'polite' }, `page ${grouped(now + 1)} of ${grouped(sheets)}`),
      button('›', 'Next page', now < sheets - 1, () => (asked.sheet ?? now) + 1),
      button('»', 'Last page', now < sheets - 1, () => sheets - 1),
    );
  }

  function open() {
    tiles.forEach((tile) => tile.setAttribute('aria-pressed', String(tile.dataset.sample === String(opened))));
    const item = items.find(({ sample }) => sample === opened);
    detail.hidden = !item;
    root.dataset.sample = item ? String(item.sample) : '';
    if (!item) return;
    const { names } = data;
    const { right: isRight } = item;
    const at = items.indexOf(item);
    const [earlier, later] = [-1, 1].map((by) =>
      press(by < 0 ? '‹' : '›', null, () => go(by), {
        className: 'ai-close',
        'aria-label': by < 0 ? 'Previous example' : 'Next example',
        disabled: at >= data.shown || !leadsOn(at + by),
      }),
    );
    const close = press('×', null, shut, { className: 'ai-close', 'aria-label': 'Close the example' });
    const facts = make(
      'p',
      {},
      'true class ',
      make('b', {}, wordsOf(item.trueClasses)),
      item.other !== null ? `: A says ` : isRight ? ', predicted correctly' : ', predicted as ',
      ...(isRight && item.other === null
        ? []
        : [make('b', { className: isRight ? '' : 'ai-bad' }, item.called ?? wordsOf(item.predictedClasses))]),
      item.called === null ? '' : ' at this threshold',
      ...(item.other === null ? [] : [', B says ', make('b', {}, wordsOf(classesOf(item.other) ?? []))]),
    );
    const links = make(
      'p',
      { className: 'ai-links' },
      linkTo(item, 'ai-link', 'Show in network view →'),
      drawLink(item),
    );
    const bars = make('div', {
      className: 'ai-bars',
      role: 'table',
      'aria-label': `Probability of each ${data.several ? 'label' : 'class'}`,
    });
    names.forEach((name, k) => {
      const value = item.probabilities[k];
      const [isTrue, isPredicted] = [item.trueClasses.includes(k), item.predictedClasses.includes(k)];
      // Of labels a true one that was not predicted is a mistake as well.
      const kind =
        data.several && isTrue && !isPredicted ? 'ai-missed' : isTrue ? 'ai-true' : isPredicted ? 'ai-taken' : '';
      bars.append(
        make(
          'div',
          { role: 'row', className: kind },
          make('span', { role: 'rowheader', textContent: name, title: name }),
          make('i', { style: `--part: ${100 * value}%` }),
          make('em', { role: 'cell', textContent: exact(value) }),
        ),
      );
    });
    const side = make('div', { className: 'ai-side' });
    if (data.kind === 'row') {
      const values = make('dl');
      for (const [name, text] of cellsOf(item))
        values.append(make('dt', { textContent: name, title: name }), make('dd', { textContent: text, title: text }));
      if (data.more) values.append(make('dt', { textContent: `and ${grouped(data.more)} more columns` }));
      side.append(values);
    } else side.append(faceOf(item));
    side.append(facts, links);
    detail.replaceChildren(
      make(
        'div',
        { className: 'ai-detail-head' },
        make('h4', {
          textContent: `Example ${grouped(item.sample)} of the ${data.split} split${numberOf(item) || (item.source && ` · ${item.source}`)}`,
        }),
        earlier,
        later,
        close,
      ),
      make('div', { className: `ai-detail-body ai-of-${data.kind}` }, side, bars),
    );
  }

  /**
   * Whether there is an example at a place of this page, or on the page before or after it.
   * @param {number} at
   */
  const leadsOn = (at) => (at < 0 ? data.sheet > 0 : at < data.shown || data.sheet < data.sheets - 1);

  /**
   * Open the example before or after the one that is open.
   * @param {number} by
   */
  function go(by) {
    const at = items.findIndex(({ sample }) => sample === opened);
    if (at < 0 || at >= data.shown || !leadsOn(at + by)) return;
    const isInDetail = detail.contains(focusedElement());
    if (at + by < 0 || at + by >= data.shown) {
      send({ from: opened, step: by });
      return;
    }
    opened = items[at + by].sample;
    reach(tiles[at + by]);
    open();
    if (isInDetail) detail.focus();
    else tiles[at + by].focus();
    send({ sample: opened });
  }

  function shut() {
    const from = opened;
    opened = null;
    open();
    (tiles.find((tile) => tile.dataset.sample === String(from)) ?? tiles[0])?.focus();
    send({ sample: null });
  }
  // While an example is open, the arrow keys open the next, on the next page after the last.
  /** @param {KeyboardEvent} event */
  const goByKey = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || opened === null || isCommand(event)) return;
    event.preventDefault();
    event.stopPropagation();
    go(by);
  };
  detail.addEventListener('keydown', goByKey);
  sheet.addEventListener('keydown', goByKey, { capture: true });
  sheet.addEventListener('focusin', ({ target }) => {
    const tile = tiles.indexOf(/** @type {HTMLElement} */ (target));
    if (opened === null || tile < 0 || items[tile].sample === opened) return;
    opened = items[tile].sample;
    open();
    send({ sample: opened });
  });
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || opened === null) return;
    event.stopPropagation();
    shut();
  });
  return { update };
}
