// Chooses among upstreams, the better of two picked at random (power of two choices), and remembers how each does; one query
// on its way through them is attempt.ts. An upstream that failed is probed until it answers, so no client has to find out
// that it is back.

import type { Clock, Timer } from '../clock/clock.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { type Asker, Attempt } from './attempt.ts';
import { DueList } from './due-list.ts';
import { StandingReason } from './reasons.ts';
import { Scorecard } from './scorecard.ts';
import { exchangeWith, type Upstream } from './upstream.ts';
import { probeQuery } from './upstream-query.ts';

const PROBE_EVERY_MS = 1000;
const PROBE_TIMEOUT_MS = 2000;

export interface Member {
  readonly upstream: Upstream;
  readonly card: Scorecard;
  isBeingProbed: boolean;
  /** Exchanges since start, probes and tries that came too late included. */
  answered: number;
  failed: number;
  readonly problem: StandingReason;
  /** Monotonic: when it first failed since it last answered; null: it answers, as far as is known. */
  failingSinceMs: number | null;
}

/** What is known of one upstream, for people. */
export interface UpstreamState {
  readonly url: string;
  /** May be asked now, and its last exchange did not fail. */
  readonly isUsable: boolean;
  /** Smoothed milliseconds; null before the first answer. */
  readonly rttMs: number | null;
  /** Exchanges since start, probes included. */
  readonly answered: number;
  readonly failed: number;
  /** Why it fails, in words that stand still (reasons.ts), until the next answer; null when nothing is wrong. */
  readonly problem: string | null;
  /** For how long it has not answered, from the first failure on; null while nothing is wrong with it. */
  readonly failingForMs: number | null;
}

export interface UpstreamPoolParts {
  readonly upstreams: readonly Upstream[];
  readonly clock: Clock;
  /**
   * May anybody be asked now? Asked before whatever the pool begins of itself: probes, and connections ahead of
   * queries. A query is the caller's decision. It depends on the clock: nobody can be verified without a date.
   */
  readonly isUsable: () => boolean;
  /** Called when an upstream answers again after a failure. */
  readonly onRecovery: () => void;
  /** What is asked to learn whether an upstream is back; probeQuery() unless given. */
  readonly probe?: Uint8Array;
  /** In [0, 1); Math.random but in tests. */
  readonly random?: () => number;
}

export class UpstreamPool {
  readonly #parts: UpstreamPoolParts;
  readonly #members: readonly Member[];
  /** Null while nobody has failed: an idle server wakes up for nothing. */
  #probing: Timer | null = null;
  #isClosed = false;
  /** Exchanges, with the instants of their hedges and deadlines. */
  readonly waiting: DueList;

