// The client's side of a connection, frame by frame: requests out, responses in however they are cut, both directions of flow
// control, GOAWAY, and what a server may not do, each limit at its very number.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CONNECTION_WINDOW_OCTETS,
  INTERIM_RESPONSES,
  RESPONSE_EARNS_FRAMES,
  STREAM_WINDOW_OCTETS,
  UNASKED_FRAMES,
} from '../../../src/http2/client-limits.ts';
import { LAST_STREAM } from '../../../src/http2/client-streams.ts';
import { ERROR, FIRST_WINDOW_OCTETS, FRAME, SETTING as SETTING_ID } from '../../../src/http2/codes.ts';
import { CONTINUATIONS, HEADER_FIELDS, HEADER_LIST_OCTETS } from '../../../src/http2/limits.ts';
import { breachesOf } from '../../support/http2-breaches.ts';
import {
  BEGUN,
  Http2Client,
  type Http2ClientOptions,
  MAX_BODY_OCTETS,
  MAX_STREAMS,
  OK,
  OK_BLOCK,
  REQUEST,
} from '../../support/http2-client.ts';
import {
  continuation,
  data,
  type Frame,
  frame,
  goaway,
  headerBlock,
  headers,
  indexed,
  literal,
  ping,
  priority,
  pushPromise,
  rstStream,
  SETTING,
  SETTINGS_ACK,
  settings,
  shown,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';

const OK_SHOWN = '200 application/dns-message - -1 -';
const INTERIM = headerBlock([[':status', '103']]);
const whole = (stream: number, body: Uint8Array) =>
  Buffer.concat([headers(stream, OK_BLOCK), data(stream, body, { endStream: true })]);
const ok = (stream: number) => whole(stream, Buffer.from('ok'));

/** Settings have come, and `asked` requests left. */
function begun(asked = 1, options?: Http2ClientOptions): Http2Client {
  const client = new Http2Client(options).send(BEGUN).ask(asked);
  client.said();
  return client;
}

const codeOf = (client: Http2Client) => client.fault?.errorCode ?? null;

describe('a connection', () => {
  it('begins with the preface, our SETTINGS and our window, and acknowledges those of the server', () => {
    const client = new Http2Client();
    const [ours, window] = client.said();
    const entries = [];
    for (let at = 0; at < ours!.payload.length; at += 6)
      entries.push([ours!.payload.readUInt16BE(at), ours!.payload.readUInt32BE(at + 2)]);
    expect(entries).toEqual([
      [SETTING_ID.ENABLE_PUSH, 0],
      [SETTING_ID.INITIAL_WINDOW_SIZE, STREAM_WINDOW_OCTETS],
      [SETTING_ID.MAX_HEADER_LIST_SIZE, HEADER_LIST_OCTETS],
    ]);
    expect(window).toMatchObject({ type: FRAME.WINDOW_UPDATE, stream: 0 });
    expect(window!.payload.readUInt32BE()).toBe(CONNECTION_WINDOW_OCTETS - FIRST_WINDOW_OCTETS);
    expect(client.send(BEGUN).said().map(shown)).toEqual(['4 0 1']);
  });

  it('sends fields and body of a request at once, and says in its first block that it has no table', () => {
    const client = begun(0).ask(2);
    const said = client.said();
    expect(said.map(shown)).toEqual(['1 1 4', '0 1 1 5', '1 3 4', '0 3 1 5']);
    expect(said[0]!.payload).toEqual(Buffer.concat([Buffer.of(0x20), REQUEST]));
    expect(said[2]!.payload).toEqual(REQUEST);
  });

  it('sends one request before the server has said how many it takes, and then no more than that', () => {
    const client = new Http2Client().ask(5);
    expect(client.connection.streams).toBe(1);
    client.send(settings([[SETTING.maxConcurrentStreams, 3]])).ask(5);
    expect(client.connection.streams).toBe(3);
    client.send(ok(1), settings([])).ask(5);
    expect(client.connection.streams).toBe(3);
    client.send(settings([[SETTING.maxConcurrentStreams, 0]]), ok(3)).ask(5);
    expect(client.connection.streams).toBe(2);
    client.send(settings([[SETTING.maxConcurrentStreams, 1000]])).ask(50);
    expect(client.connection.streams).toBe(MAX_STREAMS);
    expect(client.fault).toBeNull();
  });

  it('gives the same events and says the same, however what comes is cut', () => {
    const long = Buffer.alloc(700, 5);
    const octets = Buffer.concat([
      ...[BEGUN, SETTINGS_ACK, ok(1), headers(3, INTERIM), headers(3, OK_BLOCK), ping(1), priority(5)],
      ...[data(3, long.subarray(0, 300)), data(3, long.subarray(300), { endStream: true, padding: 9 })],
      ...[headers(5, OK_BLOCK.subarray(0, 9), { endHeaders: false }), continuation(5, OK_BLOCK.subarray(9))],
      ...[continuation(5, Buffer.alloc(0), true), data(5, Buffer.of(7))],
      ...[headers(5, headerBlock([['x', 'y']]), { endStream: true }), rstStream(5), data(5, long)],
      ...[
        headers(7, headerBlock([['x', 'y']])),
        headers(9, headerBlock([...OK, ['age', '3']]), { endStream: true }),
      ],
      ...[windowUpdate(0, 5), windowUpdate(11, 5), frame(0xee, 0xff, 1, Buffer.alloc(3)), goaway(11), ok(11)],
    ]);
    const played = (cuts: readonly number[]) => {
      const client = new Http2Client();
      client.said();
      let from = 0;
      for (const to of [...cuts, octets.length]) {
        client.send(octets.subarray(from, to));
        if (from < BEGUN.length && to >= BEGUN.length) client.ask(7);
        from = to;
      }
      return { events: client.events, said: client.said().map(shown), fault: client.fault };
    };
    const wanted = played([BEGUN.length]);
    expect(wanted.fault).toBeNull();
    expect(wanted.events).toEqual([
      ...[`0 ${OK_SHOWN}`, '0 body 6f6b', `1 ${OK_SHOWN}`, `1 body ${long.toString('hex')}`],
      ...[`2 ${OK_SHOWN}`, '2 body 07', '3 reset 1 malformed header fields'],
      ...['4 200 application/dns-message - -1 3', '4 body ', '6 unprocessed', 'done 0'],
      ...[`5 ${OK_SHOWN}`, '5 body 6f6b'],
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: BEGUN.length, max: octets.length }), { maxLength: 30 }),
        (cuts) => {
          const sorted = [BEGUN.length, ...cuts].sort((one, other) => one - other);
          expect(played(sorted)).toEqual(wanted);
        },
      ),
    );
  });

  it('knows a header block again only while its tables are the same', () => {
    const client = begun(3).send(
      headers(1, Buffer.concat([indexed(8), literal(['content-type', 'a/b'], true)]), { endStream: true }),
      headers(3, Buffer.concat([indexed(8), indexed(62)]), { endStream: true }),
    );
    client.send(
      headers(5, Buffer.concat([indexed(8), literal(['content-type', 'c/d'], true)]), { endStream: true }),
    );
    client.ask(1).send(headers(7, Buffer.concat([indexed(8), indexed(62)]), { endStream: true }));
    expect(client.events.filter((event) => event.includes('/'))).toEqual([
      ...['0 200 a/b - -1 -', '1 200 a/b - -1 -', '2 200 c/d - -1 -', '0 200 c/d - -1 -'],
    ]);
  });

  it('has read the block of a stream that nobody waits for: its tables go on', () => {
    const client = begun(2);
    client.connection.cancel(client.connection.find(0)!);
    client.send(
      headers(1, Buffer.concat([indexed(8), literal(['content-type', 'a/b'], true)]), { endStream: true }),
      headers(3, Buffer.concat([indexed(8), indexed(62)]), { endStream: true }),
    );
    expect(client.events).toEqual(['1 200 a/b - -1 -', '1 body ']);
    expect(client.said().map(shown)).toEqual([`3 1 0 ${ERROR.CANCEL}`]);
  });

  it('comes to the end of its stream numbers', () => {
    const client = begun(5, { firstStream: LAST_STREAM - 2 });
    expect(client.connection).toMatchObject({ streams: 2, mayOpen: false });
    expect(client.events).toEqual(['done 0']);
    client.send(ok(LAST_STREAM));
    expect(client.events).toContain('1 body 6f6b');
  });

  it('passes by the place of a stream that is still open, a round later', () => {
    const client = begun(1);
    for (let round = 0; round < 600; round += 1) {
      client.connection.open(9, { octets: REQUEST, length: REQUEST.length }, Buffer.from('q'));
      const last = client.said().at(-1)!.stream;
      client.send(ok(last));
    }
    expect(client.connection.streams).toBe(1);
    client.send(ok(1));
    expect(client.events.at(-1)).toBe('0 body 6f6b');
    expect(client.fault).toBeNull();
  });
});

