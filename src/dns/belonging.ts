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
  const askedClass = readUint16(message, questionEnd - QUESTION_FIXED_OCTETS + 2);
  const places = recordPlaces(message, layout);
  let read: Chain | null = null;
  const chain = () => {
    read ??= new Chain(message, askedClass, places.slice(0, answers));
    return read;
  };
  return places.map((place, index) => {
    if (index >= answers + authorities || readUint16(message, place.typeAt + 2) !== askedClass) return false;
    if (index < answers && isOwnedByQuestion(message, place)) return true; // and not one name has to be read
    const type = readUint16(message, place.typeAt);
    const about = type === TYPE.RRSIG ? coveredType(message, place) : type;
    if (index < answers) return chain().has(place) || (about === TYPE.DNAME && chain().isBelow(place));
    return type === TYPE.SOA ? chain().isBelow(place) : PROOFS.has(about);
  });
}

function isOwnedByQuestion(message: Uint8Array, { ownerAt }: RecordPlace): boolean {
  return readUint16(message, ownerAt) === POINTER_TO_QUESTION;
}

/** The name asked and those that it leads to, in whatever order the records stand. */
class Chain {
  readonly #message: Uint8Array;
  readonly #names: readonly NameKey[];
  /** Thousands of owners may be pointers to one long name, which is read once. */
  readonly #byPointer = new Map<number, NameKey>();
  /** Each look walks up every name of the chain, and a reply has room for thousands of records. */
  #looksLeft = MAX_CHAIN_NAMES;

  constructor(message: Uint8Array, askedClass: number, answers: readonly RecordPlace[]) {
    this.#message = message;
    const aliases = new Map<NameKey, RecordPlace>();
    for (const place of answers) {
      if (readUint16(message, place.typeAt) !== TYPE.CNAME) continue;
      if (readUint16(message, place.typeAt + 2) !== askedClass) continue;
      const owner = this.#ownerOf(place);
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

  /** Is its owner one of these names? */
  has(place: RecordPlace): boolean {
    return this.#names.includes(this.#ownerOf(place));
  }

  /** Is one of these names its owner, or below it? */
  isBelow(place: RecordPlace): boolean {
    this.#looksLeft -= 1;
    return this.#looksLeft >= 0 && this.#names.some((name) => isAtOrBelow(name, this.#ownerOf(place)));
  }

  #ownerOf({ ownerAt }: RecordPlace): NameKey {
    const pointer = readUint16(this.#message, ownerAt);
    const known = this.#byPointer.get(pointer);
    if (known !== undefined) return known;
    const owner = this.#nameAt(ownerAt);
    if (pointer >= POINTER) this.#byPointer.set(pointer, owner);
    return owner;
  }

  #nameAt(at: number): NameKey {
    return lowerName(readName(this.#message, at));
  }
}

/** What an RRSIG is for stands first in its RDATA (RFC 4034 section 3.1). */
function coveredType(message: Uint8Array, { rdataAt, end }: RecordPlace): number {
  return end - rdataAt < 2 ? 0 : readUint16(message, rdataAt);
}
