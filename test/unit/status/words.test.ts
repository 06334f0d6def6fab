// How spans, dates, states and verdicts are said.

import { describe, expect, it } from 'vitest';
import type { Status } from '../../../src/status/status.ts';
import {
  afterPowerCut,
  formatAge,
  formatCount,
  formatInstant,
  formatLag,
  formatOffset,
  formatSince,
  forwardSentence,
  listSentence,
  mood,
  nameFileSentence,
  paceSentence,
  sourceMark,
  stateSentence,
  visible,
  whatWorks,
} from '../../../src/status/words.ts';
import { holdover, oneLiar, provisionalByStamp, synchronized, untrusted } from '../../support/statuses.ts';

describe('a span', () => {
  it('has a direction where it is an offset or a lag', () => {
    expect([formatOffset(2.5), formatOffset(-2.5), formatOffset(0)]).toEqual(['+2.5 ms', '-2.5 ms', '0 ms']);
    expect([formatLag(2.5), formatLag(-2.5), formatLag(0)]).toEqual([
      '2.5 ms ahead',
      '2.5 ms behind',
      'within 1 ms',
    ]);
  });

  it('as an age has no more than seconds', () => {
    expect([formatAge(12.3), formatAge(41_900), formatAge(125_000)]).toEqual([
      'less than 1 s',
      '41 s',
      '2 min 5 s',
    ]);
  });
});

describe('dates and counts', () => {
  it('are said in UTC and in groups of three', () => {
    expect(formatInstant('2026-11-03T08:12:45.402Z')).toBe('2026-11-03 08:12:45 UTC');
    expect([formatCount(7), formatCount(1234), formatCount(1_234_567)]).toEqual(['7', '1,234', '1,234,567']);
  });

  it('are left out where no date can be believed', () => {
    expect(formatSince({ since: null, sinceMs: 40_000 })).toBe('for 40 s');
  });
});

describe('the one sentence of state', () => {
  it.each([
    [
      'all is well',
      synchronized,
      'All is well: names are answered, and the time is known to within 2 ms.',
      'well',
    ],
    [
      'there is only the stamp',
      provisionalByStamp,
      'Names are answered; the time is provisional and stands on the stamp, written down when the sources last agreed.',
      'limping',
    ],
    [
      'nothing is known',
      untrusted,
      'The time is not known: internal names are answered, names of the world are not.',
      'down',
    ],
    [
      'something else limps',
      oneLiar,
      'Names are answered and the time is known to within 2 ms; 2 things need attention.',
      'limping',
    ],
    [
      'the sources are silent',
      holdover,
      'Names are answered; too few time sources agree, and the clock runs on from when they did, right to within 15 s.',
      'limping',
    ],
    [
      'no upstream answers',
      { ...synchronized, notReady: ['no upstream answers.'] },
      'Internal names are answered, names of the world are not: no upstream works.',
      'down',
    ],
  ] as const)('when %s', (_when, status, sentence, feeling) => {
    expect(stateSentence(status)).toBe(sentence);
    expect(mood(status)).toBe(feeling);
  });
});

describe('what works', () => {
  it('while untrusted is the house, and not the world', () => {
    expect(whatWorks(untrusted).works[0]).toContain('internal names');
    expect(whatWorks(untrusted).waits[0]).toContain('extended error 14');
  });

  it('is the house and what the cache still has while no upstream answers, and the house alone without one', () => {
    const silent = { ...synchronized, notReady: ['nobody answers'] };
    expect(whatWorks(silent).works).toHaveLength(2);
    expect(whatWorks(silent).works[1]).toContain('still in the cache');
    const alone = { ...silent, upstreams: [], notReady: ['no upstream is configured'] };
    expect(whatWorks(alone).works).toEqual([expect.stringContaining('internal names')]);
  });

  it('is what is in the cache and the zones of resolvers in the house, whatever the world and the clock do', () => {
    const lan = (isUsable: boolean) => ({
      zones: ['lab.example.'],
      servers: [{ address: '192.168.1.1:53', isUsable }],
    });
    const withZone = (isUsable: boolean) =>
      whatWorks({ ...untrusted, forwards: [lan(isUsable)] as unknown as Status['forwards'] }).works;
    expect(withZone(true)[1]).toMatch(/^names of .*lab\.example.*own network/);
    expect(withZone(false).join()).not.toContain('lab.example');
    const cached = { ...untrusted, cache: { ...untrusted.cache, entries: 1 } };
    expect(whatWorks(cached).works.at(-1)).toContain('still in the cache');
    expect(whatWorks({ ...cached, cache: { ...cached.cache, entries: 0 } }).works).toHaveLength(2);
  });

  it('names an address where nobody is answered yet', () => {
    const waiting = [
      {
        ...{ listen: 'dot', address: '192.168.1.2:853', waitingForMs: 5 },
        reason: 'no interface has this address yet',
      },
    ];
    expect(whatWorks({ ...synchronized, waiting }).waits).toEqual([
      'queries at 192.168.1.2:853 (dot): no interface has this address yet',
    ]);
  });

  it('after a power cut is the world where there is a stamp, and waiting where there is none', () => {
    expect(afterPowerCut(synchronized)).toContain('on the stamp of 2026-11-03 07:40:02 UTC');
    expect(afterPowerCut(synchronized)).toContain(
      '3 time sources would be asked at once, at least 1 without',
    );
    expect(afterPowerCut(untrusted)).toContain('names of the world would wait for the first that answers');
    const alone = { ...untrusted, clock: { ...untrusted.clock, sources: [] } };
    expect(afterPowerCut(alone)).toContain(
      'only internal names would be answered until a person sets the clock',
    );
  });
});

