// How this server finds its own time sources: through the same chain as everybody's queries, and through nothing else.

import { beforeEach, describe, expect, it } from 'vitest';
import { UpstreamFailure } from '../../../src/dns/failures.ts';
import { nameKey } from '../../../src/dns/names.ts';
import type { Query } from '../../../src/dns/query.ts';
import { type FoundText, lookUpAddresses, lookUpText } from '../../../src/resolver/own-lookup.ts';
import type { Context, Resolver } from '../../../src/resolver/resolver.ts';
import { House } from '../../support/answer-path.ts';
import { giving } from '../../support/late.ts';
import { aRecord, cnameRecord, OPTION, type ReplyParts, soaRecord } from '../../support/messages.ts';

const NAME = 'ntp.example';

let house: House;
beforeEach(() => {
  house = new House();
});

const aaaaRecord = (data: string) => ({ type: 'AAAA', name: NAME, ttl: 300, data }) as const;
const lookUp = (name = NAME) => lookUpAddresses(house.resolver, name, house.clock);

/** What the upstreams say to A, and to AAAA. */
function say(a: ReplyParts | Error, aaaa: ReplyParts | Error): void {
  house.upstreams = (query) => (query.includes(Buffer.of(0, 28, 0, 1)) ? aaaa : a);
}

it('finds the addresses of both families, and asks for nothing else', async () => {
  say(
    { answers: [aRecord(NAME, '192.0.2.7'), aRecord(NAME, '192.0.2.8')] },
    { answers: [aaaaRecord('2001:db8::7')] },
  );
  expect(await lookUp()).toEqual(['192.0.2.7', '192.0.2.8', '2001:db8::7']);
  expect(house.sent).toHaveLength(2);
});

it('finds a name of the house without asking anybody', async () => {
  expect(await lookUp('nas.home.arpa')).toEqual(['192.168.1.20']);
  expect(house.sent).toEqual([]);
});

it('follows a CNAME, and takes only addresses', async () => {
  const answers = [cnameRecord(NAME, 'there.example'), aRecord('there.example', '192.0.2.9')];
  say({ answers }, { answers: answers.slice(0, 1) });
  expect(await lookUp()).toEqual(['192.0.2.9']);
});

it('is content with one family where the other fails', async () => {
  say(new UpstreamFailure('upstream-unreachable', 'nobody is there'), {
    answers: [aaaaRecord('2001:db8::7')],
  });
  expect(await lookUp()).toEqual(['2001:db8::7']);
});

it('finds nothing where there is the name and no address', async () => {
  const none = { authorities: [soaRecord('example')] };
  say(none, none);
  expect(await lookUp()).toEqual([]);
});

it.each<[string, ReplyParts, string]>([
  ['that does not exist', { rcode: 3, authorities: [soaRecord('example')] }, 'the name does not exist'],
  ['that the upstreams do not answer', { rcode: 2 }, 'it was not answered'],
])('says why there is nothing for a name %s', async (_, parts, words) => {
  say(parts, parts);
  await expect(lookUp()).rejects.toThrow(words);
});

it('says in the words of the chain why it got no answer', async () => {
  house.clock.setState('untrusted', null, 'it is 1970');
  await expect(lookUp()).rejects.toThrow('clock untrusted: it is 1970');
  expect([house.sent, house.sentRelaxed]).toEqual([[], []]);
});

it('goes over relaxed connections for a time server of the configuration while the clock is untrusted', async () => {
  house.clock.setState('untrusted', null, 'it is 1970');
  house.timeServerNames = new Set([nameKey(NAME)]);
  expect(await lookUp()).toContain('198.51.100.1');
  expect([house.sent.length, house.sentRelaxed.length]).toEqual([0, 2]);
});

it('has 1.5 s, since a round of time sources waits for it', async () => {
  const deadlines: number[] = [];
  const resolver: Resolver = {
    resolve: giving(async (_: Query, { deadlineMs }: Context) => {
      deadlines.push(deadlineMs);
      throw new Error('nothing');
    }),
  };
  house.clock.advance(1000);
  await expect(lookUpAddresses(resolver, NAME, house.clock)).rejects.toThrow('nothing');
  expect(deadlines).toEqual([2500, 2500]);
});

