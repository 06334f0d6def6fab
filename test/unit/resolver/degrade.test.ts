// Stories of the whole chain while the clock is untrusted: time servers are found over relaxed connections, and what is
// learnt so stays apart from the cache and goes with the state. Strict answers are 192.0.2.1, relaxed 198.51.100.1.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClockState } from '../../../src/clock/clock.ts';
import { RCODE } from '../../../src/dns/codes.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { House } from '../../support/answer-path.ts';
import { aRecord, cnameRecord, FLAG, replyTo, type Seen, soaRecord } from '../../support/messages.ts';

const POOL = 'pool.ntp.org';
const WORLD = 'www.example';
const EDNS = { edns: {} };
const REASON = '14 clock untrusted: it is 1970';
const DEAD = new UpstreamFailure('upstream-unreachable', 'nobody is there');
const relaxedAt = (ttl: number, name = POOL) => `${name} ${ttl} A 198.51.100.1`;

let house: House;
beforeEach(() => {
  house = new House();
  loseDate();
});

function loseDate(): void {
  house.clock.setState('untrusted', null, 'it is 1970');
}

async function ask(...asked: Parameters<House['ask']>): Promise<Seen> {
  const seen = await house.ask(...asked);
  if (seen === 'dropped') throw new Error('the query was dropped');
  return seen;
}

/** Holds every relaxed query until `release`. */
function held(): { release: () => void } {
  const gate = Promise.withResolvers<void>();
  const then = house.relaxed;
  house.relaxed = async (query, name) => {
    await gate.promise;
    const did = await then(query, name);
    if (did instanceof Error) throw did;
    return Buffer.isBuffer(did) ? did : replyTo(query, did);
  };
  return { release: gate.resolve };
}

describe('the address of a time server, while the clock is untrusted', () => {
  it('is asked for over the relaxed upstreams and over no other', async () => {
    expect(await ask(POOL, 'A', EDNS)).toMatchObject({ answers: [relaxedAt(60)], errors: [] });
    await ask(POOL, 'AAAA');
    expect([house.sent.length, house.sentRelaxed.length]).toEqual([0, 2]);
  });

  it('is found where its name is a configured one, whatever letters the client uses', async () => {
    const name = 'clock.example';
    expect((await ask(name)).rcode).toBe(RCODE.SERVFAIL);
    house.timeServerNames = new Set([nameKey(name)]);
    expect((await ask('CLOCK.Example')).answers).toEqual([expect.stringMatching(/ 60 A 198\.51\.100\.1$/)]);
  });

  it('is explained: how it was asked for, or that it was kept', async () => {
    const said: string[] = [];
    const trace = { say: (link: string, detail: string) => void said.push(`${link}: ${detail}`) };
    const explained = () => house.ask(POOL, 'A', {}, { trace });
    const how = "degrade: time server's name, asked for over relaxed connections";
    await explained();
    expect(said.splice(0)).toEqual([how]);
    await explained();
    expect(said.splice(0)).toEqual([how, 'degrade: kept answer, TTL left 60 s']);
    house.clock.setState('provisional');
    await house.ask(POOL);
    loseDate();
    await explained();
    expect(said).toEqual(['cache: kept answer of the time before the clock was untrusted']);
  });

  it('comes with the CNAMEs that lead to it, all of them with 60 s at most, and without AD', async () => {
    house.relaxed = (_, name) => ({
      flags: FLAG.AD | FLAG.AA,
      answers: [cnameRecord(name, 'there.example', 86_400), aRecord('there.example', '198.51.100.1', 20)],
      authorities: [soaRecord('example')],
      additionals: [aRecord('ns.example')],
    });
    expect(await ask(POOL, 'A', { flags: FLAG.RD | FLAG.AD })).toMatchObject({
      flags: 'QR RD RA',
      answers: [`${POOL} 60 CNAME there.example`, 'there.example 20 A 198.51.100.1'],
      authorities: [expect.stringMatching(/^example 60 SOA/)],
      additionals: [],
    });
  });

  it('is kept for its TTL, 60 s at most, and then asked for again, never given stale', async () => {
    await ask(POOL);
    house.clock.advance(59_999);
    expect((await ask(POOL)).answers).toEqual([relaxedAt(1)]);
    expect(house.sentRelaxed).toHaveLength(1);
    house.clock.advance(1);
    expect((await ask(POOL)).answers).toEqual([relaxedAt(60)]);
    expect(house.sentRelaxed).toHaveLength(2);
    house.clock.advance(60_000);
    house.relaxed = () => DEAD;
    expect((await ask(POOL)).rcode).toBe(RCODE.SERVFAIL);
  });

  it('that is not there is answered so, for 60 s at most', async () => {
    house.relaxed = () => ({ rcode: 3, authorities: [soaRecord('ntp.org', 900, 900)] });
    for (const stepMs of [0, 59_999, 1]) {
      house.clock.advance(stepMs);
      expect((await ask(POOL)).rcode).toBe(RCODE.NXDOMAIN);
    }
    expect(house.sentRelaxed).toHaveLength(2);
  });

  it('is found behind a CNAME of the house', async () => {
    house.timeServerNames = new Set([nameKey('elsewhere.example')]);
    expect((await ask('www.home.arpa')).answers.map((answer) => answer.toLowerCase())).toEqual([
      'www.home.arpa 300 cname elsewhere.example',
      'elsewhere.example 60 a 198.51.100.1',
    ]);
  });

  it('is what the cache still has fresh, which was learnt under strict verification', async () => {
    house.clock.setState('provisional');
    await ask(POOL);
    loseDate();
    house.clock.advance(299_999);
    expect(await ask(POOL, 'A', EDNS)).toMatchObject({ answers: [`${POOL} 1 A 192.0.2.1`], errors: [] });
    house.clock.advance(1);
    expect((await ask(POOL)).answers).toEqual([relaxedAt(60)]);
  });

  it('is a stale one where no relaxed upstream answers, and says so', async () => {
    house.clock.setState('provisional');
    await ask(POOL);
    house.clock.advance(300_000);
    loseDate();
    for (const failure of [DEAD, { rcode: RCODE.SERVFAIL }]) {
      house.relaxed = () => failure;
      expect(await ask(POOL, 'A', EDNS)).toMatchObject({
        answers: [`${POOL} 30 A 192.0.2.1`],
        errors: ['3', REASON],
      });
      house.clock.advance(1000);
    }
  });

  it('that cannot be had gives the reason and what the upstreams said, which is remembered for a second', async () => {
    house.relaxed = () => DEAD;
    const failure = { rcode: RCODE.SERVFAIL, answers: [] };
    expect(await ask(POOL, 'A', EDNS)).toMatchObject({ ...failure, errors: [REASON, '23 nobody is there'] });
    house.clock.advance(999);
    expect((await ask(POOL, 'A', EDNS)).errors).toEqual([REASON, '23 nobody is there', '13']);
    expect(house.sentRelaxed).toHaveLength(1);
    house.clock.advance(1);
    house.relaxed = (_, name) => ({ answers: [aRecord(name, '198.51.100.1')] });
    expect((await ask(POOL)).answers).toEqual([relaxedAt(60)]);
  });

  it('is told from a bug of ours, which is no reason to say anything about the clock', async () => {
    house.relaxed = () => new TypeError('undefined is not a function');
    expect((await ask(POOL, 'A', EDNS)).errors).toEqual(['0 internal error']);
    expect(house.log.lines).toHaveLength(1);
  });
});

