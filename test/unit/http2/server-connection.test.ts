// The server's side of a connection, frame by frame: requests however they are cut, both directions of flow control, every
// limit at its very number, and the codes that RFC 9113 asks for.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR, FIRST_WINDOW_OCTETS, FRAME, MAX_PAYLOAD_OCTETS } from '../../../src/http2/codes.ts';
import {
  BREACHES,
  CONTINUATIONS,
  HELD_OCTETS,
  REFUSED_STREAMS,
  RESETS_A_SECOND,
  RESETS_REMEMBERED,
  resetsAtOnce,
  UNREAD_REPLIES,
} from '../../../src/http2/limits.ts';
import { Tolerance } from '../../../src/http2/tolerance.ts';
import { breachesOf } from '../../support/http2-breaches.ts';
import {
  BEGUN,
  GET,
  GET_BLOCK,
  Http2Server,
  type Http2ServerOptions,
  MAX_BODY_OCTETS,
  MAX_STREAMS,
  POST,
  POST_BLOCK,
} from '../../support/http2-server.ts';
import {
  continuation,
  data,
  FLAG,
  type Frame,
  frame,
  goaway,
  headerBlock,
  headers,
  indexed,
  literal,
  PREFACE,
  ping,
  priority,
  rstStream,
  SETTING,
  settings,
  shown,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';

const get = (stream: number) => headers(stream, GET_BLOCK, { endStream: true });
const post = (stream: number, body: Uint8Array) =>
  Buffer.concat([headers(stream, POST_BLOCK), data(stream, body, { endStream: true })]);
const nth = (at: number) => 2 * at + 1;
const LATE: Http2ServerOptions = { onWhole() {} };

function begun(options?: Http2ServerOptions): Http2Server {
  const server = new Http2Server(options).send(BEGUN);
  server.said();
  return server;
}

const codeOf = (server: Http2Server) => server.fault?.errorCode ?? null;
const dataOctets = (frames: readonly Frame[]) =>
  frames.reduce((sum, { type, payload }) => sum + (type === FRAME.DATA ? payload.length : 0), 0);

describe('a connection', () => {
  it('begins with our SETTINGS, acknowledges those of the client, and says once that it has no table', () => {
    const server = new Http2Server();
    expect(server.said().map(shown)).toEqual([`${FRAME.SETTINGS} 0 0`]);
    server.send(BEGUN, get(1), get(3));
    const said = server.said();
    expect(said.map(shown)).toEqual(['4 0 1', '1 1 4', '0 1 1 2', '1 3 4', '0 3 1 2']);
    expect(said[1]!.payload.toString('hex')).toBe('2088');
    expect(said[3]!.payload.toString('hex')).toBe('88');
  });

  it('gives the same events and says the same, however what comes is cut', () => {
    const long = Buffer.alloc(700, 5);
    const octets = Buffer.concat([
      ...[BEGUN, get(1), post(3, Buffer.from('abc')), ping(1), priority(5), headers(5, POST_BLOCK)],
      ...[data(5, long.subarray(0, 300)), data(5, long.subarray(300), { endStream: true, padding: 9 })],
      ...[headers(7, GET_BLOCK.subarray(0, 9), { endHeaders: false, endStream: true })],
      ...[continuation(7, GET_BLOCK.subarray(9)), continuation(7, Buffer.alloc(0), true)],
      ...[headers(9, POST_BLOCK), rstStream(9), headers(11, headerBlock([['x', 'y']]), { endStream: true })],
      ...[get(13), windowUpdate(0, 5), goaway(0), frame(0xee, 0xff, 1, Buffer.alloc(3)), get(15)],
    ]);
    const whole = new Http2Server().send(octets);
    const wanted = { events: whole.events, said: whole.said().map(shown) };
    expect(wanted.events).toHaveLength(16);
    expect(whole.fault).toBeNull();
    fc.assert(
      fc.property(fc.array(fc.nat(octets.length), { maxLength: 30 }), (cuts) => {
        const places = [0, ...cuts, octets.length].sort((one, other) => one - other);
        const server = new Http2Server();
        for (const [at, end] of places.slice(1).entries()) server.send(octets.subarray(places[at], end));
        expect({ events: server.events, said: server.said().map(shown) }).toEqual(wanted);
      }),
    );
  });

  it('waits with a request that may not begin, and with all behind it, until it goes on', () => {
    let room = 1;
    const mayBegin = () => {
      room -= 1;
      return room >= 0;
    };
    const octets = Buffer.concat([get(1), post(3, Buffer.from('a')), rstStream(3), ping(1)]);
    for (const cut of [octets.length, get(1).length + 5]) {
      room = 1;
      const server = begun({ mayBegin }).send(octets.subarray(0, cut)).send(octets.subarray(cut));
      expect(server.connection.isHalted).toBe(true);
      expect(server.connection.heldOctets).toBeGreaterThanOrEqual(octets.length - get(1).length);
      expect(server.events).toHaveLength(2);
      room = 1;
      server.connection.goOn();
      expect(server.connection.isHalted).toBe(false);
      expect(server.events.slice(2)).toEqual(['3 POST /a - -1', '3 body 61', '3 gone']);
      expect(server.said().at(-1)!.type).toBe(FRAME.PING);
    }
  });

  it('takes no more streams once it drains, and ends those that stand', () => {
    const server = begun(LATE).send(get(1));
    server.connection.drain();
    expect(server.said().map(shown)).toEqual(['7 0 0 0']);
    server.send(get(3), post(5, Buffer.from('abc')));
    expect(server.events).toEqual(['1 GET /a - -1']);
    server.respond(1, Buffer.from('late'));
    expect(server.said().map(shown)).toEqual(['1 1 4', '0 1 1 4']);
    expect(server.connection.streams).toBe(0);
  });

  it('that has gone tells its streams, and bears an answer that comes too late', () => {
    const server = begun(LATE).send(get(1), headers(3, POST_BLOCK));
    server.connection.close();
    expect(server.events.slice(2)).toEqual(['1 gone', '3 gone']);
    server.respond(1, Buffer.from('late'));
    expect(server.said()).toEqual([]);
    expect(server.connection.heldOctets).toBe(0);
  });
});

describe('a header block', () => {
  const INDEXED = Buffer.concat([
    indexed(2),
    indexed(7),
    literal([':authority', 'a.example'], true),
    indexed(4),
  ]);

  it('that is known means what the table says now', () => {
    const server = begun();
    const first = Buffer.concat([
      indexed(2),
      indexed(7),
      literal([':authority', 'a']),
      literal([':path', '/one'], true),
    ]);
    const again = Buffer.concat([indexed(2), indexed(7), literal([':authority', 'a']), indexed(62)]);
    const other = Buffer.concat([
      indexed(2),
      indexed(7),
      literal([':authority', 'a']),
      literal([':path', '/two'], true),
    ]);
    const blocks = [first, again, again, other, again, again];
    for (const [at, block] of blocks.entries()) server.send(headers(nth(at), block, { endStream: true }));
    const paths = server.events.filter((event) => event.includes('GET')).map((event) => event.split(' ')[2]);
    expect(paths).toEqual(['/one', '/one', '/one', '/two', '/two', '/two']);
  });

  it('on a refused stream changes the table all the same', () => {
    const server = begun({ ...LATE, maxStreams: 1 }).send(get(1), headers(3, INDEXED, { endStream: true }));
    server.send(rstStream(1));
    server.send(
      headers(5, Buffer.concat([indexed(2), indexed(7), indexed(62), indexed(4)]), { endStream: true }),
    );
    expect(server.fault).toBeNull();
    expect(server.events.at(-1)).toBe('5 GET / - -1');
  });

  it('has eight CONTINUATION frames and no more', () => {
    const parts = (count: number) => [
      headers(1, GET_BLOCK, { endHeaders: false, endStream: true }),
      ...Array.from({ length: count }, (_, at) => continuation(1, Buffer.alloc(0), at === count - 1)),
    ];
    expect(begun().send(...parts(CONTINUATIONS)).fault).toBeNull();
    expect(begun().send(...parts(CONTINUATIONS + 1)).fault?.limit).toBe('http2_header_octets');
    const large = literal(['x', 'y'.repeat(MAX_PAYLOAD_OCTETS - 100)]);
    const many = [headers(1, large, { endHeaders: false }), continuation(1, large), continuation(1, large)];
    expect(begun().send(...many).fault?.limit).toBe('http2_header_octets');
  });
});

describe('a request is malformed and its stream reset', () => {
  it.each([
    ['without a method', GET.slice(1)],
    ['without a scheme', GET.filter(([name]) => name !== ':scheme')],
    ['without a path', GET.slice(0, 3)],
    ['without an authority', GET.filter(([name]) => name !== ':authority')],
    ['with an empty path', [...GET.slice(0, 3), [':path', '']]],
    ['with a path that is none', [...GET.slice(0, 3), [':path', 'a']]],
    ['with two methods', [GET[0]!, ...GET]],
    ['with a status', [...GET, [':status', '200']]],
    ['with a pseudo-header field behind others', [['x', 'y'], ...GET]],
    ['with capitals in a name', [...GET, ['X', 'y']]],
    ['with a space in a name', [...GET, ['x y', 'z']]],
    ['with a field without a name', [...GET, ['', 'z']]],
    ['with a line break in a value', [...GET, ['x', 'y\r\nz: a']]],
    ['with NUL in a value', [...GET, ['x', 'y\0']]],
    ['with a space before a value', [...GET, ['x', ' y']]],
    ['with connection', [...GET, ['connection', 'close']]],
    ['with transfer-encoding', [...GET, ['transfer-encoding', 'chunked']]],
    ['with te that is not trailers', [...GET, ['te', 'gzip']]],
    ['with a length that is no number', [...GET, ['content-length', '-1']]],
    ['with two lengths', [...POST, ['content-length', '1'], ['content-length', '2']]],
    ['with a length and no body', [...GET, ['content-length', '1']]],
  ] as [string, (readonly [string, string])[]][])('%s', (_what, fields) => {
    const server = begun().send(headers(1, headerBlock(fields), { endStream: true }), get(3));
    expect(server.said().map(shown)).toEqual([`3 1 0 ${ERROR.PROTOCOL_ERROR}`, '1 3 4', '0 3 1 2']);
    expect(server.events[0]).toBe('3 GET /a - -1');
  });

  it.each([
    ['an authority as host', [...GET.filter(([name]) => name !== ':authority'), ['host', 'a']]],
    ['te: trailers', [...GET, ['te', 'trailers']]],
    ['the same length twice', [...GET, ['content-length', '0'], ['content-length', '0']]],
    ['a value that is empty', [...GET, ['x', '']]],
    ['OPTIONS for all', [[':method', 'OPTIONS'], ...GET.slice(1, 3), [':path', '*']]],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'a:1'],
      ],
    ],
  ] as [string, (readonly [string, string])[]][])('but not with %s', (_what, fields) => {
    const server = begun().send(headers(1, headerBlock(fields), { endStream: true }));
    expect(server.said().map(shown)).toEqual(['1 1 4', '0 1 1 2']);
  });
});

