// A DoT upstream that misbehaves to order. Its behaviour can be switched while it runs, so that a test can look
// at the fault and then at the recovery. It keeps what it was asked, and counts every octet that a client
// sent inside TLS, so that "not one octet of a query" can be shown.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import tls from 'node:tls';
import { answerWith, questionName } from '../dns-message.ts';

/** What its answers say, unlike any other server of the tests. */
export const HOSTILE_ADDRESS = '192.0.2.66';

export const FAULTS = [
  'closes after each answer',
  'closes without an answer',
  'resets',
  'sends half a message and stalls',
  'sends half a message and closes',
  'never answers',
  'sends garbage',
  'sends a length and nothing else',
  'stalls the handshake',
  'refuses the handshake',
] as const;

/** `reply` gives all messages, in order, that a query is answered with. */
export type Behaviour =
  | (typeof FAULTS)[number]
  | 'answers'
  | 'answers with a wrong ID first'
  | 'answers another question first'
  | { readonly reply: (query: Buffer) => readonly Uint8Array[] }
  | { readonly delayMs: number };

export interface HostileDotOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly address?: string;
  readonly behaviour?: Behaviour;
}

export interface HostileDot extends AsyncDisposable {
  readonly port: number;
  /** Names asked so far. */
  readonly names: string[];
  /** Octets that clients sent inside TLS. */
  readonly octetsInside: number;
  /** TCP connections, whether or not a handshake came of them. */
  readonly attempts: number;
  /** Leaving 'stalls the handshake' lets the stalled ones go on. */
  behaviour: Behaviour;
  dropConnections(): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

const PREFIX_OCTETS = 2;

export async function startHostileDot(options: HostileDotOptions): Promise<HostileDot> {
  const open = new Set<Socket>();
  /** Connections whose handshake waits until the behaviour changes. */
  const stalled = new Set<Socket>();
  let behaviour = options.behaviour ?? 'answers';
  const hostile = {
    port: 0,
    names: [] as string[],
    octetsInside: 0,
    attempts: 0,
    get behaviour() {
      return behaviour;
    },
    set behaviour(next: Behaviour) {
      behaviour = next;
      if (next === 'stalls the handshake') return;
      for (const socket of stalled) secure.emit('connection', socket);
      stalled.clear();
    },
    dropConnections: () => {
      for (const socket of open) socket.destroy();
    },
    stop: async () => {
      hostile.dropConnections();
      server.close();
      await once(server, 'close');
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await hostile.stop();
    },
  };
  // The TLS server never listens itself: a plain one decides first whether a handshake happens at all.
  const secure = tls.createServer({
    cert: readFileSync(options.certificateFile),
    key: readFileSync(options.keyFile),
    ALPNProtocols: ['dot'],
  });
  secure.on('tlsClientError', () => {});
  secure.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    eachMessage(
      socket,
      (octets) => (hostile.octetsInside += octets),
      (query) => {
        hostile.names.push(questionName(query) ?? '?');
        act(socket, query, hostile.behaviour);
      },
    );
  });
  const server = createServer((socket) => {
    hostile.attempts++;
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      stalled.delete(socket);
    });
    socket.on('error', () => {});
    if (hostile.behaviour === 'stalls the handshake') {
      stalled.add(socket);
      return;
    }
    if (hostile.behaviour === 'refuses the handshake') socket.resetAndDestroy();
    else secure.emit('connection', socket);
  });
  server.listen(options.port ?? 0, options.address ?? '127.0.0.1');
  await once(server, 'listening');
  hostile.port = (server.address() as AddressInfo).port;
  return hostile;
}

function act(socket: tls.TLSSocket, query: Buffer, behaviour: Behaviour): void {
  const answer = answerWith(query, HOSTILE_ADDRESS);
  const send = (...messages: readonly Uint8Array[]) => socket.write(Buffer.concat(messages.map(framed)));
  if (typeof behaviour === 'object') {
    if ('reply' in behaviour) send(...behaviour.reply(query));
    else setTimeout(() => send(answer), behaviour.delayMs);
    return;
  }
  switch (behaviour) {
    case 'answers':
      send(answer);
      return;
    case 'answers with a wrong ID first':
      send(withWrongId(answer), answer);
      return;
    case 'answers another question first':
      send(answerToAnother(answer), answer);
      return;
    case 'closes after each answer':
      socket.end(framed(answer));
      return;
    case 'closes without an answer':
      socket.end();
      return;
    case 'resets':
      reset(socket);
      return;
    case 'sends half a message and stalls':
      socket.write(framed(answer).subarray(0, answer.length / 2));
      return;
    case 'sends half a message and closes':
      socket.end(framed(answer).subarray(0, answer.length / 2));
      return;
    case 'sends garbage':
      socket.write(Buffer.alloc(3_000, 0xa5));
      return;
    case 'sends a length and nothing else':
      socket.write(Buffer.of(0xff, 0xff));
      return;
    default: // never answers; the two about handshakes concern new connections only
      return;
  }
}

/** A TCP reset from inside a TLS connection, whose own socket is the one that can do it. */
function reset(socket: tls.TLSSocket): void {
  const raw = (socket as unknown as { _parent?: Socket })._parent;
  if (raw) raw.resetAndDestroy();
  else socket.destroy();
}

function withWrongId(answer: Buffer): Buffer {
  const wrong = Buffer.from(answer);
  wrong.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
  return wrong;
}

/** The right ID over a question that was not asked: its first letter differs. */
function answerToAnother(answer: Buffer): Buffer {
  const HEADER_AND_LENGTH_OCTETS = 13;
  const other = Buffer.from(answer);
  other[HEADER_AND_LENGTH_OCTETS] = other[HEADER_AND_LENGTH_OCTETS] === 0x71 ? 0x72 : 0x71;
  return other;
}

function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_OCTETS);
  prefix.writeUInt16BE(message.length);
  return Buffer.concat([prefix, message]);
}

function eachMessage(socket: Socket, count: (octets: number) => void, take: (query: Buffer) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    count(chunk.length);
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= PREFIX_OCTETS) {
      const end = PREFIX_OCTETS + rest.readUInt16BE(0);
      if (rest.length < end) return;
      take(rest.subarray(PREFIX_OCTETS, end));
      rest = rest.subarray(end);
    }
  });
}
