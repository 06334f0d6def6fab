// Names of files, ready for look-ups: from the hosts files first, then from leases, whose clients choose their names and
// therefore never add to one that a hosts file has. Of several leases with one name the newest counts, one for each
// address family. Whether a lease has expired is asked at each look-up. Reads no file.

import { TYPE } from '../../dns/codes.ts';
import { NameHashes, type SharedNameHashes } from '../../dns/name-hashes.ts';
import { lowerName, type NameKey, nameOctets, parentOf, ROOT, reverseNameKey } from '../../dns/names.ts';
import type { QuestionKey } from '../../dns/question-key.ts';
import type { ResourceRecord } from '../../dns/records.ts';

/** An address of a name, as a file has it. */
export interface NamedAddress {
  /** In wire form. */
  readonly name: string;
  /** 4 or 16 octets. */
  readonly address: Uint8Array;
  /** Is this the name that the address points back to? */
  readonly isPointedTo: boolean;
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresMs: number;
  /** Milliseconds since 1970: of two leases the later one counts. */
  readonly sinceMs: number;
  readonly isLease: boolean;
  /** "file /etc/hosts", for people. */
  readonly source: string;
}

export interface FileAnswer {
  /** None: the name is there and has no such address. */
  readonly records: readonly ResourceRecord[];
  /** A client of the DHCP server chose the name. */
  readonly isLease: boolean;
  readonly source: string;
}

interface Held {
  readonly record: ResourceRecord;
  readonly expiresMs: number;
}

interface Name {
  readonly source: string;
  readonly isLease: boolean;
  /** Leases: newest first. */
  readonly held: Held[];
}

/** Short: files change, and a lease may go to somebody else. */
const TTL_SECONDS = 60;
/** Of one name, or one address; more say nothing more to a reader, and have to fit into an answer. */
const HELD_MAX = 32;
/** Types that say where a name is; other questions about it take the usual way. */
const ADDRESS_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.SVCB, TYPE.HTTPS, TYPE.ANY]);

export class NameIndex {
  readonly #names = new Map<NameKey, Name>();
  readonly #parents = new Set<NameKey>();
  readonly #hashes = new NameHashes();

  /** Has a file the name, or had before it expired? */
  has(key: NameKey): boolean {
    return this.#names.has(key);
  }

  /** The same by its hash: "no" is certain. */
  mayHold(question: QuestionKey): boolean {
    return this.#hashes.mayHold(question);
  }

  /** For other threads, once all names are in it. */
  get sharedHashes(): SharedNameHashes {
    return this.#hashes.shared;
  }

  /** In the order of their weight: hosts files before leases, newer leases before older ones. */
  add({ name, address, isPointedTo, expiresMs, isLease, source }: Omit<NamedAddress, 'sinceMs'>): void {
    const type = address.length === 4 ? TYPE.A : TYPE.AAAA;
    const hold = (record: ResourceRecord) => this.#hold(record, { expiresMs, isLease, source });
    hold({ owner: name, type, ttlSeconds: TTL_SECONDS, rdata: address });
    if (!isPointedTo || address.every((octet) => octet === 0)) return;
    const reverse = reverseNameKey(address);
    // One name for an address, as in a hosts file; a lease that runs on after another has expired may still be told.
    if (!isLease && this.#names.has(reverse)) return;
    hold({ owner: reverse, type: TYPE.PTR, ttlSeconds: TTL_SECONDS, rdata: nameOctets(name) });
  }

  #hold(
    record: ResourceRecord,
    { expiresMs, isLease, source }: Omit<Name, 'held'> & { expiresMs: number },
  ): void {
    const key = lowerName(record.owner);
    let name = this.#names.get(key);
    if (name === undefined) {
      name = { source, isLease, held: [] };
      this.#names.set(key, name);
      this.#hashes.addName(key);
      for (let above = parentOf(key); above !== ROOT && !this.#parents.has(above); above = parentOf(above)) {
        this.#parents.add(above);
      }
    }
    if (name.isLease !== isLease || name.held.length === HELD_MAX) return;
    const isThere = name.held.some(
      (held) => held.record.type === record.type && Buffer.compare(held.record.rdata, record.rdata) === 0,
    );
    if (!isThere) name.held.push({ record, expiresMs });
  }

  /**
   * Null: no file has the name, or the question is not about where it is.
   * @param nowMs milliseconds since 1970, or -Infinity where nobody knows; then nothing has expired
   */
  lookup(key: NameKey, type: number, nowMs: number): FileAnswer | null {
    const name = this.#names.get(key);
    if (name === undefined) return null;
    const alive = name.held.filter(({ expiresMs }) => expiresMs > nowMs);
    if (alive.length === 0) return null;
    const wanted = type === TYPE.ANY ? alive[0]!.record.type : type;
    const found = alive.filter(({ record }) => record.type === wanted);
    if (found.length === 0 && !ADDRESS_TYPES.has(type)) return null;
    const told = name.isLease ? found.slice(0, 1) : found;
    return {
      records: told.map(({ record, expiresMs }) => shortened(record, expiresMs - nowMs)),
      isLease: name.isLease,
      source: name.source,
    };
  }

  /** Is the name there, or one below it? What may have expired counts, for NODATA denies less than NXDOMAIN. */
  exists(key: NameKey): boolean {
    return this.#names.has(key) || this.#parents.has(key);
  }
}

function shortened(record: ResourceRecord, leftMs: number): ResourceRecord {
  const leftSeconds = Math.ceil(leftMs / 1000);
  return leftSeconds < record.ttlSeconds ? { ...record, ttlSeconds: leftSeconds } : record;
}
