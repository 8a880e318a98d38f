/** What Python hands to the table of columns (dashboard/views/columns.py). */

export interface DataColumn {
  /** How a setting names it. */
  reference: string;
  name: string;
  kind: string;
  role: 'feature' | 'label' | 'group' | 'left out';
  /** What becomes of it. */
  done: string;
  why: string;
  missing: string;
  distinct: string;
  samples: string;
  /** What is asked of it, empty for nothing. */
  treatment: string;
  mayBeLabel: boolean;
  bars: number[] | null;
  /** The histogram in words. */
  spread: string;
}

export interface ColumnsData {
  caption: string;
  columns: DataColumn[];
  label: string | null;
  treatments: Array<[string, string]>;
}
