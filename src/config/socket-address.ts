// Addresses as people write them: "127.0.0.1:53", "[::1]:53", "[fe80::1%eth0]:53", "192.168.1.2", and CIDR prefixes.
// IPv6 comes out in its one canonical form (RFC 5952), so that equal addresses are equal texts.
// Host names are refused: looking one up would need a resolver before there is one.

import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { SocketAddress } from './config.ts';
import { quote, ValueError } from './value-error.ts';

const PORT_MAX = 65_535;

/**
 * An address with or without a port; the port of its key stands in where none is written.
 * @throws ValueError
 */
export function parseSocketAddress(text: string, defaultPort: number): SocketAddress {
  const { host, port } = splitPort(text);
  if (!isIPv4(host) && !isIPv6(host)) {
    if (/[a-z]/i.test(host) && !host.includes(':')) {
      throw new ValueError(
        `${quote(text)} is a name, and no name can be looked up before the server runs; write an address, such as 127.0.0.1:${defaultPort}`,
      );
    }
    throw new ValueError(
      `${quote(text)} is not an address; write one such as 127.0.0.1:${defaultPort} or [::1]:${defaultPort}`,
    );
  }
  return { ...parseAddress(host), port: port === undefined ? defaultPort : parsePort(port, text) };
}

/**
 * An address without a port, in canonical form.
 * @throws ValueError
 */
export function parseAddress(text: string): { readonly address: string; readonly family: 4 | 6 } {
  if (isIPv4(text)) return { address: text, family: 4 };
  if (!isIPv6(text)) throw new ValueError(notAnAddress(text));
  const [bare, scope] = text.split('%') as [string, string | undefined];
  const parsed = ipaddr.IPv6.parse(bare);
  if (parsed.isIPv4MappedAddress()) {
    const plain = parsed.toIPv4Address().toString();
    throw new ValueError(`${quote(text)} is an IPv4 address written as IPv6; write ${plain}`);
  }
  if (parsed.range() === 'linkLocal' && scope === undefined) {
    throw new ValueError(`${quote(text)} is link-local and needs its interface; write ${text}%eth0, say`);
  }
  const address = parsed.toRFC5952String();
  return { address: scope === undefined ? address : `${address}%${scope}`, family: 6 };
}

function notAnAddress(text: string): string {
  const { host, port } = splitPort(text);
  if (isIPv4(host) || isIPv6(host)) {
    const what = port === undefined ? 'brackets' : 'a port';
    return `${quote(text)} carries ${what}; write ${host} alone here`;
  }
  if (/[a-z]/i.test(host) && !host.includes(':')) {
    return `${quote(text)} is a name, not an address; write addresses such as 192.0.2.1 or 2001:db8::1`;
  }
  return `${quote(text)} is not an address; write one such as 192.0.2.1 or 2001:db8::1`;
}

/** Is it an address, or one with a port, with brackets or with a prefix length: where a name belongs, a slip. */
export function isAddressText(text: string): boolean {
  const { host } = splitPort(text.replace(/\/\d*$/, ''));
  return isIPv4(host.replace(/\.$/, '')) || isIPv6(host);
}

/** Host and port texts, still unjudged; a bare IPv6 address has no port. */
function splitPort(text: string): { host: string; port: string | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(text);
  if (bracketed) return { host: bracketed[1]!, port: bracketed[2] };
  if (isIPv6(text)) return { host: text, port: undefined };
  const colon = text.lastIndexOf(':');
  return colon < 0
    ? { host: text, port: undefined }
    : { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** @throws ValueError naming `whole`, the text that the port stands in */
export function parsePort(port: string, whole: string): number {
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number >= 1 && number <= PORT_MAX) return number;
  throw new ValueError(`${quote(whole)} has the port ${quote(port)}; write a number of 1 to ${PORT_MAX}`);
}

/** "127.0.0.1:53" or "[::1]:53", for people. */
export function formatSocketAddress({ address, port, family }: SocketAddress): string {
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * A prefix such as "192.168.0.0/16", or one address, to canonical CIDR text.
 * @throws ValueError
 */
export function parseCidr(text: string): string {
  const [addressText, lengthText, ...rest] = text.split('/') as [string, string | undefined, ...string[]];
  if (addressText.includes('%'))
    throw new ValueError(`${quote(text)} has a scope; a prefix is written without`);
  const bare = lengthText === undefined ? parseAddress(text) : parsePrefixAddress(addressText, text);
  const bits = bare.family === 4 ? 32 : 128;
  const length = lengthText === undefined ? bits : Number(lengthText);
  if (rest.length > 0 || (lengthText !== undefined && !/^\d{1,3}$/.test(lengthText)) || length > bits) {
    throw new ValueError(
      `${quote(text)} has a wrong prefix length; write a number of 0 to ${bits} after the slash`,
    );
  }
  const cidr = `${bare.address}/${length}`;
  const network = networkOf(cidr, bare.family);
  if (network !== bare.address) {
    throw new ValueError(`${quote(text)} has bits set beyond its prefix; write ${network}/${length}`);
  }
  return cidr;
}

/** The address of a prefix; a link-local network, unlike a link-local address, needs no interface. */
function parsePrefixAddress(addressText: string, whole: string): { address: string; family: 4 | 6 } {
  if (isIPv4(addressText)) return { address: addressText, family: 4 };
  if (isIPv6(addressText)) return { address: ipaddr.IPv6.parse(addressText).toRFC5952String(), family: 6 };
  throw new ValueError(`${quote(whole)} is not a prefix; write one such as 192.168.0.0/16 or fd00::/8`);
}

function networkOf(cidr: string, family: 4 | 6): string {
  return family === 4
    ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
    : ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String();
}
