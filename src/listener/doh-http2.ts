// DoH over HTTP/2 (RFC 8484 section 4): an exchange is a stream. Fields that are the same in every answer are encoded once, those of
// a date once a second; a request whose fields have been judged before is not judged again.

import type { Clock } from '../clock/clock.ts';
import { FIRST_WINDOW_OCTETS } from '../http2/codes.ts';
import { staticNumber } from '../http2/header-tables.ts';
import { encodeFields, HpackEncoder } from '../http2/hpack-encoder.ts';
import type { RequestHead } from '../http2/request-fields.ts';
import type { ServerConnection } from '../http2/server-connection.ts';
import type { Requester, ServerStream } from '../http2/server-stream.ts';
import { dateField } from './date-field.ts';
import { type Asker, DohExchange, type DohParts } from './doh-exchange.ts';
import { errorJson } from './doh-json.ts';
import {
  type AnswerForm,
  type DohRequest,
  isEndless,
  judgeRequest,
  MEDIA_TYPES,
  type Refusal,
  refusalFields,
} from './doh-request.ts';
import { TurnEnd } from './turn-end.ts';

const CONTENT_LENGTH = staticNumber('content-length');
const CACHE_CONTROL = staticNumber('cache-control');
const NOTHING: Buffer = Buffer.alloc(0);
const OK_FIELDS: Readonly<Record<AnswerForm, Buffer>> = {
  message: okFields('message'),
  json: okFields('json'),
};

/** Of one response at a time. */
const fields = new HpackEncoder();

function okFields(form: AnswerForm): Buffer {
  return encodeFields([
    [':status', '200'],
    ['content-type', MEDIA_TYPES[form]],
  ]);
}

/** What exchanges over HTTP/2 have in common with one another. */
export class DohHttp2 {
  readonly doh: DohParts;
  readonly turnEnd = new TurnEnd();
  readonly #clock: Clock;
  #dateSecond = 0;
  #date = NOTHING;

  constructor(doh: DohParts) {
    this.doh = doh;
    this.#clock = doh.clock;
  }

  /** The Date field, encoded; nothing where there is none. */
  date(): Buffer {
    const { state } = this.#clock.status;
    if (state !== 'synchronized' && state !== 'holdover') return NOTHING;
    const second = Math.floor(this.#clock.now().epochMs / 1000);
    if (second !== this.#dateSecond) {
      this.#dateSecond = second;
      this.#date = encodeFields(Object.entries(dateField(this.#clock)));
    }
    return this.#date;
  }
}

/** What a request asks, with the answer to the same question about the one before at hand. */
export class RequestJudge {
  #head: RequestHead | null = null;
  #judged: DohRequest | null = null;

  judge(head: RequestHead): DohRequest {
    if (head === this.#head && this.#judged !== null) return this.#judged;
    const { method, path, contentType, contentLength } = head;
    this.#head = head;
    this.#judged = judgeRequest({
      ...{ method, target: path, contentType },
      contentLength: contentLength < 0 ? undefined : String(contentLength),
    });
    return this.#judged;
  }
}

/** The connection that it came over. */
export interface Http2Carrier extends Asker {
  readonly http2: ServerConnection;
  /** Octets that belong to a request, beyond what every request has. */
  took(octets: number): void;
  finished(): void;
  /** Ends a stream that has been answered and that the client would go on with. */
  resetLater(stream: ServerStream): void;
}

export class Http2Exchange extends DohExchange implements Requester {
  readonly #common: DohHttp2;
  readonly #carrier: Http2Carrier;
  readonly #stream: ServerStream;
  /** Monotonic milliseconds. */
  readonly beganMs: number;

  constructor(common: DohHttp2, carrier: Http2Carrier, stream: ServerStream, beganMs: number) {
    super(common.doh, carrier);
    this.#common = common;
    this.#carrier = carrier;
    this.#stream = stream;
    this.beganMs = beganMs;
  }

  /** @param judged of a request that asks by its fields; one that brings a body comes to `askBody` later */
  begin(judged: DohRequest): void {
    if ('query' in judged) {
      const { query, answerAs } = judged;
      this.ask(query, 0, query.length, answerAs, this.#deadlineFrom(this.beganMs));
    } else if ('status' in judged) this.refuse(judged);
    else if (this.#stream.hasEnded) this.askBody(this.beganMs);
    else this.#stream.wantsBody = true;
  }

  /** @param arrivedAtMs of the last of it, monotonic */
  askBody(arrivedAtMs: number): void {
    const { bodySource, bodyStart, bodyOctets } = this.#stream;
    this.ask(bodySource, bodyStart, bodyStart + bodyOctets, 'message', this.#deadlineFrom(arrivedAtMs));
  }

  #deadlineFrom(arrivedAtMs: number): number {
    return arrivedAtMs + this.#common.doh.limits.queryDeadlineMs;
  }

  override gone(): void {
    super.gone();
    this.#carrier.finished();
  }

  protected answer(octets: Buffer, length: number, form: AnswerForm, maxAgeSeconds: number): void {
    fields
      .begin()
      .prepared(OK_FIELDS[form])
      .decimal(CONTENT_LENGTH, '', length)
      .decimal(CACHE_CONTROL, 'max-age=', maxAgeSeconds);
    this.#respond(octets, length);
  }

  refuse(refusal: Refusal): void {
    const stream = this.#stream;
    const { contentLength } = stream.head;
    const leftOctets = contentLength < 0 ? Number.POSITIVE_INFINITY : contentLength;
    if (!stream.hasEnded) this.#carrier.took(Math.min(leftOctets, FIRST_WINDOW_OCTETS)); // may be on its way
    const { status, message, asJson } = refusal;
    const body = Buffer.from(asJson ? errorJson(message) : `${message}\n`);
    fields.begin().field(':status', String(status));
    for (const [name, value] of refusalFields(refusal, body.length)) fields.field(name, value);
    this.#respond(body, body.length);
    if (isEndless(refusal, leftOctets)) this.#carrier.resetLater(stream);
  }

  #respond(octets: Buffer, length: number): void {
    const date = this.#common.date();
    if (date.length > 0) fields.prepared(date);
    const isHead = this.#stream.head.method === 'HEAD';
    this.#carrier.http2.respond(this.#stream, fields, octets, isHead ? 0 : length);
  }
}
