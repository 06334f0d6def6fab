// `node bench/micro/run.ts [wire] [cache] [hpack]`: what single steps of an answer cost, in nanoseconds, without sockets, beside
// what one would take from the shelf. All three without an argument; the caches take a minute.

import { describeMachine } from '../../test/support/machine-figures.ts';
import { cacheTable } from './cache.ts';
import { hpackTable } from './hpack.ts';
import { wireTable } from './wire.ts';

const TABLES: Readonly<Record<string, () => string | Promise<string>>> = {
  wire: wireTable,
  cache: cacheTable,
  hpack: hpackTable,
};

const named = process.argv.slice(2);
const unknown = named.find((name) => !Object.hasOwn(TABLES, name));
if (unknown !== undefined)
  throw new Error(`there is no "${unknown}"; there are ${Object.keys(TABLES).join(', ')}`);
console.log(`${describeMachine()}\n`);
for (const name of named.length > 0 ? named : Object.keys(TABLES)) console.log(`${await TABLES[name]!()}\n`);
