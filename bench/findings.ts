// What a run of the bench has found, as plain values: what report.ts and chart.ts make pages of, and what --json keeps, so
// that a page can be made anew without measuring anew.

/** A figure, or why there is none. */
export type Found<Figure> = { readonly figure: Figure } | { readonly why: string };

/** By the name of the peer. */
export type ByPeer<Figure> = Readonly<Record<string, Found<Figure>>>;

export interface Findings {
  readonly machine: string;
  /** Of the commit that was measured, 2026-11-30, and whether the tree had changes beyond it. */
  readonly commit: string;
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly seconds: number;
  /** Names, in the order of the tables. */
  readonly peers: readonly string[];
  readonly titles: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The machine was busy, and the like. */
  readonly warnings: readonly string[];
  readonly rows: readonly RowFinding[];
  readonly profiles: readonly ProfileFinding[];
}

export type RowFinding =
  | LoadFinding
  | LatencyFinding
  | MemoryFinding
  | GrowthFinding
  | ConnectionsFinding
  | StartFinding
  | IdleFinding;

interface RowBase {
  readonly id: string;
  readonly title: string;
  /** What Noonmark's figure is to be at most; null: whatever it is. */
  readonly target: number | null;
}

export interface LoadFinding extends RowBase {
  readonly kind: 'load';
  readonly peers: ByPeer<LoadFigure>;
}

export interface LoadFigure {
  readonly cpuUs: number;
  /** To the measure's in the same round; median of those. */
  readonly ratio: number;
  /** Share of the CPU that went by inside the kernel. */
  readonly kernelShare: number;
  readonly answersPerSecond: number;
  /** Of the queries, those that got no answer. */
  readonly lostShare: number;
}

export interface LatencyFinding extends RowBase {
  readonly kind: 'latency';
  readonly peers: ByPeer<LatencyFigure>;
}

export interface LatencyFigure {
  readonly p50Us: number;
  readonly p99Us: number;
  readonly cpuUs: number;
  readonly answersPerSecond: number;
}

export interface MemoryFinding extends RowBase {
  readonly kind: 'memory';
  readonly names: number;
  readonly peers: ByPeer<MemoryFigure>;
}

export interface MemoryFigure {
  readonly afterStartOctets: number;
  readonly withNamesOctets: number;
  /** What the process has grown by for each name, less the octets of its answer. */
  readonly beyondWireOctets: number;
}

export interface GrowthFinding extends RowBase {
  readonly kind: 'growth';
  readonly fewNames: number;
  readonly manyNames: number;
  readonly peers: ByPeer<GrowthFigure>;
}

export interface GrowthFigure {
  readonly fewCpuUs: number;
  readonly manyCpuUs: number;
  readonly ratio: number;
  readonly withManyOctets: number;
}

export interface ConnectionsFinding extends RowBase {
  readonly kind: 'connections';
  readonly connections: number;
  readonly peers: ByPeer<ConnectionsFigure>;
}

/** Of the process, for each that is open and rests. */
export interface ConnectionsFigure {
  readonly dotOctets: number;
  readonly dohOctets: number;
}

export interface StartFinding extends RowBase {
  readonly kind: 'start';
  readonly starts: number;
  readonly peers: ByPeer<StartFigure>;
}

export interface StartFigure {
  readonly medianMs: number;
  readonly worstMs: number;
}

export interface IdleFinding extends RowBase {
  readonly kind: 'idle';
  readonly seconds: number;
  readonly peers: ByPeer<IdleFigure>;
}

export interface IdleFigure {
  readonly cpuShare: number;
  readonly switchesPerSecond: number;
}

/** Where the CPU goes on one path: shares of what is not idle. */
export interface ProfileFinding {
  readonly id: string;
  readonly title: string;
  readonly places: readonly { readonly place: string; readonly share: number }[];
}

export function figureOf<Figure>(found: Found<Figure> | undefined): Figure | null {
  return found !== undefined && 'figure' in found ? found.figure : null;
}
