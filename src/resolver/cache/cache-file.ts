// The cache over a restart: written into state_dir when the server stops, and hourly for the power cut; read in the
// background at the next start. Answers carry the date they were fetched at; while there is none that is worth writing,
// the older file stays. A file that cannot be read or written costs a log line and nothing else.

import type { Clock, Timer } from '../../clock/clock.ts';
import { FIRST_DATE_MS, lifetimeAt, momentAt, setMoment } from '../../dns/packed-answer.ts';
import { deleteFile } from '../../files/replacement.ts';
import type { Log } from '../../observe/log.ts';
import type { KeptAnswer, PackedAnswerStore } from './answer-store.ts';
import { cacheFileIn, DamagedFile, readFrames, writeFrames } from './cache-disk.ts';
import {
  type FileHead,
  FRAME_OCTETS,
  frame,
  readEntries,
  readHead,
  writeEntry,
  writeHead,
} from './cache-frames.ts';
import { MAX_AGE_MS, restoredAge } from './restored-age.ts';

/** At most so often, for the sake of SD cards. */
const SAVE_EVERY_MS = 3_600_000;
/** What was forgotten on purpose must not come back after a power cut: soon, but one file for a row of commands. */
const SAVE_AFTER_FORGETTING_MS = 1000;
/** At the end, less than the drain (4.5 s): a disk that takes longer leaves the older file. */
const LAST_SAVE_WITHIN_MS = 4000;

/** In place of a count of changes: the file is in step with nothing. */
const NEVER_SAVED = -1;

/** What to do about a file that cannot be written, by the system's error. */
const ADVICE: Readonly<Record<string, string>> = {
  EEXIST: 'state_dir is a file: name a directory',
  ENOTDIR: 'state_dir is a file: name a directory',
  ENOSPC: 'the disk is full: make room',
};

export interface CacheFileParts {
  readonly store: PackedAnswerStore;
  readonly stateDir: string;
  /** Is it wanted now (cache.persist)? What is there is deleted where it is not. */
  readonly isOn: () => boolean;
  /** What decides which answers may be in the cache, as it is now: a file of another key is not used. */
  readonly configKey: () => string;
  readonly clock: Clock;
  readonly log: Log;
}

export class CacheFile {
  readonly #parts: CacheFileParts;
  readonly #file: string;
  readonly #timers: Timer[] = [];
  #stopListening = () => {};
  #savingSoon: Timer | null = null;
  #loaded: Promise<void> = Promise.resolve();
  /** The file is written by one at a time. */
  #turn: Promise<void> = Promise.resolve();
  /** The store's count of changes when the file was last in step with it. */
  #savedChanges = 0;
  #problem: string | null = null;
  /** The owner has thrown answers away since the start, so that the file may hold what must not come back. */
  #wasForgotten = false;
  #isClosed = false;

  constructor(parts: CacheFileParts) {
    this.#parts = parts;
    this.#file = cacheFileIn(parts.stateDir);
  }

  /** Begins to load, which nobody waits for, and to save from time to time. */
  start(): void {
    const { clock, store } = this.#parts;
    this.#loaded = this.#load();
    if (!this.#parts.isOn()) void this.#saveInTurn();
    this.#timers.push(clock.every(SAVE_EVERY_MS, () => void this.#saveInTurn()));
    this.#stopListening = store.onForget(() => this.#forgotten());
  }

  /** Writes what has changed, for the last time; resolves when that is done or takes too long. Never rejects. */
  async save(): Promise<void> {
    const over = Promise.withResolvers<void>();
    const timer = this.#parts.clock.after(LAST_SAVE_WITHIN_MS, over.resolve);
    await Promise.race([this.#saveInTurn(), over.promise]);
    timer.cancel();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopListening();
    this.#savingSoon?.cancel();
    for (const timer of this.#timers) timer.cancel();
  }

  /** Resolves when what the file had is back; a frame at a time, so that queries are answered meanwhile. */
  get loaded(): Promise<void> {
    return this.#loaded;
  }

  async #load(): Promise<void> {
    const { log } = this.#parts;
    const tally = { restored: 0 };
    let problem: string | null = null;
    try {
      problem = await this.#restoreAll(tally);
    } catch (error) {
      problem = this.#whyUnreadable(error, tally.restored);
    }
    if (problem !== null) log.warn(problem);
    if (tally.restored > 0)
      log.info('answers of before the restart are in the cache', { answers: tally.restored });
  }

  /** Null, or what there is to say about the file in words. */
  async #restoreAll(tally: { restored: number }): Promise<string | null> {
    const { store, clock, configKey, isOn } = this.#parts;
    if (!isOn()) return null;
    let head: FileHead | null = null;
    let octets = 0;
    for await (const payload of readFrames(this.#file)) {
      if (this.#isClosed || this.#wasForgotten) return null;
      if (head === null) {
        head = readHead(payload);
        if (head === null) throw new DamagedFile('is torn');
        if (head.configKey !== configKey())
          return `${this.#file} was written under another configuration of upstreams and is not used`;
        store.tellAgesBy(restoredAge({ clock, savedAtMs: head.savedAtMs }));
        continue;
      }
      octets += payload.length;
      if (octets > store.maxOctets)
        return `${this.#file} holds more than cache.max_bytes; the rest of it is not used`;
      for (const entry of readEntries(payload)) {
        if (store.restore(withSoundDate(entry, head.savedAtMs))) tally.restored += 1;
      }
    }
    return null;
  }

  #whyUnreadable(error: unknown, restored: number): string | null {
    if (error instanceof DamagedFile) {
      const used = restored > 0 ? `; ${restored} answers before the damage are used` : '; it is not used';
      return `${this.#file} ${error.message}${used}, and the next save replaces it`;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    return `${this.#file} cannot be read (${code ?? message}); let this user read it, or delete it`;
  }

  #forgotten(): void {
    this.#wasForgotten = true;
    this.#savingSoon ??= this.#parts.clock.after(SAVE_AFTER_FORGETTING_MS, () => {
      this.#savingSoon = null;
      void this.#saveInTurn();
    });
  }

  #saveInTurn(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#saveChanges());
    return this.#turn;
  }

