// Every limit that an owner may move: its key under `limits:`, default, bounds and where the numbers come from.
// The schema, the JSON Schema and the defaults are made from this table; docs/configuration.md is held to it by a test.
// No limit can be switched off.

import type { Limits } from './config.ts';

export interface LimitRow {
  /** The key under `limits:`; the unit is in the value. */
  readonly key: string;
  /** Durations are in ms here and carry a unit in the file; counts are plain numbers. */
  readonly kind: 'count' | 'duration';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** For people, in docs and JSON Schema. */
  readonly what: string;
}

export const LIMITS = {
  // RFC 7766 section 10 asks for a cap and names no number; 1000 is what reliability row 10 opens and what a router of a
  // house never reaches. The upper bound keeps below the file descriptors that a process usually may raise to.
  connections: {
    key: 'connections',
    kind: 'count',
    default: 1000,
    min: 1,
    max: 100_000,
    what: 'connections that one listener keeps open; the oldest idle one makes room for a new one',
  },
  // RFC 7766 section 6.2.2: a client should hold one connection per transport; proxies and NAT hold more.
  connectionsPerClient: {
    key: 'connections_per_client',
    kind: 'count',
    default: 100,
    min: 1,
    max: 100_000,
    what: 'connections that one client address may hold on one listener',
  },
  // RFC 7766 section 6.2.3: "of the order of a few seconds"; phones on DoT gain from ten.
  connectionIdleMs: {
    key: 'connection_idle',
    kind: 'duration',
    default: 10_000,
    min: 1000,
    max: 120_000,
    what: 'a connection without a query is closed after this time',
  },
  // RFC 9113 section 6.5.2 advises at least 100 streams for HTTP/2; pipelined DoT gets the same room.
  queriesPerConnection: {
    key: 'queries_per_connection',
    kind: 'count',
    default: 128,
    min: 1,
    max: 1000,
    what: 'queries in flight on one connection; more wait unread',
  },
  // Our own: a handshake costs this server about a millisecond, so one device gone mad takes a twentieth of a core; a browser
  // opens six connections to a host at once.
  handshakesPerClient: {
    key: 'handshakes_per_client',
    kind: 'count',
    default: 50,
    min: 1,
    max: 100_000,
    what: 'TLS handshakes that one client address may begin in a second; more are cut before they cost anything',
  },
  // Our own: a busy house asks some ten queries a second in all. The upper bound is beyond what UDP carries here.
  udpQueriesPerClient: {
    key: 'udp_queries_per_client',
    kind: 'count',
    default: 1000,
    min: 1,
    max: 10_000_000,
    what: 'queries over UDP that one client address may send in a second; of more, every second one is told to use TCP',
  },
  // Our own: at 4.5 s each, 10,000 waiting is 2,200 unanswerable queries a second, more than a house asks.
  pendingQueries: {
    key: 'pending_queries',
    kind: 'count',
    default: 10_000,
    min: 1,
    max: 100_000,
    what: 'queries that wait for an upstream, of all clients together',
  },
  // CVE-2024-33655 (DNSBomb, reliability row 6): what one client can pile up is what it can release in one burst.
  pendingQueriesPerClient: {
    key: 'pending_queries_per_client',
    kind: 'count',
    default: 500,
    min: 1,
    max: 100_000,
    what: 'queries of one client address that wait for an upstream',
  },
  // Stub resolvers ask again after 5 s (resolv.conf(5), `timeout`); an answer after that is for nobody.
  queryDeadlineMs: {
    key: 'query_deadline',
    kind: 'duration',
    default: 4500,
    min: 500,
    max: 4900,
    what: 'no client waits longer than this for an answer',
  },
  // 1232: DNS flag day 2020; at least 512: RFC 6891 section 6.2.3; at most 1400: RFC 9715 section 3.
  udpPayloadOctets: {
    key: 'udp_payload',
    kind: 'count',
    default: 1232,
    min: 512,
    max: 1400,
    what: 'octets of a UDP answer at most, whatever the client offers; a longer one is truncated and fetched over TCP',
  },
} as const satisfies Record<keyof Limits, LimitRow>;

/** Memory for cached answers (`cache.max_bytes`): 64 MiB is about 300,000 names (docs/performance.md). */
export const CACHE_OCTETS = { default: 64 * 2 ** 20, min: 2 ** 20, max: 4 * 2 ** 30 } as const;

/** How many entries a list of the file may have: far beyond a real network, and an end to every loop over one. */
export const ENTRIES_MAX = {
  listen: 64,
  allow: 1000,
  upstreams: 32,
  addresses: 16,
  pins: 16,
  names: 100,
  /** Besides the first one. */
  certificates: 16,
  forward: 100,
  sources: 32,
  rebinding: 1000,
  /** Each is asked for every label of a name. */
  lists: 16,
  rewrites: 1000,
  groups: 32,
  groupClients: 256,
  /** Of each kind. */
  nameFiles: 16,
  notify: 8,
} as const;
