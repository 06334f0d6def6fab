// Where we are, told to whoever reached us.

import { describe, expect, it } from 'vitest';
import { TYPE } from '../../../../src/dns/codes.ts';
import { nameKey } from '../../../../src/dns/names.ts';
import { OwnNames } from '../../../../src/resolver/local/own-names.ts';

const KEY = nameKey('dns.home.example.');
const LAN = ['192.168.1.2', 'fd00::2', '2001:db8::2', 'fe80::2%eth0'];

function answered(type: number, localAddress: string, addresses: readonly string[] = []): string[] | null {
  const names = ['DNS.home.example', '192.168.1.2', 'fd00::2'];
  const own = new OwnNames({
    names,
    addresses,
    neighboursOf: (address) => (LAN.includes(address) ? LAN : []),
  });
  return own.answer(KEY, type, localAddress)?.map(({ rdata }) => Buffer.from(rdata).toString('hex')) ?? null;
}

describe('a name of this server', () => {
  it('has the address that was asked, and no other', () => {
    expect(answered(TYPE.A, '192.168.1.2')).toEqual(['c0a80102']);
    expect(answered(TYPE.AAAA, 'fd00::2')).toEqual(['fd000000000000000000000000000002']);
  });

  it('has of the other family what the same interface has, link-local left out', () => {
    expect(answered(TYPE.AAAA, '192.168.1.2')).toEqual([
      'fd000000000000000000000000000002',
      '20010db8000000000000000000000002',
    ]);
    expect(answered(TYPE.A, 'fe80::2%eth0')).toEqual(['c0a80102']);
    expect(answered(TYPE.AAAA, 'fe80::2%eth0')).toHaveLength(2);
    expect(answered(TYPE.AAAA, '10.0.0.1')).toEqual([]);
  });

  it('has the addresses of the config where there are any, by family', () => {
    expect(answered(TYPE.A, '192.168.1.2', ['203.0.113.5', '2001:db8::5'])).toEqual(['cb007105']);
    expect(answered(TYPE.AAAA, '192.168.1.2', ['203.0.113.5'])).toEqual([]);
  });

  it('has no SVCB or HTTPS record, and other types are not ours to answer', () => {
    expect(answered(TYPE.HTTPS, '192.168.1.2')).toEqual([]);
    expect(answered(TYPE.SVCB, '192.168.1.2')).toEqual([]);
    expect(answered(TYPE.TXT, '192.168.1.2')).toBeNull();
  });

  it('has a short TTL and the owner asked', () => {
    const own = new OwnNames({ names: ['dns.home.example'], addresses: [], neighboursOf: () => [] });
    expect(own.answer(KEY, TYPE.A, '10.0.0.1')).toMatchObject([{ owner: KEY, ttlSeconds: 60, type: TYPE.A }]);
    expect(own.answer(nameKey('other.example.'), TYPE.A, '10.0.0.1')).toBeNull();
  });

  it('of a peer that has gone, whose address cannot be known any more, has no address', () => {
    expect(answered(TYPE.A, '')).toEqual([]);
  });

  it('is never localhost, which is the client itself (RFC 6761 section 6.3), nor what no name can be', () => {
    const names = ['localhost', 'LOCALHOST.', 'x'.repeat(64), 'a..b'];
    const own = new OwnNames({ names, addresses: [], neighboursOf: () => [] });
    expect(own.answer(nameKey('localhost.'), TYPE.A, '192.168.1.2')).toBeNull();
  });
});
