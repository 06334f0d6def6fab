// Whom `noonmark query` asks: --server as people write it, or the first plain address of a configuration.
// A server is always an address. Its name would have to be looked up by the system, in plaintext and perhaps by
// ourselves, so a name is refused with the form to write instead; `localhost` alone needs no look-up (RFC 6761 6.3).

import { isIP, isIPv6 } from 'node:net';
import type { Config, SocketAddress } from '../config/config.ts';
import { parseSocketAddress } from '../config/socket-address.ts';
import { parseHostName } from '../config/url-parts.ts';
import { printable, quote } from '../config/value-error.ts';
import { interfaceAddresses } from '../listener/interfaces.ts';
import { formatAddress } from '../listener/listener.ts';
import { expandWildcards } from '../listener/udp.ts';
import type { Transport } from '../resolver/resolver.ts';
import { UsageError } from './command.ts';

export interface QueryServer {
  readonly transport: Transport;
  readonly address: SocketAddress;
  /** Asked again over TCP where its answer over UDP is truncated. */
  readonly retriesOverTcp: boolean;
  /** The name or address that its certificate must carry; null where there is no certificate. */
  readonly name: string | null;
  /** Path of a DoH server, beginning with a slash. */
  readonly path: string;
}

const SCHEMES: ReadonlyMap<string, { readonly transport: Transport; readonly port: number }> = new Map([
  ['udp', { transport: 'udp', port: 53 }],
  ['tcp', { transport: 'tcp', port: 53 }],
  ['tls', { transport: 'dot', port: 853 }], // RFC 7858 section 3.1
  ['https', { transport: 'doh', port: 443 }],
]);
const FORMS = 'write 192.0.2.1, udp://, tcp://, tls:// or https:// and an address';
const DEFAULT_PATH = '/dns-query';
const LOOPBACK = '127.0.0.1';

/**
 * `text` is --server, `name` is --name.
 * @throws UsageError, ValueError
 */
export function readServer(text: string, name: string | undefined): QueryServer {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/i.exec(text);
  const scheme = match?.[1]?.toLowerCase() ?? 'udp';
  const known = SCHEMES.get(scheme);
  if (known === undefined)
    throw new UsageError(`${quote(text)} has the unknown scheme ${scheme}://; ${FORMS}`);
  const { transport, port } = known;
  const rest = match?.[2] ?? text;
  const authority = /^[^/?#]*/.exec(rest)![0];
  const path = rest.slice(authority.length).replace(/\{\?dns\}$/, ''); // a URI template (RFC 8484 section 4.1)
  if (transport !== 'doh' && path !== '') {
    throw new UsageError(`${quote(text)} carries a path, which only https:// has; ${FORMS}`);
  }
  if (/^[?#]|#/.test(path)) throw new UsageError(`${quote(text)} needs a path such as ${DEFAULT_PATH}`);
  const host = hostOf(authority);
  if (host !== 'localhost' && isName(host)) throw new UsageError(refuseName(host, transport, scheme));
  const address = parseSocketAddress(authority.replace(/^localhost(?=:|$)/i, LOOPBACK), port);
  const isEncrypted = transport === 'dot' || transport === 'doh';
  const asked = host === 'localhost' ? host : address.address.split('%')[0]!;
  return {
    transport,
    address,
    retriesOverTcp: match === null,
    name: isEncrypted ? readName(name ?? asked) : null,
    path: path === '' ? DEFAULT_PATH : path,
  };
}

/** @throws UsageError where the configuration has no plain address */
export function defaultServer({ listen }: Config, file: string): QueryServer {
  const address = expandWildcards(listen.dns, interfaceAddresses)[0];
  if (address === undefined)
    throw new UsageError(`${file} has no address under listen.dns; name a server with --server`);
  return { transport: 'udp', address, retriesOverTcp: true, name: null, path: '' };
}

/** Is it one of the encrypted listeners of this configuration, on this host? */
export function isOwnListener({ transport, address }: QueryServer, { listen }: Config): boolean {
  const own = transport === 'dot' ? listen.dot : transport === 'doh' ? listen.doh : [];
  const place = formatAddress(address);
  return expandWildcards(own, interfaceAddresses).some((one) => formatAddress(one) === place);
}

function hostOf(authority: string): string {
  return isIPv6(authority) ? authority : authority.replace(/:\d*$/, '').toLowerCase();
}

function isName(host: string): boolean {
  return /[a-z]/i.test(host) && !host.includes(':');
}

function refuseName(host: string, transport: Transport, scheme: string): string {
  const wanted =
    transport === 'udp' || transport === 'tcp' ? 'ADDRESS' : `${scheme}://ADDRESS --name ${printable(host)}`;
  return `${quote(host)} is a name, and looking it up would go out in plaintext; give its address: --server ${wanted}`;
}

function readName(name: string): string {
  return isIP(name) === 0 ? parseHostName(name) : name;
}
