// A batch of datagrams as recvmmsg(2) and sendmmsg(2) take it: memory of a fixed size, made once. For each message there are
// an mmsghdr, an iovec, the other side's sockaddr with room for one control message behind it, and a slot for the octets.
// Layouts of 64-bit Linux, little-endian; where glibc has 64-bit lengths musl has 32-bit ones and a zero behind.

import { type Address, LINUX } from './system-calls.ts';

/** struct mmsghdr: a msghdr of 56 octets, then how many octets came, then 4 that nobody reads. */
const HEADER_OCTETS = 64;
/** Places in it, counted in words of 4 octets. */
const HEADER = {
  name: 0,
  nameOctets: 2,
  vector: 4,
  vectorLength: 6,
  control: 8,
  controlOctets: 10,
  flags: 12,
  octets: 14,
};
/** struct iovec: where, and how many octets. */
const VECTOR_OCTETS = 16;
const VECTOR_LENGTH = 2;

/** Room for a sockaddr_in6 (28 octets) or a sockaddr_in (16). */
const NAME_OCTETS = 32;
/** Room for one IPV6_PKTINFO (40 octets) or one IP_PKTINFO (32). */
const CONTROL_OCTETS = 48;
/** Words of both: who sent a message and where to, so also where to and where from its reply goes. */
export const ROUTE_WORDS = (NAME_OCTETS + CONTROL_OCTETS) / 4;
/** Where the control message begins in them. */
export const CONTROL = NAME_OCTETS / 4;

export class MessageBatch {
  readonly size: number;
  /** Of the first header, for the system calls. */
  readonly headers: Address;
  /** All but the slots. */
  readonly words: Int32Array;
  /** One for each message, over the batch's own memory. */
  readonly slots: readonly Buffer[];
  /** The whole memory. */
  readonly octets: Uint8Array;
  /** Of how many the system may have taken room; to be set whenever it has received some. */
  filled: number;
  readonly #firstSlot: number;
  readonly #slotOctets: number;

  /** @param size messages, each with a slot of `slotOctets` */
  constructor(size: number, slotOctets: number, addressOf: (memory: ArrayBuffer) => Address) {
    const memory = new ArrayBuffer(size * (HEADER_OCTETS + VECTOR_OCTETS + 4 * ROUTE_WORDS + slotOctets));
    const start = addressOf(memory);
    const vectors = size * HEADER_OCTETS;
    const routes = vectors + size * VECTOR_OCTETS;
    const slots = routes + size * 4 * ROUTE_WORDS;
    const pointers = new BigUint64Array(memory, 0, slots / 8);
    const point = (at: number, to: number) => {
      pointers[at / 8] = BigInt(start + to);
    };
    this.size = size;
    this.filled = size;
    this.headers = start;
    this.octets = new Uint8Array(memory);
    this.#firstSlot = slots;
    this.#slotOctets = slotOctets;
    this.words = new Int32Array(memory, 0, slots / 4);
    this.slots = Array.from({ length: size }, (_, at) =>
      Buffer.from(memory, slots + at * slotOctets, slotOctets),
    );
    for (let at = 0; at < size; at += 1) {
      const header = at * HEADER_OCTETS;
      const vector = vectors + at * VECTOR_OCTETS;
      const route = routes + at * 4 * ROUTE_WORDS;
      point(header + 4 * HEADER.name, route);
      point(header + 4 * HEADER.vector, vector);
      this.words[header / 4 + HEADER.vectorLength] = 1;
      point(header + 4 * HEADER.control, route + NAME_OCTETS);
      point(vector, slots + at * slotOctets);
      this.words[vector / 4 + VECTOR_LENGTH] = slotOctets;
    }
  }

  headerOf(at: number): Address {
    return this.headers + at * HEADER_OCTETS;
  }

  /** Where the route of a message begins in `words`. */
  routeOf(at: number): number {
    return (this.size * (HEADER_OCTETS + VECTOR_OCTETS)) / 4 + at * ROUTE_WORDS;
  }

  /** Gives the first `count` all their room back, which receiving has taken. */
  makeRoom(count: number): void {
    const { words } = this;
    for (let header = 0; header < count * (HEADER_OCTETS / 4); header += HEADER_OCTETS / 4) {
      words[header + HEADER.nameOctets] = NAME_OCTETS;
      words[header + HEADER.controlOctets] = CONTROL_OCTETS;
    }
  }

  /** Where in `octets` the slot of a message begins. */
  slotAt(at: number): number {
    return this.#firstSlot + at * this.#slotOctets;
  }

  octetsReceived(at: number): number {
    return this.words[at * (HEADER_OCTETS / 4) + HEADER.octets]!;
  }

  /** A copy of what came, for the slot is soon another's. */
  received(at: number): Uint8Array {
    return this.octets.slice(this.slotAt(at), this.slotAt(at) + this.octetsReceived(at));
  }

  /** Was the datagram longer than the slot? */
  isCut(at: number): boolean {
    return (this.words[at * (HEADER_OCTETS / 4) + HEADER.flags]! & LINUX.MSG_TRUNC) !== 0;
  }

  /** Did the system say which address of ours it came to? */
  hasControl(at: number): boolean {
    return this.words[at * (HEADER_OCTETS / 4) + HEADER.controlOctets]! > 0;
  }

  /**
   * Makes message `at` one of so many octets of its slot, along the route that stands in `words` from `route` on.
   * @param controlOctets 0: from whatever address the socket is bound to
   */
  address(at: number, octets: number, words: Int32Array, route: number, controlOctets: number): void {
    const own = this.words;
    const to = this.routeOf(at);
    for (let word = 0; word < ROUTE_WORDS; word += 1) own[to + word] = words[route + word]!;
    const header = at * (HEADER_OCTETS / 4);
    own[header + HEADER.nameOctets] = (own[to]! & 0xffff) === LINUX.AF_INET ? 16 : 28;
    own[header + HEADER.controlOctets] = controlOctets;
    own[(this.size * HEADER_OCTETS + at * VECTOR_OCTETS) / 4 + VECTOR_LENGTH] = octets;
  }

  /** The same for sockets that have but one other side. */
  unaddressed(at: number, octets: number): void {
    const header = at * (HEADER_OCTETS / 4);
    this.words[header + HEADER.nameOctets] = 0;
    this.words[header + HEADER.controlOctets] = 0;
    this.words[(this.size * HEADER_OCTETS + at * VECTOR_OCTETS) / 4 + VECTOR_LENGTH] = octets;
  }
}
