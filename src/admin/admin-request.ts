// What an HTTP request to the admin listener asks for, judged without a socket. Host and Origin are checked always:
// a page of the world whose name suddenly points at this address (DNS rebinding, reliability row 19) asks with its own name
// in Host, and a page elsewhere asks with its own Origin. Neither is told anything but where to look.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type AdminRoute =
  | 'page'
  | 'health'
  | 'ready'
  | 'status'
  | 'metrics'
  | 'explain'
  | 'flush-cache'
  | 'forget-stamp'
  | 'renew-certificate';

export interface AdminRequest {
  readonly method: string;
  /** As in the request line; only the origin form is taken (RFC 9112 section 3.2.1). */
  readonly target: string;
  /** Every Host field; RFC 9112 section 3.2 allows one. */
  readonly hosts: readonly string[];
  readonly origin: string | undefined;
  /** The server's end of the connection; undefined on the control socket. */
  readonly localAddress: string | undefined;
  /** Came over the control socket, whose file only the owner may open. */
  readonly isControl: boolean;
}

/** A status and a sentence for whoever asked wrongly. */
export interface AdminRefusal {
  readonly status: 400 | 403 | 404 | 405 | 421;
  readonly message: string;
  /** The Allow field of a 405. */
  readonly allow?: string;
}

/** On both doors, by GET and HEAD. */
const ROUTES: Readonly<Record<string, AdminRoute>> = {
  '/': 'page',
  '/healthz': 'health',
  '/readyz': 'ready',
  '/api/status': 'status',
  '/metrics': 'metrics',
};
/**
 * On the control socket alone: what changes something, and what makes this server look a name up. A page that found a
 * way past Host and Origin could otherwise empty the cache, have names of its choosing asked of the upstreams, or use up
 * what a CA issues in a week.
 */
const CONTROL_ROUTES: Readonly<Record<string, { readonly route: AdminRoute; readonly allow: string }>> = {
  '/api/explain': { route: 'explain', allow: 'GET' },
  '/control/flush-cache': { route: 'flush-cache', allow: 'POST' },
  '/control/forget-stamp': { route: 'forget-stamp', allow: 'POST' },
  '/control/renew-certificate': { route: 'renew-certificate', allow: 'POST' },
};

/** `allowedHosts`: names and addresses that this server goes by, beside its own address, loopback and localhost. */
export function judgeAdminRequest(
  request: AdminRequest,
  allowedHosts: readonly string[],
): { readonly route: AdminRoute } | AdminRefusal {
  const { method, target, hosts, origin } = request;
  const host = hosts.length === 1 ? hostOf(hosts[0]!) : null;
  if (host === null) return { status: 400, message: 'one Host field with a name or an address is needed' };
  if (!isOurs(host, request, allowedHosts)) {
    const message =
      'this server does not go by that name; use its address, localhost, its host name or a name of its certificate';
    return { status: 421, message };
  }
  if (origin !== undefined && originHost(origin) !== hosts[0]!.toLowerCase())
    return { status: 403, message: 'pages of other places may not ask here' };
  if (!target.startsWith('/')) return { status: 400, message: 'the target must be a path' };
  const path = target.split('?', 1)[0]!;
  const found = routeAt(path, request.isControl);
  if (found === null)
    return {
      status: 404,
      message: 'there is /, /healthz, /readyz, /api/status and /metrics, and nothing else',
    };
  const { route, allow } = found;
  if (allow.split(', ').includes(method)) return { route };
  return { status: 405, message: `only ${allow} is understood here`, allow };
}

function routeAt(path: string, isControl: boolean): { route: AdminRoute; allow: string } | null {
  if (Object.hasOwn(ROUTES, path)) return { route: ROUTES[path]!, allow: 'GET, HEAD' };
  return isControl && Object.hasOwn(CONTROL_ROUTES, path) ? CONTROL_ROUTES[path]! : null;
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
