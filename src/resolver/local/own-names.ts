// The names of this server itself: those on its certificate and the host's own. Answered by ourselves, in every clock
// state, so that a device that is told "use dns.home.example" finds it when nothing else works.
// The answer is the address that was asked, because that one evidently reaches us; for the other address family it is
// what the same interface has and we listen on. The configuration may name addresses instead.

import ipaddr from 'ipaddr.js';
import { TYPE } from '../../dns/codes.ts';
import { isAtOrBelow, type NameKey, NameSyntaxError, nameKey } from '../../dns/names.ts';
import type { ResourceRecord } from '../../dns/records.ts';

const LOCALHOST = nameKey('localhost.');
/** Short: another address of ours may be the right one for the next network that a phone joins. */
const TTL_SECONDS = 60;
/** Types that say where a server is; other questions about the name take the usual way. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SVCB, TYPE.HTTPS]);

export interface OwnNamesParts {
  readonly names: readonly string[];
  /** Empty: the address that was asked. */
  readonly addresses: readonly string[];
  /** Addresses of the interface that has this one on which this server listens. */
  readonly neighboursOf: (address: string) => readonly string[];
}

export class OwnNames {
  readonly #parts: OwnNamesParts;
  readonly #keys: ReadonlySet<NameKey>;

  constructor(parts: OwnNamesParts) {
    this.#parts = parts;
    this.#keys = new Set(parts.names.flatMap(keysOf));
  }

  get names(): readonly NameKey[] {
    return [...this.#keys];
  }

  /** Is this a name of ours, whatever is asked about it? */
  has(key: NameKey): boolean {
    return this.#keys.has(key);
  }

  /** Records, none for NODATA, or null when this is no question about where we are. */
  answer(key: NameKey, type: number, localAddress: string): readonly ResourceRecord[] | null {
    if (!this.#keys.has(key) || !ADDRESS_TYPES.has(type)) return null;
    const octetsWanted = type === TYPE.A ? 4 : type === TYPE.AAAA ? 16 : 0;
    return this.#addresses(localAddress, octetsWanted).map((rdata) => ({
      owner: key,
      type,
      ttlSeconds: TTL_SECONDS,
      rdata,
    }));
  }

  #addresses(localAddress: string, octetsWanted: number): Uint8Array[] {
    const { addresses, neighboursOf } = this.#parts;
    if (addresses.length > 0) return ofLength(addresses, octetsWanted);
    const asked = ofLength([localAddress], octetsWanted);
    return asked.length > 0 ? asked : ofLength(neighboursOf(localAddress), octetsWanted);
  }
}

/**
 * Under which name questions come, if any: localhost is the client itself (RFC 6761 section 6.3), and a host may be
 * called what no name can be (64 letters, say), which must not keep a server from starting.
 */
function keysOf(name: string): NameKey[] {
  if (ipaddr.isValid(name)) return [];
  try {
    const key = nameKey(name);
    return isAtOrBelow(key, LOCALHOST) ? [] : [key];
  } catch (error) {
    if (error instanceof NameSyntaxError) return [];
    throw error;
  }
}

/** Addresses as octets, those of one family; link-local ones mean nothing without their scope and are left out. */
function ofLength(addresses: readonly string[], octets: number): Uint8Array[] {
  return addresses
    .map((address) => address.split('%', 1)[0]!)
    .filter((address) => ipaddr.isValid(address)) // "": the peer has gone, and with it what it asked
    .map((address) => ipaddr.parse(address))
    .filter((address) => address.range() !== 'linkLocal')
    .map((address) => Uint8Array.from(address.toByteArray()))
    .filter((address) => address.length === octets);
}
