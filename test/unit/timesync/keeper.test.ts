// Stories of the keeper: a boot in 1970, a step, a suspend, sources that go and come back. An hour passes at once.
// What one round's evidence means is tested with selection.ts and transitions.ts; here, that it is gathered in time,
// carried out, and never the end of the asking.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import type { Machine } from '../../../src/clock/machine.ts';
import type { RosterEntry } from '../../../src/timesync/roster.ts';
import type { Sample } from '../../../src/timesync/source.ts';
import { readStamp } from '../../../src/timesync/stamp.ts';
import { DAY_MS, entryOf, type ScriptedSource, Story, TRUTH_MS, VALID, YEAR_MS } from './keeper-story.ts';

const HOUR_MS = 3_600_000;
const IN_1970 = 58_000;
/** Longer than any round, shorter than any pause between two. */
const A_ROUND_MS = 1900;
/** Upstreams whose certificates the truth agrees with. */
const UPSTREAMS = { 'dns.one.example': VALID, 'dns.two.example': VALID };

/** Milliseconds between the first questions of the rounds that this source was asked in. */
function pausesOf({ askedAt }: ScriptedSource): number[] {
  return askedAt.slice(1).map((atMs, index) => atMs - askedAt[index]!);
}

describe('a boot in 1970', () => {
  it('with sources is over after their first round, whatever the system clock says', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    story.start(story.threeSources());
    expect(story.state).toBe('untrusted');
    expect(story.keeper.report().now).toBeNull();
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('synchronized');
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
    expect(story.states).toEqual(['synchronized']);
  });

  it('without any source stays untrusted and says why', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    story.start([]);
    await story.machine.pass(HOUR_MS);
    expect(story.clock.status).toMatchObject({
      state: 'untrusted',
      reason: expect.stringMatching(/1970-01-01.*no time source is configured.*no stamp/),
    });
  });

  it('ends when somebody sets the system clock, without a restart', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    story.start([]);
    await story.machine.pass(60_000);
    story.machine.setSystemClock(story.truthMs);
    await story.machine.pass(250);
    expect(story.state).toBe('provisional/system-clock');
    expect(story.errorMs).toBe(0);
  });

  it('with a stamp goes on from there at once, without a round', async () => {
    const first = new Story({ upstreams: UPSTREAMS });
    first.start(first.threeSources());
    await first.machine.pass(A_ROUND_MS);
    await first.keeper.stop();
    const next = new Story({ systemClockMs: IN_1970, stateDir: first.stateDir });
    next.start([]);
    expect(next.state).toBe('provisional/stamp');
    const stampMs = readStamp(first.stateDir).epochMs!;
    expect(next.clock.now().epochMs).toBe(stampMs);
    await next.machine.pass(HOUR_MS);
    expect(next.clock.now().epochMs).toBe(stampMs + HOUR_MS);
  });

  it('says once that a source gives no time, and once that it answers again', async () => {
    const story = new Story();
    const [silent, ...others] = story.threeSources();
    const speaks = silent!.behaviour;
    silent!.behaviour = silent!.hush;
    story.start([silent!, ...others]);
    await story.machine.pass(100_000);
    silent!.behaviour = speaks;
    await story.machine.pass(200_000);
    const told = story.log.lines
      .map(({ line }) => line)
      .filter((line) => /time source (gives|answers)/.test(line));
    expect(told).toHaveLength(2);
    expect(told[0]).toContain('gives no time');
    expect(told[1]).toContain('answers');
  });

  it('with one source goes by it, and does not lose the time with one packet', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const source = story.source('a');
    story.start([source]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('provisional/one-source');
    source.behaviour = source.hush;
    await story.machine.pass(HOUR_MS);
    expect(story.states).toEqual(['provisional/one-source']);
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });

  it('with one source does not lose the time either when another answers unfit while it is silent', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const [source, other] = [story.source('a'), story.source('b', { offMs: -57 * YEAR_MS })];
    story.start([source, other]);
    await story.machine.pass(A_ROUND_MS);
    source.behaviour = source.hush;
    await story.machine.pass(HOUR_MS);
    expect(story.states).toEqual(['provisional/one-source']);
  });
});

