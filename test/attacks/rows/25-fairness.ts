// Row 25: one device gone mad costs the others nothing that they would notice.

import { join } from 'node:path';
import { pause } from '../../support/eventually.ts';
import { NODE, REPOSITORY, TRANSPORTS, type Transport } from '../../support/noonmark.ts';
import { start } from '../../support/running.ts';
import { type BystanderReport, startBystanders } from '../bystanders.ts';
import type { Madness } from '../mad-device.ts';
import type { Target } from '../target.ts';
import { ATTACKER, type Trial } from '../trial.ts';

const SCRIPT = join(REPOSITORY, 'test/attacks/mad-device.ts');
/** It has a machine of its own, in truth: here it may have what the server and the bystanders leave. */
const NICENESS = '19';
const RATE_PER_SECOND = 20_000;
const LEAST_ANSWERED = 0.99;
/** Times the calm median; a calm below a millisecond counts as one, since that is what a test can tell apart. */
const MOST_SLOWED = 2;
const LEAST_CALM_MS = 1;

export const FAIRNESS: Trial = {
  row: 25,
  name: `a device that asks ${RATE_PER_SECOND} times a second`,
  over: TRANSPORTS,
  async attack({ target, transport }) {
    const answered = await besideMadness(target, transport, 1);
    return answered.answered >= LEAST_ANSWERED * answered.asked
      ? []
      : [`${answered.answered} of ${answered.asked} answered beside a mad device`];
  },
};

export const FAIR_LATENCY: Trial = {
  row: 25,
  name: `a device that asks ${RATE_PER_SECOND} times a second: how long the others wait`,
  over: TRANSPORTS,
  isLong: true,
  async attack({ target, transport }) {
    const calm = await during(target, () => pause(3_000));
    const mad = await besideMadness(target, transport, 5);
    const most = MOST_SLOWED * Math.max(calm.medianMs, LEAST_CALM_MS);
    return mad.medianMs <= most
      ? []
      : [`a median wait of ${mad.medianMs.toFixed(1)} ms, when calm ${calm.medianMs.toFixed(1)} ms`];
  },
};

function besideMadness(target: Target, transport: Transport, seconds: number): Promise<BystanderReport> {
  const madness: Madness = {
    transport,
    endpoint: { ...target.endpoint(transport), from: ATTACKER },
    trust: target.trust(),
    ratePerSecond: RATE_PER_SECOND,
    seconds,
  };
  return during(target, async () => {
    await start('nice', ['-n', NICENESS, NODE, SCRIPT, JSON.stringify(madness)], { cwd: REPOSITORY }).ended;
  });
}

async function during(target: Target, what: () => Promise<void>): Promise<BystanderReport> {
  const bystanders = await startBystanders(target);
  await what();
  return bystanders.finish();
}
