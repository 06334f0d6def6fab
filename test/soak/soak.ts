// A soak: Noonmark with two upstreams, honest clients and floods at once for a while, beside faults, restarts, reloads and
// changes; a sample every few seconds. What it must come to is decided in verdict.ts.

import type { ChildProcess } from 'node:child_process';
import { pause } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { type Noonmark, SERVER_NAME, startNoonmark } from '../support/noonmark.ts';
import { makePki, upstreamCertificate } from '../support/upstreams.ts';
import { disturbances } from './disturbances.ts';
import { type HonestClients, startHonestClients } from './honest-clients.ts';
import { House } from './house.ts';
import { Regulator } from './regulator.ts';
import { countDescriptors, type Sample, takeSample } from './samples.ts';
import { end, forkBeside, type SoakUpstream, startSoakUpstream } from './upstreams.ts';
import { MOST_LEFT_DESCRIPTORS, type SoakReport } from './verdict.ts';

export interface SoakOptions {
  readonly durationMs: number;
  /** Told of each sample as it is taken. */
  readonly onSample?: (sample: Sample, intensity: number) => void;
}

const REGULATION_MS = 1_000;
const SAMPLES = 400;
const SAMPLE_MIN_MS = 1_000;
const SAMPLE_MAX_MS = 5_000;
/** A disturbance every so often, and it lasts so long at most. */
const DISTURBANCES = 24;
const DISTURBANCE_MIN_MS = 2_500;
const DISTURBANCE_MAX_MS = 10_000;
const FAULT_MS = 2_000;
/** By then the last stalled client has been cut (row 9 of docs/reliability.md: within 35 s). */
const QUIET_MS = 40_000;

export async function soak({ durationMs, onSample }: SoakOptions): Promise<SoakReport> {
  const pki = makePki();
  const [one, other] = (await freePorts(2)) as [number, number];
  await using first = await startSoakUpstream(upstreamCertificate(pki), one);
  await using second = await startSoakUpstream(upstreamCertificate(pki), other);
  const upstreams = [first, second];
  const house = new House(upstreams, pki.rootFile);
  await using noonmark = await startNoonmark({ config: house.config() });
  const honest = await startHonestClients(noonmark, () => house.addresses());
  const { ports } = noonmark;
  const flood = await forkBeside('flood-process.ts', [JSON.stringify({ ports, serverName: SERVER_NAME })]);
  try {
    return await run({ noonmark, upstreams, house, honest, flood }, durationMs, onSample);
  } finally {
    await end(flood);
    await honest.stop();
  }
}

interface Parts {
  readonly noonmark: Noonmark;
  readonly upstreams: readonly SoakUpstream[];
  readonly house: House;
  readonly honest: HonestClients;
  readonly flood: ChildProcess;
}

async function run(
  { noonmark, upstreams, house, honest, flood }: Parts,
  durationMs: number,
  onSample: SoakOptions['onSample'],
): Promise<SoakReport> {
  const descriptorsBefore = countDescriptors(noonmark.process.pid);
  const from = performance.now();
  const seconds = () => (performance.now() - from) / 1000;
  const isOver = () => seconds() * 1000 >= durationMs || noonmark.process.hasEnded;
  const regulator = new Regulator(flood);
  const samples: Sample[] = [];
  const seen: { at: number; name: string }[] = [];
  const failures: string[] = [];
  honest.take();

  const regulate = async () => {
    while (!isOver()) {
      regulator.turn();
      await pause(REGULATION_MS);
    }
    regulator.rest();
  };
  const sample = async () => {
    const everyMs = within(durationMs / SAMPLES, SAMPLE_MIN_MS, SAMPLE_MAX_MS);
    while (!isOver()) {
      await pause(everyMs);
      if (noonmark.process.hasEnded) return;
      const taken = await takeSample(noonmark, honest.take(), { at: seconds(), ...regulator.take() });
      samples.push(taken);
      onSample?.(taken, regulator.intensity);
    }
  };
  const disturb = async () => {
    const everyMs = within(durationMs / DISTURBANCES, DISTURBANCE_MIN_MS, DISTURBANCE_MAX_MS);
    const faultMs = Math.min(FAULT_MS, everyMs / 2);
    for (const disturbance of disturbances(noonmark, upstreams, house, faultMs)) {
      await pause(everyMs);
      if (isOver()) return;
      seen.push({ at: seconds(), name: disturbance.name });
      await disturbance.act().catch((error) => failures.push(`${disturbance.name}: ${error.message}`));
    }
  };
  await Promise.all([regulate(), sample(), disturb()]);
  if (!flood.connected) failures.push('the floods ended before their time');
  const descriptorsAfter = await descriptorsInTheEnd(noonmark, descriptorsBefore);
  const isAlive = !noonmark.process.hasEnded;
  return { samples, descriptorsBefore, descriptorsAfter, isAlive, failures, disturbances: seen };
}

/** How many are open once there are about as many as before, or when there is no more waiting for that. */
async function descriptorsInTheEnd({ process }: Noonmark, before: number): Promise<number> {
  const end = performance.now() + QUIET_MS;
  while (!process.hasEnded) {
    const now = countDescriptors(process.pid);
    if (now <= before + MOST_LEFT_DESCRIPTORS || performance.now() > end) return now;
    await pause(REGULATION_MS);
  }
  return 0;
}

function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
