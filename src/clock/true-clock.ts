// The Clock of the running server: a base that its one writer (timesync/keeper.ts) sets, carried on by monotonic time.
// So the date does not notice what happens to the system clock; between two settings it cannot jump.
// It decides nothing: which base and which state, and why, is the keeper's business.

import type { Clock, ClockStatus, Instant, Timer } from './clock.ts';
import { HARD_FLOOR_MS } from './hard-floor.ts';
import { type Machine, thisMachine } from './machine.ts';

/** A date that was right, within its uncertainty, at one monotonic instant. */
export interface Base extends Instant {
  /** Monotonic milliseconds. */
  readonly atMs: number;
}

/** All that the keeper says about the time at once. */
export interface Reading extends Omit<ClockStatus, 'sinceMs'> {
  readonly base: Base;
}

/** How far a crystal may stray, in parts per million: three times what a cheap one does over the temperatures of a house. */
export const DRIFT_PPM = 300;

/** Listeners are told of a jump of the date beyond this, because what was judged by the old date may need judging again. */
const JUMP_MS = 1000;

/** A base as it stands at the monotonic instant `nowMs`: its age added, its uncertainty grown by the drift. */
export function agedBase(base: Base, nowMs: number): Base {
  const ageMs = nowMs - base.atMs;
  return {
    epochMs: base.epochMs + ageMs,
    uncertaintyMs: base.uncertaintyMs + (Math.abs(ageMs) * DRIFT_PPM) / 1e6,
    atMs: nowMs,
  };
}

export class TrueClock implements Clock {
  readonly machine: Machine;
  readonly #listeners = new Set<(status: ClockStatus) => void>();
  #base: Base;
  #status: ClockStatus;
  #floorMs = HARD_FLOOR_MS;

  /** Untrusted until the keeper has spoken. */
  constructor(machine: Machine = thisMachine) {
    this.machine = machine;
    const atMs = machine.monotonic();
    this.#base = { epochMs: HARD_FLOOR_MS, uncertaintyMs: Number.POSITIVE_INFINITY, atMs };
    this.#status = {
      state: 'untrusted',
      basis: null,
      reason: 'the time has not been judged yet',
      sinceMs: atMs,
    };
  }

  monotonic(): number {
    return this.machine.monotonic();
  }

  now(): Instant {
    return agedBase(this.#base, this.machine.monotonic());
  }

  get status(): ClockStatus {
    return this.#status;
  }

  get floorMs(): number {
    return this.#floorMs;
  }

  /** For the keeper alone. */
  raiseFloor(floorMs: number): void {
    this.#floorMs = floorMs;
  }

  /**
   * For the keeper alone: takes over what it says, and tells the listeners when that changes anything they built on.
   * @throws what a listener threw, when all is done and the others have been told
   */
  set({ state, basis, reason, contradiction, base }: Reading): void {
    const before = this.#status;
    const jumpMs = base.epochMs - agedBase(this.#base, base.atMs).epochMs;
    const isSame = state === before.state && basis === before.basis;
    this.#base = base;
    this.#status = {
      state,
      basis,
      reason,
      contradiction,
      sinceMs: isSame ? before.sinceMs : this.monotonic(),
    };
    const wasUntrusted = isSame && state === 'untrusted';
    if (isSame && (wasUntrusted || Math.abs(jumpMs) <= JUMP_MS)) return;
    const failures: unknown[] = [];
    for (const listener of [...this.#listeners]) {
      try {
        listener(this.#status);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  onStateChange(listener: (status: ClockStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  after(delayMs: number, action: () => void): Timer {
    return this.machine.after(delayMs, action);
  }

  every(periodMs: number, action: () => void): Timer {
    return this.machine.every(periodMs, action);
  }
}
