/** The sum that made a neuron's value, as a table of true numbers; in the pinned card its weights can be changed. */

import { asNumber, counted } from '../lib/format/text.js';
import { make } from '../lib/ui/dom.js';

/** @import { Parts, SumAbout, SumActions, TailParts } from './types.js' */
/** @import { Term } from '../lib/model/types.js' */

const AT_REST = 250; // ms

/**
 * @param {HTMLElement} row
 * @param {string} [className]
 */
const cellIn = (row, className = '') => {
  const cell = make('td', { className: className });
  row.append(cell);
  return cell;
};

/**
 * The cells of a row.
 * @param {HTMLTableRowElement} row
 * @param {string} [className]
 * @returns {TailParts}
 */
function partsOf(row, className = '') {
  const cells = {
    name: cellIn(row, className),
    a: cellIn(row, 'n'),
    w: cellIn(row, 'n'),
    by: cellIn(row, 'n nv-by'),
    product: cellIn(row, 'n nv-product'),
  };
  const [bar, number] = [make('i'), make('span')];
  cells.product.append(bar, number);
  return { row, ...cells, bar, number };
}

/**
 * Build the table. `change` is null, or {set(input, value), restore(input), unfold(isWhole)} to let weights be changed
 * and the terms that are summed up be seen one by one.
 * Returns {element, update(about), hasFocus()} with about = {sum, activation, name(input), changed: Set of inputs, weightTop, recorded, isWhole}.
 * @param {SumActions | null} change
 */
