// One source, asked round after round: how often, how long it is waited for, and that it is left alone when it says so
// (RFC 5905 section 7.4).

import { beforeEach, describe, expect, it } from 'vitest';
import { Asking } from '../../../src/timesync/asking.ts';
import { ANSWER_WITHIN_MS, type Sample, TimeSourceFailure } from '../../../src/timesync/source.ts';
import { type ScriptedSource, Story } from './keeper-story.ts';

const HOUR_MS = 3_600_000;

let story: Story;
let source: ScriptedSource;
let asking: Asking;
beforeEach(() => {
  story = new Story();
  source = story.source('a');
  asking = new Asking(source, story.clock);
});

/** Asks, and lets as much time pass as that takes. */
async function ask(isCalm = false): Promise<void> {
  const asked = asking.ask(isCalm);
  await story.machine.pass(2000);
  await asked;
}

const kiss = (code: string) => () => Promise.reject(new TimeSourceFailure('kiss', `a kiss: ${code}`, code));

describe('the first questions', () => {
  /** Answers one question after another with these delays; null: not at all. */
  const withDelays = (...delays: readonly (number | null)[]) => {
    let at = 0;
    source.behaviour = async () => {
      const delayMs = delays[at++]!;
      if (delayMs === null) throw new TimeSourceFailure('silent', 'a lost packet');
      return { ...source.answer(), delayMs };
    };
  };

  it.each([
    ['are three, of which the fastest answer counts', [40, 20, 30], 3, 20],
    ['end with one that was fast enough', [40, 5, 1], 2, 5],
    ['are one where that was fast', [4, 1, 1], 1, 4],
    ['end with one that is lost, and what was said before it counts', [40, null, 1], 2, 40],
  ])('%s', async (_, delays, asked, best) => {
    withDelays(...delays);
    await ask();
    expect([source.askedAt.length, asking.sample?.delayMs, asking.failure]).toEqual([asked, best, null]);
  });

  it('keep what was said also where a later one is thrown at, or never answered', async () => {
    for (const later of [source.hush, () => new Promise<Sample>(() => {}), throwing]) {
      asking = new Asking(source, story.clock);
      source.behaviour = async () => {
        source.behaviour = later;
        return { ...source.answer(), delayMs: 40 };
      };
      await ask();
      expect(asking.sample?.delayMs).toBe(40);
    }
  });

  it('are followed by single ones', async () => {
    source.delayMs = 40;
    for (let round = 0; round < 3; round += 1) await ask();
    expect(source.askedAt).toHaveLength(5);
  });
});

function throwing(): never {
  throw new TypeError('thrown at once');
}

describe('a source that does not answer', () => {
  it('has not answered after 1.5 s, and keeps its last sample for people', async () => {
    await ask();
    const { lastSample } = asking;
    source.behaviour = source.hush;
    await ask();
    expect(asking).toMatchObject({ sample: null, failure: 'no answer within 1.5 s', lastSample });
    source.behaviour = source.tell;
    await ask();
    expect(asking).toMatchObject({ sample: { delayMs: 2 }, failure: null });
  });

  it.each([
    ['that never answers nor gives up', () => new Promise<Sample>(() => {}), 'no answer within 1.5 s'],
    ['that throws at once', throwing, 'thrown at once'],
    ['that rejects with nothing', () => Promise.reject(undefined), 'undefined'],
  ])('%s is over in time as well, with words', async (_, behaviour, words) => {
    source.behaviour = behaviour;
    await ask();
    expect([asking.sample, asking.failure]).toEqual([null, words]);
    expect(story.machine.pendingTimers).toBe(0);
  });

  it('says itself why, where it knows better: a wrong key is not silence', async () => {
    source.behaviour = () =>
      new Promise((_, reject) => {
        story.machine.after(ANSWER_WITHIN_MS, () =>
          reject(new TimeSourceFailure('silent', 'ignored: a wrong key')),
        );
      });
    await ask();
    expect(asking.failure).toBe('ignored: a wrong key');
  });
});

describe('a kiss of death', () => {
  it('RATE is heeded for a minute, then for twice as long each time, up to ten hours', async () => {
    source.behaviour = kiss('RATE');
    for (let round = 0; round < 40_000; round += 1) {
      await asking.ask(false);
      story.machine.advance(10_000);
    }
    const minutes = source.askedAt
      .slice(1)
      .map((atMs, at) => Math.round((atMs - source.askedAt[at]!) / 60_000));
    expect(minutes.slice(0, 12)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    expect(asking.failure).toBe('it asks for fewer questions (RATE), and is left alone for 36000 s');
  });

  it('RATE is forgiven by an answer', async () => {
    source.behaviour = kiss('RATE');
    await ask();
    await story.machine.pass(60_000);
    source.behaviour = source.tell;
    await ask();
    source.behaviour = kiss('RATE');
    await ask();
    expect(asking.failure).toMatch(/for 60 s/);
  });

  it.each(['DENY', 'RSTR'])('%s is heeded for good', async (code) => {
    source.behaviour = kiss(code);
    await ask();
    source.behaviour = source.tell;
    await story.machine.pass(100 * HOUR_MS);
    await ask();
    expect(source.askedAt).toHaveLength(1);
    expect(asking).toMatchObject({
      sample: null,
      failure: `it refuses us (${code}), and is not asked any more until a restart`,
    });
  });

  it.each(['RATE', 'DENY'])(
    '%s in answer to the second of the first questions is heeded as well',
    async (code) => {
      source.behaviour = async () => {
        source.behaviour = kiss(code);
        return { ...source.answer(), delayMs: 40 };
      };
      await ask();
      expect([source.askedAt.length, asking.sample?.delayMs]).toEqual([2, 40]);
      await ask();
      expect([source.askedAt.length, asking.sample]).toEqual([2, null]);
      expect(asking.failure).toContain(code);
    },
  );

  it('that is none of these is a refusal, and the source is asked again', async () => {
    source.behaviour = kiss('INIT');
    await ask();
    await ask();
    expect([source.askedAt.length, asking.failure]).toEqual([2, 'a kiss: INIT']);
  });
});

describe('a volunteer', () => {
  beforeEach(() => {
    source = story.source('pool', { leastPauseMs: HOUR_MS });
    asking = new Asking(source, story.clock);
  });

  it('is not asked before its pause is over in calm times, and its word stands', async () => {
    await ask(true);
    const { sample } = asking;
    await story.machine.pass(HOUR_MS - 2001);
    await ask(true);
    expect([source.askedAt.length, asking.sample]).toEqual([1, sample]);
    await ask(true);
    expect(source.askedAt).toHaveLength(2);
  });

  it('is asked in every round while the time is not certain', async () => {
    await ask();
    await ask();
    expect(source.askedAt).toHaveLength(2);
  });

  it('that has not answered has no pause', async () => {
    source.behaviour = source.hush;
    await ask(true);
    await ask(true);
    expect(source.askedAt).toHaveLength(2);
  });

  it('is asked again though its word lies in the future', async () => {
    source.behaviour = async () => ({ ...source.answer(), atMs: Number.POSITIVE_INFINITY });
    await ask(true);
    await story.machine.pass(HOUR_MS);
    await ask(true);
    expect(source.askedAt).toHaveLength(2);
  });

  it('is asked again after a suspend, whatever it has said before', async () => {
    await ask(true);
    asking.discard();
    expect([asking.sample, asking.lastSample]).toEqual([null, null]);
    await ask(true);
    expect(source.askedAt).toHaveLength(2);
  });
});
