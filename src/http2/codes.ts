// Numbers of HTTP/2 by their names (RFC 9113 sections 6, 7 and 6.5.2), and lengths that the standard fixes.
// What we allow a peer beyond them is in limits.ts.

/** RFC 9113 section 3.4: what a client says first. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Section 4.1: length, type, flags, stream. */
export const FRAME_HEAD_OCTETS = 9;
/** Section 4.2: of a payload, where the peer has not allowed more. We never do, and never send more. */
export const MAX_PAYLOAD_OCTETS = 16_384;
/** Section 6.9.2: of every window until somebody says otherwise. */
export const FIRST_WINDOW_OCTETS = 65_535;
/** Section 6.9.1. */
export const MAX_WINDOW_OCTETS = 2 ** 31 - 1;
/** RFC 7541 section 4.2 and RFC 9113 section 6.5.2: of a dynamic table, where nobody says otherwise. */
export const FIRST_TABLE_OCTETS = 4096;

export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

export const SETTING = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

export const ERROR = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  FLOW_CONTROL_ERROR: 0x3,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  ENHANCE_YOUR_CALM: 0xb,
} as const;
