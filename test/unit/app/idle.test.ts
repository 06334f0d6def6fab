// How often a house wakes up in which nothing happens: every timer that runs for nothing costs a small board some power,
// all day. Counted on a machine whose time a test moves; what Node does by itself is not in it.

import { expect, test } from 'vitest';
import { App } from '../../../src/app/app.ts';
import type { Timer } from '../../../src/clock/clock.ts';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { parseConfig } from '../../../src/config/parse.ts';
import { freePorts } from '../../support/free-ports.ts';
import { SimulatedMachine } from '../../support/simulated-machine.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SETTLED_MS = 60_000;
const MINUTE_MS = 60_000;
/**
 * Four looks a second at the system clock (timesync/keeper.ts), one at how things stand (history/history.ts), one at the
 * networks of this host every two seconds (app/app.ts); the interfaces and the local CA's certificate every ten seconds.
 */
const WAKES_A_MINUTE = 240 + 60 + 30 + 6 + 6;
/** Saves, and rounds that ask for the time. */
const NOW_AND_THEN = 10;

class CountingMachine extends SimulatedMachine {
  runs = 0;

  override after(delayMs: number, action: () => void): Timer {
    return super.after(delayMs, () => this.#count(action));
  }

  override every(periodMs: number, action: () => void): Timer {
    return super.every(periodMs, () => this.#count(action));
  }

  #count(action: () => void): void {
    this.runs += 1;
    action();
  }
}

test('a house at rest wakes up for what it has to look at, and for nothing else', async () => {
  const directory = temporaryDirectory('idle');
  const [dns, dot, doh, admin] = await freePorts(4);
  const { config } = parseConfig(
    `
listen: { dns: ['127.0.0.1:${dns}'], dot: ['127.0.0.1:${dot}'], doh: ['127.0.0.1:${doh}'], admin: ['127.0.0.1:${admin}'] }
upstreams: [{ url: 'tls://dns.upstream.example', addresses: ['127.0.0.1'] }]
time: { sources: [] }
certs_dir: ${directory}
state_dir: ${directory}
`,
    { file: `${directory}/noonmark.yaml` },
  );
  const machine = new CountingMachine(HARD_FLOOR_MS - 365 * 86_400_000); // untrusted: no upstream is asked
  const never = () => {};
  const log = { debug: never, info: never, warn: never, error: never };
  const app = new App({ config, clock: new TrueClock(machine), log });
  try {
    await app.start();
    await machine.pass(SETTLED_MS);
    const before = machine.runs;
    await machine.pass(MINUTE_MS);
    expect(machine.runs - before).toBeGreaterThan(240); // it does look
    expect(
      machine.runs - before,
      'what new timer is this, and can an event stand in its place?',
    ).toBeLessThanOrEqual(WAKES_A_MINUTE + NOW_AND_THEN);
  } finally {
    await app.stop();
  }
});
