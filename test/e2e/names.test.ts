// The names that Noonmark answers out of its own config and by itself, asked from outside, and the names that must
// never leave the house: special ones (RFC 6761, 6303, 6762, 7686, 8375, 9462, 9476), dotless ones, and whatever
// the owner's zones cover. What left is read from the log of the upstream, a real unbound.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryType } from '../support/dns-message.ts';
import { type Noonmark, SERVER_NAME, startNoonmark, TRANSPORTS } from '../support/noonmark.ts';
import { dig } from '../support/peers/dig.ts';
import { havePeers } from '../support/peers/packages.ts';
import { sawEventually, WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const zones = {
  'home.arpa': {
    records: [
      'nas 300 A 192.168.1.20',
      'nas AAAA fd12:3456::20',
      'printer A 192.168.1.30',
      'files CNAME nas',
      `outside CNAME target.${WILD_ZONE}.`,
      '*.apps A 192.168.1.40',
      'exact.apps A 192.168.1.41',
      'note TXT "hello house"',
      '_ssh._tcp SRV 0 0 22 nas',
      '@ MX 10 nas',
      'web HTTPS 1 . alpn=h2',
    ],
  },
  'lab.example': { records: ['bench A 10.9.8.7'] },
};

/** Names that must be answered here, whatever with. */
const SPECIAL_NAMES: readonly string[] = [
  'hidden.onion',
  'printer.local',
  'wpad',
  'nobody.home.arpa',
  'nobody.lab.example',
  'something.test',
  'something.invalid',
  'localhost',
  'deep.localhost',
  'something.internal',
  'something.lan',
  'something.home',
  'something.corp',
  'something.alt',
  '_dns.resolver.arpa',
  '9.1.168.192.in-addr.arpa',
  '1.0.0.127.in-addr.arpa',
  '4.3.2.10.in-addr.arpa',
  '8.b.d.0.1.0.0.2.ip6.arpa',
  'd.f.ip6.arpa',
  'use-application-dns.net',
];

describe.skipIf(!havePeers('unbound', 'dig'))('Names of the house', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    noonmark = await startNoonmark({ ipv6: true, config: { zones, upstreams: upstream.upstreams } });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  test.each<[string, QueryType, string[]]>([
    ['nas.home.arpa', 'A', ['A 192.168.1.20']],
    ['nas.home.arpa', 'AAAA', ['AAAA fd12:3456::20']],
    ['bench.lab.example', 'A', ['A 10.9.8.7']],
    ['files.home.arpa', 'A', ['CNAME nas.home.arpa', 'A 192.168.1.20']],
    ['note.home.arpa', 'TXT', ['TXT hello house']],
    ['any.apps.home.arpa', 'A', ['A 192.168.1.40']],
    ['very.deep.apps.home.arpa', 'A', ['A 192.168.1.40']],
    ['exact.apps.home.arpa', 'A', ['A 192.168.1.41']],
  ])('%s %s is answered from the config on every transport', async (name, type, answers) => {
    for (const transport of TRANSPORTS) {
      expect(await noonmark.ask(name, type, { transport }), transport).toMatchObject({
        rcode: 'NOERROR',
        answers,
      });
    }
  });

  test.each([
    ['_ssh._tcp.home.arpa', 'SRV', '0 0 22 nas.home.arpa.'],
    ['home.arpa', 'MX', '10 nas.home.arpa.'],
    ['20.1.168.192.in-addr.arpa', 'PTR', 'nas.home.arpa.'],
    ['7.8.9.10.in-addr.arpa', 'PTR', 'bench.lab.example.'],
    ['web.home.arpa', 'HTTPS', '1 . alpn="h2"'],
  ])('dig reads %s %s as a person wrote it', async (name, type, text) => {
    const answer = await dig(noonmark.ports.dns, name, type);
    expect(answer.status, answer.text).toBe('NOERROR');
    expect(answer.answer[0], answer.text).toMatch(new RegExp(` ${type} ${RegExp.escape(text)}$`));
  });

  test('the address of an internal name leads back to the name with dig -x, IPv6 too', async () => {
    for (const address of ['192.168.1.20', 'fd12:3456::20']) {
      const answer = await dig(noonmark.ports.dns, '-x', address);
      expect(answer.answer[0], answer.text).toMatch(/PTR nas\.home\.arpa\.$/);
    }
  });

  test('a CNAME that points out of the house is followed into the world', async () => {
    const answer = await noonmark.ask('outside.home.arpa');
    expect(answer.answers).toEqual([`CNAME target.${WILD_ZONE}`, `A ${WILD_ADDRESS}`]);
  });

  test.each([
    ['nobody.home.arpa', 'A', 'NXDOMAIN'],
    ['nas.home.arpa', 'MX', 'NOERROR'],
    ['any.apps.home.arpa', 'AAAA', 'NOERROR'],
    ['apps.home.arpa', 'A', 'NOERROR'],
  ] as const)('%s %s is %s with the SOA of the zone and no answer', async (name, type, rcode) => {
    const answer = await noonmark.ask(name, type);
    expect(answer).toMatchObject({ rcode, answers: [], authorityTypes: ['SOA'] });
  });

  test.each(TRANSPORTS)(
    "the certificate's own name has the address that was asked, over %s",
    async (transport) => {
      expect((await noonmark.ask(SERVER_NAME, 'A', { transport })).answers).toEqual(['A 127.0.0.1']);
      const six = await dig(noonmark.ports.dns, '@::1', SERVER_NAME, 'AAAA');
      expect(six.answer[0], six.text).toMatch(/AAAA ::1$/);
      expect(upstream.unbound.saw(SERVER_NAME)).toBe(false);
    },
  );

  test('special names are answered here and never reach the upstream', async () => {
    for (const name of SPECIAL_NAMES) {
      for (const type of ['A', 'AAAA', 'TXT', 'UNKNOWN_65'] as const) {
        const { rcode } = await noonmark.ask(name, type);
        expect(['NOERROR', 'NXDOMAIN'], `${name} ${type}: ${rcode}`).toContain(rcode);
      }
    }
    await noonmark.ask(`last-of-all.${WILD_ZONE}`);
    await sawEventually(upstream.unbound, 'last-of-all');
    const leaked = upstream.unbound.queries().filter((query) => !query.includes(WILD_ZONE));
    expect(leaked).toEqual([]);
  });

  test.each([
    ['hidden.onion', 'NXDOMAIN'],
    ['something.invalid', 'NXDOMAIN'],
    ['use-application-dns.net', 'NXDOMAIN'],
  ])('%s is %s', async (name, rcode) => {
    expect((await noonmark.ask(name)).rcode).toBe(rcode);
  });

  test('localhost is this machine', async () => {
    expect((await noonmark.ask('localhost')).answers).toEqual(['A 127.0.0.1']);
    expect((await noonmark.ask('localhost', 'AAAA')).answers).toEqual(['AAAA ::1']);
  });

  test.each(['home.arpa', 'lab.example'])(
    'DS at the cut of %s, with DO, is asked of the world: a validator behind us needs the proof',
    async (name) => {
      const before = upstream.unbound.queries().length;
      await noonmark.ask(name, 'DS', { dnssecOk: true });
      await sawEventually(upstream.unbound, `${name} DS`);
      expect(upstream.unbound.queries().slice(before)).toEqual([`${name} DS`]);
    },
  );
});

describe('A client outside the access list', () => {
  test('is refused on every transport alike, told why, and named in the log with the line to add', async () => {
    await using closed = await startNoonmark({ config: { access: { allow: ['192.0.2.0/24'] } } });
    for (const transport of TRANSPORTS) {
      const answer = await closed.ask('nas.home.arpa', 'A', { transport });
      expect(answer, transport).toMatchObject({ rcode: 'REFUSED', answers: [] });
      expect(answer.extendedErrors.map((error) => error.code)).toEqual([18]);
    }
    const line = await closed.process.waitForLine(/refus/i);
    expect(line).toContain('127.0.0.1');
    expect(line).toMatch(/allow/);
  });
});
