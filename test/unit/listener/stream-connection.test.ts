// A connection over a link that takes nothing for a while: it is not ended before its answers are taken, and the memory of an
// answer is nobody else's until then. All else that it does is in the contract of the listeners.

import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DROP } from '../../../src/dns/answer.ts';
import { Desk } from '../../../src/listener/desk.ts';
import { SpareRooms } from '../../../src/listener/spare-rooms.ts';
import { StreamConnection } from '../../../src/listener/stream-connection.ts';
import { TurnEnd } from '../../../src/listener/turn-end.ts';
import { LateAnswer } from '../../../src/resolver/late-answer.ts';
import { DEFAULT_LIMITS, framed, TinyResolver } from '../../contract/front-doors.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { HeldSocket, turns } from '../../support/held-socket.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

const LENGTH_OCTETS = 2;
/** Enough for all that is done of itself. */
const SOME_TURNS = 5;

const shared = {
  ...{ resolver: new TinyResolver(), clock: new SimulatedClock(), limits: DEFAULT_LIMITS },
  ...{ desk: new Desk('tcp'), turnEnd: new TurnEnd(), rooms: new SpareRooms() },
};

function connectionOver(socket: HeldSocket, parts: Partial<typeof shared> = {}): StreamConnection {
  return new StreamConnection({
    ...{
      ...shared,
      ...parts,
      socket: socket as unknown as Socket,
      transport: 'tcp',
      onWeight() {},
      onClose() {},
    },
  });
}

const nameIn = (written: Buffer | undefined) => readReply(written!.subarray(LENGTH_OCTETS)).questionName;

describe.each(['its client half-closes', 'we close it'])('an answer that is not taken yet when %s', (how) => {
  it('holds the end up, and so do those that came after it', async () => {
    const socket = new HeldSocket(true);
    const connection = connectionOver(socket);
    socket.push(framed(makeQuery('one.example')));
    await turns(SOME_TURNS);
    socket.push(framed(makeQuery('two.example')));
    await turns(SOME_TURNS);
    if (how === 'we close it') connection.close();
    else socket.push(null);
    await turns(SOME_TURNS);
    expect(socket.written.map(nameIn)).toEqual(['one.example']);
    expect(socket.writableEnded).toBe(false);
    socket.takeLast();
    await turns(SOME_TURNS);
    expect(socket.written.map(nameIn)).toEqual(['one.example', 'two.example']);
    expect(socket.writableEnded).toBe(false);
    socket.takeLast();
    await turns(SOME_TURNS);
    expect(socket.writableEnded).toBe(true);
  });
});

it('the memory of an answer that is not taken is no other answer’s', async () => {
  const [slow, quick] = [new HeldSocket(true), new HeldSocket(false)];
  connectionOver(slow);
  connectionOver(quick);
  slow.push(framed(makeQuery('slow.example')));
  await turns(SOME_TURNS);
  quick.push(framed(makeQuery('quick.example')));
  await turns(SOME_TURNS);
  expect(slow.written.map(nameIn)).toEqual(['slow.example']);
  expect(quick.written.map(nameIn)).toEqual(['quick.example']);
});

it('a late answer has no query taken up before it returns, since another may be on its way through the links', async () => {
  const [socket, resolver] = [new HeldSocket(false), new TinyResolver()];
  connectionOver(socket, { resolver, limits: { ...DEFAULT_LIMITS, queriesPerConnection: 1 } });
  socket.push(Buffer.concat(['late.example', 'next.example'].map((name) => framed(makeQuery(name)))));
  await turns(SOME_TURNS);
  resolver.release();
  expect(resolver.contexts).toHaveLength(1);
  await turns(SOME_TURNS);
  expect(socket.written.map(nameIn)).toEqual(['late.example', 'next.example']);
});

it('a late query that gets no answer makes room for the next', async () => {
  const [socket, late, tiny] = [new HeldSocket(false), new LateAnswer(), new TinyResolver()];
  let first = true;
  const resolver = {
    resolve(...asked: Parameters<TinyResolver['resolve']>) {
      if (!first) return tiny.resolve(...asked);
      first = false;
      return late;
    },
  };
  const limits = { ...DEFAULT_LIMITS, queriesPerConnection: 1 };
  connectionOver(socket, { resolver: resolver as TinyResolver, limits });
  socket.push(Buffer.concat(['one.example', 'two.example'].map((name) => framed(makeQuery(name)))));
  await turns(SOME_TURNS);
  late.settle(DROP);
  await turns(SOME_TURNS);
  expect(socket.written.map(nameIn)).toEqual(['two.example']);
});
