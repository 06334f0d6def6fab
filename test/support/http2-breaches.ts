// What ends a connection of HTTP/2, be it a client or a server that does it (RFC 9113 sections 4 to 6): frames, and the code that
// they earn. What only one of the two may not do stands in the tests of the other side.

import { ERROR, FRAME, MAX_PAYLOAD_OCTETS } from '../../src/http2/codes.ts';
import {
  continuation,
  data,
  FLAG,
  frame,
  goaway,
  headers,
  indexed,
  ping,
  priority,
  rstStream,
  SETTING,
  settings,
  windowUpdate,
} from './peers/http2-frames.ts';

export interface BreachingSide {
  /** What it has to send first, so that stream 1 is open. */
  readonly open: Buffer;
  /** A right header block. */
  readonly block: Buffer;
  /** A stream that nobody has opened. */
  readonly idle: number;
}

const MAX_WINDOW_OCTETS = 2 ** 31 - 1;

export function breachesOf({ open, block, idle }: BreachingSide): readonly [string, number, Buffer][] {
  const { PROTOCOL_ERROR, FRAME_SIZE_ERROR, FLOW_CONTROL_ERROR, COMPRESSION_ERROR } = ERROR;
  const opened = (...octets: readonly Buffer[]) => Buffer.concat([open, ...octets]);
  const sized = (type: number, octets: number, stream = 0, flags = 0) =>
    frame(type, flags, stream, Buffer.alloc(octets));
  const begun = headers(1, block, { endHeaders: false });
  return [
    ['DATA on stream 0', PROTOCOL_ERROR, data(0)],
    ['DATA on an idle stream', PROTOCOL_ERROR, data(idle)],
    ['DATA on an even stream', PROTOCOL_ERROR, data(2)],
    ['HEADERS on stream 0', PROTOCOL_ERROR, headers(0, block)],
    ['HEADERS on stream 0 that go on', PROTOCOL_ERROR, headers(0, block, { endHeaders: false })],
    ['HEADERS on an even stream', PROTOCOL_ERROR, headers(2, block)],
    [
      'HEADERS that are cut off',
      FRAME_SIZE_ERROR,
      sized(FRAME.HEADERS, 3, 1, FLAG.priority | FLAG.endHeaders),
    ],
    ['more padding than frame', PROTOCOL_ERROR, opened(frame(FRAME.DATA, FLAG.padded, 1, Buffer.of(2, 0)))],
    ['no octet of padding', PROTOCOL_ERROR, opened(sized(FRAME.DATA, 0, 1, FLAG.padded))],
    ['a header block that cannot be decoded', COMPRESSION_ERROR, headers(1, indexed(99))],
    ['PRIORITY on stream 0', PROTOCOL_ERROR, priority(0)],
    ['PRIORITY of four octets', FRAME_SIZE_ERROR, sized(FRAME.PRIORITY, 4, 1)],
    ['RST_STREAM on stream 0', PROTOCOL_ERROR, rstStream(0)],
    ['RST_STREAM on an idle stream', PROTOCOL_ERROR, rstStream(idle)],
    ['RST_STREAM of three octets', FRAME_SIZE_ERROR, sized(FRAME.RST_STREAM, 3, 1)],
    ['SETTINGS on a stream', PROTOCOL_ERROR, sized(FRAME.SETTINGS, 0, 1)],
    ['SETTINGS of five octets', FRAME_SIZE_ERROR, sized(FRAME.SETTINGS, 5)],
    ['an acknowledgement with settings', FRAME_SIZE_ERROR, sized(FRAME.SETTINGS, 6, 0, FLAG.ack)],
    ['push that is neither on nor off', PROTOCOL_ERROR, settings([[SETTING.enablePush, 2]])],
    ['frames that are too small', PROTOCOL_ERROR, settings([[SETTING.maxFrameSize, MAX_PAYLOAD_OCTETS - 1]])],
    ['frames that are too large', PROTOCOL_ERROR, settings([[SETTING.maxFrameSize, 2 ** 24]])],
    [
      'a first window that is too large',
      FLOW_CONTROL_ERROR,
      settings([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS + 1]]),
    ],
    ['a window that overflows', FLOW_CONTROL_ERROR, windowUpdate(0, MAX_WINDOW_OCTETS)],
    [
      'SETTINGS that make a window overflow',
      FLOW_CONTROL_ERROR,
      opened(windowUpdate(1, 1000), settings([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS]])),
    ],
    ['WINDOW_UPDATE of nothing', PROTOCOL_ERROR, windowUpdate(0, 0)],
    ['WINDOW_UPDATE of nothing on a stream', PROTOCOL_ERROR, opened(windowUpdate(1, 0))],
    ['WINDOW_UPDATE on an idle stream', PROTOCOL_ERROR, windowUpdate(idle, 1)],
    ['WINDOW_UPDATE of three octets', FRAME_SIZE_ERROR, sized(FRAME.WINDOW_UPDATE, 3)],
    ['PING on a stream', PROTOCOL_ERROR, sized(FRAME.PING, 8, 1)],
    ['PING of seven octets', FRAME_SIZE_ERROR, sized(FRAME.PING, 7)],
    ['GOAWAY on a stream', PROTOCOL_ERROR, sized(FRAME.GOAWAY, 8, 1)],
    ['GOAWAY of seven octets', FRAME_SIZE_ERROR, sized(FRAME.GOAWAY, 7)],
    ['CONTINUATION of nothing', PROTOCOL_ERROR, continuation(1, block, true)],
    ['PING within a header block', PROTOCOL_ERROR, Buffer.concat([begun, ping()])],
    ['GOAWAY within a header block', PROTOCOL_ERROR, Buffer.concat([begun, goaway(0)])],
    [
      'another stream within a header block',
      PROTOCOL_ERROR,
      Buffer.concat([begun, continuation(3, block, true)]),
    ],
    ['a frame that is too long', FRAME_SIZE_ERROR, sized(0xee, MAX_PAYLOAD_OCTETS + 1)],
  ];
}
