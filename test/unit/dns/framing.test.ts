// Messages on a stream come out whole, however the octets were cut on their way.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/dns/framing.ts';
import { SEED, uint16 } from '../../support/arbitrary-messages.ts';

function read(chunks: readonly Uint8Array[]): { messages: Buffer[]; pendingOctets: number } {
  const reader = new FrameReader();
  const messages: Buffer[] = [];
  for (const chunk of chunks) {
    const arrived = Buffer.from(chunk);
    reader.push(arrived, (message) => messages.push(Buffer.from(message)));
  }
  return { messages, pendingOctets: reader.pendingOctets };
}

function frame(message: Uint8Array): Buffer {
  return Buffer.concat([uint16(message.length), message]);
}

describe('a stream of messages', () => {
  it('gives several of one chunk, and keeps what is not whole', () => {
    const { messages, pendingOctets } = read([
      Buffer.concat([frame(Buffer.of(1)), frame(Buffer.of(2, 3)), uint16(9)]),
    ]);
    expect(messages).toEqual([Buffer.of(1), Buffer.of(2, 3)]);
    expect(pendingOctets).toBe(2);
  });

  it('writes over no message that was cut and has been given', () => {
    const reader = new FrameReader();
    const messages: Uint8Array[] = [];
    for (const octet of [7, 8]) {
      const bytes = frame(Buffer.of(octet, octet));
      for (const part of [bytes.subarray(0, 3), bytes.subarray(3)])
        reader.push(part, (message) => messages.push(message));
    }
    expect(messages.map((message) => [...message])).toEqual([
      [7, 7],
      [8, 8],
    ]);
  });

  it('gives an empty message as such', () => {
    expect(read([uint16(0), frame(Buffer.of(7))]).messages).toEqual([Buffer.alloc(0), Buffer.of(7)]);
  });

  it('gives the longest message, and has nothing pending after it', () => {
    const longest = Buffer.alloc(65_535, 0x5a);
    const bytes = frame(longest);
    const { messages, pendingOctets } = read([
      bytes.subarray(0, 1),
      bytes.subarray(1, 40_000),
      bytes.subarray(40_000),
    ]);
    expect(messages).toEqual([longest]);
    expect(pendingOctets).toBe(0);
  });

  it('never keeps more than one message', () => {
    const reader = new FrameReader();
    let most = 0;
    for (const byte of Buffer.concat([frame(Buffer.alloc(300)), frame(Buffer.alloc(200))])) {
      reader.push(Buffer.of(byte), () => {});
      most = Math.max(most, reader.pendingOctets);
    }
    expect(most).toBe(2 + 300 - 1);
    expect(reader.pendingOctets).toBe(0);
  });

  it('is the same whatever the chunks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        (messages, sizes) => {
          const stream = Buffer.concat(messages.map(frame));
          const chunks: Buffer[] = [];
          for (let at = 0, turn = 0; at < stream.length; turn += 1) {
            const size = sizes[turn % sizes.length]!;
            chunks.push(stream.subarray(at, at + size));
            at += size;
          }
          expect(read(chunks)).toEqual({
            messages: messages.map((one) => Buffer.from(one)),
            pendingOctets: 0,
          });
        },
      ),
      { seed: SEED, numRuns: 300 },
    );
  });
});
