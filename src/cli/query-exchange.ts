// What one exchange of `noonmark query` needs, learns on its way (Trace), and may end with. Vocabulary of the transports,
// and the judgement whether a reply belongs to the query; nothing else of it is judged here.

import type { Clock } from '../clock/clock.ts';
import { Query } from '../dns/query.ts';
import { FLAG, HEADER_OCTETS, readUint16, sameQuestion } from '../dns/wire.ts';
import type { TlsConnector } from '../tls/connect.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import type { Verdict } from '../tls/verdict.ts';
import type { QueryServer } from './query-server.ts';

export interface TlsParts {
  readonly connector: TlsConnector;
  readonly anchors: TrustAnchors;
  readonly pins: readonly string[];
}

export interface ExchangeParts {
  readonly clock: Clock;
  /** Null: none of the transports that will be used is encrypted. */
  readonly tls: TlsParts | null;
  /** For all of it together. */
  readonly timeoutMs: number;
}

/** Milliseconds; null where there was no such step, or it did not end. */
export interface Trace {
  transport: QueryServer['transport'];
  connectMs: number | null;
  /** With `connectMs` null: both together, because this Node does not say when TCP stood. */
  tlsMs: number | null;
  queryMs: number | null;
  /** UDP: how often the query was sent. */
  datagrams: number;
  /** The answer over UDP was truncated, and what is here came over TCP. */
  wasTruncated: boolean;
  tls: TlsPeer | null;
}

export interface TlsPeer {
  readonly version: string | null;
  readonly alpn: string | null;
  readonly verdict: Verdict;
  /** Validity of its certificate, milliseconds since 1970. */
  readonly leaf: { readonly notBeforeMs: number; readonly notAfterMs: number };
}

export function newTrace({ transport }: QueryServer): Trace {
  const times = { connectMs: null, tlsMs: null, queryMs: null };
  return { transport, ...times, datagrams: 0, wasTruncated: false, tls: null };
}

/** Nobody answered; the message says how that showed, `advice` what to try. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  readonly code = 'no-answer';
  readonly advice: string;

  constructor(message: string, advice: string) {
    super(message);
    this.advice = advice;
  }
}

/** Somebody answered, and it was no answer to this query. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer';
  readonly code = 'bad-answer';
}

/** One way to carry the query; ends with the signal's reason when that is aborted. */
export type Carry = (
  server: QueryServer,
  query: Uint8Array,
  parts: ExchangeParts & { readonly signal: AbortSignal },
  trace: Trace,
) => Promise<Uint8Array>;

/** Does `reply` belong to `query`? One without a question does, if it says that something is wrong. */
export function isReply(reply: Uint8Array, query: Uint8Array): boolean {
  if (reply.length < HEADER_OCTETS || readUint16(reply, 0) !== readUint16(query, 0)) return false;
  const flags = readUint16(reply, 2);
  if ((flags & FLAG.QR) === 0) return false;
  if (readUint16(reply, 4) === 0) return (flags & 15) !== 0;
  return sameQuestion(reply, query, new Query(query).questionEnd);
}
