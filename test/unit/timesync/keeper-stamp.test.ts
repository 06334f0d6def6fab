// Stories of the keeper and its stamp, a real file: when it is written, when never, and how a wrong one is got rid of.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { readStamp, writeStamp } from '../../../src/timesync/stamp.ts';
import { eventually } from '../../support/eventually.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { DAY_MS, Story, TRUTH_MS, VALID, YEAR_MS } from './keeper-story.ts';

const HOUR_MS = 3_600_000;
const A_ROUND_MS = 1900;
const IN_1970 = 58_000;
/** The bound of a sample, the asymmetry of paths, and the drift of 1024 s. */
const MAX_UNCERTAINTY_MS = 400;
const UPSTREAMS = { 'dns.one.example': VALID, 'dns.two.example': VALID };
const EXPIRED = { fromMs: TRUTH_MS - 90 * DAY_MS, toMs: TRUTH_MS - DAY_MS };
const IN_2046 = HARD_FLOOR_MS + 19.5 * YEAR_MS;

/** What the file says. */
const written = ({ stateDir }: Story) => readStamp(stateDir).epochMs;

/** Lets what is being written or deleted come to its end. */
const onDisk = async ({ keeper }: Story, is: (epochMs: number | null) => boolean, story: Story) => {
  await eventually(() => is(written(story)) && is(keeper.report().stamp.epochMs));
};

/** Is a stamp the early end of our time at `epochMs`? */
const isEarlyEndOf = (epochMs: number) => (stampMs: number | null) =>
  stampMs !== null && stampMs < epochMs && stampMs >= epochMs - MAX_UNCERTAINTY_MS;

describe('the stamp', () => {
  it('is written as soon as an agreement is borne out, and every hour from then on', async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    story.start(story.threeSources());
    await story.machine.pass(A_ROUND_MS);
    await onDisk(story, isEarlyEndOf(TRUTH_MS), story);
    const first = written(story);
    await story.machine.pass(HOUR_MS - A_ROUND_MS - 1);
    expect(written(story)).toBe(first);
    await story.machine.pass(61_000); // what is due is looked for once a minute
    await onDisk(
      story,
      (epochMs) => epochMs !== null && epochMs >= TRUTH_MS + HOUR_MS - MAX_UNCERTAINTY_MS,
      story,
    );
    expect(story.clock.floorMs).toBe(written(story));
  });

  it('is written in the moment in which an upstream bears the time out, not a round later', async () => {
    const story = new Story({ upstreams: { 'dns.one.example': null } });
    story.start(story.threeSources());
    await story.machine.pass(A_ROUND_MS);
    story.meet('dns.one.example', VALID);
    await onDisk(story, isEarlyEndOf(TRUTH_MS + A_ROUND_MS), story);
  });

  it('is written at the stop, so that a restart loses nothing', async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    story.start(story.threeSources());
    await story.machine.pass(HOUR_MS / 2);
    await story.keeper.stop();
    expect(written(story)).toSatisfy(isEarlyEndOf(TRUTH_MS + HOUR_MS / 2));
  });

  it.each([
    ['that nobody judges', {}],
    ['of which the certificates are in doubt', { 'dns.one.example': VALID, 'dns.two.example': EXPIRED }],
    ['that the certificates contradict', { 'dns.one.example': EXPIRED }],
  ])('is never written of a time %s, not at the stop either', async (_, upstreams) => {
    const story = new Story({ upstreams });
    story.start([1, 2, 3].map((at) => story.source(`s${at}`, { isAuthenticated: true })));
    await story.machine.pass(2 * HOUR_MS);
    expect(story.state).toBe('synchronized');
    await story.keeper.stop();
    expect(readdirSync(story.stateDir)).toEqual([]);
  });

  it('is never written of a provisional time', async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    story.start([story.source('a')]);
    await story.machine.pass(2 * HOUR_MS);
    await story.keeper.stop();
    expect([story.state, readdirSync(story.stateDir)]).toEqual(['provisional/system-clock', []]);
  });

  it('is never touched in a rehearsal', async () => {
    const story = new Story({ upstreams: UPSTREAMS, keepsStamp: false });
    await writeStamp(story.stateDir, TRUTH_MS - HOUR_MS);
    story.start(story.threeSources());
    await story.machine.pass(2 * HOUR_MS);
    await story.keeper.forgetStamp();
    await story.keeper.stop();
    expect(written(story)).toBe(TRUTH_MS - HOUR_MS);
  });

  it('that cannot be written is a problem told once, and everything else goes on', async () => {
    const noDirectory = join(temporaryDirectory('keeper'), 'file');
    writeFileSync(noDirectory, '');
    const story = new Story({ upstreams: UPSTREAMS, stateDir: noDirectory });
    story.start(story.threeSources());
    for (let hour = 0; hour < 3; hour += 1) {
      await story.machine.pass(HOUR_MS);
      await eventually(() => story.keeper.report().stamp.problem !== null);
    }
    await story.keeper.stop();
    expect(story.state).toBe('synchronized');
    expect(story.keeper.report().stamp).toEqual({
      epochMs: null,
      problem: expect.stringMatching(
        /clock-stamp cannot be written \(E[A-Z]+\); state_dir is a file: name a directory/,
      ),
      problemAtMs: expect.any(Number),
    });
    expect(story.log.lines.filter(({ line }) => line.includes('cannot be written'))).toHaveLength(1);
  });
});