describe('a body', () => {
  it('has the length that was announced', () => {
    const block = headerBlock([...POST, ['content-length', '5']]);
    const send = (...pieces: Uint8Array[]) => {
      const frames = pieces.map((piece, at) => data(1, piece, { endStream: at === pieces.length - 1 }));
      return begun()
        .send(headers(1, block), ...frames)
        .said()
        .map(shown);
    };
    expect(send(Buffer.from('ab'), Buffer.from('cde'))).toEqual(['1 1 4', '0 1 1 2']);
    expect(send(Buffer.from('abcd'))).toEqual([`3 1 0 ${ERROR.PROTOCOL_ERROR}`]);
    expect(send(Buffer.from('abc'), Buffer.from('def'), Buffer.alloc(0))).toEqual([
      `3 1 0 ${ERROR.PROTOCOL_ERROR}`,
    ]);
  });

  it('may have trailers, which mean nothing and have no pseudo-header fields', () => {
    const trailers = (fields: (readonly [string, string])[], endStream = true) =>
      begun().send(
        headers(1, POST_BLOCK),
        data(1, Buffer.from('a')),
        headers(1, headerBlock(fields), { endStream }),
      );
    expect(trailers([['x', 'y']]).events).toContain('1 body 61');
    const refused = [`3 1 0 ${ERROR.PROTOCOL_ERROR}`];
    expect(
      trailers([[':method', 'GET']])
        .said()
        .map(shown),
    ).toEqual(refused);
    expect(
      trailers([['x', 'y']], false)
        .said()
        .map(shown),
    ).toEqual(refused);
  });

  it('that is too long is given up, and the rest thrown away until its end', () => {
    const server = begun().send(headers(1, POST_BLOCK), data(1, Buffer.alloc(MAX_BODY_OCTETS)));
    expect(server.events).toEqual(['1 POST /a - -1']);
    expect(server.connection.heldOctets).toBeGreaterThanOrEqual(MAX_BODY_OCTETS);
    server.send(data(1, Buffer.of(1)));
    expect(server.events.at(-1)).toBe('1 too long');
    server.said();
    expect(server.connection.heldOctets).toBe(0);
    expect(server.connection.streams).toBe(1);
    server.send(data(1, Buffer.alloc(5000)), data(1, Buffer.alloc(1), { endStream: true }));
    expect(server.events.at(-1)).toBe('1 gone');
    expect(server.connection.streams).toBe(0);
    expect(server.connection.takenOctets).toBe(MAX_BODY_OCTETS + 1);
  });

  it('gets windows as it comes, of the stream and of the connection, and no octet beyond them', () => {
    const server = begun().send(headers(1, POST_BLOCK));
    for (let left = 200_000; left > 0; left -= 10_000) server.send(data(1, Buffer.alloc(10_000)));
    expect(server.fault).toBeNull();
    const opened = server.said().filter(({ type }) => type === FRAME.WINDOW_UPDATE);
    const of = (id: number) =>
      opened
        .filter(({ stream }) => stream === id)
        .reduce((sum, { payload }) => sum + payload.readUInt32BE(), 0);
    for (const id of [0, 1]) expect(200_000 - of(id)).toBeLessThan(FIRST_WINDOW_OCTETS);
  });
});

