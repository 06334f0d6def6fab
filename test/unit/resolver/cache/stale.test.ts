// Stories of the cache with upstreams that fail, are late, or come back: what a client gets and when, and what is asked.
// 192.0.2.1 is the old address, 192.0.2.2 the new one.

import { beforeEach, describe, expect, it } from 'vitest';
import { Answer } from '../../../../src/dns/answer.ts';
import { RCODE } from '../../../../src/dns/codes.ts';
import { ClockNotReady, TooManyPending, UpstreamFailure } from '../../../../src/dns/failures.ts';
import { nameKey } from '../../../../src/dns/names.ts';
import { Query } from '../../../../src/dns/query.ts';
import { PackedAnswerStore } from '../../../../src/resolver/cache/answer-store.ts';
import { FailureMemory } from '../../../../src/resolver/cache/failure-memory.ts';
import { cache, noCacheCounts } from '../../../../src/resolver/cache.ts';
import { LateAnswer } from '../../../../src/resolver/late-answer.ts';
import type { Context, Resolver } from '../../../../src/resolver/resolver.ts';
import { giving } from '../../../support/late.ts';
import {
  aRecord,
  ask,
  contextAt,
  render,
  replyTo,
  type Seen,
  see,
  soaRecord,
} from '../../../support/messages.ts';
import { SimulatedClock } from '../../../support/simulated-clock.ts';

const NAME = 'www.example';
const TTL_SECONDS = 60;
const EDNS = { edns: {} };
const DEAD = new UpstreamFailure('upstream-unreachable', 'nobody is there');

type Upstream = (query: Query, context: Context) => Answer | Promise<Answer>;

class Scene {
  readonly clock = new SimulatedClock();
  readonly store = new PackedAnswerStore(2 ** 20);
  readonly failures = new FailureMemory();
  readonly counts = noCacheCounts();
  readonly asked: { name: string; client: string }[] = [];
  readonly said: string[] = [];
  upstream: Upstream = (query) => addressOf(query, '192.0.2.1');
  readonly #link: Resolver;

  constructor() {
    this.#link = cache({
      ...this,
      isForwarded: ({ nameKey: name }) => name.endsWith(nameKey('lan.example')),
    })({
      resolve: giving((query: Query, context: Context) => {
        this.asked.push({ name: see(query.bytes).question, client: context.client });
        return this.upstream(query, context);
      }),
    });
  }

  async ask(name = NAME, context: Partial<Context> = {}): Promise<Seen> {
    const query = ask(name, 'A', EDNS);
    const trace = { say: (link: string, detail: string) => void this.said.push(`${link}: ${detail}`) };
    const answer = await this.#link.resolve(query, contextAt(this.clock.monotonic(), { trace, ...context }));
    return see(render(answer, query));
  }

  /** As a listener does: an answer that is there at once frees the query for another one's octets. */
  askAndReadOver(name: string, other: string): void {
    const query = new Query();
    const read = ({ bytes }: Query) => query.read(bytes, 0, bytes.length);
    read(ask(name, 'A', EDNS));
    const answer = this.#link.resolve(query, contextAt(this.clock.monotonic()));
    expect(answer).not.toBeInstanceOf(LateAnswer);
    read(ask(other, 'A', EDNS));
  }

  /** Learns the old address of names and lets its lifetime end. */
  async growStale(...names: string[]): Promise<void> {
    for (const name of names) await this.ask(name);
    this.clock.advance(TTL_SECONDS * 1000);
    this.asked.length = 0;
  }

  /** Lets every callback run that waits for nothing but its turn. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }
}

function addressOf(query: Query, address: string): Answer {
  const name = see(query.bytes).question.split(' ')[0]!;
  return Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(name, address, TTL_SECONDS)] }))!;
}

const old = (name = NAME, ttl = 30) => [`${name} ${ttl} A 192.0.2.1`];
const fresh = (name = NAME) => [`${name} ${TTL_SECONDS} A 192.0.2.2`];

/** An upstream that answers when it is told to. */
function slow(scene: Scene): { answer(): void; fail(error: unknown): void } {
  const gate = Promise.withResolvers<void>();
  gate.promise.catch(() => {});
  scene.upstream = async (query) => {
    await gate.promise;
    return addressOf(query, '192.0.2.2');
  };
  return { answer: gate.resolve, fail: gate.reject };
}

