// Waiting that ends at once when nobody wants it any more: a CA takes minutes, and must not keep a server from stopping.
// What is waited for goes on by itself; whoever began it ends it.

import type { Clock } from '../clock/clock.ts';

/** @throws the signal's reason */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const abandon = () => {
      timer.cancel();
      reject(signal.reason);
    };
    const timer = clock.after(ms, () => {
      signal.removeEventListener('abort', abandon);
      resolve();
    });
    signal.addEventListener('abort', abandon, { once: true });
  });
}

/** `wanted`, or the signal's reason. */
export async function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const abandon = () => reject(signal.reason);
  if (signal.aborted) abandon();
  signal.addEventListener('abort', abandon, { once: true });
  try {
    return await Promise.race([wanted, promise]);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
