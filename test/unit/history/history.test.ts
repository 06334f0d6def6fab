// The history as a whole, from one life of the server to the next: what is an incident, when it was, and what outlives a
// restart, a kill and a file that is broken. Files are real, the clock is not.

import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { History } from '../../../src/history/history.ts';
import type { Incident, IncidentEvent } from '../../../src/history/incident.ts';
import { SqliteHistory, type SqliteModule } from '../../../src/history/sqlite-store.ts';
import type { Degraded, Status } from '../../../src/status/status.ts';
import type { TimeIncident } from '../../../src/timesync/time-report.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../../support/simulated-clock.ts';
import { synchronized } from '../../support/statuses.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const TRUTH_MS = Date.parse('2026-12-24T18:00:00.000Z');

const at = (ms: number) => new Date(TRUTH_MS + ms).toISOString();
const trouble = (id: string, more: Partial<Degraded> = {}): Degraded => ({
  ...{ id, what: `${id} is not well`, evidence: 'refused', doThis: 'look', since: null, sinceMs: 0 },
  ...more,
});
const UNTRUSTED = trouble('clock untrusted', { evidence: 'a test says so' });
const UPSTREAM = trouble('upstream tls://dns.example');

let stateDir: string;
const lives: Life[] = [];
beforeEach(() => {
  stateDir = temporaryDirectory('history-lives');
});
afterEach(async () => {
  for (const life of lives.splice(0)) await life.history.stop();
});

/** One run of the server. */
class Life {
  readonly clock: SimulatedClock;
  readonly log = new RecordedLog();
  readonly events: IncidentEvent[] = [];
  readonly history: History;
  degraded: readonly Degraded[] = [];
  noticed: readonly TimeIncident[] = [];
  status: Partial<Status> = {};
  /** How often it was asked how things stand. */
  looks = 0;
  queries = 0;
  /** Not a number: so that every look is taken. */
  asked = () => Number.NaN;

  private constructor(
    options: SimulatedClockOptions,
    keepsState = true,
    loadSqlite = async (): Promise<SqliteModule | null> => sqlite,
  ) {
    this.clock = new SimulatedClock({ epochMs: TRUTH_MS, state: 'synchronized', ...options });
    const { clock, log } = this;
    this.history = new History({
      ...{ clock, log, stateDir, keepsState, machine: null, loadSqlite },
      status: () => {
        this.looks += 1;
        return {
          ...synchronized,
          clock: { ...synchronized.clock, state: clock.status.state },
          degraded: [...(clock.status.state === 'untrusted' ? [UNTRUSTED] : []), ...this.degraded],
          ...this.status,
        };
      },
      asked: () => this.asked(),
      figures: () => ({ perSecond: 2, hitShare: 0.5, blockedPerSecond: 0, p50Ms: 1, p99Ms: 9 }),
      noticed: () => this.noticed,
    });
    this.history.onIncident((event) => this.events.push(event));
    lives.push(this);
  }

  static async begin(
    options: SimulatedClockOptions = {},
    keepsState?: boolean,
    loadSqlite?: () => Promise<SqliteModule | null>,
  ): Promise<Life> {
    const life = new Life(options, keepsState, loadSqlite);
    await life.history.start();
    return life;
  }

  /** Before the file of earlier lives is read. */
  static early(options: SimulatedClockOptions): Life {
    return new Life(options);
  }

  seconds(count: number, degraded = this.degraded): this {
    this.degraded = degraded;
    for (let past = 0; past < count; past += 1) this.clock.advance(SECOND_MS);
    return this;
  }

  /** Lets time pass until the file has all incidents that there are. */
  async written(): Promise<void> {
    const file = join(stateDir, 'history.sqlite');
    await eventually(() => {
      this.seconds(1);
      const kept = new SqliteHistory(sqlite, readFileSync(file));
      return kept.incidents({ limit: 1000 }).length === this.all().length;
    });
  }

  all(): Incident[] {
    return this.history.incidents({ limit: 1000 });
  }

