// A DoH upstream that floods whoever asks it with HTTP/2 frames, octet by octet (reliability row 11, the other way round). It
// answers what it is asked, or nothing. The flood has a bound, so that a client that bears it all comes to its end.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { answerWith } from '../dns-message.ts';
import type { IssuedCertificate } from '../pki.ts';
import { HOSTILE_ADDRESS } from './hostile-upstream.ts';
import {
  continuation,
  data,
  type Frame,
  FrameReader,
  frame,
  goaway,
  headers,
  indexed,
  literal,
  PREFACE,
  ping,
  priority,
  pushPromise,
  rstStream,
  SETTING,
  SETTINGS_ACK,
  settings,
  TYPE,
  windowUpdate,
} from './http2-frames.ts';

/** Static table of RFC 7541: ":status 200". */
const STATUS_200 = indexed(8);
const STATUS_103 = literal([':status', '103']);
const UNKNOWN_TYPE = 0xee;
const PIECE_OCTETS = 16_000;
const YOUNGEST = 62;

/** What is sent once, and what is sent again and again after it, on the stream of a request. */
interface Flood {
  readonly first?: (stream: number) => Uint8Array;
  readonly again: (stream: number) => Uint8Array;
}

const open = (stream: number) => headers(stream, STATUS_200);

const FLOODS = {
  SETTINGS: { again: () => settings() },
  'a table to and fro': {
    again: () =>
      Buffer.concat([settings([[SETTING.headerTableSize, 0]]), settings([[SETTING.headerTableSize, 4096]])]),
  },
  PING: { again: () => ping() },
  'windows of one octet': { again: () => windowUpdate(0, 1) },
  'empty DATA': { first: open, again: (stream) => data(stream) },
  padding: { first: open, again: (stream) => data(stream, undefined, { padding: 255 }) },
  PRIORITY: { again: (stream) => priority(stream) },
  'unknown frames': { again: () => frame(UNKNOWN_TYPE, 0, 0) },
  'unknown frames on a stream': { again: (stream) => frame(UNKNOWN_TYPE, 0, stream, Buffer.alloc(100)) },
  RST_STREAM: { again: (stream) => rstStream(stream) },
  GOAWAY: { again: () => goaway(2 ** 31 - 1) },
  CONTINUATION: {
    first: (stream) => headers(stream, STATUS_200, { endHeaders: false }),
    again: (stream) => continuation(stream, literal(['x', 'v'.repeat(10_000)])),
  },
  'empty CONTINUATION': {
    first: (stream) => headers(stream, STATUS_200, { endHeaders: false }),
    again: (stream) => continuation(stream, Buffer.alloc(0)),
  },
  'early hints': { again: (stream) => headers(stream, STATUS_103) },
  'HPACK bombs': {
    first: (stream) => headers(stream, Buffer.concat([STATUS_103, literal(['x', 'b'.repeat(4_000)], true)])),
    again: (stream) =>
      headers(stream, Buffer.concat([STATUS_103, ...Array<Buffer>(12_000).fill(indexed(YOUNGEST))])),
  },
  PUSH_PROMISE: { again: (stream) => pushPromise(stream, 2, STATUS_200) },
} satisfies Record<string, Flood>;

export type FloodName = keyof typeof FLOODS;
export const FLOOD_NAMES = Object.keys(FLOODS) as FloodName[];

export interface Http2Flooder extends AsyncDisposable {
  readonly port: number;
  /** Connections that were flooded, and those of them that have ended. */
  readonly flooded: number;
  readonly ended: number;
  flood: FloodName;
}

export interface FlooderOptions {
  /** Of one connection's flood at most. */
  readonly octets: number;
  /** Requests get their answers, in between. */
  readonly answers: boolean;
}

export async function startHttp2Flooder(
  { certificateFile, keyFile }: IssuedCertificate,
  { octets, answers }: FlooderOptions,
): Promise<Http2Flooder> {
  const sockets = new Set<TLSSocket>();
  const server = createServer({
    cert: readFileSync(certificateFile),
    key: readFileSync(keyFile),
    ALPNProtocols: ['h2'],
  });
  const flooder = {
    port: 0,
    flooded: 0,
    ended: 0,
    flood: 'PING' as FloodName,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    socket.write(Buffer.concat([settings(), SETTINGS_ACK]));
    let isFlooding = false;
    eachFrame(socket, ({ type, stream, payload }) => {
      if (answers && type === TYPE.data && payload.length > 0) socket.write(answerTo(stream, payload));
      if (type !== TYPE.headers || isFlooding) return;
      isFlooding = true;
      flooder.flooded += 1;
      socket.on('close', () => (flooder.ended += 1));
      send(socket, FLOODS[flooder.flood], stream, octets);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  flooder.port = (server.address() as AddressInfo).port;
  return flooder;
}

function eachFrame(socket: TLSSocket, take: (frame: Frame) => void): void {
  const reader = new FrameReader();
  let prefaceLeft = PREFACE.length;
  socket.on('data', (chunk: Buffer) => {
    const skipped = Math.min(prefaceLeft, chunk.length);
    prefaceLeft -= skipped;
    for (const frame of reader.push(chunk.subarray(skipped))) take(frame);
  });
}

/** A query is taken to fill one frame. */
function answerTo(stream: number, query: Buffer): Buffer {
  const head = Buffer.concat([STATUS_200, literal(['content-type', 'application/dns-message'])]);
  return Buffer.concat([
    headers(stream, head),
    data(stream, answerWith(query, HOSTILE_ADDRESS), { endStream: true }),
  ]);
}

function send(socket: TLSSocket, { first, again }: Flood, stream: number, octets: number): void {
  const one = again(stream);
  const piece = Buffer.concat(Array<Uint8Array>(Math.ceil(PIECE_OCTETS / one.length)).fill(one));
  if (first !== undefined) socket.write(first(stream));
  const next = (left: number) => {
    if (left <= 0 || socket.destroyed) return;
    socket.write(piece, (error) => {
      if (!error) setImmediate(() => next(left - piece.length));
    });
  };
  next(octets);
}
