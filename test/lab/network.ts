// A machine with two network interfaces, as a network namespace and two pairs of virtual ones: that of the house, which has
// its address, and that to the world, whose address comes later. The far ends are here, where everybody else is.
// Addresses are from the block for such tests (RFC 2544), which no network uses, and others in each process. Needs root.

import { spawnSync } from 'node:child_process';
import { atExit } from '../support/at-exit.ts';
import { run } from '../support/running.ts';

const PREFIX_LENGTH = 24;

interface Cable {
  /** Our end. */
  readonly here: string;
  /** Its end. */
  readonly there: string;
}

export interface Network extends AsyncDisposable {
  /** The file of the namespace. */
  readonly file: string;
  readonly house: Cable;
  readonly world: Cable;
  /** DHCP has brought the address of the interface to the world. */
  bringAddress(): Promise<void>;
}

export async function openNetwork(): Promise<Network> {
  const name = `nmlab${process.pid}`;
  const house = cable(0);
  const world = cable(1);
  const away = ['-n', name];
  const close = () => void spawnSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
  atExit(close);
  await ip('netns', 'add', name);
  await ip(...away, 'link', 'set', 'lo', 'up');
  for (const [which, cable] of [
    ['h', house],
    ['w', world],
  ] as const) {
    const [near, far] = [`${name}${which}0`, `${which}1`];
    await ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
    await ip('addr', 'add', `${cable.here}/${PREFIX_LENGTH}`, 'dev', near);
    // Without, each gets an address of IPv6 when that has been tried (RFC 4862 section 5.4), a second or two later: a
    // browser gives up what it is about when an address comes.
    await ip('link', 'set', near, 'up', 'addrgenmode', 'none');
    await ip(...away, 'link', 'set', far, 'up', 'addrgenmode', 'none');
  }
  await ip(...away, 'addr', 'add', `${house.there}/${PREFIX_LENGTH}`, 'dev', 'h1');
  return {
    file: `/run/netns/${name}`,
    house,
    world,
    bringAddress: () => ip(...away, 'addr', 'add', `${world.there}/${PREFIX_LENGTH}`, 'dev', 'w1'),
    [Symbol.asyncDispose]: async () => close(),
  };
}

/** Suites run side by side, each in a process: two that follow one another in a table of processes do not meet. */
function cable(which: 0 | 1): Cable {
  const third = (process.pid % 128) * 2 + which;
  return { here: `198.19.${third}.1`, there: `198.19.${third}.2` };
}

async function ip(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await run('ip', args);
  if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
