// Look-ups on nobody's behalf, which renew what the cache has: popular answers shortly before their lifetime ends, so that
// nobody waits for them (as unbound's `prefetch` does), and stale ones while the upstreams seem to be out. Whoever starts
// one does not wait for it, and a failure of it is nobody's.

import type { Clock } from '../../clock/clock.ts';
import type { AnswerView } from '../../dns/answer.ts';
import { DnsFailure } from '../../dns/failures.ts';
import type { LateAnswer } from '../late-answer.ts';
import type { Context } from '../resolver.ts';

/** How much of its lifetime is left when a popular answer is fetched anew: unbound's tenth, for a tenth more queries. */
const LAST_PART = 1 / 10;
/** Shorter ones are not worth it: BIND 9's `prefetch` leaves out TTLs under 9 s; of 10 s a tenth is a whole second. */
const LEAST_LIFETIME_SECONDS = 10;
/** Far above what a house renews in the time of one look-up; beyond it, answers run out as they would without this. */
const MAX_IN_FLIGHT = 50;
/** As long as a client's query (limits.query_deadline). */
const LOOK_UP_WITHIN_MS = 4500;

export function isNearItsEnd({ ageSeconds, lifetimeSeconds }: AnswerView): boolean {
  return (
    lifetimeSeconds >= LEAST_LIFETIME_SECONDS && ageSeconds >= lifetimeSeconds - lifetimeSeconds * LAST_PART
  );
}

export class Refresh {
  readonly #clock: Clock;
  readonly #inFlight = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts the look-up of a cache key, unless it runs already or too many do; did it? */
  start(key: string, lookUp: (context: Context) => LateAnswer): boolean {
    if (this.#inFlight.size >= MAX_IN_FLIGHT || this.#inFlight.has(key)) return false;
    this.#inFlight.add(key);
    lookUp(this.#context()).end({
      answered: () => void this.#inFlight.delete(key),
      failed: (error) => {
        this.#inFlight.delete(key);
        if (!(error instanceof DnsFailure)) throw error; // a bug of ours: serve.ts logs what nobody catches
      },
    });
    return true;
  }

  /** No client's: none has its share of those who wait taken by it (coalesce.ts). */
  #context(): Context {
    const nowMs = this.#clock.monotonic();
    return {
      client: 'refresh',
      clientPort: 0,
      localAddress: '',
      transport: 'udp',
      receivedAtMs: nowMs,
      deadlineMs: nowMs + LOOK_UP_WITHIN_MS,
    };
  }
}
