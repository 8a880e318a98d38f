/** What the Draw page is made of. */

import type { ChangeKind, ChangeValues, SweepPoint } from '../lib/model/transforms.js';
import type {
  Description,
  Example,
  Frame,
  Image,
  InputDescription,
  MapChoice,
  Model,
  Numbers,
  OutputReader,
  Palette,
  Plane,
} from '../lib/model/types.js';

export type { ChangeKind, ChangeValues, SweepPoint };

/** A place on the pad, with the width of the brush there. */
export interface Spot {
  x: number;
  y: number;
  size: number;
}

export interface Stroke {
  erase: boolean;
  keys?: boolean;
  points: Spot[];
}

/** What a sheet begins with: ink, and where it is an example, its very pixels. */
export interface Base {
  ink: HTMLCanvasElement;
  exact: Float64Array | null;
}

/** One thing that was done to the sheet, which can be undone. */
export type Done = Stroke | { base: Base | null };

/** What the sliders ask to be drawn again. */
export interface SweepRequest {
  image: Image;
  label: number | null;
  predict(image: Image): Numbers;
  predicts(probabilities: Numbers, label: number): boolean;
  name: string;
  count: number;
}

/** A control for one column of a row. */
export interface ColumnControl {
  element: HTMLElement;
  output: HTMLOutputElement;
  canvas: HTMLCanvasElement;
  verdict: HTMLElement;
  describe(of: string, words: string, title: string): void;
  listen(changed: (value: number, stamp: number) => void): void;
  show(value: number): void;
  /** The values that its chart is over. */
  values(): number[];
  /** Draw the chart; returns where the prediction changes, in words. */
  draw(
    points: Array<{ value: number; p: number; holds: boolean }>,
    now: number,
    holdsAt: (value: number) => boolean,
    palette: Palette,
  ): string[];
}

/** What the controls of a row ask to be drawn again. */
export interface RowSweep {
  label: number;
  predict(row: number[]): Numbers;
  palette: Palette;
}

/** A row before and after its changes. */
export interface Compared {
  name: string;
  changes: Array<{ name: string; from: string; to: string }>;
  before: Numbers;
  after: Numbers;
}

/** What one kind of input makes of the page: its cards, and how features are read from it and put on it. */
export interface Input {
  cards: HTMLElement[];
  /** Cards below the prediction. */
  beside?: HTMLElement[];
  seen?: ReturnType<typeof import('./seen.js').createSeen>;
  sliders?: ReturnType<typeof import('./sliders.js').createSliders>;
  pad?: ReturnType<typeof import('./pad.js').createPad>;
  sweeps?(): Sweep[];
  read(): { x: Float64Array; image?: Image; isBare: boolean };
  put(example: Example): void;
  shown?(): void;
  sweep?(label: number | null): void;
  paint(): void;
  destroy?(): void;
}

/** A slider's curve as it was drawn last. */
export interface Sweep {
  name: string;
  canvas: HTMLCanvasElement;
  verdict: string | null;
  label?: number;
  points: Array<Omit<SweepPoint, 'k' | 'value'> & { value: number | string }>;
}

/** What the network was given last, and what it predicted. */
export interface Predicted {
  x: Float64Array;
  image?: Image;
  isBare: boolean;
  activations: Float64Array[];
  best: number | null;
  moving: boolean;
}

/** The numbers of the image and of the map over it. */
export interface Seen {
  features: Numbers;
  map: Float64Array | null;
  kind: string;
}

export interface Desk {
  description: Description;
  about: InputDescription;
  plane: Plane | null;
  server: ReturnType<typeof import('./source.js').openRun>;
  notify(sentence: string | null): void;
  frame: Frame;
  shows: MapChoice;
  sendSample(name: string | null): void;
  sendShown(shows: MapChoice): void;
}

/** What the parts of the desk share; what changes is asked for. */
export interface DeskState extends Omit<Desk, 'frame'> {
  reader: OutputReader;
  names: string[];
  examples: ReturnType<typeof import('./example.js').createExamples>;
  signal: AbortSignal;
  featuresOf(raw: Numbers): Float64Array;
  /** Give the network an example of the data set. */
  use(example: Example): void;
  toImage(x: Numbers): Float64Array;
  /** What is given is no example of the data set any more. */
  forget(): void;
  /** Predict in the next frame; `stamp` is when the hand moved. */
  later(stamp: number | null): void;
  frame(): Frame;
  model(): Model;
  now(): Predicted;
  palette(): Palette;
}

/** The cards that every input has. */
export interface Cards {
  prediction: ReturnType<typeof import('./prediction.js').createPrediction>;
  nearest: ReturnType<typeof import('./nearest.js').createNearest>;
  live: HTMLElement;
}

export type { Example };