  constructor(parts: UpstreamPoolParts) {
    this.#parts = parts;
    this.waiting = new DueList(parts.clock);
    this.#members = parts.upstreams.map((upstream) => ({
      upstream,
      card: new Scorecard(),
      isBeingProbed: false,
      answered: 0,
      failed: 0,
      problem: new StandingReason(),
      failingSinceMs: null,
    }));
  }

  /** Asks for the first good reply of any upstream; where none is good, the last reply that is at least one. */
  ask(query: Uint8Array, deadlineMs: number, asker: Asker): void {
    if (this.#members.length > 0) {
      new Attempt(query, deadlineMs, this, asker).begin();
      return;
    }
    asker.ended?.({ by: null, tried: [] });
    asker.failed(new UpstreamFailure('upstream-unreachable', 'no upstream is configured'));
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  /** The better of two members picked at random among those not tried yet, else among all that can be. */
  choose(tried: readonly Member[], nowMs: number): Member {
    const candidates = this.#members.length === 1 ? this.#members : this.#candidates(tried);
    if (candidates.length === 1) return candidates[0]!;
    const random = this.#parts.random ?? Math.random;
    const first = Math.floor(random() * candidates.length);
    const second = (first + 1 + Math.floor(random() * (candidates.length - 1))) % candidates.length;
    const [a, b] = [candidates[first]!, candidates[second]!];
    return b.card.score(nowMs) < a.card.score(nowMs) ? b : a;
  }

  #candidates(tried: readonly Member[]): readonly Member[] {
    const isLocated = ({ upstream }: Member) => upstream.isLocated !== false;
    const located = this.#members.every(isLocated) ? this.#members : this.#members.filter(isLocated);
    const choice = located.length > 0 ? located : this.#members;
    if (tried.length === 0) return choice;
    const fresh = choice.filter((member) => !tried.includes(member));
    return fresh.length > 0 ? fresh : choice;
  }

  /** Is there anybody who has not been tried, and can be? */
  hasFresh(tried: readonly Member[]): boolean {
    for (const member of this.#members)
      if (member.upstream.isLocated !== false && !tried.includes(member)) return true;
    return false;
  }

  answered(member: Member, rttMs: number): void {
    const wasPenalised = member.card.isPenalised;
    member.card.answered(rttMs);
    member.answered += 1;
    member.problem.forget();
    member.failingSinceMs = null;
    if (wasPenalised) this.#parts.onRecovery();
  }

  failed(member: Member, error: Error): void {
    const nowMs = this.#parts.clock.monotonic();
    member.card.failed(nowMs);
    member.failingSinceMs ??= nowMs;
    if (!this.#isClosed) this.#probing ??= this.#parts.clock.every(PROBE_EVERY_MS, () => this.#probeFailed());
    member.failed += 1;
    // Why it is not located is known best by whoever looks for it, and changes with what that finds.
    if (member.upstream.isLocated === false) member.problem.forget();
    member.problem.hear(error.message, nowMs, tellingOf(error));
  }

  /** It is there, and this one reply was worth nothing. Without a penalty: the next answer would look like a recovery. */
  garbled(member: Member, error: Error): void {
    member.card.late();
    member.failed += 1;
    member.problem.hear(error.message, this.#parts.clock.monotonic(), tellingOf(error));
  }

  /** Each upstream as it stands, in the order of the configuration. */
  report(): UpstreamState[] {
    const mayAsk = this.#parts.isUsable();
    const nowMs = this.#parts.clock.monotonic();
    return this.#members.map(({ upstream, card, answered, failed, problem, failingSinceMs }) => ({
      url: upstream.name,
      isUsable: mayAsk && !card.isPenalised,
      rttMs: card.rttMs,
      answered,
      failed,
      problem: problem.text,
      // What is forgiven and fails again has not answered in between.
      failingForMs: failingSinceMs === null || !card.isPenalised ? null : nowMs - failingSinceMs,
    }));
  }

  /** Asks each upstream before anybody waits for it: its connection is open then, and whether it works is known. */
  warm(): void {
    if (!this.#parts.isUsable()) return;
    for (const member of this.#members) this.#probe(member);
  }

  /** Penalties and back-off earned under other circumstances, a wrong clock say, are forgotten. */
  forgive(): void {
    for (const member of this.#members) {
      member.card.forgive();
      member.problem.forget();
      member.upstream.forgive();
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#stopProbing();
    for (const { upstream } of this.#members) upstream.close();
  }

  /** One that failed is asked until it answers, so that no client has to find out. */
  #probeFailed(): void {
    if (!this.#parts.isUsable()) return;
    const failing = this.#members.filter(({ card }) => card.isPenalised);
    if (failing.length === 0) this.#stopProbing();
    for (const member of failing) this.#probe(member);
  }

  #stopProbing(): void {
    this.#probing?.cancel();
    this.#probing = null;
  }

  #probe(member: Member): void {
    if (member.isBeingProbed) return;
    member.isBeingProbed = true;
    const { clock } = this.#parts;
    const sentAtMs = clock.monotonic();
    const query = this.#parts.probe ?? probeQuery();
    exchangeWith(member.upstream, query, sentAtMs + PROBE_TIMEOUT_MS, { sendsLeft: 1, reserved: 0 })
      .then(
        () => this.answered(member, clock.monotonic() - sentAtMs),
        (error) => this.failed(member, error),
      )
      .finally(() => {
        member.isBeingProbed = false;
      });
  }
}

/** How much of what is wrong with an upstream a failure tells: that a query got no answer is the least. */
const TELLING: Readonly<Record<UpstreamFailure['code'], number>> = {
  'upstream-garbled': 0,
  'upstream-silent': 1,
  'upstream-unreachable': 2,
  'upstream-untrusted': 3,
};

const tellingOf = (error: Error) => (error instanceof UpstreamFailure ? TELLING[error.code] : 0);