export function createSum(change) {
  const element = make('div', { className: 'nv-sum' });
  const box = make('div', { className: 'nv-terms' });
  const table = make('table');
  box.append(table);
  const head = table.createTHead().insertRow();
  for (const [text, className] of [
    ['from', ''],
    ['activation', 'n'],
    ['weight', 'n'],
    ['its change', 'n nv-by'],
    ['product', 'n'],
  ])
    head.append(make('th', { scope: 'col', className, textContent: text }));
  const body = table.createTBody();
  const end = make('p', { className: 'nv-sum-end' });
  element.append(box, end);
  /** @type {Parts[]} */
  const rows = [];

  /** @returns {Parts} */
  function createRow() {
    const parts = {
      ...partsOf(make('tr'), 'nv-from'),
      input: -1,
      isChanged: false,
      slider: make('input', { type: 'range' }),
      field: make('input', { type: 'number' }),
      cut: make('button', { type: 'button' }),
    };
    if (change) addControls(parts, change);
    return parts;
  }

  /**
   * @param {Parts} parts
   * @param {SumActions} act
   */
  function addControls(parts, act) {
    parts.w.append(parts.slider, parts.field, parts.cut);
    for (const control of [parts.slider, parts.field]) {
      control.addEventListener('input', () => {
        const value = control.valueAsNumber;
        if (Number.isFinite(value)) act.set(parts.input, value);
      });
    }
    parts.cut.addEventListener('click', () => (parts.isChanged ? act.restore(parts.input) : act.set(parts.input, 0)));
  }

  /**
   * @param {Parts} parts
   * @param {Term} term
   * @param {SumAbout} about
   * @param {number} most
   * @param {Element | null} focused
   */
  function fillTerm(parts, term, about, most, focused) {
    const name = about.name(term.input);
    parts.input = term.input;
    parts.name.textContent = name;
    parts.a.textContent = asNumber(term.a, 6);
    parts.a.title = String(term.a);
    parts.by.textContent = about.changes ? asNumber(about.changes[term.input], 4) : '';
    if (change) fillControls(parts, term, name, about, focused);
    else parts.w.textContent = `× ${asNumber(term.w, 6)}`;
    fillProduct(parts, term.product, most);
  }

  /**
   * @param {Parts} parts
   * @param {Term} term
   * @param {string} name
   * @param {SumAbout} about
   * @param {Element | null} focused
   */
  function fillControls(parts, term, name, about, focused) {
    const top = about.weightTop;
    const isChanged = about.changed.has(term.input);
    if (parts.top !== top) {
      parts.top = top;
      parts.slider.min = String(-top);
      parts.slider.max = String(top);
      parts.slider.step = String(top / 200);
      parts.field.step = String(top / 20);
    }
    if (parts.last !== term.input) {
      parts.slider.setAttribute('aria-label', `Weight from ${name}, slider`);
      parts.field.setAttribute('aria-label', `Weight from ${name}`);
    }
    if (focused !== parts.slider || parts.last !== term.input) parts.slider.value = String(term.w);
    if (focused !== parts.field || parts.last !== term.input) parts.field.value = String(Number(term.w.toFixed(6)));
    if (parts.last === term.input && parts.isChanged === isChanged) return;
    parts.last = term.input;
    parts.isChanged = isChanged;
    parts.cut.textContent = isChanged ? 'restore' : 'cut';
    parts.cut.setAttribute(
      'aria-label',
      isChanged ? `Restore the weight from ${name}` : `Cut the connection from ${name}`,
    );
    parts.row.classList.toggle('nv-changed', isChanged);
  }

  /**
   * @param {TailParts} parts
   * @param {string} name
   * @param {string} middle
   * @param {number} value
   * @param {number} most
   */
  function fillLine(parts, name, middle, value, most) {
    parts.row.hidden = false;
    parts.name.textContent = name;
    parts.a.textContent = middle;
    parts.w.textContent = '';
    fillProduct(parts, value, most);
  }

  /**
   * @param {TailParts} parts
   * @param {number} value
   * @param {number} most
   */
  function fillProduct(parts, value, most) {
    parts.number.textContent = asNumber(value, 6);
    parts.number.title = String(value);
    parts.bar.style.width = `${Math.min(100, (100 * Math.abs(value)) / most)}%`;
    parts.bar.className = value < 0 ? 'neg' : 'pos';
  }

  const unfold = change && createUnfold(change);
  /** @param {SumActions} act */
  function createUnfold(act) {
    const button = make('button', { type: 'button', className: 'nv-button nv-unfold' });
    button.addEventListener('click', () => act.unfold(button.getAttribute('aria-expanded') === 'false'));
    box.after(button);
    return button;
  }

  const tail = [0, 1].map(() => partsOf(make('tr', { className: 'nv-tail' })));

  let rest = 0;
  let pitch = 0; // pixels from one row to the next, once they were laid out
  const active = () => document.activeElement;
  return {
    element,
    hasFocus: () => table.contains(active()),
    /** @param {SumAbout} about */
    update(about) {
      const { sum } = about;
      const focused = active();
      table.classList.toggle('nv-no-change', !about.changes);
      while (rows.length < sum.terms.length) rows.push(createRow());
      const most = Math.max(
        1e-12,
        Math.abs(sum.rest),
        Math.abs(sum.bias),
        ...sum.terms.map((term) => Math.abs(term.product)),
      );
      clearTimeout(rest);
      // Of a long table what is in sight comes first, the others once nothing has changed for a while.
      const sight =
        about.isWhole && pitch ? { from: box.scrollTop - 120, to: box.scrollTop + box.clientHeight + 120 } : null;
      /** @param {number} i */
      const isSeen = (i) => !sight || (i * pitch > sight.from && i * pitch < sight.to);
      sum.terms.forEach((term, i) => isSeen(i) && fillTerm(rows[i], term, about, most, focused));
      if (about.isWhole)
        rest = window.setTimeout(() => {
          sum.terms.forEach((term, i) => isSeen(i) || fillTerm(rows[i], term, about, most, active()));
          pitch = rows[0]?.row.offsetHeight ?? 0;
        }, AT_REST);
      const wanted = rows.slice(0, sum.terms.length).map((parts) => parts.row);
      fillLine(tail[0], `+ ${counted(sum.restCount, 'other')}`, '', sum.rest, most);
      fillLine(tail[1], '+ bias', '', sum.bias, most);
      if (sum.restCount) wanted.push(tail[0].row);
      if (sum.hasBias) wanted.push(tail[1].row);
      // A row that is taken out and put back loses the focus, and with it what is being typed.
      if (wanted.length !== body.children.length || wanted.some((row, i) => row !== body.children[i]))
        body.replaceChildren(...wanted);
      if (unfold) {
        const all = sum.terms.length + sum.restCount;
        unfold.textContent = about.isWhole ? 'Only the largest terms' : `All ${all.toLocaleString('en')} terms`;
        unfold.setAttribute('aria-expanded', String(about.isWhole));
        unfold.hidden = !about.isWhole && !sum.restCount;
        box.classList.toggle('nv-whole', about.isWhole);
      }
      end.replaceChildren(...equation(about));
    },
  };
}

/**
 * "= z, f(z) = a", and whether that is the recorded value.
 * @param {SumAbout} about
 */
function equation({ sum, function: { label, formula }, recorded }) {
  const apart = Math.abs(sum.activation - (recorded ?? 0));
  const note = sum.silenced
    ? 'switched off by hand: puts out 0'
    : recorded === null
      ? 'recomputed with your changes'
      : apart <= sum.rounding
        ? '✓ the recorded value'
        : `recorded ${asNumber(recorded, 6)}, ${apart.toExponential(1)} apart`;
  return [
    make('span', { className: 'nv-z' }, `z = ${asNumber(sum.z, 6)}`),
    make('span', { className: 'nv-a', title: formula }, `${label}(z) = ${asNumber(sum.activation, 6)}`),
    make('span', { className: 'nv-note' }, note),
  ];
}
