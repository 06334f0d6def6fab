// Which sockets a UDP listener opens: wildcards become the host's own addresses, looked up again as they change.

import { afterEach, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/config/limits.ts';
import { Answer } from '../../../src/dns/answer.ts';
import type { InterfaceAddress } from '../../../src/listener/interfaces.ts';
import { type ListenerParts, plainAddress } from '../../../src/listener/listener.ts';
import { dgramSockets } from '../../../src/listener/udp/dgram-sockets.ts';
import { expandWildcards, UdpListener } from '../../../src/listener/udp.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-ports.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const LOOK_EVERY_MS = 10_000;

function on(name: string, address: string, family: 4 | 6): InterfaceAddress {
  return { interface: name, address, family, cidr: `${address}/24`, isLinkLocal: address.startsWith('fe80') };
}

const HOST = [
  on('lo', '127.0.0.1', 4),
  on('lo', '::1', 6),
  on('eth0', '192.0.2.7', 4),
  on('eth0', '2001:db8::7', 6),
  on('eth0', 'fe80::7%eth0', 6),
];

const v4 = (address: string, port = 53) => ({ address, port, family: 4 }) as const;
const v6 = (address: string, port = 53) => ({ address, port, family: 6 }) as const;

describe('expandWildcards', () => {
  it.each([
    ['named addresses as they are', [v4('192.0.2.7'), v6('::1')], ['192.0.2.7', '::1']],
    ['0.0.0.0 into every IPv4 address', [v4('0.0.0.0')], ['127.0.0.1', '192.0.2.7']],
    [
      ':: into every IPv6 address, link-local with its scope',
      [v6('::')],
      ['::1', '2001:db8::7', 'fe80::7%eth0'],
    ],
    [
      'an address and the wildcard that covers it into one',
      [v4('192.0.2.7'), v4('0.0.0.0')],
      ['192.0.2.7', '127.0.0.1'],
    ],
    ['nothing into nothing', [], []],
  ])('turns %s', (_what, wanted, addresses) => {
    expect(expandWildcards(wanted, () => HOST).map(({ address }) => address)).toEqual(addresses);
  });

  it('keeps the port, and different ports apart', () => {
    const expanded = expandWildcards([v4('0.0.0.0', 53), v4('127.0.0.1', 5353)], () => HOST);
    expect(expanded).toEqual([v4('127.0.0.1', 53), v4('192.0.2.7', 53), v4('127.0.0.1', 5353)]);
  });

  it('leaves those as they are that one socket is enough for', () => {
    const isIpv6 = ({ family }: { family: 4 | 6 }) => family === 6;
    expect(expandWildcards([v6('::'), v4('0.0.0.0')], () => HOST, isIpv6)).toEqual([
      v6('::'),
      v4('127.0.0.1'),
      v4('192.0.2.7'),
    ]);
  });

  it('keeps a named address that the host does not have: it may come', () => {
    expect(expandWildcards([v4('203.0.113.1')], () => HOST)).toEqual([v4('203.0.113.1')]);
  });
});

describe('a wildcard listener through node:dgram', () => {
  const clock = new SimulatedClock();
  let stop = async () => {};
  afterEach(() => stop());

  it('follows the addresses of the host every ten seconds', async () => {
    let host = [on('lo', '127.0.0.1', 4)];
    const limits = Object.fromEntries(Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]));
    const port = await freePort();
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const listener = new UdpListener({
      addresses: [v4('0.0.0.0', port)],
      resolver: { resolve: () => Answer.ofRcode(0) },
      clock,
      log,
      limitLog: new LimitLog(log, clock),
      limits: limits as unknown as ListenerParts['limits'],
      interfaces: () => host,
      sockets: dgramSockets(clock),
    });
    stop = () => listener.stop(0);
    const bound = () => listener.addresses.map(({ address }) => address);
    await listener.start();
    expect(bound()).toEqual(['127.0.0.1']);
    host = [on('lo', '127.0.0.1', 4), on('lo', '127.0.0.2', 4)];
    clock.advance(LOOK_EVERY_MS - 1);
    expect(bound()).toEqual(['127.0.0.1']);
    clock.advance(1);
    await eventually(() => bound().length === 2);
    host = [on('lo', '127.0.0.2', 4)];
    clock.advance(LOOK_EVERY_MS);
    await eventually(() => bound().join() === '127.0.0.2');
    await listener.stop(0);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('plainAddress', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:0:1', '::ffff:0:1'],
    [undefined, ''],
  ])('makes of %s %s', (address, plain) => {
    expect(plainAddress(address)).toBe(plain);
  });
});
