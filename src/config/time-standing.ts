// What the configured time sources are worth before any of them is asked: votes, authentication, who seems to run them,
// which of them can be asked without a look-up. The rule of votes is that of the selection (docs/time.md); this is its
// most that can come of a configuration.

import ipaddr from 'ipaddr.js';
import { formatName } from '../dns/names.ts';
import type { Config, TimeSourceConfig, UpstreamConfig } from './config.ts';
import { isLoopback } from './own-sockets.ts';
import { addressesOf, isOfThisNetwork } from './time-rules.ts';

/** A time source, or an https upstream, whose Date is asked for as well. */
export interface StandingSource {
  /** Its place in the file: "time.sources[0]". */
  readonly path: string;
  /** The host, for people. */
  readonly host: string;
  /** Who has a vote through it: as many entries as it can have votes; equal entries are one vote. */
  readonly votes: readonly string[];
  /** Who seems to run it; sources that fail together have the same. Null: many who do not know each other. */
  readonly operator: string | null;
  readonly isAuthenticated: boolean;
  readonly isTrusted: boolean;
  /** Its host has to be looked up over an upstream before it can be asked. */
  readonly needsLookup: boolean;
  /** Where it is asked; empty where that needs a look-up. */
  readonly addresses: readonly string[];
}

/** An ntp:// name gives up to four servers (docs/time.md). */
const ADDRESSES_PER_NAME = 4;

/** Every source of a configuration that names its own. */
export function standingSources({ time, upstreams, zones, forward, certificate }: Config): StandingSource[] {
  if (time.sources?.length === 0) return []; // an empty list means none, upstreams included
  const isOurs = (name: string) => isOwnName(name, { zones, forward, certificate });
  return [
    ...(time.sources ?? []).map((source, position) =>
      standingOf(source, `time.sources[${position}]`, isOurs),
    ),
    ...upstreams.flatMap((upstream, position) =>
      upstream.protocol === 'https' ? [standingOfUpstream(upstream, `upstreams[${position}]`, isOurs)] : [],
    ),
  ];
}

function standingOf(
  source: TimeSourceConfig,
  path: string,
  isOurs: (name: string) => boolean,
): StandingSource {
  const { protocol, host, port, isAddress, key, operator, trusted } = source;
  const addresses = addressesOf(source);
  const servers =
    addresses.length > 0 ? addresses : Array.from({ length: ADDRESSES_PER_NAME }, (_, at) => `${host} ${at}`);
  const votes = protocol === 'https' ? [host] : servers.map((server) => `${server} ${port}`);
  return {
    path,
    host,
    votes: operator === null ? votes : [operator],
    operator: operator ?? operatorGuess(host, isAddress, port),
    isAuthenticated: key !== null || protocol === 'https',
    isTrusted: trusted,
    needsLookup: addresses.length === 0 && !isOurs(host),
    addresses,
  };
}

function standingOfUpstream(
  { serverName, port, addresses }: UpstreamConfig,
  path: string,
  isOurs: (name: string) => boolean,
): StandingSource {
  return {
    path,
    host: serverName,
    votes: [serverName],
    operator: operatorGuess(serverName, addresses.includes(serverName), port),
    isAuthenticated: true,
    isTrusted: false,
    needsLookup: addresses.length === 0 && !isOurs(serverName),
    addresses,
  };
}

/** Can the votes ever be enough for `synchronized`? Two with one authenticated, three, or one that is trusted. */
export function canBeEnough(sources: readonly StandingSource[]): boolean {
  const votes = new Set(sources.flatMap((source) => source.votes)).size;
  const isAnyAuthenticated = sources.some(({ isAuthenticated }) => isAuthenticated);
  return sources.some(({ isTrusted }) => isTrusted) || votes >= (isAnyAuthenticated ? 2 : 3);
}

/** Answered without the world in every state: in a zone of our own or a forwarded one, or a certificate's name. */
export function isOwnName(
  name: string,
  { zones, forward, certificate }: Pick<Config, 'zones' | 'forward' | 'certificate'>,
): boolean {
  const host = name.toLowerCase().replace(/\.$/, '');
  if ([certificate, ...certificate.more].some(({ names }) => names.includes(host))) return true;
  return [...zones, ...forward].some((zone) => `.${host}.`.endsWith(`.${formatName(zone.name)}`));
}

/** Second-level labels under which others register, where the last label is a country's. */
const SHARED_SECOND_LEVELS: ReadonlySet<string> = new Set([
  'ac',
  'co',
  'com',
  'edu',
  'gov',
  'net',
  'or',
  'org',
]);
/** Its servers are run by thousands who do not know each other. */
const POOL = 'pool.ntp.org';

/** The last labels of a name; the network of a public address, where one operator's servers tend to be neighbours. */
function operatorGuess(host: string, isAddress: boolean, port: number): string | null {
  if (isAddress) return isLoopback(host) ? `${host} port ${port}` : networkOf(host);
  const labels = host.split('.');
  if (host === POOL || host.endsWith(`.${POOL}`)) return null;
  const isShared = labels.at(-1)!.length === 2 && SHARED_SECOND_LEVELS.has(labels.at(-2) ?? '');
  return labels.slice(isShared ? -3 : -2).join('.');
}

function networkOf(address: string): string {
  if (isOfThisNetwork(address)) return address;
  return ipaddr.parse(address).kind() === 'ipv4'
    ? `${ipaddr.IPv4.networkAddressFromCIDR(`${address}/24`)}/24`
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/48`).toRFC5952String()}/48`;
}
