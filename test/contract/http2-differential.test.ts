// Our side of HTTP/2 beside that of node:http2 (nghttp2): its client, used at random, is served to the octet; and frames at
// random, right and wrong, end both connections or neither. Where the two differ, the reason stands here.

import { once } from 'node:events';
import http2 from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR, FRAME } from '../../src/http2/codes.ts';
import { HpackEncoder } from '../../src/http2/hpack-encoder.ts';
import { ServerConnection, type ServerHandlers } from '../../src/http2/server-connection.ts';
import type { ServerStream } from '../../src/http2/server-stream.ts';
import { BEGUN, GET, GET_BLOCK, Http2Server, POST_BLOCK } from '../support/http2-server.ts';
import {
  continuation,
  data,
  FrameReader,
  frame,
  goaway,
  headerBlock,
  headers,
  indexed,
  literal,
  ping,
  priority,
  rstStream,
  SETTING,
  settings,
  tableSizeUpdate,
  windowUpdate,
} from '../support/peers/http2-frames.ts';

const MAX_BODY_OCTETS = 65_535;
const servers: { close(): void }[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

async function portOf(server: Server | http2.Http2Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Answers with the body of a request, as often as its path says, and its fields. */
function serveEcho(socket: Socket): void {
  const encoder = new HpackEncoder();
  const answer = (stream: ServerStream) => {
    const times = Number(stream.head.path.slice(1));
    const body = Buffer.concat(Array<Uint8Array>(times).fill(Buffer.from(stream.body)));
    encoder
      .begin()
      .field(':status', '200')
      .field('x-type', stream.head.contentType ?? '')
      .field('x-é', 'ü');
    connection.respond(stream, encoder, body, body.length);
  };
  const handlers: ServerHandlers = {
    mayBegin: () => true,
    onRequest(stream) {
      if (stream.hasEnded) answer(stream);
      else stream.wantsBody = true;
    },
    onBody: answer,
    onBodyTooLong: (stream) => connection.reset(stream, ERROR.CANCEL),
    onOutput: () =>
      setImmediate(() => {
        if (!socket.writable) return;
        socket.write(connection.take(), () => {
          if (socket.writableLength === 0) connection.allWritten();
        });
      }),
    onLimit() {},
    onFault: () => socket.destroySoon(),
  };
  const parts = { handlers, maxStreams: 100, maxBodyOctets: MAX_BODY_OCTETS, nowMs: () => performance.now() };
  const connection = new ServerConnection(parts);
  connection.begin();
  socket.on('data', (chunk: Buffer) => connection.receive(chunk));
  socket.on('error', () => socket.destroy()).on('close', () => connection.close());
}

describe('a client of node:http2', () => {
  let port: number;
  beforeAll(async () => {
    port = await portOf(createServer({ noDelay: true }, serveEcho));
  });

  const request = fc.record({
    body: fc.oneof(fc.nat(100), fc.nat(MAX_BODY_OCTETS)),
    times: fc.nat(3),
    pieces: fc.integer({ min: 1, max: 5 }),
    fields: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,20}$/), fc.stringMatching(/^[!-~]{1,200}$/), {
      maxKeys: 8,
    }),
    type: fc.stringMatching(/^[a-z]{1,40}\/[a-zA-Z0-9.+-]{1,40}$/),
  });

  it('gets what it asks for, with any windows, bodies in any pieces and many streams at once', async () => {
    const session = fc.record({
      window: fc.constantFrom(1000, 16_384, 65_535, 2 ** 20),
      tableOctets: fc.constantFrom(0, 100, 4096, 65_536),
      requests: fc.array(request, { minLength: 1, maxLength: 12 }),
    });
    const property = fc.asyncProperty(session, async ({ window, tableOctets, requests }) => {
      const own = { initialWindowSize: window, headerTableSize: tableOctets };
      const client = http2.connect(`http://127.0.0.1:${port}`, { settings: own });
      const answers = requests.map(async ({ body, times, pieces, fields, type }) => {
        const octets = Buffer.alloc(body, 'abcdefg');
        const fieldsAsked = { ':method': 'POST', ':path': `/${times}`, 'content-type': type, ...fields };
        const stream = client.request(fieldsAsked);
        const piece = Math.ceil(body / pieces) + 1;
        for (let at = 0; at < body; at += piece) stream.write(octets.subarray(at, at + piece));
        stream.end();
        const chunks: Buffer[] = [];
        const [head] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
        for await (const chunk of stream) chunks.push(chunk as Buffer);
        expect(head).toMatchObject({ ':status': 200, 'x-type': type });
        expect(Buffer.concat(chunks).equals(Buffer.concat(Array<Buffer>(times).fill(octets)))).toBe(true);
      });
      try {
        await Promise.all(answers);
      } finally {
        client.destroy();
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });
});

/** What a connection came to: still there, or ended with this code. */
type Outcome = number | 'stands';

/** Differences that we mean, by what our own fault says; node:http2 goes on. */
const STRICTER: readonly (readonly [RegExp, string])[] = [
  [
    /on a stream that is over$/,
    'RFC 9113 section 5.1 asks for it; nghttp2 ignores such frames, and would be flooded with them',
  ],
  [/^PRIORITY on stream 0$/, 'section 6.3 asks for it; nghttp2 ignores PRIORITY'],
  [
    /^more padding than frame$/,
    'section 6.1 makes it an error of the connection; nghttp2 judges streams that stand',
  ],
  [/^WINDOW_UPDATE of nothing$/, 'section 6.9 allows it on no stream; nghttp2 judges those that stand'],
  [
    /^a frame of type 2 and/,
    'a stream error by section 6.3, which section 5.4.1 lets be one of the connection; so we need no state',
  ],
];

/** node:http2 has left, and not for an error: the client has said GOAWAY, which concerns none of its own streams (6.8). */
const LEFT: readonly Outcome[] = [-1, ERROR.NO_ERROR];

/** RFC 9113 section 7; of node:http2's own making: for a body longer than announced, and a PING that answers none of its own. */
const INTERNAL_ERROR = 0x2;

/**
 * Where it ends the connection, we have reset a stream: with the same code, and the standard asks for no more; or
 * before, and what came for the stream then was thrown away (section 5.1).
 */
function isLaxer(other: Outcome, resets: ReadonlySet<Outcome>): boolean {
  if (LEFT.includes(other) || other === INTERNAL_ERROR || resets.has(other)) return true;
  const afterReset: readonly Outcome[] = [ERROR.STREAM_CLOSED, ERROR.FLOW_CONTROL_ERROR];
  return resets.size > 0 && afterReset.includes(other);
}

/** A GOAWAY at random names streams of a server, by which nghttp2 judges it and we do not: there are none. */
const FRAMES = [...Object.values(FRAME).filter((type) => type !== FRAME.GOAWAY), 10];
const STREAMS = [0, 1, 1, 1, 3, 3, 5, 2];
const stream = fc.constantFrom(...STREAMS);
const someOctets = fc.uint8Array({ maxLength: 40 });
const block = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(GET_BLOCK, POST_BLOCK) },
  fc.constantFrom(headerBlock([['x', 'y']]), headerBlock([...GET, ['content-length', '3']])),
  fc.constantFrom(indexed(2), indexed(62), tableSizeUpdate(0), tableSizeUpdate(5000)),
  fc.constant(Buffer.concat([GET_BLOCK, literal(['x-a', 'b'], true)])),
  someOctets.map((octets) => Buffer.from(octets)),
);
const someFrame = fc.oneof(
  fc
    .tuple(stream, block, fc.boolean(), fc.integer({ min: 0, max: 9 }), fc.option(fc.nat(20), { freq: 8 }))
    .map(([id, fields, endStream, hasEnd, padding]) =>
      headers(id, fields, { endStream, endHeaders: hasEnd > 0, ...(padding === null ? {} : { padding }) }),
    ),
  fc.tuple(stream, block, fc.boolean()).map(([id, fields, isWhole]) => continuation(id, fields, isWhole)),
  fc
    .tuple(stream, someOctets, fc.boolean())
    .map(([id, octets, endStream]) => data(id, octets, { endStream })),
  stream.map((id) => rstStream(id)),
  fc.tuple(stream, fc.constantFrom(0, 1, 1000, 2 ** 31 - 1)).map(([id, octets]) => windowUpdate(id, octets)),
  fc
    .tuple(fc.constantFrom(...Object.values(SETTING), 99), fc.constantFrom(0, 1, 2, 100, 20_000, 2 ** 31))
    .map((entry) => settings([entry])),
  fc.constantFrom(ping(), goaway(0), priority(1), priority(3, 1), frame(0xee, 3, 1, Buffer.alloc(5))),
  fc
    .tuple(fc.constantFrom(...FRAMES), fc.nat(255), stream, someOctets)
    .map(([type, flags, id, octets]) => frame(type, flags, id, octets)),
);

