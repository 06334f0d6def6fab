// One request of DoH and its answer, over whichever version of HTTP: octets become a Query, the resolver is asked, and
// the answer becomes a body. Whose turn it is, and how a response is written, is for doh-http1.ts and doh-http2.ts.

import type { Clock } from '../clock/clock.ts';
import type { Limits } from '../config/config.ts';
import { type AnswerView, DROP, renderAnswer } from '../dns/answer.ts';
import type { Query } from '../dns/query.ts';
import { MAX_MESSAGE_OCTETS } from '../dns/wire.ts';
import { LateAnswer, rethrow } from '../resolver/late-answer.ts';
import type { Resolver } from '../resolver/resolver.ts';
import type { Desk } from './desk.ts';
import { answerJson } from './doh-json.ts';
import type { AnswerForm, Refusal } from './doh-request.ts';
import type { TurnShare } from './turn-share.ts';

/** RFC 8467 section 4.1. */
const RESPONSE_PADDING_OCTETS = 468;
const RENDER_LIMITS = {
  maxOctets: MAX_MESSAGE_OCTETS,
  padToOctets: RESPONSE_PADDING_OCTETS,
  keepaliveMs: null,
};
const NO_QUERY: Refusal = { status: 400, message: 'this is no DNS query (RFC 1035 section 4.1)' };

/** Answers are rendered here, one at a time; room for any. */
const rendered = Buffer.alloc(MAX_MESSAGE_OCTETS);

export interface DohParts {
  readonly resolver: Resolver;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'queryDeadlineMs' | 'queriesPerConnection'>;
  readonly desk: Desk;
  /** Of those who come over one version of HTTP. */
  readonly turns: TurnShare;
}

/** The connection that it came over, as far as a resolver may know. */
export interface Asker {
  readonly client: string;
  readonly clientPort: number;
  readonly localAddress: string;
}

export abstract class DohExchange {
  readonly #doh: DohParts;
  readonly #asker: Asker;
  #answerAs: AnswerForm = 'message';
  #isOver = false;

  constructor(doh: DohParts, asker: Asker) {
    this.#doh = doh;
    this.#asker = asker;
  }

  /** A response with status 200; the body is `octets` up to `length`, and they are free again at return. */
  protected abstract answer(octets: Buffer, length: number, form: AnswerForm, maxAgeSeconds: number): void;

  abstract refuse(refusal: Refusal): void;

  /** Nobody waits for an answer any more, or it has been given. */
  gone(): void {
    this.#isOver = true;
  }

  /** Asks what stands in `octets` from `start` to `end`, which is free again at return. `deadlineMs` is monotonic. */
  protected ask(
    octets: Uint8Array,
    start: number,
    end: number,
    answerAs: AnswerForm,
    deadlineMs: number,
  ): void {
    const { resolver, clock, desk } = this.#doh;
    const { query, context } = desk;
    this.#answerAs = answerAs;
    query.read(octets, start, end);
    context.client = this.#asker.client;
    context.clientPort = this.#asker.clientPort;
    context.localAddress = this.#asker.localAddress;
    context.receivedAtMs = clock.monotonic();
    context.deadlineMs = deadlineMs;
    context.answeredBy = undefined;
    const answer = resolver.resolve(query, context);
    if (answer instanceof LateAnswer) this.#wait(desk.handOver(), answer);
    else this.#respond(query, answer);
  }

  #wait(query: Query, answer: LateAnswer): void {
    answer.end({ answered: (late) => this.#respond(query, late), failed: rethrow });
  }

  #respond(query: Query, answer: AnswerView): void {
    if (this.#isOver) return;
    if (answer === DROP) {
      this.refuse(NO_QUERY);
      return;
    }
    const maxAgeSeconds = Math.max(0, answer.lifetimeSeconds - answer.ageSeconds);
    if (this.#answerAs === 'json') {
      const text = Buffer.from(answerJson(answer, query));
      this.answer(text, text.length, 'json', maxAgeSeconds);
    } else {
      const length = renderAnswer(answer, query, RENDER_LIMITS, rendered, 0);
      this.answer(rendered, length, 'message', maxAgeSeconds);
    }
  }
}
