// Which questions stay in the house, which leave it, and in what order the house is searched.
// What zones and special names hold has tests of its own beside this folder; CNAMEs out to the world are in chain.test.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { RCODE } from '../../../src/dns/codes.ts';
import { isAtOrBelow, type NameKey, nameKey, nameOctets } from '../../../src/dns/names.ts';
import type { QuestionKey } from '../../../src/dns/question-key.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import { NameIndex } from '../../../src/resolver/local/name-index.ts';
import { OwnNames } from '../../../src/resolver/local/own-names.ts';
import { createZones } from '../../../src/resolver/local/zone.ts';
import { type LocalParts, local } from '../../../src/resolver/local.ts';
import type { Trace } from '../../../src/resolver/resolver.ts';
import { NO_OTHER_NAMES } from '../../support/answer-path.ts';
import { ask, contextAt, type QueryParts, render, type Seen, see } from '../../support/messages.ts';

const HOME = nameKey('home.arpa.');
const OUTSIDE = Answer.ofRcode(0);
/** c1 is eight CNAMEs from its end, c0 nine. */
const CHAIN = Array.from({ length: 9 }, (_, at) => `c${at} CNAME c${at + 1}`);
const RECORDS = [
  'nas A 192.168.1.20',
  'dns A 192.168.1.9',
  'gone CNAME nowhere',
  ...CHAIN,
  'c9 A 192.168.1.1',
  `far DNAME ${'long'.repeat(15)}.${'name'.repeat(5)}.example.`,
];

function house(parts: Partial<LocalParts> = {}) {
  const zones = createZones([{ name: HOME, records: RECORDS.map((text) => parseRecordText(text, HOME)) }]);
  const names = ['dns.home.arpa', 'dns.example', 'here.home.arpa'];
  const ownNames = new OwnNames({ names, addresses: [], neighboursOf: () => [] });
  const link = local(() => ({ ...NO_OTHER_NAMES, zones, ownNames, ...parts }))({ resolve: () => OUTSIDE });
  return (name: string, type?: string, queryParts?: QueryParts, trace?: Trace): Seen | 'outside' => {
    const query = ask(name, type, queryParts);
    const context = contextAt(0, { localAddress: '192.168.1.2', ...(trace && { trace }) });
    const answer = link.resolve(query, context) as Answer;
    return answer === OUTSIDE ? 'outside' : see(render(answer, query));
  };
}

describe('a name of the house', () => {
  const resolve = house();

  it('is answered with AA in the letters of the client, RD or not', () => {
    expect(resolve('NAS.home.arpa', 'A', { flags: 0 })).toMatchObject({
      flags: 'QR AA RA',
      answers: [expect.stringMatching(/^NAS.home.arpa \d+ A 192.168.1.20$/)],
    });
  });

  it.each<[string, string, number]>([
    ['nas.home.arpa', 'AAAA', 0],
    ['nowhere.home.arpa', 'A', 3],
    ['gone.home.arpa', 'A', 3],
    ['dns.example', 'AAAA', 0],
    ['dns.example', 'UNKNOWN_65', 0],
    ['printer.local', 'A', 3],
    ['printer', 'A', 0],
    ['1.1.168.192.in-addr.arpa', 'TXT', 0],
  ])('%s %s that is not there has RCODE %i and a SOA (RFC 2308)', (name, type, rcode) => {
    expect(resolve(name, type)).toMatchObject({ rcode, authorities: [expect.stringMatching(/ SOA /)] });
  });

  it('that is also our own is what the owner wrote, and our own where he wrote nothing', () => {
    expect(resolve('dns.home.arpa')).toMatchObject({ answers: [expect.stringMatching(/192.168.1.9$/)] });
    expect(resolve('here.home.arpa')).toMatchObject({ answers: ['here.home.arpa 60 A 192.168.1.2'] });
    expect(resolve('dns.example')).toMatchObject({ answers: ['dns.example 60 A 192.168.1.2'] });
  });

  it('is reached over eight CNAMEs and not over nine', () => {
    expect(resolve('c1.home.arpa')).toMatchObject({ rcode: 0, answers: { length: 9 } });
    expect(resolve('c0.home.arpa')).toMatchObject({ rcode: 2, answers: [] });
  });

  it('whose CNAME leads nowhere shows the CNAME before the NXDOMAIN (RFC 6604)', () => {
    expect(resolve('gone.home.arpa')).toMatchObject({
      answers: [expect.stringMatching(/CNAME nowhere.home.arpa$/)],
    });
  });

  it('behind a DNAME that would make it too long is YXDOMAIN with the DNAME (RFC 6672 section 2.2)', () => {
    const below = ['x', 'y', 'z'].map((letter) => letter.repeat(60)).join('.');
    expect(resolve(`${below}.far.home.arpa`)).toMatchObject({
      rcode: 6,
      answers: [expect.stringMatching(/DNAME/)],
    });
  });
});

