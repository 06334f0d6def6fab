// How often each client does something within a second, for the limits that are rates (reliability rows 5, 10 and 25).
// Counters in windows of a second, found by a keyed hash of the address: as much memory for a million forged addresses as
// for one, and they hit nobody but whoever happens to share a counter. A client may do twice its rate across a border.
// This host itself has no rate: nobody can forge its loopback address from outside, and what asks there in bulk is
// another resolver, a Pi-hole or dnsmasq in front of us, that stands for the whole house.

import { hashed, mixed, newSeed } from '../dns/quick-hash.ts';

const WINDOW_MS = 1000;
/** A power of two; two devices of a house share one as good as never. */
const COUNTERS = 2 ** 14;

export class ClientRate {
  readonly #counts = new Uint32Array(COUNTERS);
  readonly #seed = newSeed();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  /** Counts one more of `client`, and says how many that makes in this second; 0 for this host itself. */
  count(client: string, nowMs: number): number {
    if (client === '127.0.0.1' || client === '::1') return 0;
    if (nowMs >= this.#windowEndMs) {
      this.#counts.fill(0);
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    let hash = this.#seed;
    for (let at = 0; at < client.length; at += 1) hash = hashed(hash, client.charCodeAt(at));
    const counter = mixed(hash) & (COUNTERS - 1);
    this.#counts[counter]! += 1;
    return this.#counts[counter]!;
  }
}
