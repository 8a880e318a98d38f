/**
 * A connection's card: its weight, what it adds to the sum for the example shown, how it changed over the run. One floats
 * beside the pointer; that of the pinned connection stands under the network, and lets its weight be changed.
 */

import { createFigure, paintHistory } from '../lib/charts/pictures.js';
import { asNumber, counted } from '../lib/format/text.js';
import { sinceWords } from '../lib/model/change.js';
import { roundUp } from '../lib/model/math.js';
import { press } from '../lib/ui/controls.js';
import { make } from '../lib/ui/dom.js';
import { createNumbersTable } from '../lib/ui/numbers-table.js';
import { describeEdge } from './edges.js';

/** @import { EdgeActions, Link, View } from './types.js' */

const [WIDTH, HEIGHT] = [300, 54];

/**
 * Build a card. `actions` is null for the floating card. Returns {element, update(view, link)}.
 * @param {EdgeActions | null} actions
 */
export function createEdgeCard(actions) {
  const isPinned = actions !== null;
  const className = `nv-card nv-edge ${isPinned ? 'nv-edge-dock' : 'nv-edge-float'}`;
  const root = make(isPinned ? 'section' : 'div', { className, hidden: true });
  const chip = make('i', { className: 'nv-chip' });
  const title = make('h4');
  const value = make('b', { className: 'nv-value' });
  const where = make('code', { className: 'nv-code' });
  const head = make('header', { className: 'nv-card-head' }, chip, title, value);
  const history = createFigure('weight over the snapshots');
  const facts = make('dl', { className: 'nv-facts' });
  const slider = make('input', { type: 'range', step: 'any', 'aria-label': 'Weight, slider' });
  const field = make('input', { type: 'number', 'aria-label': 'Weight' });
  /** @type {View} */
  let view;
  /** @type {Link} */
  let link;
  const cut = press('', null, () => (describeEdge(view, link).isChanged ? actions?.restore() : actions?.set(0)));
  const numbers = make('div');
  const table = createNumbersTable(numbers, 'Weight over the snapshots', () => ({
    head: ['step', 'weight'],
    rows: view.weightHistory.of(link).map(({ step, value }) => [step.toLocaleString('en'), asNumber(value, 6)]),
  }));
  if (actions) {
    for (const control of [slider, field])
      control.addEventListener('input', () => {
        if (Number.isFinite(control.valueAsNumber)) actions.set(control.valueAsNumber);
      });
    head.append(cut, press('Unpin', 'Unpin (Escape)', actions.unpin));
    const change = make('div', { className: 'nv-edge-change' }, make('span', {}, 'Weight'), slider, field);
    root.append(head, where, make('div', {}, change, facts), make('div', {}, history.element, numbers));
  } else root.append(head, where, facts, history.element);

  /**
   * @param {View} seen
   * @param {Link} about
   */
  function update(seen, about) {
    [view, link] = [seen, about];
    const known = describeEdge(view, link);
    const { palette, frame, store } = view;
    title.textContent = `${known.from} → ${known.to}`;
    value.textContent = asNumber(known.weight, 4);
    value.title = String(known.weight);
    where.textContent = known.code;
    chip.style.background = palette.diverging.css(known.weight / known.top);
    fill(facts, [
      ['activation × weight', `${asNumber(known.activation, 4)} × ${asNumber(known.weight, 4)}`],
      ['contribution to the sum', `${asNumber(known.product, 4)} of ${asNumber(known.z, 4)}`],
      ...(known.change === null ? [] : [[sinceWords(store) ?? '', asNumber(known.change, 4)]]),
      ...(known.isChanged ? [['recorded weight', asNumber(known.recorded, 4)]] : []),
    ]);
    if (isPinned) fillControls(known);
    const snapshots = view.weightHistory.of(link);
    history.element.hidden = snapshots.length < 2;
    const high = roundUp(snapshots.reduce((top, { value }) => Math.max(top, Math.abs(value)), 0));
    paintHistory(history.canvas, WIDTH, HEIGHT, snapshots, frame.number, { low: -high, high, signed: true }, palette);
    history.caption.textContent = `recorded weight over ${counted(snapshots.length, 'snapshot')}, ±${asNumber(high, 0)}`;
    table.update();
  }

  /** @param {ReturnType<typeof describeEdge>} known */
  function fillControls({ weight, top, isChanged, from, to }) {
    root.setAttribute('aria-label', `Pinned: connection from ${from} to ${to}`);
    Object.assign(slider, { min: String(-top), max: String(top), step: String(top / 200) });
    field.step = String(top / 20);
    if (document.activeElement !== slider) slider.value = String(weight);
    if (document.activeElement !== field) field.value = String(Number(weight.toFixed(6)));
    cut.textContent = isChanged ? 'Restore' : 'Cut';
    cut.title = isChanged ? 'Give it its recorded weight back' : 'Cut the connection: weight 0';
  }

  return { element: root, slider, update };
}

/**
 * @param {HTMLElement} list
 * @param {string[][]} facts
 */
function fill(list, facts) {
  while (list.children.length < 2 * facts.length) list.append(make('dt'), make('dd'));
  while (list.children.length > 2 * facts.length) list.lastElementChild?.remove();
  facts.forEach(([name, text], i) => {
    list.children[2 * i].textContent = name;
    list.children[2 * i + 1].textContent = text;
  });
}
