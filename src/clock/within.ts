// Waits for something, and not for ever: for what another thread is to do, which may hang. Whoever has to know which of both it
// was asks the thing itself.

import type { Clock } from './clock.ts';

/** Resolves when `promise` has, or after `ms`. */
export async function within(
  ms: number,
  promise: Promise<unknown>,
  clock: Pick<Clock, 'after'>,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = clock.after(ms, over.resolve);
  try {
    await Promise.race([promise, over.promise]);
  } finally {
    timer.cancel();
  }
}
