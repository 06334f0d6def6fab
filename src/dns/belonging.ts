// Which records of a reply belong to its question (RFC 5452 section 6, RFC 2181 section 5.4.1): those of the name asked,
// those of the names that it leads to by CNAME records, and what proves that there is nothing. Pure, on octets that
// layoutOf has walked. Whatever else a reply brings along (name servers, glue, "additional" addresses) is a hint about other
// names, which somebody else may have put there (CVE-2025-11411), and has to be asked for under its own.

import { TYPE } from './codes.ts';
import { isAtOrBelow, lowerName, type NameKey } from './names.ts';
import {
  HEADER_OCTETS,
  type MessageLayout,
  QUESTION_FIXED_OCTETS,
  type RecordPlace,
  readName,
  readUint16,
  recordPlaces,
} from './wire.ts';

/** Names of a chain of CNAME records, the one asked included; resolvers follow fewer (BIND 9: 16, unbound: 11). */
const MAX_CHAIN_NAMES = 17;
/** Most owners are a pointer to the name of the question (RFC 1035 section 4.1.4). */
const POINTER = 0xc000;
const POINTER_TO_QUESTION = POINTER | HEADER_OCTETS;
/** RFC 2308 section 3, RFC 4035 section 3.1.3. */
const PROOFS: ReadonlySet<number> = new Set([TYPE.SOA, TYPE.NSEC, TYPE.NSEC3]);

/** For each record of the message, in order. */
export function belongingRecords(message: Uint8Array, layout: MessageLayout): boolean[] {
  const { questionEnd, answers, authorities } = layout;
  const asked = lowerName(readName(message, HEADER_OCTETS));
  const askedClass = readUint16(message, questionEnd - QUESTION_FIXED_OCTETS + 2);
  const ownerOf = ownerReader(message, asked);
  const places = recordPlaces(message, layout);
  const chain = chainFrom(asked, askedClass, message, places.slice(0, answers), ownerOf);
  /** Each look walks up every name of the chain, and a reply has room for thousands of records. */
  let looksLeft = MAX_CHAIN_NAMES;
  const isAboveChain = (place: RecordPlace) => {
    looksLeft -= 1;
    return looksLeft >= 0 && chain.some((name) => isAtOrBelow(name, ownerOf(place)));
  };
  return places.map((place, index) => {
    if (index >= answers + authorities || readUint16(message, place.typeAt + 2) !== askedClass) return false;
    const type = readUint16(message, place.typeAt);
    const about = type === TYPE.RRSIG ? coveredType(message, place) : type;
    if (index < answers)
      return chain.includes(ownerOf(place)) || (about === TYPE.DNAME && isAboveChain(place));
    return type === TYPE.SOA ? isAboveChain(place) : PROOFS.has(about);
  });
}

/** Thousands of owners may be pointers to one long name, which is read once. */
function ownerReader(message: Uint8Array, asked: NameKey): (place: RecordPlace) => NameKey {
  const byPointer = new Map([[POINTER_TO_QUESTION, asked]]);
  return ({ ownerAt }) => {
    const pointer = readUint16(message, ownerAt);
    const known = byPointer.get(pointer);
    if (known !== undefined) return known;
    const owner = lowerName(readName(message, ownerAt));
    if (pointer >= POINTER) byPointer.set(pointer, owner);
    return owner;
  };
}

/** The name asked and those that it leads to, in whatever order the records stand. */
function chainFrom(
  asked: NameKey,
  askedClass: number,
  message: Uint8Array,
  answers: readonly RecordPlace[],
  ownerOf: (place: RecordPlace) => NameKey,
): NameKey[] {
  const aliases = new Map<NameKey, RecordPlace>();
  for (const place of answers) {
    if (readUint16(message, place.typeAt) !== TYPE.CNAME) continue;
    if (readUint16(message, place.typeAt + 2) !== askedClass) continue;
    const owner = ownerOf(place);
    if (!aliases.has(owner)) aliases.set(owner, place);
  }
  const chain = [asked];
  while (chain.length < MAX_CHAIN_NAMES) {
    const alias = aliases.get(chain.at(-1)!);
    if (alias === undefined) break;
    const next = lowerName(readName(message, alias.rdataAt));
    if (chain.includes(next)) break;
    chain.push(next);
  }
  return chain;
}

/** What an RRSIG is for stands first in its RDATA (RFC 4034 section 3.1). */
function coveredType(message: Uint8Array, { rdataAt, end }: RecordPlace): number {
  return end - rdataAt < 2 ? 0 : readUint16(message, rdataAt);
}
