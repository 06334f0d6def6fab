// Who is asked when nobody is named: addresses only, several operators, and the upstreams as they are configured.

import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { UpstreamConfig } from '../../../src/config/config.ts';
import { builtInSources, sourcesOf } from '../../../src/timesync/built-in-sources.ts';

const DOT: UpstreamConfig = {
  url: 'tls://dns.example',
  protocol: 'tls',
  path: '',
  serverName: 'dns.example',
  port: 853,
  addresses: ['192.0.2.1', '2001:db8::1'],
  caFile: '/ca.pem',
  pins: ['sha256/PIN'],
};
const DOH: UpstreamConfig = {
  ...DOT,
  url: 'https://doh.example:8443/q',
  protocol: 'https',
  path: '/q',
  serverName: 'doh.example',
  port: 8443,
};

describe('the built-in sources', () => {
  it('are asked at addresses by three operators and more, so that no name has to be looked up first', () => {
    const byAddress = builtInSources([DOT, DOH]).filter(
      ({ addresses, isAddress }) => isAddress || addresses.length > 0,
    );
    for (const { host, isAddress, addresses } of byAddress)
      expect((isAddress ? [host] : addresses).every((address) => isIP(address) !== 0)).toBe(true);
    const plain = byAddress.filter(({ protocol }) => protocol === 'ntp');
    expect(new Set(plain.map(({ operator }) => operator)).size).toBeGreaterThanOrEqual(3);
  });

  it('are enough without the upstreams: three operators of NTP, each with an address of both families or two', () => {
    const ntp = builtInSources([]);
    expect(new Set(ntp.map(({ operator }) => operator)).size).toBeGreaterThanOrEqual(3);
    expect(
      ntp.every(({ protocol, port, operator }) => protocol === 'ntp' && port === 123 && operator !== null),
    ).toBe(true);
    expect(ntp.some(({ trusted, prefer, key }) => trusted || prefer || key !== null)).toBe(false);
    expect(ntp.map(({ url }) => url)).toContain('ntp://[2606:4700:f1::1]');
  });

  it('have the Date of a DoT upstream at port 443, by its name and CA; its pins are for another port', () => {
    expect(builtInSources([DOT])[0]).toMatchObject({
      url: 'https://dns.example/',
      host: 'dns.example',
      isAddress: false,
      port: 443,
      path: '/',
      addresses: DOT.addresses,
      caFile: '/ca.pem',
      pins: [],
    });
  });

  it('have the Date of a DoH upstream where it is', () => {
    expect(builtInSources([DOH])[0]).toMatchObject({
      url: 'https://doh.example:8443/q',
      port: 8443,
      path: '/q',
      pins: DOH.pins,
      operator: null,
    });
  });

  it('name an upstream that is an address as one', () => {
    const [date] = builtInSources([{ ...DOT, serverName: '2001:db8::1' }]);
    expect(date).toMatchObject({ url: 'https://[2001:db8::1]/', host: '2001:db8::1', isAddress: true });
  });
});

describe('the Date of DoH upstreams', () => {
  it('are not asked where others are listed, but for the Date of DoH upstreams, which comes with what they do anyway', () => {
    const [listed] = builtInSources([]);
    const hosts = sourcesOf([listed!], [DOT, DOH]).map(({ host }) => host);
    expect(hosts).toEqual([listed!.host, 'doh.example']);
    const written = sourcesOf(null, [DOH]).find(({ protocol }) => protocol === 'https')!;
    expect(sourcesOf([written], [DOH])).toEqual([written]);
    expect(sourcesOf([], [DOT, DOH])).toEqual([]);
    expect(sourcesOf(null, [DOT, DOH])).toEqual(builtInSources([DOT, DOH]));
  });
});
