// What is shown of the query log: which entries somebody wishes to see, and what came most often. Values only; the log
// itself is src/observe/query-log.ts. Pure but for the clock, which dates the entries by what it says now.

import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock/clock.ts';
import { networkPrefix } from '../observe/client-network.ts';
import type { AnsweredBy } from '../observe/query-figures.ts';
import {
  type AnsweredQuery,
  LOGGED_QUERIES_MAX,
  type LoggedQuery,
  type QueryLog,
  type QueryLogMode,
} from '../observe/query-log.ts';
import { rfc3339 } from './clock-report.ts';

/** A wish is null where nothing is wished. */
export interface QueryWish {
  readonly client: ClientWish | null;
  /** A part of the name; with a dot at its end, the end of it. In lower case. */
  readonly name: string | null;
  /** As the entries have it: "AAAA", "TYPE999". */
  readonly type: string | null;
  readonly rcode: string | null;
  readonly answeredBy: AnsweredBy | null;
  /** Entries after this one alone. */
  readonly afterId: number | null;
  /** Of those that fit, the latest. */
  readonly limit: number;
}

/** An address, with its scope where it has one; or a network, `length` bits of which count. */
export interface ClientWish {
  readonly address: string;
  readonly length: number | null;
}

export interface QueryEntry extends AnsweredQuery {
  readonly id: number;
  /** When it was answered, RFC 3339; null while no date can be believed. */
  readonly at: string | null;
  readonly agoMs: number;
}

export interface QueryLogReport {
  readonly log: QueryLogMode;
  /** When it was switched on, or began anew; null while it is off, or no date can be believed. */
  readonly since: string | null;
  readonly sinceMs: number | null;
  /** How many are kept, and how many may be. */
  readonly kept: number;
  readonly keptMax: number;
  /** How many of those fit the wish, whatever its limit. */
  readonly fitting: number;
  /** The latest first. */
  readonly entries: readonly QueryEntry[];
  /** Of all since it was switched on, whatever is wished. */
  readonly top: {
    readonly names: readonly { readonly name: string; readonly count: number }[];
    readonly clients: readonly { readonly client: string; readonly count: number }[];
    /** Else they came at least so often. */
    readonly isExact: boolean;
  };
}

const TOP_LENGTH = 10;
const NO_TOPS: QueryLogReport['top'] = { names: [], clients: [], isExact: true };

export function queryLogReport(queryLog: QueryLog, wish: QueryWish, clock: Clock): QueryLogReport {
  const { session } = queryLog;
  const nowMs = clock.monotonic();
  const nowEpochMs = clock.status.state === 'untrusted' ? null : clock.now().epochMs;
  const dated = (atMs: number) => (nowEpochMs === null ? null : rfc3339(nowEpochMs - (nowMs - atMs)));
  const keptMax = LOGGED_QUERIES_MAX;
  if (session === null) {
    const nothing = { kept: 0, keptMax, fitting: 0, entries: [], top: NO_TOPS };
    return { log: 'off', since: null, sinceMs: null, ...nothing };
  }
  const all = session.queries;
  const fitting = all.filter((query) => fits(query, wish, session.mode === 'anonymised'));
  return {
    log: session.mode,
    since: dated(session.sinceMs),
    sinceMs: Math.round(nowMs - session.sinceMs),
    ...{ kept: all.length, keptMax, fitting: fitting.length },
    entries: fitting.slice(0, wish.limit).map(({ atMs, id, ...query }) => ({
      ...{ id, at: dated(atMs), agoMs: Math.round(nowMs - atMs) },
      ...query,
    })),
    top: {
      names: session.topNames(TOP_LENGTH).map(({ key, count }) => ({ name: key, count })),
      clients: session.topClients(TOP_LENGTH).map(({ key, count }) => ({ client: key, count })),
      isExact: session.areTopsExact,
    },
  };
}

function fits(query: LoggedQuery, wish: QueryWish, areNetworks: boolean): boolean {
  const { client, name, type, rcode, answeredBy, afterId } = wish;
  return (
    (afterId === null || query.id > afterId) &&
    (type === null || query.type === type) &&
    (rcode === null || query.rcode === rcode) &&
    (answeredBy === null || query.answeredBy === answeredBy) &&
    (name === null || (name.endsWith('.') ? query.name.endsWith(name) : query.name.includes(name))) &&
    (client === null || isFrom(query.client, client, areNetworks))
  );
}

/** In an anonymised log an address stands for the network that it is in. */
function isFrom(client: string, { address, length }: ClientWish, areNetworks: boolean): boolean {
  if (length === null) return client === (areNetworks ? networkPrefix(address) : address);
  const own = ipaddr.parse(client.split(/[%/]/, 1)[0]!);
  const wished = ipaddr.parse(address);
  return own.kind() === wished.kind() && own.match(wished, length);
}
