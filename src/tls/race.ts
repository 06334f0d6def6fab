// Several addresses, one connection: attempts start one after another, a little apart, and the first that is verified
// wins (in the manner of RFC 8305). Families alternate, so a dead one costs one delay and no more.
// The winner is remembered by the caller, who puts it first the next time.

import { isIPv6 } from 'node:net';
import type { Clock, Timer } from '../clock/clock.ts';

/** RFC 8305 section 5 recommends 250 ms between attempts; a little less keeps the whole under that. */
const ATTEMPT_DELAY_MS = 200;

/** IPv6 and IPv4 in turn, beginning with the family of the first, order kept within each (RFC 8305 section 4). */
export function alternateFamilies(addresses: readonly string[]): string[] {
  const first = addresses.filter((address) => isIPv6(address) === isIPv6(addresses[0]!));
  const second = addresses.filter((address) => !first.includes(address));
  const alternated: string[] = [];
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    if (index < first.length) alternated.push(first[index]!);
    if (index < second.length) alternated.push(second[index]!);
  }
  return alternated;
}

/**
 * Resolves with the first success; the losers are aborted through their signal.
 * @throws AggregateError with the error of every attempt when all have failed, or there was no address.
 */
export function race<T>(
  addresses: readonly string[],
  clock: Clock,
  attempt: (address: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const losers = new AbortController();
  return new Promise<T>((resolve, reject) => {
    let started = 0;
    const errors: unknown[] = [];
    let pause: Timer | null = null;
    const startNext = () => {
      pause?.cancel();
      pause = null;
      if (losers.signal.aborted || started === addresses.length) return;
      const address = addresses[started]!;
      started += 1;
      if (started < addresses.length) pause = clock.after(ATTEMPT_DELAY_MS, startNext);
      attempt(address, losers.signal).then(won, lost);
    };
    const won = (result: T) => {
      pause?.cancel();
      resolve(result);
      losers.abort();
    };
    const lost = (error: unknown) => {
      errors.push(error);
      if (errors.length === addresses.length)
        reject(new AggregateError(errors, 'no address could be connected to'));
      else startNext();
    };
    if (addresses.length === 0) reject(new AggregateError([], 'no address is known'));
    else startNext();
  });
}
