// System calls without a kernel: a test says what is there to receive and what becomes of what is sent.

import { LINUX, type SystemCalls } from '../../../../src/listener/udp/system-calls.ts';

const START = 0x7f00_0000_0000;
const HEADER_OCTETS = 64;

export class FakeKernel {
  /** Datagrams to be received. */
  readonly incoming: Buffer[] = [];
  /** What was sent, in order. */
  readonly sent: string[] = [];
  /** What the next calls give: how many messages are taken, or an error. Empty: all are. */
  readonly sending: (number | string)[] = [];
  /** An error instead of what there is to receive. */
  receiveError: string | null = null;
  clientPort = 4660;
  /** MSG_TRUNC and the like, for what is received. */
  flags = 0;
  readonly closed: number[] = [];
  onReadable: () => void = () => {};
  isWatched = false;
  /** How often anything was sent. */
  sendCalls = 0;
  #error = '';
  #memories: { start: number; octets: Buffer }[] = [];

  readonly calls: SystemCalls = {
    socket: () => 7,
    socketpair: () => 0,
    bind: () => 0,
    getsockname: () => 0,
    setsockopt: () => 0,
    close: (descriptor) => this.closed.push(descriptor),
    if_nametoindex: () => 0,
    if_indextoname: () => null,
    errorCode: () => this.#error,
    addressOf: (memory) => {
      const start = START + this.#memories.length * 0x1000_0000;
      this.#memories.push({ start, octets: Buffer.from(memory) });
      return start;
    },
    watch: (_descriptor, onReadable) => {
      this.onReadable = onReadable;
      this.isWatched = true;
      return { close: () => (this.isWatched = false) };
    },
    recvmmsg: (_descriptor, headers, count) => this.#receive(headers, count),
    sendmmsg: (_descriptor, headers, count) => this.#send(headers, count),
  };

  #receive(headers: number, count: number): number {
    if (this.receiveError !== null) return this.#fail(this.receiveError);
    if (this.incoming.length === 0) return this.#fail('EAGAIN');
    const taken = this.incoming.splice(0, count);
    for (const [at, datagram] of taken.entries()) {
      const header = this.#at(headers + at * HEADER_OCTETS);
      const name = this.#at(Number(header.readBigUInt64LE(0)));
      name.writeUInt16LE(LINUX.AF_INET, 0);
      name.writeUInt16BE(this.clientPort, 2);
      name.set([127, 0, 0, 9], 4);
      header.writeUInt32LE(16, 8);
      header.writeBigUInt64LE(0n, 40);
      header.writeInt32LE(this.flags, 48);
      const vector = this.#at(Number(header.readBigUInt64LE(16)));
      this.#at(Number(vector.readBigUInt64LE(0))).set(datagram);
      header.writeUInt32LE(datagram.length, 56);
    }
    return taken.length;
  }

  #send(headers: number, count: number): number {
    this.sendCalls += 1;
    const verdict = this.sending.shift() ?? count;
    if (typeof verdict === 'string') return this.#fail(verdict);
    for (let at = 0; at < verdict; at += 1) {
      const header = this.#at(headers + at * HEADER_OCTETS);
      const vector = this.#at(Number(header.readBigUInt64LE(16)));
      const octets = this.#at(Number(vector.readBigUInt64LE(0)));
      this.sent.push(octets.toString('latin1', 0, Number(vector.readBigUInt64LE(8))));
    }
    return verdict;
  }

  #fail(code: string): -1 {
    this.#error = code;
    return -1;
  }

  #at(address: number): Buffer {
    const memory = this.#memories.find(
      ({ start, octets }) => address >= start && address < start + octets.length,
    );
    return memory!.octets.subarray(address - memory!.start);
  }
}
