// Keeps the process small, for boards with little memory: V8's heap from the beginning, and once the start is over, what
// only the start has needed. It trades CPU for memory, docs/performance.md says how much of each.
// Nothing depends on it; where one of these is not to be had, the process is larger and no more.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';

/** glibc's mallopt(3): one arena for all threads, because each keeps what it once had. */
const M_ARENA_MAX = -8;
const ARENAS = 1;
/** madvise(2) of Linux: the pages may go, and come back from their file when they are touched. */
const MADV_DONTNEED = 4;

export function leanHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=1'); // a nursery that grows saves CPU on misses and costs 50 MB
  setFlagsFromString('--heap-growing-percent=20'); // collect when a fifth has been added, not when it has doubled
}

/** Free memory that malloc has kept, and pages of Node's own file: 58 of 98 MB, most of them read along with others. */
export function giveBackStart(): void {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    library.func('int mallopt(int, int)')(M_ARENA_MAX, ARENAS);
    const advise = library.func('int madvise(uintptr_t, size_t, int)');
    const areas = untouchedAreas(readFileSync('/proc/self/smaps', 'latin1'));
    for (const { from, to } of areas) advise(from, to - from, MADV_DONTNEED);
    library.func('int malloc_trim(size_t)')(0); // the last one: glibc alone has it
  } catch {
    // another C library, or another system
  }
}

interface Area {
  /** Addresses: of its first octet, and behind its last one. */
  readonly from: number;
  readonly to: number;
}

/**
 * Of proc_pid_smaps(5), the areas that are files as they stand on the disk: nobody can write to them, and nobody has
 * (the loader writes addresses into some before it closes them, and those would be lost).
 */
export function untouchedAreas(smaps: string): Area[] {
  const areas: Area[] = [];
  for (const entry of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [0-9a-f]+ \S+ [1-9]\d*\s+\//.exec(entry);
    if (head === null || !/^Anonymous: +0 kB$/m.test(entry)) continue;
    areas.push({ from: Number.parseInt(head[1]!, 16), to: Number.parseInt(head[2]!, 16) });
  }
  return areas;
}