  /** The latest first, without the starts and stops. */
  troubles(): Incident[] {
    return this.all().filter(({ kind }) => !['start', 'stop', 'time'].includes(kind));
  }

  /** It was killed: nobody said goodbye. */
  kill(): void {
    lives.splice(lives.indexOf(this), 1);
  }
}

describe('an upstream that is down for a while', () => {
  it('is an incident with its words, its dates, and what became of it', async () => {
    const life = (await Life.begin()).seconds(20).seconds(60, [UPSTREAM]);
    expect(life.troubles()).toEqual([
      {
        ...{ id: 3, kind: 'upstream', subject: 'tls://dns.example', what: UPSTREAM.what },
        ...{ evidence: 'refused', doThis: 'look', startedAt: at(21 * SECOND_MS), endedAt: null },
        ...{ lastedMs: 59 * SECOND_MS, returns: 0, isOver: false, life: 1 },
        ...{ isStartSure: true, isEndSure: false },
      },
    ]);
    life.seconds(1, [{ ...UPSTREAM, evidence: 'silent' }]).seconds(30, []);
    expect(life.troubles()).toMatchObject([
      { id: 3, evidence: 'silent', endedAt: at(82 * SECOND_MS), lastedMs: 61 * SECOND_MS, isOver: true },
    ]);
    expect(life.events.map(({ type, incident }) => [type, incident.kind, incident.isOver])).toEqual([
      ['instant', 'start', true],
      ['instant', 'time', true],
      ['opened', 'upstream', false],
      ['ended', 'upstream', true],
    ]);
  });

  it('begins when the part that knows best says so', async () => {
    const life = (await Life.begin()).seconds(60).seconds(1, [{ ...UPSTREAM, sinceMs: 12_000 }]);
    expect(life.troubles()).toMatchObject([{ startedAt: at(49 * SECOND_MS) }]);
  });

  it('and flaps is one', async () => {
    const life = await Life.begin();
    for (let round = 0; round < 6; round += 1) life.seconds(4, [UPSTREAM]).seconds(6, []);
    expect(life.troubles()).toMatchObject([{ returns: 5, isOver: false }]);
    expect(life.events.filter(({ type }) => type === 'opened')).toHaveLength(1);
  });
});