describe('a response', () => {
  it.each<[string, Uint8Array, string]>([
    ['without a status', headers(1, headerBlock([['x', 'y']])), 'malformed header fields'],
    ['with two', headers(1, headerBlock([...OK.slice(0, 1), ...OK])), 'malformed header fields'],
    [
      'with a status behind other fields',
      headers(1, headerBlock(OK.toReversed())),
      'malformed header fields',
    ],
    ['with a status of no number', headers(1, headerBlock([[':status', '2x0']])), 'malformed header fields'],
    ['that switches protocols', headers(1, headerBlock([[':status', '101']])), 'malformed header fields'],
    ['with a field of requests', headers(1, headerBlock([[':path', '/']])), 'malformed header fields'],
    ['with a capital in a name', headers(1, headerBlock([...OK, ['X', 'y']])), 'malformed header fields'],
    [
      'with a line feed in a value',
      headers(1, headerBlock([...OK, ['x', 'a\nb']])),
      'malformed header fields',
    ],
    [
      'about the connection',
      headers(1, headerBlock([...OK, ['connection', 'x']])),
      'malformed header fields',
    ],
    [
      'with two lengths',
      headers(1, headerBlock([...OK, ['content-length', '1'], ['content-length', '2']])),
      'malformed header fields',
    ],
    ['that begins with its body', data(1, Buffer.from('ok')), 'a body before its header fields'],
    [
      'that is interim and ends',
      headers(1, INTERIM, { endStream: true }),
      'an interim response and nothing behind it',
    ],
    [
      'with more than it announced',
      Buffer.concat([headers(1, headerBlock([...OK, ['content-length', '1']])), data(1, Buffer.from('ok'))]),
      'a body longer than its content-length',
    ],
    [
      'with less than it announced',
      Buffer.concat([headers(1, headerBlock([...OK, ['content-length', '5']])), ok(1).subarray(-11)]),
      'a body shorter than its content-length',
    ],
    [
      'with a second head',
      Buffer.concat([headers(1, OK_BLOCK), headers(1, OK_BLOCK)]),
      'malformed header fields',
    ],
    [
      'with trailers and no end',
      Buffer.concat([headers(1, OK_BLOCK), headers(1, headerBlock([['x', 'y']]))]),
      'header fields within a body',
    ],
  ])('%s loses its stream, and the connection stands', (_, octets, reason) => {
    const client = begun(2).send(octets);
    expect(client.events.at(-1)).toBe(`0 reset ${ERROR.PROTOCOL_ERROR} ${reason}`);
    expect(client.said().map(shown)).toEqual([`3 1 0 ${ERROR.PROTOCOL_ERROR}`]);
    client.send(ok(3));
    expect(client.events.at(-1)).toBe('1 body 6f6b');
    expect(client.fault).toBeNull();
  });

  it('may have as many octets as any message, and none more', () => {
    const client = begun(2).send(whole(1, Buffer.alloc(MAX_BODY_OCTETS)), headers(3, OK_BLOCK));
    client.send(data(3, Buffer.alloc(MAX_BODY_OCTETS)));
    expect(client.events.at(-1)).toBe(`1 ${OK_SHOWN}`);
    client.send(data(3, Buffer.of(1)));
    expect(client.events.at(-1)).toBe('1 too long');
    client.send(data(3, Buffer.alloc(100)), ping(1));
    expect(client.said().map(shown)).toEqual([`3 3 0 ${ERROR.CANCEL}`, '6 0 1']);
    expect(client.connection.streams).toBe(0);
  });

  it('whose fields say enough is cancelled by who asked, and what is on its way means nothing', () => {
    const client = begun(2, { cancels: 0 }).send(ok(1), ok(3), headers(1, INTERIM));
    expect(client.events).toEqual([`0 ${OK_SHOWN}`, `1 ${OK_SHOWN}`, '1 body 6f6b']);
    expect(client.said().map(shown)).toEqual([`3 1 0 ${ERROR.CANCEL}`]);
  });

  it('that is all fields and ends is cancelled within them as well', () => {
    const client = begun(1, { cancels: 0 }).send(headers(1, OK_BLOCK, { endStream: true }));
    expect(client.events).toEqual([`0 ${OK_SHOWN}`]);
  });

  it('may come after some interim ones, and not after many', () => {
    const interim = Array<Buffer>(INTERIM_RESPONSES).fill(headers(1, INTERIM));
    const client = begun(2).send(...interim, ok(1));
    expect(client.events).toEqual([`0 ${OK_SHOWN}`, '0 body 6f6b']);
    client.send(...interim.map(() => headers(3, INTERIM)));
    expect(client.fault).toBeNull();
    client.send(headers(3, INTERIM));
    expect(client.fault).toMatchObject({
      errorCode: ERROR.ENHANCE_YOUR_CALM,
      message: expect.stringMatching(/interim/),
    });
  });

  it('twice the same field means both values, which is none that is right', () => {
    const twice = headerBlock([
      ...OK,
      ['age', '1'],
      ['age', '2'],
      ['content-encoding', 'identity'],
      ['content-encoding', 'gzip'],
    ]);
    const client = begun(1).send(headers(1, twice, { endStream: true }));
    expect(client.events[0]).toBe('0 200 application/dns-message identity, gzip -1 1, 2');
  });
});

