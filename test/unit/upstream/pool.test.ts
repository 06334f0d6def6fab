// The choice among several upstreams, on a clock that stands still: who is asked, when somebody else is asked too,
// which reply is taken, and how an upstream that failed comes back.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { RCODE } from '../../../src/dns/codes.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { layoutOf } from '../../../src/dns/wire.ts';
import { UpstreamPool } from '../../../src/upstream/pool.ts';
import type { Exchange, Upstream } from '../../../src/upstream/upstream.ts';
import { makeQuery } from '../../support/dns-message.ts';
import { exchangeOver } from '../../support/late.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const DEADLINE_MS = 4500;
const UNKNOWN_HEDGE_MS = 250;
const PROBE_EVERY_MS = 1000;
const QUERY = makeQuery('www.example', 'A', { id: 0 });

/** RFC 8914: a code that means "DNSSEC says no", and one that does not. */
const EDE_DNSSEC_BOGUS = 6;
const EDE_NETWORK_ERROR = 23;

/** Lets promises that have settled reach whoever waits for them. */
const settle = () => new Promise(setImmediate);

class FakeUpstream implements Upstream {
  readonly name: string;
  isLocated = true;
  readonly asked: Exchange[] = [];
  readonly forgive = vi.fn();
  readonly close = vi.fn();

  constructor(name: string) {
    this.name = name;
  }

  take(exchange: Exchange): void {
    this.asked.push(exchange);
  }

  async answer(reply: Uint8Array): Promise<void> {
    this.asked.at(-1)!.resolve(reply, layoutOf(reply)!);
    await settle();
  }

  async fail(reason = 'is dead'): Promise<void> {
    this.asked.at(-1)!.reject(new UpstreamFailure('upstream-unreachable', `${this.name} ${reason}`));
    await settle();
  }
}

/** A reply to QUERY; `ede`: an extended error in its OPT record. */
function reply(rcode: number, ede?: number): Uint8Array {
  const question = QUERY.subarray(12, 12 + 'www.example'.length + 2 + 4);
  const option = ede === undefined ? [] : [0, 15, 0, 2, ede >> 8, ede & 255];
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, option.length, ...option];
  return Buffer.concat([
    Buffer.of(0, 0, 0x81, 0x80 | rcode, 0, 1, 0, 0, 0, 0, 0, 1),
    question,
    Buffer.from(opt),
  ]);
}

const GOOD = reply(RCODE.NOERROR);

let clock = new SimulatedClock();
let mayAsk = true;
const isUsable = () => mayAsk;
const onRecovery = vi.fn();
const pools: UpstreamPool[] = [];

afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
  clock = new SimulatedClock();
  mayAsk = true;
  onRecovery.mockClear();
});

/** Names in the order of preference at a tie: `random` picks the first candidate. */
function createPool<Names extends readonly string[]>(...names: Names) {
  const upstreams = names.map((name) => new FakeUpstream(name));
  const pool = new UpstreamPool({ upstreams, clock, isUsable, onRecovery, random: () => 0 });
  pools.push(pool);
  return { pool, upstreams: upstreams as { [Index in keyof Names]: FakeUpstream } };
}

function ask(pool: UpstreamPool, deadlineMs = clock.monotonic() + DEADLINE_MS) {
  const exchange = { result: undefined as Uint8Array | Error | undefined };
  exchangeOver(pool, QUERY, deadlineMs).then(
    (answer) => (exchange.result = answer),
    (error) => (exchange.result = error),
  );
  return exchange;
}

const counts = (upstreams: readonly FakeUpstream[]) => upstreams.map(({ asked }) => asked.length);

