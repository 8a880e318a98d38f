/** What charts of lines are made of. */
import type { Palette, Point } from '../model/types.js';

/** The ends of an axis; `beyond` is the largest number where that lies outside, else null. */
export interface Ends {
  low: number;
  high: number;
  beyond: number | null;
}

export interface Series {
  name: string;
  values: number[];
  color: string;
  dash?: boolean;
  /** Pixels; thinner than the others where it is given. */
  width?: number;
  /** Whether each value holds until the next one's place. */
  isStepped?: boolean;
}

/** A line with epochs of its own, such as another run's; drawn faintly. */
export interface Ghost extends Series {
  xs: number[];
}

/** The frame of a chart (`layChart`). */
export interface Chart extends Ends {
  left: number;
  right: number;
  top: number;
  bottom: number;
  log: boolean;
  unit: string;
  domainX: Point;
  x(value: number): number;
  y(value: number): number;
  value(pixel: number): number;
}

/** A mark of something that happened at an epoch. */
export interface ChartMark {
  kind: string;
  epoch: number;
}

/** What is drawn into the frame. */
export interface ChartScene {
  title: string;
  xs: number[];
  series: Series[];
  ghosts?: Ghost[];
  /** A value to compare with, and what it is called. */
  level?: { value: number; name: string } | null;
  /** Words beside the title. */
  note?: string;
  palette: Palette;
  font: string;
  cursor: number | null;
  pointer: number | null;
  marks: ChartMark[];
  withMarks: boolean;
  withX: boolean;
  label(value: number): string;
}

/** A small picture with a line of words below. */
export type Figure = ReturnType<typeof import('./pictures.js').createFigure>;
