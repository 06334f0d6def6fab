// How often each client does something within a second, for the limits that are rates (reliability row 5, Fairness).
// Windows of a second, emptied as a whole: nothing is remembered longer, and a client may do twice its rate across a border.
// This host itself has no rate: nobody can forge its loopback address from outside, and what asks there in bulk is
// another resolver, a Pi-hole or dnsmasq in front of us, that stands for the whole house.

const WINDOW_MS = 1000;
/** Clients that are counted apart in one second; those beyond share one count, so that forged addresses cost no memory. */
const MAX_CLIENTS = 10_000;
const ALL_OTHERS = '';

export class ClientRate {
  readonly #counts = new Map<string, number>();
  #windowEndMs = Number.NEGATIVE_INFINITY;

  /** Counts one more of `client`, and says how many that makes in this second; 0 for this host itself. */
  count(client: string, nowMs: number): number {
    if (client === '127.0.0.1' || client === '::1') return 0;
    if (nowMs >= this.#windowEndMs) {
      this.#counts.clear();
      this.#windowEndMs = nowMs + WINDOW_MS;
    }
    const isKnown = this.#counts.has(client) || this.#counts.size < MAX_CLIENTS;
    const key = isKnown ? client : ALL_OTHERS;
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
