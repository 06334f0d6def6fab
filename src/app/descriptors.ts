// How many connections this process can afford: every one is an open file, and the system sets a limit to those. What
// upstreams, state files, the dashboard and the control socket need is kept back; the rest is shared among the doors.
// A server that clients have left no descriptor for can ask nobody and tell nobody (reliability row 24).

import { readFileSync } from 'node:fs';
import { ADMIN_LIMITS } from '../admin/admin-limits.ts';
import type { Config, Limits } from '../config/config.ts';
import type { Log } from '../observe/log.ts';

/** Node and the standard streams (27 at rest), files that are read and written, time sources, lists, a CA. */
const OWN_DESCRIPTORS = 64;
/** Of one upstream: eight connections (upstream/connected-upstream.ts), and those that race to replace one. */
const DESCRIPTORS_PER_UPSTREAM = 10;
/** UDP, and then perhaps TCP (upstream/plain-exchange.ts). */
const SOCKETS_PER_EXCHANGE = 2;
/** However low the limit, this part of it is for clients. */
const LEAST_PART = 1 / 4;

type Affected = 'connections' | 'connectionsPerClient';

export interface DescriptorShare extends Pick<Limits, Affected> {
  /** In flight to each server of a forwarded zone: every one has sockets of its own. */
  readonly exchangesPerServer: number;
}

export type DescriptorNeeds = Pick<Config, 'listen' | 'upstreams' | 'forward'> & {
  readonly limits: Pick<Limits, Affected>;
};

/** The limits that `openFilesMax` leaves room for, at most the configured ones; one client's part shrinks with the whole. */
export function shareDescriptors(openFilesMax: number, config: DescriptorNeeds): DescriptorShare {
  const { listen, forward, limits } = config;
  const servers = new Set(forward.flatMap((zone) => zone.servers.map((one) => `${one.address} ${one.port}`)));
  const doors = [listen.dns, listen.dot, listen.doh].filter((addresses) => addresses.length > 0).length;
  const room = Math.max(openFilesMax - reserved(config), openFilesMax * LEAST_PART);
  const part = Math.max(1, Math.floor(room / (doors + Math.min(servers.size, 1))));
  const connections = Math.min(limits.connections, part);
  const shrunk = Math.ceil((limits.connectionsPerClient * connections) / limits.connections);
  return {
    connections,
    connectionsPerClient: Math.min(limits.connectionsPerClient, shrunk),
    exchangesPerServer: Math.max(1, Math.floor(part / (SOCKETS_PER_EXCHANGE * Math.max(servers.size, 1)))),
  };
}

/** The same for the limit of this process, with a word to the owner where he is given less than he wants. */
export function affordableLimits(
  config: Config,
  log: Log,
  openFilesMax = readOpenFilesMax(),
): Limits & DescriptorShare {
  const share = shareDescriptors(openFilesMax ?? Number.POSITIVE_INFINITY, config);
  if (share.connections < config.limits.connections)
    log.warn('the system lets this process open too few files for limits.connections; fewer are kept', {
      openFiles: openFilesMax,
      wanted: config.limits.connections,
      connections: share.connections,
      connectionsPerClient: share.connectionsPerClient,
      hint: 'raise LimitNOFILE= of the systemd unit (ulimit -n, nofile), or lower limits.connections',
    });
  return { ...config.limits, ...share };
}

function reserved({ listen, upstreams }: DescriptorNeeds): number {
  const { dns, dot, doh, admin } = listen;
  const sockets = 2 * dns.length + dot.length + doh.length + admin.length;
  return OWN_DESCRIPTORS + ADMIN_LIMITS.connections + sockets + DESCRIPTORS_PER_UPSTREAM * upstreams.length;
}

/** Where there is no such file, nobody knows: null. Node has raised the soft limit to the hard one before we look. */
function readOpenFilesMax(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'));
    return found === null ? null : Number(found[1]);
  } catch {
    return null;
  }
}