let scene: Scene;
beforeEach(() => {
  scene = new Scene();
});

describe('a name whose lifetime is over', () => {
  it('is asked for first: who answers in time is believed, and the old answer is gone', async () => {
    await scene.growStale(NAME);
    const upstream = slow(scene);
    const seen = scene.ask();
    scene.clock.advance(1799);
    upstream.answer();
    expect(await seen).toMatchObject({ answers: fresh(), errors: [] });
    expect(scene.clock.pendingTimers).toBe(0);
    expect(scene.counts).toMatchObject({ stale: 0, misses: 2 });
  });

  it('is answered from before when 1.8 s have gone by, with 30 s and EDE 3, and what comes later is kept', async () => {
    await scene.growStale(NAME);
    const upstream = slow(scene);
    const seen = scene.ask();
    scene.clock.advance(1800);
    expect(await seen).toMatchObject({ rcode: RCODE.NOERROR, answers: old(), errors: ['3'] });
    upstream.answer();
    await scene.settle();
    expect(await scene.ask()).toMatchObject({ answers: fresh(), errors: [] });
    expect(scene.asked).toHaveLength(1);
    expect(scene.counts).toEqual({ hits: 1, misses: 2, stale: 1, prefetched: 0 });
  });

  it('counts the 1.8 s from when the query was received', async () => {
    await scene.growStale(NAME);
    scene.clock.advance(1000);
    slow(scene);
    const seen = scene.ask(NAME, { receivedAtMs: scene.clock.monotonic() - 1000 });
    scene.clock.advance(800);
    expect(await seen).toMatchObject({ errors: ['3'] });
  });

  it('costs the next ones no wait while the first look-up is under way', async () => {
    await scene.growStale(NAME);
    slow(scene);
    const first = scene.ask();
    scene.clock.advance(1800);
    await first;
    expect(await scene.ask()).toMatchObject({
      answers: old(),
      errors: ['3', '22 no answer within 1.8 s', '13'],
    });
    expect(scene.asked).toHaveLength(1);
  });

  it('is answered from before at once where upstreams fail, with their error, and nobody asks again for 30 s', async () => {
    await scene.growStale(NAME);
    scene.upstream = () => Promise.reject(DEAD);
    expect(await scene.ask()).toMatchObject({ answers: old(), errors: ['3', '23 nobody is there'] });
    scene.clock.advance(29_999);
    expect((await scene.ask()).errors).toEqual(['3', '23 nobody is there', '13']);
    expect(scene.asked).toHaveLength(1);
    scene.clock.advance(1);
    await scene.ask();
    expect(scene.asked).toHaveLength(2);
  });

  it.each([RCODE.SERVFAIL, RCODE.REFUSED])(
    'is answered from before when the upstream says RCODE %i',
    async (rcode) => {
      await scene.growStale(NAME);
      scene.upstream = () => Answer.ofRcode(rcode, { code: 22, text: 'nobody' });
      expect(await scene.ask()).toMatchObject({ answers: old(), errors: ['3', '22 nobody'] });
      expect((await scene.ask()).errors).toEqual(['3', '22 nobody', '13']);
    },
  );

  it.each([
    [RCODE.SERVFAIL, 6, 'bogus'],
    [RCODE.SERVFAIL, 15, 'blocked'],
    [RCODE.REFUSED, 17, 'filtered'],
  ])(
    'is not answered from before when RCODE %i with EDE %i says so on purpose',
    async (rcode, code, text) => {
      await scene.growStale(NAME);
      scene.upstream = () => Answer.ofRcode(rcode, { code, text });
      expect(await scene.ask()).toMatchObject({ rcode, answers: [], errors: [`${code} ${text}`] });
      scene.upstream = () => Promise.reject(DEAD);
      scene.clock.advance(1000);
      await expect(scene.ask()).rejects.toBe(DEAD); // nor later: it is gone
    },
  );

  it('that does not exist any more does not exist any more', async () => {
    await scene.growStale(NAME);
    scene.upstream = (query) =>
      Answer.fromMessage(replyTo(query.bytes, { rcode: 3, authorities: [soaRecord('example')] }))!;
    expect(await scene.ask()).toMatchObject({ rcode: RCODE.NXDOMAIN, answers: [], errors: [] });
    scene.upstream = () => Promise.reject(DEAD);
    scene.clock.advance(60_000);
    expect(await scene.ask()).toMatchObject({ rcode: RCODE.NXDOMAIN, errors: ['19', '23 nobody is there'] });
  });

  it.each([
    ['a limit of ours', new TooManyPending('too many'), ['3', '0 too many']],
    ['a clock lost meanwhile', new ClockNotReady('1970'), ['3', '14 clock untrusted: 1970']],
  ])('is answered from before for %s too, which is not remembered', async (_, error, errors) => {
    await scene.growStale(NAME);
    scene.upstream = () => {
      throw error;
    };
    expect(await scene.ask()).toMatchObject({ answers: old(), errors });
    await scene.ask();
    expect(scene.asked).toHaveLength(2);
  });

  it('hides no bug of ours', async () => {
    await scene.growStale(NAME);
    const bug = new TypeError('undefined is not a function');
    scene.upstream = () => Promise.reject(bug);
    await expect(scene.ask()).rejects.toBe(bug);
  });

  it('hides none that comes late either: it goes where serve.ts logs what nobody catches', async () => {
    await scene.growStale(NAME);
    const upstream = slow(scene);
    const seen = scene.ask();
    scene.clock.advance(1800);
    await seen;
    const others = process.rawListeners('unhandledRejection') as NodeJS.UnhandledRejectionListener[];
    process.removeAllListeners('unhandledRejection');
    const uncaught = new Promise((resolve) => process.once('unhandledRejection', resolve));
    const bug = new TypeError('undefined is not a function');
    upstream.fail(bug);
    expect(await uncaught).toBe(bug);
    for (const other of others) process.on('unhandledRejection', other);
  });

  it('is answered with SERVFAIL after seven days, and a name that was never known at once', async () => {
    await scene.growStale(NAME);
    scene.upstream = () => Promise.reject(DEAD);
    scene.clock.advance(7 * 86_400_000);
    await expect(scene.ask()).rejects.toBe(DEAD);
    await expect(scene.ask('unknown.example')).rejects.toBe(DEAD);
  });
});