describe('a step of the system clock', () => {
  it.each([
    ['forwards by 19.0 years', 19 * YEAR_MS, 'forwards by 19.0 years'],
    ['backwards to 1970', -(TRUTH_MS + A_ROUND_MS), /backwards by 5\d\.\d years/],
    ['backwards by two hours', -2 * HOUR_MS, 'backwards by 2 h'],
  ])(
    '%s while synchronized is not noticed by our time, but by a round at once and an incident',
    async (_, stepMs, words) => {
      const story = new Story();
      const sources = story.threeSources();
      story.start(sources);
      await story.machine.pass(HOUR_MS);
      const asked = sources[0].askedAt.length;
      story.machine.setSystemClock(story.machine.systemClock() + stepMs);
      await story.machine.pass(250);
      expect(sources[0].askedAt).toHaveLength(asked + 1);
      expect(Math.abs(story.errorMs)).toBeLessThan(1);
      expect(story.states).toEqual(['provisional/system-clock', 'synchronized']);
      expect(story.incidents).toEqual([expect.stringMatching(words)]);
    },
  );

  it('that is steered in small paces is no incident', async () => {
    const story = new Story();
    story.start(story.threeSources());
    for (let pace = 0; pace < 100; pace += 1) {
      story.machine.setSystemClock(story.machine.systemClock() + 500);
      await story.machine.pass(1000);
    }
    expect(story.incidents).toEqual([]);
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });

  it('is followed where nothing but the system clock is known, and kept within bounds', async () => {
    const story = new Story();
    story.start([]);
    story.machine.setSystemClock(story.truthMs + HOUR_MS);
    await story.machine.pass(250);
    expect(story.errorMs).toBe(HOUR_MS);
    story.machine.setSystemClock(IN_1970);
    await story.machine.pass(250);
    expect(story.state).toBe('untrusted');
  });
});

describe('a machine that tells when its clock is set', () => {
  function tellingStory() {
    const story = new Story();
    let tell = () => {};
    let isHeard = false;
    const machine: Machine = story.machine;
    machine.onClockSet = (listener) => {
      tell = listener;
      isHeard = true;
      return () => (isHeard = false);
    };
    return { story, tell: () => tell(), isHeard: () => isHeard };
  }

  it('has a step noticed at once', async () => {
    const { story, tell } = tellingStory();
    const sources = story.threeSources();
    story.start(sources);
    await story.machine.pass(HOUR_MS);
    const asked = sources[0].askedAt.length;
    story.machine.step(2 * HOUR_MS);
    tell();
    await story.machine.pass(1);
    expect(story.incidents).toEqual(['the system clock was set forwards by 2 h']);
    expect(sources[0].askedAt).toHaveLength(asked + 1);
  });

  it('is looked at every two seconds all the same', async () => {
    const { story } = tellingStory();
    story.start([]);
    await story.machine.pass(HOUR_MS);
    story.machine.step(HOUR_MS);
    await story.machine.pass(1999);
    expect(story.incidents).toEqual([]);
    await story.machine.pass(1);
    expect(story.incidents).toHaveLength(1);
    expect(story.errorMs).toBe(HOUR_MS);
  });

  it('is not heard any more when the keeper has stopped', async () => {
    const { story, tell, isHeard } = tellingStory();
    story.start([]);
    expect(isHeard()).toBe(true);
    await story.keeper.stop();
    expect(isHeard()).toBe(false);
    story.machine.step(HOUR_MS);
    tell(); // that was on its way
    expect(story.incidents).toEqual([]);
  });
});

