// What devices are told of a server, from where it listens and what it shows: names, ports and addresses, how far they
// reach, and what its certificate is worth.

import { describe, expect, it } from 'vitest';
import type { SocketAddress } from '../../../src/config/config.ts';
import {
  deviceFacts,
  dohTemplate,
  type FactsInputs,
  isDotUsual,
  isPlainUsual,
  type ServedFacts,
  verifiedHost,
} from '../../../src/devices/facts.ts';
import { factsFromJson, factsJson } from '../../../src/devices/facts-json.ts';
import { deviceFactsWith, LOCAL_CERTIFICATE, localChain } from '../../support/device-facts.ts';

const at = (port: number, ...addresses: string[]): SocketAddress[] =>
  addresses.map((address) => ({ address, port, family: address.includes(':') ? 6 : 4 }));

const CHAIN = await localChain(['dns.home.arpa', '192.168.1.2']);
const SERVED: ServedFacts = {
  chainPem: CHAIN,
  names: ['dns.home.arpa', 'localhost', '192.168.1.2'],
  issuer: 'CN=Noonmark local CA (pi, 3F2A)',
  source: 'local-ca',
  isPublic: false,
  isStandIn: false,
  dateProblem: null,
};

function factsOf({
  bound,
  ...parts
}: Omit<Partial<FactsInputs>, 'bound'> & { bound?: Partial<FactsInputs['bound']> } = {}) {
  return deviceFacts({
    configuredNames: ['dns.home.arpa'],
    configuredAddresses: [],
    bound: {
      dns: at(53, '127.0.0.1', '192.168.1.2'),
      dot: at(853, '192.168.1.2'),
      doh: at(443, '192.168.1.2'),
      admin: at(8080, '127.0.0.1'),
      ...bound,
    },
    hostAddresses: [],
    nearAddresses: [],
    served: SERVED,
    clockState: 'synchronized',
    ...parts,
  });
}

describe('addresses', () => {
  it('are those where a door is open, without loopback where there is another', () => {
    expect(factsOf()).toMatchObject({
      plain: { port: 53, addresses: ['192.168.1.2'] },
      dot: { port: 853, addresses: ['192.168.1.2'] },
      doh: { port: 443, addresses: ['192.168.1.2'] },
      pages: { port: 8080, addresses: ['127.0.0.1'] },
      reach: 'house',
    });
    const here = { dns: at(5300, '127.0.0.1'), dot: [], doh: at(8443, '127.0.0.1', '::1') };
    expect(factsOf({ bound: here })).toMatchObject({
      plain: { port: 5300, addresses: ['127.0.0.1'] },
      dot: null,
      doh: { port: 8443, addresses: ['127.0.0.1', '::1'] },
      reach: 'host',
    });
  });

  it('of a wildcard are those of the host, of its family, none that need a scope', () => {
    const hostAddresses = [
      '127.0.0.1',
      '::1',
      '192.168.1.2',
      '172.17.0.1',
      'fe80::1%eth0',
      'fd00::2',
      '2001:db8:1::2',
    ];
    expect(factsOf({ hostAddresses, bound: { dot: at(853, '0.0.0.0', '::') } }).dot?.addresses).toEqual([
      '192.168.1.2',
      '172.17.0.1',
      'fd00::2',
      '2001:db8:1::2',
    ]);
    expect(factsOf({ hostAddresses, bound: { dot: at(853, '0.0.0.0') } }).dot?.addresses).toEqual([
      '192.168.1.2',
      '172.17.0.1',
    ]);
  });

  it('are those of the interface at which the device came in, where one is', () => {
    const hostAddresses = ['192.168.1.2', '172.17.0.1', 'fd00::2'];
    const bound = { dot: at(853, '0.0.0.0', '::') };
    const near = factsOf({ hostAddresses, bound, nearAddresses: ['192.168.1.2', 'fd00::2'] });
    expect(near.dot?.addresses).toEqual(['192.168.1.2', 'fd00::2']);
    expect(factsOf({ hostAddresses, bound, nearAddresses: ['10.9.9.9'] }).dot?.addresses).toEqual(
      hostAddresses,
    );
  });

  it('that the owner has configured go before what interfaces say, but for these pages', () => {
    const facts = factsOf({
      configuredAddresses: ['192.168.7.7'],
      hostAddresses: ['172.17.0.2'],
      bound: { dns: at(53, '0.0.0.0'), dot: at(853, '0.0.0.0'), admin: at(8080, '0.0.0.0') },
    });
    expect(facts.dot?.addresses).toEqual(['192.168.7.7']);
    expect(facts.pages?.addresses).toEqual(['172.17.0.2']);
  });

  it('are few', () => {
    const many = Array.from({ length: 20 }, (_, last) => `10.0.0.${last}`);
    expect(factsOf({ bound: { dot: at(853, ...many) } }).dot?.addresses).toHaveLength(6);
  });

  it('reach the world where one is public', () => {
    expect(factsOf({ bound: { dot: at(853, '192.168.1.2', '2001:db9::2') } }).reach).toBe('world');
    expect(factsOf({ bound: { dns: at(53, 'fd00::2') } }).reach).toBe('house');
  });
});

