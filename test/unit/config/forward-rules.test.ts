// What is made of `forward` and `rebinding` where it is right; the refusals are in broken-configs.test.ts.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { isPublicReverseZone, reverseZonesOf } from '../../../src/config/reverse-zones.ts';
import { formatSocketAddress } from '../../../src/config/socket-address.ts';
import { formatName, isAtOrBelow, nameKey, reverseNameKey } from '../../../src/dns/names.ts';
import { SEED } from '../../support/arbitrary-messages.ts';

const parse = (yaml: string) =>
  parseConfig(`upstreams: [{url: tls://9.9.9.9}]\nlisten: {dns: ["127.0.0.1:5300"]}\n${yaml}`, {
    file: 'home.yaml',
  });
const forwardsOf = (yaml: string) =>
  parse(yaml).config.forward.map(({ name, servers }) => [formatName(name), servers.map(formatSocketAddress)]);

describe('a forwarded zone', () => {
  test('has its servers once each, on port 53 unless written', () => {
    expect(forwardsOf('forward: {Lab.Example: ["192.168.1.1", "192.168.1.1:53", "[fd00::1]:5353"]}')).toEqual(
      [['lab.example.', ['192.168.1.1:53', '[fd00::1]:5353']]],
    );
  });

  test.for([
    '10.0.0.1',
    '172.31.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.0.1',
    '127.0.0.1',
    '::1',
    'fd00::1',
    'fe80::1%eth0',
  ])('may be asked at %s', (address) => {
    const { config } = parse(`forward: {lab.example: ["${address}"]}`);
    expect(config.forward[0]!.servers[0]!.address).toBe(address);
  });

  test.for([
    '172.32.0.1',
    '100.128.0.1',
    '192.0.2.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '2001:db8::1',
    '64:ff9b::a00:1',
    'fec0::1',
    'ff02::1',
  ])('may not be asked at %s', (address) => {
    expect(() => parse(`forward: {lab.example: ["${address}"]}`)).toThrow(
      /plain DNS is never sent into the world/,
    );
  });

  test.for([
    'lan',
    'home',
    'corp',
    'internal',
    'intranet',
    'private',
    'localdomain',
    'test',
    'fritz.box',
    'home.arpa',
  ])('may be %s', (zone) =>
    expect(forwardsOf(`forward: {${zone}: [10.0.0.1]}`)).toEqual([[`${zone}.`, ['10.0.0.1:53']]]),
  );

  test.for(['localhost', 'x.localhost', 'hidden.onion', '_dns.resolver.arpa'])('may not be %s', (zone) => {
    expect(() => parse(`forward: {${zone}: [10.0.0.1]}`)).toThrow(/never asked for/);
  });

  test('may be local, with a warning', () => {
    expect(parse('forward: {local: [10.0.0.1]}').warnings.map(({ message }) => message)).toEqual([
      'names below local belong to multicast DNS (RFC 6762), and many devices never ask a server for them; home.arpa works everywhere',
    ]);
  });

  test.for<[address: string, warnings: number]>([
    ['100.64.0.1', 1],
    ['100.127.255.254', 1],
    ['192.168.0.1', 0],
    ['fd00::1', 0],
  ])('at %s brings a warning where the provider may be there', ([address, count]) => {
    const { warnings } = parse(`forward: {lab.example: ["${address}"]}`);
    expect(warnings.map(({ path, message }) => `${path}: ${message}`)).toEqual(
      Array(count).fill(
        `forward.lab.example[0]: ${address}:53 is in the provider's network where there is carrier-grade NAT (RFC 6598), and others there can read and change plain DNS; keep it if it is in a VPN of your own, else write a resolver on your own network`,
      ),
    );
  });

  test('below a zone of our own is taken: the longest wins', () => {
    expect(forwardsOf('forward: {lab.home.arpa: [10.0.0.1]}\nzones: {home.arpa: {}}')).toHaveLength(1);
  });

  test('above a zone of our own is taken: the zone comes first', () => {
    expect(forwardsOf('forward: {example.com: [10.0.0.1]}\nzones: {nas.example.com: {}}')).toHaveLength(1);
  });
});

describe('the reverse zones of a prefix', () => {
  test.for<[string, string[]]>([
    ['192.168.1.0/24', ['1.168.192.in-addr.arpa.']],
    ['192.168.0.0/16', ['168.192.in-addr.arpa.']],
    ['10.0.0.0/8', ['10.in-addr.arpa.']],
    ['192.168.2.0/23', ['2.168.192.in-addr.arpa.', '3.168.192.in-addr.arpa.']],
    ['fd00::/8', ['d.f.ip6.arpa.']],
    ['fd12:3456::/32', ['6.5.4.3.2.1.d.f.ip6.arpa.']],
    ['fe80::/10', ['8', '9', 'a', 'b'].map((digit) => `${digit}.e.f.ip6.arpa.`)],
  ])('%s', ([prefix, zones]) => {
    expect(reverseZonesOf(prefix).map(formatName)).toEqual(zones);
  });

  test('hold the names of all its addresses and of no other', () => {
    const [zones, spread] = [
      reverseZonesOf('172.16.0.0/12'),
      fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
    ];
    fc.assert(
      fc.property(spread, ([second, third, fourth]) => {
        const name = reverseNameKey(Uint8Array.of(172, second, third, fourth));
        expect(zones.filter((zone) => isAtOrBelow(name, zone))).toHaveLength(second >> 4 === 1 ? 1 : 0);
      }),
      { seed: SEED },
    );
  });

  test.for([
    ['in-addr.arpa', true],
    ['192.in-addr.arpa', true],
    ['1.1.1.in-addr.arpa', true],
    ['32.172.in-addr.arpa', true],
    ['31.172.in-addr.arpa', false],
    ['5.31.172.in-addr.arpa', false],
    ['64.100.in-addr.arpa', false],
    ['f.ip6.arpa', true],
    ['8.b.d.0.1.0.0.2.ip6.arpa', true],
    ['c.f.ip6.arpa', false],
    ['home.arpa', false],
    ['lab.example', false],
  ] as const)('%s are of the world: %s', ([zone, isPublic]) => {
    expect(isPublicReverseZone(nameKey(zone))).toBe(isPublic);
  });
});

describe('rebinding protection', () => {
  test('is off unless written', () => {
    expect(parse('').config.rebinding).toEqual({ protect: false, allow: [] });
  });

  test('spares names as they are written, once each', () => {
    expect(
      parse('rebinding: {protect: on, allow: [NAS.example.com, nas.example.com., lan]}').config.rebinding,
    ).toEqual({
      protect: true,
      allow: [nameKey('nas.example.com'), nameKey('lan')],
    });
  });
});
