// Who may try a password, and when: five tries for each client, then one after a wait that doubles each time, and a bound
// on all clients together, so that somebody with many addresses gains little. Refused tries cost nothing and count for
// nothing. All in monotonic time; nothing of it is kept over a restart.

import ipaddr from 'ipaddr.js';
import type { Clock } from '../../clock/clock.ts';

/** Limits of our own: whoever mistypes waits half a minute after the fifth time, whoever guesses has 100 tries a day. */
const FREE_TRIES = 5;
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** What a client did is forgotten after this. */
const REMEMBERED_MS = 24 * 3_600_000;
/** More than the bound on all together lets begin in half a day. The oldest makes room. */
const CLIENTS_MAX = 4096;
/** Of all clients together: so many at once, and one more each time. */
const TOGETHER_MAX = 30;
const ONE_MORE_EACH_MS = 10_000;
/** An IPv6 client has a whole /64 to choose addresses from (RFC 4291 section 2.5.1, RFC 8981). */
const IPV6_GROUPS = 4;

interface Tries {
  readonly count: number;
  readonly lastMs: number;
}

export class Attempts {
  readonly #clock: Clock;
  /** In the order of their last try. */
  readonly #byClient = new Map<string, Tries>();
  #together = TOGETHER_MAX;
  #countedAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#countedAtMs = clock.monotonic();
  }

  /**
   * A client is about to try, and that counts as a failure until it `succeeded`: whoever sends many at once gains nothing.
   * 0: go on; else how long he has to wait (milliseconds).
   */
  begin(client: string): number {
    const nowMs = this.#clock.monotonic();
    const key = clientKey(client);
    const before = this.#tries(key, nowMs);
    const ownWaitMs = before === null ? 0 : before.lastMs + waitAfter(before.count) - nowMs;
    if (ownWaitMs > 0) return ownWaitMs;
    this.#together = Math.min(TOGETHER_MAX, this.#together + (nowMs - this.#countedAtMs) / ONE_MORE_EACH_MS);
    this.#countedAtMs = nowMs;
    if (this.#together < 1) return Math.ceil((1 - this.#together) * ONE_MORE_EACH_MS);
    this.#together -= 1;
    this.#byClient.delete(key);
    this.#byClient.set(key, { count: (before?.count ?? 0) + 1, lastMs: nowMs });
    if (this.#byClient.size > CLIENTS_MAX) this.#byClient.delete(this.#byClient.keys().next().value!);
    return 0;
  }

  /** It was the password. */
  succeeded(client: string): void {
    if (this.#byClient.delete(clientKey(client))) this.#giveBack();
  }

  /** The last try was not made after all. */
  withdraw(client: string): void {
    const key = clientKey(client);
    const before = this.#byClient.get(key);
    if (before === undefined) return;
    this.#byClient.set(key, { ...before, count: before.count - 1 });
    this.#giveBack();
  }

  /** There is another password: everybody begins anew. */
  forget(): void {
    this.#byClient.clear();
    this.#together = TOGETHER_MAX;
  }

  /** Of which something is known. */
  get clients(): number {
    return this.#byClient.size;
  }

  #giveBack(): void {
    this.#together = Math.min(TOGETHER_MAX, this.#together + 1);
  }

  #tries(key: string, nowMs: number): Tries | null {
    const found = this.#byClient.get(key);
    return found === undefined || nowMs - found.lastMs >= REMEMBERED_MS ? null : found;
  }
}

/** How long after so many failures the next try has to wait (milliseconds). */
export function waitAfter(failures: number): number {
  if (failures < FREE_TRIES) return 0;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - FREE_TRIES));
}

/** One text for all addresses of a client: of IPv6 its /64. */
export function clientKey(address: string): string {
  const bare = address.split('%', 1)[0]!;
  if (!ipaddr.isValid(bare)) return address;
  const parsed = ipaddr.process(bare);
  if (!('parts' in parsed)) return parsed.toString();
  return `${parsed.parts
    .slice(0, IPV6_GROUPS)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}
