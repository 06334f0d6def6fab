// The zones that a resolver on the own network answers, found by the longest of their names that a question lies below.
// Zones with the same servers share what is known of these, so that a dead one is probed and told of once.
// It decides where a question goes; asking is forward.ts.

import type { Clock } from '../clock/clock.ts';
import type { ForwardConfig, SocketAddress } from '../config/config.ts';
import { TYPE } from '../dns/codes.ts';
import { formatWithoutDot, type NameKey, parentOf, ROOT } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import { PlainUpstream } from '../upstream/plain.ts';
import { UpstreamPool, type UpstreamState } from '../upstream/pool.ts';
import { probeQuery } from '../upstream/upstream-query.ts';
import { isAskedOfParent } from './local/special-names.ts';

export interface ForwardedZone {
  /** "lab.example", for people. */
  readonly name: string;
  readonly servers: Pick<UpstreamPool, 'ask'>;
}

/** Zones and the servers that they share, for people. */
export interface ForwardState {
  readonly zones: readonly string[];
  readonly servers: readonly UpstreamState[];
}

export interface ForwardZonesParts {
  readonly zones: readonly ForwardConfig[];
  /** Default: as many as one server may have in flight. */
  readonly limits?: { readonly exchangesPerServer: number };
  readonly clock: Clock;
  /** Called when a server answers again after a failure. */
  readonly onRecovery: () => void;
}

interface Group {
  readonly zones: string[];
  readonly pool: UpstreamPool;
}

export class ForwardZones {
  readonly #zones = new Map<NameKey, ForwardedZone>();
  readonly #groups: readonly Group[];

  constructor(parts: ForwardZonesParts) {
    const groups = new Map<string, Group>();
    for (const { name, servers } of parts.zones) {
      const key = servers.map(({ address, port }) => `${address} ${port}`).join();
      const group = groups.get(key) ?? { zones: [], pool: poolFor(name, servers, parts) };
      groups.set(key, group);
      const text = formatWithoutDot(name);
      group.zones.push(text);
      this.#zones.set(name, { name: text, servers: group.pool });
    }
    this.#groups = [...groups.values()];
  }

  /** Does the name lie in a forwarded zone? */
  holds(key: NameKey): boolean {
    return this.zoneOf(key) !== null;
  }

  /** The same of a query, whose name is not made where there are no zones. */
  holdsNameOf(query: Pick<Query, 'nameKey'>): boolean {
    return this.#zones.size > 0 && this.holds(query.nameKey);
  }

  isApex(key: NameKey): boolean {
    return this.#zones.has(key);
  }

  /** The innermost zone that the name lies in. */
  zoneOf(key: NameKey): ForwardedZone | null {
    for (let name = key; name !== ROOT; name = parentOf(name)) {
      const zone = this.#zones.get(name);
      if (zone !== undefined) return zone;
    }
    return null;
  }

  /** Whose servers a question is for; null: the world's. A validator's question about the cut belongs to the parent. */
  zoneFor(query: Query): ForwardedZone | null {
    const zone = this.#zones.size === 0 ? null : this.zoneOf(query.nameKey);
    if (zone === null || query.type !== TYPE.DS) return zone;
    return isAskedOfParent(query.nameKey, query.type, query.dnssecOk, this) ? null : zone;
  }

  report(): ForwardState[] {
    return this.#groups.map(({ zones, pool }) => ({ zones, servers: pool.report() }));
  }

  close(): void {
    for (const { pool } of this.#groups) pool.close();
  }
}

function poolFor(
  zone: NameKey,
  servers: readonly SocketAddress[],
  { limits, clock, onRecovery }: ForwardZonesParts,
): UpstreamPool {
  return new UpstreamPool({
    upstreams: servers.map((server) => new PlainUpstream({ server, limits, clock })),
    clock,
    isUsable: () => true, // nobody is verified, so no date is needed
    onRecovery,
    probe: probeQuery(zone, TYPE.SOA), // the root's servers are no business of these
  });
}
