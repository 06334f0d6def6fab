// What an admin listener or control socket of a test answers from: a Status from the shelf, and nothing that is done.

import { type AdminSubject, adminRoutes, OPEN_ACCESS } from '../../src/admin/routes.ts';
import type { Clock } from '../../src/clock/clock.ts';
import { noPoints } from '../../src/history/series.ts';
import { QueryLog } from '../../src/observe/query-log.ts';
import { DeviceProbe } from '../../src/resolver/local/device-probe.ts';
import { deviceFactsWith } from './device-facts.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { synchronized } from './statuses.ts';

const NO_HISTORY: AdminSubject['history'] = {
  incidents: () => [],
  series: noPoints,
  ...{ first: null, lastOver: null, life: 1, problem: null },
};

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
    history: NO_HISTORY,
    testNotify: async () => [],
    queryLog: new QueryLog(new SimulatedClock()),
    deviceFacts: () => deviceFactsWith(),
    deviceProbe: new DeviceProbe(new SimulatedClock()),
    isThisHost: () => false,
    ...parts,
  };
}

/** What a listener or socket needs to answer from such a subject. */
export function adminDoor(clock: Clock, parts: Partial<AdminSubject> = {}) {
  return { clock, access: OPEN_ACCESS, routes: adminRoutes(adminSubject({ clock, ...parts })) };
}
