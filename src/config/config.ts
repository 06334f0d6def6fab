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
    readonly admin: readonly SocketAddress[];
  };
  /** Who may see the pages of `listen.admin`. Absolute paths; `open`: this host itself needs neither. */
  readonly admin: {
    readonly passwordFile: string | null;
    readonly tokenFile: string | null;
    readonly loopback: 'open' | 'closed';
  };
  readonly access: { readonly allow: readonly AccessRange[] };
  readonly upstreams: readonly UpstreamConfig[];
  /** Zones that a resolver on the LAN answers. */
  readonly forward: readonly ForwardConfig[];
  readonly zones: readonly ZoneConfig[];
  /** Absolute paths of hosts(5) files whose names are answered. */
  readonly hosts: readonly string[];
  readonly leases: readonly LeasesConfig[];
  readonly filter: FilterConfig;
  readonly certificate: {
    readonly names: readonly string[];
    /** Answered for these names; empty: the address that was asked. */
    readonly addresses: readonly string[];
    readonly files: CertificateFilesConfig | null;
    readonly acme: AcmeConfig | null;
    /** Further certificates, chosen by the name that a client asks for (SNI). */
    readonly more: readonly MoreCertificateConfig[];
  };
  /** Time sources; null: the built-in ones (docs/time.md). */
  readonly time: { readonly sources: readonly TimeSourceConfig[] | null };
  readonly cache: { readonly maxBytes: number; readonly persist: boolean };
  /** `allow`: names at and below which private addresses may stand all the same. */
  readonly rebinding: { readonly protect: boolean; readonly allow: readonly NameKey[] };
  readonly certsDir: string;
  readonly stateDir: string;
  /** Threads that answer UDP queries beside the main one; auto: as many as are worth it here. */
  readonly workers: number | 'auto';
  readonly log: {
    readonly level: LogLevel;
    readonly format: 'text' | 'json';
    readonly queries: 'off' | 'anonymised' | 'full';
  };
  /** Who is told of troubles; empty: nobody. */
  readonly notify: readonly NotifyConfig[];
  readonly limits: Limits;
}

/** Absolute paths. */
export interface CertificateFilesConfig {
  readonly certificate: string;
  readonly key: string;
}

/** One of `files` and `acme` is not null. */
export interface MoreCertificateConfig {
  readonly names: readonly string[];
  readonly files: CertificateFilesConfig | null;
  readonly acme: AcmeConfig | null;
}

/** How a certificate is had from a CA (RFC 8555). The terms of service are agreed to, or there is no such thing. */
export interface AcmeConfig {
  /** URL of the CA's directory. */
  readonly directory: string;
  /** URL of the directory for dry runs; null: none is known. */
  readonly staging: string | null;
  /** Addresses of the directory's host; empty: it is looked up through our own upstreams. */
  readonly addresses: readonly string[];
  /** Absolute path of the CA to trust for the directory itself; null: the public roots. */
  readonly caFile: string | null;
  readonly email: string | null;
  /** Such as "shortlived"; null: the CA's own choice. */
  readonly profile: string | null;
  readonly keyType: 'P-256' | 'P-384';
  readonly challenge: 'http-01' | 'tls-alpn-01' | 'dns-01';
  /** Where http-01 is answered. */
  readonly httpPort: number;
  /** Not null for dns-01. */
  readonly dns: TxtProviderConfig | null;
  /** How long records of dns-01 are looked for before the CA is told; 0: they are not. */
  readonly propagationMs: number;
  /** Absolute path of a directory of certbot's, lego's or Caddy's whose certificate is used until a new one is due. */
  readonly takeOver: string | null;
}

/** Who puts the TXT records of dns-01 into their zone. */
export type TxtProviderConfig =
  | {
      /** RFC 2136; `tls`: DNS over TLS, verified; `tcp`: to a private address only. */
      readonly kind: 'rfc2136';
      readonly protocol: 'tcp' | 'tls';
      /** An address, or for `tls` perhaps a name that is looked up through our own upstreams. */
      readonly host: string;
      readonly port: number;
      /** Absolute path of a CA to trust for `tls`; null: the public roots. */
      readonly caFile: string | null;
      /** Absolute path of a TSIG key as BIND's tsig-keygen writes it; null: unsigned. */
      readonly keyFile: string | null;
      /** "home.example"; null: the server is asked. */
      readonly zone: string | null;
    }
  | {
      readonly kind: 'cloudflare';
      /** Absolute path of a file that holds an API token and nothing else. */
      readonly tokenFile: string;
      /** Base of the API, without a slash at its end. */
      readonly api: string;
      /** Absolute path of a CA to trust for the API; null: the public roots. */
      readonly caFile: string | null;
    }
  /** Absolute path of a program with lego's contract. */
  | { readonly kind: 'exec'; readonly program: string };

/** A named set of client addresses, or a prefix in CIDR form. */
export type AccessRange = 'loopback' | 'private' | 'local' | { readonly cidr: string };

export interface UpstreamConfig {
  /** As written, for people and as the upstream's name. */
  readonly url: string;
  readonly protocol: 'tls' | 'https';
  /** The path of an https upstream, "/dns-query" unless written (RFC 8484); "" for tls. */
  readonly path: string;
  /** The name, or address, that its certificate must carry. */
  readonly serverName: string;
  readonly port: number;
  /** Addresses to connect to; empty: those that its name was last found at, else a look-up through the others. */
  readonly addresses: readonly string[];
  /** Absolute path of a PEM file; null: the public roots. */
  readonly caFile: string | null;
  /** "sha256/BASE64"; empty: none demanded. */
  readonly pins: readonly string[];
}

