// Files that change, go, come and are replaced through a symbolic link, as src/files/file-watch.ts sees them.

import fs, {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type StatOptions,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeHints } from '../../../src/files/change-hints.ts';
import { FileWatch, LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('a watch on files', () => {
  let directory: string;
  let clock: SimulatedClock;
  let watch: FileWatch;
  let changes = 0;
  const at = (name: string) => join(directory, name);

  beforeEach(async () => {
    directory = temporaryDirectory('watch');
    clock = new SimulatedClock();
    changes = 0;
    writeFileSync(at('one'), 'one');
    watch = new FileWatch({ paths: [at('one'), at('two')], clock, onChange: () => (changes += 1) });
    await watch.know();
  });

  afterEach(() => watch.close());

  /** Often enough for a change to be seen and to have held still. */
  const lookTwice = async () => {
    await watch.look();
    await watch.look();
  };

  it('says nothing while nothing changes', async () => {
    await lookTwice();
    await lookTwice();
    expect(changes).toBe(0);
  });

  it.each([
    ['is written', () => writeFileSync(at('one'), 'other')],
    ['is written with the same length', () => writeFileSync(at('one'), 'eno')],
    ['goes', () => rmSync(at('one'))],
    ['comes', () => writeFileSync(at('two'), 'two')],
    ['is replaced by another', () => replace(at('one'))],
    ['can be read by others now', () => chmodSync(at('one'), 0o600)],
  ])('tells once that a file %s', async (_what, change) => {
    await lookTwice();
    change();
    await lookTwice();
    await lookTwice();
    expect(changes).toBe(1);
  });

  it('tells that a symbolic link leads elsewhere', async () => {
    for (const name of ['old', 'new']) {
      mkdirSync(at(name));
      writeFileSync(join(at(name), 'file'), name);
    }
    symlinkSync('old', at('live'));
    await watch.know([join(at('live'), 'file')]);
    symlinkSync('new', at('next'));
    renameSync(at('next'), at('live'));
    await lookTwice();
    expect(changes).toBe(1);
  });

  it('waits until the files have held still', async () => {
    await lookTwice();
    for (const text of ['a', 'ab', 'abc']) {
      writeFileSync(at('one'), text);
      await watch.look();
    }
    expect(changes).toBe(0);
    await watch.look();
    expect(changes).toBe(1);
  });

  it('counts a change after `know` and none before it', async () => {
    writeFileSync(at('one'), 'before');
    await watch.know();
    await lookTwice();
    expect(changes).toBe(0);
    writeFileSync(at('one'), 'after');
    await lookTwice();
    expect(changes).toBe(1);
  });

  it('looks by itself, and no more once it is closed', async () => {
    writeFileSync(at('one'), 'other');
    await expect
      .poll(() => {
        clock.advance(LOOK_EVERY_MS);
        return changes;
      })
      .toBe(1);
    watch.close();
    writeFileSync(at('one'), 'a third');
    for (let look = 0; look < 5; look += 1) {
      clock.advance(LOOK_EVERY_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(changes).toBe(1);
  });
});

/** Where the system gives hints. */
describe.runIf(process.platform === 'linux')('a watch on files that nobody has touched for a while', () => {
  /** With hints, one look of so many is taken. */
  const LOOKS_AT_REST = 5;
  let directory: string;
  let clock: SimulatedClock;
  let watch: FileWatch;
  let changes = 0;
  let looks = 0;
  let pending = 0;
  const at = (name: string) => join(directory, name);
  const original = fs.stat;

  beforeEach(() => {
    directory = temporaryDirectory('rest');
    clock = new SimulatedClock();
    changes = looks = pending = 0;
    // Counts looks, and says when one is over.
    fs.stat = ((path: string, options: StatOptions, callback: (...result: unknown[]) => void) => {
      looks += 1;
      pending += 1;
      original(path, options, (...result) => {
        pending -= 1;
        callback(...result);
      });
    }) as typeof fs.stat;
    syncBuiltinESMExports();
  });

  afterEach(async () => {
    watch.close();
    await eventually(() => pending === 0);
    fs.stat = original;
    syncBuiltinESMExports();
  });

  const pass = async (periods: number) => {
    for (let period = 0; period < periods; period += 1) {
      clock.advance(LOOK_EVERY_MS);
      await eventually(() => pending === 0);
    }
  };

  async function watchFor(path: string, periods: number): Promise<void> {
    watch = new FileWatch({ paths: [path], clock, onChange: () => (changes += 1) });
    await watch.know();
    await pass(periods);
    looks = 0;
  }

  async function atRest(path: string): Promise<void> {
    await watchFor(path, 11);
    await eventually(async () => {
      looks = 0;
      await pass(1);
      return looks === 0;
    });
  }

  it('looks at them less often', async () => {
    writeFileSync(at('file'), 'one');
    await atRest(at('file'));
    await pass(20);
    expect(looks).toBe(20 / LOOKS_AT_REST);
  });

  it('takes every look where there are no hints', async () => {
    await watchFor(join(at('missing'), 'file'), 30);
    await pass(20);
    expect(looks).toBe(20);
  });

  it('takes every look from a hint on, and notices a change as soon as ever', async () => {
    writeFileSync(at('file'), 'one');
    await atRest(at('file'));
    let hasHint = false;
    const hints = await changeHints([at('file')], () => (hasHint = true));
    writeFileSync(at('file'), 'two');
    await eventually(() => hasHint);
    hints!.close();
    await pass(2);
    expect([changes, looks]).toEqual([1, 2]);
    await pass(5);
    expect([changes, looks]).toEqual([1, 7]);
  });

  it('notices a change while hints are being asked for', async () => {
    writeFileSync(at('file'), 'one');
    await watchFor(at('file'), 11); // the first one is of something new
    const { statfs } = fs.promises;
    const gate = Promise.withResolvers<void>();
    fs.promises.statfs = (async (path: string) => {
      await gate.promise;
      return statfs(path);
    }) as typeof statfs;
    syncBuiltinESMExports();
    await pass(1);
    writeFileSync(at('file'), 'two'); // no hint is given of that any more
    gate.resolve();
    await changeHints([at('file')], () => {}).then((hints) => hints!.close()); // those before are there by now
    fs.promises.statfs = statfs;
    syncBuiltinESMExports();
    await eventually(() => pending === 0);
    await pass(2);
    expect(changes).toBe(1);
  });

  it('has no hints given once it is closed', async () => {
    writeFileSync(at('file'), 'one');
    const before = hintsOfTheSystem();
    await watchFor(at('file'), 11); // the first one is of something new
    clock.advance(LOOK_EVERY_MS); // it asks for them
    watch.close();
    await changeHints([at('file')], () => {}).then((hints) => hints!.close());
    expect(hintsOfTheSystem()).toBe(before);
  });

  it('notices a change that no hint is given of', async () => {
    for (const name of ['old', 'new']) {
      mkdirSync(at(name));
      writeFileSync(join(at(name), 'file'), name);
    }
    mkdirSync(at('between'));
    symlinkSync(at('old'), join(at('between'), 'way'));
    mkdirSync(at('here'));
    symlinkSync(join(at('between'), 'way', 'file'), join(at('here'), 'file'));
    await atRest(join(at('here'), 'file'));
    symlinkSync(at('new'), join(at('between'), 'next'));
    renameSync(join(at('between'), 'next'), join(at('between'), 'way'));
    await pass(LOOKS_AT_REST + 1);
    expect(changes).toBe(1);
  });
});

/** Watches of inotify(7) that this process has. */
function hintsOfTheSystem(): number {
  return readdirSync('/proc/self/fdinfo')
    .map((descriptor) => readIfThere(`/proc/self/fdinfo/${descriptor}`))
    .flatMap((facts) => facts.match(/^inotify /gm) ?? []).length;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** As tools do it: a new file, renamed over the old one. */
function replace(path: string): void {
  writeFileSync(`${path}.new`, 'one');
  renameSync(`${path}.new`, path);
}