describe('one query', () => {
  it('goes to one upstream only, whole and with its deadline, and comes back with its reply', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    expect(counts(upstreams)).toEqual([1, 0]);
    expect(upstreams[0].asked[0]).toMatchObject({ query: QUERY, deadlineMs: DEADLINE_MS });
    await upstreams[0].answer(GOOD);
    expect(exchange.result).toEqual(GOOD);
    clock.advance(DEADLINE_MS);
    expect(counts(upstreams)).toEqual([1, 0]);
  });

  it('leaves no timer behind, so that an idle server sleeps', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    expect(clock.pendingTimers).toBe(0);
    ask(pool);
    await upstreams[0].answer(GOOD);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has the timer that probes only while somebody fails, and none once it is closed', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    await upstreams[1].answer(GOOD);
    expect(clock.pendingTimers).toBe(1);
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].answer(GOOD);
    clock.advance(PROBE_EVERY_MS);
    expect(clock.pendingTimers).toBe(0);
    pool.warm();
    pool.close();
    await upstreams[0].fail();
    expect(clock.pendingTimers).toBe(0);
  });

  it('is not given to one whose address is not known, nor is a send kept back for it', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    upstreams[0].isLocated = false;
    ask(pool);
    expect(counts(upstreams)).toEqual([0, 1]);
    expect(upstreams[1].asked[0]!.budget).toMatchObject({ sendsLeft: 3, reserved: 0 });
    clock.advance(DEADLINE_MS / 2);
    await upstreams[1].fail();
    expect(counts(upstreams)).toEqual([0, 2]);
    upstreams[0].isLocated = true;
    await upstreams[1].fail();
    expect(counts(upstreams)).toEqual([1, 2]);
  });

  it('fails with the reason where no address is known at all', async () => {
    const { pool, upstreams } = createPool('a');
    upstreams[0].isLocated = false;
    const exchange = ask(pool);
    for (let tries = 1; tries <= 3; tries += 1) await upstreams[0].fail('is nowhere');
    expect(exchange.result).toMatchObject({ message: 'a is nowhere' });
  });

  it('fails at once, and says why, where no upstream is configured', async () => {
    const { pool } = createPool();
    const exchange = ask(pool);
    await settle();
    expect(exchange.result).toMatchObject({
      code: 'upstream-unreachable',
      message: expect.stringContaining('no upstream'),
    });
  });
});

describe('whoever wants to know', () => {
  const ended = (pool: UpstreamPool) => {
    const onEnd = vi.fn();
    exchangeOver(pool, QUERY, clock.monotonic() + DEADLINE_MS, onEnd).catch(() => {});
    return onEnd;
  };

  it('is told whose reply was taken, once, and who was asked before', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const onEnd = ended(pool);
    await upstreams[0].fail();
    expect(onEnd).not.toHaveBeenCalled();
    await upstreams[1].answer(GOOD);
    clock.advance(DEADLINE_MS);
    expect(onEnd).toHaveBeenCalledExactlyOnceWith({ by: 'b', tried: ['a', 'b'] });
  });

  it('is told of a poor reply that nobody bettered', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const onEnd = ended(pool);
    await upstreams[0].answer(reply(RCODE.SERVFAIL));
    clock.advance(DEADLINE_MS);
    expect(onEnd).toHaveBeenCalledExactlyOnceWith({ by: 'a', tried: ['a', 'b'] });
  });

  it('is told who was asked in vain, and that there was nobody to ask', () => {
    const silent = ended(createPool('a').pool);
    clock.advance(DEADLINE_MS);
    expect(silent).toHaveBeenCalledExactlyOnceWith({ by: null, tried: ['a'] });
    expect(ended(createPool().pool)).toHaveBeenCalledExactlyOnceWith({ by: null, tried: [] });
  });
});

