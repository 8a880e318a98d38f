/** What the stage of the Train page is made of. */
import type { Chart, ChartMark } from '../lib/charts/types.js';
import type {
  Base,
  Best,
  Chance,
  EventLine,
  Example,
  Frame,
  Label,
  Line,
  NetworkStore,
  Neuron,
  Numbers,
  Overlay,
  Palette,
  Pen,
  PerClass,
  Point,
  Since,
  SnapshotLine,
  Status,
} from '../lib/model/types.js';
import type { SnapshotLines, Thinned } from './history.js';

/** What every view on the stage reads (store.js). `description`, `reader` and `shown` are there after the events 'run' and 'frame'. */
export interface Store extends NetworkStore {
  /** '' before there is one. */
  run: string;
  events: EventLine[];
  status: Status | null;
  history: SnapshotLines;
  thinned: Thinned;
  nLines: number;
  best: Best | null;
  chance: Chance;
  layerSizes: number[];
  selected: number | null;
  way: Way;
  coming: Status | null;
  pace: number;
  compared: Frame | null;
  since: Since | null;
  base: Base | null;
  beside: BesideRun | null;
  hovered: Neuron | null;
  edits: Overlay;
  send(sample: Example): void;
  readonly newest: number;
  readonly snapshotLines: SnapshotLine[];
  readonly stepsPerEpoch: number;
  reset(base: string, run: string): void;
  describe(description: NetworkStore['description']): void;
  learn(news: { lines: Line[]; best: Best | null; chance?: Chance }, replace?: boolean): void;
  select(number: number | null): void;
  compare(frame: Frame | null): void;
  showSince(since: Since | null): void;
  drawBeside(other: BesideRun | null): void;
  /** Starts a run with these settings changed. */
  tryRemedy(settings: Finding['settings']): void;
  /** Takes the file of painted points as the data set of the next run. */
  usePoints(path: string): void;
}

/** How a run is seen: its newest snapshot, by a clock from its beginning, a step at a time, replayed, or one snapshot. */
export type Way = 'live' | 'watch' | 'slow' | 'play' | 'still';

/** Of which run the clock of a replay tells the time. */
export interface Span {
  stepsPerEpoch: number;
  totalSteps: number;
}

/** What led to a snapshot from the one before it (queries/steps.py); `batch` after a single step. */
export interface StepTaken {
  first: number;
  last: number;
  batch: { indices: number[]; labels: Label[]; before: number | null; after: number | null } | null;
  missing: string | null;
  moved: Array<{ layer: number; input: number; unit: number; before: number; after: number }>;
}

export interface SourceOptions {
  base: string;
  run: string;
  /** The snapshot to be shown first; null for the newest. */
  first: number | null;
  /** Called with each status before the first snapshot can be shown. */
  early(status: Status, hasSnapshots: boolean): void;
  /** Called when the first snapshot can be shown, before the store learns what the run is. */
  begin(): void;
  live(frame: Frame): Promise<void>;
  greeted(): void;
  trouble(sentence: string | null): void;
  missing(sentence: string): void;
  sample?: string | null;
}

/** Where frames come from (source.js). */
export interface Source {
  frame(number: number): Promise<Frame | null>;
  prefetch(number: number): void;
  close(): void;
}

/** A view on its card. */
export interface StageView {
  name: string;
  card: HTMLElement;
  made: { update?(now: number): void; destroy(): void } | null;
}

/** A mark on the timeline. */
export interface Mark {
  kind: string;
  step: number;
  text: string;
}

/** Marks that share a place on the track. */
export interface Gathered {
  number: number;
  kind: string;
  texts: string[];
}

/** Something to look at in a run (core/explain/health.py). */
export interface Finding {
  level: 'bad' | 'watch';
  title: string;
  why: string;
  remedy: string;
  /** What the remedy sets, by option name; empty where no setting helps. */
  settings: Record<string, unknown>;
}

/** What is read of the run beside the one shown: its snapshots, which may grow, and the steps of its epochs. */
export type BesideRun = Pick<Store, 'run' | 'snapshotLines' | 'stepsPerEpoch' | 'thinned'>;

/** What the moments of two runs have in common. */
export type Same = 'epoch' | 'step' | 'time';

/** The histograms of one snapshot: [layers][kinds][bins]. */
export interface Histograms {
  number: number;
  step: number;
  counts: Int32Array;
}

/** What is drawn of one layer's histograms of one kind: `counts(place)` are those of a snapshot. */
export interface HistogramPlot {
  pen: Pen;
  palette: Palette;
  width: number;
  height: number;
  low: number;
  high: number;
  bins: number;
  edges: number[];
  epochs: number[];
  chosen: number;
  counts(place: number): Int32Array;
}

export interface CurveMark extends ChartMark {
  step: number;
  words: string;
}

/** A stretch that is being drawn with the mouse. */
export interface Drag {
  from: number;
  to: number;
  isFar: boolean;
}

/** How tiles are laid out. */
export interface Plan {
  across: number;
  down: number;
  pitchX: number;
  pitchY: number;
  scale?: number;
  tile: { width: number; height: number };
}

export type { Chart, Numbers, PerClass, Point };
