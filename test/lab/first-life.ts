// The life before the power cut: a server that is synchronized with three chronyds, writes its stamp and is ended.
// When that life was is set by moving its clock and its chronyds alike, so the stamp is the server's own work.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { type House, ntpSource } from './house.ts';
import { newHome, startServer, whenClockIs } from './server.ts';

const STAMP_FILE = 'state/clock-stamp';
const SYNCHRONIZED_WITHIN_MS = 20_000;

/** Lives at that time, as faketime reads it, in a house of that time; gives the directory that the next life inherits. */
export async function liveBefore(house: House, time: string): Promise<string> {
  const home = newHome();
  const chronyds = await house.chronyds(3, time);
  const sources = chronyds.map((chronyd) => ntpSource(chronyd));
  const config = { upstreams: house.upstreams, time: { sources } };
  await using server = await startServer({ config, clock: wrongClock(time), home });
  await whenClockIs(server, 'synchronized', null, SYNCHRONIZED_WITHIN_MS);
  await eventually(() => hasStamp(home), { what: 'the stamp' });
  await server.stop();
  await Promise.all(chronyds.map((chronyd) => chronyd.stop()));
  return home;
}

export function stampFile(home: string): string {
  return join(home, STAMP_FILE);
}

export function hasStamp(home: string): boolean {
  return existsSync(stampFile(home));
}
