// Who may ask. The last address of a range and the first behind it, for each range of the tables.

import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/config/parse.ts';
import { AccessList } from '../../../src/resolver/access-list.ts';

describe('the named ranges', () => {
  it.each([
    ['127.0.0.0', true],
    ['127.255.255.255', true],
    ['128.0.0.0', false],
    ['::1', true],
    ['::2', false],
  ])('loopback has %s: %s', (client, allowed) => {
    expect(new AccessList(['loopback'], []).allows(client)).toBe(allowed);
  });

  it.each([
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['172.15.255.255', false],
    ['172.16.0.0', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.255.255', true],
    ['192.169.0.0', false],
    ['169.254.1.1', true],
    ['127.0.0.1', false],
    ['100.64.0.1', false],
    ['fd00::1', true],
    ['fc00::1', true],
    ['fe00::1', false],
    ['fe80::1%eth0', true],
    ['febf::1', true],
    ['fec0::1', false],
    ['2001:db8::1', false],
  ])('private has %s: %s', (client, allowed) => {
    expect(new AccessList(['private'], []).allows(client)).toBe(allowed);
  });

  it('local has the prefixes of the interfaces, host bits and scopes or not', () => {
    const list = new AccessList(['local'], ['203.0.113.77/25', '2001:db8:1:2::5/64', 'fe80::5%eth0/64']);
    expect(['203.0.113.1', '203.0.113.128'].map((client) => list.allows(client))).toEqual([true, false]);
    expect(['2001:db8:1:2:ff::1', '2001:db8:1:3::1'].map((client) => list.allows(client))).toEqual([
      true,
      false,
    ]);
    expect(list.allows('fe80::99%eth1')).toBe(true);
  });

  it('local has no prefix that is too short for a link', () => {
    const list = new AccessList(['local'], ['0.0.0.0/0', '8.0.0.0/7', '2000::/3', '2001::/31']);
    for (const client of ['9.9.9.9', '2001:db8::1', '2001::1'])
      expect(list.allows(client), client).toBe(false);
  });
});

it('a prefix lets in its own and nobody else', () => {
  const list = new AccessList([{ cidr: '198.51.100.0/24' }, { cidr: '2001:db8::/32' }], ['203.0.113.0/24']);
  expect(['198.51.100.9', '198.51.101.9', '203.0.113.9'].map((client) => list.allows(client))).toEqual([
    true,
    false,
    false,
  ]);
  expect(['2001:db8::9', '2001:db9::9'].map((client) => list.allows(client))).toEqual([true, false]);
});

it('the default lets in loopback, private ranges and the own links, and nobody of the world', () => {
  const { access } = parseConfig('{}', { file: '/etc/noonmark/home.yaml' }).config;
  const list = new AccessList(access.allow, ['192.168.1.20/24', 'fe80::1/64']);
  const house = ['127.0.0.1', '::1', '10.1.2.3', '172.31.0.1', '192.168.9.9', 'fd00::9', 'fe80::9%eth0'];
  const world = [
    '8.8.8.8',
    '100.64.0.1',
    '203.0.113.9',
    '172.32.0.1',
    '2001:db8::9',
    '2606:4700::1',
    '224.0.0.1',
  ];
  expect(house.filter((client) => !list.allows(client))).toEqual([]);
  expect(world.filter((client) => list.allows(client))).toEqual([]);
});

it('an empty list lets nobody in, and what is no address is nobody', () => {
  expect(new AccessList([], []).allows('127.0.0.1')).toBe(false);
  const everybody = new AccessList([{ cidr: '0.0.0.0/0' }, { cidr: '::/0' }], []);
  expect(['', 'localhost', '1.2.3'].map((client) => everybody.allows(client))).toEqual([false, false, false]);
});

it('a verdict stays the same when it is remembered, and when so many are that some are forgotten', () => {
  const list = new AccessList(['private'], []);
  const clients = Array.from({ length: 5000 }, (_, at) =>
    at % 2 ? `10.0.${at >> 8}.${at & 255}` : `9.0.${at >> 8}.${at & 255}`,
  );
  for (let round = 0; round < 2; round += 1) {
    for (const [at, client] of clients.entries()) expect(list.allows(client)).toBe(at % 2 === 1);
  }
});