describe('a stream', () => {
  it('that the server resets is over, with its code, and others go on', () => {
    const client = begun(3).send(rstStream(1, ERROR.REFUSED_STREAM), rstStream(3, ERROR.NO_ERROR), ok(5));
    expect(client.events).toEqual([
      `0 reset ${ERROR.REFUSED_STREAM} the upstream reset the stream`,
      `1 reset ${ERROR.NO_ERROR} the upstream reset the stream`,
      ...[`2 ${OK_SHOWN}`, '2 body 6f6b'],
    ]);
    expect(client.said()).toEqual([]);
  });

  it('above the last one of GOAWAY was not looked at; nothing new is opened, and the rest goes on', () => {
    const client = begun(4).send(goaway(2 ** 31 - 1));
    expect(client.events).toEqual(['done 0']);
    expect(client.connection).toMatchObject({ streams: 4, mayOpen: false });
    client.send(goaway(3), ok(1), ok(3), ok(7));
    expect(client.events.slice(1).sort()).toEqual([
      ...[`0 ${OK_SHOWN}`, '0 body 6f6b', `1 ${OK_SHOWN}`, '1 body 6f6b'],
      ...['2 unprocessed', '3 unprocessed', 'done 0'],
    ]);
    expect(client.fault).toBeNull();
  });
});

