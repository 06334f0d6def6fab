// Writes straight to the handle, over TCP and TLS: in order and whole beside those of the stream, known to be unwritten while the
// peer does not read, told when they are not any more, and without harm where the connection goes in the middle of one.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import {
  type ConnectionOptions,
  connect as connectTls,
  createServer as createTlsServer,
  type TLSSocket,
} from 'node:tls';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StraightWrites } from '../../../src/tls/straight-writes.ts';
import { eventually } from '../../support/eventually.ts';
import { createPki } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const issued = createPki(temporaryDirectory('straight-writes')).issue({ names: ['dns.example'] });
const credentials = { cert: readFileSync(issued.certificateFile), key: readFileSync(issued.keyFile) };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Pair {
  /** The accepted one. */
  readonly ours: Socket;
  readonly theirs: Socket;
  /** What theirs goes over, or theirs itself. */
  readonly link: Socket;
  readonly writes: StraightWrites;
  readonly onWritten: ReturnType<typeof vi.fn>;
  got: string;
}

async function pairOver(transport: 'TCP' | 'TLS', tls: ConnectionOptions = {}): Promise<Pair> {
  const server: Server = transport === 'TCP' ? createServer() : createTlsServer(credentials);
  const accepted = once(server, transport === 'TCP' ? 'connection' : 'secureConnection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = { port: (server.address() as AddressInfo).port, host: '127.0.0.1' };
  const link = connect(target);
  const theirs = transport === 'TCP' ? link : connectTls({ ...tls, socket: link, rejectUnauthorized: false });
  const [ours] = (await accepted) as [Socket];
  const onWritten = vi.fn();
  const pair = { ours, theirs, link, writes: new StraightWrites(ours, onWritten), onWritten, got: '' };
  for (const socket of [ours, theirs, link]) socket.on('error', () => {});
  theirs.on('data', (octets) => {
    pair.got += octets.toString('latin1');
  });
  closers.push(() => {
    ours.destroy();
    theirs.destroy();
    server.close();
  });
  return pair;
}

/** By them; nothing but the next write sees it. */
async function resetUnseen({ ours, theirs, link }: Pair): Promise<void> {
  const heard = once(ours, 'data'); // all that belongs to the handshake has been written by then
  theirs.write('?');
  await heard;
  (ours as unknown as { readonly _handle: { readStop(): void } })._handle.readStop();
  link.resetAndDestroy();
  await once(link, 'close');
}

/** The first connection of a process writes over its stream, and shows that the others need not. */
async function warmUp(): Promise<void> {
  const pair = await pairOver('TLS');
  pair.writes.write(Buffer.from('first'));
  await eventually(() => pair.got === 'first' && pair.writes.unwritten === 0);
}

const A_LOT = 16_000_000;

describe.each(['TCP', 'TLS'] as const)('over %s', (transport) => {
  it('all arrives, in order', async () => {
    const pair = await pairOver(transport);
    let all = '';
    for (let at = 0; at < 200; at += 1) {
      const piece = `${at},`.repeat(1 + ((at * 37) % 500));
      all += piece;
      while (pair.writes.unwritten > 0) await new Promise(setImmediate);
      pair.writes.write(Buffer.from(piece));
    }
    await eventually(() => pair.got.length === all.length);
    expect(pair.got === all).toBe(true);
    expect(pair.onWritten).not.toHaveBeenCalled();
  });

  it('does not go through the stream, once one write has shown that it need not', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    const ofStream = vi.spyOn(pair.ours, 'write');
    pair.writes.write(Buffer.from('answer'));
    await eventually(() => pair.got === 'answer');
    expect(ofStream).not.toHaveBeenCalled();
  });

  it('is unwritten until the peer reads, and told then, once', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    pair.theirs.pause();
    pair.writes.write(Buffer.alloc(A_LOT, 'x'));
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(pair.writes.unwritten).toBe(A_LOT);
    pair.writes.tell();
    pair.writes.tell();
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    expect(pair.onWritten).not.toHaveBeenCalled();
    pair.theirs.resume();
    await eventually(() => pair.got.length === A_LOT);
    await eventually(() => pair.onWritten.mock.calls.length > 0);
    expect(pair.writes.unwritten).toBe(0);
    pair.writes.write(Buffer.from('after'));
    await eventually(() => pair.got.endsWith('after') && pair.writes.unwritten === 0);
    expect(pair.onWritten).toHaveBeenCalledTimes(1);
  });

  it('of nothing is none: another may follow at once', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    for (const text of ['one', '', 'two', '', '', 'three']) {
      while (pair.writes.unwritten > 0) await new Promise(setImmediate);
      pair.writes.write(Buffer.from(text));
    }
    await eventually(() => pair.got === 'onetwothree');
  });

  it('may be followed by another within the call that tells its end', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    pair.theirs.pause();
    pair.onWritten.mockImplementationOnce(() => pair.writes.write(Buffer.from('within')));
    pair.writes.write(Buffer.alloc(A_LOT, 'x'));
    pair.writes.tell();
    pair.theirs.resume();
    await eventually(() => pair.got.endsWith('within') && pair.writes.unwritten === 0);
    pair.writes.write(Buffer.from('after'));
    await eventually(() => pair.got.endsWith('withinafter'));
  });

  it('ends with its connection, and says so to who waits', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    pair.theirs.pause();
    pair.writes.write(Buffer.alloc(A_LOT));
    pair.writes.tell();
    pair.ours.destroy();
    await eventually(() => pair.onWritten.mock.calls.length === 1);
    expect(pair.writes.unwritten).toBe(0);
    pair.writes.write(Buffer.from('too late'));
    expect(pair.writes.unwritten).toBe(0);
  });

  it('behind the end of its connection closes that, and is not waited for', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    const onClose = vi.fn();
    pair.ours.on('close', onClose);
    pair.ours.end();
    await once(pair.ours, 'finish');
    pair.writes.write(Buffer.from('too late'));
    await eventually(() => onClose.mock.calls.length > 0);
    expect(pair.writes.unwritten).toBe(0);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('to who has reset the connection closes it, once', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    const onClose = vi.fn();
    pair.ours.on('close', onClose);
    await resetUnseen(pair);
    pair.writes.write(Buffer.from('to nobody'));
    pair.writes.tell();
    await eventually(() => pair.writes.unwritten === 0 && onClose.mock.calls.length > 0);
    expect(pair.ours.destroyed).toBe(true);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('ends when the peer has gone in the middle of it', async () => {
    await warmUp();
    const pair = await pairOver(transport);
    pair.theirs.pause();
    pair.writes.write(Buffer.alloc(A_LOT));
    pair.theirs.destroy();
    await eventually(() => pair.writes.unwritten === 0);
    await eventually(() => pair.ours.destroyed);
  });
});

