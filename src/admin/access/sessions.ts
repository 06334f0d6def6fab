// Who has signed in: sessions of random ids that are made here and nowhere else, so that nobody can be given one beforehand
// (fixation). Only the SHA-256 of an id is kept. Monotonic time; a restart ends all of them.

import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../clock/clock.ts';

/** OWASP's Session Management Cheat Sheet asks for 64 bits of entropy at least. */
const ID_OCTETS = 32;
/** A household's browsers; the one that was idle for longest makes room (a limit of our own). */
const SESSIONS_MAX = 64;
/** A working day with its evening; a week (limits of our own). */
const IDLE_MS = 12 * 3_600_000;
const LIFE_MS = 7 * 24 * 3_600_000;

interface Session {
  /** Begun over TLS: then it is good over TLS alone, and otherwise without alone, where others may have heard its id. */
  readonly isEncrypted: boolean;
  readonly begunMs: number;
  lastMs: number;
}

export class Sessions {
  readonly #clock: Clock;
  /** By the digest of its id, in the order of last use. */
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** A new one. Its id is said here, and never again. */
  begin(isEncrypted: boolean): string {
    const id = randomBytes(ID_OCTETS).toString('base64url');
    const nowMs = this.#clock.monotonic();
    this.#sessions.set(digestOf(id), { isEncrypted, begunMs: nowMs, lastMs: nowMs });
    if (this.#sessions.size > SESSIONS_MAX) this.#sessions.delete(this.#sessions.keys().next().value!);
    return id;
  }

  /** Is it one that lasts? Asking counts as use. */
  has(id: string, isEncrypted: boolean): boolean {
    const digest = digestOf(id);
    const session = this.#sessions.get(digest);
    if (session === undefined || session.isEncrypted !== isEncrypted) return false;
    this.#sessions.delete(digest);
    const nowMs = this.#clock.monotonic();
    if (nowMs - session.lastMs >= IDLE_MS || nowMs - session.begunMs >= LIFE_MS) return false;
    session.lastMs = nowMs;
    this.#sessions.set(digest, session);
    return true;
  }

  end(id: string): void {
    this.#sessions.delete(digestOf(id));
  }

  endAll(): void {
    this.#sessions.clear();
  }
}

/** Looked up by digest, so that the time it takes says nothing of the id. */
function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64');
}
