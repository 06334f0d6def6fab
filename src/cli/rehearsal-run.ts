// One scenario: the configured server in this process, on loopback ports that the system picks, with a simulated system
// clock and a household that asks it. Upstreams, time sources and zones are the configured ones and really asked; the stamp
// is read and never written, and no file of the owner's is touched.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from '../app/app.ts';
import type { Clock } from '../clock/clock.ts';
import { thisMachine } from '../clock/machine.ts';
import { TrueClock } from '../clock/true-clock.ts';
import type { Config, SocketAddress } from '../config/config.ts';
import { parseSocketAddress } from '../config/socket-address.ts';
import type { Log } from '../observe/log.ts';
import type { Status } from '../status/status.ts';
import { backAfterMs, firstAfterMs, Household } from './rehearsal-household.ts';
import { RehearsalMachine } from './rehearsal-machine.ts';
import { type Outcome, type Scenario, WORLD_WITHIN_MS } from './rehearsal-scenarios.ts';

/** Nothing is waited for longer; a household has noticed by then. */
const PATIENCE_MS = 8000;
/** After a step: two seconds until the sources are asked for it (timesync/rhythm.ts), and one to hear them. */
const WATCH_STEP_MS = 3000;
const LOOK_EVERY_MS = 25;
const DNS_PORT = 53;

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

export interface Rehearsed {
  readonly outcome: Outcome;
  /** At the end. */
  readonly status: Status;
}

/**
 * Plays one scenario to its end, or until the signal is aborted; the server is stopped either way.
 * @throws the signal's reason
 */
export async function rehearseScenario(
  scenario: Scenario,
  config: Config,
  signal: AbortSignal,
): Promise<Rehearsed> {
  const place = await mkdtemp(join(tmpdir(), 'noonmark-rehearsal-'));
  try {
    const machine = new RehearsalMachine(scenario.wakesAt(thisMachine.systemClock()));
    const clock = new TrueClock(machine);
    const startedAtMs = clock.monotonic();
    const app = new App({
      config: rehearsalConfig(config, place, scenario),
      ...{ clock, log: silent, keepsState: false },
    });
    const until = (isOver: (leftMs: number) => boolean) => wait(clock, signal, isOver);
    const started = app.start();
    let household: Household | null = null;
    try {
      await until(() => app.addresses.udp.length > 0);
      household = new Household({ config, clock, address: boundAddress(app) });
      await started;
      return await play({ scenario, app, clock, machine, household, startedAtMs, until, config });
    } finally {
      household?.stop();
      await started;
      await app.stop();
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** The same server where it is in nobody's way: on loopback, and with its own files elsewhere. */
export function rehearsalConfig(
  config: Config,
  place: string,
  { hasStamp }: Pick<Scenario, 'hasStamp'>,
): Config {
  const loopback = [{ address: '127.0.0.1', port: 0, family: 4 }] as const;
  const like = (addresses: readonly unknown[]) => (addresses.length > 0 ? loopback : []);
  const { dot, doh } = config.listen;
  return {
    ...config,
    listen: { dns: loopback, dot: like(dot), doh: like(doh), admin: [] }, // the household asks over plain DNS
    access: { allow: [...config.access.allow, 'loopback'] },
    certsDir: join(place, 'certs'),
    stateDir: hasStamp ? config.stateDir : join(place, 'state'),
  };
}

interface Stage {
  readonly scenario: Scenario;
  readonly config: Config;
  readonly app: App;
  readonly clock: TrueClock;
  readonly machine: RehearsalMachine;
  readonly household: Household;
  readonly startedAtMs: number;
  /** Resolves when it is over, or no more patience is left. */
  readonly until: (isOver: (leftMs: number) => boolean) => Promise<void>;
}

async function play({
  scenario,
  config,
  app,
  clock,
  machine,
  household,
  startedAtMs,
  until,
}: Stage): Promise<Rehearsed> {
  const { internal, world } = household;
  const hasWorld = config.upstreams.length > 0;
  const isAnswered = () => internal.some((asked) => asked.isAnswered);
  const isWorldAnswered = () => !hasWorld || world.some((asked) => asked.isAnswered);
  await until((leftMs) => {
    if (isWorldAnswered()) household.askWorld(false);
    return isAnswered() && isSettled(app.status(), isWorldAnswered(), leftMs);
  });
  let worldAfterMs = firstAfterMs(world, startedAtMs);
  if (scenario.stepMs !== 0) {
    const steppedAtMs = clock.monotonic();
    household.askWorld(true);
    machine.step(scenario.stepMs);
    const isBack = () => !hasWorld || backAfterMs(world, steppedAtMs) !== null;
    const isWatched = () => clock.monotonic() - steppedAtMs >= WATCH_STEP_MS;
    await until((leftMs) => isWatched() && isSettled(app.status(), isBack(), leftMs));
    worldAfterMs = backAfterMs(world, steppedAtMs);
  }
  const { state, basis, reason } = clock.status;
  const errorMs = state === 'untrusted' ? null : Math.round(clock.now().epochMs - thisMachine.systemClock());
  const house = houseOf(household, startedAtMs);
  const told = [...new Set(world.filter((asked) => asked.told !== '').map((asked) => asked.told))];
  const isWorldSoon = worldAfterMs !== null && worldAfterMs <= WORLD_WITHIN_MS;
  const outcome: Outcome = {
    id: scenario.id,
    title: scenario.title,
    isStepped: scenario.stepMs !== 0,
    works: house.afterMs !== null && house.lost === 0 && (isWorldSoon || !hasWorld),
    internal: house,
    world: hasWorld ? { afterMs: worldAfterMs, told } : null,
    clock: { state, basis, reason, errorMs },
  };
  return { outcome, status: app.status() };
}

/** Before the first answer a lost query is no loss, since nothing listens yet. */
function houseOf({ internal }: Household, startedAtMs: number): Outcome['internal'] {
  const afterMs = firstAfterMs(internal, startedAtMs);
  const later = internal.filter(({ askedAtMs }) => askedAtMs - startedAtMs >= (afterMs ?? 0));
  return { afterMs, asked: later.length, lost: later.filter(({ isAnswered }) => !isAnswered).length };
}

/** Will nothing change any more while we look? The world answers, or cannot, before the sources are asked again. */
export function isSettled(
  { clock }: Pick<Status, 'clock'>,
  isWorldAnswered: boolean,
  leftMs: number,
): boolean {
  const { state, lastRound, nextRoundInMs } = clock;
  if (state === 'synchronized') return isWorldAnswered;
  // While a round is on its way, the next one is in 0 ms.
  const isLastRound = lastRound !== null && (nextRoundInMs === null || nextRoundInMs > leftMs);
  return isLastRound && (isWorldAnswered || state === 'untrusted');
}

function boundAddress({ addresses }: App): SocketAddress {
  const [bound] = addresses.udp;
  if (bound === undefined) throw new Error('this host has no loopback port to spare for a rehearsal');
  return parseSocketAddress(bound, DNS_PORT);
}

function wait(clock: Clock, signal: AbortSignal, isOver: (leftMs: number) => boolean): Promise<void> {
  const endMs = clock.monotonic() + PATIENCE_MS;
  return new Promise((resolve, reject) => {
    const looking = clock.every(LOOK_EVERY_MS, () => {
      const leftMs = endMs - clock.monotonic();
      if (leftMs > 0 && !signal.aborted && !isOver(leftMs)) return;
      looking.cancel();
      if (signal.aborted) reject(signal.reason);
      else resolve();
    });
  });
}
