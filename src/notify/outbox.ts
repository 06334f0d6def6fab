// What waits to be told, channel by channel, over restarts: kept in memory, and written down as a whole after each change,
// one write at a time. A file that cannot be written costs a log line and nothing else; it is tried again, and until then the
// status says so. One that could not be read may be good: it is left alone, and all is in memory until the next start.

import type { Clock, Timer } from '../clock/clock.ts';
import { replaceFile } from '../files/replacement.ts';
import type { Log } from '../observe/log.ts';
import type { OutboxProblem } from '../status/notify-degradation.ts';
import { type Box, boxesText, type FoundBoxes, outboxFile, readBoxes } from './outbox-file.ts';

/** A full or lost disk is tried again after this (milliseconds); as for the history. */
const RETRY_MS = 60_000;

const NOTHING_KEPT: FoundBoxes = { boxes: new Map(), problem: null, isUnread: false };

export interface OutboxParts {
  /** Null: nothing is read or written, as in a rehearsal. */
  readonly stateDir: string | null;
  readonly clock: Clock;
  readonly log: Log;
}

export class Outbox {
  readonly #parts: OutboxParts;
  readonly #boxes: Map<string, Box>;
  #writing: Promise<void> = Promise.resolve();
  #isDirty = false;
  /** Of the next attempt after a failure. */
  #again: Timer | null = null;
  #isClosed = false;
  readonly #isInMemory: boolean;
  #problem: { readonly reason: string; readonly sinceMs: number } | null = null;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    const { stateDir, clock, log } = parts;
    const { boxes, problem, isUnread } = stateDir === null ? NOTHING_KEPT : readBoxes(stateDir, clock);
    if (problem !== null) log.warn('messages of before the restart cannot be used', { reason: problem });
    if (problem !== null && isUnread) this.#problem = { reason: problem, sinceMs: clock.monotonic() };
    this.#isInMemory = stateDir === null || isUnread;
    this.#boxes = new Map(boxes);
  }

  /** That of a channel, by its digest; a change of it is followed by save(). */
  boxOf(channel: string): Box {
    const box = this.#boxes.get(channel) ?? { waiting: null, told: new Map() };
    this.#boxes.set(channel, box);
    return box;
  }

  /** Forgets every channel but these. */
  keepOnly(channels: readonly string[]): void {
    const gone = [...this.#boxes.keys()].filter((channel) => !channels.includes(channel));
    for (const channel of gone) {
      const { waiting } = this.#boxes.get(channel)!;
      if (waiting !== null)
        this.#parts.log.warn(
          'a message is dropped: where it should go is not in the configuration any more',
          {
            about: waiting.items[0]!.what,
          },
        );
      this.#boxes.delete(channel);
    }
    if (gone.length > 0) this.save();
  }

  /** Writes everything down, soon; never rejects. */
  save(): void {
    if (this.#isInMemory || this.#isDirty) return;
    this.#again?.cancel();
    this.#isDirty = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when what was to be written is. */
  get written(): Promise<void> {
    return this.#writing;
  }

  /** Why it is not on the disk; null: it is, as far as is known. */
  get problem(): OutboxProblem | null {
    if (this.#problem === null) return null;
    const { reason, sinceMs } = this.#problem;
    return { reason, isTriedAgain: !this.#isInMemory, forMs: this.#parts.clock.monotonic() - sinceMs };
  }

  /** Resolves when what was to be written is, or could not be. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#again?.cancel();
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { stateDir, clock, log } = this.#parts;
    this.#isDirty = false;
    try {
      await replaceFile(outboxFile(stateDir!), [boxesText(this.#boxes, clock)]);
      if (this.#problem !== null) log.info('messages that wait are written down again');
      this.#problem = null;
    } catch (error) {
      const { message: reason } = error as Error;
      if (this.#problem?.reason !== reason)
        log.warn('messages that wait would not outlive a restart', { reason });
      this.#problem = { reason, sinceMs: this.#problem?.sinceMs ?? clock.monotonic() };
      if (!this.#isClosed) this.#again = clock.after(RETRY_MS, () => this.save());
    }
  }
}
