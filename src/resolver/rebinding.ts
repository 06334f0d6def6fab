// Link: protection against DNS rebinding, where the owner switched it on. A name of the world that leads to an
// address of the house makes a browser here carry a stranger's requests to it; such addresses are taken out of answers.
// Below the cache, so that each answer is looked at once. Names of the house are answered above; those of forwarded zones
// pass. Hints in HTTPS and SVCB records (RFC 9460 section 7.3) count as addresses.

import ipaddr from 'ipaddr.js';
import type { Config } from '../config/config.ts';
import { isPrivateAddress } from '../config/private-address.ts';
import { Answer } from '../dns/answer.ts';
import { recordsOf } from '../dns/answer-records.ts';
import { EDE, TYPE } from '../dns/codes.ts';
import { writeMessage } from '../dns/message-writer.ts';
import { isAtOrBelow, lowerName, type NameKey, nameKey } from '../dns/names.ts';
import type { Query } from '../dns/query.ts';
import type { ResourceRecord } from '../dns/records.ts';
import { FLAG, plainNameEnd, readUint16 } from '../dns/wire.ts';
import { LateAnswer, type Step } from './late-answer.ts';
import type { Link } from './resolver.ts';

/** Zones whose names have private addresses by design, each with the reason why that is safe. */
const KNOWN_ZONES: readonly NameKey[] = [
  // Plex Media Server: each name spells out its one address, so it never leads elsewhere first, as rebinding needs.
  'plex.direct',
].map((name) => nameKey(name));

const REMOVED = {
  code: EDE.BLOCKED,
  text: 'rebinding.protect: private address removed; allow the name under rebinding.allow',
};

/** Types whose answers lead a browser to an address. */
const LEADING_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.HTTPS, TYPE.SVCB]);

/** Ranges of ipaddr.js: 0.0.0.0/8 (RFC 1122) and ::, which reach this very host; fec0::/10 (RFC 3879). */
const HOST_RANGES: ReadonlySet<string> = new Set(['unspecified', 'deprecatedSiteLocal']);
/** ::ffff:0:0/96 (RFC 4291), and NAT64's 64:ff9b::/96 and 64:ff9b:1::/48 (RFC 6052, RFC 8215): the last 32 bits are IPv4. */
const CARRIER_RANGES: ReadonlySet<string> = new Set(['ipv4Mapped', 'rfc6052']);
/** Octets of one address by SvcParamKey: ipv4hint and ipv6hint (RFC 9460 section 14.3.2). */
const HINT_OCTETS: ReadonlyMap<number, number> = new Map([
  [4, 4],
  [6, 16],
]);

export interface RebindingParts {
  /** Asked per query, because a reload replaces it. */
  readonly protection: () => Config['rebinding'];
  readonly isForwarded: (key: NameKey) => boolean;
}

export function rebinding({ protection, isForwarded }: RebindingParts): Link {
  const mayLeadHome = (key: NameKey) =>
    isForwarded(key) || [...KNOWN_ZONES, ...protection().allow].some((zone) => isAtOrBelow(key, zone));
  const late: Step = {
    answered(received, query, context) {
      const rest = withoutHome(received, query, mayLeadHome);
      if (rest !== received) context.trace?.say('rebinding', 'private address removed');
      return rest;
    },
  };
  return (next) => ({
    resolve(query, context) {
      const answer = next.resolve(query, context);
      if (!protection().protect || !LEADING_TYPES.has(query.type)) return answer;
      if (answer instanceof LateAnswer) return answer.through(late, query, context);
      return late.answered(answer.kept(), query, context);
    },
  });
}

/** The answer itself where nothing in it leads into the house, or where it may. The name that was asked decides. */
function withoutHome(answer: Answer, query: Query, mayLeadHome: (key: NameKey) => boolean): Answer {
  if (answer.answers + answer.additionals === 0) return answer;
  const { answers, authorities, additionals } = recordsOf(answer, query);
  const leading = [...answers, ...additionals].filter(leadsHome);
  if (leading.length === 0 || mayLeadHome(query.nameKey)) return answer;
  // Of a signed RRset the rest would be bogus, so it goes as a whole, with its signatures (RFC 4035 section 5.3).
  const covered = [...answers, ...additionals].filter(({ type }) => type === TYPE.RRSIG).map(coveredSet);
  const isSigned = (set: string) => query.dnssecOk || covered.includes(set);
  const wholeSets = new Set(leading.map(ownSet).filter(isSigned));
  const stays = (record: ResourceRecord) =>
    !leading.includes(record) &&
    !wholeSets.has(record.type === TYPE.RRSIG ? coveredSet(record) : ownSet(record));
  const message = writeMessage({
    question: query.question,
    flags: FLAG.QR | (answer.flags & ~FLAG.AD),
    answers: answers.filter(stays),
    authorities,
    additionals: additionals.filter(stays),
  });
  const rest = Answer.fromMessage(message)!;
  // Kept as long as what was received, though what is left may be a negative answer without a SOA.
  const { lifetimeSeconds } = answer;
  return Answer.of({ ...rest, rcode: answer.rcode, errors: [...answer.errors, REMOVED], lifetimeSeconds });
}

function leadsHome({ type, rdata }: ResourceRecord): boolean {
  if (type === TYPE.A || type === TYPE.AAAA) return isOfHouse(rdata);
  return (type === TYPE.HTTPS || type === TYPE.SVCB) && addressHints(rdata).some(isOfHouse);
}

/** Private addresses, those that mean this host, and IPv6 addresses that stand for such an IPv4 address. */
function isOfHouse(octets: Uint8Array): boolean {
  const address = ipaddr.fromByteArray([...octets]);
  if (isPrivateAddress(address) || HOST_RANGES.has(address.range())) return true;
  const carriesIpv4 =
    octets.length === 16 &&
    (CARRIER_RANGES.has(address.range()) || octets.subarray(0, 12).every((octet) => octet === 0));
  return carriesIpv4 && isOfHouse(octets.subarray(12));
}

/** All addresses in the ipv4hint and ipv6hint of an HTTPS or SVCB record; as far as it is well-formed. */
function addressHints(rdata: Uint8Array): Uint8Array[] {
  const hints: Uint8Array[] = [];
  let at = rdata.length < 3 ? -1 : plainNameEnd(rdata, 2); // behind priority and target
  while (at >= 0 && at + 4 <= rdata.length) {
    const octets = HINT_OCTETS.get(readUint16(rdata, at)) ?? 0;
    const start = at + 4;
    const end = start + readUint16(rdata, at + 2);
    if (end > rdata.length) break;
    for (let hint = start; octets > 0 && hint + octets <= end; hint += octets)
      hints.push(rdata.subarray(hint, hint + octets));
    at = end;
  }
  return hints;
}

/** An RRset as text: owner and type. */
function ownSet({ owner, type }: ResourceRecord): string {
  return `${type} ${lowerName(owner)}`;
}

/** The RRset that an RRSIG is for: its RDATA begins with the type (RFC 4034 section 3.1). */
function coveredSet({ owner, rdata }: ResourceRecord): string {
  return `${rdata.length < 2 ? 0 : readUint16(rdata, 0)} ${lowerName(owner)}`;
}
