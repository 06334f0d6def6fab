// The store is bounded by octets, whatever names are asked (reliability row 13), and what is past its TTL stays for a while.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../../src/dns/answer.ts';
import { nameKey } from '../../../../src/dns/names.ts';
import { FIRST_DATE_MS, packAnswer } from '../../../../src/dns/packed-answer.ts';
import { questionKey } from '../../../../src/dns/question-key.ts';
import { MAX_STALE_SECONDS, PackedAnswerStore } from '../../../../src/resolver/cache/answer-store.ts';
import { aRecord, ask, replyTo } from '../../../support/messages.ts';

const MAX_OCTETS = 100_000;
/** Longer than a name of one letter by a multiple of the octets that entries are aligned to. */
const LONG = ['x'.repeat(63), 'y'.repeat(63), 'z'.repeat(57)].join('.');

/** Of a question for addresses. */
const key = (name: string) => questionKey(ask(name).cacheKey);

function answerOf(records: number): Answer {
  const answers = Array.from({ length: records }, (_, at) => aRecord('www.example', `192.0.2.${at % 256}`));
  return Answer.fromMessage(replyTo(ask('www.example').bytes, { answers }))!;
}

it('never holds more octets than it may, and lets the least recently used go', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  const answer = answerOf(1);
  store.set(key('hot'), answer, 0);
  for (let at = 0; at < 1000; at += 1) {
    store.set(key(`random-${at}`), answer, 0);
    expect(store.get(key('hot'), 0)).not.toBeNull();
    expect(store.octets).toBeLessThanOrEqual(MAX_OCTETS);
  }
  expect(store.get(key('random-0'), 0)).toBeNull();
  expect(store.get(key('random-999'), 0)).not.toBeNull();
  expect(store.entries).toBeGreaterThan(100);
});

it('counts an entry by what it holds, its key included', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  store.set(key('a'), answerOf(1), 0);
  const one = store.octets;
  store.set(key('b'), answerOf(101), 0);
  expect(store.octets - one).toBeGreaterThanOrEqual(one + 100 * 16);
  const both = store.octets;
  store.set(key('b'), answerOf(1), 0); // stays in the room that it has
  expect(store.octets).toBe(both);
  store.delete(key('b'));
  expect(store.octets).toBe(one);
  store.set(key(LONG), answerOf(1), 0);
  expect(store.octets).toBe(2 * one + LONG.length - 1);
});

it('does not hold one that is larger than all of it', () => {
  const store = new PackedAnswerStore(2000);
  store.set(key('big'), answerOf(500), 0);
  expect([store.entries, store.octets]).toEqual([0, 0]);
});

it('gives an answer that is past its lifetime only to who asks for a stale one, and for seven days at most', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  store.set(key('a'), answerOf(1), 0);
  const endMs = 300_000;
  expect(store.getStale(key('a'), 0)).toMatchObject({ ageSeconds: 0 });
  expect([store.get(key('a'), endMs), store.getStale(key('a'), endMs)]).toMatchObject([
    null,
    { ageSeconds: 300 },
  ]);
  expect(MAX_STALE_SECONDS).toBe(604_800);
  expect(store.getStale(key('a'), endMs + MAX_STALE_SECONDS * 1000 - 1)).not.toBeNull();
  expect(store.getStale(key('a'), endMs + MAX_STALE_SECONDS * 1000)).toBeNull();
  expect(store.getStale(key('b'), 0)).toBeNull();
});

it('has nothing stale where it is told so', () => {
  const store = new PackedAnswerStore(MAX_OCTETS, 0);
  store.set(key('a'), answerOf(1), 0);
  expect(store.getStale(key('a'), 299_999)).not.toBeNull();
  expect(store.getStale(key('a'), 300_000)).toBeNull();
});

it('lets a stale answer go as it does any other', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  store.set(key('stale'), answerOf(1), 0);
  for (let at = 0; at < 1000; at += 1) {
    store.set(key(`random-${at}`), answerOf(1), 400_000);
    store.getStale(key('stale'), 400_000); // by itself no use that would keep it
  }
  expect(store.getStale(key('stale'), 400_000)).toBeNull();
});

it('forgets what is deleted', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  store.set(key('a'), answerOf(1), 0);
  store.delete(key('a'));
  expect([store.get(key('a'), 0), store.getStale(key('a'), 0), store.octets]).toEqual([null, null, 0]);
});

function isPopular(store: PackedAnswerStore, name: string): boolean | undefined {
  const places = Array.from({ length: store.places }, (_, place) => store.keptAt(place));
  return places.find((kept) => kept?.key === ask(name).cacheKey)?.isPopular;
}

it('knows which answers have been asked for again', () => {
  const store = new PackedAnswerStore(MAX_OCTETS);
  store.set(key('a'), answerOf(1), 0);
  expect(isPopular(store, 'a')).toBe(false);
  store.get(key('a'), 0);
  expect(isPopular(store, 'a')).toBe(true);
  store.set(key('a'), answerOf(1), 0);
  expect([isPopular(store, 'a'), isPopular(store, 'b')]).toEqual([true, undefined]);
});

