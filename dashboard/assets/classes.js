/** Precision, recall, F1 and support of each class at the moment shown; what is undefined says so. */

const COLUMNS = [
  ['label', 'Class', 'The class'],
  ['precision', 'Precision', 'Of those called this class, the share that is: TP / (TP + FP)'],
  ['recall', 'Recall', 'Of this class, the share that was recognised: TP / (TP + FN)'],
  ['f1', 'F1', '2 TP / (2 TP + FP + FN): high only if both are'],
  ['support', 'Support', 'How many examples of this class there are'],
];
const RATES = ['precision', 'recall', 'f1'];
const WHY = {
  precision: 'Undefined: this class was never predicted.',
  recall: 'Undefined: there is no example of this class.',
  f1: 'Undefined: this class is neither there nor predicted.',
};

/** Build the table in `root` on the stage's store. Returns {update(now), destroy()}. */
export function createClasses(root, store) {
  const head = document.createElement('div');
  head.className = 'as-head';
  const title = document.createElement('h3');
  title.textContent = 'Each class';
  const worst = document.createElement('small');
  head.append(title, worst);
  const table = document.createElement('table');
  table.className = 'as-classes';
  const header = table.createTHead().insertRow();
  const body = table.createTBody();
  const foot = table.createTFoot();
  root.append(head, table);

  let order = { by: 'label', falls: false };
  let waiting = 0;
  let painted = null;
  let rows = [];
  const wake = () => { waiting ||= requestAnimationFrame(update); };

  const headings = COLUMNS.map(([name, text, about]) => {
    const node = document.createElement('th');
    node.scope = 'col';
    if (RATES.includes(name)) node.className = 'as-rate';
    const button = document.createElement('button');
    button.type = 'button';
    button.title = about;
    button.addEventListener('click', () => {
      order = { by: name, falls: order.by === name ? !order.falls : false };
      painted = null;
      wake();
    });
    node.append(button);
    header.append(node);
    return { name, text, node, button };
  });

  function rate(cell, value, name) {
    cell.replaceChildren();
    if (value === null) {
      cell.textContent = 'n/a';
      cell.title = WHY[name];
      return;
    }
    cell.title = '';
    const meter = document.createElement('div');
    meter.className = 'as-meter';
    const bar = document.createElement('i');
    const text = document.createElement('span');
    meter.append(bar, text);
    cell.append(meter);
    setRate(cell, value);
  }

  function setRate(cell, value) {
    const meter = cell.firstChild;
    meter.firstChild.style.setProperty('--part', `${100 * value}%`);
    const text = value.toFixed(3);
    if (meter.lastChild.textContent !== text) meter.lastChild.textContent = text;
  }

  function show(cell, value, name) {
    if (value !== null && cell.firstChild?.className === 'as-meter') setRate(cell, value);
    else if (value !== null || cell.textContent !== 'n/a') rate(cell, value, name);
  }

  function update() {
    waiting = 0;
    const { shown } = store;
    if (!shown?.perClass || painted === shown) return;
    painted = shown;
    for (const { name, text, node, button } of headings) {
      const isBy = order.by === name;
      node.setAttribute('aria-sort', isBy ? (order.falls ? 'descending' : 'ascending') : 'none');
      button.textContent = isBy ? `${text} ${order.falls ? '↓' : '↑'}` : text;
    }
    const each = shown.perClass.map((row, index) => ({ ...row, index }));
    const value = (row) => (order.by === 'label' ? row.index : row[order.by] ?? (order.falls ? -Infinity : Infinity));
    each.sort((a, b) => (order.falls ? value(b) - value(a) : value(a) - value(b)) || a.index - b.index);
    const defined = each.filter(({ f1 }) => f1 !== null);
    const weakest = defined.length > 1 ? defined.reduce((a, b) => (b.f1 < a.f1 ? b : a)) : null;
    worst.textContent = weakest ? `weakest: ${weakest.label}` : '';
    while (rows.length < each.length) rows.push(makeRow());
    while (rows.length > each.length) rows.pop().row.remove();
    each.forEach((about, i) => {
      const { row, name, cells, support } = rows[i];
      if (name.textContent !== about.label) name.textContent = about.label;
      name.title = about.label;
      RATES.forEach((rateName, k) => show(cells[k], about[rateName], rateName));
      support.textContent = about.support.toLocaleString('en');
      row.classList.toggle('as-worst', about === weakest);
    });
    averages(each);
  }

  function makeRow() {
    const row = body.insertRow();
    const name = document.createElement('th');
    name.scope = 'row';
    row.append(name);
    const cells = RATES.map(() => row.insertCell());
    return { row, name, cells, support: row.insertCell() };
  }

  function averages(each) {
    foot.replaceChildren();
    const total = each.reduce((sum, { support }) => sum + support, 0);
    for (const [text, about, weigh] of [
      ['Macro average', 'Every class counts the same; undefined ones are left out', () => 1],
      ['Weighted average', 'Every class counts by its support; undefined ones are left out', ({ support }) => support],
    ]) {
      const row = foot.insertRow();
      const name = document.createElement('th');
      name.scope = 'row';
      name.textContent = text;
      name.title = about;
      row.append(name);
      for (const rateName of RATES) {
        const defined = each.filter((about) => about[rateName] !== null);
        const weight = defined.reduce((sum, about) => sum + weigh(about), 0);
        row.insertCell().textContent = weight
          ? (defined.reduce((sum, about) => sum + weigh(about) * about[rateName], 0) / weight).toFixed(3)
          : 'n/a';
      }
      row.insertCell().textContent = total.toLocaleString('en');
    }
  }

  const stops = ['frame', 'theme'].map((event) => store.on(event, wake));
  stops.push(store.on('run', () => { painted = null; wake(); }));
  wake();
  return {
    update,
    destroy() {
      cancelAnimationFrame(waiting);
      stops.forEach((stop) => stop());
      root.replaceChildren();
    },
  };
}
