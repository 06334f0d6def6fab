// The test message that an owner asks for, on the control socket alone: a page that found a way past Host, Origin and sign-in
// could otherwise wake the owner all night.

import type { TestOutcome } from '../notify/notifier.ts';
import { jsonAnswer } from './admin-answer.ts';
import type { AdminRoutes } from './route.ts';

export interface NotifySubject {
  /** Sends a test message over every channel; resolves with what came of it, after half a minute at the latest. */
  readonly testNotify: () => Promise<readonly TestOutcome[]>;
}

/** Every channel has 30 s at most, all of them at once. */
export const NOTIFY_TEST_WITHIN_MS = 40_000;

export function notifyRoutes({ testNotify }: NotifySubject): AdminRoutes {
  return {
    '/control/notify-test': {
      ...{ method: 'POST', doors: 'control', access: 'admitted' },
      answer: async () => jsonAnswer({ channels: await testNotify() }),
      answersWithinMs: NOTIFY_TEST_WITHIN_MS,
    },
  };
}
