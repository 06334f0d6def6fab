// The ledger at the borders of its limits, after restarts and wrong dates, and Retry-After in both of its forms.

import { describe, expect, it, test } from 'vitest';
import {
  EMPTY_LEDGER,
  failuresInARow,
  holdOff,
  identifiersOf,
  type Ledger,
  type LedgerEvent,
  mayOrder,
  prune,
  RETRY_PAUSES_MS,
  record,
  retryAfterMs,
  retryPauseMs,
} from '../../../src/acme/ledger.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.parse('2026-12-01T12:00:00Z');
const CA = 'https://ca.example/directory';
const NAMES = ['dns.example', '*.home.example'];

type Told = Partial<Omit<LedgerEvent, 'atMs'>> & { readonly ago: number };

function event({ ago, ...rest }: Told): LedgerEvent {
  const identifiers = identifiersOf(NAMES);
  return { atMs: NOW - ago, identifiers, directory: CA, kind: 'success', ...rest };
}

const ledgerOf = (...told: Told[]): Ledger =>
  told.map(event).reduce((ledger, one) => record(ledger, one), EMPTY_LEDGER);

const may = (
  ledger: Ledger,
  names: readonly string[] = NAMES,
  directory = CA,
  nowMs = NOW,
  lifeMs: number | null = null,
) => mayOrder(ledger, { directory, names, nowMs, lifeMs });

describe('a CA of one’s own that issues for hours', () => {
  it.each([
    [24 * HOUR, 4 * HOUR],
    [12 * HOUR, 2 * HOUR],
    [6 * DAY, DAY],
    [90 * DAY, DAY],
  ])('with a life of %i ms is asked again after %i', (lifeMs, pauseMs) => {
    const at = (ago: number) => may(ledgerOf({ ago }), NAMES, CA, NOW, lifeMs).ok;
    expect([at(pauseMs - 1), at(pauseMs)]).toEqual([false, true]);
  });

  it('may renew at two thirds of that life for ever', () => {
    const ledger = ledgerOf(...[48, 40, 32, 24, 16, 8].map((hours) => ({ ago: hours * HOUR })));
    expect(may(ledger, NAMES, CA, NOW, 12 * HOUR)).toEqual({ ok: true });
    expect(may(ledger).ok).toBe(false);
  });
});

const failed = (ago: number, name?: string): Told => ({
  ago,
  kind: 'failed-validation',
  ...(name === undefined ? {} : { name }),
});

