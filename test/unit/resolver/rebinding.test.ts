// What is taken out of answers of the world where rebinding protection is on, and what is left alone.

import type { Answer as PacketRecord } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { isAtOrBelow, nameKey } from '../../../src/dns/names.ts';
import { Query } from '../../../src/dns/query.ts';
import { rebinding } from '../../../src/resolver/rebinding.ts';
import { keeping } from '../../../src/resolver/resolver.ts';
import { SEED, soundMessage } from '../../support/arbitrary-messages.ts';
import { giving } from '../../support/late.ts';
import {
  aRecord,
  cnameRecord,
  contextAt,
  extendedError,
  FLAG,
  queryBytes,
  type ReplyParts,
  render,
  replyTo,
  type Seen,
  see,
  soaRecord,
} from '../../support/messages.ts';

const EDNS = { edns: {} };
const DO = { edns: { dnssecOk: true } };
const REMOVED = '15 rebinding.protect: private address removed; allow the name under rebinding.allow';
const LAB = nameKey('lab.example');

interface Asked {
  readonly name?: string;
  readonly type?: string;
  readonly edns?: { readonly dnssecOk?: boolean };
  readonly protect?: boolean;
  readonly allow?: readonly string[];
}

/** What a client sees of an upstream's reply, and what the link said of it. */
async function through(
  parts: ReplyParts,
  asked: Asked = {},
): Promise<{ seen: Seen; answer: Answer; said: string[] }> {
  const { name = 'www.example', type = 'A', edns = {}, protect = true, allow = [] } = asked;
  const octets = queryBytes(name, type, { edns });
  const received = Answer.fromMessage(replyTo(octets, parts))!;
  const said: string[] = [];
  const link = rebinding({
    protection: () => ({ protect, allow: allow.map((text) => nameKey(text)) }),
    isForwarded: (key) => isAtOrBelow(key, LAB),
  })({ resolve: giving(async () => received) });
  const trace = { say: (from: string, detail: string) => said.push(`${from}: ${detail}`) };
  const answer = await keeping(link.resolve(new Query(octets), contextAt(0, { trace })));
  return { seen: see(render(answer, new Query(octets))), answer, said };
}

const aaaa = (data: string, name = 'www.example'): PacketRecord => ({ type: 'AAAA', name, ttl: 300, data });
const rrsig = (name: string, typeCovered: string): PacketRecord => ({
  type: 'RRSIG',
  name,
  ttl: 300,
  data: {
    typeCovered: typeCovered as 'A',
    ...{ algorithm: 13, labels: 2, originalTTL: 300, expiration: 2e9, inception: 1e9, keyTag: 1 },
    ...{ signersName: 'example', signature: Buffer.alloc(64) },
  },
});
/** Priority 1, target ".", and these parameters as [key, octets]. */
const https = (...params: readonly (readonly [number, readonly number[]])[]): PacketRecord => {
  const octets = params.flatMap(([key, value]) => [0, key, 0, value.length, ...value]);
  return { type: 'UNKNOWN_65', name: 'www.example', ttl: 300, data: Buffer.of(0, 1, 0, ...octets) } as never;
};
const [ALPN, IPV4HINT, IPV6HINT] = [1, 4, 6];

describe('an address', () => {
  it.each([
    ['10.0.0.1', true],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.1', false],
    ['192.168.178.1', true],
    ['192.169.0.1', false],
    ['127.0.0.1', true],
    ['0.0.0.0', true],
    ['169.254.1.1', true],
    ['100.64.0.1', true],
    ['100.127.255.255', true],
    ['100.128.0.1', false],
    ['9.9.9.9', false],
    ['203.0.113.1', false],
  ])('%s is removed: %s', async (data, isRemoved) => {
    const { seen } = await through({ answers: [aRecord('www.example', data)] });
    expect(seen.answers).toEqual(isRemoved ? [] : [`www.example 300 A ${data}`]);
    expect(seen.errors).toEqual(isRemoved ? [REMOVED] : []);
  });

  it.each([
    ['::', true],
    ['::1', true],
    ['fd00::1', true],
    ['fc00::1', true],
    ['fe80::1', true],
    ['fec0::1', true],
    ['::ffff:192.168.1.1', true],
    ['::ffff:9.9.9.9', false],
    ['::10.0.0.1', true],
    ['64:ff9b::192.168.1.1', true],
    ['64:ff9b::7f00:1', true],
    ['64:ff9b::9.9.9.9', false],
    ['64:ff9b:1::10.0.0.1', true],
    ['2620:fe::fe', false],
    ['2001:db8::1', false],
  ])('%s is removed: %s', async (data, isRemoved) => {
    const { seen } = await through({ answers: [aaaa(data)] }, { type: 'AAAA' });
    expect(seen.answers).toHaveLength(isRemoved ? 0 : 1);
    expect(seen.errors).toEqual(isRemoved ? [REMOVED] : []);
  });
});

