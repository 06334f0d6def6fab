// A DoH upstream over HTTP/2 that misbehaves to order (hostile-upstream.ts): what it does with a query it has heard.
// HTTP/2 is spoken by a server in the clear behind it, so that octets can be counted, and broken, on the way.

import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { answerWith } from '../dns-message.ts';
import {
  type BehaviourOf,
  HOSTILE_ADDRESS,
  type HostileOptions,
  type HostileUpstream,
  reset,
  startHostile,
} from './hostile-upstream.ts';
import { dohWrongFor, OTHERS_DELAY_MS } from './wrongs.ts';

/** Faults that only HTTP has. */
export const HTTP_FAULTS = [
  'is done with the connection, unasked',
  'resets the stream',
  'redirects to an upstream that answers',
  'answers 500',
  'answers with a web page',
  'sends a body without end',
  'compresses its answer',
  'sends cookies, and nothing else',
] as const;

type HttpBehaviour =
  | (typeof HTTP_FAULTS)[number]
  | { readonly reply: (query: Buffer) => readonly Uint8Array[] }
  | { readonly delayMs: number };
export type DohBehaviour = BehaviourOf<HttpBehaviour>;

export interface HostileDoh extends HostileUpstream<DohBehaviour> {
  /** Header fields of the requests so far, without those that HTTP/2 itself needs. */
  readonly fields: string[][];
  /** Their paths. */
  readonly paths: string[];
  /** Octets of bodies without end that clients have taken, or what is between us and them. */
  readonly endlessOctets: number;
}

const DNS_MESSAGE = 'application/dns-message';
const STATUS = ':status';
/** Far more than anybody should read. */
const ENDLESS_CHUNKS = 4_000;
const CHUNK_OCTETS = 16_384;

/** The connection of a client, in front of the inner server. */
interface Front {
  readonly socket: TLSSocket;
  readonly heard: (query: Buffer) => DohBehaviour;
}

export async function startHostileDoh(options: HostileOptions<DohBehaviour>): Promise<HostileDoh> {
  const more = { fields: [] as string[][], paths: [] as string[], endlessOctets: 0 };
  /** By the port that its octets come from at the inner server. */
  const fronts = new Map<number | undefined, Front>();
  const inner = createServer();
  inner.on('session', (session) => {
    const { remotePort } = session.socket;
    session.on('error', () => {});
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      more.paths.push(headers[':path'] ?? '');
      more.fields.push(Object.keys(headers).filter((name) => !name.startsWith(':')));
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const [query, { socket, heard }] = [Buffer.concat(chunks), fronts.get(remotePort)!];
        const behaviour = heard(query);
        if (behaviour === 'by the name') actByName({ socket, session, stream, query });
        else if (behaviour === 'sends a body without end') sendWithoutEnd(stream, more);
        else act({ socket, session, stream, query }, behaviour);
      });
    });
  });
  inner.listen(0, '127.0.0.1');
  await once(inner, 'listening');
  const { port } = inner.address() as AddressInfo;
  const hostile = await startHostile<HttpBehaviour>(options, 'h2', (socket, heard) => {
    socket.pause(); // nobody would have the octets that come before the relay is there
    const relay = connect(port, '127.0.0.1', () => {
      fronts.set(relay.localPort, { socket, heard });
      socket.pipe(relay).pipe(socket);
    });
    relay.on('error', () => socket.destroy());
    socket.on('close', () => relay.destroy());
  });
  const stopFront = hostile.stop;
  const stop = async () => {
    await stopFront();
    inner.close();
  };
  return Object.defineProperties(hostile, {
    ...{ fields: { get: () => more.fields }, paths: { get: () => more.paths } },
    ...{ endlessOctets: { get: () => more.endlessOctets } },
    stop: { value: stop },
  }) as HostileDoh;
}

interface Asked {
  readonly socket: TLSSocket;
  readonly session: ServerHttp2Session;
  readonly stream: ServerHttp2Stream;
  readonly query: Buffer;
}

function actByName(asked: Asked): void {
  const { stream, query } = asked;
  const wrong = dohWrongFor(query);
  const respond = (body: Uint8Array) => {
    if (stream.destroyed) return;
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE });
    stream.end(body);
  };
  if (wrong === undefined) setTimeout(() => respond(answerWith(query, HOSTILE_ADDRESS)), OTHERS_DELAY_MS);
  else if ('messages' in wrong) respond(wrong.messages(query, [])[0] ?? Buffer.alloc(0));
  else wrong.answer({ ...asked, answer: answerWith(query, HOSTILE_ADDRESS) });
}

function act({ socket, session, stream, query }: Asked, behaviour: DohBehaviour): void {
  const answer = answerWith(query, HOSTILE_ADDRESS);
  const respond = (body: Uint8Array, headers: Record<string, string | number> = {}) => {
    if (stream.destroyed) return;
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE, ...headers });
    stream.end(body);
  };
  const respondInPart = (octets: number, announced: number) => {
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE, 'content-length': announced });
    if (octets > 0) stream.write(answer.subarray(0, octets));
  };
  if (typeof behaviour === 'object') {
    if ('reply' in behaviour) respond(Buffer.from(behaviour.reply(query)[0] ?? []));
    else setTimeout(() => respond(answer), behaviour.delayMs);
    return;
  }
  switch (behaviour) {
    case 'answers':
      respond(answer);
      return;
    case 'closes after each answer':
      respond(answer);
      session.close();
      return;
    case 'closes without an answer':
      socket.end();
      return;
    case 'resets':
      reset(socket);
      return;
    case 'sends half a message and stalls':
      respondInPart(answer.length / 2, answer.length);
      return;
    case 'sends half a message and closes':
      respondInPart(answer.length / 2, answer.length);
      setImmediate(() => socket.end());
      return;
    case 'sends garbage':
      socket.write(Buffer.alloc(3_000, 0xa5));
      return;
    case 'sends a length and nothing else':
      respondInPart(0, 0xffff);
      return;
    case 'is done with the connection, unasked':
      session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0);
      return;
    case 'resets the stream':
      stream.close(constants.NGHTTP2_INTERNAL_ERROR);
      return;
    case 'redirects to an upstream that answers':
      respond(Buffer.alloc(0), { [STATUS]: 307, location: '/' });
      return;
    case 'answers 500':
      respond(answer, { [STATUS]: 500 });
      return;
    case 'answers with a web page':
      respond(Buffer.from('<html>'), { 'content-type': 'text/html' });
      return;
    case 'compresses its answer':
      respond(gzipSync(answer), { 'content-encoding': 'gzip' });
      return;
    case 'sends cookies, and nothing else':
      respond(Buffer.alloc(0), { 'set-cookie': 'who=you; Path=/' });
      return;
    default: // never answers; the two about handshakes concern new connections only
      return;
  }
}

function sendWithoutEnd(stream: ServerHttp2Stream, taken: { endlessOctets: number }): void {
  stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE });
  const send = (chunksLeft: number) => {
    if (stream.destroyed || chunksLeft === 0) return;
    stream.write(Buffer.alloc(CHUNK_OCTETS), (error) => {
      if (error) return;
      taken.endlessOctets += CHUNK_OCTETS;
      send(chunksLeft - 1);
    });
  };
  send(ENDLESS_CHUNKS);
}
