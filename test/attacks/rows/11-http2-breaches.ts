// Row 11, breaches: one frame that RFC 9113 or RFC 7541 calls an error of the connection, and connections that are left
// in the middle of something.

import {
  continuation,
  data,
  FLAG,
  frame,
  headerBlock,
  headers,
  indexed,
  integer,
  MAX_PAYLOAD_OCTETS,
  MAX_WINDOW_OCTETS,
  PREFACE,
  ping,
  priority,
  pushPromise,
  rstStream,
  SETTING,
  settings,
  TYPE,
  tableSizeUpdate,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';
import { requestFields } from '../../support/peers/raw-http2.ts';
import type { Trial } from '../trial.ts';
import { CUT_WITHIN_MS, type Http2Attack, http2Trial } from './11-http2-attack.ts';

const AUTHORITY = 'dns.example';
const REQUEST = headerBlock(requestFields(AUTHORITY));
const OPEN_REQUEST = headers(1, REQUEST);
const oneOctetValue = (...octets: number[]) => Buffer.concat([REQUEST, Buffer.from(octets)]);

/** Each is an error of the connection (RFC 9113 sections 4.2, 5.1, 6). */
const FRAMES: Readonly<Record<string, Uint8Array>> = {
  'DATA on stream 0': data(0, Buffer.of(1)),
  'DATA on an idle stream': data(1, Buffer.of(1)),
  'HEADERS on stream 0': headers(0, REQUEST),
  'an even stream': headers(2, REQUEST),
  'more padding than frame': Buffer.concat([
    OPEN_REQUEST,
    frame(TYPE.data, FLAG.padded, 1, Buffer.of(200, 0)),
  ]),
  'RST_STREAM on an idle stream': rstStream(1),
  'RST_STREAM on stream 0': rstStream(0),
  'RST_STREAM of three octets': Buffer.concat([OPEN_REQUEST, frame(TYPE.rstStream, 0, 1, Buffer.alloc(3))]),
  'SETTINGS on a stream': frame(TYPE.settings, 0, 1),
  'SETTINGS of five octets': frame(TYPE.settings, 0, 0, Buffer.alloc(5)),
  'an acknowledgement with settings': frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(6)),
  'a window that is too large': settings([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS + 1]]),
  'frames that are too large': settings([[SETTING.maxFrameSize, 2 ** 24]]),
  'push that is neither on nor off': settings([[SETTING.enablePush, 2]]),
  'PUSH_PROMISE of a client': Buffer.concat([OPEN_REQUEST, pushPromise(1, 2, REQUEST)]),
  'PING of seven octets': frame(TYPE.ping, 0, 0, Buffer.alloc(7)),
  'PING on a stream': frame(TYPE.ping, 0, 1, Buffer.alloc(8)),
  'GOAWAY on a stream': frame(TYPE.goaway, 0, 1, Buffer.alloc(8)),
  'WINDOW_UPDATE of three octets': frame(TYPE.windowUpdate, 0, 0, Buffer.alloc(3)),
  'WINDOW_UPDATE of nothing': windowUpdate(0, 0),
  'WINDOW_UPDATE on an idle stream': windowUpdate(1, 1),
  'a window that overflows': windowUpdate(0, MAX_WINDOW_OCTETS),
  'CONTINUATION of nothing': continuation(1, REQUEST, true),
  'PING within a header block': Buffer.concat([headers(1, REQUEST, { endHeaders: false }), ping()]),
  'another stream within a header block': Buffer.concat([
    headers(1, REQUEST, { endHeaders: false }),
    continuation(3, REQUEST, true),
  ]),
  'a frame over the limit': Buffer.concat([OPEN_REQUEST, data(1, Buffer.alloc(MAX_PAYLOAD_OCTETS + 1))]),
  'SETTINGS over the limit': settings(Array.from({ length: 3_000 }, () => [0x99, 1] as const)),
  'a frame of 16 MB, announced': frame(TYPE.data, 0, 1, Buffer.alloc(0)).fill(0xff, 0, 3),
};