/** A zone and the servers on the LAN that answer for it, over plain DNS to private addresses only. */
export interface ForwardConfig {
  readonly name: NameKey;
  readonly servers: readonly SocketAddress[];
}

/** A file in which a DHCP server writes who has which address. */
export interface LeasesConfig {
  /** Absolute path. */
  readonly file: string;
  readonly format: 'dnsmasq' | 'kea' | 'isc';
  /** The zone that its names are in, such as home.arpa. */
  readonly domain: NameKey;
}

/** Which names of the world are not answered as the world answers them. Nothing of it is on unless written. */
export interface FilterConfig {
  readonly blocked: BlockedAnswer;
  readonly lists: readonly FilterListConfig[];
  readonly rewrites: readonly RewriteConfig[];
  /** The first one that has the client's address counts; who is in none has every list. */
  readonly groups: readonly FilterGroupConfig[];
}

/** What is answered for a blocked name: that it does not exist, 0.0.0.0 and ::, or what another name has. */
export type BlockedAnswer =
  | { readonly kind: 'nxdomain' }
  | { readonly kind: 'zero' }
  | { readonly kind: 'name'; readonly name: NameKey };

export interface FilterListConfig {
  /** For people: logs, extended errors, `query --explain`. */
  readonly name: string;
  /** True: names on it are never blocked. */
  readonly allows: boolean;
  readonly source:
    | { readonly kind: 'file'; readonly file: string }
    | { readonly kind: 'url'; readonly url: string; readonly caFile: string | null };
  /** How often a list from a URL is asked for again. */
  readonly everyMs: number;
}

export interface RewriteConfig {
  /** "\x01*" leads one that means all names below. */
  readonly name: NameKey;
  readonly to:
    | { readonly kind: 'address'; readonly address: string }
    | { readonly kind: 'name'; readonly name: NameKey };
}

export interface FilterGroupConfig {
  readonly name: string;
  /** Prefixes in CIDR form. */
  readonly clients: readonly string[];
  /** Names of lists that count for them; none: nothing is blocked. */
  readonly lists: readonly string[];
}

export interface TimeSourceConfig {
  /** As written. */
  readonly url: string;
  readonly protocol: 'ntp' | 'https';
  /** A name in lower case, or an address in canonical form. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
  /** Of an https source; "/" unless written. */
  readonly path: string;
  /** Addresses to ask; empty: the host, where it is one, else whatever its name resolves to through ourselves. */
  readonly addresses: readonly string[];
  readonly key: TimeKey | null;
  /** Absolute path of a PEM file, for https; null: the public roots. */
  readonly caFile: string | null;
  /** SPKI pins of an https source, "sha256/BASE64"; empty: none demanded. */
  readonly pins: readonly string[];
  /** Whose votes this one is merged with; null: each server has its own. */
  readonly operator: string | null;
  readonly prefer: boolean;
  readonly trusted: boolean;
}

/** A symmetric key, named as chrony's keyfile names it (chrony.conf(5), keyfile). */
export interface TimeKey {
  readonly id: number;
  readonly type: TimeKeyType;
  /** Absolute path. */
  readonly file: string;
}

export type TimeKeyType = 'MD5' | 'SHA1' | 'SHA256' | 'AES128' | 'AES256';

/** One that is told when something goes wrong, and when it is over. */
export interface NotifyConfig {
  readonly channel: NotifyChannelConfig;
  /** Where it is written, for people: "notify[0]". */
  readonly place: string;
  readonly about: readonly NotifyTopic[];
  /** How long something must have stood. */
  readonly afterMs: number;
}

export type NotifyTopic =
  | 'clock'
  | 'upstreams'
  | 'certificate'
  | 'addresses'
  | 'configuration'
  | 'names'
  | 'lists';

export type NotifyChannelConfig =
  | NotifyUrlConfig
  /** Absolute path of a program. */
  | { readonly kind: 'command'; readonly program: string };

/** Whoever knows `target` may send there: it is a secret, and is said nowhere. */
export interface NotifyUrlConfig {
  readonly kind: 'webhook' | 'ntfy';
  readonly protocol: 'https' | 'http';
  /** A name in lower case, or an address in canonical form; of http a private address. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly target: string;
  /** Where to connect to; empty: what the name is found at through our own resolver. */
  readonly addresses: readonly string[];
  /** Absolute path of a PEM file, for https; null: the public roots. */
  readonly caFile: string | null;
  /** Absolute path of a file with a Bearer token and nothing else; null: none is sent. */
  readonly tokenFile: string | null;
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
  /** TLS handshakes that one client may begin in a second. */
  readonly handshakesPerClient: number;
  /** Queries over UDP that one client may send in a second. */
  readonly udpQueriesPerClient: number;
  /** Queries waiting for an upstream, in all and of one client. */
  readonly pendingQueries: number;
  readonly pendingQueriesPerClient: number;
  /** No client waits longer than this for an answer. */
  readonly queryDeadlineMs: number;
  /** UDP answers are at most this long, whatever the client offers (RFC 9715). */
  readonly udpPayloadOctets: number;
}
