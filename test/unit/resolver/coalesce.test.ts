// Equal questions in flight share one way down; those who wait are counted, and the count comes back to nothing.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { TooManyPending } from '../../../src/dns/failures.ts';
import type { Query } from '../../../src/dns/query.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { coalesce } from '../../../src/resolver/coalesce.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { giving } from '../../support/late.ts';
import { ask, contextAt } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

/** Of the store: grows when answers are forgotten. */
let generation = 0;

const limitLog = () => new LimitLog(new RecordedLog(), new SimulatedClock());

function shared(limits = { pendingQueries: 4, pendingQueriesPerClient: 3 }) {
  const reached = limitLog();
  const asked: { resolve: (answer: Answer) => void; reject: (error: Error) => void }[] = [];
  const link = coalesce({ limits, limitLog: reached, generation: () => generation })({
    resolve: giving(() => new Promise<Answer>((resolve, reject) => asked.push({ resolve, reject }))),
  });
  const resolveOf = async (query: Query, client = '10.0.0.1') =>
    link.resolve(query, contextAt(0, { client }));
  const resolve = (name: string, client?: string) => resolveOf(ask(name), client);
  return { asked, reached, resolve, resolveOf };
}

it.each([0, 399])(
  'a query that has waited elsewhere until %i ms were left is not asked of anybody',
  (leftMs) => {
    const link = coalesce({
      limits: { pendingQueries: 1, pendingQueriesPerClient: 1 },
      limitLog: limitLog(),
    })({ resolve: () => expect.fail('it was asked') });
    const late = { ...contextAt(5_000), deadlineMs: 5_000 + leftMs };
    for (let round = 0; round < 3; round += 1)
      expect(() => link.resolve(ask('a.example'), late)).toThrow(TooManyPending);
  },
);

describe('equal questions in flight', () => {
  it('get the same answer by one way down, whoever asks', async () => {
    const { asked, resolve } = shared();
    const both = Promise.all([resolve('a.example'), resolve('A.EXAMPLE', '10.0.0.2')]);
    expect(asked).toHaveLength(1);
    const answer = Answer.ofRcode(0);
    asked[0]!.resolve(answer);
    expect(await both).toEqual([answer, answer]);
    void resolve('a.example');
    expect(asked).toHaveLength(2);
  });

  it('are told from others with the same hash', async () => {
    const { asked, resolveOf } = shared();
    const withHash = (text: string) => Object.defineProperty(ask(text), 'key', { value: { hash: 7, text } });
    const both = ['a.example', 'b.example'].map((name) => resolveOf(withHash(name)));
    expect(asked).toHaveLength(2);
    const answers = [Answer.ofRcode(0), Answer.ofRcode(3)];
    for (const [at, { resolve }] of asked.entries()) resolve(answers[at]!);
    expect(await Promise.all(both)).toEqual(answers);
    void resolveOf(withHash('a.example'));
    expect(asked).toHaveLength(3);
  });

  it('do not wait for the answer to one that was asked before all was forgotten', async () => {
    const { asked, resolve } = shared();
    void resolve('a.example');
    generation += 1;
    void resolve('a.example');
    void resolve('a.example');
    expect(asked).toHaveLength(2);
  });

  it('go on sharing the newer one when that is answered', async () => {
    const { asked, resolve } = shared();
    const old = resolve('a.example');
    generation += 1;
    void resolve('a.example');
    asked[0]!.resolve(Answer.ofRcode(0));
    await old;
    void resolve('a.example');
    expect(asked).toHaveLength(2);
  });

  it('fail alike, and nothing of it stays', async () => {
    const { asked, resolve } = shared();
    const both = Promise.allSettled([resolve('a.example'), resolve('a.example')]);
    asked[0]!.reject(new Error('dead'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    void resolve('a.example');
    expect(asked).toHaveLength(2);
  });

  it('that fail at once, without a promise, fail as a promise', async () => {
    const link = coalesce({
      limits: { pendingQueries: 1, pendingQueriesPerClient: 1 },
      limitLog: limitLog(),
    })({
      resolve: () => {
        throw new Error('at once');
      },
    });
    for (let round = 0; round < 3; round += 1) {
      await expect(link.resolve(ask('a.example'), contextAt(0))).rejects.toThrow('at once');
    }
  });
});

describe('who waits', () => {
  it('is limited by client and in all, equal questions included', async () => {
    const { reached, resolve } = shared();
    for (let at = 0; at < 3; at += 1) void resolve('same.example');
    await expect(resolve('same.example')).rejects.toThrow(
      new TooManyPending('too many of your queries are waiting'),
    );
    void resolve('same.example', '10.0.0.2');
    await expect(resolve('same.example', '10.0.0.3')).rejects.toThrow(
      new TooManyPending('too many queries are waiting'),
    );
    expect(Object.fromEntries(reached.times)).toEqual({
      'limits.pending_queries_per_client': 1,
      'limits.pending_queries': 1,
    });
  });

  it('makes room for as many as shared one answer', async () => {
    const { asked, resolve } = shared();
    for (let round = 0; round < 3; round += 1) {
      const waiting = Promise.all([1, 2, 3].map(() => resolve('same.example')));
      asked[round]!.resolve(Answer.ofRcode(0));
      expect(await waiting).toHaveLength(3);
    }
  });

  it('makes room when answered or failed, and being turned away takes none', async () => {
    const { asked, resolve } = shared();
    for (let round = 0; round < 3; round += 1) {
      const waiting = Promise.allSettled(['a', 'b', 'c'].map((name) => resolve(`${name}.example`)));
      for (let turned = 0; turned < 5; turned += 1)
        await expect(resolve('d.example')).rejects.toThrow(TooManyPending);
      for (const [at, { resolve: answer, reject }] of asked.splice(0).entries()) {
        if (at === 0) reject(new Error('dead'));
        else answer(Answer.ofRcode(0));
      }
      await waiting;
    }
  });
});