describe('a suspend', () => {
  it('is added to our time and to its uncertainty, and asks for a round at once', async () => {
    const story = new Story();
    const [source, ...others] = story.threeSources();
    story.start([source, ...others]);
    await story.machine.pass(HOUR_MS);
    const before = story.clock.now().uncertaintyMs;
    for (const one of [source, ...others]) one.behaviour = one.hush;
    const asked = source.askedAt.length;
    story.machine.suspend(8 * HOUR_MS);
    await story.machine.pass(250);
    expect(source.askedAt).toHaveLength(asked + 1);
    expect(Math.abs(story.errorMs)).toBeLessThan(10);
    expect(story.clock.now().uncertaintyMs - before).toBeGreaterThanOrEqual(8 * HOUR_MS);
    expect(story.clock.now().uncertaintyMs - before).toBeLessThan(8 * HOUR_MS + 100);
    expect(story.incidents).toEqual(['the machine was suspended for 8 h']);
    expect(story.keeper.report().sources.map(({ sample }) => sample)).toEqual([null, null, null]);
  });

  it('is carried over by a stamp and by what sources agreed on, but not by what one of them said before', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const source = story.source('a');
    story.start([source]);
    await story.machine.pass(A_ROUND_MS);
    source.behaviour = source.hush;
    story.machine.suspend(HOUR_MS);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('untrusted');
  });

  it.each([
    ['just before its end', 100],
    ['well before its end', 400],
  ])('in the middle of a round, %s, makes that round void', async (_, answeredAfterMs) => {
    const story = new Story({ systemClockMs: IN_1970 });
    const sources = story.threeSources();
    for (const source of sources)
      source.behaviour = async () => {
        const stale = source.answer();
        await new Promise<void>((resolve) => story.machine.after(answeredAfterMs, resolve));
        return { ...stale, atMs: story.machine.monotonic() }; // the answer waited in a socket while we slept
      };
    story.start(sources);
    await story.machine.pass(50);
    for (const source of sources) source.behaviour = source.hush;
    story.machine.suspend(HOUR_MS);
    await story.machine.pass(HOUR_MS);
    expect(story.states).toEqual([]);
  });
});

describe('the rhythm', () => {
  it('while untrusted is every 15 s when nobody answers', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const source = story.source('a');
    source.behaviour = source.hush;
    story.start([source]);
    await story.machine.pass(80_000);
    expect(pausesOf(source)).toEqual([15_000, 15_000, 15_000, 15_000, 15_000]);
  });

  it('while untrusted stays 15 s when they answer what cannot be, for another may come back', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const source = story.source('a', { offMs: -57 * YEAR_MS });
    story.start([source]);
    await story.machine.pass(100_000);
    expect(new Set(pausesOf(source))).toEqual(new Set([15_000]));
  });

  it('while untrusted is 15, 30, then 60 s when fit answers contradict each other', async () => {
    const story = new Story({ systemClockMs: IN_1970, upstreams: { 'dns.one.example': VALID } });
    const liars = [2, 3].map((years) => story.source(`liar${years}`, { offMs: years * YEAR_MS }));
    story.start(liars);
    await story.machine.pass(240_000);
    expect(story.state).toBe('untrusted');
    expect(pausesOf(liars[0]!).slice(-5)).toEqual([15_000, 30_000, 60_000, 60_000, 60_000]);
  });

  it('while provisional is 16, 32, then 64 s', async () => {
    const story = new Story();
    const source = story.source('a');
    source.behaviour = source.hush;
    story.start([source]);
    await story.machine.pass(250_000);
    expect(pausesOf(source)).toEqual([16_000, 32_000, 64_000, 64_000, 64_000]);
  });

  it('while synchronized is 64 s as long as the system clock is off, and 1024 s when it is right', async () => {
    const story = new Story({ systemClockMs: TRUTH_MS - HOUR_MS });
    const [source, ...others] = story.threeSources();
    story.start([source, ...others]);
    await story.machine.pass(130_000);
    expect(pausesOf(source)).toEqual([64_000, 64_000]);
    story.machine.setSystemClock(story.truthMs);
    await story.machine.pass(2100_000);
    expect(pausesOf(source).slice(2)).toEqual([expect.closeTo(2250, -3), 1_024_000, 1_024_000]);
  });

  it('asks again after 2 s when the sources say another time, and stays awake until that is settled', async () => {
    const story = new Story();
    const [source, ...others] = story.threeSources();
    story.start([source, ...others]);
    await story.machine.pass(A_ROUND_MS);
    for (const one of [source, ...others]) one.offMs = HOUR_MS;
    await story.machine.pass(1_024_000 + 150_000);
    expect(pausesOf(source)).toEqual([1_024_000, 2000, 64_000, 64_000]);
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });

  it('asks volunteers no more often than they wish when all is well, and keeps their last word meanwhile', async () => {
    const story = new Story();
    const volunteer = story.source('pool', { leastPauseMs: 1_800_000 });
    const [source, other] = story.threeSources();
    story.start([source, other, volunteer]);
    await story.machine.pass(3 * HOUR_MS);
    expect(Math.min(...pausesOf(volunteer))).toBeGreaterThanOrEqual(1_800_000);
    expect(Math.max(...pausesOf(source))).toBe(1_024_000);
    expect(story.states).toEqual(['provisional/system-clock', 'synchronized']);
  });
});

