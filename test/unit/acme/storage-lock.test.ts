// The lock among calls of one process and among real processes on one directory, with holders that are killed, with files
// that go, and where the system has no flock.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { StorageBusy, StorageProblem } from '../../../src/acme/storage.ts';
import { type Flock, loadFlock, StorageLock, TRY_EVERY_MS } from '../../../src/acme/storage-lock.ts';
import { TrueClock } from '../../../src/clock/true-clock.ts';
import { createLog } from '../../../src/observe/log.ts';
import { NODE, REPOSITORY } from '../../support/noonmark.ts';
import { type Running, start } from '../../support/running.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SCRIPT = join(REPOSITORY, 'test/support/storage-user.ts');
const WITHIN_MS = 30_000;
/** flock(2). */
const [LOCK_EX, LOCK_NB] = [2, 4];

let certsDir: string;
let clock: SimulatedClock;
let lines: string[];
beforeEach(() => {
  certsDir = temporaryDirectory('lock');
  clock = new SimulatedClock();
  lines = [];
});

interface Change {
  readonly clock?: TrueClock;
  readonly flock?: ReturnType<typeof loadFlock>;
}

function lockWith(change: Change = {}): StorageLock {
  const log = createLog(clock, { level: 'warn', format: 'text', write: (line) => lines.push(line) });
  const directory = join(certsDir, 'acme');
  const file = join(directory, 'lock');
  return new StorageLock({ file, directories: [directory], clock, log, flock: loadFlock(), ...change });
}

const run = (...args: string[]): Running =>
  start(NODE, ['--expose-gc', SCRIPT, ...args], { cwd: REPOSITORY });

/** An action that goes on until it is let. */
function gate() {
  let open = () => {};
  let entered = () => {};
  const isOpen = new Promise<void>((resolve) => (open = resolve));
  const isEntered = new Promise<void>((resolve) => (entered = resolve));
  const action = () => {
    entered();
    return isOpen;
  };
  return { action, open, isEntered };
}

/** Lets the clock run until `waiting` has settled. */
async function untilSettled(waiting: Promise<unknown>): Promise<void> {
  let isSettled = false;
  waiting.catch(() => {}).finally(() => (isSettled = true));
  await expect
    .poll(() => {
      clock.advance(TRY_EVERY_MS);
      return isSettled;
    })
    .toBe(true);
}

it('is had by the system: its flock can be called', () => {
  expect(loadFlock().flock).not.toBeNull();
  expect(loadFlock().flock!(-1, 8)).toBe('EBADF');
});

describe.each<{ what: string; flock: () => ReturnType<typeof loadFlock>; warning: RegExp | null }>([
  { what: 'with flock', flock: loadFlock, warning: null },
  { what: 'without FFI', flock: () => ({ flock: null, reason: 'no koffi here' }), warning: /no koffi here/ },
  { what: 'on a disk that has no locks', flock: () => ({ flock: () => 'ENOLCK' }), warning: /ENOLCK/ },
])('in one process, $what', ({ flock, warning }) => {
  it('lets one after another in, gives their results, and is free after one that throws', async () => {
    const [one, other] = [lockWith({ flock: flock() }), lockWith({ flock: flock() })];
    const first = gate();
    const order: string[] = [];
    const running = one.exclusively(async () => {
      await first.action();
      order.push('first');
      throw new Error('of the action');
    }, 0);
    running.catch(() => {});
    await first.isEntered;
    const waiting = other.exclusively(async () => order.push('second'), 60_000);
    clock.advance(TRY_EVERY_MS * 3);
    expect(order).toEqual([]);
    first.open();
    await expect(running).rejects.toThrow('of the action');
    await untilSettled(waiting);
    expect(await waiting).toBe(2);
    expect(order).toEqual(['first', 'second']);
    expect(clock.pendingTimers).toBe(0);
  });

  it('is given up after the time that was set', async () => {
    const lock = lockWith({ flock: flock() });
    const first = gate();
    const running = lock.exclusively(first.action, 0);
    await first.isEntered;
    await expect(lock.exclusively(async () => {}, 0)).rejects.toThrow(StorageBusy);
    const waiting = lock.exclusively(async () => {}, 1000);
    waiting.catch(() => {});
    const before = clock.monotonic();
    await untilSettled(waiting);
    expect(clock.monotonic() - before).toBeGreaterThanOrEqual(1000);
    await expect(waiting).rejects.toThrow(/lock was held for 1 s/);
    first.open();
    await running;
    await lock.exclusively(async () => {}, 0);
  });

  it('warns once, and only where files are not locked', async () => {
    const lock = lockWith({ flock: flock() });
    for (let time = 0; time < 3; time += 1) await lock.exclusively(async () => {}, 0);
    expect(lines).toEqual(warning === null ? [] : [expect.stringMatching(warning)]);
  });
});

