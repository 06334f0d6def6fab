// Whom a datagram came from and which address of ours it came to, out of the octets that Linux gives; and addresses as text.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AddressTexts } from '../../../../src/listener/udp/address-texts.ts';
import { clientOf, portOf, turnRound } from '../../../../src/listener/udp/route.ts';
import { writeSocketName } from '../../../../src/listener/udp/socket-name.ts';

const INTERFACES = ['', 'lo', 'eth0'];
const texts = () => new AddressTexts((index) => INTERFACES[index] ?? null);
const indexOf = (name: string) => Math.max(0, INTERFACES.indexOf(name));

/** A route: the other side's name, and the control message behind it. */
function route(address: string, port: number, control: Buffer = Buffer.alloc(0)): Int32Array {
  const octets = Buffer.from(new ArrayBuffer(80));
  writeSocketName(octets, { address, port, family: address.includes(':') ? 6 : 4 }, indexOf);
  octets.set(control, 32);
  return new Int32Array(octets.buffer);
}

function control(level: number, type: number, content: readonly number[]): Buffer {
  const header = Buffer.alloc(16);
  header.writeBigUInt64LE(BigInt(16 + content.length));
  header.writeInt32LE(level, 8);
  header.writeInt32LE(type, 12);
  return Buffer.concat([header, Buffer.from(content)]);
}

const pktinfo4 = (index: number, local: number[], destination: number[]) =>
  control(0, 8, [index, 0, 0, 0, ...local, ...destination]);
const pktinfo6 = (first: readonly number[], last: number, index: number) =>
  control(41, 50, [...first, ...Array(15 - first.length).fill(0), last, index, 0, 0, 0]);

describe('a name for bind(2)', () => {
  it.each([
    ['192.0.2.7', 53, `02000035c0000207${'00'.repeat(8)}`],
    ['2001:db8::7', 5353, '0a0014e90000000020010db800000000000000000000000700000000'],
    ['fe80::1%eth0', 65_535, '0a00ffff00000000fe80000000000000000000000000000102000000'],
    ['fe80::1%gone', 1, '0a00000100000000fe80000000000000000000000000000100000000'],
  ])('of %s', (address, port, hex) => {
    const target = Buffer.alloc(40, 0xff);
    const octets = writeSocketName(target, { address, port, family: address.includes(':') ? 6 : 4 }, indexOf);
    expect(target.toString('hex', 0, octets)).toBe(hex);
  });
});

describe('who asked', () => {
  it.each([
    ['192.0.2.7', 53, '192.0.2.7'],
    ['255.255.255.255', 65_535, '255.255.255.255'],
    ['2001:db8::7', 256, '2001:db8::7'],
    ['::1', 255, '::1'],
    ['::', 0, '::'],
    ['::ffff:192.0.2.7', 1, '192.0.2.7'],
    ['fe80::1%eth0', 4660, 'fe80::1%eth0'],
  ])('%s, port %i', (address, port, text) => {
    const words = route(address, port);
    expect(clientOf(words, 0, texts())).toBe(text);
    expect(portOf(words, 0)).toBe(port);
  });

  it('is told without the interface when that has gone meanwhile', () => {
    expect(clientOf(route('fe80::1%lo', 1), 0, new AddressTexts(() => null))).toBe('fe80::1');
  });
});

describe('the address that was asked', () => {
  it('over IPv4; the reply goes by the routing table, from there', () => {
    const words = route('192.0.2.7', 53, pktinfo4(3, [127, 0, 0, 2], [127, 0, 0, 2]));
    expect(turnRound(words, 0, texts())).toBe('127.0.0.2');
    const way = Buffer.from(words.buffer);
    expect(way.readInt32LE(32 + 16)).toBe(0);
    expect([...way.subarray(32 + 20, 32 + 24)]).toEqual([127, 0, 0, 2]);
  });

  it('over IPv6, the same', () => {
    const words = route('2001:db8::7', 53, pktinfo6([0x20, 1, 0xd, 0xb8], 9, 3));
    expect(turnRound(words, 0, texts())).toBe('2001:db8::9');
    expect(Buffer.from(words.buffer).readInt32LE(32 + 32)).toBe(0);
  });

  it('on a link, with its interface, by which the reply goes', () => {
    const words = route('fe80::1%eth0', 53, pktinfo6([0xfe, 0x80], 9, 2));
    expect(turnRound(words, 0, texts())).toBe('fe80::9%eth0');
    expect(Buffer.from(words.buffer).readInt32LE(32 + 32)).toBe(2);
  });

  it.each([
    ['broadcast', pktinfo4(3, [192, 0, 2, 2], [192, 0, 2, 255])],
    ['IPv4 multicast', pktinfo4(3, [192, 0, 2, 2], [224, 0, 0, 251])],
    ['IPv6 multicast', pktinfo6([0xff, 2], 1, 2)],
    ['another control message', control(1, 29, Array(16).fill(0))],
  ])('is none for %s', (_what, message) => {
    expect(turnRound(route('192.0.2.7', 53, message), 0, texts())).toBeNull();
  });
});

describe('the table of texts', () => {
  it('makes the text of an address once', () => {
    const nameOf = vi.fn(() => 'eth0');
    const table = new AddressTexts(nameOf);
    for (let round = 0; round < 3; round += 1)
      expect(clientOf(route('fe80::1%eth0', 1), 0, table)).toBe('fe80::1%eth0');
    expect(nameOf).toHaveBeenCalledTimes(1);
  });

  it('never takes one for another, however many there are', () => {
    const table = texts();
    const address = fc.oneof(
      fc.ipV4().map((text) => ({ text, words: route(text, 1) })),
      fc.integer({ min: 0, max: 0xffff }).map((low) => {
        const text = `2001:db8::${low.toString(16)}`;
        return { text: low === 0 ? '2001:db8::' : text, words: route(text, 1) };
      }),
    );
    fc.assert(
      fc.property(fc.array(address, { minLength: 200, maxLength: 400 }), (many) => {
        for (const { text, words } of many) expect(clientOf(words, 0, table)).toBe(text);
      }),
    );
    for (let low = 0; low < 20_000; low += 1) {
      const text = `10.1.${low >> 8}.${low & 255}`;
      expect(clientOf(route(text, 1), 0, table)).toBe(text);
    }
  });

  it('looks at the whole of an address, and at its scope', () => {
    const table = new AddressTexts((index) => `if${index}`);
    const words = route('fe80::7', 1);
    for (let number = 1; number < 20_000; number += 1) {
      words[6] = number;
      expect(clientOf(words, 0, table)).toBe(`fe80::7%if${number}`);
    }
    words[6] = 0;
    for (let number = 0x2000; number < 0x7000; number += 1) {
      words[2] = ((number & 255) << 8) | (number >> 8);
      expect(clientOf(words, 0, table)).toBe(`${number.toString(16)}::7`);
    }
  });
});
