// Plain DNS over UDP (RFC 1035 section 4.2.1, EDNS sizes by RFC 6891 and RFC 9715), IPv4 and IPv6.
// A wildcard address becomes one socket for each address of the host, looked up again every ten seconds: a reply must
// leave from the address that was asked, and node:dgram cannot say which one that was.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import type { Timer } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { type AnswerView, DROP, renderAnswer, renderBound } from '../dns/answer.ts';
import { Query } from '../dns/query.ts';
import { Binding, BindingSet, type Bound } from './binding.ts';
import { Drain } from './drain.ts';
import { type InterfaceAddress, interfaceAddresses } from './interfaces.ts';
import {
  formatAddress,
  type Listener,
  type ListenerParts,
  plainAddress,
  type WaitingAddress,
} from './listener.ts';

const INTERFACES_EVERY_MS = 10_000;
/** Without EDNS (RFC 1035 section 2.3.4). */
const CLASSIC_PAYLOAD_OCTETS = 512;
/** A reply has at most so many times the octets of its query (reliability row 5): whoever bears a forged address gets little more. */
const AMPLIFICATION_MAX = 25;
/** Asked of the kernel, so that a burst finds room while one turn of the loop is busy. */
const RECEIVE_BUFFER_OCTETS = 1 << 20;

export interface UdpListenerParts extends ListenerParts {
  /** The host's addresses; given by tests, else read from the host. */
  readonly interfaces?: () => readonly InterfaceAddress[];
}

/** One socket per address: wildcards become the host's addresses of their family. */
export function expandWildcards(
  wanted: readonly SocketAddress[],
  interfaces: () => readonly InterfaceAddress[],
): SocketAddress[] {
  const found = new Map<string, SocketAddress>();
  for (const address of wanted) {
    const expanded = isWildcard(address)
      ? interfaces()
          .filter(({ family }) => family === address.family)
          .map((local) => ({ ...address, address: local.address }))
      : [address];
    for (const one of expanded) found.set(formatAddress(one), one);
  }
  return [...found.values()];
}

function isWildcard({ address }: SocketAddress): boolean {
  return address === '0.0.0.0' || address === '::';
}

export class UdpListener implements Listener {
  readonly transport = 'udp';
  readonly #parts: UdpListenerParts;
  readonly #bindings = new BindingSet();
  readonly #drain: Drain;
  #wanted: readonly SocketAddress[];
  #look: Timer | null = null;
  #inFlight = 0;
  #isStopping = false;

  constructor(parts: UdpListenerParts) {
    this.#parts = parts;
    this.#wanted = parts.addresses;
    this.#drain = new Drain(parts.clock);
  }

  get addresses(): SocketAddress[] {
    return this.#bindings.addresses;
  }

  get waiting(): WaitingAddress[] {
    return this.#bindings.waiting;
  }

  start(): Promise<void> {
    this.#look = this.#parts.clock.every(INTERFACES_EVERY_MS, () => void this.#bindAll());
    return this.#bindAll();
  }

  listenOn(addresses: readonly SocketAddress[]): Promise<void> {
    this.#wanted = addresses;
    return this.#bindAll();
  }

  async stop(graceMs: number): Promise<void> {
    this.#isStopping = true;
    this.#look?.cancel();
    if (this.#inFlight > 0) await this.#drain.wait(graceMs);
    this.#bindings.close();
  }

  /** Opens what is new on this host and closes what has gone. */
  #bindAll(): Promise<void> {
    const { interfaces = interfaceAddresses, clock, log } = this.#parts;
    return this.#bindings.become(expandWildcards(this.#wanted, interfaces), (wanted) => {
      const bind = (address: SocketAddress) => this.#bind(address, (error) => binding.reopen(error));
      const binding: Binding = new Binding({ wanted, what: 'dns (UDP)', bind, clock, log });
      return binding;
    });
  }

  #bind(wanted: SocketAddress, onBroken: (error: NodeJS.ErrnoException) => void): Promise<Bound> {
    const family =
      wanted.family === 4 ? ({ type: 'udp4' } as const) : ({ type: 'udp6', ipv6Only: true } as const);
    const socket = createSocket({ ...family, recvBufferSize: RECEIVE_BUFFER_OCTETS });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address: wanted.address, port: wanted.port, exclusive: true }, () => {
        socket.removeAllListeners('error').on('error', onBroken);
        const { port } = socket.address();
        const local = wanted.address;
        socket.on('message', (message, peer) => this.#receive(socket, local, message, peer));
        resolve({ port, close: () => closeOnce(socket) });
      });
    });
  }

  #receive(socket: Socket, localAddress: string, message: Uint8Array, peer: RemoteInfo): void {
    if (this.#isStopping || peer.port === 0) return; // nobody can be answered on port 0
    const { resolver, clock, limits } = this.#parts;
    const receivedAtMs = clock.monotonic();
    const query = new Query(message);
    const answer = resolver.resolve(query, {
      client: plainAddress(peer.address),
      clientPort: peer.port,
      localAddress,
      transport: 'udp',
      receivedAtMs,
      deadlineMs: receivedAtMs + limits.queryDeadlineMs,
      answeredBy: undefined, // all contexts have one shape
    });
    if (!(answer instanceof Promise)) {
      this.#send(socket, query, answer, peer, ignoreSendError);
      return;
    }
    this.#inFlight += 1;
    const done = () => {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#drain.finished();
    };
    void answer.then((late) => this.#send(socket, query, late, peer, done));
  }

  /** `onSent` runs when the kernel has it, which is a little later, or when nothing could be sent. */
  #send(socket: Socket, query: Query, answer: AnswerView, peer: RemoteInfo, onSent: () => void): void {
    if (answer === DROP) {
      onSent();
      return;
    }
    const offered = query.edns?.payloadOctets ?? CLASSIC_PAYLOAD_OCTETS;
    const { udpPayloadOctets } = this.#parts.limits;
    const maxOctets = Math.min(offered, udpPayloadOctets, AMPLIFICATION_MAX * query.bytes.length);
    const limits = { maxOctets, padToOctets: 0, keepaliveMs: null };
    const response = Buffer.allocUnsafe(renderBound(answer, query, limits));
    const end = renderAnswer(answer, query, limits, response, 0);
    try {
      socket.send(response, 0, end, peer.port, peer.address, onSent);
    } catch {
      onSent(); // the address went while the answer was on its way
    }
  }
}

/** A client that has gone, or a network that is down: nobody is left to tell, and the socket is as good as before. */
function ignoreSendError(): void {}

function closeOnce(socket: Socket): void {
  socket.removeAllListeners('error').on('error', () => {});
  try {
    socket.close();
  } catch {
    // already closed by its own error
  }
}
