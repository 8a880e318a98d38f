/**
 * What goes over the wire, as Python sends it, and what every view makes of it. The one place for these shapes;
 * nothing here is sent to a browser as code.
 */

// --- what Python sends ---

/** Metrics on one split; null is what is not finite. */
export interface Metrics {
  loss: number | null;
  accuracy: number | null;
}

/** One layer's statistics in a snapshot's line. */
export interface LayerStatistics {
  weight_norm: number;
  gradient_norm: number | null;
  update_ratio: number | null;
  activation_mean: number;
  activation_std: number;
  dead_fraction: number;
  saturated_fraction: number | null;
}

/** The line of a snapshot in metrics.jsonl. */
export interface SnapshotLine {
  type: 'snapshot';
  number: number;
  step: number;
  epoch: number;
  samples_seen: number;
  train_seconds: number;
  learning_rate: number;
  train: Metrics;
  heldout: Metrics;
  layers: LayerStatistics[];
  /** Of the batches since the snapshot before: step, from 0, and loss; not in older records. */
  batch_losses?: Array<[number, number | null]>;
}

/** The line of something that happened. */
export interface EventLine {
  type: 'event';
  event: string;
  step: number;
  time: number;
  message?: string;
  ranges?: Array<[number, number]>;
  /** What happened and when, as it is shown. */
  words: string;
}

export type Line = SnapshotLine | EventLine;

export interface DatasetDescription {
  name?: string;
  class_names: string[];
  image_shape: Shape | null;
  /** Whether images are shown as recorded, from black to white, instead of as ink on paper. */
  is_photo?: boolean;
  is_multilabel?: boolean;
  feature_names?: string[];
  n_train?: number;
  n_validation?: number;
  n_test?: number;
}

export interface NetworkConfig {
  activation?: string | string[];
  output?: string;
  dropout?: number;
}

/** The snapshot with the lowest held-out loss so far, and what it is called. */
export interface Best {
  number: number;
  step: number;
  words: string;
}

/** What constant answers score on the held-out examples (core/evaluation/chance.py); null is what is not known. */
export type Chance = Metrics;

/** A layer's function; the ends of its range are null where it is unbounded. */
export interface LayerFunction {
  name: string;
  label: string;
  formula: string;
  range: [number | null, number | null];
  /** The values that do not count as saturated; null where none does. */
  unsaturated: [number, number] | null;
}

/** What a run is, from its config.json, with constants that the views draw by. */
export interface Description {
  run: string;
  layer_sizes: number[];
  dataset: DatasetDescription;
  config: {
    network: NetworkConfig;
    training: Record<string, unknown>;
    data: Record<string, unknown> & { inputs?: string[] };
  };
  histogram_edges: Record<string, number[]>;
  steps_per_epoch?: number;
  /** The usual norms of an update over the norm of the weights: lowest, highest. */
  usual_updates?: [number, number];
  /** How many lines of snapshots are kept in memory. */
  max_snapshots: number;
  /** Of the hidden layers, and of the output units. */
  layer_functions: LayerFunction[];
  /** What decides which held-out examples there are: the same where they are the same. */
  judged?: unknown[];
}

export interface Status {
  status: string;
  message?: string | null;
  loading?: { what: string; done: number; total: number } | null;
  step?: number;
  epoch?: number;
  total_steps?: number | null;
  n_epochs?: number;
  samples_per_second?: number | null;
  seconds_left?: number | null;
}

/** What the live socket sends as text. */
export type Message =
  | { type: 'hello'; description: Description; lines: Line[]; best: Best | null; chance: Chance; status: Status }
  | { type: 'lines'; lines: Line[]; best: Best | null; chance: Chance; with_frame: boolean }
  | { type: 'status'; status: Status };

/** A class number, or a row of 0 and 1 for each label; null where nobody knows. */
export type Label = number | bigint | ArrayLike<number | bigint> | null;

/** One example of the data set, as `examples/{split}/{index}` has it. */
export interface Example {
  split: string;
  index: number;
  label: Label;
  x: number[];
  row?: Cell[];
}

/** A cell of a row: a number, the code of a category, or null for what is missing. */
export type Cell = number | null;

/** What the words of a cell need: `values` are those of a category, or of False and True. */
export interface CellColumn {
  name: string;
  values: string[];
}

/** A column of a table, and how its cells become features: data/rows.py. */
export interface RowColumn extends CellColumn {
  kind: 'number' | 'boolean' | 'category';
  categories: Array<number | null>;
  median: number | null;
  says_missing: boolean;
  may_be_missing: boolean;
  low: number;
  high: number;
  typical: Cell;
  is_whole: boolean;
}