describe('lists, files and forwarded zones', () => {
  it('are what they hold, what was not understood, and what is wrong', () => {
    const list = {
      ...{ name: 'ads', source: 'ads.txt', problemForMs: null },
      updatedAt: null,
      problem: null,
    };
    const blocked = { ...list, allows: false, entries: 2, unread: 7 };
    expect(listSentence(blocked)).toBe('2 names blocked, 7 lines not understood');
    expect(listSentence({ ...blocked, allows: true, entries: 1, unread: 0 })).toBe('1 name allowed');
    const dated = { ...blocked, updatedAt: '2026-11-03T08:12:45.402Z', problem: 'it is gone' };
    expect(listSentence(dated)).toBe(
      '2 names blocked, 7 lines not understood, as of 2026-11-03 08:12:45 UTC: it is gone',
    );
    const file = { file: '/etc/hosts', format: 'hosts', names: 1234, unread: 0, problem: null } as const;
    expect(nameFileSentence({ ...file, problemForMs: null })).toBe('1,234 names');
    expect(nameFileSentence({ ...file, names: 0, unread: 1, problem: 'gone', problemForMs: 3 })).toBe(
      '0 names, 1 entry not understood: gone',
    );
  });

  it('are zones and whom they go to', () => {
    const server = { ...synchronized.upstreams[0]!, url: '192.168.1.1:53' };
    const silent = { ...server, url: '192.168.1.2:53', isUsable: false, problem: 'no answer' };
    expect(forwardSentence({ zones: ['lan', 'a.lan', 'b.lan', 'c.lan'], servers: [server, silent] })).toBe(
      'lan, a.lan, b.lan, … to 192.168.1.1:53, usable; 192.168.1.2:53, not usable (no answer)',
    );
  });
});

describe('the mark of a source', () => {
  const [preferred, plain] = synchronized.clock.sources as [
    (typeof synchronized.clock.sources)[0],
    (typeof synchronized.clock.sources)[0],
  ];
  it.each([
    ['kept and preferred', preferred, 385_000, '*'],
    ['kept', plain, 385_000, '+'],
    ['heard in the last round and not kept', { ...plain, kept: false }, 385_000, '-'],
    ['heard in an earlier round only', { ...plain, kept: false }, 100_000, '?'],
    ['never heard', { ...plain, kept: false, offsetMs: null, lastAgoMs: null }, 385_000, '?'],
  ] as const)('%s', (_what, source, lastRoundAgoMs, mark) => {
    expect(sourceMark(source, lastRoundAgoMs)).toBe(mark);
  });
});

describe('text from elsewhere', () => {
  it('cannot move a cursor, break a line or turn the text around', () => {
    expect(visible('a\u001b[2J\nb\u202ec\u200bd\u2028')).toBe('a\\u001b[2J\\u000ab\\u202ec\\u200bd\\u2028');
    expect(visible('± 1 µs, größer')).toBe('± 1 µs, größer');
  });
});

describe('the pace of the queries', () => {
  const live = { perSecond: 0, hitShare: null, p50Ms: null, p90Ms: null, p99Ms: null, lastMinute: [] };

  it.each([
    [{}, '0.0 a second'],
    [{ perSecond: 1234.4, hitShare: 0.916 }, '1,234 a second, 92 % from the cache'],
    [
      { perSecond: 9.94, hitShare: 0, p50Ms: 0.05, p99Ms: 22.3 },
      '9.9 a second, 0 % from the cache; half answered within 50 µs, 99 of 100 within 22.3 ms',
    ],
  ])('%j', (parts, sentence) => {
    expect(paceSentence({ ...live, ...parts })).toBe(sentence);
  });
});
