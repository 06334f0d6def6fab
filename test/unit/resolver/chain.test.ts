// Stories of the whole chain, as app.ts folds it: what a client sees while time passes, upstreams fail and come back,
// and the clock loses and finds the date.

import { beforeEach, describe, expect, it } from 'vitest';
import { DROP } from '../../../src/dns/answer.ts';
import { RCODE } from '../../../src/dns/codes.ts';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { House, type Upstreams } from '../../support/answer-path.ts';
import {
  aRecord,
  cnameRecord,
  extendedError,
  FLAG,
  queryBytes,
  replyTo,
  type Seen,
  soaRecord,
} from '../../support/messages.ts';

const NAME = 'www.example';
const EDNS = { edns: {} };
const DEAD = new UpstreamFailure('upstream-silent', 'no upstream answered in time');

let house: House;
beforeEach(() => {
  house = new House();
});

async function ask(...asked: Parameters<House['ask']>): Promise<Seen> {
  const seen = await house.ask(...asked);
  if (seen === 'dropped') throw new Error('the query was dropped');
  return seen;
}

/** Holds every upstream query until `release`. */
function held(then: Upstreams = (_, name) => ({ answers: [aRecord(name)] })): { release: () => void } {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  house.upstreams = async (query, name) => {
    await gate;
    const did = await then(query, name);
    if (did instanceof Error) throw did;
    return Buffer.isBuffer(did) ? did : replyTo(query, did);
  };
  return { release };
}

describe('a name of the world', () => {
  it('is asked for once, ages second by second, and is asked for again when its TTL is over', async () => {
    const ttls: string[] = [];
    for (const stepMs of [0, 999, 1, 268_999]) {
      house.clock.advance(stepMs);
      ttls.push((await ask(NAME)).answers[0]!);
    }
    expect(ttls).toEqual([300, 300, 299, 31].map((ttl) => `${NAME} ${ttl} A 192.0.2.1`));
    expect(house.sent).toHaveLength(1);
    house.clock.advance(30_001);
    expect((await ask(NAME)).answers).toEqual([`${NAME} 300 A 192.0.2.1`]);
    expect(house.sent).toHaveLength(2);
  });

  it('never notices that somebody sets the date', async () => {
    await ask(NAME);
    house.clock.setSystemClock(0);
    expect((await ask(NAME)).answers).toEqual([`${NAME} 300 A 192.0.2.1`]);
    expect(house.sent).toHaveLength(1);
  });

  it('is asked for every time where its TTL is 0', async () => {
    house.upstreams = (_, name) => ({ answers: [aRecord(name, '192.0.2.1', 0)] });
    await ask(NAME);
    expect((await ask(NAME)).answers).toEqual([`${NAME} 0 A 192.0.2.1`]);
    expect(house.sent).toHaveLength(2);
  });

  it('is answered in the letters of each client (0x20), and leaves the house in lower case', async () => {
    expect((await ask('wWw.ExAmPlE')).question).toBe('wWw.ExAmPlE A');
    expect((await ask('WWW.example')).question).toBe('WWW.example A');
    expect(house.sent.map((sent) => sent.subarray(13, 16).toString())).toEqual(['www']);
  });

  it('of a JavaScript kind is a name like any other (reliability row 22)', async () => {
    for (const name of ['__proto__.example', 'constructor.example', 'hasOwnProperty.example']) {
      await ask(name);
      expect((await ask(name)).rcode).toBe(RCODE.NOERROR);
    }
    expect(house.sent).toHaveLength(3);
  });

  it('has AD for who asked and not for who did not, from one entry', async () => {
    house.upstreams = (_, name) => ({ flags: FLAG.AD, answers: [aRecord(name)] });
    expect((await ask(NAME)).flags).toBe('QR RD RA');
    expect((await ask(NAME, 'A', { flags: FLAG.RD | FLAG.AD })).flags).toBe('QR RD RA AD');
    expect(house.sent).toHaveLength(1);
  });

  it('is another entry with DO, with CD, and with both', async () => {
    const clients = [{}, { edns: { dnssecOk: true } }, { flags: FLAG.RD | FLAG.CD }];
    for (const client of [...clients, { ...clients[1], ...clients[2] }]) {
      await ask(NAME, 'A', client);
      await ask(NAME, 'A', client);
    }
    expect(house.sent).toHaveLength(4);
    expect(house.sent.map((sent) => (sent.readUInt16BE(2) & FLAG.CD) !== 0)).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  it('is refused where recursion is not desired, cached or not, and nothing leaves', async () => {
    await ask(NAME);
    const cached = await ask(NAME, 'A', { flags: 0, ...EDNS });
    const fresh = await ask('other.example', 'A', { flags: 0, ...EDNS });
    expect([cached, fresh]).toMatchObject(
      Array(2).fill({ rcode: RCODE.REFUSED, answers: [], errors: [expect.stringMatching(/^20 /)] }),
    );
    expect(house.sent).toHaveLength(1);
  });
});

describe('a name that is not there', () => {
  it("is remembered for the SOA's minimum, its TTL counted down (RFC 2308)", async () => {
    house.upstreams = () => ({ rcode: 3, authorities: [soaRecord('example', 60, 60)] });
    expect(await ask(NAME)).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      authorities: [expect.stringMatching(/^example 60 SOA/)],
    });
    house.clock.advance(59_999);
    expect((await ask(NAME)).authorities[0]).toMatch(/^example 1 SOA/);
    house.clock.advance(1);
    await ask(NAME);
    expect(house.sent).toHaveLength(2);
  });

  it('behind a CNAME keeps the CNAME, and is remembered as long as the least of all', async () => {
    house.upstreams = (_, name) => ({
      rcode: 3,
      answers: [cnameRecord(name, 'gone.example', 20)],
      authorities: [soaRecord('example', 900, 60)],
    });
    await ask(NAME);
    house.clock.advance(19_000);
    expect(await ask(NAME)).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      answers: [`${NAME} 1 CNAME gone.example`],
    });
    house.clock.advance(1000);
    await ask(NAME);
    expect(house.sent).toHaveLength(2);
  });

  it.each<[string, Parameters<typeof replyTo>[1]]>([
    ['NXDOMAIN', { rcode: 3 }],
    ['NODATA', {}],
    ['a CNAME that leads to nothing', { answers: [cnameRecord(NAME, 'gone.example', 300)] }],
  ])('is not remembered where %s comes without a SOA', async (_, reply) => {
    house.upstreams = () => reply!;
    await ask(NAME);
    await ask(NAME);
    expect(house.sent).toHaveLength(2);
  });
});

