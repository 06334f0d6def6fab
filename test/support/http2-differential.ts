// What the differentials of both sides of HTTP/2 share: frames at random for properties (fast-check), right and wrong, and what
// node:http2 (nghttp2) makes of a connection on which they came.

import { once } from 'node:events';
import type { Http2Server } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import fc from 'fast-check';
import { ERROR, FRAME } from '../../src/http2/codes.ts';
import {
  continuation,
  data,
  FrameReader,
  frame,
  headers,
  literal,
  ping,
  priority,
  rstStream,
  SETTING,
  settings,
  tableSizeUpdate,
  windowUpdate,
} from './peers/http2-frames.ts';

export const MAX_BODY_OCTETS = 65_535;

/** Fields that mean nothing, and a media type. */
export const someFields = fc.dictionary(
  fc.stringMatching(/^x-[a-z]{1,20}$/),
  fc.stringMatching(/^[!-~]{1,200}$/),
  { maxKeys: 8 },
);
export const someType = fc.stringMatching(/^[a-z]{1,40}\/[a-zA-Z0-9.+-]{1,40}$/);
export const someOctets = fc.uint8Array({ maxLength: 40 });

export interface FramesOptions {
  /** Header blocks that are right; half of all. */
  readonly right: readonly Buffer[];
  /** Others, by their kinds. */
  readonly odd: readonly (readonly Buffer[])[];
  /** Frames that only this side may think of. */
  readonly own: readonly Buffer[];
}

/** Not 10 or 12, which nghttp2 knows (ALTSVC and ORIGIN). */
const UNKNOWN_TYPE = 0x20;
/** A GOAWAY at random names streams of the other side, by which nghttp2 judges it and we do not: there are none. */
const TYPES = [...Object.values(FRAME).filter((type) => type !== FRAME.GOAWAY), UNKNOWN_TYPE];

export function framesAtRandom({ right, odd, own }: FramesOptions): fc.Arbitrary<Buffer> {
  const stream = fc.constantFrom(0, 1, 1, 1, 3, 3, 5, 2);
  const block = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...right) },
    ...odd.map((kind) => fc.constantFrom(...kind)),
    fc.constantFrom(tableSizeUpdate(0), tableSizeUpdate(5000)),
    fc.constant(Buffer.concat([right[0]!, literal(['x-a', 'b'], true)])),
    someOctets.map((octets) => Buffer.from(octets)),
  );
  const padding = fc.option(fc.nat(20), { freq: 8, nil: undefined });
  return fc.oneof(
    fc
      .tuple(stream, block, fc.boolean(), fc.integer({ min: 0, max: 9 }), padding)
      .map(([id, fields, endStream, hasEnd, padded]) =>
        headers(id, fields, {
          endStream,
          endHeaders: hasEnd > 0,
          ...(padded === undefined ? {} : { padding: padded }),
        }),
      ),
    fc.tuple(stream, block, fc.boolean()).map((parts) => continuation(...parts)),
    fc
      .tuple(stream, someOctets, fc.boolean())
      .map(([id, octets, endStream]) => data(id, octets, { endStream })),
    stream.map((id) => rstStream(id)),
    fc.tuple(stream, fc.constantFrom(0, 1, 1000, 2 ** 31 - 1)).map((parts) => windowUpdate(...parts)),
    fc
      .tuple(fc.constantFrom(...Object.values(SETTING), 99), fc.constantFrom(0, 1, 2, 100, 20_000, 2 ** 31))
      .map((entry) => settings([entry])),
    fc.constantFrom(ping(), priority(1), priority(3, 1), frame(0xee, 3, 1, Buffer.alloc(5)), ...own),
    fc
      .tuple(fc.constantFrom(...TYPES), fc.nat(255), stream, someOctets)
      .map(([type, flags, id, octets]) => frame(type, flags, id, octets)),
  );
}

/** What a connection came to: still there, or ended with this code; -1: node:http2 has left and said nothing. */
export type Outcome = number | 'stands';

/** RFC 9113 section 7; of node:http2's own making. */
export const INTERNAL_ERROR = 0x2;

/** Those of the differences that we mean which both sides have. */
export const STRICTER: readonly (readonly [RegExp, string])[] = [
  [/^PRIORITY on stream 0$/, 'section 6.3 asks for it; nghttp2 ignores PRIORITY'],
  [
    /^a frame of type 2 and/,
    'a stream error by section 6.3, which section 5.4.1 lets be one of the connection; so we need no state',
  ],
  [
    /^more padding than frame$/,
    'section 6.1 makes it an error of the connection; nghttp2 judges streams that stand',
  ],
  [/^WINDOW_UPDATE of nothing$/, 'section 6.9 allows it on no stream; nghttp2 judges those that stand'],
];

const LAST_OPAQUE = 0xfeed;
/** Sent behind the frames: whoever answers it is still there. */
export const LAST = ping(LAST_OPAQUE);

/** Reads what node:http2 says on a connection, until it is known what that has come to. */
export class OutcomeReader {
  readonly outcome: Promise<Outcome>;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #reader = new FrameReader();
  #code: number = -1;

  constructor(socket: Socket) {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    socket.on('error', () => {});
    socket.on('close', () => resolve(this.#code));
  }

  /** Gives the frames as well. */
  read(octets: Buffer): ReturnType<FrameReader['push']> {
    const frames = this.#reader.push(octets);
    for (const { type, payload, flags } of frames) {
      if (type === FRAME.GOAWAY) this.#code = payload.readUInt32BE(4);
      if (type === FRAME.PING && flags === 1 && payload.readUInt32BE(4) === LAST_OPAQUE)
        this.#resolve('stands');
    }
    if (this.#code > ERROR.NO_ERROR) this.#resolve(this.#code);
    return frames;
  }
}

/** Has a server listen on a port of its own. */
export async function portOf(server: Server | Http2Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Writes what a connection has to say at the end of the turn, and tells it when all of it has left. */
export function writeSoon(socket: Socket, connection: { take(): Uint8Array; allWritten(): void }): void {
  setImmediate(() => {
    if (!socket.writable) return;
    socket.write(connection.take(), () => {
      if (socket.writableLength === 0) connection.allWritten();
    });
  });
}
