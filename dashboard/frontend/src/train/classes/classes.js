/** Precision, recall, F1 and support of each class at the snapshot shown; what is undefined says so. */
import { heldoutWords, runOf } from '../../lib/model/description.js';
import { make, setText, svgOf } from '../../lib/ui/dom.js';
import { createFrame } from '../../lib/ui/frame.js';
import { createView } from '../../lib/ui/seen.js';
import { createMeter, sortHeading } from '../../lib/ui/table.js';
import { Course, sorted, weakestOf } from './figures.js';

/** @import { Averages, Frame, PerClass } from '../../lib/model/types.js' */
/** @import { Store } from '../types.js' */

/** @import { Rate } from './figures.js' */

/** @type {Array<[Rate | 'label' | 'support', string, string]>} */
const COLUMNS = [
  ['label', 'Class', 'The class'],
  ['precision', 'Precision', 'Of those predicted so, the share that is: TP / (TP + FP)'],
  ['recall', 'Recall', 'Of those that are, the share that was predicted so: TP / (TP + FN)'],
  ['f1', 'F1', '2 TP / (2 TP + FP + FN): high only if both are'],
  ['support', 'Support', 'How many such examples there are'],
];
/** @type {Rate[]} */
const RATES = ['precision', 'recall', 'f1'];
const WHY = {
  precision: 'Undefined: it was never predicted.',
  recall: 'Undefined: there is no such example.',
  f1: 'Undefined: it is neither there nor predicted.',
};
/** @typedef {[string, string, keyof Averages]} Average */

/** @type {Average[]} */
const AVERAGES = [
  ['Macro average', 'each counts the same', 'macro'],
  ['Weighted average', 'each by its support', 'weighted'],
];
const [WIDTH, HEIGHT] = [64, 18];
const NAMED = 3; // classes that share the lowest F1 and are still named

/** @param {PerClass[]} weakest */
function weakestWords(weakest) {
  if (!weakest.length) return '';
  const more = weakest.length > NAMED ? ` and ${weakest.length - NAMED} more` : '';
  return `weakest: ${weakest
    .slice(0, NAMED)
    .map(({ label }) => label)
    .join(', ')}${more} (F1 ${weakest[0].f1?.toFixed(3)})`;
}

/**
 * Build the table in `root` on the stage's store. Returns {update(now), destroy()}.
 * @param {HTMLElement} root
 * @param {Store} store
 */
