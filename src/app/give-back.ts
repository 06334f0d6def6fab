// What the process holds and does not need is given back to the system: free memory that malloc has kept for later, and pages
// of Node's own file, most of which were read along with others. When: after the start, and whenever the process has grown.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Clock, Timer } from '../clock/clock.ts';

/** glibc's mallopt(3): one arena for all threads, because each keeps what it once had. */
const M_ARENA_MAX = -8;
const ARENAS = 1;
/** madvise(2) of Linux: the pages may go, and come back from their file when they are touched. */
const MADV_DONTNEED = 4;

/** So often is looked at most whether the process has grown. Pages in use are all back by the next look. */
const LOOK_MS = 500;
/** After a look without another one, work is over. */
const QUIET_MS = 1000;
/** To give back holds up everything for 3 to 12 ms, which is worth it for so much; the pages in use that come back are less. */
const STEP_OCTETS = 16 * 2 ** 20;

/** What gives back; does nothing where that cannot be had. To be called when the start is over. */
export function giverBack(): () => void {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const library = koffi.load(null);
    library.func('int mallopt(int, int)')(M_ARENA_MAX, ARENAS);
    const advise = library.func('int madvise(uintptr_t, size_t, int)');
    const trim = library.func('int malloc_trim(size_t)'); // glibc alone has it
    const areas = untouchedAreas(readFileSync('/proc/self/smaps', 'latin1'), process.execPath);
    return () => {
      for (const { from, to } of areas) advise(from, to - from, MADV_DONTNEED);
      trim(0);
    };
  } catch {
    return () => {}; // another C library, or another system
  }
}

export interface GivingBackParts {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly rssOctets: () => number;
  readonly giveBack: () => void;
}

/**
 * Says when: at once, then whenever the process has grown while it works, and when it has worked. There is a level for each,
 * because more pages are in use at work than at rest.
 */
export class GivingBack {
  readonly #parts: GivingBackParts;
  readonly #atWork: Growth;
  readonly #atRest: Growth;
  #nextLookMs = Number.NEGATIVE_INFINITY;
  #rest: Timer | null = null;

  constructor(parts: GivingBackParts) {
    this.#parts = parts;
    this.#atWork = new Growth(parts.rssOctets);
    this.#atRest = new Growth(parts.rssOctets);
    parts.giveBack();
  }

  /** To be called as often as one likes while there is work; is it time to look? */
  look(): boolean {
    const { clock, giveBack } = this.#parts;
    const nowMs = clock.monotonic();
    if (nowMs < this.#nextLookMs) return false;
    this.#nextLookMs = nowMs + LOOK_MS;
    if (this.#atWork.isDue()) giveBack();
    this.#restSoon();
    return true;
  }

  stop(): void {
    this.#rest?.cancel();
  }

  #restSoon(): void {
    this.#rest?.cancel();
    this.#rest = this.#parts.clock.after(QUIET_MS, () => {
      if (!this.#atRest.isDue()) return;
      this.#parts.giveBack();
      this.#restSoon(); // a level again, when the pages in use are back
    });
  }
}

/** Has the process grown by a step since the look after the last time? */
class Growth {
  readonly #rssOctets: () => number;
  #settledOctets: number | null = null;

  constructor(rssOctets: () => number) {
    this.#rssOctets = rssOctets;
  }

  isDue(): boolean {
    const octets = this.#rssOctets();
    this.#settledOctets ??= octets;
    if (octets < this.#settledOctets + STEP_OCTETS) return false;
    this.#settledOctets = null;
    return true;
  }
}

interface Area {
  /** Addresses: of its first octet, and behind its last one. */
  readonly from: number;
  readonly to: number;
}

/**
 * Of proc_pid_smaps(5), the areas that are a program as it stands on the disk: nobody can write to them, and nobody has
 * (the loader writes addresses into some before it closes them, and those would be lost). They stay as long as the process,
 * which those of libraries need not.
 */
export function untouchedAreas(smaps: string, program: string): Area[] {
  const areas: Area[] = [];
  for (const entry of smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [0-9a-f]+ \S+ [1-9]\d*\s+(\/.*)$/m.exec(entry);
    if (head === null || head[3] !== program || !/^Anonymous: +0 kB$/m.test(entry)) continue;
    areas.push({ from: Number.parseInt(head[1]!, 16), to: Number.parseInt(head[2]!, 16) });
  }
  return areas;
}
