// What an HTTP request to the admin listener asks for, judged without a socket. Host and Origin are checked always:
// a page of the world whose name suddenly points at this address (DNS rebinding, reliability row 19) asks with its own name
// in Host, and a page elsewhere asks with its own Origin. Neither is told anything but where to look.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface AdminRequest {
  /** As in the request line; only the origin form is taken (RFC 9112 section 3.2.1). */
  readonly target: string;
  /** Every Host field; RFC 9112 section 3.2 allows one. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  /** The server's end of the connection; undefined on the control socket. */
  readonly localAddress: string | undefined;
}

/** A status and a sentence for whoever asked wrongly. */
export interface AdminRefusal {
  readonly status: 400 | 403 | 421;
  readonly message: string;
}

/** `allowedHosts`: names and addresses that this server goes by, beside its own address, loopback and localhost. */
export function judgeAdminRequest(
  request: AdminRequest,
  allowedHosts: readonly string[],
): AdminRefusal | null {
  const { target, hosts, origin } = request;
  const host = hosts.length === 1 ? hostOf(hosts[0]!) : null;
  if (host === null) return { status: 400, message: 'one Host field with a name or an address is needed' };
  if (!isOurs(host, request, allowedHosts)) {
    const message =
      'this server does not go by that name; use its address, localhost, its host name or a name of its certificate';
    return { status: 421, message };
  }
  if (origin !== undefined && originHost(origin) !== hosts[0]!.toLowerCase())
    return { status: 403, message: 'pages of other places may not ask here' };
  return target.startsWith('/') ? null : { status: 400, message: 'the target must be a path' };
}

/** The name or address of "name:port", "[address]:port" or either without a port, in one form; null when malformed. */
function hostOf(text: string): string | null {
  const match = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::\d{1,5})?$/i.exec(text);
  if (match === null) return null;
  const [, bracketed, plain] = match;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? canonical(bracketed) : null;
  return plain!.toLowerCase().replace(/\.$/, '');
}

function isOurs(host: string, { localAddress }: AdminRequest, allowedHosts: readonly string[]): boolean {
  if (host === 'localhost') return true;
  if (isIP(host) !== 0) {
    const own = [localAddress, ...allowedHosts].flatMap((one) => (one === undefined ? [] : canonical(one)));
    return ipaddr.parse(host).range() === 'loopback' || own.includes(host);
  }
  return allowedHosts.some((allowed) => {
    const name = allowed.toLowerCase().replace(/\.$/, '');
    return name === host || (name.startsWith('*.') && name.slice(1) === host.slice(host.indexOf('.')));
  });
}

/** One text an address: without a scope, IPv4 out of its IPv6 clothes; other texts as they are. */
function canonical(text: string): string {
  const address = text.split('%', 1)[0]!;
  if (isIP(address) === 0) return text;
  return ipaddr.process(address).toString();
}

/** Host and port of an Origin (RFC 6454 section 6.2); null for "null" and whatever else is none. */
function originHost(origin: string): string | null {
  return /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null;
}
