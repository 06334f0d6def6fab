// How often each client does something within a second, for the limits that are rates (reliability rows 5, 10 and 25).
// Counters in windows of a second, found by a keyed hash of the address: as much memory for a million forged addresses as
// for one, and they hit nobody but whoever happens to share a counter. A client may do twice its rate across a border.
// This host itself has no rate: nobody can forge its loopback address from outside, and what asks there in bulk is
// another resolver, a Pi-hole or dnsmasq in front of us, that stands for the whole house.
// Several threads may count in the same memory. Of two that count at once one may go uncounted: a rate is none to the unit.

import { hashed, mixed, newSeed } from '../dns/quick-hash.ts';

const WINDOW_MS = 1000;
/** A power of two; two devices of a house share one as good as never. */
const COUNTERS = 2 ** 14;
/** Where in its memory, behind the end of the window; the counts in cache lines of their own. */
const SEED_AT = 8;
const COUNTS_AT = 128;

export class ClientRate {
  readonly memory: SharedArrayBuffer;
  readonly #counts: Uint32Array;
  readonly #seed: number;
  /** One number, which both machines that have threads here store and load as a whole: 8 octets in their place. */
  readonly #windowEndMs: Float64Array;

  /** @param memory that of another thread's, to count together with it */
  constructor(memory = emptyRate()) {
    this.memory = memory;
    this.#counts = new Uint32Array(memory, COUNTS_AT, COUNTERS);
    this.#seed = new Int32Array(memory, SEED_AT, 1)[0]!;
    this.#windowEndMs = new Float64Array(memory, 0, 1);
  }

  /** Counts one more of `client`, and says how many that makes in this second; 0 for this host itself. */
  count(client: string, nowMs: number): number {
    if (client === '127.0.0.1' || client === '::1') return 0;
    if (nowMs >= this.#windowEndMs[0]!) {
      this.#counts.fill(0);
      this.#windowEndMs[0] = nowMs + WINDOW_MS;
    }
    let hash = this.#seed;
    for (let at = 0; at < client.length; at += 1) hash = hashed(hash, client.charCodeAt(at));
    const counter = mixed(hash) & (COUNTERS - 1);
    this.#counts[counter]! += 1;
    return this.#counts[counter]!;
  }
}

function emptyRate(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(COUNTS_AT + COUNTERS * Uint32Array.BYTES_PER_ELEMENT);
  new Float64Array(memory, 0, 1)[0] = Number.NEGATIVE_INFINITY;
  new Int32Array(memory, SEED_AT, 1)[0] = newSeed();
  return memory;
}