describe('a hedged second try', () => {
  it('goes to the other upstream when the first is later than expected, and the first good reply counts', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    clock.advance(UNKNOWN_HEDGE_MS - 1);
    expect(counts(upstreams)).toEqual([1, 0]);
    clock.advance(1);
    expect(counts(upstreams)).toEqual([1, 1]);
    await upstreams[1].answer(GOOD);
    expect(exchange.result).toEqual(GOOD);
  });

  it('waits as long as the p95 of the upstream that was asked', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    for (let index = 0; index < 50; index += 1) {
      ask(pool);
      clock.advance(30);
      await upstreams[0].answer(GOOD);
    }
    expect(counts(upstreams)).toEqual([50, 0]);
    ask(pool);
    clock.advance(29);
    expect(counts(upstreams)).toEqual([51, 0]);
    clock.advance(5);
    expect(counts(upstreams)).toEqual([51, 1]);
  });

  it('does not stop the first from answering', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    clock.advance(UNKNOWN_HEDGE_MS);
    await upstreams[0].answer(GOOD);
    expect(exchange.result).toEqual(GOOD);
  });

  it('is not made where there is nobody else', () => {
    const { pool, upstreams } = createPool('a');
    ask(pool);
    clock.advance(DEADLINE_MS - 1);
    expect(counts(upstreams)).toEqual([1]);
  });

  it('never makes more than three tries', () => {
    const { pool, upstreams } = createPool('a', 'b', 'c', 'd', 'e');
    ask(pool);
    clock.advance(DEADLINE_MS - 1);
    expect(counts(upstreams).filter((count) => count === 1)).toHaveLength(3);
    expect(counts(upstreams).reduce((sum, count) => sum + count)).toBe(3);
  });
});

describe('a failure', () => {
  it('sends the query to another upstream at once', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    await upstreams[0].fail();
    expect(counts(upstreams)).toEqual([1, 1]);
    await upstreams[1].answer(GOOD);
    expect(exchange.result).toEqual(GOOD);
  });

  it('of every try ends the query after the third', async () => {
    const { pool, upstreams } = createPool('a', 'b', 'c', 'd');
    const exchange = ask(pool);
    for (let tries = 0; tries < 5; tries += 1) {
      for (const upstream of upstreams) if (upstream.asked.length > 0) await upstream.fail();
    }
    expect(counts(upstreams).reduce((sum, count) => sum + count)).toBe(3);
    expect(exchange.result).toBeInstanceOf(UpstreamFailure);
  });

  it('that comes at once, in the middle of something, lets whoever it befell finish that first', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const taken: string[] = [];
    for (const upstream of upstreams) {
      upstream.take = (exchange) => {
        taken.push(`${upstream.name} begins`);
        exchange.reject(new UpstreamFailure('upstream-unreachable', 'dead'));
        taken.push(`${upstream.name} ends`);
      };
    }
    ask(pool);
    await settle();
    expect(taken.slice(0, 4)).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('after an answer counts for nothing, nor does a second answer', async () => {
    const { pool, upstreams } = createPool('a');
    ask(pool);
    const [exchange] = upstreams[0].asked as [Exchange];
    exchange.resolve(GOOD, layoutOf(GOOD)!);
    exchange.resolve(GOOD, layoutOf(GOOD)!);
    exchange.reject(new UpstreamFailure('upstream-silent', 'late'));
    await settle();
    expect(pool.report()[0]).toMatchObject({ answered: 1, failed: 0 });
  });

  it('keeps clients away from the upstream while its penalty lasts', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    await upstreams[1].answer(GOOD);
    ask(pool);
    expect(counts(upstreams)).toEqual([1, 2]);
  });

  it('is outlived when the first try, given up for late, answers after all', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    clock.advance(UNKNOWN_HEDGE_MS);
    await upstreams[1].fail();
    upstreams[0].asked[0]!.resolve(GOOD, layoutOf(GOOD)!);
    await settle();
    expect(exchange.result).toEqual(GOOD);
  });
});

