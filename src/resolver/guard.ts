// Link: what is not answered at all, and what is answered without looking anything up.
// How often (over UDP, where whoever asks may be forged), who may ask (access list, alike on every transport), then form
// (RFC 1035, RFC 6891, RFC 9619), then questions that a resolver of a house does not serve: zone transfers, other classes,
// meta types, ANY (RFC 8482). What somebody asks to have explained passes a guard of its own, which writes nothing down.

import { isIPv4 } from 'node:net';
import type { Limits } from '../config/config.ts';
import { Answer, DROP } from '../dns/answer.ts';
import { CLASS_IN, EDE, OPCODE_QUERY, RCODE, rcodeName, TYPE, typeName } from '../dns/codes.ts';
import { writeMessage } from '../dns/message-writer.ts';
import type { Query } from '../dns/query.ts';
import { FLAG, HEADER_OCTETS } from '../dns/wire.ts';
import type { LimitLog } from '../observe/limit-log.ts';
import type { Log } from '../observe/log.ts';
import type { AccessList } from './access-list.ts';
import { ClientRate } from './client-rate.ts';
import type { Context, Link } from './resolver.ts';

/** TTL of the answer to ANY, in seconds (RFC 8482 section 4.2 leaves it to us). */
const ANY_TTL_SECONDS = 3600;
/** HINFO "RFC8482" "" (RFC 8482 section 4.2). */
const ANY_RDATA = Buffer.from('\x07RFC8482\x00', 'latin1');
/** Clients whose refusal has been logged; after that many the log has made its point. */
const MAX_REFUSALS_LOGGED = 256;

/**
 * Of the queries beyond the limit, one in so many is told to come over TCP, which a real client does and a forged one
 * cannot; the others get nothing. As BIND's and Knot's response rate limiting, which call it slip.
 */
const SLIP = 2;

export interface RateGuardParts {
  readonly limits: Pick<Limits, 'udpQueriesPerClient'>;
  readonly limitLog: Pick<LimitLog, 'reached'>;
  /** Where clients are counted; by default here alone. */
  readonly rate?: ClientRate;
}

export interface GuardParts extends RateGuardParts {
  /** Asked per query, because a reload replaces the list. */
  readonly accessList: () => Pick<AccessList, 'allows'>;
  readonly log: Log;
}

/** All of it, in its order. */
export function guard(parts: GuardParts): Link {
  const [often, who] = [rateGuard(parts), countedGuard(parts)];
  return (next) => often(who(next));
}

/** How often: what is no query gets nothing, and who asks too often gets little. */
export function rateGuard({ limits, limitLog, rate = new ClientRate() }: RateGuardParts): Link {
  /** What a client gets that asks too often over UDP; null: it does not. */
  const slowedDown = ({ transport, client, receivedAtMs }: Context): Answer | null => {
    if (transport !== 'udp') return null;
    const beyond = rate.count(client, receivedAtMs) - limits.udpQueriesPerClient;
    if (beyond <= 0) return null;
    limitLog.reached('limits.udp_queries_per_client', { client });
    return beyond % SLIP === 0 ? Answer.truncated() : DROP;
  };
  return (next) => ({
    resolve(query, context) {
      if (query.length < HEADER_OCTETS || query.isResponse) return DROP;
      return slowedDown(context) ?? next.resolve(query, context);
    },
  });
}

/** Who and what, of a query that has passed a rateGuard, in another thread perhaps. */
export function countedGuard({ accessList, log }: Omit<GuardParts, keyof RateGuardParts>): Link {
  const refused = new Set<string>();
  return judging(accessList, (client) => logFirstRefusal(client, refused, log));
}

/** For a question that somebody asks on behalf of a client: it has not come, so it is neither counted nor logged. */
export function explainingGuard({ accessList }: Pick<GuardParts, 'accessList'>): Link {
  return judging(accessList, () => {});
}

/** Who may ask, and what is asked. */
function judging(accessList: GuardParts['accessList'], onRefusal: (client: string) => void): Link {
  return (next) => ({
    resolve(query, context) {
      if (!accessList().allows(context.client)) {
        onRefusal(context.client);
        context.trace?.say('guard', 'client not allowed (access.allow)');
        return Answer.ofRcode(RCODE.REFUSED, { code: EDE.PROHIBITED, text: 'client not allowed' });
      }
      const refusal = refusalOf(query);
      if (refusal === null) return next.resolve(query, context);
      context.trace?.say('guard', refusal.why);
      return refusal.answer;
    },
  });
}

interface Refusal {
  readonly answer: Answer;
  /** For people. */
  readonly why: string;
}

/** Has this guard nothing to say to what is asked? For a thread that leaves the rest to another one. */
export function isServed(query: Query): boolean {
  return refusalOf(query) === null;
}

/** The answer to a query that goes no further; null for one that does. */
function refusalOf(query: Query): Refusal | null {
  const { opcode, edns, type } = query;
  if (opcode !== OPCODE_QUERY) return refusal(RCODE.NOTIMP, `opcode ${opcode} is not served`);
  if (query.asksForCookieAlone)
    return { answer: Answer.ofRcode(RCODE.NOERROR), why: 'asks for a cookie alone' }; // edns-options.ts puts it in
  if (query.isMalformed) return refusal(RCODE.FORMERR, 'malformed');
  if (edns !== null && edns.version > 0)
    return refusal(RCODE.BADVERS, `EDNS version ${edns.version} is not known`);
  if (query.class !== CLASS_IN) return refusal(RCODE.REFUSED, `class ${query.class} is not served`);
  if (type === TYPE.ANY)
    return { answer: minimalAny(query), why: 'ANY is answered with one record for all (RFC 8482)' };
  if (type === TYPE.AXFR || type === TYPE.IXFR)
    return refusal(RCODE.REFUSED, 'zone transfers are not served');
  return isMetaType(type) ? refusal(RCODE.NOTIMP, `no record has the type ${typeName(type)}`) : null;
}

function refusal(rcode: number, reason: string): Refusal {
  return { answer: Answer.ofRcode(rcode), why: `${reason} (${rcodeName(rcode)})` };
}

/** Types that no record has: OPT, and 128 to 255 (RFC 6895 section 3.1). */
function isMetaType(type: number): boolean {
  return type === TYPE.OPT || (type >= 128 && type < 256);
}

function minimalAny(query: Query): Answer {
  const owner = Buffer.from(query.question.subarray(0, -4)).toString('latin1');
  const hinfo = { owner, type: TYPE.HINFO, ttlSeconds: ANY_TTL_SECONDS, rdata: ANY_RDATA };
  return Answer.fromMessage(writeMessage({ question: query.question, flags: FLAG.QR, answers: [hinfo] }))!;
}

function logFirstRefusal(client: string, refused: Set<string>, log: Log): void {
  if (refused.has(client) || refused.size >= MAX_REFUSALS_LOGGED) return;
  refused.add(client);
  const address = client.split('%', 1)[0];
  const prefix = isIPv4(client) ? 32 : 128;
  log.warn('refused a client that is not in access.allow', {
    client,
    add: `access.allow: ["${address}/${prefix}"]`,
  });
}