describe('an order', () => {
  it.each<{ what: string; told: Told[]; againIn: number | null }>([
    { what: 'the first', told: [], againIn: null },
    { what: 'just after a success', told: [{ ago: 0 }], againIn: DAY },
    { what: 'almost a day after one', told: [{ ago: DAY - 1 }], againIn: 1 },
    { what: 'a day after one', told: [{ ago: DAY }], againIn: null },
    { what: 'after two in a week', told: [{ ago: 6 * DAY }, { ago: 2 * DAY }], againIn: null },
    {
      what: 'after three in a week',
      told: [{ ago: 6 * DAY }, { ago: 4 * DAY }, { ago: 2 * DAY }],
      againIn: DAY,
    },
    {
      what: 'after four in a week, recorded in any order',
      told: [{ ago: 3 * DAY }, { ago: 6 * DAY }, { ago: 4 * DAY }, { ago: 2 * DAY }],
      againIn: 3 * DAY, // three of them are left until then
    },
    {
      what: 'after three in more than a week',
      told: [{ ago: 7 * DAY }, { ago: 4 * DAY }, { ago: 2 * DAY }],
      againIn: null,
    },
    {
      what: 'after successes for other names',
      told: [{ ago: 1, identifiers: 'dns.example' }],
      againIn: null,
    },
    { what: 'after a success with another CA', told: [{ ago: 1, directory: `${CA}2` }], againIn: null },
    { what: 'after four failed validations', told: [1, 2, 3, 4].map((ago) => failed(ago)), againIn: null },
    {
      what: 'after five in an hour',
      told: [50, 40, 30, 20, 10].map((ago) => failed(ago * MINUTE)),
      againIn: 10 * MINUTE,
    },
    {
      what: 'after five in more than an hour',
      told: [60, 40, 30, 20, 10].map((ago) => failed(ago * MINUTE)),
      againIn: null,
    },
    {
      what: 'after five of one hostname, told with its star or without',
      told: [5, 4, 3, 2, 1].map((ago) => failed(ago * MINUTE, ago % 2 ? '*.home.example' : 'HOME.example')),
      againIn: 55 * MINUTE,
    },
    {
      what: 'after five of two hostnames',
      told: [5, 4, 3, 2, 1].map((ago) => failed(ago * MINUTE, ago % 2 ? 'home.example' : 'dns.example')),
      againIn: null,
    },
    {
      what: 'after five failures that were no validations',
      told: [5, 4, 3, 2, 1].map((ago) => ({ ago, kind: 'failed' })),
      againIn: null,
    },
    {
      what: 'when several limits say no: until the last ends',
      told: [{ ago: 2 * HOUR }, ...[5, 4, 3, 2, 1].map((ago) => failed(ago * MINUTE))],
      againIn: 22 * HOUR,
    },
    {
      what: 'when another of them ends last',
      told: [{ ago: DAY - 30 * MINUTE }, ...[5, 4, 3, 2, 1].map((ago) => failed(ago * MINUTE))],
      againIn: 55 * MINUTE,
    },
    { what: 'after what was dated two days ahead', told: [{ ago: -2 * DAY }], againIn: null },
    { what: 'after what was dated an hour ahead', told: [{ ago: -HOUR }], againIn: 25 * HOUR },
  ])('$what', ({ told, againIn }) => {
    const verdict = may(ledgerOf(...told));
    expect(verdict).toMatchObject(againIn === null ? { ok: true } : { ok: false, untilMs: NOW + againIn });
    if (againIn === null || verdict.ok) return;
    const at = (nowMs: number) => may(ledgerOf(...told), NAMES, CA, nowMs);
    expect([at(verdict.untilMs - 1).ok, at(verdict.untilMs).ok]).toEqual([false, true]);
  });

  it.each<[Ledger, string]>([
    [
      ledgerOf({ ago: HOUR }),
      'a certificate for these very names was issued within 24 hours; the next order may be placed at 2026-12-02T11:00:00Z',
    ],
    [
      ledgerOf({ ago: 6 * DAY }, { ago: 4 * DAY }, { ago: 2 * DAY }),
      '3 certificates for these very names were issued within 7 days; the next order may be placed at 2026-12-02T12:00:00Z',
    ],
    [
      ledgerOf(...[5, 4, 3, 2, 1].map((ago) => failed(ago * MINUTE, 'home.example'))),
      '5 validations of home.example failed within an hour; the next order may be placed at 2026-12-01T12:55:00Z',
    ],
    [
      holdOff(EMPTY_LEDGER, { directory: CA, names: NAMES }, NOW + DAY),
      'the CA asked for a pause; the next order may be placed at 2026-12-02T12:00:00Z',
    ],
  ])('that has to wait is told why and until when', (ledger, reason) => {
    expect(may(ledger)).toMatchObject({ reason });
  });

  it('counts for the same names in any order and case, and for no others', () => {
    const ledger = ledgerOf({ ago: 0 });
    expect(may(ledger, ['*.HOME.example', 'dns.example', 'DNS.example']).ok).toBe(false);
    expect(may(ledger, ['dns.example']).ok).toBe(true);
  });

  it('waits as long as Retry-After said, with that CA and for those names', () => {
    const ledger = holdOff(ledgerOf(), { directory: CA, names: NAMES }, NOW + HOUR);
    expect(may(ledger)).toMatchObject({ ok: false, untilMs: NOW + HOUR });
    expect(may(ledger, NAMES, CA, NOW + HOUR).ok).toBe(true);
    expect(may(ledger, NAMES, 'https://other.example/').ok).toBe(true);
    expect(may(ledger, ['dns.example']).ok).toBe(true);
    const shorter = holdOff(ledger, { directory: CA, names: [...NAMES].reverse() }, NOW + MINUTE);
    expect(shorter.notBefore).toHaveLength(1);
    expect(may(shorter)).toMatchObject({ untilMs: NOW + MINUTE });
  });

  it('does not wait for a pause that was written at a wrong date', () => {
    expect(may(holdOff(EMPTY_LEDGER, { directory: CA, names: NAMES }, NOW + 400 * DAY)).ok).toBe(true);
  });
});

describe('failures in a row', () => {
  const subject = { directory: CA, names: NAMES };

  it('are counted per set and CA, until a success, which ends the pause of the CA as well', () => {
    let ledger = ledgerOf({ ago: 3, kind: 'failed' }, failed(2), {
      ago: 1,
      kind: 'failed',
      directory: `${CA}2`,
    });
    expect(failuresInARow(ledger, subject)).toBe(2);
    expect(failuresInARow(ledger, { ...subject, directory: `${CA}2` })).toBe(1);
    expect(failuresInARow(ledger, { ...subject, names: ['dns.example'] })).toBe(0);
    ledger = record(holdOff(ledger, subject, NOW + HOUR), event({ ago: 0 }));
    expect(failuresInARow(ledger, subject)).toBe(0);
    expect(ledger.notBefore).toEqual([]);
  });

  it('count an attempt once in which several names failed', () => {
    const ledger = ledgerOf(failed(5, 'home.example'), failed(5, 'dns.example'), failed(4, 'dns.example'));
    expect(failuresInARow(ledger, subject)).toBe(2);
    expect(ledger.events).toHaveLength(3);
  });

  it('go on after a restart, and longer than the events are kept', () => {
    let ledger = EMPTY_LEDGER;
    for (let day = 0; day < 30; day += 1) {
      const atMs = NOW + day * DAY;
      ledger = JSON.parse(
        JSON.stringify(prune(record(ledger, { ...event({ ago: 0 }), kind: 'failed', atMs }), atMs)),
      );
    }
    expect(failuresInARow(ledger, subject)).toBe(30);
    expect(ledger.events).toHaveLength(9);
  });
});