describe('upstreams that are out', () => {
  const NAMES = ['one.example', 'two.example', 'three.example', 'four.example', 'five.example'];
  /** Three questions in a row get no answer. */
  const goOut = async () => {
    await scene.growStale(...NAMES, 'nas.lan.example');
    scene.upstream = () => Promise.reject(DEAD);
    for (const name of NAMES.slice(0, 3)) await scene.ask(name);
    scene.asked.length = 0;
  };

  it('make nobody wait for a stale name, and each is looked up once on the side', async () => {
    await goOut();
    slow(scene);
    for (const name of ['four.example', 'five.example', 'five.example'])
      expect(await scene.ask(name)).toMatchObject({
        answers: old(name),
        errors: ['3', '23 nobody is there'],
      });
    expect(scene.asked).toEqual([
      { name: 'four.example A', client: 'refresh' },
      { name: 'five.example A', client: 'refresh' },
    ]);
  });

  it('bring what is looked up on the side to its own name, though its query has become another one meanwhile', async () => {
    await goOut();
    const upstream = slow(scene);
    scene.askAndReadOver('four.example', 'victim.example');
    upstream.answer();
    await scene.settle();
    expect((await scene.ask('four.example')).answers).toEqual(fresh('four.example'));
    scene.upstream = (query) => addressOf(query, '192.0.2.3');
    expect((await scene.ask('victim.example')).answers).toEqual(['victim.example 60 A 192.0.2.3']);
  });

  it('are not out for one name that gets no answer, however often it is asked', async () => {
    await scene.growStale(NAME, 'two.example');
    scene.upstream = () => Promise.reject(DEAD);
    for (let round = 0; round < 5; round += 1) {
      await scene.ask();
      scene.clock.advance(30_000);
    }
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    expect((await scene.ask('two.example')).answers).toEqual(fresh('two.example'));
  });

  it('are asked again the moment one of them is known to be back', async () => {
    await goOut();
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    scene.failures.forget(); // what a probe's success does
    expect((await scene.ask('one.example')).answers).toEqual(fresh('one.example'));
    expect((await scene.ask('four.example')).answers).toEqual(fresh('four.example'));
  });

  it('are back when any of their answers comes', async () => {
    await goOut();
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    await scene.ask('new.example');
    expect((await scene.ask('four.example')).answers).toEqual(fresh('four.example'));
  });

  it('say nothing about a server on the own network', async () => {
    await goOut();
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    expect((await scene.ask('nas.lan.example')).answers).toEqual(fresh('nas.lan.example'));
  });

  it('are not known to be out by what a server on the own network does', async () => {
    const lan = ['a', 'b', 'c'].map((host) => `${host}.lan.example`);
    await scene.growStale(NAME, ...lan);
    scene.upstream = () => Promise.reject(DEAD);
    for (const name of lan) await scene.ask(name);
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    expect((await scene.ask()).answers).toEqual(fresh());
  });
});

