// One query on its way to a reply, over as many of a pool's upstreams as it takes: whoever the pool chooses, a hedged second try
// at another one when the first is later than its own p95, and the next one when one fails. At most three tries a query.
// Who is asked, and what is remembered of them, is the pool's business.

import { UpstreamFailure } from '../dns/failures.ts';
import type { MessageLayout } from '../dns/wire.ts';
import type { Waiting } from './due-list.ts';
import type { Member, UpstreamPool } from './pool.ts';
import type { Exchange, SendBudget } from './upstream.ts';
import { deservesSecondOpinion } from './upstream-query.ts';

/** Upstream queries that one client query may cause, retries on other connections included (reliability row 3). */
const MAX_SENDS = 3;
/** Upstreams that it may be given to, though none of them can be reached. */
const MAX_TRIES = 3;

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

/** A reply that is given out where nobody has a better one. */
interface SecondBest {
  readonly reply: Uint8Array;
  readonly layout: MessageLayout;
  readonly from: Member;
}

/** One client query on its way through at most MAX_TRIES upstream queries. Thousands may wait, so it is one object. */
export class Attempt implements Waiting, SendBudget {
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
  #secondBest: SecondBest | null = null;
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
    this.#secondBest = { reply: Buffer.from(reply), layout, from };
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
    if (best !== null) this.#asker.replied(best.reply, best.layout);
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

const isGarbled = (error: unknown) => error instanceof UpstreamFailure && error.code === 'upstream-garbled';