describe('when upstreams fail', () => {
  it('the failure is remembered for a second and says so (RFC 9520), then they are asked again', async () => {
    house.upstreams = () => DEAD;
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: ['22 no upstream answered in time'],
    });
    house.clock.advance(999);
    expect((await ask(NAME, 'A', EDNS)).errors).toEqual(['22 no upstream answered in time', '13']);
    expect(house.sent).toHaveLength(1);
    house.clock.advance(1);
    await ask(NAME);
    expect(house.sent).toHaveLength(2);
  });

  it('one that is back makes the failure forgotten at once', async () => {
    house.upstreams = () => DEAD;
    await ask(NAME);
    house.upstreams = (_, name) => ({ answers: [aRecord(name)] });
    house.failures.forget(); // what app.ts has the pool call on a recovery
    expect((await ask(NAME)).rcode).toBe(RCODE.NOERROR);
  });

  it.each([RCODE.SERVFAIL, RCODE.REFUSED])('an RCODE %i of theirs is remembered too', async (rcode) => {
    house.upstreams = () => ({ rcode, edns: { options: [extendedError(6, 'bogus')] } });
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({ rcode, errors: ['6 bogus'] });
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({ rcode, errors: ['6 bogus', '13'] });
    expect(house.sent).toHaveLength(1);
  });

  it.each([
    [RCODE.FORMERR, 0, 'FORMERR'],
    [RCODE.NOTIMP, 0, 'NOTIMP'],
    [0, 1, 'BADVERS'],
    [15, 0, 'RCODE15'],
  ])(
    'an RCODE %i, %i of theirs, which speaks of our query and not of the client',
    async (rcode, extendedRcode, name) => {
      house.upstreams = () => ({ rcode, edns: { extendedRcode } });
      expect(await ask(NAME, 'A', EDNS)).toMatchObject({
        rcode: RCODE.SERVFAIL,
        errors: [`23 an upstream answered ${name}`],
      });
    },
  );

  it('an answer that is still good is given out all the same', async () => {
    await ask(NAME);
    house.upstreams = () => DEAD;
    expect((await ask(NAME)).rcode).toBe(RCODE.NOERROR);
  });

  it('a malformed reply is a failure and not a bug', async () => {
    house.upstreams = (query) => replyTo(query, { answers: [aRecord(NAME)] }).subarray(0, -1);
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: [expect.stringMatching(/^23 /)],
    });
    expect(house.log.lines).toEqual([]);
  });
});

