// Which questions stay in the house, which leave it, and in what order the house is searched.
// What zones and special names hold has tests of its own beside this folder; CNAMEs out to the world are in chain.test.ts.

import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import { OwnNames } from '../../../src/resolver/local/own-names.ts';
import { createZones } from '../../../src/resolver/local/zone.ts';
import { local } from '../../../src/resolver/local.ts';
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

function house() {
  const zones = createZones([{ name: HOME, records: RECORDS.map((text) => parseRecordText(text, HOME)) }]);
  const names = ['dns.home.arpa', 'dns.example', 'here.home.arpa'];
  const ownNames = new OwnNames({ names, addresses: [], neighboursOf: () => [] });
  const link = local(() => ({ zones, ownNames }))({ resolve: () => OUTSIDE });
  return (name: string, type?: string, parts?: QueryParts): Seen | 'outside' => {
    const query = ask(name, type, parts);
    const answer = link.resolve(query, contextAt(0, { localAddress: '192.168.1.2' })) as Answer;
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
