/** The sum that made a neuron's value, as a table of true numbers; in the pinned card its weights can be changed. */
import { activationNamed } from './network-math.js';
import { asNumber, counted } from './network-text.js';

const cellIn = (row, className = '') => {
  const cell = document.createElement('td');
  cell.className = className;
  row.append(cell);
  return cell;
};

/**
 * Build the table. `change` is null, or {set(input, value), restore(input)} to let weights be changed.
 * Returns {element, update(about)} with about = {sum, activation, name(input), changed: Set of inputs, weightTop, recorded}.
 */
export function createSum(change) {
  const element = document.createElement('div');
  element.className = 'nv-sum';
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const [text, className] of [['from', ''], ['activation', 'n'], ['weight', 'n'], ['product', 'n']]) {
    const cell = document.createElement('th');
    cell.scope = 'col';
    cell.className = className;
    cell.textContent = text;
    head.append(cell);
  }
  const body = table.createTBody();
  const end = document.createElement('p');
  end.className = 'nv-sum-end';
  element.append(table, end);
  const rows = [];

  function createRow() {
    const row = document.createElement('tr');
    const parts = { row, name: cellIn(row, 'nv-from'), a: cellIn(row, 'n'), w: cellIn(row, 'n'), product: cellIn(row, 'n nv-product'), input: -1 };
    parts.bar = document.createElement('i');
    parts.number = document.createElement('span');
    parts.product.append(parts.bar, parts.number);
    if (change) addControls(parts);
    return parts;
  }

  function addControls(parts) {
    parts.slider = document.createElement('input');
    parts.slider.type = 'range';
    parts.field = document.createElement('input');
    parts.field.type = 'number';
    parts.cut = document.createElement('button');
    parts.cut.type = 'button';
    parts.w.append(parts.slider, parts.field, parts.cut);
    for (const control of [parts.slider, parts.field]) {
      control.addEventListener('input', () => {
        const value = control.valueAsNumber;
        if (Number.isFinite(value)) change.set(parts.input, value);
      });
    }
    parts.cut.addEventListener('click', () => (parts.isChanged ? change.restore(parts.input) : change.set(parts.input, 0)));
  }

  function fillControls(parts, term, name, about) {
    const top = about.weightTop;
    parts.isChanged = about.changed.has(term.input);
    parts.slider.min = -top;
    parts.slider.max = top;
    parts.slider.step = top / 200;
    parts.field.step = top / 20;
    parts.slider.setAttribute('aria-label', `Weight from ${name}, slider`);
    parts.field.setAttribute('aria-label', `Weight from ${name}`);
    const { activeElement } = element.getRootNode();
    if (activeElement !== parts.slider || parts.last !== term.input) parts.slider.value = term.w;
    if (activeElement !== parts.field || parts.last !== term.input) parts.field.value = Number(term.w.toFixed(6));
    parts.last = term.input;
    parts.cut.textContent = parts.isChanged ? 'restore' : 'cut';
    parts.cut.setAttribute('aria-label', parts.isChanged ? `Restore the weight from ${name}` : `Cut the connection from ${name}`);
    parts.row.classList.toggle('nv-changed', parts.isChanged);
  }

  function fillLine(parts, name, middle, value, most) {
    parts.row.hidden = false;
    parts.name.textContent = name;
    parts.a.textContent = middle;
    parts.w.textContent = '';
    fillProduct(parts, value, most);
  }

  function fillProduct(parts, value, most) {
    parts.number.textContent = asNumber(value, 6);
    parts.number.title = String(value);
    parts.bar.style.width = `${Math.min(100, (100 * Math.abs(value)) / most)}%`;
    parts.bar.className = value < 0 ? 'neg' : 'pos';
  }

  const tail = [createTail(), createTail()];
  function createTail() {
    const row = document.createElement('tr');
    row.className = 'nv-tail';
    const parts = { row, name: cellIn(row), a: cellIn(row, 'n'), w: cellIn(row, 'n'), product: cellIn(row, 'n nv-product') };
    parts.bar = document.createElement('i');
    parts.number = document.createElement('span');
    parts.product.append(parts.bar, parts.number);
    return parts;
  }

  return {
    element,
    update(about) {
      const { sum } = about;
      while (rows.length < sum.terms.length) rows.push(createRow());
      const most = Math.max(1e-12, Math.abs(sum.rest), Math.abs(sum.bias), ...sum.terms.map((term) => Math.abs(term.product)));
      rows.forEach((parts, i) => {
        const term = sum.terms[i];
        parts.row.remove();
        if (!term) return;
        const name = about.name(term.input);
        parts.input = term.input;
        parts.name.textContent = name;
        parts.a.textContent = asNumber(term.a, 6);
        parts.a.title = String(term.a);
        if (change) fillControls(parts, term, name, about);
        else parts.w.textContent = `× ${asNumber(term.w, 6)}`;
        fillProduct(parts, term.product, most);
      });
      const wanted = rows.slice(0, sum.terms.length).map((parts) => parts.row);
      fillLine(tail[0], `+ ${counted(sum.restCount, 'other')}`, '', sum.rest, most);
      fillLine(tail[1], '+ bias', '', sum.bias, most);
      if (sum.restCount) wanted.push(tail[0].row);
      if (sum.hasBias) wanted.push(tail[1].row);
      body.replaceChildren(...wanted);
      end.replaceChildren(...equation(about));
    },
  };
}

function piece(className, text) {
  const span = document.createElement('span');
  span.className = className;
  span.textContent = text;
  return span;
}

/** "= z, f(z) = a", and whether that is the recorded answer. */
function equation({ sum, activation, recorded }) {
  const { label, formula } = activationNamed(activation);
  const parts = [piece('nv-z', `z = ${asNumber(sum.z, 6)}`)];
  if (sum.answer === null) return [...parts, piece('nv-a', `a = ${asNumber(sum.shown, 6)}`)];
  const call = activation === 'softmax' ? 'softmax(z)' : `${label}(z)`;
  const answer = piece('nv-a', `${call} = ${asNumber(sum.answer, 6)}`);
  answer.title = formula;
  parts.push(answer);
  if (sum.silenced) return [...parts, piece('nv-note', 'switched off by hand: answers 0')];
  if (recorded === null) return [...parts, piece('nv-note', 'recomputed with your changes')];
  const apart = Math.abs(sum.answer - recorded);
  const agrees = apart <= 1e-6 * Math.max(1, Math.abs(recorded));
  return [...parts, piece('nv-note', agrees ? '✓ the recorded value' : `recorded ${asNumber(recorded, 6)}, ${apart.toExponential(1)} apart`)];
}
