// What a device has to know of this server in order to be set up: its name, addresses and ports, and whose certificate it
// shows. Also what is not known: whether a name is found, or a port reached, from where the device will be one day.
// Pure; src/app gathers what goes in. What it means for each kind of device is in the setup-*.ts files.

import ipaddr from 'ipaddr.js';
import type { ClockState } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { houseSuffixOf } from '../config/house-labels.ts';
import { isLoopback, isWildcard } from '../config/own-sockets.ts';
import { isPrivateAddress } from '../config/private-address.ts';
import { type Authority, authorityIn } from './authority.ts';

export interface DeviceFacts {
  /** What devices are told, and what the certificate carries; null: the certificate carries no name that is ours. */
  readonly name: string | null;
  /** Plain DNS over UDP and TCP. */
  readonly plain: Door | null;
  readonly dot: Door | null;
  readonly doh: Door | null;
  /** Where these pages are open. */
  readonly pages: Door | null;
  readonly reach: Reach;
  /** Null before there is one. */
  readonly certificate: DeviceCertificate | null;
  /** The time as it stands: while it is not known, a device may find the certificate out of date. */
  readonly clockState: ClockState;
}

/** A port, and the addresses at which it is open: never empty, the likeliest first. */
export interface Door {
  readonly port: number;
  readonly addresses: readonly string[];
}

/** As far as addresses tell: this machine alone, the networks of the house, or perhaps from anywhere. */
export type Reach = 'host' | 'house' | 'world';

export interface DeviceCertificate {
  /** DNS names and addresses that it carries. */
  readonly names: readonly string[];
  readonly issuer: string;
  readonly trust: Trust;
  /** Of the local CA, or of whoever signed itself at the end of the chain; null: the chain does not include it. */
  readonly authority: Authority | null;
  /** A better certificate is configured, and this one stands in for it. */
  readonly isStandIn: boolean;
  /** What is wrong with its dates by our own time; null: nothing, or that is not known. */
  readonly dateProblem: string | null;
}

/**
 * local: this server's own CA, which nobody trusts unasked. public: its chain ends in a root that browsers and systems
 * ship. private: in another. unknown: it could not be judged on this machine.
 */
export type Trust = 'local' | 'public' | 'private' | 'unknown';

export interface FactsInputs {
  /** Of the certificate, as configured. */
  readonly configuredNames: readonly string[];
  /** With which those names are answered; empty: the address that is asked. */
  readonly configuredAddresses: readonly string[];
  /** Where queries are taken and pages shown now. */
  readonly bound: Readonly<Record<'dns' | 'dot' | 'doh' | 'admin', readonly SocketAddress[]>>;
  /** Of all interfaces. */
  readonly hostAddresses: readonly string[];
  /** Of the interface at which the device has asked for this; empty: not known. */
  readonly nearAddresses: readonly string[];
  readonly served: ServedFacts | null;
  readonly clockState: ClockState;
}

export interface ServedFacts {
  readonly chainPem: string;
  readonly names: readonly string[];
  readonly issuer: string;
  readonly source: 'files' | 'local-ca' | 'acme';
  /** Whether its chain ends in a public root; null: it could not be judged. */
  readonly isPublic: boolean | null;
  readonly isStandIn: boolean;
  readonly dateProblem: string | null;
}

/** What a port is unless said. */
const USUAL_PORTS = { dns: 53, dot: 853, doh: 443, admin: 8080 } as const;
/** More than a host of a house has; devices try them one after the other. */
const ADDRESSES_MAX = 6;

export function deviceFacts(inputs: FactsInputs): DeviceFacts {
  const door = (kind: keyof FactsInputs['bound']) => doorOf(kind, inputs);
  const [plain, dot, doh, pages] = [door('dns'), door('dot'), door('doh'), door('admin')];
  const { served } = inputs;
  return {
    name: nameOf(inputs),
    ...{ plain, dot, doh, pages },
    reach: reachOf([plain, dot, doh].flatMap((one) => one?.addresses ?? [])),
    certificate: served === null ? null : certificateOf(served),
    clockState: inputs.clockState,
  };
}

/** The first configured one that the certificate carries; while there is none, the first configured one. */
function nameOf({ configuredNames, served }: FactsInputs): string | null {
  const names = configuredNames.filter((name) => !ipaddr.isValid(name) && !name.startsWith('*'));
  if (served === null) return names[0] ?? null;
  return names.find((name) => isCarried(name, served.names)) ?? null;
}

