// The way of a late answer: through its steps in their order, at once, and whatever goes wrong on it.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { LateAnswer, type Step } from '../../../src/resolver/late-answer.ts';
import { ask, contextAt } from '../../support/messages.ts';

const QUERY = ask('www.example');
const CONTEXT = contextAt(0);
const ANSWER = Answer.ofRcode(0);
const BUG = new TypeError('bug');

/** Notes what it was told, and hands on what it makes of it. */
function step(name: string, told: string[], makes: Partial<Step> = {}): Step {
  return {
    answered(answer, query, context) {
      told.push(`${name} ${answer.rcode}`);
      return makes.answered?.(answer, query, context) ?? answer;
    },
    failed(error, query, context) {
      told.push(`${name} ${(error as Error).message}`);
      if (makes.failed === undefined) throw error;
      return makes.failed(error, query, context);
    },
  };
}

const through = (late: LateAnswer, one: Step) => late.through(one, QUERY, CONTEXT);
const throws = (): never => {
  throw BUG;
};

describe('a late answer', () => {
  it('goes through the steps in their order when it is settled, each with its query, and arrives', () => {
    const told: string[] = [];
    const late = new LateAnswer();
    const seen = vi.fn((answer: Answer) => answer);
    through(late, step('a', told, { answered: () => Answer.ofRcode(3) }));
    late.through({ answered: seen }, QUERY, CONTEXT);
    through(late, step('c', told));
    late.end({ answered: ({ rcode }) => told.push(`end ${rcode}`), failed: throws });
    expect(told).toEqual([]);
    late.settle(ANSWER);
    expect(told).toEqual(['a 0', 'c 3', 'end 3']);
    expect(seen).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ rcode: 3 }), QUERY, CONTEXT);
  });

  it('that is there before anybody waits goes its way when somebody does, and not in the middle of that', async () => {
    const told: string[] = [];
    const late = LateAnswer.of(ANSWER);
    await Promise.resolve();
    through(late, step('a', told));
    const given = late.then((answer) => answer);
    expect(told).toEqual([]);
    expect(await given).toBe(ANSWER);
    expect(told).toEqual(['a 0']);
  });

  it('that fails passes what has nothing to say to failures, until one makes an answer of it', async () => {
    const told: string[] = [];
    const late = new LateAnswer();
    late.through({ answered: throws }, QUERY, CONTEXT);
    through(late, step('a', told));
    through(late, step('b', told, { failed: () => ANSWER }));
    through(late, step('c', told));
    const given = late.then((answer) => answer);
    late.fail(new Error('dead'));
    expect(told).toEqual(['a dead', 'b dead', 'c 0']);
    expect(await given).toBe(ANSWER);
  });

  it('is a failure for who awaits it when a step throws, of an answer or of a failure', async () => {
    for (const outcome of [LateAnswer.of(ANSWER), LateAnswer.failed(new Error('dead'))]) {
      through(outcome, { answered: throws, failed: throws });
      await expect(outcome).rejects.toBe(BUG);
    }
  });

  it('waits where a step has to ask somebody else, whose failure is its own', async () => {
    for (const other of [LateAnswer.of(Answer.ofRcode(3)), LateAnswer.failed(new Error('dead'))]) {
      const told: string[] = [];
      const late = new LateAnswer();
      through(late, step('a', told, { answered: () => other }));
      through(late, step('b', told, { failed: () => Answer.ofRcode(3) }));
      const given = late.then(({ rcode }) => rcode);
      late.settle(ANSWER);
      expect(told).toEqual(['a 0']);
      expect(await given).toBe(3);
      expect(told).toHaveLength(2);
    }
  });
});

describe('a bug at its end', () => {
  const uncaught = vi.fn();
  afterEach(() => void process.off('unhandledRejection', uncaught));

  it('is told to the process, and not to whoever settles it', async () => {
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', uncaught);
    const late = new LateAnswer();
    late.end({ answered: throws, failed: throws });
    late.settle(ANSWER);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', uncaught);
    for (const other of others) process.on('unhandledRejection', other);
    expect(uncaught.mock.calls.map(([error]) => error)).toEqual([BUG]);
  });
});