describe('what is not asked for, while the clock is untrusted', () => {
  it.each([
    [WORLD, 'A'],
    ['pool.ntp.org.evil.example', 'A'],
    ['notpool.ntp.org', 'A'],
    ['ntp.org', 'AAAA'],
    [POOL, 'HTTPS'],
    [POOL, 'TXT'],
    [POOL, 'NS'],
    ['_ntp._udp.pool.ntp.org', 'SRV'],
    ['time.cloudflare.com', 'DNSKEY'],
  ])('%s %s gets EDE 14, and nothing leaves', async (name, type) => {
    expect(await ask(name, type === 'HTTPS' ? 'UNKNOWN_65' : type, EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: [REASON],
    });
    expect([house.sent, house.sentRelaxed]).toEqual([[], []]);
  });

  it('gets a stale answer if there is one, also of a time server', async () => {
    house.clock.setState('provisional');
    house.upstreams = () => ({ authorities: [soaRecord('ntp.org', 300, 300)] });
    await ask(POOL, 'TXT');
    house.clock.advance(300_000);
    loseDate();
    expect((await ask(POOL, 'TXT', EDNS)).errors).toEqual(['3', REASON]);
    expect(house.sentRelaxed).toEqual([]);
  });
});

describe('leaving the state', () => {
  it.each(['synchronized', 'holdover', 'provisional'] as const)(
    'to %s forgets at once what was learnt in it, and relaxed upstreams are asked no more',
    async (state) => {
      await ask(POOL);
      house.clock.setState(state);
      expect((await ask(POOL)).answers).toEqual([`${POOL} 300 A 192.0.2.1`]);
      expect([house.sent.length, house.sentRelaxed.length]).toEqual([1, 1]);
    },
  );

  it('and coming back begins with nothing', async () => {
    await ask(POOL);
    house.clock.setState('provisional');
    loseDate();
    await ask(POOL);
    expect(house.sentRelaxed).toHaveLength(2);
  });

  it('makes who waits in it wait for a strict answer instead, whether the relaxed one comes or fails', async () => {
    for (const relaxed of [house.relaxed, () => DEAD]) {
      house.relaxed = relaxed;
      const { release } = held();
      const waiting = ask(POOL, 'A', EDNS);
      house.clock.setState('provisional');
      release();
      expect(await waiting).toMatchObject({ answers: [`${POOL} 300 A 192.0.2.1`], errors: [] });
      house.clock.advance(300_000);
      loseDate();
    }
  });

  it('leaves nothing in the table of the next stay, though an answer of the last one comes in it', async () => {
    const { release } = held();
    const waiting = ask(POOL, 'A', EDNS);
    house.clock.setState('provisional');
    loseDate();
    release();
    expect((await waiting).errors).toEqual([REASON]);
    await ask(POOL);
    expect(house.sentRelaxed).toHaveLength(2);
  });
});

