// One list as it stands: its names, since when, and what is wrong with it. Whoever reads it, from a file or over the
// network, hands a whole table over or says why there is none; until then, and if that fails, the old one counts.

import type { Clock } from '../clock/clock.ts';
import type { FilterListConfig } from '../config/config.ts';
import { maskedUrl } from '../config/value-error.ts';
import type { Log } from '../observe/log.ts';
import type { ReadList } from './list-reader.ts';
import { NameTable } from './name-table.ts';

export interface ListReport {
  readonly name: string;
  readonly allows: boolean;
  /** The path, or the URL without its query, which may be somebody's key to a list that is not for everybody. */
  readonly source: string;
  /** Names that it has. */
  readonly entries: number;
  /** Lines that say something which is not understood. */
  readonly unread: number;
  /** When it was last read, or found unchanged: milliseconds since 1970, null where that is not known. */
  readonly updatedAtMs: number | null;
  /** Why it is not what it should be, as part of a sentence; null when it is. */
  readonly problem: string | null;
  /** How long it has not been, for whichever reason; null when it is. */
  readonly problemForMs: number | null;
}

export class List {
  /** Replaced by a reload that leaves the source as it is. */
  config: FilterListConfig;
  table: NameTable;
  #unread = 0;
  #updatedAtMs: number | null = null;
  #problem: string | null = 'it has not been read yet';
  /** Monotonic; null: there is no problem. */
  #problemSinceMs: number | null;
  readonly #clock: Clock;
  readonly #log: Log;

  /** @param table what counts until the list has been read */
  constructor(
    config: FilterListConfig,
    { clock, log }: { readonly clock: Clock; readonly log: Log },
    table = NameTable.EMPTY,
  ) {
    this.config = config;
    this.table = table;
    this.#clock = clock;
    this.#log = log;
    this.#problemSinceMs = clock.monotonic();
  }

  take({ table, unread, firstUnread }: ReadList, updatedAtMs: number | null): void {
    this.table = table;
    this.#unread = unread;
    this.confirm(updatedAtMs);
    this.#log.info('list read', {
      ...{ list: this.config.name, names: table.entries, unread },
      ...(unread === 0 ? {} : { firstUnreadLine: firstUnread }),
    });
  }

  /** It is still the same. */
  confirm(updatedAtMs: number | null): void {
    this.#updatedAtMs = updatedAtMs;
    this.#problem = null;
    this.#problemSinceMs = null;
  }

  /** @param problem part of a sentence; told once, not each time that it is met again */
  fail(problem: string): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#problemSinceMs ??= this.#clock.monotonic();
    const stays = this.table.entries === 0 ? 'it blocks nothing yet' : 'what was read before stays in use';
    this.#log.warn(`list ${JSON.stringify(this.config.name)}: ${problem}; ${stays}`, {
      source: this.#source,
    });
  }

  get report(): ListReport {
    const { name, allows } = this.config;
    return {
      name,
      allows,
      source: this.#source,
      entries: this.table.entries,
      unread: this.#unread,
      updatedAtMs: this.#updatedAtMs,
      problem: this.#problem,
      problemForMs: this.#problemSinceMs === null ? null : this.#clock.monotonic() - this.#problemSinceMs,
    };
  }

  get #source(): string {
    const { source } = this.config;
    return source.kind === 'file' ? source.file : maskedUrl(source.url);
  }
}
