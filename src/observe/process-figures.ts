// What this process takes of its machine: processor time, memory, open files; and since when it runs, by our own clock.
// Asked when somebody looks, and not before.

import { readdirSync } from 'node:fs';
import type { Clock } from '../clock/clock.ts';

export interface ProcessFigures {
  /** When it started, in milliseconds since 1970; null while no date can be believed. */
  readonly startedAtEpochMs: number | null;
  /** Of all its threads, user and system. */
  readonly cpuMs: number;
  /** Resident set. */
  readonly residentOctets: number;
  /** Sockets included; null where the system does not tell (it is Linux that does). */
  readonly openFiles: number | null;
}

const OPEN_FILES = '/proc/self/fd';
/** The clock is corrected by less all the time; a start that moves with it would look like another start. */
const SAME_START_MS = 1000;
const MICROSECONDS_PER_MS = 1000;

export class ProcessWatch {
  readonly #clock: Clock;
  /** Monotonic milliseconds. */
  readonly #startedAtMs: number;
  #startedAtEpochMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedAtMs = clock.monotonic();
  }

  figures(): ProcessFigures {
    const { user, system } = process.cpuUsage();
    return {
      startedAtEpochMs: this.#start(),
      cpuMs: (user + system) / MICROSECONDS_PER_MS,
      residentOctets: process.memoryUsage.rss(),
      openFiles: openFiles(),
    };
  }

  #start(): number | null {
    const clock = this.#clock;
    if (clock.status.state === 'untrusted') return null;
    const found = clock.now().epochMs - (clock.monotonic() - this.#startedAtMs);
    const kept = this.#startedAtEpochMs;
    if (kept === null || Math.abs(found - kept) > SAME_START_MS) this.#startedAtEpochMs = found;
    return this.#startedAtEpochMs;
  }
}

/** Without the one that reads the list. */
function openFiles(): number | null {
  try {
    return readdirSync(OPEN_FILES).length - 1;
  } catch {
    return null;
  }
}
