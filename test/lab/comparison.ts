// Servers of other makers put through stories 1, 4 and 5: the same wrong clocks, the same upstream, the same house that asks.
// None of them has time sources, so what is seen is what a wrong clock does to a resolver that believes it.

import { pause } from '../support/eventually.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { Asker } from './asker.ts';
import { EPOCH, House } from './house.ts';
import { type OtherServer, type StartedServer, startOtherServer } from './other-servers.ts';
import { STEPS, WRONG_DATES } from './wrong-dates.ts';

/** As long as Noonmark may take in story 1 when a source returns (issue 3). */
const EPOCH_WATCHED_MS = 20_000;
/** As long as Noonmark may take in story 4, and a little more. */
const DATE_WATCHED_MS = 6_000;
const STEP_WATCHED_MS = 4_000;
const SETTLED_MS = 1_500;

/** One cell: what one server did in one story. */
export interface Compared {
  readonly server: OtherServer;
  readonly story: '1' | '4' | '5';
  readonly title: string;
  /**
   * Milliseconds to the first right answer of the world, from the start, or from when the upstream was back after a
   * step; null: none in the time that was watched.
   */
  readonly worldMs: number | null;
  readonly watchedMs: number;
}

/** Takes a few minutes; one server after another, as the stories of Noonmark do. */
export async function compare(server: OtherServer): Promise<Compared[]> {
  await using house = await House.open();
  const dates = [['in 1970', EPOCH] as const, ...WRONG_DATES];
  const found: Compared[] = [];
  for (const [title, time] of dates) {
    const isEpoch = time === EPOCH;
    const watchedMs = isEpoch ? EPOCH_WATCHED_MS : DATE_WATCHED_MS;
    await using started = await startOtherServer(server, optionsIn(house, time));
    const asker = askerOf(started);
    await pause(watchedMs);
    await asker.stop();
    found.push({ server, story: isEpoch ? '1' : '4', title, worldMs: asker.firstWorldMs, watchedMs });
  }
  return [...found, ...(await throughSteps(server, house))];
}

async function throughSteps(server: OtherServer, house: House): Promise<Compared[]> {
  const options = optionsIn(house, '+0');
  await using started = await startOtherServer(server, options);
  const asker = askerOf(started);
  await pause(SETTLED_MS);
  const found: Compared[] = [];
  for (const [title, time] of STEPS) {
    options.clock.set(time);
    await house.restartUpstream();
    const backMs = asker.elapsedMs;
    await pause(STEP_WATCHED_MS);
    const worldMs = asker.worldBackAfterMs(backMs);
    found.push({ server, story: '5', title, worldMs, watchedMs: STEP_WATCHED_MS });
  }
  await asker.stop();
  return found;
}

function optionsIn(house: House, time: string) {
  return { upstreamPort: house.unbound.port, caFile: house.pki.rootFile, clock: wrongClock(time) };
}

function askerOf({ port, startedAtMs }: StartedServer): Asker {
  return new Asker({ address: '127.0.0.1', port, startedAtMs, label: 'comparison' });
}
