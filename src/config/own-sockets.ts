// Is an address and port one of those that this server itself listens on? For everything that must not ask itself:
// upstreams, time sources, and the host whose resolv.conf names us.

import { BlockList, isIPv6 } from 'node:net';
import type { SocketAddress } from './config.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

export function isLoopback(address: string): boolean {
  return LOOPBACK.check(address.replace(/%.*/, ''), isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** All addresses of a family. */
export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** `ownAddresses` are those of this host, as far as they are known; a wildcard is listening on them too. */
export function isOwnSocket(
  listen: readonly SocketAddress[],
  address: string,
  port: number,
  ownAddresses: readonly string[] = [],
): boolean {
  const family = isIPv6(address) ? 6 : 4;
  const isThisHost = isLoopback(address) || ownAddresses.includes(address);
  return listen.some(
    (socket) =>
      socket.port === port &&
      (socket.address === address || (isThisHost && socket.family === family && isWildcard(socket.address))),
  );
}
