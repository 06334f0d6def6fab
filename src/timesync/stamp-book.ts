// The stamp in this life of the server: what was found at start, what has been written since, and what is wrong with it.
// When it may be written and what it is worth is the keeper's business; the file is stamp.ts.

import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import type { Base } from '../clock/true-clock.ts';
import type { Log } from '../observe/log.ts';
import { day } from './span.ts';
import { forgetStamp, readStamp, stampFile, writeStamp } from './stamp.ts';

/** How often a time that holds is written down (milliseconds). */
const WRITE_EVERY_MS = 3_600_000;

/** What to do about state_dir, by the system's error. */
const ADVICE: Readonly<Record<string, string>> = {
  EEXIST: 'state_dir is a file: name a directory',
  ENOTDIR: 'state_dir is a file: name a directory',
  ENOSPC: 'the disk is full: make room',
};

export interface StampBookParts {
  readonly stateDir: string;
  readonly log: Log;
  /** False: the stamp is read and never touched, as in a rehearsal. */
  readonly isKept: boolean;
}

export class StampBook {
  readonly #parts: StampBookParts;
  #epochMs: number | null = null;
  #atStart: Base | null = null;
  #problem: string | null = null;
  /** Monotonic: since when there is one. */
  #problemAtMs: number | null = null;
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  /** The file is written or deleted by one at a time, in the order in which that was asked for. */
  #turn: Promise<void> = Promise.resolve();

  /** @param nowMs monotonic: from here on the stamp is carried on */
  constructor(parts: StampBookParts, nowMs: number) {
    this.#parts = parts;
    const { epochMs, problem } = readStamp(parts.stateDir);
    this.#find(problem, nowMs);
    if (epochMs !== null && epochMs > CEILING_MS)
      this.#find(`the stamp says ${day(epochMs)}, which is beyond belief; it is ignored`, nowMs);
    if (this.#problem !== null)
      parts.log.warn('the stamp of an earlier time cannot be used', { reason: this.#problem });
    // Below the date of the release it says nothing that the release does not.
    if (epochMs === null || epochMs < HARD_FLOOR_MS || epochMs > CEILING_MS) return;
    this.#epochMs = epochMs;
    this.#atStart = { epochMs, uncertaintyMs: 0, atMs: nowMs };
  }

  /** Milliseconds since 1970; null: there is none. */
  get epochMs(): number | null {
    return this.#epochMs;
  }

  /** What was found at start, as a candidate for the time; null: nothing. */
  get atStart(): Base | null {
    return this.#atStart;
  }

  get problem(): string | null {
    return this.#problem;
  }

  /** Monotonic: since when there has been a problem, whichever; null: there is none. */
  get problemAtMs(): number | null {
    return this.#problemAtMs;
  }

  isDue(nowMs: number): boolean {
    return nowMs - this.#writtenAtMs >= WRITE_EVERY_MS;
  }

  /** Writes `epochMs` down; a disk that will not have it is a problem in words, told once. */
  async write(epochMs: number, nowMs: number): Promise<void> {
    const { isKept, log, stateDir } = this.#parts;
    if (!isKept) return;
    this.#writtenAtMs = nowMs;
    await this.#inTurn(async () => {
      if (this.#writtenAtMs !== nowMs) return; // forgotten or overtaken before its turn came
      try {
        await writeStamp(stateDir, epochMs);
        if (this.#writtenAtMs !== nowMs) return; // the same meanwhile: the next turn decides
        this.#epochMs = Math.floor(epochMs);
        this.#find(null, nowMs);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const problem = `${stampFile(stateDir)} cannot be written (${code}); ${ADVICE[code ?? ''] ?? 'make state_dir writable'}, or a power cut will find no stamp`;
        if (problem !== this.#problem) log.warn(problem);
        this.#find(problem, nowMs);
      }
    });
  }

  /** The stamp counts no more, and is deleted; what cannot be deleted is said. */
  async forget(nowMs: number): Promise<void> {
    const { isKept, log, stateDir } = this.#parts;
    this.#epochMs = null;
    this.#atStart = null;
    this.#find(null, nowMs);
    this.#writtenAtMs = Number.NEGATIVE_INFINITY;
    if (!isKept) return;
    await this.#inTurn(async () => {
      try {
        await forgetStamp(stateDir);
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const problem = `${stampFile(stateDir)} counts no more, but cannot be deleted (${code}); delete it by hand`;
        log.warn(problem);
        this.#find(problem, nowMs);
      }
    });
  }

  /** Resolves when nothing is being written or deleted any more. */
  settled(): Promise<void> {
    return this.#turn;
  }

  /** The machine slept for so long, which monotonic time did not notice. */
  slept(ms: number): void {
    if (this.#atStart === null) return;
    this.#atStart = { ...this.#atStart, epochMs: this.#atStart.epochMs + ms };
  }

  #find(problem: string | null, nowMs: number): void {
    this.#problem = problem;
    this.#problemAtMs = problem === null ? null : (this.#problemAtMs ?? nowMs);
  }

  #inTurn(action: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(action);
    return this.#turn;
  }
}
