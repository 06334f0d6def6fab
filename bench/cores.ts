// Who runs where: servers on core 0; loads, upstream and this process on core 1. A server that shared its core with what
// asks it would be charged for neither more nor less, but its caches would be cold, and rates would mean nothing.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

export const SERVER_CORE = '0';
export const LOAD_CORE = '1';
/** For rows with two threads; with two cores, the second one shares its core with the load. */
export const TWO_SERVER_CORES = availableParallelism() > 2 ? '0,2' : '0,1';

/** @throws Error where there is one core only */
export function takeLoadCore(): void {
  if (availableParallelism() < 2) {
    throw new Error('one core: servers and loads would take turns on it, and no figure would mean anything');
  }
  spawnSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(process.pid)]);
}
