// The store is bounded by octets, whatever names are asked (ATTACKS 13), and what is past its TTL stays for a while.

import { expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { LruAnswerStore, MAX_STALE_SECONDS } from '../../../src/resolver/answer-store.ts';
import { aRecord, ask, replyTo } from '../../support/messages.ts';

const MAX_OCTETS = 100_000;

function answerOf(records: number): Answer {
  const answers = Array.from({ length: records }, (_, at) => aRecord('www.example', `192.0.2.${at % 256}`));
  return Answer.fromMessage(replyTo(ask('www.example').bytes, { answers }))!;
}

it('never holds more octets than it may, and lets the least recently used go', () => {
  const store = new LruAnswerStore(MAX_OCTETS);
  const answer = answerOf(1);
  store.set('hot', answer, 0);
  for (let at = 0; at < 1000; at += 1) {
    store.set(`random ${at}`, answer, 0);
    expect(store.get('hot', 0)).not.toBeNull();
    expect(store.octets).toBeLessThanOrEqual(MAX_OCTETS);
  }
  expect(store.get('random 0', 0)).toBeNull();
  expect(store.get('random 999', 0)).not.toBeNull();
  expect(store.entries).toBeGreaterThan(100);
});

it('counts an entry by what it holds, its key included', () => {
  const store = new LruAnswerStore(MAX_OCTETS);
  store.set('a', answerOf(1), 0);
  const one = store.octets;
  store.set('b', answerOf(101), 0);
  expect(store.octets - one).toBeGreaterThanOrEqual(one + 100 * 16);
  store.set('b', answerOf(1), 0);
  expect(store.octets).toBe(2 * one);
  store.set('b'.repeat(200), answerOf(1), 0);
  expect(store.octets).toBe(3 * one + 199);
});

it('does not hold one that is larger than all of it', () => {
  const store = new LruAnswerStore(2000);
  store.set('big', answerOf(500), 0);
  expect([store.entries, store.octets]).toEqual([0, 0]);
});

it('gives an answer that is past its lifetime only to who asks for a stale one, and for seven days at most', () => {
  const store = new LruAnswerStore(MAX_OCTETS);
  store.set('a', answerOf(1), 0);
  const endMs = 300_000;
  expect(store.getStale('a', 0)).toMatchObject({ ageSeconds: 0 });
  expect([store.get('a', endMs), store.getStale('a', endMs)]).toMatchObject([null, { ageSeconds: 300 }]);
  expect(MAX_STALE_SECONDS).toBe(604_800);
  expect(store.getStale('a', endMs + MAX_STALE_SECONDS * 1000 - 1)).not.toBeNull();
  expect(store.getStale('a', endMs + MAX_STALE_SECONDS * 1000)).toBeNull();
  expect(store.getStale('b', 0)).toBeNull();
});

it('has nothing stale where it is told so', () => {
  const store = new LruAnswerStore(MAX_OCTETS, 0);
  store.set('a', answerOf(1), 0);
  expect(store.getStale('a', 299_999)).not.toBeNull();
  expect(store.getStale('a', 300_000)).toBeNull();
});

it('lets a stale answer go as it does any other', () => {
  const store = new LruAnswerStore(MAX_OCTETS);
  store.set('stale', answerOf(1), 0);
  for (let at = 0; at < 1000; at += 1) {
    store.set(`random ${at}`, answerOf(1), 400_000);
    store.getStale('stale', 400_000); // by itself no use that would keep it
  }
  expect(store.getStale('stale', 400_000)).toBeNull();
});

it('forgets what is deleted', () => {
  const store = new LruAnswerStore(MAX_OCTETS);
  store.set('a', answerOf(1), 0);
  store.delete('a');
  expect([store.get('a', 0), store.getStale('a', 0), store.octets]).toEqual([null, null, 0]);
});
