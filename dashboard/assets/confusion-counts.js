/** What a confusion matrix says, in numbers and in words; undefined is "n/a". Rows are the true classes. */

/** The sums of a matrix: {size, at(i, j), rows, columns}. */
export function countsOf({ data, shape: [size] }) {
  const rows = new Float64Array(size);
  const columns = new Float64Array(size);
  for (let i = 0, k = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1, k += 1) {
      rows[i] += Number(data[k]);
      columns[j] += Number(data[k]);
    }
  }
  return { size, rows, columns, at: (i, j) => Number(data[i * size + j]) };
}

/** A share as people say it; never 0 or 100 % unless it is. */
export function percentText(part, whole) {
  if (!whole) return 'n/a';
  const percent = (100 * part) / whole;
  if (part === 0 || part === whole) return `${percent} %`;
  return `${Math.min(99.9, Math.max(0.1, percent)).toFixed(1)} %`;
}

/** A share as a cell shows it, without its sign: with one decimal where there is room; never 0 or 100 unless it is. */
export function cellPercent(part, whole, isRoomy) {
  if (!whole) return 'n/a';
  if (part === 0) return '·';
  const percent = (100 * part) / whole;
  if (part === whole) return '100';
  if (isRoomy) return Math.min(99.9, Math.max(0.1, percent)).toFixed(1);
  return percent < 1 ? '<1' : String(Math.min(99, Math.round(percent)));
}

/** "true 4s", "true “Ankle boot”". */
const people = (name, count) => (/^\w$/.test(name) ? `${name}${count === 1 ? '' : 's'}` : `“${name}”`);
const called = (name) => (/^\w$/.test(name) ? name : `“${name}”`);

/** One sentence on a cell: "37 of 412 true 4s were called 9 (9.0 %)." */
export function sentence(counts, names, i, j) {
  const [count, row, column] = [counts.at(i, j), counts.rows[i], counts.columns[j]];
  if (!row) return `There is no true ${called(names[i])} among these examples.`;
  const told = `${count} of ${row} true ${people(names[i], row)} ${count === 1 ? 'was' : 'were'} called ${called(names[j])} (${percentText(count, row)})`;
  if (i === j) return `${told}, which is the recall; precision ${column ? `${percentText(count, column)} of ${column} called so` : 'n/a, as nothing was called so'}.`;
  return count ? `${told}; that is ${percentText(count, column)} of all that were called ${called(names[j])}.` : `${told}.`;
}