it('is a problem in words where the system says something unheard of, and then held by nobody', async () => {
  const strange: Flock = () => 'EIO';
  const lock = lockWith({ flock: { flock: strange } });
  for (let time = 0; time < 2; time += 1)
    await expect(lock.exclusively(async () => {}, 0)).rejects.toThrow(/cannot be locked \(EIO\)/);
});

it('is a problem in words where a directory is in its place, and free again without it', async () => {
  const lock = lockWith();
  mkdirSync(join(certsDir, 'acme/lock'), { recursive: true });
  await expect(lock.exclusively(async () => {}, 0)).rejects.toThrow(StorageProblem);
  rmSync(join(certsDir, 'acme/lock'), { recursive: true });
  await lock.exclusively(async () => {}, 0);
});

it('keeps others out when its directory was cleared away while somebody waited', async () => {
  // The one who waits gets a lock on a file that is gone; it must take the new one.
  const file = join(certsDir, 'acme/lock');
  let isFirst = true;
  const flock: Flock = (descriptor, operation) => {
    if (isFirst) {
      isFirst = false;
      rmSync(file);
      writeFileSync(file, '');
    }
    return loadFlock().flock!(descriptor, operation);
  };
  const holder = gate();
  const running = lockWith({ flock: { flock } }).exclusively(holder.action, 60_000);
  running.catch(() => {});
  let hasEntered = false;
  void holder.isEntered.then(() => (hasEntered = true));
  await expect
    .poll(() => {
      clock.advance(TRY_EVERY_MS);
      return hasEntered;
    })
    .toBe(true);
  const descriptor = openSync(file, 'r');
  expect(loadFlock().flock!(descriptor, LOCK_EX | LOCK_NB)).toBe('EAGAIN');
  holder.open();
  await running;
  expect(loadFlock().flock!(descriptor, LOCK_EX | LOCK_NB)).toBeNull();
  closeSync(descriptor);
});

describe('among processes', () => {
  it.each([
    [2, 10],
    [5, 4],
  ])(
    '%i of them count to the end together, %i times each',
    { timeout: 60_000 },
    async (processes, rounds) => {
      const file = join(certsDir, 'number');
      writeFileSync(file, '0');
      const counters = Array.from({ length: processes }, () => run('count', certsDir, file, String(rounds)));
      const ends = await Promise.all(counters.map(({ ended }) => ended));
      expect(
        ends.map(({ code }) => code),
        counters.flatMap(({ lines: said }) => said).join('\n'),
      ).toEqual(Array(processes).fill(0));
      expect(readFileSync(file, 'utf8')).toBe(String(processes * rounds));
    },
  );

  it('it is busy while another holds it, and free when that one is killed', { timeout: 60_000 }, async () => {
    const holder = run('hold', certsDir);
    await holder.waitForLine(/^held$/);
    const lock = lockWith({ clock: new TrueClock() });
    await expect(lock.exclusively(async () => {}, 600)).rejects.toThrow(StorageBusy);
    let isKilled = false;
    const waiting = lock.exclusively(async () => isKilled, WITHIN_MS);
    isKilled = true;
    holder.signal('SIGKILL');
    await holder.ended;
    expect(await waiting).toBe(true);
    expect(lines).toEqual([]);
  });
});
