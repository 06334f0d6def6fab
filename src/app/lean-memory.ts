// Keeps the process small, for boards with little memory: V8's heap from the beginning, and once the start is over, what
// only work that is done has needed. It trades CPU for memory, docs/performance.md says how much of each.
// Nothing depends on it; where one of these is not to be had, the process is larger and no more.

import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import type { Clock } from '../clock/clock.ts';
import { GivingBack, giverBack } from './give-back.ts';

/**
 * V8's nursery (one of its two semi-spaces) begins with 1 MB, doubles when much of it stays, up to 16 MB, and keeps their
 * pages. It may double while it has less than this, so that it gets 2 MB, with which a miss costs least: more of what it
 * waits with is garbage by the next collection and need not be copied.
 */
const NURSERY_OCTETS = 1.5 * 2 ** 20;
/** Values of --semi-space-growth-factor, which V8 reads each time that it would let the nursery grow. */
const DOUBLES = 2;
const STAYS = 1;

export function leanHeap(): void {
  letNursery(STAYS); // a start would make it as large as it can be: nearly all that modules make stays
  // While a start loads, hardly anything is garbage; to look for it takes 20 ms from it where there is one core.
  setFlagsFromString('--no-incremental-marking');
}

/**
 * From when the start is over: the nursery may double once, and what work has left behind is given back, while there is
 * much of it and when it is over. It looks after collections alone, so that who is idle stays so. Returns how to stop it.
 */
export function stayLean(clock: Pick<Clock, 'monotonic' | 'after'>): () => void {
  const givingBack = new GivingBack({ clock, rssOctets: process.memoryUsage.rss, giveBack: giverBack() });
  setFlagsFromString('--incremental-marking');
  setFlagsFromString('--heap-growing-percent=20'); // collect when a fifth has been added, not when it has doubled
  let factor = STAYS;
  const heed = () => {
    const isTime = givingBack.look();
    if (factor === STAYS && !isTime) return; // under load this is called some hundred times a second
    const wanted = growthFactor(nurseryOctets());
    if (wanted !== factor) letNursery(wanted);
    factor = wanted;
  };
  heed();
  const observer = new PerformanceObserver(heed);
  observer.observe({ entryTypes: ['gc'] });
  return () => {
    observer.disconnect();
    givingBack.stop();
    letNursery(STAYS);
  };
}

/** By what the nursery may grow: not at all when it has what it is to have, and again when V8 has made it smaller. */
export function growthFactor(nurseryOctets: number): number {
  return nurseryOctets < NURSERY_OCTETS ? DOUBLES : STAYS;
}

function letNursery(factor: number): void {
  setFlagsFromString(`--semi-space-growth-factor=${factor}`);
}

/** Of one semi-space, without the heads of its pages (1 % of them). */
function nurseryOctets(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!;
  return space.space_used_size + space.space_available_size;
}
