// Files that change, go, come and are replaced through a symbolic link, as src/config/file-watch.ts sees them.

import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileWatch, LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
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

/** As tools do it: a new file, renamed over the old one. */
function replace(path: string): void {
  writeFileSync(`${path}.new`, 'one');
  renameSync(`${path}.new`, path);
}
