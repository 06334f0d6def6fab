// What every transport's front door is: something that starts, says where it is bound, and drains when told to stop.
// Each turns octets into a Query and a Context, hands them to the resolver, and renders the Answer for its transport.

import type { Clock } from '../clock/clock.ts';
import type { Limits, SocketAddress } from '../config/config.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import type { Resolver } from '../resolver/resolver.ts';

export interface Listener {
  readonly transport: 'udp' | 'tcp' | 'dot' | 'doh';
  /** Begins to bind; resolves once every address has been tried. One that is not there yet is tried again each second. */
  start(): Promise<void>;
  /** From now on these addresses and no others; connections that stand are not touched. */
  listenOn(addresses: readonly SocketAddress[]): Promise<void>;
  /** Takes no new queries, answers those in flight, then closes; after `graceMs` it closes anyway. */
  stop(graceMs: number): Promise<void>;
  /** Where queries are taken at this moment. */
  readonly addresses: readonly SocketAddress[];
  /** Addresses that wait for something, each with the reason; for people. */
  readonly waiting: readonly WaitingAddress[];
}

export interface WaitingAddress {
  readonly address: SocketAddress;
  readonly reason: string;
  /** No waiting will change it. */
  readonly isHopeless: boolean;
  /** How long it has been waited for. */
  readonly waitingForMs: number;
}

export interface ListenerParts {
  readonly addresses: readonly SocketAddress[];
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly limitLog: LimitLog;
}

/** "127.0.0.1:53" or "[::1]:53". */
export function formatAddress({ address, port }: Pick<SocketAddress, 'address' | 'port'>): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Node shows IPv4 clients of an IPv6 socket as ::ffff:a.b.c.d, and link-local ones with their scope. */
export function plainAddress(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