describe('what is left', () => {
  it('is NODATA where nothing else was there, kept as long as the answer would have been', async () => {
    const { seen, answer, said } = await through({ answers: [aRecord('www.example', '10.0.0.1', 120)] });
    expect(seen).toMatchObject({ rcode: 0, answers: [], authorities: [] });
    expect(answer.lifetimeSeconds).toBe(120);
    expect(said).toEqual(['rebinding: private address removed']);
  });

  it('are the public addresses, CNAMEs and the other sections', async () => {
    const { seen, answer } = await through({
      flags: FLAG.RD | FLAG.RA | FLAG.AD,
      answers: [
        cnameRecord('www.example', 'a.example'),
        aRecord('a.example', '9.9.9.9'),
        aRecord('a.example', '10.0.0.1'),
      ],
      authorities: [{ type: 'NS', name: 'example', ttl: 60, data: 'ns.example' }],
      additionals: [aRecord('ns.example', '10.0.0.2'), aRecord('ns.example', '9.9.9.10')],
    });
    expect(seen.answers).toEqual(['www.example 300 CNAME a.example', 'a.example 300 A 9.9.9.9']);
    expect(seen.authorities).toEqual(['example 60 NS ns.example']);
    expect(seen.additionals).toEqual(['ns.example 300 A 9.9.9.10']);
    expect(answer.flags & FLAG.AD).toBe(0);
  });

  it('keeps what the upstream said of the answer', async () => {
    const edns = { options: [extendedError(4, 'forged')] };
    const { seen } = await through({ answers: [aRecord('www.example', '10.0.0.1')], edns });
    expect(seen.errors).toEqual(['4 forged', REMOVED]);
  });

  it('is nothing of an RRset that a client with DO may validate, nor its signature', async () => {
    const answers = [
      cnameRecord('www.example', 'a.example'),
      rrsig('www.example', 'CNAME'),
      aRecord('a.example', '9.9.9.9'),
      aRecord('A.example', '10.0.0.1'),
      rrsig('a.example', 'A'),
    ];
    for (const { edns } of [DO, EDNS]) {
      const { seen } = await through({ answers }, { edns });
      expect(seen.answers.map((text) => text.split(' ').slice(0, 3).join(' '))).toEqual([
        'www.example 300 CNAME',
        'www.example 300 RRSIG',
      ]);
    }
  });

  it('is the signature of another type at the same name', async () => {
    const { seen } = await through(
      {
        answers: [
          aRecord('www.example', '10.0.0.1'),
          rrsig('www.example', 'AAAA'),
          rrsig('www.example', 'A'),
        ],
      },
      DO,
    );
    expect(seen.answers).toHaveLength(1);
    expect(seen.answers[0]).toContain('AAAA');
  });

  it.each([
    ['an IPv4 hint', https([ALPN, [2, 104, 50]], [IPV4HINT, [9, 9, 9, 9, 192, 168, 1, 1]]), 0],
    ['an IPv6 hint', https([IPV6HINT, [0xfd, ...new Array(15).fill(1)]]), 0],
    ['public hints', https([IPV4HINT, [9, 9, 9, 9]], [IPV6HINT, [0x26, 0x20, ...new Array(14).fill(1)]]), 1],
    ['no hint', https([ALPN, [2, 104, 50]]), 1],
    ['another parameter of those octets', https([7, [192, 168, 1, 1]]), 1],
    ['a hint that is cut', { ...https(), data: Buffer.of(0, 1, 0, 0, 4, 0, 9, 10, 0, 0, 1) } as never, 1],
  ])('of an HTTPS record with %s: %s', async (_, record, count) => {
    const { seen } = await through({ answers: [record] }, { type: 'UNKNOWN_65' });
    expect(seen.answers).toHaveLength(count);
  });
});

