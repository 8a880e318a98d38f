/** What the network view is made of. */

import type { ShownWeights } from '../lib/model/change.js';
import type { Edits } from '../lib/model/edits.js';
import type { ActivationScales } from '../lib/model/forward.js';
import type {
  Explanation,
  Frame,
  HeldOutFigures,
  Layer,
  LayerFunction,
  LayerStatistics,
  NetworkStore,
  Neuron,
  Numbers,
  OutputReader,
  Palette,
  Scale,
} from '../lib/model/types.js';
import type { Camera } from './camera.js';
import type { ActivationHistory, WeightHistory } from './history.js';
import type { LinkScales } from './links.js';
import type { Motion } from './motion.js';

export interface Place {
  x: number;
  y: number;
}
export interface Size {
  width: number;
  height: number;
}
export type Box = Place & Size;

/** The height that is left for layers. */
export interface Area {
  y: number;
  height: number;
}

export interface Port extends Place {
  radius: number;
}

/** Where a layer's neurons stand: the middles `xs` and `ys`, `pitch` apart. */
export interface Block extends Box {
  layer: number;
  shape: 'circle' | 'cell' | 'face' | 'row';
  face?: boolean;
  size: number;
  columns: number;
  pitch: number;
  radius: number;
  xs: Float32Array;
  ys: Float32Array;
}

export interface ImageBlock extends Box {
  kind: 'image';
  scale: number;
  rows: number;
  columns: number;
}
export interface PlaneBlock extends Box {
  kind: 'plane';
  side: number;
  xs: number[];
  ys: number[];
  radius: number;
}
export interface FeaturesBlock extends Box {
  kind: 'features';
  pitch: number;
  label: number;
  radius: number;
  columns: number;
  xs: Float32Array;
  ys: Float32Array;
}
export type InputBlock = ImageBlock | PlaneBlock | FeaturesBlock;

export interface Layout extends Size {
  area: Area;
  input: InputBlock;
  hidden: Block[];
  output: Block;
}

/** A connection: from neuron `from` of level `level` (0 the input) to neuron `to` of the next; `value` is what it carries. */
export interface Link {
  level: number;
  from: number;
  to: number;
  value: number;
  start?: Port | null;
  end?: Port | null;
}

/** A connection on its way between two snapshots. */
export interface MovingLink extends Link {
  key: number;
  presence: number;
  v0: number;
  v1: number;
  p0: number;
  p1: number;
}

/** A neuron that is looked at, and by what. */
export interface Focus extends Neuron {
  by: 'pointer' | 'keys';
}

/** The state of the network view. */
export interface View {
  store: NetworkStore;
  layers: Layer[];
  edits: Edits;
  frame: Frame;
  probe: number;
  values: Numbers[];
  palette: Palette;
  font: string;
  scales: ActivationScales;
  weights: ShownWeights;
  history: ActivationHistory;
  weightHistory: WeightHistory;
  featureName(i: number): string;
  facePicture(layer: number, unit: number): HTMLCanvasElement | null;
}

/** The state of the network view, and the neuron that a card is about. */
export type ViewAt = View & { at: Neuron };

export interface WeightAtlas extends Size {
  atlas: HTMLCanvasElement;
  columns: number;
}

/** What is drawn of the view's own state. */
export interface SceneState {
  size: Size;
  camera: Camera;
  layout: Layout;
  motion: Motion;
  silent: Array<Uint8Array | null>;
  focus: Focus | null;
  pinned: Neuron | null;
  focusLinks: Link[] | null;
  linkScales: LinkScales;
  /** The connections that are looked at and pinned. */
  marked: { edge: Link | null; pinned: Link | null };
}

/** Everything that is drawn. */
export interface Scene extends SceneState {
  palette: Palette;
  layers: Layer[];
  probe: number;
  scales: ActivationScales;
  font: string;
  mono: string;
  reader: OutputReader;
  dim: number;
  statistics: LayerStatistics[];
  trueClasses: number[] | null;
  predictedClasses: number[];
  silenced: Neuron[];
  featureName(i: number): string;
  faces: Array<HTMLCanvasElement[] | null> | null;
  weightPictures(): WeightAtlas | null;
  pictures: { input: HTMLCanvasElement | null; drivers: HTMLCanvasElement | null };
  inputAbout: string;
  inputLabel: string;
  driversTitle: string | null;
  driversAbout: string;
  featureTop: number;
  points: Array<Place & { label: number[] | null }> | null;
}

/** What can be done on the pinned card. */
export interface CardActions {
  toggle(): void;
  unpin(): void;
  set(input: number, value: number): void;
  restore(input: number): void;
}

/** What is known of a connection (edges.js); `top` is the end of its slider, `change` null where none is shown. */
export interface EdgeAbout {
  from: string;
  to: string;
  code: string;
  weight: number;
  recorded: number;
  isChanged: boolean;
  activation: number;
  product: number;
  z: number;
  change: number | null;
  top: number;
}

/** What can be done on the card of the pinned connection. */
export interface EdgeActions {
  set(value: number): void;
  restore(): void;
  unpin(): void;
}

/** What the hand on connections needs of the view (edge-hand.js). */
export interface EdgeHandActions {
  layout(): Layout;
  /** The connections that can be pointed at. */
  links(): Link[];
  change(act: () => void): void;
  redraw(): void;
  /** A connection was pinned: no neuron is any more. */
  pinned(): void;
  focus(): void;
  place(card: HTMLElement, at: Place, avoided: Place[]): void;
  announce(words: string): void;
}

/** What can be done in the table of a sum. */
export interface SumActions {
  set(input: number, value: number): void;
  restore(input: number): void;
  unfold(isWhole: boolean): void;
}

/** What the table of a sum is about. */
export interface SumAbout {
  sum: Explanation;
  function: LayerFunction;
  changed: Set<number>;
  weightTop: number;
  /** How each incoming weight changed, where that is shown. */
  changes: Numbers | null;
  recorded: number | null;
  isWhole: boolean;
  name(input: number): string;
}

/** The cells of one row of the table of a sum. */
export interface TailParts {
  row: HTMLTableRowElement;
  name: HTMLTableCellElement;
  a: HTMLTableCellElement;
  w: HTMLTableCellElement;
  by: HTMLTableCellElement;
  product: HTMLTableCellElement;
  bar: HTMLElement;
  number: HTMLElement;
}

/** A row of a term, with what its weight is changed by. */
export interface Parts extends TailParts {
  input: number;
  slider: HTMLInputElement;
  field: HTMLInputElement;
  cut: HTMLButtonElement;
  top?: number;
  last?: number;
  isChanged?: boolean;
}

/** What the banner of changes by hand shows. */
export interface BannerAbout {
  count: number;
  name: string;
  before: number;
  after: number;
  figure: string;
  accuracy: number | null;
  heldOut: HeldOutFigures;
}

export type { Scale };
