// What a row of the bench is, and who takes part in it. The table of all rows is rows.ts; how each kind is measured stands in
// the file of its kind.

import type { H2loadOptions } from '../loads.ts';
import type { Door, Forwarding, Peer, World } from '../peers/peer.ts';
import type { QueryFiles } from '../query-files.ts';

interface RowBase {
  /** As in --only. */
  readonly id: string;
  readonly title: string;
  /** What Noonmark's figure is to be at most, in the unit of the kind; null: whatever it is. */
  readonly target: number | null;
  readonly door: Door;
  /** The way to the upstream that is measured; null: the upstream is only asked before, and any way will do. */
  readonly forwarding: Forwarding | null;
  /** What the measure (unbound) forwards over, where it cannot do the same. */
  readonly measureForwarding?: Forwarding;
  /** Not in --quick. */
  readonly isLong?: true;
  /** Peers that sit this out, with the reason. */
  readonly without?: Readonly<Record<string, string>>;
}

/** CPU per query under a load; the figure is the ratio to the measure. */
export interface LoadRow extends RowBase {
  readonly kind: 'load';
  readonly threads?: number;
  readonly load: DnsperfLoad | H2load;
}

export interface DnsperfLoad {
  readonly tool: 'dnsperf';
  readonly queries: 'hits' | 'misses' | 'mixed';
  readonly options: readonly string[];
}

export type H2load = { readonly tool: 'h2load'; readonly method: 'GET' | 'POST' } & Pick<
  H2loadOptions,
  'clients' | 'streams'
>;

/** Percentiles of the latency at a fixed rate; the figure is the ratio of the 99th to the measure's. */
export interface LatencyRow extends RowBase {
  readonly kind: 'latency';
  readonly queriesPerSecond: number;
}

/** The figure is octets a name beyond the wire. */
export interface MemoryRow extends RowBase {
  readonly kind: 'memory';
  readonly names: number;
}

/** What a hit costs in a large cache; the figure is the ratio to a small one. */
export interface GrowthRow extends RowBase {
  readonly kind: 'growth';
  readonly fewNames: number;
  readonly manyNames: number;
}

/** Memory of connections that rest. */
export interface ConnectionsRow extends RowBase {
  readonly kind: 'connections';
  readonly connections: number;
}

/** The figure is milliseconds. */
export interface StartRow extends RowBase {
  readonly kind: 'start';
  readonly starts: number;
}

/** The figure is the share of one core. */
export interface IdleRow extends RowBase {
  readonly kind: 'idle';
}

export type Row = LoadRow | LatencyRow | MemoryRow | GrowthRow | ConnectionsRow | StartRow | IdleRow;

/** What measuring a row needs. */
export interface Bench {
  readonly world: World;
  readonly files: QueryFiles;
  readonly peers: readonly Peer[];
  /** Whose figures are 1. */
  readonly measure: Peer;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly idleSeconds: number;
  /** Tells somebody who waits what is going on. */
  say(text: string): void;
  /** Something went wrong that whoever reads the figures has to know. */
  trouble(text: string): void;
}

/** Why a peer does not take part in a row; null: it does. */
export function whyNot(peer: Peer, row: Row, measure: Peer): string | null {
  const own = row.without?.[peer.name];
  if (own !== undefined) return own;
  if (!peer.doors.includes(row.door)) return `${peer.title} does not answer over ${row.door}`;
  const forwarding = forwardingOf(peer, row, measure);
  if (peer.forwards.includes(forwarding)) return null;
  return `${peer.title} cannot forward over ${forwarding}`;
}

/** Which way a peer forwards in a row. */
export function forwardingOf(peer: Peer, row: Row, measure: Peer): Forwarding {
  if (row.forwarding === null) return peer.forwards[0]!;
  return peer === measure ? (row.measureForwarding ?? row.forwarding) : row.forwarding;
}

/** The peers in the order of a round: each is once first, once second, and so on. */
export function rotated<Item>(items: readonly Item[], round: number): Item[] {
  const first = items.length === 0 ? 0 : round % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
