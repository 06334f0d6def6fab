// Chooses among upstreams: the better of two picked at random (power of two choices), a hedged second try at another
// one when the first is later than its own p95, and the next one when one fails. At most three tries a query.
// An upstream that failed is probed until it answers, so no client has to find out that it is back.

import type { Clock, Timer } from '../clock/clock.ts';
import { UpstreamFailure } from '../dns/failures.ts';
import { layoutOf, type MessageLayout } from '../dns/wire.ts';
import { DueList, type Waiting } from './due-list.ts';
import { StandingReason } from './reasons.ts';
import { Scorecard } from './scorecard.ts';
import { type Exchange, exchangeWith, type SendBudget, type Upstream } from './upstream.ts';
import { deservesSecondOpinion, probeQuery } from './upstream-query.ts';

/** Upstream queries that one client query may cause, retries on other connections included (reliability row 3). */
const MAX_SENDS = 3;
/** Upstreams that it may be given to, though none of them can be reached. */
const MAX_TRIES = 3;
const PROBE_EVERY_MS = 1000;
const PROBE_TIMEOUT_MS = 2000;

interface Member {
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

/** Whoever asks a pool. One of the first two is called, once. */
export interface Asker {
  /** @param reply as Exchange.resolve gets it */
  replied(reply: Uint8Array, layout: MessageLayout): void;
  /** There is no reply by the deadline. */
  failed(error: Error): void;
  /** Called once, before either of them. */
  readonly ended?: ((end: ExchangeEnd) => void) | undefined;
}

/** How an exchange ended, for whoever has a query explained. */
export interface ExchangeEnd {
  /** The name of the upstream whose reply was taken; null: there was none to take. */
  readonly by: string | null;
  /** The names of all that were asked, in that order. */
  readonly tried: readonly string[];
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

/** One client query on its way through at most MAX_TRIES upstream queries. Thousands may wait, so it is one object. */
class Attempt implements Waiting, SendBudget {
  slot = -1;
  readonly query: Uint8Array;
  readonly deadlineMs: number;
  sendsLeft = MAX_SENDS;
  reserved = 0;
  readonly #pool: UpstreamPool;
  readonly #asker: Asker;
  #tried: readonly Member[] = [];
  #isSettled = false;
  #tries = 0;
  #running = 0;
  /** Whoever was asked last; when it is late, somebody else is asked too. */
  #latest!: Member;
  #hedgeAtMs = Number.POSITIVE_INFINITY;
  #secondBest: { readonly reply: Uint8Array; readonly from: Member } | null = null;
  #lastFailure: Error | null = null;

  constructor(query: Uint8Array, deadlineMs: number, pool: UpstreamPool, asker: Asker) {
    this.query = query;
    this.deadlineMs = deadlineMs;
    this.#pool = pool;
    this.#asker = asker;
  }

  begin(): void {
    this.#try(this.#pool.clock.monotonic());
  }

  get dueAtMs(): number {
    return Math.min(this.#hedgeAtMs, this.deadlineMs);
  }

  due(nowMs: number): void {
    if (nowMs >= this.#hedgeAtMs) {
      this.#hedgeAtMs = Number.POSITIVE_INFINITY;
      this.#latest.card.late();
      if (this.#mayTry && nowMs < this.deadlineMs) this.#try(nowMs);
    }
    if (nowMs >= this.deadlineMs) this.#giveUp();
  }

  #try(nowMs: number): void {
    const member = this.#pool.choose(this.#tried, nowMs);
    if (!this.#tried.includes(member)) this.#tried = [...this.#tried, member];
    this.#latest = member;
    this.#tries += 1;
    this.#running += 1;
    const hasFresh = this.#pool.hasFresh(this.#tried);
    this.reserved = hasFresh && this.sendsLeft > 1 ? 1 : 0;
    this.#hedgeAtMs = this.#mayTry && hasFresh ? nowMs + member.card.hedgeAfterMs : Number.POSITIVE_INFINITY;
    this.#pool.waiting.add(this, nowMs);
    member.upstream.take(new Try(this, member, nowMs));
  }

  get #mayTry(): boolean {
    return this.#tries < MAX_TRIES && this.sendsLeft > 0;
  }

  replied(reply: Uint8Array, layout: MessageLayout, from: Member, sentAtMs: number): void {
    this.#pool.answered(from, this.#pool.clock.monotonic() - sentAtMs);
    this.#running -= 1;
    if (this.#isSettled) return;
    if (!deservesSecondOpinion(reply)) {
      this.#finish(from);
      this.#asker.replied(reply, layout);
      return;
    }
    this.#secondBest = { reply: Buffer.from(reply), from };
    if (this.#pool.hasFresh(this.#tried)) this.#goOn();
    else if (this.#running === 0) this.#giveUp();
  }

  failed(error: Error, member: Member): void {
    if (isGarbled(error)) this.#pool.garbled(member, error);
    else this.#pool.failed(member, error);
    this.#running -= 1;
    this.#lastFailure = error;
    if (!isGarbled(error) || this.#pool.hasFresh(this.#tried)) this.#goOn();
    else if (this.#running === 0) this.#giveUp(); // asking it again would bring the same
  }

  #goOn(): void {
    if (this.#isSettled) return;
    const nowMs = this.#pool.clock.monotonic();
    if (this.#mayTry && nowMs < this.deadlineMs) this.#try(nowMs);
    else if (this.#running === 0) this.#giveUp();
  }

  #giveUp(): void {
    if (this.#isSettled) return;
    const best = this.#secondBest;
    this.#finish(best?.from ?? null);
    if (best !== null) this.#asker.replied(best.reply, layoutOf(best.reply)!);
    else
      this.#asker.failed(
        this.#lastFailure ?? new UpstreamFailure('upstream-silent', 'no upstream answered in time'),
      );
  }

  #finish(by: Member | null): void {
    this.#isSettled = true;
    this.#pool.waiting.delete(this);
    this.#asker.ended?.({
      by: by?.upstream.name ?? null,
      tried: this.#tried.map(({ upstream }) => upstream.name),
    });
  }
}

/** One upstream query of an attempt. */
class Try implements Exchange {
  isSettled = false;
  losses = 0;
  readonly #attempt: Attempt;
  readonly #member: Member;
  readonly #sentAtMs: number;

  constructor(attempt: Attempt, member: Member, sentAtMs: number) {
    this.#attempt = attempt;
    this.#member = member;
    this.#sentAtMs = sentAtMs;
  }

  get query(): Uint8Array {
    return this.#attempt.query;
  }

  get deadlineMs(): number {
    return this.#attempt.deadlineMs;
  }

  get budget(): SendBudget {
    return this.#attempt;
  }

  resolve(reply: Uint8Array, layout: MessageLayout): void {
    if (this.isSettled) return;
    this.isSettled = true;
    this.#attempt.replied(reply, layout, this.#member, this.#sentAtMs);
  }

  /** Who fails it is in the middle of something, and the next try may well be theirs. */
  reject(error: Error): void {
    if (this.isSettled) return;
    this.isSettled = true;
    queueMicrotask(() => this.#attempt.failed(error, this.#member));
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

const isGarbled = (error: unknown) => error instanceof UpstreamFailure && error.code === 'upstream-garbled';
