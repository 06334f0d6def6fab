// Hits at once, misses by a promise, and what is kept of each. Stories with more of the chain are in chain.test.ts.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { ClockNotReady, TooManyPending, UpstreamFailure } from '../../../src/dns/failures.ts';
import { type AnswerStore, PackedAnswerStore } from '../../../src/resolver/cache/answer-store.ts';
import { FailureMemory } from '../../../src/resolver/cache/failure-memory.ts';
import { cache } from '../../../src/resolver/cache.ts';
import { LateAnswer } from '../../../src/resolver/late-answer.ts';
import { giving } from '../../support/late.ts';
import { aRecord, ask, contextAt, replyTo } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const QUERY = ask('www.example');
const ANSWER = Answer.fromMessage(
  replyTo(QUERY.bytes, { answers: [aRecord('www.example', '192.0.2.1', 10)] }),
)!;

function cached(next: () => Answer | Promise<Answer>, store: AnswerStore = new PackedAnswerStore(2 ** 20)) {
  const [clock, failures] = [new SimulatedClock(), new FailureMemory()];
  let asked = 0;
  const link = cache({ store, failures, clock })({
    resolve: giving(() => {
      asked += 1;
      return next();
    }),
  });
  const resolve = (atMs = clock.monotonic()) => link.resolve(QUERY, contextAt(atMs));
  return { clock, failures, store, resolve, asked: () => asked };
}

describe('the cache', () => {
  it('answers a hit at once, without a promise', async () => {
    const { resolve, asked } = cached(() => ANSWER);
    expect(resolve()).toBeInstanceOf(LateAnswer);
    await resolve();
    expect(resolve()).toBeInstanceOf(Answer);
    expect(asked()).toBe(2);
  });

  it('counts age from when the answer came and not from when it was asked for', async () => {
    const { clock, resolve } = cached(async () => {
      clock.advance(3000);
      return ANSWER;
    });
    await resolve();
    expect(resolve()).toMatchObject({ ageSeconds: 0 });
    clock.advance(9999);
    expect(resolve()).toMatchObject({ ageSeconds: 9 });
    clock.advance(1);
    expect(resolve()).toBeInstanceOf(LateAnswer);
  });

  it('gives a query that was received before the answer came no negative age', async () => {
    const { clock, resolve } = cached(() => ANSWER);
    clock.advance(5000);
    await resolve();
    expect(resolve(2000)).toMatchObject({ ageSeconds: 0 });
  });

  it.each([
    ['a clock that is not ready', new ClockNotReady('1970')],
    ['too many waiting', new TooManyPending('too many')],
    ['a bug', new TypeError('bug')],
  ])('remembers no failure that is our own: %s', async (_, error) => {
    const { resolve, asked } = cached(() => Promise.reject(error));
    await expect(resolve()).rejects.toBe(error);
    await expect(resolve()).rejects.toBe(error);
    expect(asked()).toBe(2);
  });

  it('remembers a failure of upstreams for a second, and forgets it when told to', async () => {
    const error = new UpstreamFailure('upstream-silent', 'nobody');
    const { clock, failures, resolve } = cached(() => Promise.reject(error));
    await expect(resolve()).rejects.toBe(error);
    expect(resolve()).toMatchObject({ rcode: 2, errors: [{ code: 22 }, { code: 13 }] });
    clock.advance(1000);
    await expect(resolve()).rejects.toBe(error);
    failures.forget();
    await expect(resolve()).rejects.toBe(error);
  });

  it('keeps a failure apart from an answer, which comes first again when there is one', async () => {
    let fails = true;
    const { store, clock, resolve } = cached(() =>
      fails ? Promise.reject(new UpstreamFailure('upstream-silent', '')) : ANSWER,
    );
    await expect(resolve()).rejects.toThrow();
    expect(store.entries).toBe(0);
    fails = false;
    clock.advance(1000);
    await resolve();
    expect(resolve()).toMatchObject({ rcode: 0 });
  });
});

describe('a hit', () => {
  it('costs one look-up and nothing else in every state of the clock: it is the very answer of the store', () => {
    const calls: string[] = [];
    const found = (call: string) => {
      calls.push(call);
      return ANSWER;
    };
    const store: AnswerStore = {
      get: () => found('get'),
      getStale: () => found('getStale'),
      clear: () => {},
      set: () => void calls.push('set'),
      delete: () => void calls.push('delete'),
      ...{ entries: 1, octets: 1, generation: 0 },
    };
    const { clock, resolve } = cached(() => ANSWER, store);
    for (const state of ['synchronized', 'holdover', 'provisional', 'untrusted'] as const) {
      clock.setState(state);
      expect(resolve()).toBe(ANSWER);
      expect(calls.splice(0)).toEqual(['get']);
    }
  });
});

describe('a newer answer that may not be kept', () => {
  it('takes the old one away, which would else come back as a stale one', async () => {
    let answer = ANSWER;
    const { clock, store, resolve } = cached(() => answer);
    await resolve();
    clock.advance(10_000);
    answer = Answer.fromMessage(replyTo(QUERY.bytes, { rcode: 3 }))!; // gone, and without a SOA
    await resolve();
    expect(store.getStale(QUERY.key, clock.monotonic())).toBeNull();
  });

  it('does not when it is a failure', async () => {
    let answer = ANSWER;
    const { clock, store, resolve } = cached(() => answer);
    await resolve();
    clock.advance(10_000);
    answer = Answer.ofRcode(2);
    await resolve();
    expect(store.getStale(QUERY.key, clock.monotonic())).not.toBeNull();
  });
});
