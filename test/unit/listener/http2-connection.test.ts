// A client that asks more at once than it gets in a turn of the event loop: what it is answered meanwhile is kept back, so that
// it leaves together, but little of it; and the client is not read beyond what it has sent by then.

import type { TLSSocket } from 'node:tls';
import dnsPacket from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { Answer } from '../../../src/dns/answer.ts';
import type { Query } from '../../../src/dns/query.ts';
import { Desk } from '../../../src/listener/desk.ts';
import { DohHttp2 } from '../../../src/listener/doh-http2.ts';
import { Http2Connection } from '../../../src/listener/http2-connection.ts';
import { TurnShare } from '../../../src/listener/turn-share.ts';
import { DEFAULT_LIMITS } from '../../contract/front-doors.ts';
import { makeQuery } from '../../support/dns-message.ts';
import { HeldSocket, turns } from '../../support/held-socket.ts';
import {
  data,
  FrameReader,
  headerBlock,
  headers,
  MAX_WINDOW_OCTETS,
  PREFACE,
  SETTING,
  SETTINGS_ACK,
  settings,
  TYPE,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';
import { requestFields } from '../../support/peers/raw-http2.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const REQUESTS_PER_TURN = 4;
/** As the connection has it: of answers that it keeps back. */
const KEPT_BACK_OCTETS = 8192;
/** Of the frames around an answer and of the message around its records, at most. */
const OVERHEAD_OCTETS = 200;
const SOME_TURNS = 5;
const MANY_TURNS = 200;

interface Opened {
  readonly socket: HeldSocket;
  readonly connection: Http2Connection;
  /** Requests that have been asked of the resolver. */
  asked: number;
  /** The most that the connection has ever had in memory. */
  mostHeld: number;
}

/** Its answers have so many octets of TXT, a multiple of 100. */
async function open(textOctets: number, isHeld = false): Promise<Opened> {
  const socket = new HeldSocket(isHeld);
  const opened = { asked: 0, mostHeld: 0 };
  const resolve = (query: Query) => {
    opened.asked += 1;
    return answerOf(query, textOctets);
  };
  const clock = new SimulatedClock();
  const turnShare = new TurnShare(REQUESTS_PER_TURN);
  const doh = {
    resolver: { resolve },
    clock,
    limits: DEFAULT_LIMITS,
    desk: new Desk('doh'),
    turns: turnShare,
  };
  const onWeight = (_connection: unknown, octets: number) => {
    opened.mostHeld = Math.max(opened.mostHeld, octets);
  };
  const common = new DohHttp2(doh);
  const parts = { socket: socket as unknown as TLSSocket, common, onLimit() {}, onWeight };
  const connection = new Http2Connection(parts);
  const wide = [
    settings([[SETTING.initialWindowSize, MAX_WINDOW_OCTETS]]),
    windowUpdate(0, MAX_WINDOW_OCTETS - 65_535),
  ];
  socket.push(Buffer.concat([PREFACE, ...wide, SETTINGS_ACK]));
  await turns(SOME_TURNS);
  for (; socket.written.length > 0; await turns(SOME_TURNS)) {
    socket.written.length = 0;
    socket.takeLast();
  }
  return Object.assign(opened, { socket, connection });
}

function answerOf(query: Query, textOctets: number): Answer {
  const { questions = [] } = dnsPacket.decode(Buffer.from(query.bytes));
  const record = { type: 'TXT' as const, name: '.', ttl: 60, data: 'x'.repeat(88) }; // 100 octets
  const answers = Array.from({ length: textOctets / 100 }, () => record);
  return Answer.fromMessage(dnsPacket.encode({ type: 'response', questions, answers }))!;
}

/** As a client sends them at once: the first stream's number, and how many. */
function requests(first: number, count: number): Buffer {
  const block = headerBlock(requestFields('dns.example'));
  const query = makeQuery('www.example', 'TXT', { id: 0, edns: false });
  const frames = Array.from({ length: count }, (_, nth) => [
    headers(first + 2 * nth, block),
    data(first + 2 * nth, query, { endStream: true }),
  ]);
  return Buffer.concat(frames.flat());
}

/** Of all answers that have been written so far. */
function answered({ written }: HeldSocket): number {
  const reader = new FrameReader();
  return written.flatMap((octets) => reader.push(octets)).filter(({ type }) => type === TYPE.headers).length;
}

describe('requests that wait for their turn', () => {
  it('keep small answers back: all leave in one write', async () => {
    const { socket } = await open(100);
    socket.push(requests(1, 5 * REQUESTS_PER_TURN));
    await turns(MANY_TURNS);
    expect(answered(socket)).toBe(5 * REQUESTS_PER_TURN);
    expect(socket.written.length).toBe(1);
  });

  it('keep no more than one record of them back: a hundred large ones leave in pieces', async () => {
    const octets = 1000;
    const opened = await open(octets);
    const { socket } = opened;
    const sent = requests(1, 100);
    socket.push(sent);
    await turns(MANY_TURNS);
    expect(answered(socket)).toBe(100);
    const most = KEPT_BACK_OCTETS + REQUESTS_PER_TURN * (octets + OVERHEAD_OCTETS);
    for (const { length } of socket.written) expect(length).toBeLessThanOrEqual(most);
    expect(socket.written.length).toBeGreaterThan(100 / 12); // of some 1,100 octets
    expect(opened.mostHeld).toBeLessThanOrEqual(sent.length + most);
  });

  it('hold up reading when more comes on top of them, and only then', async () => {
    const opened = await open(100);
    const { socket } = opened;
    socket.push(requests(1, 2 * REQUESTS_PER_TURN));
    expect([socket.isPaused(), opened.asked]).toEqual([false, REQUESTS_PER_TURN]);
    socket.push(requests(101, 2 * REQUESTS_PER_TURN));
    expect([socket.isPaused(), socket.readableLength]).toEqual([true, 0]);
    const third = requests(201, 2 * REQUESTS_PER_TURN);
    socket.push(third);
    expect([socket.readableLength, opened.asked]).toEqual([third.length, REQUESTS_PER_TURN]);
    await turns(MANY_TURNS);
    expect([socket.isPaused(), opened.asked, answered(socket)]).toEqual(
      Array.of<unknown>(false, 6 * REQUESTS_PER_TURN, 6 * REQUESTS_PER_TURN),
    );
  });
});

describe.each(['its client half-closes', 'we close it'])('an answer that is not taken yet when %s', (how) => {
  it('holds the end up, and so do those that came after it', async () => {
    const { socket, connection } = await open(100, true);
    socket.push(requests(1, 1));
    await turns(SOME_TURNS);
    socket.push(requests(3, 2));
    await turns(SOME_TURNS);
    if (how === 'we close it') connection.close();
    else socket.push(null);
    await turns(SOME_TURNS);
    expect([answered(socket), socket.writableEnded]).toEqual([1, false]);
    socket.takeLast();
    await turns(SOME_TURNS);
    expect([answered(socket), socket.writableEnded]).toEqual([3, false]);
    socket.takeLast();
    await turns(SOME_TURNS);
    expect([socket.writableEnded, socket.destroyed]).toEqual([true, true]);
  });
});
