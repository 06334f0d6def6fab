// Who is told what, and when: a simulated clock, and incidents as they come.

import { beforeEach, describe, expect, it, test } from 'vitest';
import { Debounce, type DebounceParts } from '../../../src/notify/debounce.ts';
import type { Item } from '../../../src/notify/notice.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { ended, incident, opened } from './incidents.ts';

const AFTER_MS = 30_000;
const URGENT_AFTER_MS = 5_000;
const OVER_GATHER_MS = 1_000;
const LOOK_AGAIN_MS = 2_000;
const HOUR_MS = 3_600_000;

let clock: SimulatedClock;
/** What belonged into one message, each. */
let told: (readonly Item[])[];
let gone: Set<string>;
let urgent: Set<string>;
let log: RecordedLog;
let looks: number;
beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
  looks = 0;
  told = [];
  gone = new Set();
  urgent = new Set();
});

function debounce(more: Partial<DebounceParts> = {}): Debounce {
  return new Debounce({
    about: ['clock', 'upstreams', 'certificate', 'addresses', 'configuration'],
    ...{ afterMs: AFTER_MS, clock, log, name: 'the program tell', told: new Map() },
    look: () => {
      looks += 1;
      return {
        wordsOf: ({ subject }) => (gone.has(subject) ? null : NOW),
        isUrgent: ({ subject }) => urgent.has(subject),
      };
    },
    tell: (items) => told.push(items),
    ...more,
  });
}

/** As it is now. */
const NOW = { what: 'as it is now', evidence: 'seen now', doThis: 'do it now' };
const subjects = () => told.map((items) => items.map(({ subject }) => subject));

