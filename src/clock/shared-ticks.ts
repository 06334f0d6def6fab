// Timers that repeat, woken together: what happens every second, every two and every ten shares one timer of Node's and the
// same instants, so that a house at rest wakes up once a second and not once for each of them.

/** All periods that are multiples of it are kept here, counted in it. */
const TICK_MS = 250;
/** Ticks: from its second time on, each runs at multiples of the longest of these that its period is a multiple of. */
const BEATS = [8, 4, 2, 1] as const;
/** Node counts whole milliseconds, and may run a timer so much early. */
const EARLY_MS = 1;
/** So much later than it should a tick may be. */
const LATE_MS = 20;

interface Repeating {
  readonly everyTicks: number;
  dueAt: number;
  readonly action: () => void;
}

/** Whether `SharedTicks` can keep this period. */
export function fitsTicks(periodMs: number): boolean {
  return periodMs > 0 && periodMs % TICK_MS === 0;
}

export class SharedTicks {
  readonly #repeating = new Set<Repeating>();
  /** When ticks began to be counted, by performance.now(). */
  #beganAtMs = 0;
  #timer: NodeJS.Timeout | null = null;
  /** What the timer was made for, in milliseconds, and the tick that it stands at. */
  #sleepMs = 0;
  #wakesAt = Number.POSITIVE_INFINITY;

  /** Runs `action` every `periodMs`, the first time up to one tick later; returns how to stop that. */
  add(periodMs: number, action: () => void): () => void {
    const everyTicks = periodMs / TICK_MS;
    const isBetweenTicks = this.#repeating.size > 0;
    if (!isBetweenTicks) this.#beganAtMs = performance.now();
    const one = { everyTicks, dueAt: this.#at(0) + everyTicks + (isBetweenTicks ? 1 : 0), action };
    this.#repeating.add(one);
    this.#sleep();
    return () => this.#remove(one);
  }

  /** The tick in so many milliseconds. */
  #at(inMs: number): number {
    return Math.floor((performance.now() - this.#beganAtMs + inMs) / TICK_MS);
  }

  /** @throws what an action threw, when all that were due have run */
  #tick(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY;
    const now = this.#at(EARLY_MS);
    const failures: unknown[] = [];
    for (const one of [...this.#repeating]) {
      if (one.dueAt > now || !this.#repeating.has(one)) continue;
      one.dueAt = nextAfter(now, one.everyTicks); // what a busy process has missed is not made up for
      try {
        one.action();
      } catch (error) {
        failures.push(error);
      }
    }
    this.#sleep();
    if (failures.length > 0) throw failures[0];
  }

  #remove(one: Repeating): void {
    this.#repeating.delete(one);
    this.#sleep();
  }

  /** Until the first that is due. */
  #sleep(): void {
    let wakesAt = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#repeating) wakesAt = Math.min(wakesAt, dueAt);
    if (wakesAt === this.#wakesAt) return;
    this.#wakesAt = wakesAt;
    const sleepMs = Math.ceil(this.#beganAtMs + wakesAt * TICK_MS - performance.now());
    const lateMs = this.#sleepMs - sleepMs;
    // Most sleeps are as long as the last one, but for what it took to wake up: its timer serves again.
    if (this.#timer !== null && lateMs >= 0 && lateMs <= LATE_MS) {
      this.#timer.refresh();
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sleepMs = sleepMs;
    if (wakesAt !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#tick(), sleepMs);
  }
}

/** A whole period later, or earlier by less than a beat where it was not on one. */
function nextAfter(now: number, everyTicks: number): number {
  const beat = BEATS.find((one) => everyTicks % one === 0)!;
  return Math.floor(now / beat) * beat + everyTicks;
}
