// Queries on their way from one thread to another, in a ring of shared memory of fixed size: one thread writes, one reads, and
// none waits for the other. What the positions say is stored and loaded by Atomics, and what lies between them is whole by
// that on every machine (ECMA-262, memory model). When it is full a query is lost, as datagrams are, and counted.

import type { Taken } from '../udp/answering-socket.ts';
import { ROUTE_WORDS } from '../udp/message-batch.ts';

/** Some 1,800 queries of usual length, or three of the longest that there can be. */
const RING_WORDS = 2 ** 16;
/** Words that one thread writes and the other reads, each in a cache line of its own. */
const [WRITTEN, READ, IS_ASLEEP, LOST] = [0, 16, 32, 48];
const CONTROL_WORDS = 64;
const WORD_OCTETS = 4;

/** Words of a query: how many it takes, which socket it came by, its octets, when it came (two), its route, itself. */
const [SIZE, SOCKET, OCTETS, RECEIVED_AT, ROUTE] = [0, 1, 2, 4, 6];
const QUERY = ROUTE + ROUTE_WORDS;

/** Called with a query that is there until this returns. */
export type TakeQuery = (socket: number, query: Taken) => void;

export class QueryRing {
  readonly memory: SharedArrayBuffer;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #octets: Uint8Array;
  readonly #times: Float64Array;

  constructor(memory = new SharedArrayBuffer((CONTROL_WORDS + RING_WORDS) * WORD_OCTETS)) {
    const start = CONTROL_WORDS * WORD_OCTETS;
    this.memory = memory;
    this.#control = new Int32Array(memory, 0, CONTROL_WORDS);
    this.#words = new Int32Array(memory, start);
    this.#octets = new Uint8Array(memory, start);
    this.#times = new Float64Array(memory, start);
  }

  /** For the thread that writes; false: there is no room for it. */
  write(socket: number, { octets, start, end, words, route, receivedAtMs }: Taken): boolean {
    const size = evenWords(QUERY * WORD_OCTETS + end - start);
    const at = this.#roomFor(size);
    if (at < 0) {
      Atomics.add(this.#control, LOST, 1);
      return false;
    }
    const own = this.#words;
    own[at + SIZE] = size;
    own[at + SOCKET] = socket;
    own[at + OCTETS] = end - start;
    this.#times[(at + RECEIVED_AT) / 2] = receivedAtMs;
    for (let word = 0; word < ROUTE_WORDS; word += 1) own[at + ROUTE + word] = words[route + word]!;
    const to = (at + QUERY) * WORD_OCTETS - start;
    for (let from = start; from < end; from += 1) this.#octets[to + from] = octets[from]!;
    this.#advance(WRITTEN, size);
    return true;
  }

  /** For the thread that reads: hands out so many at most, the earliest first; how many there were. */
  read(most: number, take: TakeQuery): number {
    let count = 0;
    while (count < most && !this.isEmpty) {
      const at = this.#control[READ]! & (RING_WORDS - 1);
      const size = this.#words[at + SIZE]!;
      try {
        if (size > 0) take(this.#words[at + SOCKET]!, this.#takenAt(at));
      } finally {
        this.#advance(READ, Math.abs(size));
      }
      if (size > 0) count += 1;
    }
    return count;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#control, WRITTEN) === Atomics.load(this.#control, READ);
  }

  /** Whoever reads has nothing to do, and wants to be woken; false: something has come meanwhile. */
  sleep(): boolean {
    Atomics.store(this.#control, IS_ASLEEP, 1);
    return this.isEmpty || Atomics.exchange(this.#control, IS_ASLEEP, 0) === 0;
  }

  /** Does whoever reads have to be woken? True once only. */
  wake(): boolean {
    return Atomics.exchange(this.#control, IS_ASLEEP, 0) === 1;
  }

  /** How many found no room since this was asked last. */
  takeLost(): number {
    return Atomics.load(this.#control, LOST) === 0 ? 0 : Atomics.exchange(this.#control, LOST, 0);
  }

  #takenAt(at: number): Taken {
    const start = (at + QUERY) * WORD_OCTETS;
    return {
      ...{ octets: this.#octets, start, end: start + this.#words[at + OCTETS]! },
      ...{ words: this.#words, route: at + ROUTE },
      receivedAtMs: this.#times[(at + RECEIVED_AT) / 2]!,
    };
  }

  /** Where so many words in a row are free, what is too short at the end left out; -1: nowhere. */
  #roomFor(size: number): number {
    const written = this.#control[WRITTEN]!;
    const free = RING_WORDS - ((written - Atomics.load(this.#control, READ)) | 0);
    const at = written & (RING_WORDS - 1);
    const toEnd = RING_WORDS - at;
    if (size <= toEnd) return size <= free ? at : -1;
    if (toEnd + size > free) return -1;
    this.#words[at + SIZE] = -toEnd;
    this.#advance(WRITTEN, toEnd);
    return 0;
  }

  #advance(position: number, words: number): void {
    Atomics.store(this.#control, position, (this.#control[position]! + words) | 0);
  }
}

/** An even number, so that a time stands at a multiple of eight octets. */
function evenWords(octets: number): number {
  return 2 * Math.ceil(octets / (2 * WORD_OCTETS));
}