/** How the input of a network is made of a row. */
export interface RowDescription extends Scaling {
  columns: RowColumn[];
}

/** A training example near the features asked about. */
export interface Neighbor extends Example {
  distance: number;
}

/** How features come from the numbers of a source: (raw * white - offset) / divisor. */
export interface Scaling {
  white: number;
  offset: number | number[];
  divisor: number | number[];
}

/** What the Draw page needs to make an example of its own. */
export interface InputDescription extends Scaling {
  kind: 'image' | 'plane' | 'row';
  form: 'mass' | 'box';
  columns?: RowColumn[];
}

/** What the server tells of a run's 2-D data: dashboard/queries/planes.py. */
export interface PlaneDescription {
  inputs: string[];
  names: string[];
  offset: number[];
  divisor: number[];
  ends: [Point, Point];
  points: Record<string, Array<[number, number, Label]>>;
  index: Record<string, number[]>;
  totals: Record<string, number>;
}

/** One point of the data. */
export interface DataPoint {
  x: number;
  y: number;
  label: Label;
  classes: number[];
  split: string;
  index: number;
}

/** The plane of 2-D data (plane.js). */
export interface Plane {
  /** Of the network's inputs, the two coordinates first. */
  names: string[];
  /** The ends of both axes. */
  ends: [Point, Point];
  points: DataPoint[];
  /** How many points each split has; not all of them may be among `points`. */
  totals: Record<string, number>;
  inputs(point: Numbers): Float64Array;
  /** Where the inputs of an example lie. */
  point(inputs: Numbers): Point;
  /** Where a point lies between the ends, from 0 to 1 across and down. */
  place(point: Numbers): Point;
  /** The point at such a place. */
  at(place: Numbers): Point;
}

/** A change by hand: a neuron switched off, or with `input` a weight set to a value. */
export interface Change {
  layer: number;
  unit: number;
  input?: number;
  value?: number;
}

/** What the server computes of changes by hand, and where a question to it stands. */
export interface HeldOutFigures {
  state: 'none' | 'waiting' | 'known' | 'unavailable';
  accuracy?: number;
  loss?: number;
  /** Of how many held-out examples. */
  n_examples?: number;
}

/** What Streamlit hands to the `mount` of a page's module. */
export interface Component<Data> {
  data: Data;
  parentElement: HTMLElement;
  setStateValue(name: string, value: unknown): void;
  /** Like a press of a button: it is heard once, each time. */
  setTriggerValue(name: string, value: unknown): void;
}

export interface TrainData {
  run: string;
  beside: string | null;
  /** What the moments of both have in common; null for the epoch. */
  same: 'epoch' | 'step' | 'time' | null;
  /** Of the run shown and the one beside, by their ids: what it is called, and the settings in which it differs. */
  names: Record<string, [string, string]> | null;
  base: string;
  snapshot: number | null;
  probe: number | null;
  sample: string | null;
  /** Since when changes of weights are shown: start, last, or the number of the pinned snapshot. */
  since: string | null;
  /** How a run that was started here is to be seen; null for another one. */
  way: 'live' | 'watch' | 'slow' | null;
  /** The status of the run as the page shows it; null if its record cannot be read. */
  status: string | null;
}

export interface DrawData {
  run: string;
  base: string;
  newest: number;
  at_work: boolean;
  snapshot: number | null;
  sample: string | null;
  shows: MapChoice;
}

/** What lies over the image on the Draw page: a kind of map and the class that it is about. */
export interface MapChoice {
  map: string | null;
  label: string | null;
}

// --- what the browser makes of it ---

/** [rows, columns] */
export type Shape = [number, number];
export type Point = [number, number];
export type Numbers = Float64Array | Float32Array | Int32Array | number[];

export interface Tensor {
  shape: number[];
  data: Float32Array | Float64Array | Int32Array;
}

/** One snapshot: its line and its arrays. */
export interface Frame {
  number: number;
  line: SnapshotLine;
  perClass?: PerClass[];
  averages?: Averages;
  written?: number;
  tensor(name: string): Tensor | null;
}

/** The mean of each figure over the classes where it is defined, each counting the same or by its support. */
export type Averages = Record<'macro' | 'weighted', Record<'precision' | 'recall' | 'f1', number | null>>;

