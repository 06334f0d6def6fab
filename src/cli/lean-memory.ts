// Keeps the process small, for boards with little memory: called once, before anything else grows. It trades CPU for
// memory, docs/performance.md says how much of each; a cache outside V8's heap would make it needless.
// Nothing depends on it; where one of these is not to be had, the process is larger and no more.

import { setFlagsFromString } from 'node:v8';
import koffi from 'koffi';

/** glibc's mallopt(3): one arena for all threads, because each keeps what it once had. */
const M_ARENA_MAX = -8;
const ARENAS = 1;

export function leanMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1'); // a nursery that grows saves CPU on misses and costs 50 MB
  setFlagsFromString('--heap-growing-percent=20'); // collect when a fifth has been added, not when it has doubled
  try {
    koffi.load(null).func('int mallopt(int, int)')(M_ARENA_MAX, ARENAS);
  } catch {
    // another C library
  }
}
