// What goes no further, and with which response.

import { describe, expect, it } from 'vitest';
import { Answer, DROP } from '../../../src/dns/answer.ts';
import { Query } from '../../../src/dns/query.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { AccessList } from '../../../src/resolver/access-list.ts';
import { explainingGuard, guard } from '../../../src/resolver/guard.ts';
import type { Context } from '../../../src/resolver/resolver.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { ask, contextAt, queryBytes, render, see } from '../../support/messages.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const PASSED = Answer.ofRcode(0);
const CLASS_CH = 3;
const MOST_A_SECOND = 100;

function guarded() {
  const log = new RecordedLog();
  const limitLog = new LimitLog(log, new SimulatedClock());
  const limits = { udpQueriesPerClient: MOST_A_SECOND };
  const accessList = () => new AccessList(['loopback', 'private'], []);
  const link = guard({ accessList, limits, limitLog, log })({ resolve: () => PASSED });
  const said: string[] = [];
  const trace = { say: (by: string, detail: string) => void said.push(`${by}: ${detail}`) };
  const resolve = (query: Query, client = '192.168.1.2') =>
    link.resolve(query, contextAt(0, { client, trace })) as Answer;
  const resolveAt = (context: Partial<Context>, query = ask('www.example')) =>
    link.resolve(query, contextAt(0, { client: '192.168.1.2', ...context })) as Answer;
  return { log, limitLog, said, resolve, resolveAt };
}

function changed(change: (bytes: Buffer) => void): Query {
  const bytes = queryBytes('www.example', 'A', { edns: {} });
  change(bytes);
  return new Query(bytes);
}

describe('the guard', () => {
  const { resolve } = guarded();

  it.each(['A', 'AAAA', 'UNKNOWN_65', 'TXT', 'DS', 'UNKNOWN_127', 'UNKNOWN_256', 'UNKNOWN_65280'])(
    'lets a question of type %s through',
    (type) => {
      expect(resolve(ask('www.example', type))).toBe(PASSED);
    },
  );

  it.each<[string, number, Query]>([
    ['FORMERR for no question', 1, changed((bytes) => bytes.writeUInt16BE(0, 4))],
    ['FORMERR for two questions (RFC 9619)', 1, changed((bytes) => bytes.writeUInt16BE(2, 4))],
    ['FORMERR for a count that lies', 1, changed((bytes) => bytes.writeUInt16BE(1, 8))],
    ['NOTIMP for STATUS', 4, changed((bytes) => bytes.writeUInt16BE(2 << 11, 2))],
    [
      'NOTIMP for UPDATE, whatever its sections hold',
      4,
      changed((bytes) => bytes.fill(0xff, 4).writeUInt16BE(5 << 11, 2)),
    ],
    ['NOTIMP for NOTIFY', 4, changed((bytes) => bytes.writeUInt16BE(4 << 11, 2))],
    ['BADVERS for EDNS version 1', 16, ask('www.example', 'A', { edns: { version: 1 } })],
    ['REFUSED for class CH', 5, changed((bytes) => bytes.writeUInt16BE(CLASS_CH, bytes.length - 13))],
    ['REFUSED for AXFR', 5, ask('www.example', 'AXFR')],
    ['REFUSED for IXFR', 5, ask('www.example', 'IXFR')],
    ['NOTIMP for type OPT', 4, ask('www.example', 'OPT')],
    ['NOTIMP for TSIG and other meta types', 4, ask('www.example', 'TSIG')],
    ['NOTIMP for MAILB', 4, ask('www.example', 'UNKNOWN_253')],
    ['NOTIMP for type 128, the first of them', 4, ask('www.example', 'UNKNOWN_128')],
  ])('answers %s', (_, rcode, query) => {
    const answer = resolve(query);
    expect(answer.rcode).toBe(rcode);
    const response = see(render(answer, query));
    expect(response).toMatchObject({
      rcode,
      answers: [],
      question: query.questionEnd > 0 ? expect.stringContaining('www.example') : '',
    });
  });

  it('answers ANY with one HINFO record, in the letters of the client (RFC 8482 section 4.2)', () => {
    const query = ask('WWW.Example', 'ANY');
    const response = see(render(resolve(query), query));
    expect(response.answers).toEqual([expect.stringMatching(/^WWW.Example 3600 HINFO .*RFC8482/)]);
    expect(response.flags).not.toContain('AA');
  });

  it.each<[string, Query]>([
    ['malformed (FORMERR)', changed((bytes) => bytes.writeUInt16BE(2, 4))],
    ['opcode 4 is not served (NOTIMP)', changed((bytes) => bytes.writeUInt16BE(4 << 11, 2))],
    ['EDNS version 1 is not known (BADVERS)', ask('www.example', 'A', { edns: { version: 1 } })],
    ['class 3 is not served (REFUSED)', changed((bytes) => bytes.writeUInt16BE(CLASS_CH, bytes.length - 13))],
    ['zone transfers are not served (REFUSED)', ask('www.example', 'AXFR')],
    ['ANY is answered with one record for all (RFC 8482)', ask('www.example', 'ANY')],
    ['no record has the type TSIG (NOTIMP)', ask('www.example', 'TSIG')],
  ])('explains "%s"', (why, query) => {
    const { said, resolve: explained } = guarded();
    explained(query);
    expect(said).toEqual([`guard: ${why}`]);
  });

  it('gives no reason for a query that it lets pass', () => {
    const { said, resolve: explained } = guarded();
    explained(ask('www.example'));
    expect(said).toEqual([]);
  });

  it('drops responses and what is shorter than a header, before asking who it is', () => {
    expect(
      resolve(
        changed((bytes) => bytes.writeUInt8(0x80, 2)),
        '203.0.113.1',
      ),
    ).toBe(DROP);
    expect(resolve(new Query(Buffer.alloc(11)), '203.0.113.1')).toBe(DROP);
  });
});