describe('sources that fall silent', () => {
  it('make three rounds without enough a holdover, and are believed again when they are back', async () => {
    const story = new Story();
    const [a, b, c] = story.threeSources();
    story.start([a, b, c]);
    await story.machine.pass(A_ROUND_MS);
    for (const one of [a, b]) one.behaviour = one.hush;
    await story.machine.pass(1_024_000);
    expect([c.askedAt.length, story.state]).toEqual([2, 'synchronized']);
    await story.machine.pass(64_000);
    expect([c.askedAt.length, story.state]).toEqual([3, 'synchronized']);
    await story.machine.pass(64_000);
    expect([c.askedAt.length, story.state]).toEqual([4, 'holdover']);
    await story.machine.pass(HOUR_MS);
    for (const one of [a, b]) one.behaviour = one.tell;
    await story.machine.pass(64_000 + A_ROUND_MS);
    expect(story.state).toBe('synchronized');
    expect(Math.max(...pausesOf(c).slice(1))).toBe(64_000);
  });

  it('for seven days leave a provisional clock that goes on from their last agreement', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const sources = story.threeSources();
    story.start(sources);
    await story.machine.pass(A_ROUND_MS);
    for (const one of sources) one.behaviour = one.hush;
    for (let day = 0; day < 7; day += 1) await story.machine.pass(DAY_MS);
    expect(story.states).toEqual(['synchronized', 'holdover', 'provisional/last-quorum']);
    expect(Math.abs(story.errorMs)).toBeLessThan(10);
  });
});