describe('a stamp from 2046', () => {
  const boot = async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    await writeStamp(story.stateDir, IN_2046);
    return story;
  };

  it('is withdrawn by two authenticated operators: an incident, and a right one in its place', async () => {
    const story = await boot();
    story.start([story.source('a', { isAuthenticated: true }), story.source('b', { isAuthenticated: true })]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('synchronized');
    await onDisk(story, isEarlyEndOf(TRUTH_MS), story);
    expect(story.incidents).toEqual([
      'the stamp of 2046-05-18 is withdrawn: a and b, authenticated, say an earlier time',
    ]);
    expect(story.clock.floorMs).toBe(written(story));
  });

  it('is withdrawn without a new one where no certificate bears the time out, and a stop waits for that', async () => {
    const story = await boot();
    story.upstreams.clear();
    story.start([story.source('a', { isAuthenticated: true }), story.source('b', { isAuthenticated: true })]);
    await story.machine.pass(0);
    expect(story.state).toBe('synchronized');
    await story.keeper.stop();
    expect(readdirSync(story.stateDir)).toEqual([]);
  });

  it('stands against one authenticated operator, and against any number of plain ones', async () => {
    const story = await boot();
    story.start([story.source('a', { isAuthenticated: true }), ...story.threeSources().slice(1)]);
    await story.machine.pass(HOUR_MS);
    await story.keeper.stop();
    expect(written(story)).toBe(IN_2046);
    expect(story.incidents).toEqual([]);
    expect(story.state).toBe('untrusted'); // the certificates contradict the stamp itself
  });

  it('counts no more when it is forgotten on request, and the sources are asked at once', async () => {
    const story = await boot();
    const [source, ...others] = story.threeSources();
    story.start([source, ...others]);
    await story.machine.pass(A_ROUND_MS);
    expect(story.state).toBe('untrusted');
    const forgetting = story.keeper.forgetStamp();
    expect(await forgetting).toBe(Math.floor(IN_2046));
    expect(written(story)).toBeNull();
    expect(story.state).toBe('provisional/system-clock');
    await story.machine.pass(2000);
    expect([story.state, source.askedAt.length]).toEqual(['synchronized', 2]);
    expect(story.incidents).toEqual(['the stamp was forgotten on request']);
    expect(await story.keeper.forgetStamp()).not.toBe(Math.floor(IN_2046));
  });

  it('that was forgotten stays so, though an agreement is being written down in that moment', async () => {
    const story = new Story({ upstreams: UPSTREAMS });
    story.start(story.threeSources());
    const writing = story.machine.pass(0);
    await writing;
    await story.keeper.forgetStamp();
    expect(story.keeper.report().stamp.epochMs).toBeNull();
    expect(written(story)).toBeNull();
  });
});

describe('a stamp at boot in 1970', () => {
  it('is carried on through a suspend', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    await writeStamp(story.stateDir, TRUTH_MS);
    story.start([]);
    story.machine.suspend(HOUR_MS);
    await story.machine.pass(1000);
    expect(story.state).toBe('provisional/stamp');
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });

  it('gives way to a source that answers', async () => {
    const story = new Story({ systemClockMs: IN_1970 });
    await writeStamp(story.stateDir, TRUTH_MS - 4 * HOUR_MS);
    story.start([story.source('a')]);
    expect(story.state).toBe('provisional/stamp');
    await story.machine.pass(A_ROUND_MS);
    expect(story.states.at(-1)).toBe('provisional/one-source');
    expect(Math.abs(story.errorMs)).toBeLessThan(1);
  });
});
