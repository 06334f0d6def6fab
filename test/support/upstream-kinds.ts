// DoT and DoH as upstreams, side by side, for the tests that hold both to the same: a server that misbehaves to order for
// either, and the real servers that speak one of them.

import { DOH_PATH, startDnsdist } from './peers/dnsdist.ts';
import { startHostileDoh } from './peers/hostile-doh.ts';
import { startHostileDot } from './peers/hostile-dot.ts';
import type { BehaviourOf, HostileOptions, HostileUpstream } from './peers/hostile-upstream.ts';
import { startKresd } from './peers/kresd.ts';
import type { Peer } from './peers/packages.ts';
import { startUnbound } from './peers/unbound.ts';
import { UPSTREAM_NAME, type UpstreamEntry, upstreamEntry } from './upstreams.ts';

/** What both can do. */
export type Behaviour = BehaviourOf<{ readonly delayMs: number }>;
export type Hostile = HostileUpstream<Behaviour>;

export interface UpstreamKind {
  readonly name: 'DoT' | 'DoH';
  readonly entry: typeof upstreamEntry;
  startHostile(options: HostileOptions<Behaviour>): Promise<Hostile>;
}

const DOT: UpstreamKind = { name: 'DoT', entry: upstreamEntry, startHostile: startHostileDot };
const DOH: UpstreamKind = { name: 'DoH', entry: dohEntry, startHostile: startHostileDoh };
export const UPSTREAM_KINDS: readonly UpstreamKind[] = [DOT, DOH];

export interface RealUpstream extends AsyncDisposable {
  readonly port: number;
  /** Queries that arrived: "a.example A". */
  queries(): string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

/** Each answers for WILD_ZONE and logs what it is asked. */
export interface RealKind extends UpstreamKind {
  readonly peer: Peer;
  start(options: {
    readonly certificateFile: string;
    readonly keyFile: string;
    readonly port?: number;
  }): Promise<RealUpstream>;
}

export const REAL_UPSTREAMS: readonly RealKind[] = [
  { ...DOT, peer: 'unbound', start: startUnbound },
  { ...DOH, peer: 'unbound', start: (options) => startUnbound({ ...options, overHttps: true }) },
  { ...DOH, peer: 'dnsdist', start: startDnsdist },
  { ...DOH, peer: 'kresd', start: startKresd },
];

/** As upstreamEntry(), over HTTPS. */
export function dohEntry(port: number, caFile: string, more: Partial<UpstreamEntry> = {}): UpstreamEntry {
  return upstreamEntry(port, caFile, { url: `https://${UPSTREAM_NAME}:${port}${DOH_PATH}`, ...more });
}
