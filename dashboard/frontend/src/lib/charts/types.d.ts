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
}

/** A line of another run, with epochs of its own; drawn faintly. */
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
