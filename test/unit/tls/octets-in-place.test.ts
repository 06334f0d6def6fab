// Octets read in place over real sockets: none lost, none twice, in order, whether they come before somebody takes the socket
// over or after; and a socket that nobody takes over is a stream like any other. The same of sockets that were accepted.

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { readInPlace, takeAccepted, takeOctets } from '../../../src/tls/octets-in-place.ts';
import { eventually } from '../../support/eventually.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** Both ends; ours is read in place. */
async function pair(): Promise<{ ours: Socket; theirs: Socket }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const ours = readInPlace((option) => connect({ ...option, port, host: '127.0.0.1' }));
  const [theirs] = (await once(server, 'connection')) as [Socket];
  theirs.on('error', () => {});
  closers.push(() => {
    ours.destroy();
    theirs.destroy();
    server.close();
  });
  return { ours, theirs };
}

const numbered = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => `${from + at},`).join('');

describe('a socket that is taken over', () => {
  it('gives what came before and what comes after, once and in order, and then its end', async () => {
    const { ours, theirs } = await pair();
    let got = '';
    let hasEnded = false;
    ours.on('end', () => {
      hasEnded = true;
    });
    theirs.write(numbered(0, 5_000));
    await eventually(() => ours.readableLength > 0);
    takeOctets(ours, (octets) => {
      got += octets.toString();
    });
    for (let at = 5_000; at < 50_000; at += 5_000) theirs.write(numbered(at, at + 5_000));
    const all = numbered(0, 50_000);
    await eventually(() => got.length >= all.length);
    expect(got === all).toBe(true);
    expect(hasEnded).toBe(false);
    theirs.end('last');
    await eventually(() => hasEnded);
    expect(got.endsWith('last')).toBe(true);
  });

  it('gives more than a stream keeps unread, which came before', async () => {
    const { ours, theirs } = await pair();
    theirs.write(Buffer.alloc(1_000_000, 7));
    await eventually(() => ours.readableLength >= ours.readableHighWaterMark);
    let [octets, sum] = [0, 0];
    takeOctets(ours, (some) => {
      octets += some.length;
      sum += some.reduce((total, octet) => total + octet, 0);
    });
    await eventually(() => octets >= 1_000_000);
    expect(sum).toBe(7_000_000);
  });

  it('lends one place to all: what is not copied is gone with the next', async () => {
    const [one, other] = [await pair(), await pair()];
    const kept: Buffer[] = [];
    for (const { ours } of [one, other]) takeOctets(ours, (octets) => kept.push(octets));
    await new Promise(setImmediate);
    one.theirs.write('one');
    await eventually(() => kept.length === 1);
    other.theirs.write('two');
    await eventually(() => kept.length === 2);
    expect(kept.map(String)).toEqual(['two', 'two']);
  });
});

it('a socket that nobody takes over is a stream', async () => {
  const { ours, theirs } = await pair();
  theirs.end(Buffer.alloc(500_000, 'abc'));
  const chunks: Buffer[] = [];
  for await (const chunk of ours) chunks.push(chunk as Buffer);
  expect(Buffer.concat(chunks).equals(Buffer.alloc(500_000, 'abc'))).toBe(true);
});

it('a stream that is not read in place gives its chunks', async () => {
  const stream = new PassThrough();
  const got: string[] = [];
  takeOctets(stream as unknown as Socket, (octets) => got.push(octets.toString()));
  stream.write('a');
  stream.write('b');
  await eventually(() => got.length === 2);
  expect(got).toEqual(['a', 'b']);
});

describe('a socket that was accepted', () => {
  async function accepted(
    taker: (octets: Buffer, end: number) => void,
  ): Promise<{ ours: Socket; theirs: Socket }> {
    const server = createServer({ allowHalfOpen: true }, (socket) => takeAccepted(socket, taker));
    server.listen(0, '127.0.0.1');
    const taken = once(server, 'connection');
    await once(server, 'listening');
    const theirs = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
    const [ours] = (await taken) as [Socket];
    closers.push(() => {
      ours.destroy();
      theirs.destroy();
      server.close();
    });
    return { ours, theirs };
  }

  it('gives all in order, then its end', async () => {
    let got = '';
    const { ours, theirs } = await accepted((octets, end) => {
      got += octets.toString('latin1', 0, end);
    });
    const ended = once(ours, 'end');
    theirs.end(numbered(0, 50_000));
    await ended;
    expect(got === numbered(0, 50_000)).toBe(true);
  });

  it('is read into one place, without memory of each piece', async () => {
    const rooms = new Set<ArrayBufferLike>();
    let octetsGot = 0;
    const taker = (octets: Buffer, end: number) => {
      rooms.add(octets.buffer);
      octetsGot += end;
    };
    const [one, other] = [await accepted(taker), await accepted(taker)];
    one.theirs.write('one');
    other.theirs.write('other');
    await eventually(() => octetsGot === 8);
    expect(rooms.size).toBe(1);
  });

  it('gives nothing while it is paused, and the rest when it goes on', async () => {
    let octetsGot = 0;
    const { ours, theirs } = await accepted((_octets, end) => {
      octetsGot += end;
      if (octetsGot < 300_000) ours.pause();
    });
    const before = ours.bytesRead;
    theirs.write(Buffer.alloc(4_000_000));
    await eventually(() => ours.isPaused() && ours.bytesRead > before);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(octetsGot).toBeLessThan(300_000);
    while (octetsGot < 300_000) {
      ours.resume();
      await new Promise(setImmediate);
    }
    await eventually(() => octetsGot === 4_000_000);
  });

  it('gives the chunks of its stream where it cannot be read in place', async () => {
    const stream = new PassThrough();
    const got: string[] = [];
    takeAccepted(stream as unknown as Socket, (octets, end) => got.push(octets.toString('latin1', 0, end)));
    stream.write('a');
    stream.write('b');
    await eventually(() => got.length === 2);
    expect(got).toEqual(['a', 'b']);
  });
});
