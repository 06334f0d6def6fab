// What is encoded is decoded to the same, by our own decoder here and by nghttp2 in test/contract; and the code of Huffman
// both ways.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Http2Fault } from '../../../src/http2/fault.ts';
import { staticNumber } from '../../../src/http2/header-tables.ts';
import { HpackDecoder } from '../../../src/http2/hpack-decoder.ts';
import { encodeFields, HpackEncoder } from '../../../src/http2/hpack-encoder.ts';
import { decodedOctetsMax, decodeHuffman, encodeHuffman, huffmanOctets } from '../../../src/http2/huffman.ts';

const latin1 = (maxLength: number) =>
  fc.uint8Array({ maxLength }).map((octets) => Buffer.from(octets).toString('latin1'));

function decode(block: Buffer): [string, string][] {
  const fields: [string, string][] = [];
  const take = (name: string, value: string) => fields.push([name, value]);
  new HpackDecoder().decode(block, 0, block.length, { take });
  return fields;
}

const written = ({ octets, length }: HpackEncoder) => Buffer.from(octets.subarray(0, length));

describe('Huffman code', () => {
  it.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['302', '6402'],
    ['', ''],
  ])('of "%s" is that of RFC 7541', (text, hex) => {
    const target = Buffer.alloc(40);
    expect(target.toString('hex', 0, encodeHuffman(text, target, 0))).toBe(hex);
  });

  it('of any octets comes back', () => {
    fc.assert(
      fc.property(latin1(300), (text) => {
        const coded = Buffer.alloc(huffmanOctets(text));
        expect(encodeHuffman(text, coded, 0)).toBe(coded.length);
        const target = Buffer.alloc(decodedOctetsMax(coded.length));
        expect(target.toString('latin1', 0, decodeHuffman(coded, 0, coded.length, target))).toBe(text);
      }),
    );
  });

  it('of any octets at all is right or refused, and never longer than foreseen', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (octets) => {
        const target = Buffer.alloc(decodedOctetsMax(octets.length));
        try {
          const length = decodeHuffman(octets, 0, octets.length, target);
          expect(length).toBeLessThanOrEqual(target.length);
          expect(huffmanOctets(target.toString('latin1', 0, length))).toBe(octets.length);
        } catch (error) {
          expect(error).toBeInstanceOf(Http2Fault);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a block', () => {
  it('comes back, whatever its fields', () => {
    const field = fc.tuple(latin1(40), latin1(100));
    fc.assert(
      fc.property(fc.array(field, { maxLength: 12 }), (fields) => {
        expect(decode(encodeFields(fields))).toEqual(fields);
      }),
    );
  });

  it('has one octet for a field of the static table', () => {
    expect(encodeFields([[':status', '200']]).toString('hex')).toBe('88');
    expect(encodeFields([[':status', '204']]).toString('hex')).toBe('89');
    expect(encodeFields([['accept-encoding', 'gzip, deflate']]).toString('hex')).toBe('90');
  });

  it('enters nothing into a table', () => {
    const block = encodeFields([
      [':status', '413'],
      ['content-type', 'a/b'],
      ['x-other', 'c'],
    ]);
    const decoder = new HpackDecoder();
    decoder.decode(block, 0, block.length, { take() {} });
    expect(decoder.tableOctets).toBe(0);
  });

  it('has numbers behind words', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'max-age='), fc.nat(2 ** 31 - 1), (words, number) => {
        const encoder = new HpackEncoder().begin().decimal(staticNumber('cache-control'), words, number);
        expect(decode(written(encoder))).toEqual([['cache-control', `${words}${number}`]]);
      }),
    );
  });

  it('may begin with fields that were prepared', () => {
    const encoder = new HpackEncoder();
    for (const age of [5, 60]) {
      encoder
        .begin()
        .prepared(encodeFields([[':status', '200']]))
        .decimal(staticNumber('age'), '', age);
      expect(decode(written(encoder))).toEqual([
        [':status', '200'],
        ['age', String(age)],
      ]);
    }
  });
});
