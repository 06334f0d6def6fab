// A URL of the file taken apart (RFC 3986 section 3): scheme, host, port, path. Upstreams and time sources share it; which
// schemes there are, and what a wrong one is told, is theirs. Also host names as certificates carry them.

import { isIPv4, isIPv6 } from 'node:net';
import { parseAddress, parsePort } from './socket-address.ts';
import { quote, ValueError } from './value-error.ts';

const HTTPS_PORT = 443; // RFC 9110 section 4.2.2
const NAME_CHARACTERS_MAX = 253; // RFC 1035 section 2.3.4, as text without the dot at its end

/** RFC 3986 section 3.3: what a path is made of. */
const PATH = /^(\/([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+$/;

/** RFC 8484 section 4.1.1 writes its URLs with this at their end. */
const DOH_TEMPLATE = '{?dns}';

export interface UrlParts {
  readonly written: string;
  /** In lower case. */
  readonly scheme: string;
  /** Host and port, unjudged. */
  readonly authority: string;
  /** Everything behind it: "", "/path", "/path?query". */
  readonly tail: string;
}

export interface Host {
  /** A name in lower case, or an address in canonical form. */
  readonly host: string;
  readonly isAddress: boolean;
  readonly port: number;
}

/** Undefined for a text without a scheme. */
export function splitUrl(text: string): UrlParts | undefined {
  const match = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(text);
  if (!match) return undefined;
  return { written: text, scheme: match[1]!.toLowerCase(), authority: match[2]!, tail: match[3]! };
}

/** @throws ValueError */
export function parseHost({ written, scheme, authority }: UrlParts, defaultPort: number): Host {
  if (authority.includes('@')) {
    throw new ValueError(`${quote(written)} carries a user name; write ${hostForm(scheme, authority)}`);
  }
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/s.exec(authority);
  const bracketed = parts?.[1]?.startsWith('[') ?? false;
  const host = bracketed ? parts![1]!.slice(1, -1) : (parts?.[1] ?? authority);
  if (!bracketed && isIPv6(authority)) {
    throw new ValueError(
      `${quote(written)} has an IPv6 address without brackets; write ${scheme}://[${authority}]`,
    );
  }
  const isAddress = bracketed ? isIPv6(host) : isIPv4(host);
  if (!parts || (bracketed && !isAddress) || host === '') {
    throw new ValueError(
      `${quote(written)} has no host in it that can be read; write ${scheme}://192.0.2.1 or ${scheme}://host.example`,
    );
  }
  return {
    host: isAddress ? parseAddress(host).address : parseHostName(host),
    isAddress,
    port: parts[2] === undefined ? defaultPort : parsePort(parts[2], written),
  };
}

/**
 * The path behind the host, `standard` where none is written.
 * @throws ValueError
 */
export function parsePath({ written, scheme, authority, tail }: UrlParts, standard: string): string {
  if (tail === '') return standard;
  const path = /^[^?#{]*/.exec(tail)![0];
  const write = `write ${scheme}://${authority}${path}`;
  if (tail === path + DOH_TEMPLATE) {
    throw new ValueError(`${quote(written)} ends in ${DOH_TEMPLATE}, which goes without saying; ${write}`);
  }
  if (/^[?#]/.test(tail.slice(path.length))) {
    throw new ValueError(`${quote(written)} carries a query or a fragment, which is not sent; ${write}`);
  }
  if (!PATH.test(tail)) {
    throw new ValueError(
      `${quote(written)} has a character in its path that none can have; write it percent-encoded, such as %20`,
    );
  }
  return tail;
}

/** Host and port of an https:// URL that has been read. @throws ValueError */
export function httpsHost(url: string): Host {
  return parseHost(splitUrl(url)!, HTTPS_PORT);
}

/** The URL that was probably meant: `scheme` and the host of `rest`; its user name, usual port and path left out. */
export function hostForm(scheme: string, rest: string): string {
  const host = /^(?:.*@)?([^/?#]*)/s.exec(rest)![1]!;
  const withoutPort = isIPv6(host) ? `[${host}]` : host.replace(/:(53|123|443)?$/, '');
  const isHost = /^(\[[0-9a-f:.%\w]+\]|[\w.-]+)(:\d+)?$/i.test(withoutPort);
  return isHost ? `${scheme}://${withoutPort}` : `${scheme}://192.0.2.1`;
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
