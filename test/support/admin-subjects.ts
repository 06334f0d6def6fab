// What an admin listener or control socket of a test answers from: a Status from the shelf, and nothing that is done.

import { type AdminSubject, adminRoutes } from '../../src/admin/routes.ts';
import type { Clock } from '../../src/clock/clock.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { synchronized } from './statuses.ts';

export function adminSubject(parts: Partial<AdminSubject> = {}): AdminSubject {
  return {
    clock: new SimulatedClock(),
    status: () => synchronized,
    forgetStamp: async () => 'forgotten',
    flushCache: () => 0,
    renewCertificate: async () => ({ ok: true, sentence: 'renewed' }),
    explainName: async () => {
      throw new Error('this test explains nothing');
    },
    zones: () => [],
    ...parts,
  };
}

/** What a listener or socket needs to answer from such a subject. */
export function adminDoor(clock: Clock, parts: Partial<AdminSubject> = {}) {
  return { clock, routes: adminRoutes(adminSubject({ clock, ...parts })) };
}
