// The tables of HPACK (RFC 7541 section 2.3): the static one of appendix A, and the dynamic one, which a peer fills with
// what it means to repeat. A field stands under one number in both: 1 to 61, and from 62 on, youngest first.

import { compressionFault } from './fault.ts';
import { FIELD_OVERHEAD_OCTETS } from './limits.ts';

export interface Field {
  readonly name: string;
  readonly value: string;
}

/** Appendix A: names in their order; with a value where it has one. */
const STATIC_TEXT = `:authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200
:status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|accept-encoding gzip, deflate
accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|authorization|cache-control|content-disposition
content-encoding|content-language|content-length|content-location|content-range|content-type|cookie|date|etag|expect|expires
from|host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards
proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|strict-transport-security
transfer-encoding|user-agent|vary|via|www-authenticate`;

const STATIC: readonly Field[] = STATIC_TEXT.split(/[|\n]/).map((entry) => {
  const [name, ...words] = entry.split(' ') as [string, ...string[]];
  return { name, value: words.join(' ') };
});

/** The first number of each name, and that of each field with a value. */
const NUMBERS = new Map<string, number>();
for (const [at, { name, value }] of STATIC.entries()) {
  if (!NUMBERS.has(name)) NUMBERS.set(name, at + 1);
  if (value !== '') NUMBERS.set(`${name} ${value}`, at + 1);
}

/** 0: there is none. */
export function staticNumber(name: string): number {
  return NUMBERS.get(name) ?? 0;
}

/** 0: there is none. */
export function staticFieldNumber(name: string, value: string): number {
  return NUMBERS.get(`${name} ${value}`) ?? 0;
}

export class HeaderTables {
  /** Of the dynamic one, oldest first; each has 32 octets at least, so that 4,096 octets are 128 at most. */
  readonly #fields: Field[] = [];
  /** That we have allowed. */
  readonly #mostOctets: number;
  #maxOctets: number;
  #octets = 0;
  #version = 0;

  constructor(mostOctets: number) {
    this.#mostOctets = mostOctets;
    this.#maxOctets = mostOctets;
  }

  /** Another number: fields may stand under other numbers now. */
  get version(): number {
    return this.#version;
  }

  /** Of the dynamic table (section 4.1). */
  get octets(): number {
    return this.#octets;
  }

  /** @throws Http2Fault */
  field(number: number): Field {
    const found =
      number <= STATIC.length
        ? STATIC[number - 1]
        : this.#fields[this.#fields.length + STATIC.length - number];
    if (found === undefined) throw compressionFault(`no field has the number ${number}`);
    return found;
  }

  /** Section 4.4: what is too large for the table empties it. */
  add(field: Field): void {
    const octets = octetsOf(field);
    this.#version += 1;
    this.#evict(this.#maxOctets - octets);
    if (octets > this.#maxOctets) return;
    this.#fields.push(field);
    this.#octets += octets;
  }

  /** Section 6.3. @throws Http2Fault */
  resize(maxOctets: number): void {
    if (maxOctets > this.#mostOctets) throw compressionFault(`a table of ${maxOctets} octets is not allowed`);
    this.#version += 1;
    this.#maxOctets = maxOctets;
    this.#evict(maxOctets);
  }

  #evict(maxOctets: number): void {
    while (this.#octets > maxOctets && this.#fields.length > 0)
      this.#octets -= octetsOf(this.#fields.shift()!);
  }
}

function octetsOf({ name, value }: Field): number {
  return name.length + value.length + FIELD_OVERHEAD_OCTETS;
}