describe('a pruned ledger', () => {
  it('forgets after eight days, and what is dated more than a day ahead', () => {
    const agos = [8 * DAY + 1, 8 * DAY, 0, -DAY, -DAY - 1];
    const { events, failures } = prune(
      ledgerOf(...agos.map((ago) => ({ ago, kind: 'failed' }) as const)),
      NOW,
    );
    expect(events.map(({ atMs }) => NOW - atMs)).toEqual([8 * DAY, 0, -DAY]);
    expect(failures).toEqual([]); // the last of them was dated wrongly
  });

  it('forgets pauses that are over or absurd', () => {
    const untils = [-1, 0, 1, 8 * DAY, 8 * DAY + 1];
    const ledger = untils.reduce(
      (before, ms) => holdOff(before, { directory: `${CA}${ms}`, names: NAMES }, NOW + ms),
      EMPTY_LEDGER,
    );
    expect(prune(ledger, NOW).notBefore.map(({ untilMs }) => untilMs - NOW)).toEqual([1, 8 * DAY]);
  });

  it('holds at most a thousand events, of which failures go first and the oldest of them', () => {
    const events = [event({ ago: 9999 })];
    for (let ago = 1200; ago > 0; ago -= 1)
      events.push({ ...event({ ago }), kind: ago % 2 ? 'failed' : 'failed-validation' });
    const full = events.reduce(record, EMPTY_LEDGER);
    expect(full.events).toHaveLength(1000);
    expect(full.events[0]).toEqual(events[0]);
    expect(full.events.slice(1)).toEqual(events.slice(-999));
    expect(prune({ ...full, events }, NOW).events).toEqual(full.events);
  });

  it('holds a thousand when all of them are successes, too', () => {
    const events = Array.from({ length: 1100 }, (_, at) => event({ ago: 1100 - at }));
    expect(prune({ ...EMPTY_LEDGER, events }, NOW).events).toEqual(events.slice(-1000));
  });

  it('holds rows of at most a hundred sets, the newest', () => {
    const sets = Array.from({ length: 150 }, (_, at) => `n${at}.example`);
    const ledger = sets.reduce((before, name) => {
      const subject = { directory: CA, names: [name] };
      const held = holdOff(before, subject, NOW + HOUR);
      return record(held, { atMs: NOW, directory: CA, identifiers: name, kind: 'failed' });
    }, EMPTY_LEDGER);
    const kept = [ledger.notBefore, ledger.failures].map((rows) =>
      rows.map(({ identifiers }) => identifiers),
    );
    expect(kept).toEqual([sets.slice(50), sets.slice(50)]);
  });
});

test.each<[string | undefined, number | null]>([
  ['0', 0],
  ['1', 1000],
  [' 120 ', 120_000],
  ['604800', 7 * DAY],
  ['604801', 7 * DAY],
  ['9'.repeat(400), 7 * DAY],
  ['Tue, 01 Dec 2026 12:00:30 GMT', 30_000],
  ['Tue, 01 Dec 2026 11:00:00 GMT', 0],
  ['Wed, 01 Dec 2027 12:00:00 GMT', 7 * DAY],
  ['Mon, 01 Dec 2026 12:00:30 GMT', null],
  ['Tuesday, 01-Dec-26 12:00:30 GMT', null],
  ['2026-12-01T12:00:30Z', null],
  ['-1', null],
  ['1.5', null],
  ['0x10', null],
  ['1e3', null],
  ['soon', null],
  ['', null],
  [undefined, null],
])('Retry-After: %s', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

describe('the pause after failures', () => {
  test.each<[number, number | null, number]>([
    [0, null, MINUTE],
    [1, null, MINUTE],
    [2, null, 5 * MINUTE],
    [5, null, HOUR],
    [10, null, DAY],
    [11, null, DAY],
    [1e9, null, DAY],
    [10, 30 * DAY, DAY],
    [10, 5 * DAY, 12 * HOUR],
    [2, 5 * DAY, 5 * MINUTE],
    [10, HOUR, 6 * MINUTE],
    [10, 5 * MINUTE, MINUTE],
    [10, 1, MINUTE],
    [10, 0, HOUR],
    [10, -30 * DAY, HOUR],
    [1, -1, MINUTE],
  ])('%i, with a life of %s ms left', (failures, remaining, pause) => {
    expect(retryPauseMs(failures, remaining)).toBe(pause);
  });

  it('only ever grows', () => {
    expect([...RETRY_PAUSES_MS]).toEqual([...RETRY_PAUSES_MS].sort((a, b) => a - b));
    expect(RETRY_PAUSES_MS).toHaveLength(10);
  });
});