describe('a power cut that leaves the clock at 1970', () => {
  it('is dated when the time is known, from its beginning, and no date is ever that of 1970', async () => {
    const life = (await Life.begin({ epochMs: 58_000, state: 'untrusted' })).seconds(5, [UPSTREAM]);
    for (const one of life.all()) expect([one.startedAt, one.endedAt]).toEqual([null, null]);
    expect(life.all()).toMatchObject([
      { kind: 'upstream', startedAt: null },
      { kind: 'clock', subject: 'untrusted', isOver: false, lastedMs: 5000, evidence: 'a test says so' },
      { kind: 'start' },
    ]);
    life.clock.setSystemClock(TRUTH_MS + 5000);
    life.clock.setState('synchronized', null, '3 of 3 agree');
    life.seconds(11, [UPSTREAM]);
    expect(life.all()).toMatchObject([
      { kind: 'time', evidence: '3 of 3 agree', startedAt: at(5000) },
      { kind: 'upstream', startedAt: at(1000) },
      { kind: 'clock', startedAt: at(0), endedAt: at(5000), lastedMs: 5000, isOver: true },
      { kind: 'start', startedAt: at(0) },
    ]);
  });

  it('however short it is, and before the file is read', async () => {
    const life = Life.early({ epochMs: 58_000, state: 'untrusted' });
    life.clock.advance(40);
    life.clock.setSystemClock(TRUTH_MS + 40);
    life.clock.setState('synchronized');
    life.clock.advance(5);
    expect(life.all()).toEqual([]);
    await life.history.start();
    life.seconds(11);
    expect(life.all().toReversed()).toMatchObject([
      { kind: 'start', startedAt: at(0) },
      { kind: 'clock', subject: 'untrusted', startedAt: at(0), endedAt: at(40), lastedMs: 40 },
      { kind: 'time', startedAt: at(40) },
    ]);
  });

  it('while the stamp was believed, dates are put right when sources agree', async () => {
    const life = await Life.begin({ epochMs: TRUTH_MS - 4 * HOUR_MS, state: 'provisional', basis: 'stamp' });
    life.seconds(20, [UPSTREAM]);
    expect(life.troubles()).toMatchObject([{ startedAt: at(SECOND_MS - 4 * HOUR_MS), isStartSure: false }]);
    life.clock.setSystemClock(TRUTH_MS + 20_000);
    life.clock.setState('synchronized');
    life.seconds(1);
    expect(life.all()).toMatchObject([
      { kind: 'time' },
      { kind: 'step', what: 'our own time was corrected by 4 h, forwards', startedAt: at(20_000) },
      { kind: 'upstream', startedAt: at(SECOND_MS), isStartSure: true },
      { kind: 'start', startedAt: at(0), isStartSure: true, isEndSure: true },
    ]);
    life.clock.setSystemClock(0);
    life.seconds(1);
    expect(life.troubles().at(-1)).toMatchObject({ startedAt: at(SECOND_MS) });
  });

  it('of a life that never knew the date, it stays unknown, and that it was in that life', async () => {
    const lost = (await Life.begin({ epochMs: 0, state: 'untrusted' })).seconds(20, [UPSTREAM]);
    await lost.written();
    lost.kill();
    const life = (await Life.begin()).seconds(5);
    expect(life.all().filter(({ life: number }) => number === 1)).toMatchObject([
      { kind: 'upstream', startedAt: null, endedAt: null },
      { kind: 'clock', startedAt: null, endedAt: null },
      { kind: 'start', startedAt: null, endedAt: null },
    ]);
    expect(life.all()[1]).toMatchObject({
      ...{ kind: 'start', life: 2, startedAt: at(0) },
      evidence: expect.stringContaining('last heard of at a time that was not known'),
    });
  });
});

describe('the trouble that was over last', () => {
  const LATER = trouble('upstream tls://later.example');

  it('is not the one that began last', async () => {
    const life = (await Life.begin()).seconds(20, [UPSTREAM]).seconds(20, [UPSTREAM, LATER]);
    expect(life.history.lastOver).toBeNull();
    life.seconds(20, [UPSTREAM]).seconds(20, []);
    expect(life.history.lastOver).toMatchObject({
      subject: 'tls://dns.example',
      endedAt: at(60_000 + SECOND_MS),
    });
  });

  it('is one of the run after, although nobody knew the date then', async () => {
    const first = (await Life.begin()).seconds(20, [UPSTREAM]).seconds(20, []);
    await first.history.stop();
    const second = (await Life.begin({ epochMs: 0, state: 'untrusted' })).seconds(20);
    await second.history.stop();
    const third = (await Life.begin({ epochMs: TRUTH_MS + HOUR_MS })).seconds(60);
    expect(third.history.lastOver).toMatchObject({ subject: 'untrusted', life: 2, endedAt: null });
  });
});