describe('equal questions in flight', () => {
  it('cost one upstream query, and each client gets its own answer', async () => {
    const { release } = held();
    const asked = Array.from({ length: 20 }, (_, at) =>
      ask(at % 2 ? NAME : 'WWW.example', 'A', { id: at }, { client: `192.168.1.${at}` }),
    );
    release();
    const seen = await Promise.all(asked);
    expect(house.sent).toHaveLength(1);
    expect(seen.map(({ id }) => id)).toEqual([...seen.keys()]);
    expect(seen[0]!.question).toBe('WWW.example A');
  });

  it('fail together, and the next one asks anew', async () => {
    const { release } = held(() => DEAD);
    const asked = [ask(NAME), ask(NAME)];
    release();
    expect((await Promise.all(asked)).map(({ rcode }) => rcode)).toEqual([2, 2]);
    house.failures.forget();
    await ask(NAME);
    expect(house.sent).toHaveLength(2);
  });

  it('beyond the limit of one client are answered SERVFAIL at once, other clients are not, and it ends', async () => {
    house = new House({ pendingQueries: 10, pendingQueriesPerClient: 2 });
    const { release } = held();
    const from = (client: string, at: number) => ask(`n${at}.example`, 'A', EDNS, { client });
    const waiting = [from('10.0.0.1', 1), from('10.0.0.1', 2)];
    expect(await from('10.0.0.1', 3)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: ['0 too many of your queries are waiting'],
    });
    waiting.push(from('10.0.0.2', 4));
    release();
    expect((await Promise.all(waiting)).map(({ rcode }) => rcode)).toEqual([0, 0, 0]);
    expect((await from('10.0.0.1', 3)).rcode).toBe(RCODE.NOERROR); // no failure was remembered: it was not the upstream's
  });

  it('beyond the limit of all are answered SERVFAIL, and a hit or an internal name is not', async () => {
    house = new House({ pendingQueries: 2, pendingQueriesPerClient: 2 });
    await ask(NAME);
    const { release } = held();
    const waiting = [
      ask('a.example', 'A', {}, { client: '10.0.0.1' }),
      ask('b.example', 'A', {}, { client: '10.0.0.2' }),
    ];
    expect((await ask('c.example', 'A', EDNS)).errors).toEqual(['0 too many queries are waiting']);
    expect((await ask(NAME)).rcode).toBe(RCODE.NOERROR);
    expect((await ask('nas.home.arpa')).rcode).toBe(RCODE.NOERROR);
    release();
    await Promise.all(waiting);
  });
});

describe('while the clock is untrusted', () => {
  beforeEach(() => house.clock.setState('untrusted', null, 'the system clock says 1970-01-01'));

  it('a name of the world gets EDE 14 with the reason, and nothing leaves', async () => {
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: ['14 clock untrusted: the system clock says 1970-01-01'],
    });
    expect(house.sent).toEqual([]);
  });

  it('internal names, our own and the special ones are answered as ever', async () => {
    expect((await ask('nas.home.arpa')).answers).toEqual(['nas.home.arpa 300 A 192.168.1.20']);
    expect((await ask('dns.home.example', 'A', {}, { localAddress: '192.168.1.2' })).answers).toEqual([
      'dns.home.example 60 A 192.168.1.2',
    ]);
    expect((await ask('localhost')).answers).toEqual(['localhost 86400 A 127.0.0.1']);
  });

  it('no failure is remembered beyond it', async () => {
    await ask(NAME);
    house.clock.setState('provisional');
    expect((await ask(NAME)).rcode).toBe(RCODE.NOERROR);
  });

  it('an answer of before that is still good is given out', async () => {
    house.clock.setState('provisional');
    await ask(NAME);
    house.clock.setState('untrusted');
    house.clock.advance(299_999);
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({ answers: [`${NAME} 1 A 192.0.2.1`], errors: [] });
  });
});

