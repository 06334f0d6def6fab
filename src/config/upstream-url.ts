// The url of an upstream: tls://ADDRESS, tls://[IPV6]:PORT or tls://NAME:PORT, and host names as certificates carry them.
// There is no form for plaintext, so that no slip of the pen can open one. https:// is read here and refused, for now,
// by not-yet.ts.

import { isIPv4, isIPv6 } from 'node:net';
import { parseAddress, parsePort } from './socket-address.ts';
import { quote, ValueError } from './value-error.ts';

const DOT_PORT = 853; // RFC 7858 section 3.1
const HTTPS_PORT = 443;
const NAME_CHARACTERS_MAX = 253; // RFC 1035 section 2.3.4, as text without the dot at its end

export interface UpstreamUrl {
  readonly written: string;
  readonly protocol: 'tls' | 'https';
  /** A name in lower case, or an address in canonical form. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
}

/** @throws ValueError */
export function parseUpstreamUrl(text: string): UpstreamUrl {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  if (!match) throw new ValueError(`${quote(text)} does not say how to ask; write ${tlsForm(text)}`);
  const protocol = match[1]!.toLowerCase();
  const rest = match[2]!;
  if (PLAINTEXT.has(protocol)) {
    throw new ValueError(
      `${quote(text)} would ask in plaintext, which is never done for names of the world; write ${tlsForm(rest)}`,
    );
  }
  if (protocol !== 'tls' && protocol !== 'https') {
    throw new ValueError(`${quote(text)} has the unknown scheme ${protocol}://; write ${tlsForm(rest)}`);
  }
  if (rest.includes('@')) throw new ValueError(`${quote(text)} carries a user name; write ${tlsForm(rest)}`);
  const authority = /^[^/?#]*/.exec(rest)![0];
  if (protocol === 'tls' && authority !== rest) {
    throw new ValueError(
      `${quote(text)} carries a path or a query, which DNS over TLS has not; write ${tlsForm(rest)}`,
    );
  }
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority);
  const bracketed = parts?.[1]?.startsWith('[') ?? false;
  const host = bracketed ? parts![1]!.slice(1, -1) : (parts?.[1] ?? authority);
  if (!bracketed && isIPv6(authority)) {
    throw new ValueError(`${quote(text)} has an IPv6 address without brackets; write tls://[${authority}]`);
  }
  const isAddress = bracketed ? isIPv6(host) : isIPv4(host);
  if (!parts || (bracketed && !isAddress) || host === '') {
    throw new ValueError(
      `${quote(text)} has no host in it that can be read; write tls://192.0.2.1 or tls://dns.example`,
    );
  }
  const defaultPort = protocol === 'tls' ? DOT_PORT : HTTPS_PORT;
  return {
    written: text,
    protocol,
    host: isAddress ? parseAddress(host).address : parseHostName(host),
    isAddress,
    port: parts[2] === undefined ? defaultPort : parsePort(parts[2], text),
  };
}

/** Schemes that people know from other resolvers, all of them port 53 in the clear. */
const PLAINTEXT = new Set(['udp', 'tcp', 'dns', 'plain', 'http']);

/** The form that was probably meant: the host of `rest` after tls://, its plain DNS port and path left out. */
function tlsForm(rest: string): string {
  const host = /^(?:.*@)?([^/?#]*)/.exec(rest)![1]!;
  const withoutPort = isIPv6(host) ? `[${host}]` : host.replace(/:(53|443)?$/, '');
  return /^(\[[0-9a-f:.%\w]+\]|[\w.-]+)(:\d+)?$/i.test(withoutPort)
    ? `tls://${withoutPort}`
    : 'tls://192.0.2.1';
}

/**
 * A host name as a certificate carries it (RFC 1123 section 2.1, RFC 6125): lower case, no dot at its end, no wildcard.
 * @throws ValueError
 */
export function parseHostName(text: string): string {
  const name = text.toLowerCase().replace(/\.$/, '');
  if (isIPv4(name) || isIPv6(name)) throw new ValueError(`${quote(text)} is an address; write a host name`);
  if (name.includes('*')) throw new ValueError(`${quote(text)} is a wildcard; write each host name in full`);
  if (/[^\u0000-\u007f]/.test(name)) {
    throw new ValueError(`${quote(text)} holds a non-ASCII character; write its IDNA form (xn--…)`);
  }
  const labels = name.split('.');
  const fits = labels.every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  // A last label of digits would be read as an address by others (RFC 3696 section 2).
  if (!fits || name.length > NAME_CHARACTERS_MAX || /^\d+$/.test(labels.at(-1)!)) {
    throw new ValueError(
      `${quote(text)} is not a host name; write letters, digits and hyphens between dots, such as dns.home.example`,
    );
  }
  return name;
}
