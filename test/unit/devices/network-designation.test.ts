// The octets of DNR (RFC 9463): read back field by field, as a client would.

import { describe, expect, it } from 'vitest';
import { colonHex, dhcpv4Value, dhcpv6Values } from '../../../src/devices/network-designation.ts';
import { deviceFactsWith } from '../../support/device-facts.ts';

const NAME = '03646e7304686f6d65046172706100'; // dns.home.arpa
const DOT = '000100040' + '3646f74'; // alpn: one of 3 octets, "dot"
const DOH = '00010003026832' + '000700102f646e732d71756572797b3f646e737d'; // alpn h2, dohpath /dns-query{?dns}
const hex = (octets: Uint8Array | null) => Buffer.from(octets!).toString('hex');

describe('the value of option 162 (DHCPv4)', () => {
  it('has an instance for each door, DoT first', () => {
    const v4 = 'c0a80102';
    const dot = `0001${'0f'}${NAME}04${v4}${DOT}`;
    const doh = `0002${'0f'}${NAME}04${v4}${DOH}`;
    const withLength = (data: string) => (data.length / 2).toString(16).padStart(4, '0') + data;
    expect(hex(dhcpv4Value(deviceFactsWith()))).toBe(withLength(dot) + withLength(doh));
  });

  it('has the port where it is another', () => {
    const facts = deviceFactsWith({ doh: null, dot: { port: 8530, addresses: ['192.168.1.2'] } });
    expect(hex(dhcpv4Value(facts))).toContain(`${DOT}000300022152`);
  });

  it('is not there without a name, without IPv4, or where it would not fit', () => {
    expect(dhcpv4Value(deviceFactsWith({ name: null }))).toBeNull();
    const v6 = { port: 853, addresses: ['fd00::2'] };
    expect(dhcpv4Value(deviceFactsWith({ dot: v6, doh: null }))).toBeNull();
    expect(dhcpv4Value(deviceFactsWith({ name: `${'long.'.repeat(24)}example.com` }))).toBeNull();
  });
});

describe('the values of option 144 (DHCPv6)', () => {
  it('are one a door, with lengths of two octets and no length of their own', () => {
    const v6 = 'fd000000000000000000000000000002';
    expect(dhcpv6Values(deviceFactsWith()).map(hex)).toEqual([
      `0001000f${NAME}0010${v6}${DOT}`,
      `0002000f${NAME}0010${v6}${DOH}`,
    ]);
  });
});

it('colonHex writes what dnsmasq reads', () => {
  expect(colonHex(Uint8Array.of(0, 255, 10))).toBe('00:ff:0a');
});