describe('the budget of sends', () => {
  it('is one for all tries, and no try is made once it is spent', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    clock.advance(UNKNOWN_HEDGE_MS);
    const [{ budget }, { budget: hedgeBudget }] = [upstreams[0].asked[0]!, upstreams[1].asked[0]!];
    expect(budget).toBe(hedgeBudget);
    expect(budget.sendsLeft).toBe(3);
    budget.sendsLeft = 0;
    await upstreams[0].fail();
    expect(counts(upstreams)).toEqual([1, 1]);
    await upstreams[1].fail();
    expect(counts(upstreams)).toEqual([1, 1]);
    expect(exchange.result).toBeInstanceOf(UpstreamFailure);
  });

  it('when spent, holds back the hedged try too', () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    upstreams[0].asked[0]!.budget.sendsLeft = 0;
    clock.advance(UNKNOWN_HEDGE_MS);
    expect(counts(upstreams)).toEqual([1, 0]);
  });
});

describe('the deadline', () => {
  it('ends a query that nobody answers with an UpstreamFailure', async () => {
    const { pool } = createPool('a', 'b');
    const exchange = ask(pool);
    clock.advance(DEADLINE_MS - 1);
    await settle();
    expect(exchange.result).toBeUndefined();
    clock.advance(1);
    await settle();
    expect(exchange.result).toBeInstanceOf(UpstreamFailure);
    expect(exchange.result).toMatchObject({ code: 'upstream-silent' });
  });

  it('tells the reason of the last failure where there was one', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    await upstreams[0].fail('is not trusted');
    clock.advance(DEADLINE_MS);
    await settle();
    expect(exchange.result).toMatchObject({ message: 'a is not trusted' });
  });

  it('is not followed by another try when a failure comes in after it', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    clock.advance(DEADLINE_MS);
    const before = counts(upstreams);
    await upstreams[0].fail();
    expect(counts(upstreams)).toEqual(before);
  });
});

describe('a second opinion', () => {
  it.each(['SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR'] as const)('is asked for after %s', async (rcode) => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    await upstreams[0].answer(reply(RCODE[rcode]));
    expect(exchange.result).toBeUndefined();
    await upstreams[1].answer(GOOD);
    expect(exchange.result).toEqual(GOOD);
  });

  it('is asked for after a SERVFAIL whose extended error has nothing to do with DNSSEC', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].answer(reply(RCODE.SERVFAIL, EDE_NETWORK_ERROR));
    expect(counts(upstreams)).toEqual([1, 1]);
  });

  it('is not asked for after a DNSSEC failure, which is the answer', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    const bogus = reply(RCODE.SERVFAIL, EDE_DNSSEC_BOGUS);
    await upstreams[0].answer(bogus);
    expect(exchange.result).toEqual(bogus);
    expect(counts(upstreams)).toEqual([1, 0]);
  });

  it('is not asked for after NXDOMAIN', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    const nxdomain = reply(RCODE.NXDOMAIN);
    await upstreams[0].answer(nxdomain);
    expect(exchange.result).toEqual(nxdomain);
    expect(counts(upstreams)).toEqual([1, 0]);
  });

  it('that does not come leaves the first one, whatever has become of its octets', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    const lent = reply(RCODE.SERVFAIL);
    await upstreams[0].answer(lent);
    lent.fill(0);
    await upstreams[1].fail();
    clock.advance(DEADLINE_MS);
    await settle();
    expect(exchange.result).toEqual(reply(RCODE.SERVFAIL));
  });

  it('is not asked for twice of the same upstream: its SERVFAIL is passed on', async () => {
    const { pool, upstreams } = createPool('a');
    const exchange = ask(pool);
    const servfail = reply(RCODE.SERVFAIL);
    await upstreams[0].answer(servfail);
    expect(exchange.result).toEqual(servfail);
    expect(counts(upstreams)).toEqual([1]);
  });

  it('that never comes leaves the first reply to be passed on at the deadline', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    const exchange = ask(pool);
    const servfail = reply(RCODE.SERVFAIL);
    await upstreams[0].answer(servfail);
    clock.advance(DEADLINE_MS);
    await settle();
    expect(exchange.result).toEqual(servfail);
  });
});