describe('certificates', () => {
  it('end a boot at a wrong but plausible date within the first rounds, and the time is not theirs', async () => {
    const story = new Story({ systemClockMs: TRUTH_MS + 3 * YEAR_MS, upstreams: UPSTREAMS });
    story.start([]);
    expect(story.state).toBe('provisional/system-clock');
    await story.machine.pass(A_ROUND_MS);
    expect(story.clock.status).toMatchObject({
      state: 'untrusted',
      reason: expect.stringMatching(/the system clock says 2030-\d\d-\d\d, .*certificates/),
    });
  });

  it('have the sources asked again at once when they end the time that we went by', async () => {
    const story = new Story({
      systemClockMs: TRUTH_MS + 3 * YEAR_MS,
      upstreams: { 'dns.one.example': null },
    });
    const source = story.source('a', { offMs: 3 * YEAR_MS });
    story.start([source]);
    await story.machine.pass(10_000);
    story.meet('dns.one.example', VALID);
    await story.machine.pass(0);
    expect([story.state, source.askedAt.length]).toEqual(['untrusted', 2]);
  });

  it('of strangers say nothing', async () => {
    const story = new Story({ systemClockMs: TRUTH_MS + 3 * YEAR_MS, upstreams: UPSTREAMS });
    story.upstreams.clear();
    story.start([]);
    story.meet('stranger.example', VALID);
    await story.machine.pass(60_000);
    expect(story.state).toBe('provisional/system-clock');
  });

  it('of the public roots raise the floor to where they begin, and others do not', async () => {
    const story = new Story({ systemClockMs: TRUTH_MS });
    story.start([]);
    const later = { fromMs: TRUTH_MS + 10 * DAY_MS, toMs: TRUTH_MS + 90 * DAY_MS };
    story.meet('anybody.example', later, false);
    expect(story.clock.floorMs).toBe(HARD_FLOOR_MS);
    story.meet('anybody.example', later, true);
    expect(story.clock.floorMs).toBe(later.fromMs);
    expect(story.clock.status).toMatchObject({
      state: 'untrusted',
      reason: expect.stringContaining('before a public certificate that was seen began'),
    });
    story.meet('anybody.example', VALID, true);
    story.meet(
      'anybody.example',
      { fromMs: HARD_FLOOR_MS + 21 * YEAR_MS, toMs: HARD_FLOOR_MS + 22 * YEAR_MS },
      true,
    );
    expect(story.clock.floorMs).toBe(later.fromMs);
  });

  it('that have really expired are outweighed by two authenticated operators', async () => {
    const expired = { fromMs: TRUTH_MS - 90 * DAY_MS, toMs: TRUTH_MS - DAY_MS };
    const story = new Story({ systemClockMs: IN_1970, upstreams: { 'dns.one.example': expired } });
    story.start([story.source('a', { isAuthenticated: true }), story.source('b', { isAuthenticated: true })]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('synchronized');
    expect(story.keeper.report().outweighsWitnesses).toBe(true);
  });
});

describe('a trusted source', () => {
  it('whose time the certificates contradict is a source like any other', async () => {
    const story = new Story({ systemClockMs: IN_1970, upstreams: UPSTREAMS });
    const gps = story.source('gps', { isTrusted: true, offMs: 19 * YEAR_MS });
    story.start([gps, ...story.threeSources()]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('synchronized');
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });
});

describe('a reload', () => {
  it('keeps the time, and asks the new sources at once', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    story.start(story.threeSources());
    await story.machine.pass(HOUR_MS);
    const added = story.source('new');
    story.keeper.reload({ roster: [entryOf(added)], upstreams: [] });
    expect(story.state).toBe('synchronized');
    await story.machine.pass(0);
    expect(added.askedAt).toHaveLength(1);
    expect(story.keeper.report().sources.map(({ source }) => source.peer)).toEqual(['new']);
  });

  it('during a round lets that round go, and the new sources are asked 2 s after its beginning', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const slow = story.threeSources();
    for (const source of slow)
      source.behaviour = async () => {
        await new Promise<void>((resolve) => story.machine.after(500, resolve));
        return source.answer();
      };
    story.start(slow);
    await story.machine.pass(100);
    const added = story.source('new');
    story.keeper.reload({ roster: [entryOf(added)], upstreams: [] });
    await story.machine.pass(1899);
    expect([story.state, added.askedAt]).toEqual(['untrusted', []]);
    expect(story.keeper.report().verdict).toBe('the time sources have not been asked yet');
    await story.machine.pass(1);
    expect([story.state, added.askedAt]).toEqual(['provisional/one-source', [2000]]);
  });

  it('to the same source, which is silent just then, does not lose the time', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const source = story.source('a');
    story.start([source]);
    await story.machine.pass(A_ROUND_MS);
    source.behaviour = source.hush;
    story.keeper.reload({ roster: [entryOf(source)], upstreams: [] });
    await story.machine.pass(HOUR_MS);
    expect(story.states).toEqual(['provisional/one-source']);
  });

  it('without an upstream hears its certificate no more', async () => {
    const story = new Story({ systemClockMs: TRUTH_MS + 3 * YEAR_MS, upstreams: UPSTREAMS });
    story.start([]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('untrusted');
    story.keeper.reload({ roster: [], upstreams: [] });
    await story.machine.pass(60_000);
    expect(story.state).toBe('provisional/system-clock');
  });
});

describe('a stop', () => {
  it('leaves no timer', async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    story.start(story.threeSources());
    await story.machine.pass(HOUR_MS);
    await story.keeper.stop();
    expect(story.machine.pendingTimers).toBe(0);
  });

  it('during a round leaves the clock alone, whatever comes in afterwards', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    const sources = story.threeSources();
    for (const source of sources)
      source.behaviour = async () => {
        await new Promise<void>((resolve) => story.machine.after(500, resolve));
        return source.answer();
      };
    story.start(sources);
    await story.machine.pass(100);
    await story.keeper.stop();
    await story.machine.pass(HOUR_MS);
    expect([story.states, sources[0].askedAt.length, story.machine.pendingTimers]).toEqual([[], 1, 0]);
  });
});