export function createClasses(root, store) {
  const { frame, theme } = createFrame(root, 'Each class');
  const [split, weak] = [make('small'), make('small', { className: 'ch-weak' })];
  const [header, body, foot] = [make('tr'), make('tbody'), make('tfoot')];
  const table = make('table', { className: 'tb ch-classes' }, make('thead', {}, header), body, foot);
  const title = make('span', { textContent: 'Each class ' });
  frame.append(
    make('div', { className: 'nv-bar' }, make('h3', {}, title, split), weak),
    make('div', { className: 'ch-scroll' }, table),
  );

  /** @type {{ by: Rate | 'label' | 'support', falls: boolean }} */
  let order = { by: 'label', falls: false };
  /** @type {Array<ReturnType<typeof makeRow>>} */
  const rows = [];
  /** @type {Array<ReturnType<typeof makeFoot>>} */
  let feet = [];
  /** @type {ReturnType<typeof makeFoot>} */
  let defined; // of how many classes the averages are
  /** @type {{ run: string | null, course: string | null, frame: Frame | null }} */
  const known = { run: null, course: null, frame: null };
  const course = new Course();
  const view = createView(root, store, ['frame', 'theme', 'run'], update);

  const headings = COLUMNS.map(([name, text, about]) => {
    const sort = () => {
      // The weakest first at the first click.
      order = { by: name, falls: order.by === name ? !order.falls : false };
      known.frame = null;
      update();
    };
    const className = RATES.some((rate) => rate === name) ? 'ch-rate' : '';
    const node = sortHeading(text, `${about}. Sorts the table.`, sort, { className });
    header.append(node);
    return { name, node };
  });
  const over = 'F1 from 0 to 1, from the first snapshot to the newest';
  header.append(make('th', { scope: 'col', className: 'ch-trend', title: over }, 'F1 over time'));

  function makeRow() {
    const label = make('span');
    const mark = make('em', { textContent: 'weakest', title: 'The lowest F1' });
    const row = body.insertRow();
    row.append(make('th', { scope: 'row' }, label, mark));
    const cells = RATES.map(() => {
      const meter = createMeter();
      row.insertCell().append(meter.element);
      return meter;
    });
    const support = row.insertCell();
    const line = row.insertCell();
    line.className = 'ch-trend';
    const { svg, path } = svgOf(`0 0 ${WIDTH} ${HEIGHT}`);
    line.append(svg);
    return { row, label, mark, cells, support, path };
  }

  /**
   * @param {string} text
   * @param {string} about
   */
  function makeFoot(text, about) {
    const row = foot.insertRow();
    row.append(make('th', { scope: 'row', title: `${text}: ${about}` }, text, make('small', {}, about)));
    const cells = RATES.map(() => row.insertCell());
    const support = row.insertCell();
    row.insertCell().className = 'ch-trend';
    return { cells, support };
  }

  /** Take the snapshot shown into the course, drawn or not. */
  function remember() {
    const { shown } = store;
    if (!shown?.perClass?.length || !store.description) return;
    if (known.course !== runOf(store)) {
      known.course = runOf(store);
      course.forget();
      recall(known.course);
    }
    course.see(shown.number, shown.perClass);
  }

  /**
   * Ask the record for what was before this page was open; without it the lines begin here.
   * @param {string} run
   */
  async function recall(run) {
    if (!store.hasPast) return;
    try {
      /** @type {{ numbers: number[], f1: Array<Array<number | null>> }} */
      const { numbers, f1 } = await store.server.fetched('classes');
      if (known.course !== run) return;
      numbers.forEach((number, i) =>
        course.see(
          number,
          f1[i].map((value) => ({ f1: value })),
        ),
      );
      known.frame = null;
      view.schedule();
    } catch {
      // The stage says that the connection is lost.
    }
  }

  function update() {
    theme(store);
    const { shown } = store;
    if (!shown?.perClass?.length || !store.description) return;
    remember();
    if (known.run !== runOf(store)) {
      Object.assign(known, { run: runOf(store), frame: null });
      const { one } = store.reader;
      title.textContent = `Each ${one} `;
      table.setAttribute('aria-label', `Precision, recall, F1 and support of each ${one}`);
      const about = header.querySelector('button');
      if (about) about.textContent = one === 'class' ? 'Class' : 'Label';
      split.textContent = heldoutWords(store.description);
    }
    if (known.frame === shown) return;
    known.frame = shown;
    table.dataset.number = String(shown.number);
    show(
      shown.perClass.map((each, index) => ({ ...each, index })),
      shown.averages,
    );
  }

  /**
   * @param {Array<PerClass & { index: number }>} classes
   * @param {Averages | undefined} averages
   */
  function show(classes, averages) {
    for (const { name, node } of headings)
      node.setAttribute('aria-sort', order.by !== name ? 'none' : order.falls ? 'descending' : 'ascending');
    const weakest = weakestOf(classes);
    setText(weak, weakestWords(weakest));
    weak.title = weakestWords(weakest);
    while (rows.length < classes.length) rows.push(makeRow());
    while (rows.length > classes.length) rows.pop()?.row.remove();
    sorted(classes, order.by, order.falls).forEach((about, i) => {
      const { label, mark, cells, support, path } = rows[i];
      setText(label, about.label);
      label.title = about.label;
      mark.classList.toggle('ch-is', weakest.length <= NAMED && weakest.includes(about));
      RATES.forEach((name, k) => showRate(cells[k], about[name], name));
      setText(support, about.support.toLocaleString('en'));
      path.setAttribute('d', course.path(about.index, WIDTH, HEIGHT));
    });
    if (!feet.length) {
      feet = AVERAGES.map(([text, about]) => makeFoot(text, about));
      defined = makeFoot('Averaged over', 'where it is defined');
    }
    const total = classes.reduce((sum, { support }) => sum + support, 0);
    feet.forEach(({ cells, support }, i) => {
      const figures = averages?.[AVERAGES[i][2]];
      RATES.forEach((name, k) => setText(cells[k], figures?.[name]?.toFixed(3) ?? 'n/a'));
      setText(support, total.toLocaleString('en'));
    });
    RATES.forEach((name, k) => {
      setText(defined.cells[k], `${classes.filter((each) => each[name] !== null).length} of ${classes.length}`);
    });
  }

  /**
   * @param {ReturnType<typeof createMeter>} meter
   * @param {number | null} value
   * @param {Rate} name
   */
  function showRate(meter, value, name) {
    meter.words.className = value === null ? 'ch-undefined' : '';
    meter.words.title = value === null ? WHY[name] : '';
    meter.show(value?.toFixed(3) ?? 'n/a', value);
  }

  view.signal.addEventListener('abort', store.on('frame', remember));
  return view;
}
