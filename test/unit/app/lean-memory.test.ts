// Which areas of memory are given back when the start is over: what can be read again from its file, and nothing else.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { giveBackStart, untouchedAreas } from '../../../src/app/lean-memory.ts';

/** As proc_pid_smaps(5) writes it, with the lines that count and one that does not. */
function area(range: string, access: string, inode: string, path: string, anonymousKb: number): string {
  return `${range} ${access} 00001000 fe:00 ${inode}                 ${path}\nRss: 64 kB\nAnonymous:      ${anonymousKb} kB\n`;
}

describe('what is given back', () => {
  it('is the text and the constants of programs and libraries', () => {
    const smaps =
      area('00400000-00402000', 'r--p', '42', '/usr/bin/node', 0) +
      area('7f0000000000-7f0000003000', 'r-xp', '43', '/lib/libc.so.6', 0);
    expect(untouchedAreas(smaps)).toEqual([
      { from: 0x400000, to: 0x402000 },
      { from: 0x7f0000000000, to: 0x7f0000003000 },
    ]);
  });

  it.each([
    ['can be written', area('00400000-00402000', 'rw-p', '42', '/usr/bin/node', 0)],
    ['was written before it was closed', area('00400000-00402000', 'r--p', '42', '/usr/bin/node', 4)],
    ['is shared', area('00400000-00402000', 'r--s', '42', '/usr/bin/node', 0)],
    ['is no file', area('00400000-00402000', 'r-xp', '0', '', 0)],
    ["is the kernel's", area('7ffc00000000-7ffc00002000', 'r-xp', '0', '[vdso]', 0)],
    ['of which it is not said whether it was written', '00400000-00402000 r--p 0 fe:00 42 /usr/bin/node\n'],
  ])('is not what %s', (_, smaps) => {
    expect(untouchedAreas(smaps)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('leaves this very process alive and well', () => {
    expect(untouchedAreas(readFileSync('/proc/self/smaps', 'latin1')).length).toBeGreaterThan(0);
    giveBackStart();
    expect(JSON.parse(JSON.stringify({ still: ['here'] }))).toEqual({ still: ['here'] });
  });
});
