// The date that this server goes by, watched for jumps: what was learnt under a wrong one is worth nothing under the
// right one, because a certificate may have been believed that had expired. While no date is believed there is nothing
// to compare, and the last one that was stays.

import type { Clock } from '../clock/clock.ts';

/** No certificate ends so close to its last use that less would matter, and no answer learnt meanwhile is worth keeping. */
const JUMP_MS = 60_000;

export class BelievedDate {
  readonly #clock: Clock;
  /** A date and the monotonic moment at which it was believed; null: none was yet. */
  #last: { readonly epochMs: number; readonly atMs: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.hasJumped();
  }

  /** Is the date another one than what was believed when this was last asked, aged? To be asked at each change of state. */
  hasJumped(): boolean {
    const { state } = this.#clock.status;
    if (state === 'untrusted') return false;
    const atMs = this.#clock.monotonic();
    const { epochMs } = this.#clock.now();
    const last = this.#last;
    this.#last = { epochMs, atMs };
    return last !== null && Math.abs(epochMs - last.epochMs - (atMs - last.atMs)) > JUMP_MS;
  }
}