describe('what was forgotten on purpose', () => {
  it('does not come back with an answer that was on its way', async () => {
    const upstream = slow(scene);
    const asked = scene.ask();
    scene.store.clear(); // as a reload does
    upstream.answer();
    expect((await asked).answers).toEqual(fresh()); // who asked before that has it
    expect(scene.store.entries).toBe(0);
  });

  it('is not remembered as a failure either', async () => {
    const upstream = slow(scene);
    const asked = scene.ask();
    scene.store.clear();
    upstream.fail(DEAD);
    await expect(asked).rejects.toBe(DEAD);
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    expect((await scene.ask()).answers).toEqual(fresh());
  });
});

describe('what failed once', () => {
  it('is no reason not to ask, once there was an answer', async () => {
    await scene.growStale(NAME);
    scene.upstream = () => Promise.reject(DEAD);
    await scene.ask();
    scene.failures.upstreamsHeard();
    scene.clock.advance(30_000);
    const upstream = slow(scene);
    const late = scene.ask();
    scene.clock.advance(1800);
    await late;
    upstream.answer();
    await scene.settle();
    scene.store.set(ask(NAME).key, addressOf(ask(NAME), '192.0.2.1'), scene.clock.monotonic() - 60_000);
    expect((await scene.ask()).answers).toEqual(fresh());
  });

  it('says nothing about other names after 30 s', async () => {
    await scene.growStale(NAME, 'two.example');
    scene.upstream = () => Promise.reject(DEAD);
    await scene.ask();
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    scene.clock.advance(30_000);
    expect((await scene.ask('two.example')).answers).toEqual(fresh('two.example'));
  });
});

describe('while the clock is untrusted', () => {
  it('a stale name of the world is answered at once and a name of a forwarded zone is asked for', async () => {
    await scene.growStale(NAME, 'nas.lan.example');
    scene.clock.setState('untrusted', null, 'it is 1970');
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    expect(await scene.ask()).toMatchObject({
      answers: old(),
      errors: ['3', '14 clock untrusted: it is 1970'],
    });
    expect((await scene.ask('nas.lan.example')).answers).toEqual(fresh('nas.lan.example'));
    expect(scene.asked).toEqual([{ name: 'nas.lan.example A', client: '127.0.0.1' }]);
  });
});