describe('a name of the world', () => {
  const resolve = house();

  it.each([
    ['www.example', 'A'],
    ['dns.example', 'TXT'], // a name of ours, but no question about where we are
    ['com', 'NS'],
    ['.', 'NS'],
  ])('%s %s goes on', (name, type) => {
    expect(resolve(name, type)).toBe('outside');
  });

  it('is refused with EDE 20 where recursion is not desired (RFC 8914 section 4.21)', () => {
    expect(resolve('www.example', 'A', { flags: 0, edns: {} })).toMatchObject({
      rcode: 5,
      errors: ['20 recursion was not asked for'],
    });
  });

  it('is asked for DS of the zones of the house, with DO (RFC 8375 section 4)', () => {
    expect(resolve('home.arpa', 'DS', { edns: { dnssecOk: true } })).toBe('outside');
    expect(resolve('home.arpa', 'DS')).toMatchObject({ rcode: 0, answers: [] });
  });
});

describe('the order of the house', () => {
  const index = new NameIndex();
  const file = (name: string, address: number[], isLease = false) =>
    index.add({
      name: nameKey(name),
      address: Uint8Array.from(address),
      isPointedTo: true,
      expiresMs: Number.POSITIVE_INFINITY,
      isLease,
      source: isLease ? 'leases L' : 'file H',
    });
  file('nas.home.arpa', [192, 168, 1, 66]);
  file('both.home.arpa', [192, 168, 1, 66]);
  file('tv', [192, 168, 1, 50]);
  file('wild.apps.home.arpa', [192, 168, 1, 51]);
  file('www.example', [192, 168, 1, 52]);
  file('in.lab.example', [192, 168, 1, 53]);
  file('dns.example', [192, 168, 1, 54]);
  file('tv.den.lan', [192, 168, 1, 55]);
  file('c9.home.arpa', [0xfd, ...Array(15).fill(0)], true);
  file('alias.home.arpa', [192, 168, 1, 60], true);
  file('here.home.arpa', [192, 168, 1, 61], true);
  file('leased.home.arpa', [192, 168, 1, 62], true);
  file('_dns.dns.example', [192, 168, 1, 63], true);
  file('x.inner.home.arpa', [192, 168, 1, 64], true);
  file('nas.inner.home.arpa', [192, 168, 1, 65]);
  const home = [
    ...RECORDS,
    'both AAAA fd00::1',
    'alias CNAME nas',
    '*.apps A 192.168.1.40',
    'sub.inner TXT "x"',
  ];
  const zones = createZones([{ name: HOME, records: home.map((text) => parseRecordText(text, HOME)) }]);
  const FORWARDED = ['lab.example', 'inner.home.arpa', '168.192.in-addr.arpa', 'deep.lan'].map((name) =>
    nameKey(name),
  );
  const forwards = {
    holds: (key: string) => FORWARDED.some((zone) => isAtOrBelow(key, zone)),
  };
  const designated = {
    names: [nameKey('_dns.dns.example')],
    answer: (key: string, type: number) =>
      [nameKey('_dns.resolver.arpa'), nameKey('_dns.dns.example')].includes(key) && type === 64
        ? [
            {
              owner: key,
              type,
              ttlSeconds: 60,
              rdata: Buffer.from([0, 1, ...nameOctets(nameKey('dns.example'))]),
            },
          ]
        : null,
  };
  const files = {
    lookup: (key: string, type: number) => index.lookup(key, type, 0),
    exists: (key: string) => index.exists(key),
    mayHold: (question: QuestionKey) => index.mayHold(question),
  };
  const resolve = house({ zones, files, forwards, designated });

  /** "192.168.1.20 (zone home.arpa.)": the last record's value, or the code, and who said so. */
  const told = (question: string, parts?: QueryParts): string => {
    let by = '';
    const [name, type] = question.split(' ');
    const say: Trace['say'] = (link, detail) => {
      by = ` (${link}: ${detail})`;
    };
    const seen = resolve(name!, type, parts, { say });
    if (seen === 'outside') return `outside${by}`;
    const value = seen.answers.at(-1)?.split(' ').at(-1);
    return `${value ?? (seen.rcode === 3 ? 'NXDOMAIN' : 'NODATA')}${by}`;
  };

  it.each<[question: string, answer: string, because: string]>([
    ['nas.home.arpa A', '192.168.1.20 (local: zone home.arpa.)', 'the zone comes before a hosts file'],
    ['c9.home.arpa AAAA', 'NODATA (local: zone home.arpa.)', 'a client cannot add to what the owner wrote'],
    ['both.home.arpa A', '192.168.1.66 (local: file H)', 'the owner himself can'],
    ['both.home.arpa AAAA', 'fd00::1 (local: zone home.arpa.)', 'each type by itself'],
    [
      'alias.home.arpa A',
      '192.168.1.20 (local: zone home.arpa.)',
      'a CNAME of the owner comes before a lease',
    ],
    ['tv A', '192.168.1.50 (local: file H)', 'a dotless name is one of ours'],
    ['tv TXT', 'NODATA (local: special name (a name without a dot))', 'and stays in the house'],
    ['wild.apps.home.arpa A', '192.168.1.51 (local: file H)', 'a wildcard is for names that are not there'],
    ['x.apps.home.arpa A', '192.168.1.40 (local: zone home.arpa.)', 'this is one'],
    ['here.home.arpa A', '192.168.1.2 (local: own name)', 'a client cannot take our own name'],
    ['here.home.arpa TXT', 'NODATA (local: zone home.arpa.)', 'the name is there, whatever its types'],
    ['dns.example A', '192.168.1.54 (local: file H)', 'the owner himself can give us another address'],
    ['leased.home.arpa A', '192.168.1.62 (local: leases L)', 'a lease adds a name to a zone'],
    ['leased.home.arpa TXT', 'NODATA (local: zone home.arpa.)', 'NXDOMAIN would deny its address'],
    ['leased.home.arpa AAAA', 'NODATA (local: leases L)', 'it has the other family only'],
    [
      '62.1.168.192.in-addr.arpa PTR',
      'leased.home.arpa (local: leases L)',
      'files come before a forwarded reverse zone',
    ],
    ['20.1.168.192.in-addr.arpa PTR', 'nas.home.arpa (local: zone 168.192.in-addr.arpa.)', 'and zones too'],
    [
      '99.1.168.192.in-addr.arpa PTR',
      'outside',
      'a zone that was made up for pointers does not deny the rest',
    ],
    [
      '99.1.16.172.in-addr.arpa PTR',
      'NXDOMAIN (local: special name (RFC 6303 section 4.1))',
      'nobody else knows',
    ],
    ['www.example A', '192.168.1.52 (local: file H)', 'a name of the world may be pinned'],
    ['www.example AAAA', 'NODATA (local: file H)', 'in both families'],
    ['www.example MX', 'outside', 'but no further'],
    ['x.lab.example A', 'outside', 'it is forwarded'],
    ['in.lab.example A', '192.168.1.53 (local: file H)', 'a file may know better'],
    ['x.deep.lan A', 'outside', 'forwarded names are no special ones'],
    ['x.lan A', 'NXDOMAIN (local: special name (RFC 6762 appendix G))', 'this one is'],
    [
      'den.lan A',
      'NODATA (local: special name (RFC 6762 appendix G))',
      'NXDOMAIN would deny what a file has below it (RFC 8020)',
    ],
    ['y.inner.home.arpa A', 'outside', 'a forwarded zone may lie in one of the owner'],
    ['x.inner.home.arpa A', 'outside', 'there its own server knows the names, and clients choose none'],
    ['x.inner.home.arpa AAAA', 'outside', 'in either family'],
    ['nas.inner.home.arpa A', '192.168.1.65 (local: file H)', 'the owner himself may know better'],
    ['sub.inner.home.arpa TXT', '"x" (local: zone home.arpa.)', 'what he wrote there counts'],
    ['_dns.resolver.arpa UNKNOWN_64', '(local: designated resolvers (RFC 9462))', 'our doors are told'],
    ['_dns.dns.example UNKNOWN_64', '(local: designated resolvers (RFC 9462))', 'no client can silence that'],
    ['_dns.resolver.arpa A', 'NODATA (local: special name (RFC 9462 section 6.4))', 'and nothing else there'],
    ['www.elsewhere.example A', 'outside', 'it is a name of the world'],
  ])('%s is %s, because %s', (question, answer) => {
    expect(told(question)).toContain(answer);
  });

  const DO = { edns: { dnssecOk: true } };
  it.each<[name: string, answer: string, because: string]>([
    [
      'lab.example',
      'outside',
      'the public parent has the proof that the forwarded zone is unsigned, if it has one',
    ],
    ['x.lab.example', 'outside', 'the parent is forwarded'],
    ['168.192.in-addr.arpa', 'outside', 'RFC 6303 wants that proof, and IANA delegates without a signature'],
    ['10.in-addr.arpa', 'outside', 'the same where nothing is written'],
    ['inner.home.arpa', 'NODATA', 'the parent is ours, and not signed'],
    ['deep.lan', 'NODATA', 'the parent is in no public zone'],
    ['nas.home.arpa', 'NODATA', 'it is no cut'],
  ])('the DS of %s is %s for a validating client, because %s', (name, answer) => {
    expect(told(`${name} DS`, DO)).toContain(answer);
  });
});