describe('texts', () => {
  const AT = '_acme-challenge.dns.example';
  const txtRecord = (name: string, ...data: (string | Buffer)[]) =>
    ({ type: 'TXT', name, ttl: 300, data }) as unknown as ReturnType<typeof aRecord>;
  const lookUpAs = (parts: ReplyParts | Error, type: 'TXT' | 'CNAME' = 'TXT') => {
    house.upstreams = () => parts;
    return lookUpText(house.resolver, AT, type, house.clock);
  };

  it.each<[string, ReplyParts, Partial<FoundText>]>([
    ['one record', { answers: [txtRecord(AT, 'abc')] }, { values: ['abc'], alias: null }],
    [
      'several records, of several strings each, which are one text',
      { answers: [txtRecord(AT, 'a'.repeat(255), 'bc'), txtRecord(AT, '', 'd', '')] },
      { values: [`${'a'.repeat(255)}bc`, 'd'], alias: null },
    ],
    ['a record of one empty string', { answers: [txtRecord(AT, '')] }, { values: [''], alias: null }],
    [
      'octets beyond ASCII, as they are',
      { answers: [txtRecord(AT, Buffer.of(0, 0xff, 0x41))] },
      { values: ['\0\xffA'], alias: null },
    ],
    [
      'those at the end of a CNAME, and where it leads',
      { answers: [cnameRecord(AT, 'Target.Example'), txtRecord('Target.Example', 'abc')] },
      { values: ['abc'], alias: 'target.example' },
    ],
    [
      'a CNAME in another case',
      { answers: [cnameRecord(AT.toUpperCase(), 'x.example')] },
      { values: [], alias: 'x.example' },
    ],
    [
      'a CNAME of another name, which is not where this one leads',
      { answers: [cnameRecord('other.example', 'x.example')] },
      { values: [], alias: null },
    ],
    [
      'the first of a chain of CNAMEs',
      { answers: [cnameRecord('b.example', 'c.example'), cnameRecord(AT, 'b.example')] },
      { values: [], alias: 'b.example' },
    ],
    ['no record', { authorities: [soaRecord('example')] }, { values: [], alias: null }],
    ['no such name', { rcode: 3, authorities: [soaRecord('example')] }, { values: [], alias: null }],
    [
      'a CNAME to a name that does not exist',
      { rcode: 3, answers: [cnameRecord(AT, 'gone.example')], authorities: [soaRecord('example')] },
      { values: [], alias: 'gone.example' },
    ],
  ])('are found: %s', async (_what, parts, found) => {
    expect(await lookUpAs(parts)).toMatchObject(found);
  });

  it.each<[string, 'TXT' | 'CNAME', ReplyParts, number | null, number | null]>([
    ['the SOA’s minimum', 'TXT', { authorities: [soaRecord('example', 900, 60)] }, 60_000, null],
    ['the SOA’s TTL', 'CNAME', { rcode: 3, authorities: [soaRecord('example', 20, 1800)] }, 20_000, null],
    ['not at all without a SOA', 'CNAME', { rcode: 3 }, null, null],
    [
      'not at all with a minimum below 0',
      'TXT',
      { authorities: [soaRecord('example', 900, 2 ** 31)] },
      0,
      null,
    ],
    [
      'not at all where it is there',
      'TXT',
      { answers: [txtRecord(AT, 'abc')], authorities: [soaRecord('example')] },
      null,
      null,
    ],
    ['as a CNAME', 'CNAME', { answers: [cnameRecord(AT, 'x.example')] }, null, 300_000],
    [
      'at the end of a CNAME',
      'TXT',
      { answers: [cnameRecord(AT, 'x.example')], authorities: [soaRecord('example', 900, 60)] },
      60_000,
      300_000,
    ],
  ])('are remembered as absent: %s', async (_what, type, parts, absentForMs, aliasForMs) => {
    expect(await lookUpAs(parts, type)).toMatchObject({ absentForMs, aliasForMs });
  });

  it('are asked for by the type, and no address with them', async () => {
    await lookUpAs({ answers: [cnameRecord(AT, 'x.example')] }, 'CNAME');
    await lookUpAs({ answers: [txtRecord(AT, 'abc')] }, 'TXT');
    expect(house.sent.map((query) => query.readUInt16BE(12 + AT.length + 2))).toEqual([5, 16]);
  });

  it.each<[string, ReplyParts | Error, string | RegExp]>([
    ['a failure', { rcode: 2 }, 'it was not answered'],
    ['a refusal', { rcode: 5 }, 'it was not answered'],
    [
      'upstreams that cannot be reached',
      new UpstreamFailure('upstream-unreachable', 'nobody is there'),
      /nobody is there/,
    ],
  ])('are not found where the answer is %s, and the reason is told', async (_what, parts, words) => {
    await expect(lookUpAs(parts)).rejects.toThrow(words);
  });

  it('are not found in a failure of a server, whose extended error is told', async () => {
    const text = Buffer.from('signature expired');
    const edns = { options: [{ code: OPTION.EDE, data: Buffer.concat([Buffer.of(0, 7), text]) }] };
    await expect(lookUpAs({ rcode: 2, edns })).rejects.toThrow('signature expired');
  });

  it('may take five seconds, since nobody but a CA waits', async () => {
    const deadlines: number[] = [];
    const resolver: Resolver = {
      resolve: giving(async (_: Query, { deadlineMs }: Context) => {
        deadlines.push(deadlineMs);
        throw new Error('nothing');
      }),
    };
    house.clock.advance(1000);
    await expect(lookUpText(resolver, AT, 'TXT', house.clock)).rejects.toThrow('nothing');
    expect(deadlines).toEqual([6000]);
  });
});