describe('an answer', () => {
  const BIG = Buffer.alloc(100_000, 7);

  it('goes as far as the windows of connection and stream allow, and on as they open', () => {
    const server = begun(LATE).send(get(1));
    server.respond(1, BIG);
    expect(dataOctets(server.said())).toBe(FIRST_WINDOW_OCTETS);
    expect(server.connection.heldOctets).toBe(BIG.length - FIRST_WINDOW_OCTETS);
    expect(server.send(windowUpdate(0, 1000)).said()).toEqual([]);
    expect(dataOctets(server.send(windowUpdate(1, 400)).said())).toBe(400);
    expect(dataOctets(server.send(windowUpdate(1, 100_000)).said())).toBe(600);
    const last = server.send(windowUpdate(0, 100_000)).said();
    expect(dataOctets(last)).toBe(BIG.length - FIRST_WINDOW_OCTETS - 1000);
    expect(last.at(-1)!.flags & FLAG.endStream).toBe(FLAG.endStream);
    expect(server.events.at(-1)).toBe('1 gone');
    expect(server.connection.heldOctets).toBe(0);
  });

  it('follows the window that SETTINGS give to streams, below zero and back', () => {
    const window = (octets: number) => settings([[SETTING.initialWindowSize, octets]]);
    const server = begun(LATE).send(window(10), get(1));
    server.said();
    server.respond(1, BIG.subarray(0, 100));
    expect(dataOctets(server.said())).toBe(10);
    expect(dataOctets(server.send(window(0)).said())).toBe(0);
    expect(dataOctets(server.send(window(9)).said())).toBe(0);
    expect(dataOctets(server.send(window(15)).said())).toBe(5);
    expect(dataOctets(server.send(window(100), get(3)).said())).toBe(85);
    server.respond(3, BIG.subarray(0, 100));
    expect(dataOctets(server.said())).toBe(100);
  });

  it('that fits into a frame and the window of its stream waits for that of the connection all the same', () => {
    const ids = [1, 3, 5, 7, 9];
    const server = begun(LATE).send(...ids.map(get));
    for (const id of ids) server.respond(id, BIG.subarray(0, 16_000));
    expect(dataOctets(server.said())).toBe(FIRST_WINDOW_OCTETS);
    expect(dataOctets(server.send(windowUpdate(0, 100_000)).said())).toBe(80_000 - FIRST_WINDOW_OCTETS);
  });

  it('that is reset is forgotten, by whoever resets it', () => {
    const server = begun(LATE).send(get(1), get(3));
    for (const id of [1, 3]) server.respond(id, BIG);
    server.said();
    server.send(rstStream(1));
    server.connection.reset(server.streams.get(3)!, ERROR.CANCEL);
    expect(server.said().map(shown)).toEqual([`3 3 0 ${ERROR.CANCEL}`]);
    expect(server.connection.heldOctets).toBe(0);
    expect(server.send(windowUpdate(0, 1000)).said()).toEqual([]);
  });

  it('is in frames that every client takes, and empty ones are none', () => {
    const server = begun(LATE).send(settings([[SETTING.maxFrameSize, 100_000]]), get(1), get(3));
    server.said();
    server.respond(1, BIG.subarray(0, 40_000));
    server.respond(3, Buffer.alloc(0));
    const said = server.said();
    expect(said.filter(({ type }) => type === FRAME.DATA).map(({ payload }) => payload.length)).toEqual([
      16_384, 16_384, 7232,
    ]);
    expect(shown(said.at(-1)!)).toBe('1 3 5');
  });

  it('is given once', () => {
    const server = begun(LATE).send(get(1));
    server.respond(1, Buffer.from('one'));
    server.respond(1, Buffer.from('two'));
    expect(server.said().map(shown)).toEqual(['1 1 4', '0 1 1 3']);
  });
});