describe('our way out', () => {
  it('stays within the windows of the server, and sends on when they open', () => {
    const client = new Http2Client().send(settings([[SETTING.initialWindowSize, 3]])).ask(2);
    expect(client.said().map(shown).slice(2)).toEqual(['4 0 1', '1 1 4', '0 1 0 3', '1 3 4', '0 3 0 3']);
    expect(client.connection.unsentOctets).toBe(4);
    client.send(windowUpdate(1, 1), windowUpdate(3, 9));
    expect(client.said().map(shown)).toEqual(['0 1 0 1', '0 3 1 2']);
    client.send(settings([[SETTING.initialWindowSize, 4]]));
    expect(client.said().map(shown)).toEqual(['0 1 1 1', '4 0 1']);
    expect(client.connection.unsentOctets).toBe(0);
  });

  it('stays within the window of the connection', () => {
    const client = begun(0).ask(2, Buffer.alloc(60_000));
    const sum = (frames: readonly Frame[]) =>
      frames.reduce((octets, { type, payload }) => octets + (type === FRAME.DATA ? payload.length : 0), 0);
    expect(sum(client.said())).toBe(FIRST_WINDOW_OCTETS);
    client.send(windowUpdate(0, 100_000));
    expect(sum(client.said())).toBe(120_000 - FIRST_WINDOW_OCTETS);
  });

  it('ends where the server has answered before it had all, or resets the stream', () => {
    const client = new Http2Client().send(settings([[SETTING.initialWindowSize, 3]])).ask(2);
    client.said();
    client.send(ok(1), rstStream(3), windowUpdate(1, 9), windowUpdate(3, 9));
    expect(client.said().map(shown)).toEqual([`3 1 0 ${ERROR.CANCEL}`]);
    expect(client.events).toContain('0 body 6f6b');
    expect(client.connection).toMatchObject({ streams: 0, unsentOctets: 0 });
  });
});

describe('our window', () => {
  it('of the connection is opened again when half of it is used, whoever it was for', () => {
    const client = begun(1);
    client.connection.cancel(client.connection.find(0)!);
    client.said();
    const piece = data(1, Buffer.alloc(16_384));
    const pieces = CONNECTION_WINDOW_OCTETS / 2 / 16_384;
    client.send(...Array<Buffer>(pieces).fill(piece));
    expect(client.said()).toEqual([]);
    client.send(piece);
    const [update] = client.said();
    expect(update).toMatchObject({ type: FRAME.WINDOW_UPDATE, stream: 0 });
    expect(update!.payload.readUInt32BE()).toBe((pieces + 1) * 16_384);
    client.send(piece);
    expect(client.said()).toEqual([]);
  });

  it('of a stream is never opened again, and whoever sends more ends the connection', () => {
    const padded = data(1, Buffer.of(1), { padding: 255 });
    const frames = Math.floor(STREAM_WINDOW_OCTETS / (padded.length - 9));
    const client = begun(1).send(headers(1, OK_BLOCK), ...Array<Buffer>(frames).fill(padded));
    expect({ events: client.events, fault: client.fault }).toEqual({
      events: [`0 ${OK_SHOWN}`],
      fault: null,
    });
    client.send(padded);
    expect(codeOf(client)).toBe(ERROR.FLOW_CONTROL_ERROR);
  });
});