it('has what a Map of answers would have, as long as there is room', () => {
  const step = fc.record({
    action: fc.constantFrom('set', 'get', 'getStale', 'delete'),
    name: fc.constantFrom('a', 'b', 'c', '__proto__'),
    afterMs: fc.nat(400_000),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const store = new PackedAnswerStore(MAX_OCTETS);
      const model = new Map<string, number>();
      let nowMs = 0;
      for (const { action, name, afterMs } of steps) {
        nowMs += afterMs;
        const ageSeconds = Math.floor((nowMs - (model.get(name) ?? Number.NEGATIVE_INFINITY)) / 1000);
        if (action === 'get')
          expect(store.get(key(name), nowMs)?.ageSeconds).toBe(ageSeconds < 300 ? ageSeconds : undefined);
        if (action === 'getStale')
          expect(store.getStale(key(name), nowMs)?.ageSeconds).toBe(model.has(name) ? ageSeconds : undefined);
        if (action === 'set') {
          store.set(key(name), answerOf(1), nowMs);
          model.set(name, nowMs);
        }
        if (action === 'delete') {
          store.delete(key(name));
          model.delete(name);
        }
        expect(store.entries).toBe(model.size);
      }
    }),
  );
});

describe('a flush', () => {
  const NAMES = ['example', 'www.example', 'a.www.example', 'ample', 'xwww.example', 'other.test'];
  const filled = () => {
    const store = new PackedAnswerStore(MAX_OCTETS);
    for (const name of NAMES) {
      for (const type of ['A', 'AAAA']) store.set(ask(name, type).key, answerOf(1), 0);
      store.set(ask(name, 'A', { edns: { dnssecOk: true } }).key, answerOf(1), 0);
    }
    return store;
  };
  const left = (store: PackedAnswerStore) => NAMES.filter((name) => store.get(ask(name).key, 0) !== null);

  it('forgets every type of a name and no other name', () => {
    const store = filled();
    expect(store.flush(nameKey('www.example'), { below: false })).toBe(3);
    expect(left(store)).toEqual(['example', 'a.www.example', 'ample', 'xwww.example', 'other.test']);
  });

  it('forgets the names below it where that is wanted, and none that only ends alike', () => {
    const store = filled();
    expect(store.flush(nameKey('www.example'), { below: true })).toBe(6);
    expect(left(store)).toEqual(['example', 'ample', 'xwww.example', 'other.test']);
    expect(store.flush(nameKey('example'), { below: true })).toBe(6);
    expect(left(store)).toEqual(['ample', 'other.test']);
  });

  it('is not misled by a label that holds the octets of a name', () => {
    const store = new PackedAnswerStore(MAX_OCTETS);
    store.set(questionKey(`\0\0\x01\0\x01${nameKey('x\\007example')}`), answerOf(1), 0);
    expect(store.flush(nameKey('example'), { below: true })).toBe(0);
  });

  it('of the root and below forgets everything', () => {
    const store = filled();
    expect([store.flush(nameKey('.'), { below: true }), store.entries]).toEqual([18, 0]);
  });

  it('is told to who listens, as is the end of everything', () => {
    const store = filled();
    let told = 0;
    const stop = store.onForget(() => {
      told += 1;
    });
    store.flush(nameKey('www.example'), { below: false });
    store.clear();
    stop();
    store.clear();
    expect(told).toBe(2);
  });
});

describe('a restored answer', () => {
  const kept = (name: string, isPopular = false) => ({
    key: ask(name).cacheKey,
    packed: packAnswer(answerOf(1), FIRST_DATE_MS),
    isPopular,
  });

  it('stays when what was learnt in this life is forgotten', () => {
    const store = new PackedAnswerStore(MAX_OCTETS);
    store.restore(kept('a'));
    store.set(key('b'), answerOf(1), 0);
    const { generation } = store;
    store.forgetLearnt();
    expect(store.entries).toBe(1);
    expect(store.getStale(key('b'), 0)).toBeNull();
    expect(store.generation).toBeGreaterThan(generation); // and what is on its way is not kept
  });

  it('is stale until somebody tells its age', () => {
    const store = new PackedAnswerStore(MAX_OCTETS);
    store.restore(kept('a'));
    expect([store.get(key('a'), 0), store.getStale(key('a'), 0)]).toMatchObject([null, { ageSeconds: 300 }]);
    store.tellAgesBy(() => 42_000);
    expect(store.get(key('a'), 0)).toMatchObject({ ageSeconds: 42 });
  });

  it('never takes the place of a newer one, and is no change', () => {
    const store = new PackedAnswerStore(MAX_OCTETS);
    store.set(key('a'), answerOf(2), 0);
    const { changes } = store;
    expect([store.restore(kept('a')), store.restore(kept('b', true))]).toEqual([false, true]);
    expect(store.get(key('a'), 0)).toMatchObject({ answers: 2 });
    expect([isPopular(store, 'b'), store.changes]).toEqual([true, changes]);
  });
});
