// Link: what is answered from the house itself, whatever happens outside: the owner's zones, names of files, this
// server's own names, and names that never leave (special-use names, private reverse zones, dotless names).
// A CNAME of ours is followed, through our own zones and out to the world.

import { Answer } from '../dns/answer.ts';
import { EDE, RCODE, TYPE } from '../dns/codes.ts';
import { writeMessage } from '../dns/message-writer.ts';
import { formatName, lowerName, type NameKey, parentOf } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG } from '../dns/wire.ts';
import { follow } from './follow.ts';
import { LateAnswer } from './late-answer.ts';
import { HouseNames } from './local/house-names.ts';
import type { NameFiles } from './local/name-files.ts';
import type { OwnNames } from './local/own-names.ts';
import { isAskedOfParent, specialAnswer, specialZoneOf } from './local/special-names.ts';
import { authoritySoa, type LocalZones, type ZoneAnswer } from './local/zone.ts';
import type { Context, Link } from './resolver.ts';

/** CNAMEs of ours in a row; a longer chain is a loop or a mistake. */
const MAX_CNAMES = 8;

export interface LocalParts {
  readonly zones: LocalZones;
  readonly files: Pick<NameFiles, 'lookup' | 'exists' | 'mayHold'>;
  readonly ownNames: OwnNames;
  readonly designated: DesignatedAnswers;
  readonly probe: ProbeNames;
  readonly forwards: ForwardedNames;
}

/** This server's encrypted doors, told to those who ask for them (RFC 9462). */
interface DesignatedAnswers {
  /** Records, or null when this is none of its business. */
  answer(key: NameKey, type: number, localAddress: string): readonly ResourceRecord[] | null;
  /** Names that it may have records for. */
  readonly names: readonly NameKey[];
}

/** Names that a page makes its browser look up, in order to see whether the query comes here. */
interface ProbeNames {
  /** Is this such a name? Then it is noted who asked. */
  notes(key: NameKey, context: Context): boolean;
}

/** Zones that a resolver on the LAN answers, further down the chain. */
interface ForwardedNames {
  /** Is this name in one? */
  holds(key: NameKey): boolean;
}

/** @param parts asked per query, because a reload replaces them. */
export function local(parts: () => LocalParts): Link {
  let known: LocalParts | null = null;
  let names: HouseNames;
  const mayHold = (query: Query, current: LocalParts) => {
    if (current !== known) names = HouseNames.of(current);
    known = current;
    return names.mayHold(query.key);
  };
  return (next) => ({
    resolve(query, context) {
      const current = parts();
      if (query.recursionDesired && !mayHold(query, current)) return next.resolve(query, context);
      const found = lookUp(query, context, current);
      if (found.kind === 'answer') {
        context.answeredBy = 'local';
        return found.answer;
      }
      if (found.kind === 'follow') {
        if (query.recursionDesired) return LateAnswer.of(follow(found, query, context, next));
        context.answeredBy = 'local';
        return writeAnswer(query, { rcode: RCODE.NOERROR }, found.records); // the CNAME alone (RFC 1034 section 4.3.2)
      }
      if (!query.recursionDesired) {
        context.answeredBy = 'local';
        // RFC 8914 section 4.21; answering from the cache here would tell anybody what others have asked
        return Answer.ofRcode(RCODE.REFUSED, {
          code: EDE.NOT_AUTHORITATIVE,
          text: 'recursion was not asked for',
        });
      }
      return next.resolve(query, context);
    },
  });
}

type Found =
  | { readonly kind: 'outside' }
  | { readonly kind: 'answer'; readonly answer: Answer }
  /** CNAMEs of ours that end at a name of somebody else's. */
  | { readonly kind: 'follow'; readonly records: readonly ResourceRecord[]; readonly target: string };

function lookUp(query: Query, context: Context, parts: LocalParts): Found {
  const { nameKey, type } = query;
  if (isAskedOfParent(nameKey, type, query.dnssecOk, parts.zones)) return { kind: 'outside' };
  const records: ResourceRecord[] = [];
  let target = nameKey;
  for (let hops = 0; hops <= MAX_CNAMES; hops += 1) {
    const step = stepAt(lowerName(target), type, context, parts);
    if (step === null) return hops === 0 ? { kind: 'outside' } : { kind: 'follow', records, target };
    records.push(...step.records);
    if (step.target === undefined) return { kind: 'answer', answer: writeAnswer(query, step, records) };
    target = step.target;
  }
  const loop = { code: EDE.OTHER, text: 'a CNAME loop, or too many CNAMEs, in the local zones' };
  return { kind: 'answer', answer: Answer.ofRcode(RCODE.SERVFAIL, loop) };
}

/** What we have at one name: an end, or with `target` a CNAME to go on from. */
interface Step {
  readonly rcode: number;
  readonly records: readonly ResourceRecord[];
  /** For the authority section of a negative answer (RFC 2308 section 3). */
  readonly soa?: ResourceRecord;
  readonly target?: string;
}

