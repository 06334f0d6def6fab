// A thread that looks keys of the cache's table up as fast as it can while another one writes, and counts what it found. A
// careless one does not look at versions: what it finds torn shows that the writer gives it the occasion.

import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { SharedTable } from '../../src/resolver/cache/octet-table.ts';
import { isWhole } from './sealed-values.ts';

export interface ReadingOrder {
  readonly shared: SharedTable;
  readonly renewals: MessagePort;
  /** One word, which counts the threads that are done. */
  readonly done: SharedArrayBuffer;
  readonly keys: number;
  readonly finds: number;
  readonly isCareless: boolean;
  /** Of the machine that is to be simulated (process.arch). */
  readonly arch: string;
}

export interface Reading {
  found: number;
  missed: number;
  torn: number;
  refused: number;
  renewals: number;
}

const order = workerData as ReadingOrder;
Object.defineProperty(process, 'arch', { value: order.arch });
const { TableReader } = await import('../../src/resolver/cache/table-reader.ts');
const { SlotIndex } = await import('../../src/resolver/cache/slot-index.ts');
const { EntryArea } = await import('../../src/resolver/cache/entry-form.ts');
const { tableKey } = await import('./table-keys.ts');

/** Enough to know. */
const MAX_TORN = 10;

parentPort!.postMessage('ready');
parentPort!.once('message', () => {
  try {
    parentPort!.postMessage(order.isCareless ? readCarelessly() : read());
  } finally {
    Atomics.add(new Int32Array(order.done), 0, 1);
  }
});

function read(): Reading {
  const reader = new TableReader(order.shared);
  const reading: Reading = { found: 0, missed: 0, torn: 0, refused: 0, renewals: 0 };
  for (let at = 0; at < order.finds; at += 1) {
    const key = at % order.keys;
    const place = reader.find(tableKey(`key-${key}`));
    if (place < 0) reading.missed += 1;
    else if (isWhole(reader.octets, place, reader.valueLength(place), key)) reading.found += 1;
    else reading.torn += 1;
    if (reader.isCurrent) continue;
    for (
      let next = receiveMessageOnPort(order.renewals);
      next !== undefined;
      next = receiveMessageOnPort(order.renewals)
    ) {
      reader.adopt(next.message);
      reading.renewals += 1;
    }
  }
  reading.refused = reader.refused;
  return reading;
}

function readCarelessly(): Reading {
  const index = new SlotIndex(order.shared.index);
  const area = new EntryArea(order.shared.area);
  const copy = new Uint8Array(2 ** 16);
  const reading: Reading = { found: 0, missed: 0, torn: 0, refused: 0, renewals: 0 };
  for (let at = 0; at < order.finds && reading.torn < MAX_TORN; at += 1) {
    const key = at % order.keys;
    const slot = index.slotOf(tableKey(`key-${key}`), area);
    const place = slot < 0 ? 0 : index.placeAt(slot);
    if (place === 0) {
      reading.missed += 1;
      continue;
    }
    const value = area.valueOf(place);
    const length = Math.min(area.valueLength(value), copy.length);
    for (let octet = 0; octet < length; octet += 1) copy[octet] = area.octets[value + octet]!;
    if (isWhole(copy, 0, length, key)) reading.found += 1;
    else reading.torn += 1;
  }
  return reading;
}
