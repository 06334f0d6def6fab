// The text of an address, made once for those that come often: a table of fixed size, keyed by the octets. One place for
// each key: of two that want the same one the later has it, and the other is made anew when it comes again.

import { formatIpv6 } from '../../dns/rdata-fields.ts';

/** A house has some hundred clients; with strings about 400 kB when all are taken. */
const PLACES = 4096;
/** The address and its scope. */
const KEY_WORDS = 5;
/** The third word of ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), as it stands in little-endian memory. */
const MAPPED = 0xffff0000 | 0;

export class AddressTexts {
  readonly #keys = new Int32Array(PLACES * KEY_WORDS);
  readonly #texts: string[] = new Array(PLACES).fill('');
  readonly #nameOfInterface: (index: number) => string | null;

  constructor(nameOfInterface: (index: number) => string | null) {
    this.#nameOfInterface = nameOfInterface;
  }

  ofIpv4(address: number): string {
    return this.#find(0, 0, MAPPED, address, 0);
  }

  /** The address in four words; one that is really IPv4's comes out as that. `scope` 0: none. */
  ofIpv6(words: Int32Array, at: number, scope: number): string {
    return this.#find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, scope);
  }

  #find(a: number, b: number, c: number, d: number, scope: number): string {
    const place = placeOf(a, b, c, d, scope);
    const keys = this.#keys;
    const key = place * KEY_WORDS;
    const isKnown =
      keys[key + 3] === d &&
      keys[key + 2] === c &&
      keys[key + 1] === b &&
      keys[key] === a &&
      keys[key + 4] === scope;
    if (isKnown && this.#texts[place] !== '') return this.#texts[place]!;
    keys.set([a, b, c, d, scope], key);
    const text = this.#write(Int32Array.of(a, b, c, d), scope);
    this.#texts[place] = text;
    return text;
  }

  #write(words: Int32Array, scope: number): string {
    const octets = new Uint8Array(words.buffer);
    if (words[0] === 0 && words[1] === 0 && words[2] === MAPPED) return octets.subarray(12).join('.');
    const text = formatIpv6(octets);
    const name = scope === 0 ? null : this.#nameOfInterface(scope);
    return name === null ? text : `${text}%${name}`;
  }
}

/** Who brings about that two of them share a place has them made anew, and nothing else. */
function placeOf(a: number, b: number, c: number, d: number, scope: number): number {
  let hash = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ scope, 0xc2b2ae35) ^ d;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) & (PLACES - 1);
}
