// Which addresses of a host its own names have: those at which somebody listens; and which names it may be asked by.

import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { judgeAdminRequest } from '../../../src/admin/admin-request.ts';
import { neighboursOf, ownHostsOf } from '../../../src/app/this-host.ts';
import type { Config, SocketAddress } from '../../../src/config/config.ts';
import { parseSocketAddress } from '../../../src/config/socket-address.ts';
import { TYPE } from '../../../src/dns/codes.ts';
import { nameKey } from '../../../src/dns/names.ts';
import { OwnNames } from '../../../src/resolver/local/own-names.ts';

const INTERFACES = [
  { interface: 'lo', address: '127.0.0.1' },
  { interface: 'lo', address: '::1' },
  { interface: 'eth0', address: '192.168.1.2' },
  { interface: 'eth0', address: '2001:db8::2' },
  { interface: 'eth0', address: 'fd00::2' },
  { interface: 'eth0', address: 'fe80::2%eth0' },
  { interface: 'eth1', address: '10.0.0.2' },
  { interface: 'eth1', address: 'fd00:1::2' },
];

const sockets = (...texts: readonly string[]): SocketAddress[] =>
  texts.map((text) => parseSocketAddress(text, 53));
const listenOn = (...dns: readonly string[]) => ({ dns: sockets(...dns), dot: [], doh: [] });

describe('the addresses beside the one that was asked', () => {
  it.each<[string, readonly string[], string, readonly string[]]>([
    ['IPv4 alone, though there is IPv6', ['192.168.1.2'], '192.168.1.2', ['192.168.1.2']],
    ['all of IPv4', ['0.0.0.0'], '192.168.1.2', ['192.168.1.2']],
    [
      'all addresses',
      ['0.0.0.0', '[::]'],
      '192.168.1.2',
      ['192.168.1.2', '2001:db8::2', 'fd00::2', 'fe80::2%eth0'],
    ],
    ['some of each family', ['192.168.1.2', '[FD00:0::2]'], '192.168.1.2', ['192.168.1.2', 'fd00::2']],
    ['all of IPv6, asked by another', ['[::]'], 'fd00::2', ['2001:db8::2', 'fd00::2', 'fe80::2%eth0']],
    [
      'a link-local one with its scope',
      ['192.168.1.2', '[fe80::2%eth0]'],
      '192.168.1.2',
      ['192.168.1.2', 'fe80::2%eth0'],
    ],
    ['another interface', ['192.168.1.2', '[fd00:1::2]'], '192.168.1.2', ['192.168.1.2']],
    ['loopback', ['127.0.0.1', '[::1]'], '127.0.0.1', ['127.0.0.1', '::1']],
    ['an address that no interface has', ['0.0.0.0', '[::]'], '127.0.0.53', []],
  ])('where it listens on %s: %s', (_what, listen, asked, expected) => {
    expect(neighboursOf(asked, listenOn(...listen), INTERFACES)).toEqual(expected);
  });

  it('count for DNS, DoT and DoH alike', () => {
    const listen = {
      dns: sockets('192.168.1.2'),
      dot: sockets('[fd00::2]:853'),
      doh: sockets('[2001:db8::2]:443'),
    };
    expect(neighboursOf('192.168.1.2', listen, INTERFACES)).toEqual([
      '192.168.1.2',
      '2001:db8::2',
      'fd00::2',
    ]);
  });

  it('are those of this very host unless a test says otherwise', () => {
    expect(neighboursOf('127.0.0.1', listenOn('127.0.0.1'))).toEqual(['127.0.0.1']);
    expect(neighboursOf('127.0.0.1', listenOn('192.0.2.1'))).toEqual([]);
  });
});

describe('the AAAA of our own name', () => {
  const answered = (...listen: readonly string[]) => {
    const own = new OwnNames({
      names: ['dns.home.example'],
      addresses: [],
      neighboursOf: (address) => neighboursOf(address, listenOn(...listen), INTERFACES),
    });
    return own.answer(nameKey('dns.home.example'), TYPE.AAAA, '192.168.1.2')?.length;
  };

  it('is none where we listen on no IPv6, however much the host has of it', () => {
    expect(answered('192.168.1.2')).toBe(0);
  });

  it('is where we listen', () => {
    expect(answered('192.168.1.2', '[fd00::2]')).toBe(1);
    expect(answered('0.0.0.0', '[::]')).toBe(2);
  });
});

describe('the pages may be asked for', () => {
  const certificate = {
    names: ['*.example.net', 'dns.home.example'],
    addresses: ['192.168.1.2'],
    more: [{ names: ['*.lab.example'] }],
  } as unknown as Config['certificate'];

  it.each(['dns.example.net', 'a.lab.example', 'dns.home.example', '192.168.1.2', hostname()])(
    'by %s, which is in a certificate or is this host',
    (host) => expect(judged(host)).toBeNull(),
  );

  it.each(['example.net', 'a.b.example.net', 'home.example'])('not by %s', (host) =>
    expect(judged(host)).toMatchObject({ status: 421 }),
  );

  function judged(host: string) {
    const request = { target: '/', hosts: [`${host}:8080`], origin: undefined, localAddress: '127.0.0.1' };
    return judgeAdminRequest(request, ownHostsOf({ certificate }));
  }
});