describe('a server ends its connection', () => {
  const bomb = Buffer.concat([OK_BLOCK, ...Array<Buffer>(HEADER_FIELDS).fill(literal(['x', 'y']))]);
  const long = headerBlock([...OK, ['x', 'y'.repeat(HEADER_LIST_OCTETS)]]);
  it.each([
    ...breachesOf({ open: Buffer.alloc(0), block: OK_BLOCK, idle: 5 }),
    ['a push', ERROR.PROTOCOL_ERROR, pushPromise(1, 2, OK_BLOCK)],
    ['the wish to push', ERROR.PROTOCOL_ERROR, settings([[SETTING.enablePush, 1]])],
    ['a response to nothing', ERROR.PROTOCOL_ERROR, headers(5, OK_BLOCK)],
    ['a window of a stream that overflows', ERROR.FLOW_CONTROL_ERROR, windowUpdate(1, 2 ** 31 - 1)],
    ['too many fields', ERROR.ENHANCE_YOUR_CALM, headers(1, bomb)],
    [
      'fields that are too long, in trailers too',
      ERROR.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, OK_BLOCK),
        headers(1, long.subarray(0, 16_000), { endHeaders: false, endStream: true }),
        continuation(1, long.subarray(16_000), true),
      ]),
    ],
    [
      'CONTINUATION without end',
      ERROR.ENHANCE_YOUR_CALM,
      Buffer.concat([
        headers(1, OK_BLOCK, { endHeaders: false }),
        ...Array<Buffer>(CONTINUATIONS + 1).fill(continuation(1, Buffer.alloc(0))),
      ]),
    ],
  ] as const)('by %s, and is told why', (_, errorCode, octets) => {
    const client = begun(2).send(octets, ok(3));
    expect(codeOf(client)).toBe(errorCode);
    expect(client.said().map(shown).at(-1)).toBe(`7 0 0 ${errorCode}`);
    expect(client.events.filter((event) => event.startsWith('1 '))).toEqual([]);
    expect(client.connection.mayOpen).toBe(false);
  });

  it.each<[string, Uint8Array]>([
    ['no frame of HTTP/2', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an acknowledgement', SETTINGS_ACK],
    ['a PING', ping()],
    ['a response', ok(1)],
  ])('by %s before its SETTINGS', (_, octets) => {
    const client = new Http2Client().ask(1).send(octets);
    expect(codeOf(client)).not.toBeNull();
    expect(client.events).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ['PING', ping()],
    ['SETTINGS', settings()],
    ['acknowledgements', SETTINGS_ACK],
    ['windows', windowUpdate(0, 1)],
    ['windows of a stream that is over', windowUpdate(1, 1)],
    ['PRIORITY', priority(1)],
    ['GOAWAY', goaway(2 ** 31 - 1)],
    ['unknown frames', frame(0xee, 0, 0)],
    ['resets of a stream that is over', rstStream(1)],
    ['DATA of a stream that is over', data(1, Buffer.of(1))],
    ['HEADERS of a stream that is over', headers(1, OK_BLOCK)],
    ['empty DATA', data(3)],
    ['nothing but padding', data(3, undefined, { padding: 1 })],
  ])('by %s without end, and responses earn some more', (_, one) => {
    const client = begun(3).send(ok(1), headers(3, OK_BLOCK));
    client.send(...Array<Uint8Array>(UNASKED_FRAMES).fill(one));
    expect(client.fault).toBeNull();
    client.send(ok(5), ...Array<Uint8Array>(RESPONSE_EARNS_FRAMES).fill(one));
    expect(client.fault).toBeNull();
    expect(client.send(one).fault).toMatchObject({
      errorCode: ERROR.ENHANCE_YOUR_CALM,
      message: expect.stringMatching(/asked for/),
    });
  });
});

it('a PING is answered with its octets, and an answer to one is not', () => {
  const client = begun(0).send(ping(77), ping(78, true));
  const said = client.said();
  expect(said.map(shown)).toEqual(['6 0 1']);
  expect(said[0]!.payload.readUInt32BE(4)).toBe(77);
});