describe('the two tables', () => {
  it('never mix, whatever is asked in whatever state', async () => {
    const names = [POOL, '1.pool.ntp.org', 'time.apple.com', WORLD];
    const states: readonly ClockState[] = ['untrusted', 'provisional', 'synchronized', 'holdover'];
    const step = fc.record({
      name: fc.constantFrom(...names),
      state: fc.constantFrom(...states),
      waitMs: fc.constantFrom(0, 1000, 59_999, 60_000, 299_000, 300_000),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        house = new House();
        for (const { name, state, waitMs } of steps) {
          house.clock.advance(waitMs);
          house.clock.setState(state, undefined, 'it is 1970');
          const [sent, sentRelaxed] = [house.sent.length, house.sentRelaxed.length];
          const seen = await ask(name, 'A', EDNS);
          const [answer = ''] = seen.answers;
          const isRelaxed = answer.endsWith('198.51.100.1');
          if (state === 'untrusted') {
            expect(house.sent).toHaveLength(sent);
            if (name === WORLD) expect(isRelaxed).toBe(false);
            else expect(answer).not.toBe('');
          } else {
            expect(isRelaxed).toBe(false);
            expect(house.sentRelaxed).toHaveLength(sentRelaxed);
            expect(seen.errors).toEqual([]);
          }
          if (isRelaxed) expect(Number(answer.split(' ')[1])).toBeLessThanOrEqual(60);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of what is learnt in this state, nothing comes to the cache', async () => {
    await ask(POOL);
    await ask('time.apple.com', 'AAAA');
    expect(house.store.entries).toBe(0);
  });
});

describe('equal questions in flight over the relaxed upstreams', () => {
  it('cost one query, and each client gets its own answer', async () => {
    const { release } = held();
    const asked = Array.from({ length: 20 }, (_, at) =>
      ask(at % 2 ? POOL : 'Pool.NTP.org', 'A', { id: at }, { client: `192.168.1.${at}` }),
    );
    release();
    const seen = await Promise.all(asked);
    expect(house.sentRelaxed).toHaveLength(1);
    expect(seen.map(({ id }) => id)).toEqual([...seen.keys()]);
    expect(seen[0]!.question).toBe('Pool.NTP.org A');
  });

  it('are limited by client and in all, and the others are not harmed', async () => {
    house = new House({ pendingQueries: 3, pendingQueriesPerClient: 2 });
    loseDate();
    const { release } = held();
    const from = (client: string, at: number) => ask(`${at}.pool.ntp.org`, 'A', EDNS, { client });
    const waiting = [from('10.0.0.1', 1), from('10.0.0.1', 2)];
    expect((await from('10.0.0.1', 3)).errors).toEqual(['0 too many of your queries are waiting']);
    waiting.push(from('10.0.0.2', 3));
    expect((await from('10.0.0.3', 4)).errors).toEqual(['0 too many queries are waiting']);
    expect((await ask('nas.home.arpa')).rcode).toBe(RCODE.NOERROR);
    release();
    expect((await Promise.all(waiting)).map(({ rcode }) => rcode)).toEqual([0, 0, 0]);
    expect((await from('10.0.0.3', 4)).rcode).toBe(RCODE.NOERROR);
  });
});

describe('the table', () => {
  it('is bounded, whatever names below the pool are asked, and the newest stay', async () => {
    const COUNT = 3000;
    for (let at = 0; at < COUNT; at += 1) await ask(`n${at}.pool.ntp.org`);
    await ask(`n${COUNT - 1}.pool.ntp.org`);
    expect(house.sentRelaxed).toHaveLength(COUNT);
    await ask('n0.pool.ntp.org');
    expect(house.sentRelaxed).toHaveLength(COUNT + 1);
  });
});
