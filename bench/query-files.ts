// The files of queries for dnsperf. Those of misses are written anew for each round, because a name is a miss only once;
// all servers of a round read the same one, each having a cache of its own.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HIT_NAMES, hitName, MISS_EVERY, writeNames, ZONE } from './zone.ts';

/** More than any server here answers a second, so that no file is read twice. */
const MISSES_PER_SECOND = 80_000;
const MIXED_PER_SECOND = 250_000;

export class QueryFiles {
  readonly #directory: string;
  readonly hits: string;
  #written = '';

  constructor(directory: string) {
    this.#directory = directory;
    this.hits = join(directory, 'hits.txt');
    writeNames(this.hits, HIT_NAMES, hitName);
  }

  /** Names that nobody has asked; `run` tells one use of them from the other. */
  misses(run: string, seconds: number): string {
    return this.#fresh('misses', run, MISSES_PER_SECOND * seconds, (at) => `${run}-${at}.${ZONE}`);
  }

  /** Nine known names to each new one. */
  mixed(run: string, seconds: number): string {
    return this.#fresh('mixed', run, MIXED_PER_SECOND * seconds, (at) =>
      at % MISS_EVERY === 0 ? `${run}-${at}.${ZONE}` : hitName((at * 7919) % HIT_NAMES),
    );
  }

  /** `count` names that a cache can be filled with. */
  many(count: number): string {
    const file = join(this.#directory, `many-${count}.txt`);
    writeNames(file, count, (at) => manyName(at));
    return file;
  }

  /** The same names in another order, as clients would ask for them. */
  manyShuffled(count: number): string {
    const file = join(this.#directory, `shuffled-${count}.txt`);
    writeNames(file, count, (at) => manyName((at * 7919) % count));
    return file;
  }

  /** One message in wire form, for POST. */
  wire(query: Buffer): string {
    const file = join(this.#directory, 'query.bin');
    writeFileSync(file, query);
    return file;
  }

  #fresh(kind: string, run: string, count: number, nameOf: (at: number) => string): string {
    const file = join(this.#directory, `${kind}.txt`);
    const key = `${kind} ${run}`;
    if (this.#written !== key) writeNames(file, count, nameOf);
    this.#written = key;
    return file;
  }
}

export function manyName(at: number): string {
  return `name${at}.${ZONE}`;
}
