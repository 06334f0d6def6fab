// Which troubles count: one has to stand for a moment before it is an incident, and to be gone for a while before that is
// over, longer each time it comes back, so that what flaps all day is one incident with a count. Pure but for what it
// remembers; it is told once a second what is wrong, and knows neither dates nor disks.

import type { Degraded } from '../status/status.ts';

export type Trouble = Pick<Degraded, 'id' | 'what' | 'evidence' | 'doThis'>;

/** Shorter ones are not told: a connection that broke and was made anew (milliseconds). */
const STANDS_AFTER_MS = 3000;
/** Gone for less is not over (milliseconds); doubled with each return, up to the second number. */
const GONE_AFTER_MS = 10_000;
const GONE_AFTER_MAX_MS = 600_000;
/** After a restart, what was wrong before it has this long to show itself again (milliseconds). */
const CARRIED_FOR_MS = 60_000;
/** There are as many troubles as things in a configuration; beyond this they are told in the status alone. */
const MAX_WATCHED = 1000;
/** While the time is not known nobody can tell whether these are still wrong. */
const UNSEEN_WITHOUT_TIME = /^(?:upstreams?|renewal|certificate)\b/;

interface Watched {
  readonly trouble: Trouble;
  /** Milliseconds of this life, as all times here. */
  readonly sinceMs: number;
  /** Since when it is not there; null: it is. */
  readonly goneMs: number | null;
  readonly returns: number;
  readonly isOpen: boolean;
  /** It began in a life before this one, and has not been seen in this one. */
  readonly isCarried: boolean;
}

/** What has become of a trouble. */
export interface TroubleChange {
  readonly type: 'opened' | 'reworded' | 'returned' | 'ended';
  readonly trouble: Trouble;
  /** When it began, or when it was last there. */
  readonly atMs: number;
  readonly returns: number;
  /** Ended without having been seen in this life. */
  readonly isCarried: boolean;
}

/** A trouble at one look; `forMs`: how long that very thing has lasted, where somebody knows. */
export type Seen = Trouble & { readonly forMs?: number };

export class TroubleWatch {
  readonly #watched = new Map<string, Watched>();

  /** An incident of a life before this one that had not ended. */
  carry(trouble: Trouble, returns: number): void {
    const carried = { sinceMs: 0, goneMs: 0, returns, isOpen: true, isCarried: true };
    this.#watched.set(trouble.id, { trouble, ...carried });
  }

  /** Nothing is wrong, nor has to stay away for a while yet. */
  get isEmpty(): boolean {
    return this.#watched.size === 0;
  }

  /** `seen`: all that is wrong now; `isBlind`: while the time is not known. */
  look(seen: readonly Seen[], nowMs: number, isBlind: boolean): TroubleChange[] {
    const there = new Set(seen.map(({ id }) => id));
    const appeared = seen.flatMap((one) => this.appear(one, nowMs));
    const absent = [...this.#watched.keys()].filter((id) => !there.has(id));
    const ended = absent.flatMap((id) =>
      isBlind && UNSEEN_WITHOUT_TIME.test(id) ? this.#isUnseen(id, nowMs) : this.#isAway(id, nowMs),
    );
    return [...appeared, ...ended];
  }

  /** One that is there; with `isAtOnce` it counts however short it is. */
  appear({ forMs = 0, ...trouble }: Seen, nowMs: number, isAtOnce = false): TroubleChange[] {
    const known = this.#watched.get(trouble.id);
    if (known === undefined && this.#watched.size >= MAX_WATCHED) return [];
    const before = known ?? {
      ...{ trouble, sinceMs: Math.max(0, nowMs - forMs), goneMs: null },
      ...{ returns: 0, isOpen: false, isCarried: false },
    };
    const hasReturned = before.goneMs !== null && !before.isCarried;
    const opens = !before.isOpen && (isAtOnce || nowMs - before.sinceMs >= STANDS_AFTER_MS);
    const now: Watched = {
      ...{ trouble, sinceMs: before.sinceMs, goneMs: null, isCarried: false },
      returns: before.returns + Number(hasReturned),
      isOpen: before.isOpen || opens,
    };
    this.#watched.set(trouble.id, now);
    if (opens) return [changeOf('opened', now)];
    if (!now.isOpen) return [];
    if (hasReturned) return [changeOf('returned', now)];
    return haveSameWords(before.trouble, trouble) ? [] : [changeOf('reworded', now)];
  }

  /** One that is not there any more, as somebody noticed at `nowMs`. */
  disappear(id: string, nowMs: number): void {
    const known = this.#watched.get(id);
    if (known !== undefined && known.goneMs === null) this.#watched.set(id, { ...known, goneMs: nowMs });
  }

  /** Its time to be gone begins when it could be seen. */
  #isUnseen(id: string, nowMs: number): TroubleChange[] {
    const known = this.#watched.get(id)!;
    if (known.goneMs !== null) this.#watched.set(id, { ...known, goneMs: nowMs });
    return [];
  }

  #isAway(id: string, nowMs: number): TroubleChange[] {
    this.disappear(id, nowMs);
    const known = this.#watched.get(id)!;
    if (nowMs - known.goneMs! < patienceMs(known)) return [];
    this.#watched.delete(id);
    return known.isOpen ? [changeOf('ended', known)] : [];
  }
}

function patienceMs({ returns, isCarried }: Watched): number {
  return isCarried ? CARRIED_FOR_MS : Math.min(GONE_AFTER_MS * 2 ** returns, GONE_AFTER_MAX_MS);
}

function haveSameWords(a: Trouble, b: Trouble): boolean {
  return a.what === b.what && a.evidence === b.evidence && a.doThis === b.doThis;
}

function changeOf(type: TroubleChange['type'], { trouble, sinceMs, goneMs, returns, isCarried }: Watched) {
  return { type, trouble, atMs: type === 'ended' ? goneMs! : sinceMs, returns, isCarried } as const;
}
