// Rules between listen addresses: something to listen on, nothing twice, no two listeners on one port,
// no wildcard beside an address that it covers. Who may see the pages of `admin` is in admin-rules.ts.

import type { SocketAddress } from './config.ts';
import { isWildcard } from './own-sockets.ts';
import type { Report } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';

/** Which kinds of socket each key of `listen` opens: two keys get in each other's way when they share one. */
const SOCKETS = { dns: ['udp', 'tcp'], dot: ['tcp'], doh: ['tcp'], admin: ['tcp'], ntp: ['udp'] } as const;
type ListenKey = keyof typeof SOCKETS;
const KEYS = Object.keys(SOCKETS) as ListenKey[];

/** What answers DNS; dashboard and NTP alone make no resolver. */
const DNS_KEYS: readonly ListenKey[] = ['dns', 'dot', 'doh'];

export function checkListen(
  listen: Partial<Record<ListenKey, readonly SocketAddress[]>>,
  report: Report,
): void {
  if (!DNS_KEYS.some((key) => (listen[key]?.length ?? 0) > 0)) {
    report.error(['listen'], 'nothing listens for queries; write an address under `dns`, `dot` or `doh`');
  }
  const seen: { key: ListenKey; position: number; socket: SocketAddress }[] = [];
  for (const key of KEYS) {
    for (const [position, socket] of (listen[key] ?? []).entries()) {
      const rival = seen.find((other) => sharesSocket(key, other.key) && overlaps(socket, other.socket));
      if (rival) {
        const place = `listen.${rival.key}[${rival.position}]`;
        const same = rival.socket.address === socket.address;
        const text = formatSocketAddress(socket);
        report.error(
          ['listen', key, position],
          same
            ? `${text} is listed already at ${place}; give each an address or port of its own`
            : `${text} and ${formatSocketAddress(rival.socket)} (${place}) overlap; keep one of them`,
        );
      }
      seen.push({ key, position, socket });
    }
  }
}

function sharesSocket(a: ListenKey, b: ListenKey): boolean {
  return SOCKETS[a].some((kind) => (SOCKETS[b] as readonly string[]).includes(kind));
}

/** Could not both be listened on? */
export function overlaps(a: SocketAddress, b: SocketAddress): boolean {
  if (a.port !== b.port || a.family !== b.family) return false;
  return a.address === b.address || isWildcard(a.address) || isWildcard(b.address);
}
