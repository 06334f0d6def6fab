// All time sources of the configuration, asked together once a round, and what each has said.
// Names that lead nowhere are remembered with their reason. Nothing is judged here.

import type { Clock } from '../clock/clock.ts';
import { Asking, wordsOf } from './asking.ts';
import type { RosterEntry } from './roster.ts';
import type { Heard } from './selection.ts';

export class Panel {
  readonly #roster: readonly RosterEntry[];
  readonly #clock: Clock;
  readonly #askings = new Map<RosterEntry, readonly Asking[]>();
  readonly #unresolved = new Map<RosterEntry, string>();

  constructor(roster: readonly RosterEntry[], clock: Clock) {
    this.#roster = roster;
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#roster.length === 0;
  }

  get askings(): readonly Asking[] {
    return [...this.#askings.values()].flat();
  }

  /** Entries whose name led nowhere, or whose key or CA cannot be used. */
  get unresolved(): { readonly url: string; readonly reason: string }[] {
    return [...this.#unresolved].map(([{ url }, reason]) => ({ url, reason }));
  }

  /** What was said in the last round. */
  get heard(): readonly Heard[] {
    return this.askings.flatMap(({ source, sample }) => (sample === null ? [] : [{ source, sample }]));
  }

  /** Asks everybody at once; resolves when each has answered or is late. Never rejects. */
  async ask(isCalm: boolean): Promise<void> {
    await Promise.all(this.#roster.map((entry) => this.#askEntry(entry, isCalm)));
  }

  /** What was said lies before a suspend, and its age is not known. */
  discard(): void {
    for (const asking of this.askings) asking.discard();
  }

  async #askEntry(entry: RosterEntry, isCalm: boolean): Promise<void> {
    try {
      const sources = await entry.sources();
      this.#unresolved.delete(entry);
      const known = this.#askings.get(entry) ?? [];
      const askings = sources.map(
        (source) => known.find((asking) => asking.source === source) ?? new Asking(source, this.#clock),
      );
      this.#askings.set(entry, askings);
      await Promise.all(askings.map((asking) => asking.ask(isCalm)));
      if (askings.every(({ sample }) => sample === null)) entry.forget();
    } catch (error) {
      this.#askings.delete(entry);
      this.#unresolved.set(entry, wordsOf(error));
    }
  }
}
