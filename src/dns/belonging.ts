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
  RDATA_BEHIND_TTL,
  RDLENGTH_BEHIND_TTL,
  type RecordPlace,
  readName,
  readUint16,
  recordPlaces,
  TYPE_BEFORE_TTL,
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
  const { questionEnd, answers, authorities, ttlOffsets } = layout;
  const askedClass = readUint16(message, questionEnd - QUESTION_FIXED_OCTETS + 2);
  const belongs = new Array<boolean>(ttlOffsets.length).fill(false);
  let chain: Chain | null = null;
  let next = questionEnd;
  for (let index = 0; index < answers + authorities; index += 1) {
    const ownerAt = next;
    const typeAt = ttlOffsets[index]! - TYPE_BEFORE_TTL;
    next = recordEnd(message, ttlOffsets[index]!);
    if (readUint16(message, typeAt + 2) !== askedClass) continue;
    if (index < answers && readUint16(message, ownerAt) === POINTER_TO_QUESTION) {
      belongs[index] = true; // and not one name has to be read
      continue;
    }
    const about = typeItIsAbout(message, ttlOffsets[index]!, next);
    chain ??= new Chain(message, layout, askedClass);
    if (index < answers)
      belongs[index] = chain.has(ownerAt) || (about === TYPE.DNAME && chain.isBelow(ownerAt));
    else
      belongs[index] = readUint16(message, typeAt) === TYPE.SOA ? chain.isBelow(ownerAt) : PROOFS.has(about);
  }
  return belongs;
}

/** The name asked and those that it leads to, in whatever order the records stand. */
class Chain {
  readonly #message: Uint8Array;
  readonly #names: readonly NameKey[];
  /** Thousands of owners may be pointers to one long name, which is read once. */
  readonly #byPointer = new Map<number, NameKey>();
  /** Each look walks up every name of the chain, and a reply has room for thousands of records. */
  #looksLeft = MAX_CHAIN_NAMES;

  constructor(message: Uint8Array, layout: MessageLayout, askedClass: number) {
    this.#message = message;
    const aliases = new Map<NameKey, RecordPlace>();
    for (const place of recordPlaces(message, layout).slice(0, layout.answers)) {
      if (readUint16(message, place.typeAt) !== TYPE.CNAME) continue;
      if (readUint16(message, place.typeAt + 2) !== askedClass) continue;
      const owner = this.#ownerAt(place.ownerAt);
      if (!aliases.has(owner)) aliases.set(owner, place);
    }
    const names = [this.#nameAt(HEADER_OCTETS)];
    while (names.length < MAX_CHAIN_NAMES) {
      const alias = aliases.get(names.at(-1)!);
      if (alias === undefined) break;
      const next = this.#nameAt(alias.rdataAt);
      if (names.includes(next)) break;
      names.push(next);
    }
    this.#names = names;
  }

  /** Is it one of these names that stands at `ownerAt`? */
  has(ownerAt: number): boolean {
    return this.#names.includes(this.#ownerAt(ownerAt));
  }

  /** Is one of these names the one that stands at `ownerAt`, or below it? */
  isBelow(ownerAt: number): boolean {
    this.#looksLeft -= 1;
    return this.#looksLeft >= 0 && this.#names.some((name) => isAtOrBelow(name, this.#ownerAt(ownerAt)));
  }

  #ownerAt(at: number): NameKey {
    const pointer = readUint16(this.#message, at);
    const known = this.#byPointer.get(pointer);
    if (known !== undefined) return known;
    const owner = this.#nameAt(at);
    if (pointer >= POINTER) this.#byPointer.set(pointer, owner);
    return owner;
  }

  #nameAt(at: number): NameKey {
    return lowerName(readName(this.#message, at));
  }
}

/** Its own type; of an RRSIG the one that it is for, which stands first in its RDATA (RFC 4034 section 3.1). */
function typeItIsAbout(message: Uint8Array, ttlAt: number, end: number): number {
  const type = readUint16(message, ttlAt - TYPE_BEFORE_TTL);
  if (type !== TYPE.RRSIG) return type;
  const rdataAt = ttlAt + RDATA_BEHIND_TTL;
  return end - rdataAt < 2 ? 0 : readUint16(message, rdataAt);
}

function recordEnd(message: Uint8Array, ttlAt: number): number {
  return ttlAt + RDATA_BEHIND_TTL + readUint16(message, ttlAt + RDLENGTH_BEHIND_TTL);
}