describe('a stale answer (RFC 8767)', () => {
  const WEEK_MS = 7 * 86_400_000;
  const REASON = '14 clock untrusted: the system clock says 1970-01-01';
  const loseDate = () => house.clock.setState('untrusted', null, 'the system clock says 1970-01-01');

  it('is given while the clock is untrusted, with 30 s, EDE 3 and the reason, and nothing leaves', async () => {
    house.upstreams = (_, name) => ({
      flags: FLAG.AD,
      answers: [cnameRecord(name, 'there.example', 86_000), aRecord('there.example')],
    });
    await ask(NAME);
    house.clock.advance(300_000);
    loseDate();
    expect(await ask(NAME, 'A', { flags: FLAG.RD | FLAG.AD, ...EDNS })).toMatchObject({
      rcode: RCODE.NOERROR,
      flags: 'QR RD RA',
      answers: [`${NAME} 30 CNAME there.example`, 'there.example 30 A 192.0.2.1'],
      errors: ['3', REASON],
    });
    expect(house.sent).toHaveLength(1);
  });

  it('that a name is not there says EDE 19', async () => {
    house.upstreams = () => ({ rcode: 3, authorities: [soaRecord('example', 60, 60)] });
    await ask(NAME);
    house.clock.advance(60_000);
    loseDate();
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      authorities: [expect.stringMatching(/^example 30 SOA/)],
      errors: ['19', REASON],
    });
  });

  it('is given for seven days and not a moment longer', async () => {
    await ask(NAME);
    loseDate();
    house.clock.advance(300_000 + WEEK_MS - 1);
    expect((await ask(NAME, 'A', EDNS)).errors).toEqual(['3', REASON]);
    house.clock.advance(1);
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      answers: [],
      errors: [REASON],
    });
  });

  it.each(['synchronized', 'holdover', 'provisional'] as const)(
    'is not given while the clock is %s',
    async (state) => {
      await ask(NAME);
      house.clock.advance(300_000);
      house.clock.setState(state);
      expect(await ask(NAME, 'A', EDNS)).toMatchObject({ answers: [`${NAME} 300 A 192.0.2.1`], errors: [] });
      expect(house.sent).toHaveLength(2);
    },
  );

  it('does not stay: the state left, the name is asked for again', async () => {
    await ask(NAME);
    house.clock.advance(300_000);
    loseDate();
    await ask(NAME);
    house.clock.setState('provisional');
    expect((await ask(NAME, 'A', EDNS)).answers).toEqual([`${NAME} 300 A 192.0.2.1`]);
  });

  it('is not made of a failure, and is not kept from anybody by one', async () => {
    house.upstreams = () => DEAD;
    await ask('never.example');
    house.upstreams = (_, name) => ({ answers: [aRecord(name)] });
    await ask(NAME);
    house.clock.advance(300_000);
    house.upstreams = () => DEAD;
    await ask(NAME);
    loseDate();
    expect((await ask(NAME, 'A', EDNS)).errors).toEqual(['3', REASON]);
    expect((await ask('never.example', 'A', EDNS)).errors).toEqual([REASON]);
  });

  it('keeps the extended errors that its upstream gave', async () => {
    house.upstreams = (_, name) => ({
      answers: [aRecord(name)],
      edns: { options: [extendedError(4, 'forged')] },
    });
    await ask(NAME);
    house.clock.advance(300_000);
    loseDate();
    expect((await ask(NAME, 'A', EDNS)).errors).toEqual(['4 forged', '3', REASON]);
  });

  it('is given behind a CNAME of ours too', async () => {
    await ask('www.home.arpa');
    house.clock.advance(300_000);
    loseDate();
    const seen = await ask('www.home.arpa', 'A', EDNS);
    expect(seen.answers.map((answer) => answer.toLowerCase())).toEqual([
      'www.home.arpa 300 cname elsewhere.example',
      'elsewhere.example 30 a 192.0.2.1',
    ]);
    expect(seen.errors).toEqual(['3', REASON]);
  });
});