/** Under this name, or by the wildcard above it (RFC 9525 section 6.3)? */
function isCarried(name: string, carried: readonly string[]): boolean {
  return carried.includes(name) || carried.includes(name.replace(/^[^.]+/, '*'));
}

function certificateOf({ isPublic, source, chainPem, ...rest }: ServedFacts): DeviceCertificate {
  const { names, issuer, isStandIn, dateProblem } = rest;
  const byRoots = isPublic === null ? 'unknown' : isPublic ? 'public' : 'private';
  const trust = source === 'local-ca' ? 'local' : byRoots;
  return {
    ...{ names, issuer, trust, isStandIn, dateProblem },
    authority: trust === 'public' ? null : authorityIn(chainPem),
  };
}

function doorOf(kind: keyof FactsInputs['bound'], inputs: FactsInputs): Door | null {
  const { bound, configuredAddresses } = inputs;
  const sockets = bound[kind].flatMap((socket) => expanded(socket, inputs.hostAddresses));
  const outside = sockets.filter(({ address }) => !isLoopback(address));
  const useful = outside.length > 0 ? outside : sockets;
  if (useful.length === 0) return null;
  const usual = USUAL_PORTS[kind];
  const port = useful.some((socket) => socket.port === usual) ? usual : useful[0]!.port;
  const there = useful.filter((socket) => socket.port === port).map(({ address }) => address);
  // The owner's word goes before what a look at the interfaces gives: in a container they are nobody's.
  const told = kind === 'admin' || outside.length === 0 ? [] : configuredAddresses;
  return { port, addresses: told.length > 0 ? told : nearest(there, inputs.nearAddresses) };
}

/** A wildcard means every address of its family, but those that mean nothing without a scope. */
function expanded({ address, port }: SocketAddress, hostAddresses: readonly string[]) {
  const isV6 = address.includes(':');
  const all = isWildcard(address) ? hostAddresses.filter((own) => own.includes(':') === isV6) : [address];
  return all.filter((one) => rangeOf(one) !== 'linkLocal').map((one) => ({ address: one, port }));
}

/** Those where the device came in, if any is; IPv4 and unique local ones first, which a provider does not change. */
function nearest(addresses: readonly string[], near: readonly string[]): readonly string[] {
  const unique = [...new Set(addresses)];
  const close = unique.filter((address) => near.includes(address));
  const chosen = close.length > 0 ? close : unique;
  const weight = (address: string) =>
    !address.includes(':') ? 0 : isPrivateAddress(ipaddr.parse(address)) ? 1 : 2;
  return chosen.toSorted((one, other) => weight(one) - weight(other)).slice(0, ADDRESSES_MAX);
}

function reachOf(addresses: readonly string[]): Reach {
  if (addresses.every((address) => isLoopback(address))) return 'host';
  const isPublic = (address: string) => !isPrivateAddress(ipaddr.parse(address.split('%', 1)[0]!));
  return addresses.some(isPublic) ? 'world' : 'house';
}

function rangeOf(address: string): string {
  return ipaddr.parse(address.split('%', 1)[0]!).range();
}

/** What stands in a DoH template, and what devices verify: the name, or an address that the certificate carries. */
export function verifiedHost({ name, certificate, doh, dot }: DeviceFacts): string | null {
  if (name !== null) return name;
  const open = [...(doh?.addresses ?? []), ...(dot?.addresses ?? [])];
  return open.find((address) => certificate?.names.includes(address)) ?? null;
}

/** "https://dns.home.arpa/dns-query" (RFC 8484), or null where there is none that could be verified. */
export function dohTemplate(facts: DeviceFacts): string | null {
  const host = verifiedHost(facts);
  if (facts.doh === null || host === null) return null;
  return `https://${inUrl(host)}${facts.doh.port === USUAL_PORTS.doh ? '' : `:${facts.doh.port}`}/dns-query`;
}

/** An address or name as a URL has it. */
export function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** DoT where every client looks for it unless told (RFC 7858 section 3.1); Android and Apple can be told no other. */
export function isDotUsual({ dot }: DeviceFacts): boolean {
  return dot?.port === USUAL_PORTS.dot;
}

/** Plain DNS where DHCP can send devices to: it knows no ports. */
export function isPlainUsual({ plain }: DeviceFacts): boolean {
  return plain?.port === USUAL_PORTS.dns;
}

/** Of names that are of houses alone, so that no public CA certifies and nobody outside finds them. */
export function isHouseName(name: string): boolean {
  return houseSuffixOf(name) !== null;
}