describe('a popular answer', () => {
  const popular = async () => {
    await scene.ask();
    await scene.ask();
    scene.upstream = (query) => addressOf(query, '192.0.2.2');
    scene.asked.length = 0;
  };

  it('is fetched anew in the last tenth of its lifetime, once, and the hit is the old one', async () => {
    await popular();
    scene.clock.advance(53_999);
    await scene.ask();
    expect(scene.asked).toEqual([]);
    const upstream = slow(scene);
    scene.clock.advance(1);
    expect((await scene.ask()).answers).toEqual(old(NAME, 6));
    expect((await scene.ask()).answers).toEqual(old(NAME, 6));
    expect(scene.asked).toEqual([{ name: 'www.example A', client: 'refresh' }]);
    upstream.answer();
    await scene.settle();
    expect((await scene.ask()).answers).toEqual(fresh());
    expect(scene.counts).toMatchObject({ misses: 1, prefetched: 1 });
  });

  it('is fetched anew for its own name, though its query has become another one meanwhile', async () => {
    await popular();
    const upstream = slow(scene);
    scene.clock.advance(54_000);
    scene.askAndReadOver(NAME, 'victim.example');
    upstream.answer();
    await scene.settle();
    expect((await scene.ask()).answers).toEqual(fresh());
    scene.upstream = (query) => addressOf(query, '192.0.2.3');
    expect((await scene.ask('victim.example')).answers).toEqual(['victim.example 60 A 192.0.2.3']);
  });

  it('is fetched anew with a deadline of its own', async () => {
    await popular();
    let deadlineMs = 0;
    scene.upstream = (query, context) => {
      deadlineMs = context.deadlineMs;
      return addressOf(query, '192.0.2.2');
    };
    scene.clock.advance(54_000);
    await scene.ask(NAME, { deadlineMs: 0 });
    expect(deadlineMs).toBe(scene.clock.monotonic() + 4500);
  });

  it('is not where nobody asks for it then', async () => {
    await popular();
    scene.clock.advance(60_000);
    await scene.settle();
    expect(scene.asked).toEqual([]);
  });

  it('is not while the clock is untrusted', async () => {
    await popular();
    scene.clock.advance(54_000);
    scene.clock.setState('untrusted');
    await scene.ask();
    expect(scene.asked).toEqual([]);
  });

  it('that fails to be fetched anew is none the worse, and is not tried with each hit', async () => {
    await popular();
    scene.upstream = () => Promise.reject(DEAD);
    scene.clock.advance(54_000);
    for (const left of [6, 5, 4]) {
      expect(await scene.ask()).toMatchObject({ answers: old(NAME, left), errors: [] });
      await scene.settle();
      scene.clock.advance(1000);
    }
    expect(scene.asked).toHaveLength(1);
  });

  it('can be fetched anew after a hundred others have failed to be', async () => {
    scene.upstream = (query) =>
      Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(NAME, '192.0.2.1', 3600)] }))!;
    const names = Array.from({ length: 100 }, (_, at) => `n${at}.example`);
    for (const name of [...names, NAME]) await scene.ask(name);
    scene.upstream = () => Promise.reject(DEAD);
    scene.clock.advance(3_240_000);
    for (const name of names) {
      await scene.ask(name);
      await scene.settle();
    }
    scene.asked.length = 0;
    await scene.ask();
    expect(scene.asked).toHaveLength(1);
  });

  it('with a lifetime of a few seconds is left to run out', async () => {
    scene.upstream = (query) =>
      Answer.fromMessage(replyTo(query.bytes, { answers: [aRecord(NAME, '192.0.2.1', 9)] }))!;
    await popular();
    scene.clock.advance(8999);
    await scene.ask();
    expect(scene.asked).toEqual([]);
  });

  it('is one of fifty at a time', async () => {
    const names = Array.from({ length: 60 }, (_, at) => `n${at}.example`);
    for (const name of [...names, ...names]) await scene.ask(name);
    scene.asked.length = 0;
    const upstream = slow(scene);
    scene.clock.advance(54_000);
    for (const name of names) await scene.ask(name);
    expect(scene.asked).toHaveLength(50);
    upstream.answer();
    await scene.settle();
    await scene.ask(names[59]);
    expect(scene.asked).toHaveLength(51);
  });
});

it('tells who wants to know what it had', async () => {
  await scene.ask();
  scene.clock.advance(18_000);
  await scene.ask();
  scene.clock.advance(43_000);
  scene.upstream = () => Promise.reject(DEAD);
  await scene.ask();
  await scene.ask('new.example').catch(() => {});
  await scene.ask('new.example');
  expect(scene.said).toEqual([
    'cache: kept answer, TTL left 42 s',
    'cache: stale answer, 1 s past its lifetime',
    'cache: remembered failure',
  ]);
});
