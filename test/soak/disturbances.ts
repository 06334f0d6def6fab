// What befalls a server beside floods, in turn, over and over: an upstream that misbehaves for a moment (never both at once), an
// upstream that is killed and comes back, a reload, a changed configuration.

import { pause } from '../support/eventually.ts';
import type { ConfigTree, Noonmark } from '../support/noonmark.ts';
import { FAULTS, type SoakUpstream } from './upstreams.ts';

export interface Disturbance {
  readonly name: string;
  act(): Promise<void>;
}

export interface Changes {
  /** Other values of keys of the configuration; each call gives the next ones. */
  next(): ConfigTree;
  /** Called once the server has taken them over. */
  taken(): void;
}

const RELOAD_MS = 10_000;

/** Endless; a fault lasts `faultMs`. */
export function* disturbances(
  noonmark: Noonmark,
  upstreams: readonly SoakUpstream[],
  changes: Changes,
  faultMs: number,
): Generator<Disturbance, never> {
  for (let turn = 0; ; turn += 1) {
    const upstream = upstreams[turn % upstreams.length]!;
    const fault = FAULTS[turn % FAULTS.length]!;
    yield {
      name: `an upstream ${fault}`,
      async act() {
        upstream.behave(fault);
        await pause(faultMs);
        upstream.behave('answers');
      },
    };
    yield turn % 2 === 0
      ? { name: 'the configuration changes', act: () => change(noonmark, changes) }
      : { name: 'an upstream is restarted', act: () => upstream.restart() };
    if (turn % 3 === 2) yield { name: 'SIGHUP', act: () => reload(noonmark) };
  }
}

async function change(noonmark: Noonmark, changes: Changes): Promise<void> {
  noonmark.writeConfig(changes.next());
  await reload(noonmark);
  changes.taken();
}

/** Resolves once the log tells of one more reload. */
async function reload({ process }: Noonmark): Promise<void> {
  const before = process.lines.length;
  let at = 0;
  process.signal('SIGHUP');
  await process.waitForLine((line) => at++ >= before && /reload/i.test(line), RELOAD_MS);
}
