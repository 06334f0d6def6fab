// What the cache's table costs: CPU time of an operation and octets of an entry, at three sizes, beside a Map and an lru-cache
// of strings. `node bench/micro/table.ts`; `arm64` behind it: as on machines that need atomic loads and stores.

import { LRUCache } from 'lru-cache';
import { hashed, mixed, newSeed } from '../../src/dns/quick-hash.ts';

const SIZES = [10_000, 100_000, 1_000_000];
/** Of a table that has room for all, at an answer of one address. */
const TABLE_OCTETS_EACH = 200;
const LEAST_TABLE_OCTETS = 64 * 2 ** 20;
const VALUE_OCTETS = 60;
const LOOKUPS = 500_000;
const ROUNDS = 3;
const LONGEST_QUESTION = 64;

Object.defineProperty(process, 'arch', { value: process.argv[2] ?? process.arch });
const { OctetTable } = await import('../../src/resolver/cache/octet-table.ts');
const { TableReader } = await import('../../src/resolver/cache/table-reader.ts');

const seed = newSeed();
const key = { octets: new Uint8Array(LONGEST_QUESTION), length: 0, hash: 0 };

/** Questions in wire form, one behind the other, as a listener gets them. */
class Questions {
  readonly octets: Buffer;
  readonly #length: number;

  constructor(count: number, label: string) {
    const texts = (at: number) =>
      `\x00\x00\x01\x00\x01\x0b${label}${String(at).padStart(7, '0')}\x05bench\x02zz\x00`;
    this.#length = texts(0).length;
    this.octets = Buffer.alloc(count * this.#length);
    for (let at = 0; at < count; at += 1) this.octets.write(texts(at), at * this.#length, 'latin1');
  }

  /** Its key, hashed on the way. */
  take(at: number): typeof key {
    const start = at * this.#length;
    let hash = seed;
    for (let i = 0; i < this.#length; i += 1) {
      const octet = this.octets[start + i]!;
      key.octets[i] = octet;
      hash = hashed(hash, octet);
    }
    key.length = this.#length;
    key.hash = mixed(hash);
    return key;
  }

  text(at: number): string {
    return this.octets.toString('latin1', at * this.#length, (at + 1) * this.#length);
  }
}

/** Microseconds of CPU time of one call; the best of some rounds, since others run on the machine too. */
function costOf(calls: number, call: (at: number) => unknown, rounds = ROUNDS): string {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    for (let at = 0; at < calls; at += 1) call(at);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / calls);
  }
  return best.toFixed(3).padStart(8);
}

function print(what: string, cost: string): void {
  process.stdout.write(`  ${what.padEnd(52)}${cost}\n`);
}

function measure(size: number): void {
  const [known, unknown] = [new Questions(size, 'host'), new Questions(size, 'none')];
  const drawn = Int32Array.from({ length: LOOKUPS }, () => Math.floor(Math.random() * size));
  const value = new Uint8Array(VALUE_OCTETS).fill(1);
  process.stdout.write(`${size} names, µs of CPU time\n`);

  const before = process.memoryUsage.rss();
  const table = new OctetTable(Math.max(LEAST_TABLE_OCTETS, size * TABLE_OCTETS_EACH));
  print(
    'set, new',
    costOf(size, (at) => table.set(known.take(at), value), 1),
  );
  const each = (process.memoryUsage.rss() - before) / size - VALUE_OCTETS - known.take(0).length;
  print(
    'hash alone',
    costOf(LOOKUPS, (at) => known.take(drawn[at]!)),
  );
  print(
    'find, hash included',
    costOf(LOOKUPS, (at) => table.find(known.take(drawn[at]!))),
  );
  print(
    'find what is not there',
    costOf(LOOKUPS, (at) => table.find(unknown.take(drawn[at]!))),
  );
  print(
    'set again',
    costOf(LOOKUPS, (at) => table.set(known.take(drawn[at]!), value)),
  );
  const reader = new TableReader(table.shared);
  print(
    'find and copy, as another thread does',
    costOf(LOOKUPS, (at) => reader.find(known.take(drawn[at]!))),
  );
  print('octets of resident memory beyond key and value', each.toFixed(0).padStart(8));

  const full = new OctetTable(size * 64);
  for (let at = 0; at < size; at += 1) full.set(known.take(at), value);
  print(
    'set, new, in a full table',
    costOf(size, (at) => full.set(unknown.take(at), value), 1),
  );

  const map = new Map(Array.from({ length: size }, (_, at) => [known.text(at), 'x'.repeat(VALUE_OCTETS)]));
  print(
    'Map of strings',
    costOf(LOOKUPS, (at) => map.get(known.text(drawn[at]!))),
  );
  const lru = new LRUCache<string, string>({ max: size });
  for (const [text, kept] of map) lru.set(text, kept);
  print(
    'lru-cache of strings',
    costOf(LOOKUPS, (at) => lru.get(known.text(drawn[at]!))),
  );
}

for (const size of SIZES) measure(size);
