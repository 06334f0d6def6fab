// Threads that read the cache's table while this one writes without a pause, until all of them are done.

import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { TableKey } from '../../src/resolver/cache/entry-form.ts';
import { OctetTable } from '../../src/resolver/cache/octet-table.ts';
import { sealedValue } from './sealed-values.ts';
import { tableKey } from './table-keys.ts';
import type { Reading, ReadingOrder } from './table-reading.ts';

/** So small that segments of 512 octets are emptied and used again all the time. */
const TABLE_OCTETS = 20 * 1024;
const KEYS = 24;
const LONGEST_OCTETS = 400;
const VALUES = 1000;

export interface TornReadings {
  readonly readers: number;
  /** Of each reader. */
  readonly finds: number;
  readonly isCareless?: boolean;
  readonly arch?: string;
  readonly tableOctets?: number;
  /** After so many values a new table takes the place of the old one; 0: never. */
  readonly renewEvery?: number;
  /** An end to it, whatever the readers do. */
  readonly maxWrites: number;
}

/** @returns what all readers counted together, and how many values were written meanwhile */
export async function tornReadings(wanted: TornReadings): Promise<Reading & { writes: number }> {
  const {
    readers,
    finds,
    isCareless = false,
    arch = process.arch,
    tableOctets = TABLE_OCTETS,
    renewEvery = 0,
    maxWrites,
  } = wanted;
  const table = new OctetTable(tableOctets);
  const done = new SharedArrayBuffer(4);
  const threads = Array.from({ length: readers }, () => {
    const { port1, port2 } = new MessageChannel();
    table.onRenewed((shared) => port1.postMessage(shared));
    const order: ReadingOrder = {
      shared: table.shared,
      renewals: port2,
      done,
      keys: KEYS,
      finds,
      isCareless,
      arch,
    };
    const file = new URL('./table-reading.ts', import.meta.url);
    return { worker: new Worker(file, { workerData: order, transferList: [port2] }), port: port1 };
  });
  try {
    await Promise.all(threads.map(({ worker }) => once(worker, 'message')));
    const readings = threads.map(({ worker }) => once(worker, 'message') as Promise<[Reading]>);
    for (const { worker } of threads) worker.postMessage('go');
    const writes = writeUntil(
      () => Atomics.load(new Int32Array(done), 0) === readers,
      table,
      renewEvery,
      maxWrites,
    );
    const total: Reading = { found: 0, missed: 0, torn: 0, refused: 0, renewals: 0 };
    for (const [reading] of await Promise.all(readings))
      for (const name of Object.keys(total) as (keyof Reading)[]) total[name] += reading[name];
    return { ...total, writes };
  } finally {
    for (const { worker, port } of threads) {
      port.close();
      await worker.terminate();
    }
  }
}

/** Made beforehand, so that writing is all that the writer does. */
function manyValues(): { key: TableKey; value: Uint8Array }[] {
  return Array.from({ length: VALUES }, (_, at) => ({
    key: ownKey(`key-${at % KEYS}`),
    value: sealedValue(at % KEYS, at, (at * 31) % LONGEST_OCTETS).slice(),
  }));
}

function ownKey(text: string): TableKey {
  const { octets, length, hash } = tableKey(text);
  return { octets: octets.slice(0, length), length, hash };
}

function writeUntil(isDone: () => boolean, table: OctetTable, renewEvery: number, maxWrites: number): number {
  const values = manyValues();
  const { maxOctets } = table;
  let writes = 0;
  while (writes < maxWrites && !isDone()) {
    const { key, value } = values[(writes * 7) % VALUES]!;
    table.set(key, value);
    if (writes % 5 === 0) table.set(tableKey(`other-${writes}`), value);
    if (writes % 11 === 0) table.delete(key);
    writes += 1;
    if (renewEvery === 0 || writes % renewEvery !== 0) continue;
    if (writes % (renewEvery * 2) === 0) table.clear();
    else table.resize(maxOctets + ((writes / renewEvery) % 4) * 1024);
  }
  return writes;
}