describe('an upstream that failed', () => {
  it('is probed every second until it answers, which clears its penalty and is told', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    await upstreams[1].answer(GOOD);
    clock.advance(PROBE_EVERY_MS);
    expect(counts(upstreams)).toEqual([2, 1]);
    await upstreams[0].fail();
    clock.advance(PROBE_EVERY_MS);
    expect(counts(upstreams)).toEqual([3, 1]);
    expect(onRecovery).not.toHaveBeenCalled();
    await upstreams[0].answer(GOOD);
    expect(onRecovery).toHaveBeenCalledTimes(1);
    clock.advance(10 * PROBE_EVERY_MS);
    expect(counts(upstreams)).toEqual([3, 1]);
  });

  it('by one worthless reply is not stayed away from, and its next answer is no recovery', async () => {
    const { pool, upstreams } = createPool('a');
    const asked = ask(pool);
    upstreams[0].asked[0]!.reject(
      new UpstreamFailure('upstream-garbled', 'a: answered with a malformed message'),
    );
    await settle();
    expect(asked.result).toMatchObject({ code: 'upstream-garbled' });
    expect(pool.report()[0]).toMatchObject({ isUsable: true, failed: 1, failingForMs: null });
    ask(pool);
    await upstreams[0].answer(GOOD);
    expect(onRecovery).not.toHaveBeenCalled();
  });

  it('is probed with one probe at a time', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    clock.advance(5 * PROBE_EVERY_MS);
    expect(upstreams[0].asked).toHaveLength(2);
  });

  it('is not probed while nobody may be asked', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    mayAsk = false;
    clock.advance(5 * PROBE_EVERY_MS);
    expect(upstreams[0].asked).toHaveLength(1);
    mayAsk = true;
    clock.advance(PROBE_EVERY_MS);
    expect(upstreams[0].asked).toHaveLength(2);
  });

  it('is asked again by clients once its penalty has decayed, though no probe came back', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    for (let index = 0; index < 30; index += 1) {
      ask(pool);
      clock.advance(2);
      await upstreams[0].answer(GOOD);
    }
    ask(pool);
    await upstreams[0].fail();
    clock.advance(100);
    await upstreams[1].answer(GOOD);
    ask(pool);
    expect(counts(upstreams)).toEqual([31, 2]);
    clock.advance(100);
    await upstreams[1].answer(GOOD);
    clock.advance(120_000); // the probe that this starts hangs: twelve half-lives must do
    const before = counts(upstreams);
    ask(pool);
    expect(counts(upstreams)).toEqual([before[0]! + 1, before[1]!]);
  });

  it('is forgiven with all others, back-off included', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail();
    pool.forgive();
    for (const upstream of upstreams) expect(upstream.forgive).toHaveBeenCalledTimes(1);
    clock.advance(2 * PROBE_EVERY_MS);
    expect(upstreams[0].asked).toHaveLength(1);
  });
});

describe('the choice', () => {
  it('compares two different upstreams, whatever the dice say', async () => {
    for (const dice of [0, 0.3, 0.5, 0.99]) {
      const upstreams = ['a', 'b', 'c'].map((name) => new FakeUpstream(name));
      const random = () => dice;
      const pool = new UpstreamPool({ upstreams, clock, isUsable, onRecovery, random });
      pools.push(pool);
      ask(pool);
      const first = upstreams.find(({ asked }) => asked.length > 0)!;
      await first.fail();
      for (const upstream of upstreams)
        if (upstream !== first && upstream.asked.length > 0) await upstream.answer(GOOD);
      ask(pool);
      expect(first.asked).toHaveLength(1);
    }
  });

  it('asks nobody ahead of a query while nobody may be asked', () => {
    const { pool, upstreams } = createPool('a');
    mayAsk = false;
    pool.warm();
    expect(upstreams[0].asked).toHaveLength(0);
  });

  it('asks every upstream when it is warmed, once at a time, and hands close on', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    pool.warm();
    pool.warm();
    for (const upstream of upstreams) expect(upstream.asked).toHaveLength(1);
    await upstreams[0].answer(GOOD);
    await upstreams[1].fail();
    expect(pool.report().map(({ isUsable }) => isUsable)).toEqual([true, false]);
    pool.close();
    for (const upstream of upstreams) expect(upstream.close).toHaveBeenCalledTimes(1);
  });
});

