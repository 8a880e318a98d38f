/** The confusion matrix of the moment shown, as a table whose cells are coloured: rows true, columns predicted. */
import { paletteFor } from './network-color.js';

const NUMBERS_UP_TO = 26; // classes for which every cell has room for its number
const CELLS_UP_TO = 60;
const MODES = {
  count: ['Counts', 'How many images'],
  row: ['Row %', 'Share of the true class: the diagonal is the recall'],
  column: ['Column %', 'Share of the predicted class: the diagonal is the precision'],
};

const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)} %` : 'n/a');

/** Build the confusion matrix in `root` on the stage's store. Returns {update(now), destroy()}. */
export function createConfusion(root, store) {
  const head = document.createElement('div');
  head.className = 'as-head';
  const title = document.createElement('h3');
  title.textContent = 'Confusion matrix ';
  const split = document.createElement('small');
  title.append(split);
  const choice = document.createElement('div');
  choice.className = 'as-choice';
  choice.setAttribute('role', 'group');
  choice.setAttribute('aria-label', 'What the cells show');
  const axis = document.createElement('p');
  axis.className = 'as-axis';
  axis.textContent = 'predicted →';
  const table = document.createElement('table');
  table.className = 'as-matrix';
  const say = document.createElement('p');
  say.className = 'as-say';
  say.setAttribute('aria-live', 'polite');
  head.append(title, choice);
  root.append(head, axis, table, say);

  let mode = 'count';
  let waiting = 0;
  let size = 0;
  let cells = [];
  let totals = [];
  let painted = null;
  let spot = [0, 0];
  let at = null;
  const wake = () => { waiting ||= requestAnimationFrame(update); };

  for (const [name, [label, about]] of Object.entries(MODES)) {
    const node = document.createElement('button');
    node.type = 'button';
    node.textContent = label;
    node.title = about;
    node.setAttribute('aria-pressed', String(name === mode));
    node.addEventListener('click', () => {
      mode = name;
      for (const each of choice.children) each.setAttribute('aria-pressed', String(each === node));
      painted = null;
      wake();
    });
    choice.append(node);
  }

  function build() {
    const names = store.classNames;
    size = names.length;
    cells = [];
    totals = [];
    painted = null;
    spot = [0, 0];
    table.replaceChildren();
    if (size > CELLS_UP_TO) return;
    const caption = table.createCaption();
    caption.className = 'as-sr';
    caption.textContent = 'Confusion matrix: each row is a true class, each column a predicted one.';
    const header = table.createTHead().insertRow();
    const heading = (text, scope) => {
      const node = document.createElement('th');
      node.scope = scope;
      node.textContent = text;
      node.title = text;
      return node;
    };
    const corner = heading('true ↓', 'col');
    const longest = Math.max(...names.map((name) => name.length));
    corner.style.width = `${Math.min(96, Math.max(44, 12 + 7 * longest))}px`;
    header.append(corner, ...names.map((name) => heading(name, 'col')));
    const all = heading('all', 'col');
    all.className = 'as-total';
    header.append(all);
    const body = table.createTBody();
    names.forEach((name, i) => {
      const row = body.insertRow();
      row.append(heading(name, 'row'));
      cells.push(names.map((_, j) => {
        const cell = row.insertCell();
        cell.tabIndex = i === 0 && j === 0 ? 0 : -1;
        cell.dataset.row = i;
        cell.dataset.column = j;
        return cell;
      }));
      const total = row.insertCell();
      total.className = 'as-total';
      totals.push(total);
    });
  }

  function update() {
    waiting = 0;
    if (!store.shown || !store.description) return;
    if (size !== store.classNames.length || painted?.run !== store.run) {
      build();
      painted = { run: store.run, frame: null, theme: null };
    }
    const { shown, theme } = store;
    if (painted.frame === shown && painted.theme === theme && painted.mode === mode) return;
    painted = { run: store.run, frame: shown, theme, mode };
    const about = store.description.dataset;
    split.textContent = `on ${(about.n_validation || about.n_test).toLocaleString('en')} ${about.n_validation ? 'validation' : 'test'} examples`;
    if (size > CELLS_UP_TO) {
      say.textContent = `${size} classes are too many for a matrix on this page; the table of the classes names the weak ones.`;
      return;
    }
    paint();
    tell();
  }

  function paint() {
    const { data } = store.shown.tensor('confusion');
    const palette = paletteFor(store.theme === 'dark');
    const rows = cells.map((_, i) => sum(data, i * size, 1, size));
    const columns = cells.map((_, j) => sum(data, j, size, size));
    const hasNumbers = size <= NUMBERS_UP_TO;
    table.style.setProperty('--cell', `${size <= 12 ? 30 : size <= 26 ? 22 : 12}px`);
    cells.forEach((row, i) => row.forEach((cell, j) => {
      const count = Number(data[i * size + j]);
      const whole = mode === 'column' ? columns[j] : rows[i];
      const share = whole ? count / whole : 0;
      // Fixed over a run: blue for right, orange for wrong, and small shares of wrong are lifted by a square root.
      const tone = i === j ? -share : Math.sqrt(share);
      cell.style.background = count ? palette.diverging.css(tone) : palette.panel;
      cell.style.color = count === 0 ? palette.muted : palette.diverging.isLight(tone) ? '#10161f' : '#ffffff';
      const text = !hasNumbers ? '' : mode === 'count' ? (count ? String(count) : '·') : whole ? (count ? String(Math.round(100 * share)) : '·') : i === j ? 'n/a' : '·';
      if (cell.textContent !== text) cell.textContent = text;
    }));
    rows.forEach((total, i) => { totals[i].textContent = String(total); });
  }

  function tell() {
    if (!at) {
      say.textContent = mode === 'count' ? 'Point at a cell, or move through them with the arrow keys.' : `${MODES[mode][1]}. Point at a cell for its numbers.`;
      return;
    }
    const [i, j] = at;
    const { data } = store.shown.tensor('confusion');
    const names = store.classNames;
    const count = Number(data[i * size + j]);
    const row = sum(data, i * size, 1, size);
    const column = sum(data, j, size, size);
    say.textContent = i === j
      ? `${count} of ${row} true ${names[i]} were recognised (recall ${percent(count, row)}); ${count} of ${column} called ${names[j]} are (precision ${percent(count, column)}).`
      : `${count} of ${row} true ${names[i]} were called ${names[j]} (${percent(count, row)} of ${names[i]}, ${percent(count, column)} of those called ${names[j]}).`;
  }

  const placeOf = (target) => {
    const cell = target.closest?.('td[data-row]');
    return cell ? [Number(cell.dataset.row), Number(cell.dataset.column)] : null;
  };
  table.addEventListener('pointerover', (event) => { at = placeOf(event.target); tell(); });
  table.addEventListener('pointerleave', () => { at = null; if (store.shown) tell(); });
  table.addEventListener('focusin', (event) => { at = placeOf(event.target); tell(); });
  table.addEventListener('focusout', () => { at = null; if (store.shown) tell(); });
  table.addEventListener('keydown', (event) => {
    const from = placeOf(event.target);
    const by = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (!from || !by) return;
    event.preventDefault();
    const to = from.map((value, k) => Math.min(size - 1, Math.max(0, value + by[k])));
    cells[spot[0]][spot[1]].tabIndex = -1;
    spot = to;
    cells[to[0]][to[1]].tabIndex = 0;
    cells[to[0]][to[1]].focus();
  });

  const stops = ['frame', 'theme', 'run'].map((event) => store.on(event, wake));
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

function sum(data, start, step, count) {
  let total = 0;
  for (let k = 0; k < count; k += 1) total += Number(data[start + k * step]);
  return total;
}