describe('A trouble', () => {
  it('is told once it has stood for a while since it began, and when it is over', () => {
    const about = debounce();
    const down = incident('upstream', 'a', { lastedMs: 3_000 });
    about.hear(opened(down));
    clock.advance(AFTER_MS - 3_000 - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toMatchObject([
      [{ subject: 'a', ...NOW, ended: null, wasTold: false, began: { atMs: -3_000 } }],
    ]);
    clock.advance(HOUR_MS);
    about.hear(ended(down, 200_000));
    clock.advance(OVER_GATHER_MS);
    expect(told[1]).toMatchObject([
      { subject: 'a', wasTold: true, lastedMs: 200_000, ended: { atMs: 197_000 } },
    ]);
    expect(told).toHaveLength(2);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that is over before is never told, nor its end', () => {
    const about = debounce();
    const down = incident('upstream', 'a');
    about.hear(opened(down));
    clock.advance(AFTER_MS - 1);
    about.hear(ended(down));
    clock.advance(HOUR_MS);
    expect(told).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('that only seems to be over is told when it is there again, in the words of that moment', () => {
    const about = debounce();
    about.hear(opened(incident('upstream', 'a')));
    gone.add('a');
    clock.advance(AFTER_MS + 10 * LOOK_AGAIN_MS);
    expect(told).toEqual([]);
    gone.clear();
    clock.advance(LOOK_AGAIN_MS);
    expect(told).toMatchObject([[NOW]]);
  });

  it('that is urgent is told soon', () => {
    const about = debounce();
    const lost = incident('clock', 'untrusted');
    urgent.add('untrusted');
    about.hear(opened(lost));
    clock.advance(URGENT_AFTER_MS - 1);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toMatchObject([[{ subject: 'untrusted', isUrgent: true }]]);
  });

  it('becomes urgent with the last of its kind', () => {
    const about = debounce();
    const [first, last] = [incident('upstream', 'a'), incident('upstream', 'b')];
    about.hear(opened(first));
    clock.advance(10_000);
    urgent.add('a').add('b');
    about.hear(opened(last));
    clock.advance(0);
    expect(subjects()).toEqual([['a', 'b']]);
  });

  it('is told sooner to who wants it sooner', () => {
    const about = debounce({ afterMs: 1_000 });
    const lost = incident('clock', 'untrusted');
    urgent.add('untrusted');
    about.hear(opened(lost));
    clock.advance(1_000);
    expect(told).toHaveLength(1);
  });

  it('that was told in an earlier life is not told again, and its end is', () => {
    const down = incident('upstream', 'a');
    const kept = new Map<number, Item>();
    const earlier = debounce({ told: kept });
    earlier.hear(opened(down));
    clock.advance(AFTER_MS);
    earlier.close();
    told = [];
    const about = debounce({ told: kept });
    about.hear(opened(down));
    clock.advance(HOUR_MS);
    expect(told).toEqual([]);
    about.hear(ended(down, null));
    clock.advance(OVER_GATHER_MS);
    expect(told).toMatchObject([[{ subject: 'a', wasTold: true, lastedMs: null, ended: { atMs: null } }]]);
    expect(kept.size).toBe(0);
  });
});

describe('What is open at the start', () => {
  it('is told, unless it was', () => {
    const [old, fresh] = [
      incident('upstream', 'old'),
      incident('upstream', 'fresh', { lastedMs: 3_600_000 }),
    ];
    const kept = new Map<number, Item>();
    const earlier = debounce({ told: kept });
    earlier.hear(opened(old));
    clock.advance(AFTER_MS);
    told = [];
    debounce({ told: kept }).begin([old, fresh]);
    clock.advance(0);
    expect(subjects()).toEqual([['fresh']]);
  });

  it('may be another one under the same number, where the history was lost', () => {
    const old = incident('upstream', 'old');
    const kept = new Map<number, Item>();
    const earlier = debounce({ told: kept });
    earlier.hear(opened(old));
    clock.advance(AFTER_MS);
    told = [];
    const about = debounce({ told: kept });
    about.hear(ended({ ...old, subject: 'another' }));
    clock.advance(OVER_GATHER_MS);
    expect(told).toEqual([]);
    about.begin([{ ...old, subject: 'another' }]);
    clock.advance(AFTER_MS);
    expect(subjects()).toEqual([['another']]);
  });
});

describe('Several', () => {
  it('that begin together are one message, and so are those that end together', () => {
    const about = debounce();
    const lost = incident('clock', 'untrusted');
    const down = [incident('upstream', 'a'), incident('upstream', 'b')];
    urgent.add('untrusted');
    about.hear(opened(lost));
    clock.advance(3_000);
    for (const one of down) about.hear(opened(one));
    clock.advance(URGENT_AFTER_MS - 3_000);
    expect(subjects()).toEqual([['untrusted', 'a', 'b']]);
    clock.advance(HOUR_MS);
    about.hear(ended(lost));
    clock.advance(OVER_GATHER_MS - 1);
    for (const one of down) about.hear(ended(one));
    clock.advance(1);
    expect(subjects()[1]).toEqual(['untrusted', 'a', 'b']);
  });

  it('at different times are several', () => {
    const about = debounce();
    about.hear(opened(incident('upstream', 'a')));
    clock.advance(AFTER_MS);
    about.hear(opened(incident('upstream', 'b')));
    clock.advance(AFTER_MS);
    expect(subjects()).toEqual([['a'], ['b']]);
  });

  it('are bounded: of a hundred at once the latest are told, and the log says that some are not', () => {
    const about = debounce();
    about.begin(Array.from({ length: 100 }, (_, at) => incident('address', String(at))));
    clock.advance(AFTER_MS);
    expect(told[0]).toHaveLength(64);
    expect(told[0]!.at(-1)!.subject).toBe('99');
    expect(log.lines).toEqual([
      {
        line: 'warn more is wrong than is told at once, and the oldest is left out',
        fields: { by: 'the program tell', things: 36, about: expect.any(Array) },
      },
    ]);
    expect(log.lines[0]!.fields!.about).toHaveLength(8);
  });

  it('are bounded, and what is urgent stays, however old', () => {
    const about = debounce({ afterMs: 3_000 });
    urgent.add('untrusted');
    about.hear(opened(incident('clock', 'untrusted')));
    for (let at = 0; at < 70; at += 1) about.hear(opened(incident('address', String(at))));
    clock.advance(3_000);
    expect(told[0]).toHaveLength(64);
    expect(told[0]!.map(({ subject }) => subject).slice(0, 2)).toEqual(['untrusted', '7']);
    expect(log.lines).toHaveLength(7);
  });

  it('are looked for in one look at the status', () => {
    const about = debounce();
    about.begin(Array.from({ length: 60 }, (_, at) => incident('address', String(at))));
    expect(looks).toBe(1);
    clock.advance(AFTER_MS);
    expect([told.length, looks]).toEqual([1, 2]);
  });
});

describe('What comes back again and again', () => {
  const flap = (about: Debounce, lastsMs: number, pauseMs: number) => {
    const one = incident('upstream', 'a');
    about.hear(opened(one));
    clock.advance(lastsMs);
    about.hear(ended(one, lastsMs));
    clock.advance(pauseMs);
  };

  it('has to stand longer each time', () => {
    const about = debounce();
    for (let time = 0; time < 50; time += 1) flap(about, 100_000, 600_000);
    // 30 s and 60 s are less than 100 s, 120 s is more.
    expect(told.map(([item]) => [item!.times, item!.ended === null])).toEqual([
      [1, true],
      [1, false],
      [2, true],
      [2, false],
    ]);
  });

  it('after an hour of quiet counts as new', () => {
    const about = debounce();
    flap(about, 100_000, HOUR_MS);
    flap(about, 100_000, HOUR_MS);
    expect(told.map(([item]) => item!.times)).toEqual([1, 1, 1, 1]);
  });

  it('is not drawn into the message of another trouble before its time', () => {
    const about = debounce();
    flap(about, 100_000, 10_000);
    told = [];
    about.hear(opened(incident('upstream', 'a')));
    about.hear(opened(incident('upstream', 'b')));
    clock.advance(AFTER_MS);
    expect(subjects()).toEqual([['b']]);
    clock.advance(AFTER_MS);
    expect(subjects()).toEqual([['b'], ['a']]);
  });
});

describe('Not told', () => {
  it('is what nobody asked for', () => {
    const about = debounce({ about: ['certificate'] });
    about.hear(opened(incident('upstream', 'a')));
    about.hear(opened(incident('renewal', 'dns.example')));
    clock.advance(AFTER_MS);
    expect(subjects()).toEqual([['dns.example']]);
  });

  test('is trouble with the telling itself, whatever was asked for', () => {
    const about = debounce({
      about: ['clock', 'upstreams', 'certificate', 'addresses', 'configuration', 'names', 'lists'],
    });
    const mute = incident('notify', 'hooks.example');
    about.hear(opened(mute));
    clock.advance(HOUR_MS);
    about.hear(ended(mute));
    clock.advance(HOUR_MS);
    expect(told).toEqual([]);
  });

  it('is a start, a sleep or a new certificate; a withdrawn stamp is, at once', () => {
    const about = debounce();
    for (const kind of ['start', 'stop', 'time', 'step', 'sleep', 'renewed', 'withdrawn'] as const)
      about.hear({ type: 'instant', incident: incident(kind, kind, { isOver: true }) });
    expect(told).toMatchObject([[{ kind: 'withdrawn', isMoment: true, began: { atMs: 0 } }]]);
    expect(clock.pendingTimers).toBe(0);
  });
});

test('what is over when it closes is told: nobody knows of it afterwards', () => {
  const about = debounce({ afterMs: 1_000 });
  const down = incident('upstream', 'a');
  about.hear(opened(down));
  clock.advance(1_000);
  about.hear(ended(down));
  about.close();
  expect(told[1]).toMatchObject([{ subject: 'a', wasTold: true, ended: { atMs: 60_000 } }]);
  clock.advance(HOUR_MS);
  about.close();
  expect(told).toHaveLength(2);
});

test('a date of an earlier life that is not sure stays so', () => {
  const about = debounce();
  const date = '2026-12-24T18:00:00.000Z';
  const down = incident('upstream', 'a', { startedAt: date, isStartSure: false, lastedMs: null });
  about.hear(opened(down));
  clock.advance(AFTER_MS);
  about.hear(ended({ ...down, endedAt: date, isEndSure: true }, null));
  clock.advance(OVER_GATHER_MS);
  expect(told).toMatchObject([
    [{ began: { atMs: null, date, isSure: false } }],
    [{ began: { isSure: false }, ended: { atMs: null, date, isSure: true }, lastedMs: null }],
  ]);
});

test('after close() no timer is left', () => {
  const about = debounce({ afterMs: 1_000 });
  const down = incident('upstream', 'a');
  about.hear(opened(down));
  clock.advance(1_000);
  about.hear(ended(down));
  about.hear(opened(incident('upstream', 'b')));
  about.close();
  expect(clock.pendingTimers).toBe(0);
});

test('words without end are cut', () => {
  const words = { ...NOW, evidence: 'x'.repeat(10_000) };
  const about = debounce({ look: () => ({ wordsOf: () => words, isUrgent: () => false }) });
  about.hear(opened(incident('upstream', 'a')));
  clock.advance(AFTER_MS);
  expect(told[0]![0]!.evidence).toHaveLength(600);
});