it('all arrives, in order, while the peer negotiates TLS 1.2 anew', async () => {
  await warmUp();
  const pair = await pairOver('TLS', { maxVersion: 'TLSv1.2' });
  const theirs = pair.theirs as TLSSocket;
  let renegotiations = 0;
  const again = () => {
    renegotiations += 1;
    if (renegotiations < 3) theirs.renegotiate({ rejectUnauthorized: false }, again);
  };
  theirs.renegotiate({ rejectUnauthorized: false }, again);
  let all = '';
  for (let at = 0; renegotiations < 3 || at < 100; at += 1) {
    const piece = `${at},`;
    all += piece;
    const octets = Buffer.from(piece);
    while (pair.writes.unwritten > 0) await new Promise(setImmediate);
    if (pair.writes.write(octets)) octets.fill('!');
  }
  await eventually(() => pair.got.length === all.length);
  expect(pair.got === all).toBe(true);
});

it('a first peer that is gone when it is answered does not take this from the others', async () => {
  vi.resetModules();
  const { StraightWrites: Fresh } = await import('../../../src/tls/straight-writes.ts');
  const gone = await pairOver('TLS');
  await resetUnseen(gone);
  new Fresh(gone.ours, () => {}).write(Buffer.from('to nobody'));
  await eventually(() => gone.ours.destroyed);
  const next = await pairOver('TLS');
  const writes = new Fresh(next.ours, () => {});
  writes.write(Buffer.from('first'));
  await eventually(() => next.got === 'first' && writes.unwritten === 0);
  const ofStream = vi.spyOn(next.ours, 'write');
  writes.write(Buffer.from('second'));
  await eventually(() => next.got === 'firstsecond');
  expect(ofStream).not.toHaveBeenCalled();
});

it('says whether what was given may be overwritten: of TLS at once', async () => {
  await warmUp();
  const pair = await pairOver('TLS');
  const octets = Buffer.from('secret');
  expect(pair.writes.write(octets)).toBe(true);
  octets.fill('!');
  await eventually(() => pair.got === 'secret');
  const plain = await pairOver('TCP');
  plain.theirs.pause();
  expect(plain.writes.write(Buffer.alloc(A_LOT))).toBe(false);
});
