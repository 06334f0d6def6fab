// Everything that `noonmark query` knows at its end, as one plain object: what --json prints, and what
// query-report.ts writes for people. Names of its keys are stable. Pure; all text in it is escaped already.

import { rcodeName, typeName } from '../dns/codes.ts';
import { readExtendedErrors } from '../dns/edns.ts';
import { extendedErrorName } from '../dns/extended-error-name.ts';
import { formatName } from '../dns/names.ts';
import { formatRdata } from '../dns/rdata-text.ts';
import { type MessageRecords, readRecords } from '../dns/record-reader.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG, layoutOf, readUint16 } from '../dns/wire.ts';
import { escapeControls } from '../observe/log.ts';
import type { TrustAnchors } from '../tls/trust-anchors.ts';
import type { Verdict } from '../tls/verdict.ts';
import { BadAnswer, type Trace } from './query-exchange.ts';
import type { QueryQuestion } from './query-question.ts';
import type { QueryServer } from './query-server.ts';

const DAY_MS = 86_400_000;

export interface RecordFacts {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly type: string;
  readonly rdata: string;
}

/** What the reply says. */
export interface ReplyFacts {
  /** Mnemonic of the response code, extended part included. */
  readonly status: string;
  /** "qr", "aa", "tc", "rd", "ra", "ad", "cd". */
  readonly flags: readonly string[];
  readonly extendedErrors: readonly { readonly code: number; readonly name: string; readonly text: string }[];
  readonly answers: readonly RecordFacts[];
  readonly authorities: readonly RecordFacts[];
  readonly additionals: readonly RecordFacts[];
  readonly octets: number;
}

export interface TlsFacts {
  readonly version: string | null;
  readonly alpn: string | null;
  readonly trusted: boolean;
  readonly verdict: Verdict;
  /** "the public roots" or the path of a CA file. */
  readonly anchors: string;
  /** How many pins were demanded. */
  readonly pins: number;
  /** RFC 3339 dates; null where the peer is not trusted. */
  readonly certificate: {
    readonly notBefore: string;
    readonly notAfter: string;
    readonly daysLeft: number;
  } | null;
}

export interface QueryFacts {
  readonly question: { readonly name: string; readonly type: string };
  /** Null: none came, and `failure` says why. */
  readonly reply: ReplyFacts | null;
  readonly server: { readonly address: string; readonly port: number; readonly name: string | null };
  readonly transport: Trace['transport'];
  /** It came over TCP, because the one over UDP was truncated. */
  readonly truncatedOverUdp: boolean;
  /** How often the query went out over UDP. */
  readonly datagrams: number;
  /** Null on plain transports, and where no handshake came to a verdict. */
  readonly tls: TlsFacts | null;
  readonly timing: {
    readonly connectMs: number | null;
    readonly tlsMs: number | null;
    readonly queryMs: number | null;
  };
  readonly failure: { readonly code: string; readonly message: string } | null;
}

/** Whom a certificate may come from. */
export interface QueryTrust {
  readonly anchors: TrustAnchors;
  /** "the public roots" or the path of a CA file. */
  readonly described: string;
  readonly pins: readonly string[];
}

export interface Ending {
  readonly question: QueryQuestion;
  readonly server: QueryServer;
  readonly trace: Trace;
  /** Null on plain transports. */
  readonly trust: QueryTrust | null;
  /** Milliseconds since 1970, as our clock has it. */
  readonly nowMs: number;
  readonly reply: ReplyFacts | null;
  readonly failure: { readonly code: string; readonly message: string; readonly verdict?: Verdict } | null;
}

export function gatherFacts(ending: Ending): QueryFacts {
  const { question, server, trace, reply, failure } = ending;
  const { address, port } = server.address;
  return {
    question: { name: formatName(question.name), type: typeName(question.type) },
    reply,
    server: { address, port, name: server.name },
    transport: trace.transport,
    truncatedOverUdp: trace.wasTruncated,
    datagrams: trace.datagrams,
    tls: tlsFacts(ending),
    timing: {
      connectMs: tenths(trace.connectMs),
      tlsMs: tenths(trace.tlsMs),
      queryMs: tenths(trace.queryMs),
    },
    failure: failure && { code: failure.code, message: failure.message },
  };
}

function tlsFacts({ trace, trust, nowMs, failure }: Ending): TlsFacts | null {
  if (trust === null) return null;
  const {
    described: anchors,
    pins: { length: pins },
  } = trust;
  const { tls } = trace;
  if (tls !== null) {
    const { notBeforeMs, notAfterMs } = tls.leaf;
    const certificate = {
      notBefore: new Date(notBeforeMs).toISOString(),
      notAfter: new Date(notAfterMs).toISOString(),
      daysLeft: Math.floor((notAfterMs - nowMs) / DAY_MS),
    };
    return {
      version: tls.version,
      alpn: tls.alpn,
      trusted: true,
      verdict: tls.verdict,
      anchors,
      pins,
      certificate,
    };
  }
  if (failure?.verdict === undefined) return null;
  const { verdict } = failure;
  return { version: null, alpn: null, trusted: false, verdict, anchors, pins, certificate: null };
}

function tenths(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}

/**
 * A reply, read.
 * @throws BadAnswer where its octets are malformed
 */
export function readReply(message: Uint8Array): ReplyFacts {
  const flags = readUint16(message, 2);
  const layout = layoutOf(message);
  // A truncated reply may be cut within a record, and one to a malformed query has no question.
  const isBare = (flags & FLAG.TC) !== 0 || readUint16(message, 4) === 0;
  if (layout === null && !isBare) throw new BadAnswer('what it sent is malformed (RFC 1035 section 4.1)');
  const opt = layout?.opt ?? -1;
  const extended = opt < 0 ? 0 : message[opt + 4]!;
  const records: MessageRecords =
    layout === null ? { answers: [], authorities: [], additionals: [] } : readRecords(message, layout);
  return {
    status: rcodeName((extended << 4) | (flags & 15)),
    flags: Object.entries(FLAG).flatMap(([name, bit]) => ((flags & bit) === 0 ? [] : [name.toLowerCase()])),
    extendedErrors: (opt < 0 ? [] : readExtendedErrors(message, opt)).map(({ code, text }) => ({
      code,
      name: extendedErrorName(code),
      text: escapeControls(text),
    })),
    answers: records.answers.map(recordFacts),
    authorities: records.authorities.map(recordFacts),
    additionals: records.additionals.map(recordFacts),
    octets: message.length,
  };
}

function recordFacts({ owner, type, ttlSeconds, rdata }: ResourceRecord): RecordFacts {
  return { name: formatName(owner), ttlSeconds, type: typeName(type), rdata: formatRdata(type, rdata) };
}