describe('a life on the stamp that ends before sources agree', () => {
  const onTheStamp = () =>
    Life.begin({ epochMs: TRUTH_MS - 9 * HOUR_MS, state: 'provisional', basis: 'stamp' });

  it('leaves dates that are told as unsure for good, and lengths within it that are known', async () => {
    const first = (await onTheStamp()).seconds(20, [UPSTREAM]).seconds(20, []);
    await first.history.stop();
    const life = (await Life.begin()).seconds(5);
    const before = life.all().filter(({ life: number }) => number === 1);
    expect(before.map(({ kind }) => kind)).toEqual(['stop', 'upstream', 'start']);
    for (const one of before) expect(one).toMatchObject({ isStartSure: false, isEndSure: false });
    expect(before[1]).toMatchObject({ startedAt: at(SECOND_MS - 9 * HOUR_MS), lastedMs: 20 * SECOND_MS });
    expect(life.all().find(({ kind }) => kind === 'start')).toMatchObject({
      ...{ life: 2, startedAt: at(0), isStartSure: true },
      evidence: expect.stringMatching(/was stopped about .* \(no sources had agreed on the time\)$/),
    });
  });

  it('gives no length to what goes on over the restart: it would be wrong by the outage', async () => {
    const first = (await onTheStamp()).seconds(20, [UPSTREAM]);
    await first.history.stop();
    const life = (await Life.begin()).seconds(20, [UPSTREAM]);
    expect(life.troubles()).toMatchObject([{ life: 1, isOver: false, isStartSure: false, lastedMs: null }]);
    life.seconds(20, []);
    expect(life.troubles()).toMatchObject([
      { life: 1, isOver: true, isStartSure: false, isEndSure: true, lastedMs: null },
    ]);
    expect(life.events.at(-1)).toMatchObject({ type: 'ended', incident: { lastedMs: null } });
  });

  it('nor the other way round, until sources agree', async () => {
    const first = (await Life.begin()).seconds(20, [UPSTREAM]);
    await first.history.stop();
    const life = (await Life.begin({ epochMs: TRUTH_MS + HOUR_MS, state: 'provisional' })).seconds(1, [
      UPSTREAM,
    ]);
    const open = () => life.troubles().find(({ kind }) => kind === 'upstream');
    expect(open()).toMatchObject({ isStartSure: true, lastedMs: null });
    life.clock.setState('synchronized');
    expect(open()).toMatchObject({ lastedMs: HOUR_MS });
  });
});

