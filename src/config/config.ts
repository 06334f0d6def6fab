// What the rest of the house sees of the configuration: normalised, typed, frozen, free of YAML.
// docs/configuration.md explains every key; schema.ts says what may be written; parse.ts makes this of it.

import type { NameKey } from '../dns/names.ts';
import type { ResourceRecord } from '../dns/records.ts';
import type { LogLevel } from '../observe/log.ts';

/** An address to listen on or to connect to. IPv6 without brackets, scope kept ("fe80::1%eth0"). */
export interface SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
}

export interface Config {
  /** Absolute path of the file, for messages. */
  readonly file: string;
  readonly listen: {
    readonly dns: readonly SocketAddress[];
    readonly dot: readonly SocketAddress[];
    readonly doh: readonly SocketAddress[];
  };
  readonly access: { readonly allow: readonly AccessRange[] };
  readonly upstreams: readonly UpstreamConfig[];
  readonly zones: readonly ZoneConfig[];
  readonly certificate: {
    readonly names: readonly string[];
    /** Answered for these names; empty: the address that was asked. */
    readonly addresses: readonly string[];
    readonly files: { readonly certificate: string; readonly key: string } | null;
  };
  readonly cache: { readonly maxBytes: number };
  readonly certsDir: string;
  readonly stateDir: string;
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'text' | 'json';
    readonly queries: 'off' | 'anonymised' | 'full';
  };
  readonly limits: Limits;
}

/** A named set of client addresses, or a prefix in CIDR form. */
export type AccessRange = 'loopback' | 'private' | 'local' | { readonly cidr: string };

export interface UpstreamConfig {
  /** As written, for people and as the upstream's name. */
  readonly url: string;
  readonly protocol: 'tls';
  /** The name, or address, that its certificate must carry. */
  readonly serverName: string;
  readonly port: number;
  /** Addresses to connect to, never empty. */
  readonly addresses: readonly string[];
  /** Absolute path of a PEM file; null: the public roots. */
  readonly caFile: string | null;
  /** "sha256/BASE64"; empty: none demanded. */
  readonly pins: readonly string[];
}

export interface ZoneConfig {
  readonly name: NameKey;
  readonly records: readonly ResourceRecord[];
}

/** Every limit with its default in config/limits.ts; none is without bound. */
export interface Limits {
  /** Connections in all that one listener (TCP, DoT, DoH) keeps open. */
  readonly connections: number;
  readonly connectionsPerClient: number;
  /** A connection without a query is closed after this (RFC 7766 section 6.2.3). */
  readonly connectionIdleMs: number;
  /** Queries in flight on one connection; more wait unread. */
  readonly queriesPerConnection: number;
  /** Queries waiting for an upstream, in all and of one client. */
  readonly pendingQueries: number;
  readonly pendingQueriesPerClient: number;
  /** No client waits longer than this for an answer. */
  readonly queryDeadlineMs: number;
  /** UDP answers are at most this long, whatever the client offers (RFC 9715). */
  readonly udpPayloadOctets: number;
}
