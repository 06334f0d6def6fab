// UDP sockets that take and send in batches (batch-socket.ts): opened, bound, and watched, on memory that they share. One for
// a thread; nothing in it belongs to the process. A wildcard is one socket, which learns of each datagram where it came to
// (IP_PKTINFO, RFC 3542 section 6).

import type { Clock } from '../../clock/clock.ts';
import type { SocketAddress } from '../../config/config.ts';
import { isWildcard } from '../../config/own-sockets.ts';
import type { Bound } from '../binding.ts';
import { AddressTexts } from './address-texts.ts';
import { BatchSocket } from './batch-socket.ts';
import { MessageBatch } from './message-batch.ts';
import { OUTBOX_MESSAGES } from './outbox.ts';
import { ReceiveTurns } from './receive-turns.ts';
import { NAME_OCTETS_MAX, writeSocketName } from './socket-name.ts';
import { LINUX, type SystemCalls } from './system-calls.ts';
import { RECEIVE_BUFFER_OCTETS, type UdpSocketParts, type UdpSockets } from './udp-sockets.ts';

/** The largest datagram; the kernel gives pages to the slots only as far as something long has come. */
const DATAGRAM_OCTETS = 65_536;

export class BatchSockets implements UdpSockets {
  readonly #calls: SystemCalls;
  readonly #clock: Clock;
  readonly #received: MessageBatch;
  readonly #turns = new ReceiveTurns();
  readonly #texts: AddressTexts;
  /** For what calls take and give by address: a sockaddr or an interface's name, and a number behind it. */
  readonly #scratch = Buffer.from(new ArrayBuffer(64));

  constructor(calls: SystemCalls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
    this.#received = new MessageBatch(OUTBOX_MESSAGES, DATAGRAM_OCTETS, calls.addressOf);
    this.#texts = new AddressTexts((index) => calls.if_indextoname(index, this.#scratchAddress));
  }

  async open({ wanted, exchange, onBroken }: UdpSocketParts): Promise<Bound> {
    const descriptor = this.#bind(wanted);
    try {
      const isEverywhere = isWildcard(wanted.address);
      if (isEverywhere) this.#askForLocalAddress(descriptor, wanted.family);
      this.#setOption(descriptor, LINUX.SOL_SOCKET, LINUX.SO_RCVBUF, RECEIVE_BUFFER_OCTETS);
      const port = this.#portOf(descriptor);
      const socket = new BatchSocket({
        descriptor,
        family: wanted.family,
        localAddress: isEverywhere ? null : wanted.address,
        calls: this.#calls,
        clock: this.#clock,
        received: this.#received,
        turns: this.#turns,
        texts: this.#texts,
        exchange,
        onBroken,
      });
      return { port, close: () => socket.close() };
    } catch (error) {
      this.#calls.close(descriptor);
      throw error;
    }
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

  #bind(wanted: SocketAddress): number {
    const calls = this.#calls;
    const family = wanted.family === 4 ? LINUX.AF_INET : LINUX.AF_INET6;
    const type = LINUX.SOCK_DGRAM | LINUX.SOCK_NONBLOCK | LINUX.SOCK_CLOEXEC;
    const descriptor = calls.socket(family, type, 0);
    if (descriptor < 0) throw this.#error('socket');
    try {
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