  async #saveChanges(): Promise<void> {
    await this.#loaded; // what the file has and we have not yet would be lost
    const { store, log } = this.#parts;
    const { changes } = store;
    const action = this.#isClosed ? 'keep' : this.#actionFor(changes);
    if (action === 'keep') return;
    try {
      if (action === 'write') await writeFrames(this.#file, this.#frames());
      else await deleteFile(this.#file);
      this.#savedChanges = action === 'write' ? changes : NEVER_SAVED;
      this.#problem = null;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const advice = ADVICE[code ?? ''] ?? 'make state_dir writable';
      const problem = `${this.#file} cannot be written (${code ?? message}); ${advice}, or a restart finds an older cache or none`;
      if (problem !== this.#problem) log.warn(problem);
      this.#problem = problem;
    }
  }

  #actionFor(changes: number): 'write' | 'delete' | 'keep' {
    const { clock, isOn } = this.#parts;
    if (!isOn()) return 'delete';
    if (changes === this.#savedChanges) return 'keep';
    if (canDate(clock)) return 'write';
    return this.#wasForgotten ? 'delete' : 'keep'; // what was forgotten is in it, and it cannot be written anew
  }

  /** All that is kept, as of this moment: what comes while it is written has no date after that of the file. */
  *#frames(): Generator<Buffer> {
    const { store, clock, configKey } = this.#parts;
    const now = { atMs: clock.monotonic(), dateMs: clock.now().epochMs };
    yield writeHead({ savedAtMs: now.dateMs, configKey: configKey() });
    let entries: Buffer[] = [];
    let octets = 0;
    for (let place = 0; place < store.places; place += 1) {
      const kept = store.keptAt(place);
      const dateMs = kept === null ? null : this.#dateOf(kept, now);
      if (dateMs === null) continue;
      setMoment(kept!.packed, dateMs);
      const entry = writeEntry(kept!);
      entries.push(entry);
      octets += entry.length;
      if (octets < FRAME_OCTETS) continue;
      yield frame(Buffer.concat(entries));
      entries = [];
      octets = 0;
    }
    if (octets > 0) yield frame(Buffer.concat(entries));
  }

  /** When an answer was fetched, milliseconds since 1970; null: too long ago to be kept on. */
  #dateOf({ packed }: KeptAnswer, now: { atMs: number; dateMs: number }): number | null {
    const { store, clock } = this.#parts;
    const momentMs = momentAt(packed, 0);
    if (momentMs < FIRST_DATE_MS) {
      const ageMs = Math.max(0, now.atMs - momentMs);
      return ageMs > MAX_AGE_MS ? null : now.dateMs - ageMs;
    }
    const isTooOld = store.ageOfDated(momentMs, lifetimeAt(packed, 0), now.atMs) === Number.POSITIVE_INFINITY;
    return isTooOld && clock.status.state !== 'provisional' ? null : momentMs; // a wrong date throws nothing away
  }
}

/**
 * May the clock's date be written down? Neither where there is none, nor where one peer alone or an old stamp says it:
 * what is learnt under such a date may have to be forgotten, and a file remembers.
 */
function canDate({ status: { state, basis } }: Clock): boolean {
  return state !== 'untrusted' && basis !== 'one-source' && basis !== 'stamp';
}

/** No answer was fetched after it was written down, nor on a monotonic clock; one that says so is past its lifetime. */
function withSoundDate(entry: KeptAnswer, savedAtMs: number): KeptAnswer {
  const momentMs = momentAt(entry.packed, 0);
  if (momentMs < FIRST_DATE_MS || momentMs > savedAtMs)
    setMoment(entry.packed, Math.max(FIRST_DATE_MS, savedAtMs - lifetimeAt(entry.packed, 0) * 1000));
  return entry;
}
