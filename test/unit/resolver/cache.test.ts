// Hits at once, misses by a promise, and what is kept of each. Stories with more of the chain are in chain.test.ts.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { ClockNotReady, TooManyPending, UpstreamFailure } from '../../../src/dns/failures.ts';
import { LruAnswerStore } from '../../../src/resolver/answer-store.ts';
import { cache, FailureMemory } from '../../../src/resolver/cache.ts';
import { aRecord, ask, contextAt, replyTo } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const QUERY = ask('www.example');
const ANSWER = Answer.fromMessage(
  replyTo(QUERY.bytes, { answers: [aRecord('www.example', '192.0.2.1', 10)] }),
)!;

function cached(next: () => Answer | Promise<Answer>) {
  const [clock, failures, store] = [new SimulatedClock(), new FailureMemory(), new LruAnswerStore(2 ** 20)];
  let asked = 0;
  const link = cache({ store, failures, clock })({
    resolve: () => {
      asked += 1;
      return next();
    },
  });
  const resolve = (atMs = clock.monotonic()) => link.resolve(QUERY, contextAt(atMs));
  return { clock, failures, store, resolve, asked: () => asked };
}

describe('the cache', () => {
  it('answers a hit at once, without a promise', async () => {
    const { resolve, asked } = cached(() => ANSWER);
    expect(resolve()).toBeInstanceOf(Promise);
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
    expect(resolve()).toBeInstanceOf(Promise);
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