describe('a limit', () => {
  /** Sends until the connection ends; answers after how many. */
  function endsAfter(
    server: Http2Server,
    most: number,
    octets: (at: number) => Uint8Array,
    isRead = true,
  ): number {
    for (let at = 0; at < most; at += 1) {
      server.send(octets(at));
      if (server.fault !== null) return at;
      if (isRead) server.said();
    }
    return most;
  }

  it('of streams at once refuses the next one, and a hundred of them end the connection', () => {
    const server = begun(LATE).send(...Array.from({ length: MAX_STREAMS }, (_, at) => get(nth(at))));
    expect(endsAfter(server, 1000, (at) => get(nth(MAX_STREAMS + at)))).toBe(REFUSED_STREAMS);
    expect(server.fault?.limit).toBe('http2_refused');
    expect(codeOf(server)).toBe(ERROR.ENHANCE_YOUR_CALM);
    expect(server.events.filter((event) => event === 'limit streams')).toHaveLength(REFUSED_STREAMS + 1);
  });

  it('of resets by the client is spent at once or by and by', () => {
    const resets = resetsAtOnce(MAX_STREAMS);
    const pair = (at: number) => Buffer.concat([get(nth(at)), rstStream(nth(at))]);
    expect(endsAfter(begun(LATE), 2000, pair)).toBe(resets);
    const patient = begun(LATE);
    const every = (at: number) => {
      patient.nowMs += 1000 / RESETS_A_SECOND;
      return pair(at);
    };
    expect(endsAfter(patient, 2000, every)).toBe(2000);
  });

  it.each([
    ['a window that overflows', (id: number) => [headers(id, POST_BLOCK), windowUpdate(id, 2 ** 31 - 1)]],
    ['DATA after the end', (id: number) => [get(id), data(id)]],
    ['no request', (id: number) => [headers(id, headerBlock([['x', 'y']]))]],
  ])('of resets that we are made to do: %s', (_what, made) => {
    const server = begun(LATE);
    expect(endsAfter(server, 1000, (at) => Buffer.concat(made(nth(at))))).toBe(BREACHES);
    expect(server.fault?.limit).toBe('http2_breaches');
  });

  it.each([
    ['PING', ping()],
    ['SETTINGS', settings()],
  ])('of replies that are not read: %s', (_what, octets) => {
    expect(endsAfter(begun(), 5000, () => octets, false)).toBe(UNREAD_REPLIES);
    expect(endsAfter(begun(), 5000, () => octets, true)).toBe(5000);
  });

  it('of octets that are held refuses streams', () => {
    const server = begun({ ...LATE, maxStreams: 1000 });
    const big = Buffer.alloc(65_000);
    let at = 0;
    for (; server.connection.heldOctets <= HELD_OCTETS; at += 1) {
      server.send(get(nth(at)));
      server.respond(nth(at), big);
      server.said();
    }
    server.send(get(nth(at)));
    expect(server.said().map(shown)).toEqual([`3 ${nth(at)} 0 ${ERROR.ENHANCE_YOUR_CALM}`]);
    expect(server.events.at(-1)).toBe('limit http2_unread');
  });

  it('of memory: a body whose stream is reset is not held any more', () => {
    const server = begun(LATE).send(headers(1, POST_BLOCK), data(1, Buffer.alloc(100)));
    server.said();
    expect(server.connection.heldOctets).toBe(100);
    server.send(rstStream(1));
    expect(server.connection.heldOctets).toBe(0);
  });

  it('of resets that time allows: an idle hour earns no more than may be at once', () => {
    const tolerance = new Tolerance(MAX_STREAMS, 0);
    const hourMs = 3_600_000;
    for (let at = 0; at < resetsAtOnce(MAX_STREAMS); at += 1) tolerance.countReset(hourMs);
    expect(() => tolerance.countReset(hourMs)).toThrow('too many streams are reset');
  });

  it('of numbers that are remembered: what comes to a stream that we reset means nothing, until it is long ago', () => {
    const server = begun(LATE);
    const reset = (id: number) => {
      server.send(headers(id, POST_BLOCK));
      server.connection.reset(server.streams.get(id)!, ERROR.NO_ERROR);
      server.said();
    };
    reset(1);
    server.send(data(1, Buffer.alloc(10)), headers(1, headerBlock([['x', 'y']]), { endStream: true }));
    expect(server.fault).toBeNull();
    for (let at = 1; at <= RESETS_REMEMBERED; at += 1) reset(nth(at));
    server.send(data(1, Buffer.alloc(10)));
    expect(codeOf(server)).toBe(ERROR.STREAM_CLOSED);
  });
});

