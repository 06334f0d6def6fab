// Which areas of memory are given back: what can be read again from the program's file, and nothing else; and when.

import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { GivingBack, giverBack, untouchedAreas } from '../../../src/app/give-back.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

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
  let clock: SimulatedClock;
  let megabytes: number;
  let times: number;
  let givingBack: GivingBack;
  beforeEach(() => {
    [clock, megabytes, times] = [new SimulatedClock(), 70, 0];
    const giveBack = () => {
      times += 1;
    };
    givingBack = new GivingBack({ clock, rssOctets: () => megabytes * 2 ** 20, giveBack });
  });

  /** Work for so long, at so many megabytes; how often is it given back? */
  function work(forMs: number, atMegabytes: number): number {
    megabytes = atMegabytes;
    return timesIn(() => {
      for (let at = 0; at < forMs; at += 10) {
        givingBack.look();
        clock.advance(10);
      }
    });
  }
  function rest(forMs: number): number {
    return timesIn(() => clock.advance(forMs));
  }
  function timesIn(action: () => void): number {
    const before = times;
    action();
    return times - before;
  }

  it('is at once', () => {
    expect(times).toBe(1);
  });

  it('is once when the process has grown by a step, and not for the pages in use that come back', () => {
    expect([work(500, 70), work(500, 85), work(500, 86), work(5000, 86)]).toEqual([0, 0, 1, 0]);
    expect([work(5000, 101), work(500, 102)]).toEqual([0, 1]);
  });

  it('is again when it has grown from what it had come down to', () => {
    expect([work(500, 70), work(500, 90), work(500, 75), work(500, 91)]).toEqual([0, 1, 0, 1]);
  });

  it('is twice a second at most, which is how often is looked', () => {
    work(500, 70);
    expect([work(500, 90), work(500, 110), work(500, 130), work(500, 150)]).toEqual([1, 0, 1, 0]);
    const looks = Array.from({ length: 100 }, () => {
      clock.advance(10);
      return givingBack.look();
    });
    expect(looks.filter((isTime) => isTime)).toHaveLength(2);
  });

  it('is when work is over, once', () => {
    work(10, 70);
    rest(2000); // as it is at rest
    work(500, 90);
    work(5000, 90);
    expect([rest(400), rest(200)]).toEqual([0, 1]); // the last look was half a second before
    megabytes = 72;
    expect(rest(60_000)).toBe(0);
  });

  it('is not for what is always there at rest', () => {
    work(10, 70);
    rest(2000);
    work(1000, 90);
    rest(1100);
    megabytes = 80;
    rest(2000); // the level now
    work(500, 95);
    expect(rest(5000)).toBe(0);
    work(500, 96);
    expect(rest(5000)).toBe(1);
  });

  it('is no more when it is stopped', () => {
    work(10, 70);
    rest(2000);
    work(1000, 90);
    givingBack.stop();
    expect(rest(60_000)).toBe(0);
  });
});