/** Errors of the connection as well, but a server that overlooks them has lost nothing, and nghttp2 does. */
const OVERLOOKED: Readonly<Record<string, Uint8Array>> = {
  'PRIORITY on stream 0': priority(0),
  'streams that go down': Buffer.concat([headers(5, REQUEST), rstStream(5), headers(3, REQUEST)]),
};

/** Each is a COMPRESSION_ERROR (RFC 7541). */
const BLOCKS: Readonly<Record<string, Uint8Array>> = {
  'index 0 (6.1)': headers(1, oneOctetValue(0x80)),
  'an index that nobody gave': headers(1, indexed(62)),
  'an index beyond all tables': headers(1, indexed(1_000_000)),
  'an integer without end (5.1)': headers(1, Buffer.concat([Buffer.of(0xff), Buffer.alloc(100, 0xff)])),
  'an integer over 32 bits': headers(1, integer(2 ** 40, 7, 0x80)),
  'a name longer than its block': headers(1, Buffer.from([0x00, 0x7f, 0x61])),
  'Huffman with EOS (5.2)': headers(1, Buffer.from([0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61])),
  'Huffman with eight bits of padding': headers(1, Buffer.from([0x00, 0x82, 0x1f, 0xff, 0x01, 0x61])),
  'Huffman padded with zeros': headers(1, Buffer.from([0x00, 0x81, 0x18, 0x01, 0x61])),
  'a table over the limit (6.3)': headers(1, tableSizeUpdate(1_000_000)),
  'a change of the table after a field': headers(1, Buffer.concat([REQUEST, tableSizeUpdate(100)])),
  'a field cut off': headers(1, Buffer.from([0x40])),
};

const BEGUN = Buffer.concat([PREFACE, settings()]);
const OVERFLOWS = 50;
const ABRUPT_ENDS = 50;

function breaches(each: Readonly<Record<string, Uint8Array>>, must: Http2Attack['must']): Http2Attack[] {
  return Object.entries(each).map(([name, octets]) => ({ name, must, play: (peer) => peer.write(octets) }));
}

/** CVE-2026-21714: a session that was never freed, though its end had been announced. */
const OVERFLOW: Http2Attack = {
  name: 'a window that overflows',
  must: 'close',
  play: (peer) => peer.write(windowUpdate(0, MAX_WINDOW_OCTETS)),
};

/** CVE-2024-27983: the end comes while a header block is on its way. */
const ABRUPT_END: Http2Attack = {
  name: 'an abrupt end within a header block',
  must: 'close',
  async play(peer) {
    await peer.write(Buffer.concat([headers(1, REQUEST), headers(3, REQUEST, { endHeaders: false })]));
    peer.destroy();
  },
};

function beginning(name: string, must: Http2Attack['must'], octets: Uint8Array): Http2Attack {
  return { name, must, isUnspoken: true, play: (peer) => peer.write(octets) };
}

const HTTP1 = Buffer.from('GET /dns-query HTTP/1.1\r\nHost: dns.example\r\n\r\n');

export const BREACHES: readonly Trial[] = [
  http2Trial('frames against the rules', [
    ...breaches(FRAMES, 'close'),
    ...breaches(OVERLOOKED, 'close or serve'),
  ]),
  http2Trial('header blocks that cannot be decoded', breaches(BLOCKS, 'close')),
  http2Trial(`${OVERFLOWS} windows that overflow`, Array<Http2Attack>(OVERFLOWS).fill(OVERFLOW)),
  http2Trial(`${ABRUPT_ENDS} abrupt ends`, Array<Http2Attack>(ABRUPT_ENDS).fill(ABRUPT_END)),
  http2Trial('SETTINGS that are never acknowledged', [
    beginning('SETTINGS that are never acknowledged', 'close or serve', BEGUN),
  ]),
  http2Trial('HTTP/1.1 where HTTP/2 was agreed on', [beginning('HTTP/1.1', 'close', HTTP1)]),
  http2Trial('half a preface', [
    {
      ...beginning('half a preface', 'close', PREFACE.subarray(0, PREFACE.length / 2)),
      settleMs: CUT_WITHIN_MS,
      isLong: true,
    },
  ]),
];