/** One class's figures in a snapshot; null is undefined. */
export interface PerClass {
  label: string;
  support: number;
  precision: number | null;
  recall: number | null;
  f1: number | null;
}

/** A layer of a run, from the first hidden one to the output. */
export interface Layer {
  index: number;
  name: string;
  size: number;
  inputSize: number;
  /** The name of its function in math.js. */
  activation: string;
  function: LayerFunction;
  /** Whether its function shuts neurons off: their output is exactly 0 then. */
  canBeOff: boolean;
  isOutput: boolean;
}

/** An activation function as the browser computes it. */
export interface Activation {
  f(z: number): number;
  slope(z: number): number;
}

/** The recorded examples of a run, and perhaps one more at their end. */
export interface Probe {
  images: Tensor;
  labels: Array<number[] | null>;
  sample?: Example;
}

/** The edges of a part of an image, as shares of its width and height. */
export interface Crop {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** An image: 0 bare paper, 1 full ink. */
export interface Image {
  height: number;
  width: number;
  data: Float64Array;
}

/** The ends of a layer's colours. */
export interface Scale {
  low: number;
  high: number;
  signed: boolean;
}

/** Changes by hand over recorded parameters (edits.js). */
export interface Overlay {
  firstLayer(): number;
  weight(frame: Frame, layer: number): Tensor;
  silenced(layer: number): Set<number>;
  changedInputs(layer: number, unit: number): number[];
}

export interface Term {
  input: number;
  a: number;
  w: number;
  product: number;
}

/** The sum that made one neuron's pre-activation. */
export interface Sum {
  terms: Term[];
  restCount: number;
  rest: number;
  bias: number;
  z: number;
}

/** A sum beside the value on screen. */
export interface Explanation extends Sum {
  hasBias: boolean;
  shown: number;
  logits: Float64Array | null;
  activation: number;
  silenced: boolean;
  /** How far the activation on screen, in float32, may be from `activation`. */
  rounding: number;
}

/** Since when changes of weights are shown: the first snapshot, the one before, or the pinned one. */
export type Since = 'start' | 'last' | 'pinned';

/** What the weights shown are compared with; no frame where that cannot be read. */
export interface Base {
  since: Since;
  frame: Frame | null;
}

/** A neuron: its layer and its place in it, both counted from 0. */
export interface Neuron {
  layer: number;
  unit: number;
}

/** How the outputs of a run are read (output-reader.js). */
export type OutputReader = ReturnType<typeof import('./output-reader.js').readerOf>;
export type Model = ReturnType<typeof import('./inference.js').createModel>;

/** A colour table (palette.js). */
export interface Colors {
  signed: boolean;
  css(t: number): string;
  rgba(t: number): number;
  letters(t: number): string;
}

export interface Tokens {
  dark: boolean;
  surface: string;
  panel: string;
  ink: string;
  muted: string;
  line: string;
  faint: string;
  off: string;
  negative: string;
  positive: string;
  zero: string;
  lowest: string;
  highest: string;
  paper: string;
  pen: string;
  accent: string;
}

export interface Palette extends Tokens {
  diverging: Colors;
  sequential: Colors;
  /** Ink on paper: 0 the paper, 1 full ink. */
  picture: Colors;
  /** Shades as recorded: 0 black, 1 white. */
  photo: Colors;
}

/** What the network view reads; the store of a stage is one, and the Draw page has a small one of its own. */
export interface NetworkStore {
  /** What the server is asked about the run. */
  server: ReturnType<typeof import('../server/run.js').routesOf>;
  theme: string;
  title?: string;
  hasPast: boolean;
  description: Description;
  probe: Probe;
  classNames: string[];
  reader: OutputReader;
  imageShape: Shape | null;
  /** Of 2-D data, else null. */
  plane: Plane | null;
  shown: Frame;
  previous: Frame | null;
  progress: number;
  /** null until the examples are there. */
  probeIndex: number | null;
  pinned: Neuron | null;
  /** Since when changes of weights are to be shown, where that can be chosen, and what `shown` is compared with. */
  since?: Since | null;
  base?: Base | null;
  compared?: Frame | null;
  showSince?(since: Since | null): void;
  on(event: string, listen: () => void): () => void;
  emit(event: string): void;
  pin(layer: number | null, unit: number | null): void;
  selectProbe(index: number): void;
  /** Say which neuron is looked at, by pointer or keys; null for none. */
  hover(neuron: Neuron | null): void;
  /** Say that the changes by hand are others. */
  edit(edits: Overlay): void;
}

export type Pen = CanvasRenderingContext2D;
