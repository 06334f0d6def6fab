// Which areas of memory are given back: what can be read again from the program's file, and nothing else; and when.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Growth, giverBack, untouchedAreas } from '../../../src/app/give-back.ts';

const PROGRAM = '/usr/bin/node';

/** As proc_pid_smaps(5) writes it, with the lines that count and one that does not. */
function area(range: string, access: string, inode: string, path: string, anonymousKb: number): string {
  return `${range} ${access} 00001000 fe:00 ${inode}                 ${path}\nRss: 64 kB\nAnonymous:      ${anonymousKb} kB\n`;
}

describe('what is given back', () => {
  it('is the text and the constants of the program', () => {
    const smaps =
      area('00400000-00402000', 'r--p', '42', PROGRAM, 0) +
      area('00500000-00503000', 'r-xp', '42', PROGRAM, 0);
    expect(untouchedAreas(smaps, PROGRAM)).toEqual([
      { from: 0x400000, to: 0x402000 },
      { from: 0x500000, to: 0x503000 },
    ]);
  });

  it.each([
    ['can be written', area('00400000-00402000', 'rw-p', '42', PROGRAM, 0)],
    ['was written before it was closed', area('00400000-00402000', 'r--p', '42', PROGRAM, 4)],
    ['is shared', area('00400000-00402000', 'r--s', '42', PROGRAM, 0)],
    [
      'is of a library, which may be closed',
      area('7f0000000000-7f0000003000', 'r-xp', '43', '/lib/libc.so.6', 0),
    ],
    ['is no file', area('00400000-00402000', 'r-xp', '0', '', 0)],
    ["is the kernel's", area('7ffc00000000-7ffc00002000', 'r-xp', '0', '[vdso]', 0)],
    ['of which it is not said whether it was written', '00400000-00402000 r--p 0 fe:00 42 /usr/bin/node\n'],
  ])('is not what %s', (_, smaps) => {
    expect(untouchedAreas(smaps, PROGRAM)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('leaves this very process alive and well', () => {
    const smaps = readFileSync('/proc/self/smaps', 'latin1');
    expect(untouchedAreas(smaps, process.execPath).length).toBeGreaterThan(0);
    const giveBack = giverBack();
    giveBack();
    giveBack();
    expect(JSON.parse(JSON.stringify({ still: ['here'] }))).toEqual({ still: ['here'] });
  });
});

describe('when it is given back', () => {
  const MB = 2 ** 20;
  let rss = 0;
  let looks = 0;
  /** As many megabytes at such a second: is it time? */
  function isDue(growth: Growth, seconds: number, megabytes: number): boolean {
    rss = megabytes * MB;
    return growth.isDue(seconds * 1000);
  }
  function newGrowth(): Growth {
    looks = 0;
    return new Growth(() => {
      looks += 1;
      return rss;
    });
  }

  it('is when the process has grown by a step', () => {
    const growth = newGrowth();
    expect([isDue(growth, 0, 70), isDue(growth, 1, 73), isDue(growth, 2, 74)]).toEqual([false, false, true]);
  });

  it('is not when the pages in use have come back after the last time', () => {
    const growth = newGrowth();
    isDue(growth, 0, 70);
    expect(isDue(growth, 1, 90)).toBe(true);
    expect([isDue(growth, 2, 90), isDue(growth, 3, 93), isDue(growth, 4, 90)]).toEqual([false, false, false]);
    expect(isDue(growth, 5, 94)).toBe(true);
  });

  it('is looked at twice a second at most', () => {
    const growth = newGrowth();
    isDue(growth, 0, 70);
    expect([isDue(growth, 0.4, 90), isDue(growth, 0.49, 90), isDue(growth, 0.5, 90)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(looks).toBe(2);
  });
});