describe('ports', () => {
  it('are the usual ones where any door has them', () => {
    const facts = factsOf({ bound: { dot: [...at(8530, '192.168.1.2'), ...at(853, '192.168.1.3')] } });
    expect(facts.dot).toEqual({ port: 853, addresses: ['192.168.1.3'] });
    expect(isDotUsual(facts)).toBe(true);
    expect(isPlainUsual(facts)).toBe(true);
    const high = factsOf({ bound: { dot: at(8530, '192.168.1.2'), dns: at(5300, '192.168.1.2') } });
    expect([isDotUsual(high), isPlainUsual(high)]).toEqual([false, false]);
  });
});

describe('the name', () => {
  const named = (configuredNames: string[], names: string[]) =>
    factsOf({ configuredNames, served: { ...SERVED, names } }).name;

  it('is the first configured one that the certificate carries, and no wildcard', () => {
    expect(named(['*.house.example', 'dns.house.example'], ['*.house.example'])).toBe('dns.house.example');
    expect(named(['a.example', 'b.example'], ['b.example'])).toBe('b.example');
    expect(named(['a.b.example'], ['*.example'])).toBeNull();
    expect(named(['192.168.1.2'], ['192.168.1.2'])).toBeNull();
    expect(factsOf({ served: null }).name).toBe('dns.home.arpa');
  });

  it('stands in the template, or an address that the certificate carries', () => {
    expect(dohTemplate(factsOf())).toBe('https://dns.home.arpa/dns-query');
    const nameless = factsOf({ configuredNames: [] });
    expect(verifiedHost(nameless)).toBe('192.168.1.2');
    expect(dohTemplate(nameless)).toBe('https://192.168.1.2/dns-query');
    expect(dohTemplate(factsOf({ configuredNames: [], served: { ...SERVED, names: [] } }))).toBeNull();
    expect(dohTemplate(deviceFactsWith({ doh: { port: 8443, addresses: ['::1'] } }))).toBe(
      'https://dns.home.arpa:8443/dns-query',
    );
  });
});

describe('the certificate', () => {
  const trust = (parts: Partial<ServedFacts>) => factsOf({ served: { ...SERVED, ...parts } }).certificate;

  it('of the local CA comes with that CA', () => {
    const { authority } = LOCAL_CERTIFICATE;
    expect(trust({})).toMatchObject({ trust: 'local', authority });
    expect(authority?.fingerprint).toMatch(/^(?:[\dA-F]{2}:){31}[\dA-F]{2}$/);
    expect(authority?.name).toMatch(/^Noonmark local CA \(pi, [\dA-F]{4}\)$/);
  });

  it('of anybody else is public, private, or not judged; only a chain that ends in its root hands out a CA', () => {
    const leaf = CHAIN.slice(0, CHAIN.indexOf('-----END') + 25);
    expect(trust({ source: 'acme', isPublic: true })).toMatchObject({ trust: 'public', authority: null });
    expect(trust({ source: 'files', isPublic: false })).toMatchObject({
      ...{ trust: 'private', authority: LOCAL_CERTIFICATE.authority },
    });
    expect(trust({ source: 'files', isPublic: false, chainPem: leaf })).toMatchObject({ authority: null });
    expect(trust({ source: 'files', isPublic: null, chainPem: 'nonsense' })).toMatchObject({
      ...{ trust: 'unknown', authority: null },
    });
  });
});

describe('as JSON', () => {
  it.each([deviceFactsWith(), deviceFactsWith({ certificate: null }), factsOf()])(
    'come back the same',
    (facts) => {
      expect(factsFromJson(JSON.stringify(factsJson(facts)))).toEqual(facts);
    },
  );
});