describe('over a restart', () => {
  it('incidents and points are kept, and ids go on', async () => {
    const first = (await Life.begin()).seconds(200, [UPSTREAM]).seconds(20, []);
    await first.history.stop();
    const second = (await Life.begin({ epochMs: TRUTH_MS + HOUR_MS })).seconds(1);
    expect(second.all().map(({ id, kind, life }) => [id, kind, life])).toEqual([
      ...[
        [6, 'time', 2],
        [5, 'start', 2],
      ],
      ...[
        [4, 'stop', 1],
        [3, 'upstream', 1],
        [2, 'time', 1],
        [1, 'start', 1],
      ],
    ]);
    expect(second.all()[1]).toMatchObject({
      evidence: `the run before this one was stopped on ${at(220_000).slice(0, 10)} ${at(220_000).slice(11, 19)} UTC`,
    });
    expect(second.history.series('day').points).toHaveLength(3);
    expect(second.history.first).toMatchObject({ id: 1, kind: 'start' });
    expect(second.history.life).toBe(2);
  });

  it('what was wrong and still is goes on as the same incident', async () => {
    const first = (await Life.begin()).seconds(100, [UPSTREAM]);
    await first.history.stop();
    const second = (await Life.begin({ epochMs: TRUTH_MS + HOUR_MS }))
      .seconds(10, [])
      .seconds(20, [UPSTREAM]);
    expect(second.troubles()).toMatchObject([
      { id: 3, startedAt: at(SECOND_MS), isOver: false, returns: 0, life: 1, lastedMs: HOUR_MS + 29_000 },
    ]);
    expect(second.events.some(({ type }) => type === 'opened')).toBe(false);
  });

  it('what is not wrong any more has ended with the life in which it was', async () => {
    const first = (await Life.begin()).seconds(100, [UPSTREAM]);
    await first.history.stop();
    const second = (await Life.begin({ epochMs: TRUTH_MS + HOUR_MS })).seconds(61, []);
    expect(second.troubles()).toMatchObject([
      { id: 3, endedAt: at(100 * SECOND_MS), lastedMs: 99 * SECOND_MS, isOver: true },
    ]);
    expect(second.events.at(-1)).toMatchObject({ type: 'ended', incident: { id: 3 } });
  });

  it('a kill leaves what was written within seconds, and is told', async () => {
    const first = (await Life.begin()).seconds(10, [UPSTREAM]);
    await first.written();
    first.kill();
    const second = await Life.begin({ epochMs: TRUTH_MS + HOUR_MS });
    expect(second.all().find(({ kind, life }) => kind === 'start' && life === 2)).toMatchObject({
      what: 'the server started again without having been stopped',
    });
    expect(second.troubles()).toMatchObject([{ kind: 'upstream', isOver: false }]);
  });

  it('a file that is broken is set aside, and said', async () => {
    writeFileSync(join(stateDir, 'history.sqlite'), 'this is no database'.repeat(500));
    const life = (await Life.begin()).seconds(10, [UPSTREAM]);
    expect(life.log.lines.map(({ line }) => line)).toEqual([
      expect.stringMatching(
        /^warn the history file .* is damaged \(.*\); it is now .*\.broken, and the history begins anew$/,
      ),
    ]);
    expect(life.troubles()).toHaveLength(1);
    await life.history.stop();
    expect(readdirSync(stateDir).sort()).toEqual(['history.sqlite', 'history.sqlite.broken']);
  });

  it('a file that cannot be read is left as it is, and the history is in memory alone', async () => {
    symlinkSync('history.sqlite', join(stateDir, 'history.sqlite')); // ELOOP, whoever reads
    const life = (await Life.begin()).seconds(10, [UPSTREAM]);
    expect(life.troubles()).toHaveLength(1);
    expect(life.history.problem).toMatch(/cannot be read \(ELOOP\); the history is in memory alone/);
    await life.history.stop();
    expect(readdirSync(stateDir)).toEqual(['history.sqlite']);
    expect(lstatSync(join(stateDir, 'history.sqlite')).isSymbolicLink()).toBe(true);
  });

  it('a Node without SQLite forgets, says so once, and leaves the file alone', async () => {
    await (await Life.begin()).history.stop();
    const before = readFileSync(join(stateDir, 'history.sqlite'));
    const life = (await Life.begin({}, true, async () => null)).seconds(10, [UPSTREAM]);
    expect(life.troubles()).toHaveLength(1);
    expect(life.history.problem).toMatch(/^this Node has no SQLite/);
    expect(life.log.lines.map(({ line }) => line)).toEqual([`warn ${life.history.problem}`]);
    await life.history.stop();
    expect(readFileSync(join(stateDir, 'history.sqlite'))).toEqual(before);
  });

  it('a rehearsal reads and writes nothing', async () => {
    await (await Life.begin()).history.stop();
    const before = readdirSync(stateDir);
    const rehearsal = (await Life.begin({}, false)).seconds(10, [UPSTREAM]);
    expect(rehearsal.all().map(({ kind }) => kind)).toEqual(['upstream', 'time', 'start']);
    expect(rehearsal.history.life).toBe(1);
    await rehearsal.history.stop();
    expect(readdirSync(stateDir)).toEqual(before);
  });
});

describe('moments', () => {
  it('are what the keeper notices, each once, at its own time', async () => {
    const life = (await Life.begin()).seconds(5);
    life.noticed = [{ kind: 'step', atMs: 4500, what: 'the system clock was set backwards by 3 h' }];
    life.seconds(5);
    life.noticed = [{ kind: 'stamp', atMs: 9700, what: 'the stamp is withdrawn' }, ...life.noticed];
    life.seconds(5);
    expect(life.troubles()).toMatchObject([
      { kind: 'withdrawn', subject: 'stamp', startedAt: at(9700), lastedMs: 0, isOver: true },
      { kind: 'step', subject: 'system clock', startedAt: at(4500), endedAt: at(4500) },
    ]);
  });

  it('are certificates that were renewed', async () => {
    const life = (await Life.begin()).seconds(5);
    const issuance = { names: ['a.example'], directory: 'https://ca.example/dir', challenge: 'dns-01' };
    const issuances = [{ ...issuance, lastSuccess: at(5000) }] as unknown as Status['issuances'];
    life.status = { issuances };
    life.seconds(5);
    expect(life.troubles()).toMatchObject([{ kind: 'renewed', subject: 'a.example', startedAt: at(6000) }]);
  });

  it('are each agreement after the time was lost', async () => {
    const life = (await Life.begin()).seconds(5);
    life.clock.setState('holdover');
    life.seconds(5);
    life.clock.setState('synchronized');
    life.seconds(5);
    life.clock.setState('untrusted');
    life.seconds(5);
    life.clock.setState('synchronized');
    expect(life.all().map(({ kind }) => kind)).toEqual(['time', 'clock', 'time', 'start']);
  });
});