describe('nothing ends the asking', () => {
  it('not a listener of the clock that throws: the others are told, the bug is logged, the next round comes', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    story.clock.onStateChange(() => {
      throw new Error('of a listener');
    });
    const told: string[] = [];
    story.clock.onStateChange(({ state }) => told.push(state));
    const [source, ...others] = story.threeSources();
    story.start([source, ...others]);
    await story.machine.pass(130_000);
    expect(told).toEqual(['synchronized']);
    expect(source.askedAt).toHaveLength(3);
    const bugs = story.log.lines.filter(
      ({ line }) => line === 'error a bug in Noonmark: please report this line',
    );
    expect(bugs.map(({ fields }) => fields.stack)).toEqual([expect.stringContaining('of a listener')]);
  });

  it('not a look-up that never ends: the others are heard 4 s later, and it is looked up again', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    let lookups = 0;
    const lost: RosterEntry = {
      url: 'ntp://lost.example',
      sources: () => {
        lookups += 1;
        return new Promise(() => {});
      },
      forget: () => {},
    };
    story.startWith([lost, ...story.threeSources().map(entryOf)]);
    await story.machine.pass(4000);
    expect(story.state).toBe('synchronized');
    await story.machine.pass(64_000);
    expect(lookups).toBe(2);
  });

  it('not an upstream that neither answers nor gives up', async () => {
    const story = new Story({ systemClockMs: IN_1970, upstreams: { 'dns.one.example': 'mute' } });
    story.start(story.threeSources());
    await story.machine.pass(4000);
    expect(story.state).toBe('synchronized');
  });

  const nonsense: fc.Arbitrary<number> = fc.oneof(
    fc.double(),
    fc.constantFrom(0, -1, Number.NaN, Number.POSITIVE_INFINITY, TRUTH_MS, TRUTH_MS + 1),
  );
  const anyBehaviour: fc.Arbitrary<(source: ScriptedSource) => ScriptedSource['behaviour']> = fc.oneof(
    fc.constantFrom(
      (source: ScriptedSource) => source.tell,
      (source: ScriptedSource) => source.hush,
      () => () => new Promise<Sample>(() => {}), // never, whatever the signal says
      () => () => Promise.reject(undefined),
      () => () => Promise.reject(new TypeError('a bug')),
      () => () => {
        throw new Error('at once');
      },
    ),
    fc
      .record({ utcMs: nonsense, atMs: nonsense, boundMs: nonsense, delayMs: nonsense })
      .map((numbers) => () => async () => ({ ...numbers, isProvenAt: null })),
  );

  it('whatever sources do, there is always a next round, it is not far, and the log knows of no bug', async () => {
    const scripts = fc.array(fc.array(anyBehaviour, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    });
    const anySystemClock = fc.constantFrom(IN_1970, TRUTH_MS, TRUTH_MS + 3 * YEAR_MS);
    await fc.assert(
      fc.asyncProperty(scripts, anySystemClock, async (behaviours, systemClockMs) => {
        const story = new Story({ systemClockMs });
        const sources = behaviours.map((_, at) => story.source(`s${at}`, { isAuthenticated: at % 2 === 1 }));
        story.start(sources);
        for (let phase = 0; phase < 4; phase += 1) {
          for (const [at, source] of sources.entries()) {
            const script = behaviours[at]!;
            source.behaviour = script[phase % script.length]!(source);
          }
          const asked = sources[0]!.askedAt.length;
          await story.machine.pass(1_030_000);
          expect(sources[0]!.askedAt.length).toBeGreaterThan(asked);
        }
        expect(story.log.lines.filter(({ line }) => line.startsWith('error'))).toEqual([]);
        await story.keeper.stop();
      }),
      { numRuns: 60 },
    );
  });
});