describe('a CNAME of ours', () => {
  it('within the house is followed, with AA', async () => {
    const seen = await ask('files.home.arpa');
    expect(seen.answers).toEqual([
      'files.home.arpa 300 CNAME nas.home.arpa',
      'nas.home.arpa 300 A 192.168.1.20',
    ]);
    expect(seen.flags).toContain('AA');
    expect(house.sent).toEqual([]);
  });

  it('that leads to the world is followed there, and what came from there ages', async () => {
    house.upstreams = (_, name) => ({ flags: FLAG.AD, answers: [aRecord(name, '192.0.2.9', 100)] });
    await ask('www.home.arpa');
    house.clock.advance(40_000);
    const seen = await ask('WWW.home.arpa', 'A', { flags: FLAG.RD | FLAG.AD });
    expect(seen.answers.map((answer) => answer.toLowerCase())).toEqual([
      'www.home.arpa 300 cname elsewhere.example',
      'elsewhere.example 60 a 192.0.2.9',
    ]);
    expect(seen).toMatchObject({ question: 'WWW.home.arpa A', flags: 'QR RD RA' });
    expect(house.sent).toHaveLength(1);
  });

  it('that leads to a name that is not there gives NXDOMAIN with the CNAME and the SOA', async () => {
    house.upstreams = () => ({ rcode: 3, authorities: [soaRecord('example', 900, 60)] });
    const seen = await ask('www.home.arpa');
    expect(seen).toMatchObject({
      rcode: RCODE.NXDOMAIN,
      authorities: [expect.stringMatching(/^example 900 SOA/)],
    });
    expect(seen.answers[0]).toMatch(/^www.home.arpa 300 CNAME/);
  });

  it('that leads to a failure gives that failure, without the records of an answer to another question', async () => {
    house.upstreams = (query) => failureWithRecords(query);
    const seen = await ask('www.home.arpa', 'A', EDNS);
    expect(seen).toMatchObject({ rcode: RCODE.SERVFAIL, answers: [], authorities: [], errors: ['22 lame'] });
  });

  it('carries the extended errors of what it leads to', async () => {
    house.upstreams = (_, name) => ({
      answers: [aRecord(name)],
      edns: { options: [extendedError(3, 'stale')] },
    });
    expect((await ask('www.home.arpa', 'A', EDNS)).errors).toEqual(['3 stale']);
  });

  it('that leads to the world is given alone where recursion is not desired', async () => {
    await ask('www.home.arpa');
    const seen = await ask('www.home.arpa', 'A', { flags: 0 });
    expect(seen).toMatchObject({ rcode: RCODE.NOERROR, answers: [expect.stringMatching(/CNAME/)] });
    expect(house.sent).toHaveLength(1);
  });

  it('while the clock is untrusted gives EDE 14', async () => {
    house.clock.setState('untrusted');
    expect((await ask('www.home.arpa', 'A', EDNS)).errors).toEqual([expect.stringMatching(/^14 /)]);
  });

  it('with more behind it than a message holds gives SERVFAIL, and is no bug', async () => {
    house.upstreams = (query) => manyPointers(query);
    const seen = await ask('www.home.arpa', 'NS', EDNS);
    expect(seen.rcode).toBe(RCODE.SERVFAIL);
    expect(house.log.lines).toEqual([]);
  });

  it('that leads to itself gives SERVFAIL', async () => {
    expect(await ask('loop.home.arpa', 'A', EDNS)).toMatchObject({
      rcode: RCODE.SERVFAIL,
      errors: [expect.stringMatching(/loop/)],
    });
  });
});

describe('what is not answered', () => {
  it.each([
    ['a response', queryBytes(NAME).fill(0x80, 2, 3)],
    ['less than a header', Buffer.alloc(11)],
    ['nothing at all', Buffer.alloc(0)],
  ])('%s is dropped, from anybody', async (_, octets) => {
    expect(await house.answerTo(octets)).toBe(DROP);
    expect(await house.answerTo(octets, { client: '203.0.113.9' })).toBe(DROP);
  });
});

describe('a bug in a link', () => {
  it('becomes SERVFAIL and a log line, and the next query is answered', async () => {
    house.upstreams = () => {
      throw new TypeError('undefined is not a function');
    };
    expect(await ask(NAME, 'A', EDNS)).toMatchObject({ rcode: RCODE.SERVFAIL, errors: ['0 internal error'] });
    expect(house.log.lines).toMatchObject([
      { line: expect.stringMatching(/^error a bug/), fields: { name: `${NAME}.` } },
    ]);
    expect((await ask('nas.home.arpa')).rcode).toBe(RCODE.NOERROR);
  });
});

/** SERVFAIL with a record whose owner is a pointer to the question, as real servers write it. */
function failureWithRecords(query: Buffer): Buffer {
  const reply = replyTo(query, { rcode: 2, edns: { options: [extendedError(22, 'lame')] } });
  const questionEnd = query.indexOf(Buffer.of(0, 0, 41));
  const ns = Buffer.from('c00c000200010000003c0002c00c', 'hex');
  reply.writeUInt16BE(1, 8);
  return Buffer.concat([reply.subarray(0, questionEnd), ns, reply.subarray(questionEnd)]);
}

/** 5,000 NS records that are short by compression and would be over 65,535 octets without it. */
function manyPointers(query: Buffer): Buffer {
  const questionEnd = query.indexOf(Buffer.of(0, 0, 41));
  const ns = Buffer.from('c00c000200010000003c0002c00c', 'hex');
  const reply = Buffer.concat([query.subarray(0, questionEnd), ...Array.from({ length: 4500 }, () => ns)]);
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(4500, 6);
  reply.writeUInt16BE(0, 10);
  return reply;
}