describe('a client that is not allowed', () => {
  it('is refused with EDE 18, whatever it asks', () => {
    const { said, resolve } = guarded();
    for (const query of [
      ask('www.example'),
      ask('www.example', 'ANY'),
      changed((bytes) => bytes.writeUInt16BE(0, 4)),
    ]) {
      expect(resolve(query, '203.0.113.1')).toMatchObject({ rcode: 5, errors: [{ code: 18 }] });
    }
    expect(new Set(said)).toEqual(new Set(['guard: client not allowed (access.allow)']));
  });

  it('is logged once, with the line of config that would let it in', () => {
    const { log, resolve } = guarded();
    for (const client of ['203.0.113.1', '203.0.113.1', '2001:db8::1%eth0'])
      resolve(ask('www.example'), client);
    expect(log.lines.map(({ fields }) => fields.add)).toEqual([
      'access.allow: ["203.0.113.1/32"]',
      'access.allow: ["2001:db8::1/128"]',
    ]);
  });

  it('is not logged when 256 others have been', () => {
    const { log, resolve } = guarded();
    for (let at = 0; at < 300; at += 1) resolve(ask('www.example'), `203.0.${at >> 8}.${at & 255}`);
    expect(log.lines).toHaveLength(256);
  });
});

describe('the guard of what somebody asks to have explained', () => {
  it('judges as the other one does', () => {
    const accessList = () => new AccessList(['loopback', 'private'], []);
    const { resolve } = explainingGuard({ accessList })({ resolve: () => PASSED });
    const judged = (query: Query, client: string) => resolve(query, contextAt(0, { client }));
    expect(judged(ask('www.example'), '192.168.1.2')).toBe(PASSED);
    expect(judged(ask('www.example'), '203.0.113.1')).toMatchObject({ rcode: 5, errors: [{ code: 18 }] });
    expect(judged(ask('www.example', 'AXFR'), '192.168.1.2')).toMatchObject({ rcode: 5 });
  });
});

describe('a client that asks too often over UDP (reliability row 5)', () => {
  const many = (house: ReturnType<typeof guarded>, context: Partial<Context>, count: number) =>
    Array.from({ length: count }, () => house.resolveAt(context));

  it('is told to use TCP every second time, and gets nothing the other times', () => {
    const house = guarded();
    expect(new Set(many(house, {}, MOST_A_SECOND))).toEqual(new Set([PASSED]));
    const beyond = many(house, {}, 20);
    expect(beyond.filter((answer) => answer === DROP)).toHaveLength(10);
    const told = beyond.filter((answer) => answer !== DROP);
    const query = ask('www.example');
    for (const answer of told) {
      const response = see(render(answer, query));
      expect(response).toMatchObject({
        flags: 'QR TC RD RA',
        rcode: 0,
        answers: [],
        question: 'www.example A',
      });
    }
    expect(told).toHaveLength(10);
    expect(house.limitLog.times.get('limits.udp_queries_per_client')).toBe(20);
  });

  it('gets all its answers over TCP, and the others theirs over UDP', () => {
    const house = guarded();
    many(house, {}, 2 * MOST_A_SECOND);
    for (const transport of ['tcp', 'dot', 'doh'] as const)
      expect(house.resolveAt({ transport })).toBe(PASSED);
    expect(house.resolveAt({ client: '192.168.1.3' })).toBe(PASSED);
  });

  it('is answered again a second later', () => {
    const house = guarded();
    many(house, {}, 2 * MOST_A_SECOND);
    expect(house.resolveAt({ receivedAtMs: 999 })).not.toBe(PASSED);
    expect(house.resolveAt({ receivedAtMs: 1000 })).toBe(PASSED);
  });

  it('is slowed down before it is refused, so that a forged address outside draws nothing either', () => {
    const house = guarded();
    const outside = many(house, { client: '198.51.100.7' }, MOST_A_SECOND + 2);
    expect(outside.at(MOST_A_SECOND - 1)!.rcode).toBe(5);
    expect(outside.at(MOST_A_SECOND)).toBe(DROP);
  });

  it.each(['127.0.0.1', '::1'])('is not slowed down when it is this host itself, %s', (client) => {
    const house = guarded();
    expect(new Set(many(house, { client }, 3 * MOST_A_SECOND))).toEqual(new Set([PASSED]));
  });
});