const OPEN = headers(1, POST_BLOCK);

describe('the connection ends with', () => {
  it.each([
    ['another preface', ERROR.PROTOCOL_ERROR, Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['no SETTINGS at first', ERROR.PROTOCOL_ERROR, Buffer.concat([PREFACE, ping()])],
    ['an acknowledgement at first', ERROR.PROTOCOL_ERROR, Buffer.concat([PREFACE, frame(4, 1, 0)])],
  ])('%s', (_what, code, octets) => {
    const server = new Http2Server().send(octets);
    expect(codeOf(server)).toBe(code);
    expect(server.said().at(-1)!.type).toBe(FRAME.GOAWAY);
  });

  it.each([
    ...breachesOf({ open: OPEN, block: GET_BLOCK, idle: 1 }),
    ['DATA on a stream that is over', ERROR.STREAM_CLOSED, Buffer.concat([get(1), data(1)])],
    ['DATA after a reset of the client', ERROR.STREAM_CLOSED, Buffer.concat([OPEN, rstStream(1), data(1)])],
    ['HEADERS on a stream that is over', ERROR.STREAM_CLOSED, Buffer.concat([get(1), get(1)])],
    ['streams that go down', ERROR.STREAM_CLOSED, Buffer.concat([get(5), get(3)])],
    ['PUSH_PROMISE', ERROR.PROTOCOL_ERROR, frame(FRAME.PUSH_PROMISE, 4, 1, Buffer.alloc(4))],
  ] as const)('%s', (_what, code, octets) => {
    const server = begun().send(octets, get(101));
    expect(codeOf(server)).toBe(code);
    const last = server.said().at(-1)!;
    expect([last.type, last.payload.readUInt32BE(4)]).toEqual([FRAME.GOAWAY, code]);
    expect(server.events).not.toContain('101 GET /a - -1');
    expect(server.connection.streams).toBe(0);
  });
});
