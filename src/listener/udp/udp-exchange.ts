// What happens between a datagram and its reply, whatever kind of socket they come by: the context of a query, the bounds
// of a reply (EDNS sizes by RFC 6891 and RFC 9715, amplification), and what is in flight while the listener stops.

import type { DurationClock } from '../../clock/thread-clock.ts';
import type { Limits } from '../../config/config.ts';
import { type AnswerView, type RenderLimits, renderAnswer, renderBound } from '../../dns/answer.ts';
import type { Query } from '../../dns/query.ts';
import type { LateAnswer } from '../../resolver/late-answer.ts';
import type { Resolver } from '../../resolver/resolver.ts';
import { Desk } from '../desk.ts';
import { Drain } from '../drain.ts';

/** Without EDNS (RFC 1035 section 2.3.4). */
const CLASSIC_PAYLOAD_OCTETS = 512;
/** A reply has at most so many times the octets of its query (reliability row 5): whoever bears a forged address gets little more. */
const AMPLIFICATION_MAX = 25;

export interface UdpExchangeParts {
  readonly resolver: Resolver;
  readonly clock: DurationClock;
  /** Asked per query. */
  readonly limits: Pick<Limits, 'queryDeadlineMs' | 'udpPayloadOctets'>;
}

export class UdpExchange {
  readonly #parts: UdpExchangeParts;
  readonly #drain: Drain;
  readonly #desk = new Desk('udp');
  readonly #rendering = { maxOctets: 0, padToOctets: 0, keepaliveMs: null };
  #inFlight = 0;
  #isStopping = false;

  constructor(parts: UdpExchangeParts) {
    this.#parts = parts;
    this.#drain = new Drain(parts.clock);
  }

  /** Nothing may be asked any more. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** Reads a query and asks it; `query` is that one until the next is asked. */
  ask(
    octets: Uint8Array,
    start: number,
    end: number,
    client: string,
    clientPort: number,
    localAddress: string,
    receivedAtMs: number,
  ): AnswerView | LateAnswer {
    const { resolver, limits } = this.#parts;
    const { query, context } = this.#desk;
    query.read(octets, start, end);
    context.client = client;
    context.clientPort = clientPort;
    context.localAddress = localAddress;
    context.receivedAtMs = receivedAtMs;
    context.deadlineMs = receivedAtMs + limits.queryDeadlineMs;
    context.answeredBy = undefined;
    return resolver.resolve(query, context);
  }

  get query(): Query {
    return this.#desk.query;
  }

  /** The answer to the query that was asked last comes late. */
  wait(): Query {
    this.#inFlight += 1;
    return this.#desk.handOver();
  }

  /** It has come and has been sent. */
  end(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#drain.finished();
  }

  /** The reply, written at the beginning of `target`; answers where it ends. */
  render(answer: AnswerView, query: Query, target: Buffer): number {
    return renderAnswer(answer, query, this.#limitsOf(query), target, 0);
  }

  /** How many octets `render` writes at most. */
  octetsOf(answer: AnswerView, query: Query): number {
    return renderBound(answer, query, this.#limitsOf(query));
  }

  /**
   * Takes nothing new from now on; resolves when nothing is in flight any more, or after `graceMs`.
   * @param last until it has resolved, something may come that had been taken before
   */
  async stop(graceMs: number, last?: Promise<void>): Promise<void> {
    this.#isStopping = true;
    if (last !== undefined) {
      this.#inFlight += 1;
      void last.then(() => this.end());
    }
    if (this.#inFlight > 0) await this.#drain.wait(graceMs);
  }

  #limitsOf(query: Query): RenderLimits {
    const offered = query.edns?.payloadOctets ?? CLASSIC_PAYLOAD_OCTETS;
    const { udpPayloadOctets } = this.#parts.limits;
    this.#rendering.maxOctets = Math.min(offered, udpPayloadOctets, AMPLIFICATION_MAX * query.length);
    return this.#rendering;
  }
}