/**
 * Null: none of our business. In this order: names of tests; what is written at the name in the owner's zones; hosts files; our own names;
 * our encrypted doors; leases, whose names clients choose, so that they neither take our own nor add to one that is
 * written, nor take one of a zone that is forwarded (its addresses they do: the DHCP server knows whose they are); then
 * those zones, unless one of the owner's lies further in; wildcards and denials of the owner's zones; and names that
 * never leave.
 */
function stepAt(key: NameKey, type: number, context: Context, parts: LocalParts): Step | null {
  const { zones, files, ownNames, designated, probe } = parts;
  if (probe.notes(key, context)) {
    context.trace?.say('local', 'test from a device');
    return { rcode: RCODE.NOERROR, records: [], soa: authoritySoa(key) };
  }
  const found = zones.lookup(key, type);
  const isWritten = found.kind !== 'outside' && found.isWritten;
  if (isWritten && found.kind !== 'nodata') return stepOfZone(found, context);
  const filed = files.lookup(key, type);
  if (filed !== null && !filed.isLease && filed.records.length > 0) {
    context.trace?.say('local', filed.source);
    return { rcode: RCODE.NOERROR, records: filed.records };
  }
  const own = ownNames.answer(key, type, context.localAddress);
  if (own !== null) {
    context.trace?.say('local', 'own name');
    return { rcode: RCODE.NOERROR, records: own, soa: own.length === 0 ? authoritySoa(key) : undefined };
  }
  const doors = designated.answer(key, type, context.localAddress);
  if (doors !== null) {
    context.trace?.say('local', 'designated resolvers (RFC 9462)');
    return { rcode: RCODE.NOERROR, records: doors, soa: doors.length === 0 ? authoritySoa(key) : undefined };
  }
  const isTheirs = isForwarded(key, type, found, parts);
  const isLeaseOut = isWritten || (isTheirs && type !== TYPE.PTR);
  if (filed !== null && !(filed.isLease && isLeaseOut)) {
    context.trace?.say('local', filed.source);
    const soa = filed.records.length === 0 ? soaFor(key, found) : undefined;
    return { rcode: RCODE.NOERROR, records: filed.records, soa };
  }
  if (isTheirs) return null;
  if (found.kind === 'nxdomain' && isThere(key, parts))
    return stepOfZone({ ...found, kind: 'nodata' }, context);
  return found.kind === 'outside' ? stepOfSpecialName(key, type, context, parts) : stepOfZone(found, context);
}

function stepOfZone(found: Exclude<ZoneAnswer, { kind: 'outside' }>, context: Context): Step {
  if (context.trace !== undefined) {
    const zone = formatName(found.zone);
    context.trace.say('local', `zone ${zone}`, { zone });
  }
  switch (found.kind) {
    case 'answer':
      return { rcode: RCODE.NOERROR, records: found.records };
    case 'cname':
      return { rcode: RCODE.NOERROR, records: found.records, target: found.target };
    case 'yxdomain':
      return { rcode: RCODE.YXDOMAIN, records: found.records };
    default:
      return { rcode: NEGATIVE_RCODE[found.kind], records: [], soa: found.soa };
  }
}

function stepOfSpecialName(key: NameKey, type: number, context: Context, parts: LocalParts): Step | null {
  const special = specialAnswer(key, type, parts.zones.holdsBelow);
  if (special.kind === 'outside') return null;
  context.trace?.say('local', `special name (${special.source})`);
  if (special.kind === 'answer') return { rcode: RCODE.NOERROR, records: special.records };
  const kind = isThere(key, parts) || parts.forwards.holds(key) ? 'nodata' : special.kind;
  return { rcode: NEGATIVE_RCODE[kind], records: [], soa: authoritySoa(special.soaOwner) };
}

const NEGATIVE_RCODE = { nodata: RCODE.NOERROR, nxdomain: RCODE.NXDOMAIN } as const;

/** Does a forwarded zone lie further in than what the owner's zones say? A DS record is its parent's (RFC 4035). */
function isForwarded(key: NameKey, type: number, found: ZoneAnswer, { forwards }: LocalParts): boolean {
  if (!forwards.holds(type === TYPE.DS ? parentOf(key) : key)) return false;
  return found.kind === 'outside' || found.isMadeUp || !forwards.holds(found.zone);
}

/** NXDOMAIN would deny a name that others of the house have, if not of this type, and all below it (RFC 8020). */
function isThere(key: NameKey, { files, ownNames }: LocalParts): boolean {
  return files.exists(key) || ownNames.has(key);
}

/** For NODATA about a name of a file. */
function soaFor(key: NameKey, found: ZoneAnswer): ResourceRecord {
  if (found.kind === 'nodata' || found.kind === 'nxdomain') return found.soa;
  return authoritySoa(found.kind === 'outside' ? (specialZoneOf(key) ?? key) : found.zone);
}

function writeAnswer(
  query: Query,
  { rcode, soa }: Pick<Step, 'rcode' | 'soa'>,
  answers: readonly ResourceRecord[],
): Answer {
  const flags = FLAG.QR | FLAG.AA | rcode;
  const authorities = soa === undefined ? [] : [soa];
  return Answer.fromMessage(writeMessage({ question: query.question, flags, answers, authorities }))!;
}