describe('frames at random', () => {
  const LAST = ping(0xfeed);
  let port: number;
  beforeAll(async () => {
    const server = http2.createServer(); // neither answers: streams end at different moments otherwise
    server.on('sessionError', () => {});
    server.on('session', (session) => session.on('error', () => {}));
    server.on('stream', (one) => one.on('error', () => {}));
    port = await portOf(server);
  });

  function ours(octets: Buffer) {
    const server = new Http2Server({ onWhole() {} }).send(octets);
    expect(server.connection.heldOctets).toBeLessThan(100_000);
    const resets = server.said().filter(({ type }) => type === FRAME.RST_STREAM);
    const outcome: Outcome = server.fault?.errorCode ?? 'stands';
    return {
      ...{ outcome, message: server.fault?.message ?? '' },
      resets: new Set(resets.map(({ payload }) => payload.readUInt32BE())),
    };
  }

  async function theirs(octets: Buffer): Promise<Outcome> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.on('error', () => {});
    const reader = new FrameReader();
    return new Promise((resolve) => {
      let code = -1;
      const done = (outcome: Outcome) => {
        resolve(outcome);
        socket.destroy();
      };
      socket.on('data', (chunk: Buffer) => {
        for (const { type, payload, flags } of reader.push(chunk)) {
          if (type === FRAME.GOAWAY) code = payload.readUInt32BE(4);
          if (type === FRAME.PING && flags === 1 && payload.readUInt32BE(4) === 0xfeed) done('stands');
        }
        if (code > 0) done(code);
      });
      socket.on('close', () => done(code));
      socket.write(octets);
    });
  }

  it('end both connections or neither', async () => {
    const property = fc.asyncProperty(fc.array(someFrame, { minLength: 1, maxLength: 8 }), async (frames) => {
      const octets = Buffer.concat([BEGUN, ...frames, LAST]);
      const { outcome, message, resets } = ours(octets);
      const other = await theirs(octets);
      if (outcome === other) return;
      const isMeant =
        other === 'stands' ? STRICTER.some(([said]) => said.test(message)) : isLaxer(other, resets);
      const bothEnd = outcome !== 'stands' && other !== 'stands';
      expect({ isMeant: isMeant || bothEnd, outcome, message, other }).toEqual({
        isMeant: true,
        outcome,
        message,
        other,
      });
    });
    await fc.assert(property, { numRuns: 1500 });
  }, 60_000);

  it('of any octets leave nothing behind that is not bounded', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(someFrame, someOctets), { maxLength: 30 }), (pieces) => {
        const server = new Http2Server({ onWhole() {} }).send(BEGUN, ...pieces);
        expect(server.connection.heldOctets).toBeLessThan(100_000);
        expect(server.connection.streams).toBeLessThanOrEqual(10);
        server.connection.close();
        expect(server.connection.streams).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });
});
