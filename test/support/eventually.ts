// Waiting for something that another process brings about: look again and again until it holds.
// The bound is there to end a test that will never pass; it is no measurement, unless the test says so.

const PAUSE_MS = 25;
const DEFAULT_WITHIN_MS = 15_000;

export interface Eventually {
  readonly withinMs?: number;
  readonly pauseMs?: number;
  /** What is waited for, for the message of the failure. */
  readonly what?: string;
}

/** Calls `look` until it gives something truthy without throwing; resolves with that. */
export async function eventually<T>(look: () => T | Promise<T>, options: Eventually = {}): Promise<T> {
  const { withinMs = DEFAULT_WITHIN_MS, pauseMs = PAUSE_MS, what = 'what was waited for' } = options;
  const end = performance.now() + withinMs;
  let last: unknown;
  do {
    try {
      const found = await look();
      if (found) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    await pause(pauseMs);
  } while (performance.now() < end);
  throw new Error(`${what} did not come about within ${withinMs} ms; last seen: ${String(last)}`);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