describe('the report', () => {
  it('begins with nothing known, in the order of the configuration', () => {
    const fresh = { isUsable: true, rttMs: null, answered: 0, failed: 0, problem: null, failingForMs: null };
    expect(createPool('a', 'b').pool.report()).toEqual([
      { url: 'a', ...fresh },
      { url: 'b', ...fresh },
    ]);
  });

  it('counts answers and failures apart, and tells why until the next answer, in words that stand still', async () => {
    const { pool, upstreams } = createPool('a', 'b');
    ask(pool);
    await upstreams[0].fail('expired in 2021');
    clock.advance(40);
    await upstreams[1].answer(GOOD);
    expect(pool.report()).toEqual([
      {
        ...{ url: 'a', isUsable: false, rttMs: null, answered: 0, failed: 1 },
        ...{ problem: 'a expired in 2021', failingForMs: 40 },
      },
      { url: 'b', isUsable: true, rttMs: 40, answered: 1, failed: 0, problem: null, failingForMs: null },
    ]);
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].fail('is silent');
    expect(pool.report()[0]).toMatchObject({ failed: 2, problem: 'a expired in 2021' });
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].answer(GOOD);
    expect(pool.report()[0]).toMatchObject({ isUsable: true, answered: 1, failed: 2, problem: null });
  });

  it('tells at once what tells more: that somebody else answers, rather than that nobody does', async () => {
    const { pool, upstreams } = createPool('a');
    ask(pool);
    for (const code of ['upstream-silent', 'upstream-untrusted', 'upstream-unreachable'] as const) {
      upstreams[0].asked.at(-1)!.reject(new UpstreamFailure(code, code));
      await settle();
      clock.advance(PROBE_EVERY_MS);
    }
    expect(pool.report()[0]).toMatchObject({ problem: 'upstream-untrusted' });
  });

  it('tells what is known now of an address that is being looked for', async () => {
    const { pool, upstreams } = createPool('a');
    upstreams[0].isLocated = false;
    ask(pool);
    await upstreams[0].fail('is being looked up');
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].fail('has no address');
    expect(pool.report()[0]).toMatchObject({ problem: 'a has no address' });
  });

  it('tells for how long nothing has come, from the first failure on, whatever was forgiven in between', async () => {
    const { pool, upstreams } = createPool('a');
    ask(pool);
    clock.advance(5000);
    await upstreams[0].fail();
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].fail();
    expect(pool.report()[0]).toMatchObject({ failingForMs: PROBE_EVERY_MS });
    pool.forgive();
    expect(pool.report()[0]).toMatchObject({ failingForMs: null });
    pool.warm();
    await upstreams[0].fail();
    expect(pool.report()[0]).toMatchObject({ failingForMs: PROBE_EVERY_MS });
    clock.advance(PROBE_EVERY_MS);
    await upstreams[0].answer(GOOD);
    expect(pool.report()[0]).toMatchObject({ failingForMs: null });
    clock.advance(3000);
    ask(pool);
    await upstreams[0].fail();
    clock.advance(7);
    expect(pool.report()[0]).toMatchObject({ failingForMs: 7 });
  });

  it('tells no failure that is forgiven, and calls nobody usable who may not be asked', async () => {
    const { pool, upstreams } = createPool('a');
    ask(pool);
    await upstreams[0].fail();
    pool.forgive();
    expect(pool.report()[0]).toMatchObject({ isUsable: true, failed: 1, problem: null });
    mayAsk = false;
    expect(pool.report()[0]).toMatchObject({ isUsable: false });
  });
});
