// UDP sockets that take and send in batches (batch-socket.ts): opened, bound, and watched, on memory that they share. One for
// a thread; nothing in it belongs to the process. A wildcard is one socket, which learns of each datagram where it came to
// (IP_PKTINFO, RFC 3542 section 6).

import type { DurationClock } from '../../clock/thread-clock.ts';
import type { SocketAddress } from '../../config/config.ts';
import { isWildcard } from '../../config/own-sockets.ts';
import type { Bound } from '../binding.ts';
import { AddressTexts } from './address-texts.ts';
import type { AnsweringParts } from './answering-socket.ts';
import { BatchSocket } from './batch-socket.ts';
import { MessageBatch } from './message-batch.ts';
import { OUTBOX_MESSAGES } from './outbox.ts';
import { ReceiveTurns } from './receive-turns.ts';
import { NAME_OCTETS_MAX, writeSocketName } from './socket-name.ts';
import { LINUX, type SystemCalls } from './system-calls.ts';
import { RECEIVE_BUFFER_OCTETS, type UdpSocketParts, type UdpSockets } from './udp-sockets.ts';

/** The largest datagram; the kernel gives pages to the slots only as far as something long has come. */
const DATAGRAM_OCTETS = 65_536;

export interface WatchedSocket extends Pick<AnsweringParts, 'descriptor' | 'exchange' | 'elsewhere'> {
  readonly wanted: SocketAddress;
  readonly onBroken: UdpSocketParts['onBroken'];
}

export class BatchSockets implements UdpSockets {
  readonly #calls: SystemCalls;
  readonly #clock: DurationClock;
  readonly #received: MessageBatch;
  readonly turns = new ReceiveTurns();
  readonly texts: AddressTexts;
  /** For what calls take and give by address: a sockaddr or an interface's name, and a number behind it. */
  readonly #scratch = Buffer.from(new ArrayBuffer(64));

  constructor(calls: SystemCalls, clock: DurationClock) {
    this.#calls = calls;
    this.#clock = clock;
    this.#received = new MessageBatch(OUTBOX_MESSAGES, DATAGRAM_OCTETS, calls.addressOf);
    this.texts = new AddressTexts((index) => calls.if_indextoname(index, this.#scratchAddress));
  }

  async open({ wanted, exchange, onBroken }: UdpSocketParts): Promise<Bound> {
    const { port, descriptors } = this.bind(wanted, 1);
    const descriptor = descriptors[0]!;
    try {
      const socket = this.watch({ descriptor, wanted, exchange, onBroken });
      let isOpen = true;
      const close = () => {
        socket.close();
        if (isOpen) this.#calls.close(descriptor);
        isOpen = false;
      };
      return { port, close };
    } catch (error) {
      this.#calls.close(descriptor);
      throw error;
    }
  }

  /**
   * So many sockets on one address, among which the kernel divides the clients (SO_REUSEPORT, socket(7)). The first is
   * bound before it is let be shared, so that an address of another program is not taken for ours.
   */
  bind(wanted: SocketAddress, count: number): { readonly port: number; readonly descriptors: number[] } {
    const descriptors: number[] = [];
    try {
      descriptors.push(this.#bind(wanted));
      const port = this.#portOf(descriptors[0]!);
      if (count > 1) this.#setOption(descriptors[0]!, LINUX.SOL_SOCKET, LINUX.SO_REUSEPORT, 1);
      while (descriptors.length < count) descriptors.push(this.#bind({ ...wanted, port }, true));
      for (const descriptor of descriptors) {
        if (isWildcard(wanted.address)) this.#askForLocalAddress(descriptor, wanted.family);
        this.#setOption(descriptor, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, RECEIVE_BUFFER_OCTETS);
      }
      return { port, descriptors };
    } catch (error) {
      for (const descriptor of descriptors) this.#calls.close(descriptor);
      throw error;
    }
  }

  /** Takes queries on a socket that is bound, until it is closed; its descriptor stays whoever's it is. */
  watch(socket: WatchedSocket): BatchSocket {
    const { onBroken, ...parts } = socket;
    return new BatchSocket({
      ...this.answeringParts(parts),
      ...{ received: this.#received, turns: this.turns, onBroken },
    });
  }

  answeringParts({
    descriptor,
    wanted,
    exchange,
    elsewhere,
  }: Omit<WatchedSocket, 'onBroken'>): AnsweringParts {
    return {
      descriptor,
      family: wanted.family,
      localAddress: isWildcard(wanted.address) ? null : wanted.address,
      ...{ calls: this.#calls, clock: this.#clock, texts: this.texts, exchange },
      ...(elsewhere === undefined ? {} : { elsewhere }),
    };
  }

  /** Only where one of its addresses is taken, by a stub on 127.0.0.53 for instance: the others are to be had still. */
  needsEachAddress(wildcard: SocketAddress): boolean {
    try {
      this.#calls.close(this.#bind(wildcard));
      return false;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
    }
  }

  get #scratchAddress(): number {
    return this.#calls.addressOf(this.#scratch.buffer as ArrayBuffer);
  }

  #bind(wanted: SocketAddress, isShared = false): number {
    const calls = this.#calls;
    const family = wanted.family === 4 ? LINUX.AF_INET : LINUX.AF_INET6;
    const type = LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC;
    const descriptor = calls.socket(family, type, 0);
    if (descriptor < 0) throw this.#error('socket');
    try {
      if (isShared) this.#setOption(descriptor, LINUX.SOL_SOCKET, LINUX.SO_REUSEPORT, 1);
      if (wanted.family === 6) this.#setOption(descriptor, LINUX.IPPROTO_IPV6, LINUX.IPV6_V6ONLY, 1);
      const octets = writeSocketName(this.#scratch, wanted, (name) => calls.if_nametoindex(name));
      if (calls.bind(descriptor, this.#scratchAddress, octets) < 0) throw this.#error('bind');
      return descriptor;
    } catch (error) {
      calls.close(descriptor);
      throw error;
    }
  }

  #askForLocalAddress(descriptor: number, family: 4 | 6): void {
    if (family === 4) this.#setOption(descriptor, LINUX.IPPROTO_IP, LINUX.IP_PKTINFO, 1);
    else this.#setOption(descriptor, LINUX.IPPROTO_IPV6, LINUX.IPV6_RECVPKTINFO, 1);
  }

  #setOption(descriptor: number, level: number, option: number, value: number): void {
    this.#scratch.writeInt32LE(value, 0);
    if (this.#calls.setsockopt(descriptor, level, option, this.#scratchAddress, 4) < 0)
      throw this.#error('setsockopt');
  }

  #portOf(descriptor: number): number {
    this.#scratch.writeUInt32LE(NAME_OCTETS_MAX, NAME_OCTETS_MAX);
    const at = this.#scratchAddress;
    if (this.#calls.getsockname(descriptor, at, at + NAME_OCTETS_MAX) < 0) throw this.#error('getsockname');
    return this.#scratch.readUInt16BE(2);
  }

  #error(call: string): NodeJS.ErrnoException {
    const code = this.#calls.errorCode();
    return Object.assign(new Error(`${call} ${code}`), { code });
  }
}