describe('nothing that goes wrong here', () => {
  it('reaches the server: a listener that throws, a status that does', async () => {
    const life = await Life.begin();
    life.history.onIncident(() => {
      throw new Error('a listener');
    });
    life.seconds(10, [UPSTREAM]);
    expect(life.troubles()).toHaveLength(1);
    const bugs = () => life.log.lines.filter(({ line }) => line.includes('a bug in Noonmark'));
    expect(bugs()).toHaveLength(1);
    Object.defineProperty(life, 'degraded', {
      get: () => {
        throw new Error('a status');
      },
    });
    life.clock.advance(10 * SECOND_MS);
    expect(bugs()).toHaveLength(1);
  });

  it('is left behind when it stops', async () => {
    const life = (await Life.begin()).seconds(100, [UPSTREAM]);
    await life.history.stop();
    expect(life.clock.pendingTimers).toBe(0);
    expect(life.all()[0]).toMatchObject({ kind: 'stop', startedAt: at(100 * SECOND_MS) });
  });
});

it('names of 255 octets, markup and marks that turn the text around are kept as they are, and sentences have an end', async () => {
  const name = `<script>\u202e${'x'.repeat(240)}`;
  const life = (await Life.begin()).seconds(5, [trouble(`list ${name}`, { evidence: '💣'.repeat(5000) })]);
  const [told] = life.troubles();
  expect(told?.subject).toBe(name);
  expect(told?.evidence).toHaveLength(400);
  expect(told?.evidence.isWellFormed()).toBe(true);
});

describe('a house that nobody asks anything', () => {
  async function quietLife(seconds = 60) {
    const life = await Life.begin();
    life.asked = () => life.queries;
    life.seconds(seconds);
    life.looks = 0;
    return life;
  }

  it('is looked at every four seconds', async () => {
    const life = await quietLife();
    life.seconds(300);
    expect(life.looks).toBeGreaterThanOrEqual(300 / 4);
    expect(life.looks).toBeLessThanOrEqual(300 / 4 + 5); // and at the end of each minute
  });

  it.each([0, 1, 2, 3])('has the points of its charts as ever (%i s later)', async (laterSeconds) => {
    const life = await quietLife(60 + laterSeconds);
    life.queries += 1;
    life.seconds(1200 - 60 - laterSeconds);
    const { points } = life.history.series('day');
    expect(points).toHaveLength(20);
  });

  it('is looked at within two seconds of a query, and every second while more come', async () => {
    const life = await quietLife();
    life.queries += 1;
    life.seconds(2);
    expect(life.looks).toBeGreaterThanOrEqual(1);
    for (let second = 0; second < 10; second += 1) {
      life.queries += 1;
      life.seconds(1);
    }
    life.looks = 0;
    for (let second = 0; second < 10; second += 1) {
      life.queries += 1;
      life.seconds(1);
    }
    expect(life.looks).toBe(10);
  });

  it('is looked at every second when the time has become another, and while something is wrong', async () => {
    const life = await quietLife();
    life.clock.setState('holdover', null, 'nobody answers');
    life.seconds(2);
    expect(life.looks).toBeGreaterThanOrEqual(1);
    life.seconds(4, [UPSTREAM]); // it is seen by then
    life.looks = 0;
    life.seconds(10, [UPSTREAM]);
    expect(life.looks).toBe(10);
    life.looks = 0;
    life.seconds(9, []);
    expect(life.looks).toBe(9); // until it has been gone for long enough
  });
});
