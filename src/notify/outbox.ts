// What waits to be told, channel by channel, over restarts: kept in memory, and written down as a whole after each change,
// one write at a time. A file that cannot be read or written costs a log line and nothing else.

import type { Clock } from '../clock/clock.ts';
import { replaceFile } from '../files/replacement.ts';
import type { Log } from '../observe/log.ts';
import { type Box, boxesText, outboxFile, readBoxes } from './outbox-file.ts';

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
  #problem: string | null = null;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    const { stateDir, clock, log } = parts;
    const { boxes, problem } =
      stateDir === null ? { boxes: new Map<string, Box>(), problem: null } : readBoxes(stateDir, clock);
    if (problem !== null) log.warn('messages of before the restart cannot be used', { reason: problem });
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
    if (this.#parts.stateDir === null || this.#isDirty) return;
    this.#isDirty = true;
    this.#writing = this.#writing.then(() => this.#write());
  }

  /** Resolves when what was to be written is. */
  get written(): Promise<void> {
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { stateDir, clock, log } = this.#parts;
    this.#isDirty = false;
    let problem: string | null = null;
    try {
      await replaceFile(outboxFile(stateDir!), [boxesText(this.#boxes, clock)]);
    } catch (error) {
      problem = (error as Error).message;
    }
    if (problem !== null && problem !== this.#problem)
      log.warn('messages that wait would not outlive a restart', { reason: problem });
    this.#problem = problem;
  }
}