describe('a name of a test from a device', () => {
  it('is answered with NODATA before any zone, whatever is asked of it, and who asked is noted', () => {
    const noted: string[] = [];
    const notes = (key: NameKey) => {
      const isOne = key === nameKey('abc.probe.noonmark.home.arpa');
      if (isOne) noted.push(key);
      return isOne;
    };
    const resolve = house({ probe: { notes } });
    for (const type of ['A', 'AAAA', 'UNKNOWN_65'])
      expect(resolve('abc.probe.noonmark.home.arpa', type)).toMatchObject({ rcode: 0, answers: [] });
    expect(noted).toHaveLength(3);
    expect(resolve('other.probe.noonmark.home.arpa')).toMatchObject({ rcode: 3 });
  });
});

describe('what the house has nothing to say about', () => {
  const LABELS = [
    'nas',
    'home',
    'arpa',
    'lan',
    'local',
    'dns',
    '_dns',
    'example',
    '20',
    '1',
    '168',
    '192',
    'in-addr',
    'www',
  ];
  const name = fc
    .array(fc.constantFrom(...LABELS), { minLength: 1, maxLength: 6 })
    .map((labels) => labels.join('.'));

  it('is told by hashes as it is by a look into everything', () => {
    const index = new NameIndex();
    for (const file of ['nas.example', 'www.home.example']) {
      const [expiresMs, source] = [Number.POSITIVE_INFINITY, 'file'];
      const address = Uint8Array.of(192, 168, 1, 20);
      index.add({ name: nameKey(file), address, isPointedTo: true, expiresMs, isLease: false, source });
    }
    const files = {
      lookup: (key: string, type: number) => index.lookup(key, type, 0),
      exists: (key: string) => index.exists(key),
      mayHold: (question: QuestionKey) => index.mayHold(question),
    };
    const lab = nameKey('dns.nas.');
    const zones = createZones([
      { name: HOME, records: RECORDS.map((text) => parseRecordText(text, HOME)) },
      { name: lab, records: [parseRecordText('www A 192.168.1.21', lab)] },
    ]);
    const resolve = house({ files, zones });
    fc.assert(
      fc.property(name, fc.constantFrom('A', 'PTR', 'UNKNOWN_64', 'DS'), (text, type) => {
        // Without RD nothing is passed by, and what is none of ours is refused.
        const looked = resolve(text, type, { flags: 0 }) as Seen;
        expect(resolve(text, type) === 'outside', text).toBe(looked.rcode === RCODE.REFUSED);
      }),
      { numRuns: 1000 },
    );
  });
});
