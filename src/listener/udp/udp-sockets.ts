// A way of having UDP sockets. There are two: in batches through system calls (batch-sockets.ts), and one datagram at a
// time through node:dgram (dgram-sockets.ts), where the first is not to be had. One contract suite runs on both.

import type { SocketAddress } from '../../config/config.ts';
import type { Bound } from '../binding.ts';
import type { UdpExchange } from './udp-exchange.ts';

/** Asked of the kernel, so that a burst finds room while one turn of the loop is busy. */
export const RECEIVE_BUFFER_OCTETS = 1 << 20;

export interface UdpSocketParts {
  readonly wanted: SocketAddress;
  readonly exchange: UdpExchange;
  /** For queries that another thread has counted already; where there is none it is never asked. */
  readonly counted: UdpExchange;
  /** It has to be opened anew. */
  readonly onBroken: (error: NodeJS.ErrnoException) => void;
}

export interface UdpSockets {
  /** Rejects with the system's error. An IPv6 socket takes IPv6 only, so that `0.0.0.0` and `::` can stand side by side. */
  open(parts: UdpSocketParts): Promise<Bound>;
  /**
   * Does this wildcard need a socket for each address of the host? A reply must leave from the address that was asked. To be
   * asked before it is opened: another program on one of the addresses may be why.
   */
  needsEachAddress(wildcard: SocketAddress): boolean;
  /** Takes nothing new from now on; resolves when all that was taken before has been asked. Default: at once. */
  quiet?(): Promise<void>;
  /** When all sockets have been closed: lets go of everything else. */
  end?(): Promise<void>;
}
