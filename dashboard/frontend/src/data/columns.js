/**
 * The columns of a user's table, each with its histogram, what becomes of it and why, a button that makes it the label
 * and a list that says otherwise. Reports {column, treatment}, or {column} for the label.
 */

import { closest, focusedElement, make, svgOf } from '../lib/ui/dom.js';
import { followTheme, mounting } from '../lib/ui/page.js';
import { headOf } from '../lib/ui/table.js';
import { barsPath, HEIGHT, WIDTH } from './bars.js';

/** @import { ColumnsData, DataColumn } from './types.js' */
/** @import { Component } from '../lib/model/types.js' */

const HEADS = ['Column', 'Label', 'Kind', 'Values', 'Missing', 'What becomes of it', 'Instead'];

/** Called by the component's loader at every change of its data; returns what unmounts it. */
export const mount = mounting(create);

/** @param {HTMLElement} parent */
function create(parent) {
  const table = make('table', { className: 'tb' });
  const root = make('div', { className: 'annscope-columns' }, make('div', { className: 'dc-scroll' }, table));
  parent.append(root);
  /** @type {Component<ColumnsData>['setStateValue']} */
  let send = () => {};
  const theme = followTheme(parent, root, () => {});
  /** @param {Record<string, string>} choice */
  const choose = (choice) => send('chosen', { ...choice, when: Date.now() });

  table.addEventListener('click', (event) => {
    const button = closest(event, 'button[data-column]');
    if (button) choose({ column: String(button.dataset.column) });
  });
  table.addEventListener('change', ({ target }) => {
    if (target instanceof HTMLSelectElement) choose({ column: String(target.dataset.column), treatment: target.value });
  });
  return {
    /** @param {Component<ColumnsData>} component */
    update({ data, setStateValue }) {
      send = setStateValue;
      theme.check();
      const { column, control } = focusedElement()?.dataset ?? {};
      table.replaceChildren(
        make('caption', { className: 'nv-hidden', textContent: data.caption }),
        headOf(HEADS),
        make('tbody', {}, ...data.columns.map((each) => lineFor(each, data))),
      );
      if (control) find(table, String(column), control)?.focus({ preventScroll: true });
      root.dataset.ready = 'true';
    },
    destroy() {
      theme.stop();
      root.remove();
    },
  };
}

/**
 * The control of a column that has the focus is another element after each change.
 * @param {HTMLElement} table
 * @param {string} column
 * @param {string} control
 */
function find(table, column, control) {
  const every = /** @type {NodeListOf<HTMLElement>} */ (table.querySelectorAll('[data-control]'));
  return [...every].find(({ dataset }) => dataset.column === column && dataset.control === control);
}

/**
 * @param {DataColumn} column
 * @param {ColumnsData} data
 */
function lineFor(column, { label, treatments }) {
  const isLabel = column.role === 'label';
  return make(
    'tr',
    { className: column.role === 'feature' || isLabel ? '' : 'dc-out' },
    make('th', { scope: 'row', title: column.name }, column.name || '(no name)'),
    make(
      'td',
      {},
      ...(isLabel || column.mayBeLabel ? [labelButton(column, column.reference === label || isLabel)] : []),
    ),
    make('td', {}, column.kind),
    make('td', {}, make('div', { className: 'dc-values' }, ...valuesOf(column))),
    make('td', {}, column.missing),
    make('td', { className: 'dc-done' }, make('b', {}, column.done), column.why && `: ${column.why}`),
    make('td', {}, ...(isLabel ? [] : [treatmentList(column, treatments)])),
  );
}

/**
 * @param {DataColumn} column
 * @param {boolean} isChosen
 */
const labelButton = ({ reference, name }, isChosen) =>
  make('button', {
    type: 'button',
    className: 'dc-label',
    'aria-pressed': String(isChosen),
    'aria-label': `${name} is the label`,
    title: isChosen ? 'The label' : 'Make it the label',
    'data-column': reference,
    'data-control': 'label',
  });

/**
 * @param {DataColumn} column
 * @param {Array<[string, string]>} treatments
 */
function treatmentList({ reference, name, treatment }, treatments) {
  const list = make(
    'select',
    { 'aria-label': `What becomes of ${name}`, 'data-column': reference, 'data-control': 'treatment' },
    ...treatments.map(([value, words]) => make('option', { value }, words)),
  );
  list.value = treatment;
  return list;
}

/** @param {DataColumn} column */
function valuesOf({ bars, spread, samples, distinct }) {
  const words = make('span', { title: samples }, spread || samples, make('br'), distinct);
  if (!bars) return [words];
  const { svg } = svgOf(`0 0 ${WIDTH} ${HEIGHT}`, barsPath(bars));
  svg.setAttribute('class', 'dc-bars');
  return [svg, words];
}