describe('untouched is', () => {
  const HOME: ReplyParts = { answers: [aRecord('www.example', '192.168.1.20')] };

  it.each<[string, Asked]>([
    ['every answer while it is off', { protect: false }],
    ['a name of a forwarded zone', { name: 'nas.lab.example' }],
    ['an allowed name', { allow: ['www.example'] }],
    ['a name below an allowed one', { allow: ['other.example', 'EXAMPLE'] }],
    ['a name of Plex', { name: '192-168-1-20.0123abc.plex.direct' }],
    ['a type that leads no browser anywhere', { type: 'TXT' }],
  ])('%s', async (_, asked) => {
    const { seen, said } = await through(HOME, asked);
    expect(seen).toMatchObject({ answers: ['www.example 300 A 192.168.1.20'], errors: [] });
    expect(said).toEqual([]);
  });

  it.each<[string, ReplyParts]>([
    ['a negative answer', { rcode: 3, authorities: [soaRecord('example')] }],
    ['a failure', { rcode: 2 }],
    [
      'a public answer',
      { answers: [aRecord('www.example', '9.9.9.9')], additionals: [aRecord('ns.example', '9.9.9.8')] },
    ],
  ])('%s, octet by octet', async (_, parts) => {
    const { answer } = await through(parts);
    expect(answer).toEqual(Answer.fromMessage(replyTo(queryBytes('www.example'), parts)));
  });

  it.each([
    ['a name above an allowed one', 'example', ['www.example']],
    ['a name that only ends like it', 'notplex.direct', []],
    ['a CNAME into an allowed zone: the name that was asked decides', 'evil.example', ['plex.direct']],
  ])('not %s', async (_, name, allow) => {
    const target = '1-2-3-4.hash.plex.direct';
    const answers = [cnameRecord(name, target), aRecord(target, '192.168.1.20')];
    const { seen } = await through({ answers }, { name, allow });
    expect(seen.answers).toEqual([`${name} 300 CNAME ${target}`]);
  });
});

it('leaves of any answer exactly the public addresses, or with DO the RRsets that have no other', async () => {
  const HOME = ['10.9.8.7', '192.168.0.1', '127.0.0.1'];
  const WORLD = ['9.9.9.9', '192.0.2.1', '198.51.100.7'];
  const record = fc.record({
    owner: fc.constantFrom('www.example', 'a.example', 'b.example'),
    data: fc.constantFrom(...HOME, ...WORLD),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(record, { maxLength: 8 }), fc.boolean(), async (records, dnssecOk) => {
      const { seen } = await through(
        { answers: records.map(({ owner, data }) => aRecord(owner, data)) },
        { edns: { dnssecOk } },
      );
      const tainted = new Set(records.filter(({ data }) => HOME.includes(data)).map(({ owner }) => owner));
      const left = records.filter(
        ({ owner, data }) => WORLD.includes(data) && !(dnssecOk && tainted.has(owner)),
      );
      expect(seen.answers).toEqual(left.map(({ owner, data }) => `${owner} 300 A ${data}`));
      expect(seen.errors).toHaveLength(tainted.size > 0 ? 1 : 0);
    }),
    { seed: SEED },
  );
});

it('is done with any sound message without a throw', async () => {
  const link = rebinding({ protection: () => ({ protect: true, allow: [] }), isForwarded: () => false });
  await fc.assert(
    fc.asyncProperty(soundMessage, async ({ wire, question }) => {
      const query = new Query(Buffer.concat([Buffer.of(0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0), question]));
      const received = Answer.fromMessage(wire)!;
      see(render(await link({ resolve: () => received }).resolve(query, contextAt(0)), query));
    }),
    { seed: SEED },
  );
});
