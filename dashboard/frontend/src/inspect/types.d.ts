/** What Python hands to the parts of Inspect (dashboard/components/parts.py). */
import type { CellColumn, Label, Palette, Cell as RowCell, Shape } from '../lib/model/types.js';

interface Part {
  plotly: string;
  file: string;
  label: string;
}

export interface MatrixData extends Part {
  view: 'matrix';
  names: string[];
  counts: number[][];
  totals: number[];
  predicted: number[];
  recall: Array<[short: string, words: string]>;
  precision: Array<[short: string, words: string]>;
  values: number[][];
  texts: string[][];
  top: number;
  words: string;
  difference: boolean;
  selected: string;
}

export interface LabelsData extends Part {
  view: 'labels';
  names: string[];
  counts: number[][][];
  values: number[][][];
  texts: string[][][];
  top: number;
  words: string;
  difference: boolean;
  selected: string;
}

export type Cell = string | number | null;

export interface Column {
  title: string;
  kind: 'text' | 'number' | 'percent' | 'count' | 'plain';
  about?: string;
  chosen?: boolean;
  digits?: number;
  top?: number;
}

export interface Row {
  cells: Cell[];
  id?: string;
  label?: string;
  title?: string;
  notes?: Array<string | null>;
}

export interface TableData extends Part {
  view: 'table';
  columns: Column[];
  rows: Row[];
  footer: Row[];
  selected: string | null;
  tall: boolean;
}

/** The ranges of both axes of a chart. */
export type Ranges = Array<[number, number]>;
export type Axis = 'xaxis' | 'yaxis';

/** A curve of a plotly figure. */
export interface Trace {
  x: number[];
  y: Array<number | null>;
  text: string[];
  customdata: Array<number | string | null | Array<number | null>>;
  meta?: { walk?: boolean; label?: string };
}

export type AxisLayout = { range?: number[]; autorange?: boolean };

export interface FigureLayout extends Record<Axis, AxisLayout> {
  height: number;
  margin: { l: number; r: number; t: number; b: number };
}

export interface ChartData extends Part {
  view: 'chart';
  run: string;
  title: string;
  about: string;
  now: number | null;
  opens: string;
  figure: { data: Trace[]; layout: FigureLayout };
}

export interface PlotPoint {
  data: Trace;
  pointNumber: number;
  customdata: number | string | null | Array<number | null>;
}

/** An element that plotly draws in. */
export interface Plot extends HTMLDivElement {
  data?: Trace[];
  layout: Record<Axis, { range: [number, number] }>;
  on(event: 'plotly_click', act: (event: { points: PlotPoint[] }) => void): void;
  on(event: 'plotly_relayout', act: (change: Record<string, unknown>) => void): void;
  on(event: 'plotly_doubleclick', act: () => void): void;
}

/** What is used of plotly.js. */
export interface Plotly {
  Plots: { resize(plot: HTMLElement): void };
  restyle(plot: HTMLElement, update: Record<string, unknown>, traces: number[]): Promise<unknown>;
  react(plot: HTMLElement, data: unknown[], layout: unknown, config: unknown): Promise<unknown>;
  toImage(plot: HTMLElement | { data: unknown; layout: unknown }, options: Record<string, unknown>): Promise<string>;
}

export interface SnapshotData extends Part {
  view: 'snapshot';
  number: number;
  numbers: number[];
  names: string[];
  following: boolean;
  live: boolean;
}

export interface ThresholdData extends Part {
  view: 'threshold';
  /** What the threshold decides. */
  label: string;
  threshold: number;
}

/** An example as it is sent. */
export interface Item {
  sample: number;
  source: string;
  label: Label;
  predicted: Label;
  other: Label | null;
  value: number;
  right: boolean;
  /** What the threshold calls it, where one decides. */
  called: string | null;
  features: number[];
  row?: RowCell[];
  number?: number | null;
}

/** An example with what is read from the bytes beside it. */
export interface GalleryItem extends Item {
  trueClasses: number[];
  predictedClasses: number[];
  pixels: Uint8Array;
  probabilities: Float32Array;
}

export interface GalleryData extends Part {
  view: 'gallery';
  run: string;
  show: string;
  title: string;
  split: string;
  about: string;
  several: boolean;
  count: number;
  total: number;
  shown: number;
  size: number;
  sheet: number;
  sheets: number;
  items: Item[];
  kind: 'image' | 'plane' | 'row';
  shape: Shape | null;
  photo: boolean;
  pixels: string;
  probabilities: string;
  names: string[];
  opened: number | null;
  query: string;
  extent: [number, number, number, number];
  points: Array<[number, number, Label]>;
  columns: CellColumn[];
  /** How many more columns there are. */
  more: number;
}

export type InspectData = MatrixData | LabelsData | TableData | ChartData | SnapshotData | ThresholdData | GalleryData;

/** One part on the page. */
export interface PartView {
  update(data: never, palette: Palette): void;
  destroy?(): void;
}
