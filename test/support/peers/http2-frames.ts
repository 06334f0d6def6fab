// HTTP/2 (RFC 9113) and HPACK (RFC 7541) octet by octet: builders of frames and of header blocks, right ones and wrong
// ones, and a reader of frames. Pure, and of no opinion: what no client should send can be built like anything else.
// It compresses nothing and decodes no header block; whoever has to know a status looks for its octet.

/** RFC 9113 section 3.4. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const LENGTH_OCTETS = 3;
export const HEAD_OCTETS = 9;
/** Of a payload, where the peer has not allowed more (section 4.2). */
export const MAX_PAYLOAD_OCTETS = 16_384;
/** Of a flow-control window (section 6.9.1). */
export const MAX_WINDOW_OCTETS = 2 ** 31 - 1;

/** Section 6. */
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const FLAG = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** Section 6.5.2. */
export const SETTING = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
} as const;

/** Section 7. */
export const ERROR = {
  none: 0x0,
  protocol: 0x1,
  flowControl: 0x3,
  cancel: 0x8,
  compression: 0x9,
  calm: 0xb,
} as const;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** "type stream flags", and the code or octets of those that have any. */
export function shown({ type, stream, flags, payload }: Frame): string {
  const code =
    type === TYPE.rstStream ? payload.readUInt32BE() : type === TYPE.goaway ? payload.readUInt32BE(4) : '';
  return `${type} ${stream} ${flags} ${type === TYPE.data ? payload.length : code}`.trim();
}

const NOTHING = Buffer.alloc(0);

/** Any frame at all; the others below are this one. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = NOTHING): Buffer {
  const octets = Buffer.alloc(HEAD_OCTETS + payload.length);
  octets.writeUIntBE(payload.length, 0, LENGTH_OCTETS);
  octets.writeUInt8(type, 3);
  octets.writeUInt8(flags, 4);
  octets.writeUInt32BE(stream, 5);
  octets.set(payload, HEAD_OCTETS);
  return octets;
}

export interface BodyOptions {
  readonly endStream?: boolean;
  /** Octets of padding; present, even if 0: the frame says that it is padded. */
  readonly padding?: number;
}

export function data(stream: number, payload: Uint8Array = NOTHING, options: BodyOptions = {}): Buffer {
  return frame(TYPE.data, bodyFlags(options), stream, padded(payload, options.padding));
}

export interface HeadersOptions extends BodyOptions {
  /** Default true; without it, CONTINUATION has to follow. */
  readonly endHeaders?: boolean;
}

export function headers(stream: number, block: Uint8Array, options: HeadersOptions = {}): Buffer {
  const flags = bodyFlags(options) | (options.endHeaders === false ? 0 : FLAG.endHeaders);
  return frame(TYPE.headers, flags, stream, padded(block, options.padding));
}

export function continuation(stream: number, block: Uint8Array, endHeaders = false): Buffer {
  return frame(TYPE.continuation, endHeaders ? FLAG.endHeaders : 0, stream, block);
}

export function priority(stream: number, dependsOn = 0, weight = 15): Buffer {
  const payload = Buffer.alloc(5);
  payload.writeUInt32BE(dependsOn, 0);
  payload.writeUInt8(weight, 4);
  return frame(TYPE.priority, 0, stream, payload);
}

export function rstStream(stream: number, code: number = ERROR.cancel): Buffer {
  return frame(TYPE.rstStream, 0, stream, uint32(code));
}

export function settings(entries: readonly (readonly [id: number, value: number])[] = []): Buffer {
  const payload = Buffer.alloc(6 * entries.length);
  for (const [at, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, 6 * at);
    payload.writeUInt32BE(value, 6 * at + 2);
  }
  return frame(TYPE.settings, 0, 0, payload);
}

export const SETTINGS_ACK = frame(TYPE.settings, FLAG.ack, 0);

export function pushPromise(stream: number, promised: number, block: Uint8Array): Buffer {
  return frame(TYPE.pushPromise, FLAG.endHeaders, stream, Buffer.concat([uint32(promised), block]));
}

export function ping(opaque = 0, isAck = false): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(opaque, 4);
  return frame(TYPE.ping, isAck ? FLAG.ack : 0, 0, payload);
}

export function goaway(lastStream: number, code: number = ERROR.none): Buffer {
  return frame(TYPE.goaway, 0, 0, Buffer.concat([uint32(lastStream), uint32(code)]));
}

export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(TYPE.windowUpdate, 0, stream, uint32(increment));
}

export type Field = readonly [name: string, value: string];

/** A header block of literals that leave the dynamic table alone (RFC 7541 section 6.2.2). */
export function headerBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.map((field) => literal(field)));
}

/** `isIndexed`: it enters the dynamic table (section 6.2.1). */
export function literal([name, value]: Field, isIndexed = false): Buffer {
  return Buffer.concat([Buffer.of(isIndexed ? 0x40 : 0x00), text(name), text(value)]);
}

/** A field of the tables (section 6.1); 62 is the youngest of the dynamic one. */
export function indexed(index: number): Buffer {
  return integer(index, 7, 0x80);
}

/** Section 6.3. */
export function tableSizeUpdate(octets: number): Buffer {
  return integer(octets, 5, 0x20);
}

/** An integer after `high`, the bits in front of its prefix (section 5.1). */
export function integer(value: number, prefixBits: number, high: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.of(high | value);
  const octets = [high | most];
  let rest = value - most;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) octets.push((rest % 0x80) | 0x80);
  octets.push(rest);
  return Buffer.from(octets);
}

/** Not Huffman-coded (section 5.2). */
function text(characters: string): Buffer {
  const octets = Buffer.from(characters, 'latin1');
  return Buffer.concat([integer(octets.length, 7, 0), octets]);
}

/** Puts frames together from octets as they come. */
export class FrameReader {
  #rest: Buffer = NOTHING;

  push(octets: Uint8Array): Frame[] {
    this.#rest = Buffer.concat([this.#rest, octets]);
    const frames: Frame[] = [];
    let at = 0;
    while (this.#rest.length - at >= HEAD_OCTETS) {
      const payloadAt = at + HEAD_OCTETS;
      const end = payloadAt + this.#rest.readUIntBE(at, LENGTH_OCTETS);
      if (end > this.#rest.length) break;
      frames.push({
        type: this.#rest.readUInt8(at + 3),
        flags: this.#rest.readUInt8(at + 4),
        stream: this.#rest.readUInt32BE(at + 5) % 2 ** 31,
        payload: this.#rest.subarray(payloadAt, end),
      });
      at = end;
    }
    this.#rest = this.#rest.subarray(at);
    return frames;
  }
}

function bodyFlags({ endStream = false, padding }: BodyOptions): number {
  return (endStream ? FLAG.endStream : 0) | (padding === undefined ? 0 : FLAG.padded);
}

function padded(payload: Uint8Array, padding: number | undefined): Uint8Array {
  if (padding === undefined) return payload;
  return Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]);
}

function uint32(value: number): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value);
  return octets;
}
