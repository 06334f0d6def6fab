// A look-up and a keeping in caches of 10,000 to 1,000,000 answers, and what an entry takes beyond the octets of its answer: our
// store beside a Map and lru-cache that hold the same answers as objects by name. Each begins with the octets of a query, as
// a hit does. One kind and size a process, because V8's heap remembers: `cache.ts KIND COUNT` is what it runs for each.

import { spawnSync } from 'node:child_process';
import { LRUCache } from 'lru-cache';
import { Answer } from '../../src/dns/answer.ts';
import { Query } from '../../src/dns/query.ts';
import { PackedAnswerStore } from '../../src/resolver/cache/answer-store.ts';
import { table } from '../markdown.ts';
import { answerOctets, ZONE } from '../zone.ts';
import { NumberedQuery, responseTo } from './messages.ts';
import { nanosecondsOf } from './time-of.ts';

const COUNTS = [10_000, 100_000, 1_000_000];
/** Nothing has to leave: 1 KiB of room for each. */
const ROOM_OCTETS_AN_ENTRY = 1024;
const HEAP_MIB = 4096;
/** Any prime that is none of the counts' does: names in an order that no memory can foresee. */
const STRIDE = 7919;
const NOW_MS = 1_000;

interface Kind {
  get(query: Query): unknown;
  set(query: Query, answer: Answer): void;
}

const KINDS: Readonly<Record<string, (count: number) => Kind>> = {
  Noonmark: (count) => {
    const store = new PackedAnswerStore(count * ROOM_OCTETS_AN_ENTRY);
    return {
      get: (query) => store.get(query.key, NOW_MS),
      set: (query, answer) => store.set(query.key, answer, NOW_MS),
    };
  },
  Map: () => {
    const map = new Map<string, Answer>();
    return {
      get: ({ nameKey }) => map.get(nameKey),
      set: ({ nameKey }, answer) => void map.set(nameKey, answer),
    };
  },
  'lru-cache': (max) => {
    const cache = new LRUCache<string, Answer>({ max });
    return {
      get: ({ nameKey }) => cache.get(nameKey),
      set: ({ nameKey }, answer) => void cache.set(nameKey, answer),
    };
  },
};

interface Figures {
  readonly getNs: number;
  readonly setNs: number;
  readonly beyondWireOctets: number;
}

export function cacheTable(): string {
  const rows = Object.keys(KINDS).flatMap((kind) =>
    COUNTS.map((count) => {
      const { getNs, setNs, beyondWireOctets } = inOwnProcess(kind, count);
      const figures = [getNs, setNs, beyondWireOctets].map((figure) => figure.toFixed(0));
      return [`${kind}, ${count.toLocaleString('en')}`, ...figures];
    }),
  );
  return table(['', 'a look-up, ns', 'keeping one more time, ns', 'octets an entry beyond its answer'], rows);
}

function inOwnProcess(kind: string, count: number): Figures {
  const flags = ['--expose-gc', `--max-old-space-size=${HEAP_MIB}`];
  const args = [...flags, import.meta.filename, kind, String(count)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Figures;
}

function measure(kindName: string, count: number): Figures {
  const numbered = new NumberedQuery();
  const response = responseTo(numbered.bytes);
  const answerOf = () => Answer.fromMessage(response)!; // each entry its own, as if just received
  const kind = KINDS[kindName]!(count);
  const queryOf = (at: number) => new Query(numbered.of((at * STRIDE) % count));
  kind.set(queryOf(0), answerOf());
  const before = memory();
  for (let at = 1; at < count; at += 1) kind.set(queryOf(at), answerOf());
  const grown = (memory() - before) / (count - 1);
  const getNs = nanosecondsOf((at) => kind.get(queryOf(at)));
  const answer = answerOf();
  const setNs = nanosecondsOf((at) => kind.set(queryOf(at), answer));
  const wireOctets = answerOctets(`${'0'.repeat(7)}.${ZONE}`);
  return { getNs, setNs, beyondWireOctets: grown - wireOctets };
}

/** Resident, after two collections: V8 counts no shared memory of ours. */
function memory(): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  return process.memoryUsage.rss();
}

if (import.meta.main) console.log(JSON.stringify(measure(process.argv[2]!, Number(process.argv[3]))));
