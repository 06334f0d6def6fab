// The names of this server itself: those on its certificate and the host's own. Answered by ourselves, in every clock
// state, so that a device that is told "use dns.home.example" finds it when nothing else works.
// The answer is the address that was asked, because that one evidently reaches us; for the other address family it is
// what the same interface has. The configuration may name addresses instead.

import ipaddr from 'ipaddr.js';
import { TYPE } from '../../dns/codes.ts';
import { type NameKey, nameKey } from '../../dns/names.ts';
import type { ResourceRecord } from '../../dns/records.ts';

/** Short: another address of ours may be the right one for the next network that a phone joins. */
const TTL_SECONDS = 60;
/** Types that say where a server is; other questions about the name take the usual way. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SVCB, TYPE.HTTPS]);

export interface OwnNamesParts {
  readonly names: readonly string[];
  /** Empty: the address that was asked. */
  readonly addresses: readonly string[];
  /** All addresses of the interface that has this one, itself included. */
  readonly neighboursOf: (address: string) => readonly string[];
}

export class OwnNames {
  readonly #parts: OwnNamesParts;
  readonly #keys: ReadonlySet<NameKey>;

  constructor(parts: OwnNamesParts) {
    this.#parts = parts;
    this.#keys = new Set(parts.names.filter((name) => !ipaddr.isValid(name)).map((name) => nameKey(name)));
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

/** Addresses as octets, those of one family; link-local ones mean nothing without their scope and are left out. */
function ofLength(addresses: readonly string[], octets: number): Uint8Array[] {
  return addresses
    .map((address) => ipaddr.parse(address.split('%', 1)[0]!))
    .filter((address) => address.range() !== 'linkLocal')
    .map((address) => Uint8Array.from(address.toByteArray()))
    .filter((address) => address.length === octets);
}
