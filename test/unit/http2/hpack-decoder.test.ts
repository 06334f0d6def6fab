// Appendix C of RFC 7541, example by example, and what cannot be decoded.

import { describe, expect, it } from 'vitest';
import { ERROR } from '../../../src/http2/codes.ts';
import { Http2Fault } from '../../../src/http2/fault.ts';
import { HpackDecoder } from '../../../src/http2/hpack-decoder.ts';
import { headerBlock, indexed, integer, literal, tableSizeUpdate } from '../../support/peers/http2-frames.ts';

function open(tableOctets?: number) {
  const decoder = new HpackDecoder(tableOctets);
  const decode = (block: Buffer) => {
    const fields: string[] = [];
    decoder.decode(block, 0, block.length, { take: (name, value) => fields.push(`${name}: ${value}`) });
    return fields;
  };
  return { decoder, decode, decodeHex: (hex: string) => decode(Buffer.from(hex.replaceAll(' ', ''), 'hex')) };
}

const DATE_21 = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const COOKIE = 'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1';
const REQUESTS = [
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'],
  [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com', 'cache-control: no-cache'],
  [
    ...[':method: GET', ':scheme: https', ':path: /index.html', ':authority: www.example.com'],
    'custom-key: custom-value',
  ],
];
const LOCATION = 'location: https://www.example.com';
const RESPONSES = [
  [':status: 302', 'cache-control: private', DATE_21, LOCATION],
  [':status: 307', 'cache-control: private', DATE_21, LOCATION],
  [
    ...[':status: 200', 'cache-control: private', DATE_21.replace(':21 GMT', ':22 GMT'), LOCATION],
    ...['content-encoding: gzip', COOKIE],
  ],
];

describe('of appendix C', () => {
  it.each([
    [
      'C.2.1',
      '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572',
      'custom-key: custom-header',
      55,
    ],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path', 0],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret', 0],
    ['C.2.4', '82', ':method: GET', 0],
  ])('%s', (_name, hex, field, octets) => {
    const { decoder, decodeHex } = open();
    expect(decodeHex(hex)).toEqual([field]);
    expect(decoder.tableOctets).toBe(octets);
  });

  it.each([
    [
      'C.3, requests',
      undefined,
      REQUESTS,
      [57, 110, 164],
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
    ],
    [
      'C.4, requests with Huffman code',
      undefined,
      REQUESTS,
      [57, 110, 164],
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
    ],
    [
      'C.5, responses and a table of 256 octets',
      256,
      RESPONSES,
      [222, 222, 215],
      [
        `4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32
         3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d`,
        '4803 3330 37c1 c0bf',
        `88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970
         7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61
         6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31`,
      ],
    ],
    [
      'C.6, the same with Huffman code',
      256,
      RESPONSES,
      [222, 222, 215],
      [
        `4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad
         1718 63c7 8f0b 97c8 e9ae 82ae 43d3`,
        '4883 640e ffc1 c0bf',
        `88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2
         e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07`,
      ],
    ],
  ])('%s', (_name, tableOctets, lists, sizes, blocks) => {
    const { decoder, decodeHex } = open(tableOctets);
    for (const [at, block] of blocks.entries()) {
      expect(decodeHex(block.replaceAll(/\s/g, ''))).toEqual(lists[at]);
      expect(decoder.tableOctets).toBe(sizes[at]);
    }
  });
});

describe('the table', () => {
  it('gives its fields numbers from the youngest on, and forgets the oldest', () => {
    const { decode } = open(3 * 34);
    decode(Buffer.concat(['a', 'b', 'c', 'd'].map((name) => literal([name, '1'], true))));
    expect(decode(Buffer.concat([62, 63, 64].map(indexed)))).toEqual(['d: 1', 'c: 1', 'b: 1']);
    expect(() => decode(indexed(65))).toThrow(Http2Fault);
  });

  it('is emptied by what does not fit', () => {
    const { decoder, decode } = open(100);
    decode(literal(['a', 'b'], true));
    expect(decode(literal(['x', 'y'.repeat(68)], true))).toHaveLength(1);
    expect(decoder.tableOctets).toBe(0);
  });

  it('is resized at the start of a block, as often as one likes, within what we allow', () => {
    const { decoder, decode } = open();
    decode(literal(['a', 'b'], true));
    decode(Buffer.concat([tableSizeUpdate(0), tableSizeUpdate(4096), indexed(2)]));
    expect(decoder.tableOctets).toBe(0);
    expect(() => decode(tableSizeUpdate(4097))).toThrow(Http2Fault);
  });

  it('has another version whenever a number may mean something else', () => {
    const { decoder, decode } = open();
    const versions = [indexed(2), literal(['a', 'b']), literal(['a', 'b'], true), tableSizeUpdate(10)].map(
      (block) => {
        decode(block);
        return decoder.version;
      },
    );
    expect(versions).toEqual([0, 0, 1, 2]);
  });
});

it.each([
  ['index 0', indexed(0)],
  ['an index that nobody gave', indexed(62)],
  ['a name that nobody gave', Buffer.from([0x7f, 0x00, 0x01, 0x61])],
  ['an integer without end', Buffer.concat([Buffer.of(0xff), Buffer.alloc(10, 0x80), Buffer.of(0)])],
  ['an integer over 28 bits', integer(2 ** 30, 7, 0x80)],
  [
    'an integer in more octets than any needs',
    Buffer.concat([Buffer.of(0x00, 0x7f), Buffer.alloc(4, 0x80), Buffer.alloc(1 + 127 + 1)]),
  ],
  ['a name longer than its block', Buffer.from([0x00, 0x7f, 0x61])],
  ['a value longer than its block', Buffer.from([0x00, 0x01, 0x61, 0x02, 0x61])],
  ['no value', Buffer.from([0x00, 0x01, 0x61])],
  ['EOS', Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61])],
  ['eight bits of padding', Buffer.from([0x00, 0x82, 0x1f, 0xff, 0x01, 0x61])],
  ['padding of zeros', Buffer.from([0x00, 0x81, 0x18, 0x01, 0x61])],
  ['a change of the table after a field', Buffer.concat([indexed(2), tableSizeUpdate(100)])],
  ['nothing but a first octet', Buffer.of(0x40)],
])('%s cannot be decoded, and ends the connection', (_what, block) => {
  let fault: unknown = null;
  try {
    open().decode(block);
  } catch (error) {
    fault = error;
  }
  expect(fault).toBeInstanceOf(Http2Fault);
  expect((fault as Http2Fault).errorCode).toBe(ERROR.COMPRESSION_ERROR);
});

it('reads a block in the midst of other octets, and no octet beyond it', () => {
  const block = headerBlock([['a', 'bc']]);
  const octets = Buffer.concat([Buffer.of(0x82, 0x82), block, Buffer.of(0x82)]);
  const fields: string[] = [];
  const reader = { take: (name: string, value: string) => fields.push(`${name}=${value}`) };
  new HpackDecoder().decode(octets, 2, 2 + block.length, reader);
  expect(fields).toEqual(['a=bc']);
});
