// Timers that repeat, woken together: what happens every 250 ms, every second and every ten seconds shares one timer of
// Node's, so that a house at rest wakes up four times a second and not once for each of them.

/** All periods that are multiples of it are run on its beat; the smallest in the house (timesync/keeper.ts). */
const TICK_MS = 250;

interface Repeating {
  readonly everyTicks: number;
  ticksLeft: number;
  readonly action: () => void;
}

/** Whether `SharedTicks` can keep this period. */
export function fitsTicks(periodMs: number): boolean {
  return periodMs > 0 && periodMs % TICK_MS === 0;
}

export class SharedTicks {
  readonly #repeating = new Set<Repeating>();
  #beat: NodeJS.Timeout | null = null;

  /** Runs `action` every `periodMs`, the first time up to one tick later; returns how to stop that. */
  add(periodMs: number, action: () => void): () => void {
    const everyTicks = periodMs / TICK_MS;
    const isBetweenTicks = this.#beat !== null;
    const one = { everyTicks, ticksLeft: everyTicks + (isBetweenTicks ? 1 : 0), action };
    this.#repeating.add(one);
    this.#beat ??= setInterval(() => this.#tick(), TICK_MS);
    return () => this.#remove(one);
  }

  /** @throws what an action threw, when all that were due have run */
  #tick(): void {
    const failures: unknown[] = [];
    for (const one of [...this.#repeating]) {
      one.ticksLeft -= 1;
      if (one.ticksLeft > 0 || !this.#repeating.has(one)) continue;
      one.ticksLeft = one.everyTicks;
      try {
        one.action();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  #remove(one: Repeating): void {
    this.#repeating.delete(one);
    if (this.#repeating.size > 0 || this.#beat === null) return;
    clearInterval(this.#beat);
    this.#beat = null;
  }
}
