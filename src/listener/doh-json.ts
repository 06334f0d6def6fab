// An answer as JSON, in the form that Cloudflare and Google share (docs/api.md, DNS queries as JSON): names with a dot
// at their end, RDATA as people write it, extended errors (RFC 8914) as Comment. Pure.
// Everything that is not ASCII is escaped, so that an upstream's words cannot steer the terminal that curl prints to.

import { type AnswerView, type RenderLimits, renderAnswer, renderBound } from '../dns/answer.ts';
import type { ExtendedError } from '../dns/edns.ts';
import { extendedErrorName } from '../dns/extended-error-name.ts';
import { formatName } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import { formatRdata } from '../dns/rdata-text.ts';
import { readRecords } from '../dns/record-reader.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG, layoutOf, MAX_MESSAGE_OCTETS, readUint16 } from '../dns/wire.ts';

export const DNS_JSON = 'application/dns-json';

const WHOLE: RenderLimits = { maxOctets: MAX_MESSAGE_OCTETS, padToOctets: 0, keepaliveMs: null };
/** Text of all records together: twice that of the longest TXT. Compressed names, made to hurt, would come to 9 million. */
const MAX_CHARACTERS = 1 << 19;

/** A record as both document it; `data` is presentation form. */
interface JsonRecord {
  readonly name: string;
  readonly type: number;
  readonly TTL: number;
  readonly data: string;
}

/** The response to `query` as one line of JSON, in ASCII. */
export function answerJson(answer: AnswerView, query: Query): string {
  const bytes = Buffer.alloc(renderBound(answer, query, WHOLE));
  const message = bytes.subarray(0, renderAnswer(answer, query, WHOLE, bytes, 0));
  const { answers, authorities } = readRecords(message, layoutOf(message)!);
  const sections = jsonSections(answers, authorities);
  const flags = readUint16(message, 2);
  const isSet = (flag: number) => (flags & flag) !== 0;
  const asked = Buffer.from(query.question.subarray(0, -4)).toString('latin1');
  return asciiJson({
    Status: answer.rcode,
    TC: isSet(FLAG.TC) || sections === null,
    RD: isSet(FLAG.RD),
    RA: isSet(FLAG.RA),
    AD: isSet(FLAG.AD),
    CD: isSet(FLAG.CD),
    Question: [{ name: formatName(asked), type: query.type }],
    ...sections,
    ...(answer.errors.length === 0 ? {} : { Comment: answer.errors.map(errorText) }),
  });
}

/** An error in the form that Cloudflare documents. */
export function errorJson(message: string): string {
  return asciiJson({ error: message });
}

/** Sections that have records; null when their text would be too long. */
function jsonSections(answers: readonly ResourceRecord[], authorities: readonly ResourceRecord[]) {
  let left = MAX_CHARACTERS;
  const section = (records: readonly ResourceRecord[]): JsonRecord[] => {
    const texts: JsonRecord[] = [];
    for (const { owner, type, ttlSeconds, rdata } of records) {
      const text = { name: formatName(owner), type, TTL: ttlSeconds, data: formatRdata(type, rdata) };
      left -= text.name.length + text.data.length;
      if (left < 0) break;
      texts.push(text);
    }
    return texts;
  };
  const Answer = section(answers);
  const Authority = section(authorities);
  if (left < 0) return null;
  return { ...(Answer.length > 0 ? { Answer } : {}), ...(Authority.length > 0 ? { Authority } : {}) };
}

/** "EDE(14): Not Ready (the words of whoever says so)". */
function errorText({ code, text }: ExtendedError): string {
  return `EDE(${code}): ${extendedErrorName(code)}${text === '' ? '' : ` (${text})`}`;
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function asciiJson(value: unknown): string {
  return `${JSON.stringify(value).replace(/[\u007f-\uffff]/g, escaped)}\n`;
}
