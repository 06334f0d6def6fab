// Every transport as the contract suites see it: a listener to start, and a client that asks it one query at a time
// or many. Clients are raw, so that they can be slow, half closed or rude; dns-client.ts has the polite ones.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { Agent, request } from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import dnsPacket from 'dns-packet';
import type { Clock } from '../../src/clock/clock.ts';
import type { SocketAddress } from '../../src/config/config.ts';
import { LIMITS } from '../../src/config/limits.ts';
import { Answer, DROP } from '../../src/dns/answer.ts';
import { FrameReader } from '../../src/dns/framing.ts';
import { nameKey } from '../../src/dns/names.ts';
import type { Query } from '../../src/dns/query.ts';
import { DohListener } from '../../src/listener/doh.ts';
import type { Listener, ListenerParts } from '../../src/listener/listener.ts';
import { StreamListener } from '../../src/listener/stream.ts';
import { UdpThreads } from '../../src/listener/threads/udp-threads.ts';
import { BatchSockets } from '../../src/listener/udp/batch-sockets.ts';
import { dgramSockets } from '../../src/listener/udp/dgram-sockets.ts';
import { loadSystemCalls, type SystemCalls } from '../../src/listener/udp/system-calls.ts';
import type { UdpSockets } from '../../src/listener/udp/udp-sockets.ts';
import { UdpListener } from '../../src/listener/udp.ts';
import { LimitLog } from '../../src/observe/limit-log.ts';
import { ClientRate } from '../../src/resolver/client-rate.ts';
import { LateAnswer } from '../../src/resolver/late-answer.ts';
import type { Context, Resolver } from '../../src/resolver/resolver.ts';
import { CertificateStore, fitPair } from '../../src/tls/certificate-store.ts';
import { answerWith } from '../support/dns-message.ts';
import type { IssuedCertificate } from '../support/pki.ts';

export const SERVER_NAME = 'dns.home.example';
export const ADDRESS = '192.0.2.7';

/** The limits of this release, which a test changes one at a time. */
export const DEFAULT_LIMITS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, limit]) => [name, limit.default]),
) as unknown as ListenerParts['limits'];

export function storeOf(certificate: IssuedCertificate): CertificateStore {
  return new CertificateStore(served(certificate));
}

export function served({ certificateFile, keyFile }: IssuedCertificate) {
  const fit = fitPair(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'), 'files');
  if ('problem' in fit) throw new Error(fit.problem);
  return fit.certificate;
}

/** Octets of TXT records that a query for "big.…" is answered with. */
export const BIG_OCTETS = 30_000;

/**
 * Answers by the first label: "drop" not at all, "late" when the test says so, "big" with much, anything else with
 * ADDRESS and a TTL of 60 s, all at once.
 */
export class TinyResolver implements Resolver {
  readonly contexts: Context[] = [];
  readonly #late: (() => void)[] = [];

  get waiting(): number {
    return this.#late.length;
  }

  resolve(query: Query, context: Context): Answer | LateAnswer {
    this.contexts.push(context);
    if (query.questionEnd === 0) return DROP;
    const name = query.nameKey;
    if (name.startsWith(nameKey('drop').slice(0, -1))) return DROP;
    if (name.startsWith(nameKey('big').slice(0, -1))) return bigAnswer(query);
    const answer = Answer.fromMessage(answerWith(query.bytes, ADDRESS))!;
    if (!name.startsWith(nameKey('late').slice(0, -1))) return answer;
    const late = new LateAnswer();
    this.#late.push(() => late.settle(answer));
    return late;
  }

  /** Answers what is late, last come first. */
  release(): void {
    for (const answer of this.#late.splice(0).toReversed()) answer();
  }
}

/** How many queries the resolver is asked in one turn of the event loop at most, while `what` goes on. */
export async function mostInOneTurn(
  { contexts }: Pick<TinyResolver, 'contexts'>,
  what: () => Promise<unknown>,
): Promise<number> {
  let [seen, most, isOver] = [0, 0, false];
  const eachTurn = () => {
    most = Math.max(most, contexts.length - seen);
    seen = contexts.length;
    if (!isOver) setImmediate(eachTurn);
  };
  eachTurn();
  await what();
  isOver = true;
  return most;
}

function bigAnswer(query: Query): Answer {
  const { questions = [] } = dnsPacket.decode(Buffer.from(query.bytes));
  const text = 'x'.repeat(250);
  const answers = Array.from({ length: BIG_OCTETS / 250 }, () => ({
    type: 'TXT' as const,
    name: '.',
    ttl: 60,
    data: text,
  }));
  return Answer.fromMessage(dnsPacket.encode({ type: 'response', questions, answers }))!;
}

/** How a client connects, where that matters: its own address and port, half-open or not, TLS options. */
export type From = tls.ConnectionOptions &
  Pick<net.TcpNetConnectOpts, 'localAddress' | 'localPort' | 'allowHalfOpen'>;

/** One way in, by hand. */
export interface Visitor {
  readonly localPort: number;
  readonly isClosed: boolean;
  /** The answer to this query, whenever it comes; null once the connection has closed without it. */
  ask(wire: Uint8Array): Promise<Uint8Array | null>;
  close(): void;
}

export interface Door {
  readonly name: string;
  readonly transport: Listener['transport'];
  /** Does it keep connections? */
  readonly isStream: boolean;
  readonly isEncrypted: boolean;
  /** Queries are received in threads, whose clock no test moves. */
  readonly hasMachineTime?: boolean;
  listener(parts: ListenerParts, certificates: CertificateStore): Listener;
  visit(address: SocketAddress, ca: string, from?: From): Promise<Visitor>;
}

const { calls } = loadSystemCalls();

interface UdpKind {
  readonly name: string;
  /** Received by other threads: by their clock, and what is shorter than a header is not handed over. */
  readonly isThreaded?: boolean;
  sockets(clock: Clock): UdpSockets;
}

/** All kinds of UDP sockets; those in batches are of Linux alone. */
export const UDP_SOCKETS: readonly UdpKind[] = [
  ...(calls === null
    ? []
    : [
        { name: 'UDP in batches', sockets: (clock: Clock) => new BatchSockets(calls, clock) },
        {
          name: 'UDP in batches, over two threads',
          isThreaded: true,
          sockets: (clock: Clock) => threaded(calls, clock),
        },
      ]),
  { name: 'UDP through node:dgram', sockets: dgramSockets },
];

/** Threads that know nothing, so that all is handed over; from the beginning. */
function threaded(calls: SystemCalls, clock: Clock): UdpSockets {
  const log = { debug() {}, info() {}, warn() {}, error: console.error };
  const limitLog = new LimitLog(log, clock);
  const threads = new UdpThreads({
    ...{ count: 2, calls, clock, log, limitLog, rate: new ClientRate() },
    ...{ facts: () => null, udpQueriesPerClient: () => 2 ** 30 },
  });
  return {
    needsEachAddress: (wildcard) => threads.needsEachAddress(wildcard),
    quiet: () => threads.quiet(),
    end: () => threads.end(),
    async open(parts) {
      await threads.areUp;
      return threads.open(parts);
    },
  };
}

const dohListener: Door['listener'] = (parts, certificates) => new DohListener({ ...parts, certificates });

export const DOORS: readonly Door[] = [
  ...UDP_SOCKETS.map(
    ({ name, sockets, isThreaded = false }): Door => ({
      name,
      hasMachineTime: isThreaded,
      transport: 'udp',
      isStream: false,
      isEncrypted: false,
      listener: (parts) => new UdpListener({ ...parts, sockets: sockets(parts.clock) }),
      visit: visitUdp,
    }),
  ),
  {
    name: 'TCP',
    transport: 'tcp',
    isStream: true,
    isEncrypted: false,
    listener: (parts) => new StreamListener({ ...parts, certificates: null }),
    visit: openTcp,
  },
  {
    name: 'DoT',
    transport: 'dot',
    isStream: true,
    isEncrypted: true,
    listener: (parts, certificates) => new StreamListener({ ...parts, certificates }),
    visit: openDot,
  },
  {
    name: 'DoH over HTTP/2',
    transport: 'doh',
    isStream: true,
    isEncrypted: true,
    listener: dohListener,
    visit: openHttp2,
  },
  {
    name: 'DoH over HTTP/1.1',
    transport: 'doh',
    isStream: true,
    isEncrypted: true,
    listener: dohListener,
    visit: openHttp1,
  },
];

async function visitUdp({ address, port, family }: SocketAddress): Promise<Visitor> {
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  const waiting = new Map<number, (reply: Uint8Array | null) => void>();
  socket.on('message', (reply) => waiting.get(reply.readUInt16BE(0))?.(reply));
  socket.on('error', () => {});
  socket.connect(port, address);
  await once(socket, 'connect');
  const { port: localPort } = socket.address();
  const visitor = {
    localPort,
    isClosed: false,
    ask: (wire: Uint8Array) =>
      new Promise<Uint8Array | null>((resolve) => {
        waiting.set(Buffer.from(wire).readUInt16BE(0), resolve);
        socket.send(wire);
      }),
    close() {
      if (visitor.isClosed) return;
      visitor.isClosed = true;
      socket.close();
      for (const resolve of waiting.values()) resolve(null);
    },
  };
  return visitor;
}

/** A stream whose octets the test can count, hold back or half close. */
export interface StreamVisitor extends Visitor {
  readonly socket: net.Socket;
  /** Octets as they arrived; over TLS one chunk is one record. */
  readonly chunks: Uint8Array[];
  /** IDs of answers in the order of their coming. */
  readonly answered: number[];
}

export async function openTcp(
  { address, port }: SocketAddress,
  _ca?: string,
  from: From = {},
): Promise<StreamVisitor> {
  const socket = net.connect({ host: address, port, ...from } as net.TcpNetConnectOpts);
  await once(socket, 'connect');
  return overStream(socket);
}

export async function openDot(
  { address, port }: SocketAddress,
  ca: string,
  from: From = {},
): Promise<StreamVisitor> {
  const socket = tls.connect({ ...clientTls(address, ca, ['dot']), port, ...from });
  await once(socket, 'secureConnect');
  return overStream(socket);
}

export function clientTls(address: string, ca: string, ALPNProtocols: string[]) {
  return { host: address, servername: SERVER_NAME, ca, ALPNProtocols };
}

function overStream(socket: net.Socket): StreamVisitor {
  const waiting = new Map<number, (reply: Uint8Array | null) => void>();
  const reader = new FrameReader();
  const visitor = {
    socket,
    chunks: [] as Uint8Array[],
    answered: [] as number[],
    localPort: socket.localPort!,
    isClosed: false,
    ask: (wire: Uint8Array) =>
      new Promise<Uint8Array | null>((resolve) => {
        waiting.set(Buffer.from(wire).readUInt16BE(0), resolve);
        socket.write(framed(wire));
      }),
    close: () => void socket.destroy(),
  };
  const end = () => {
    visitor.isClosed = true;
    for (const resolve of waiting.values()) resolve(null);
  };
  socket.on('data', (chunk: Buffer) => {
    visitor.chunks.push(chunk);
    reader.push(chunk, (reply) => {
      const id = Buffer.from(reply).readUInt16BE(0);
      visitor.answered.push(id);
      waiting.get(id)?.(Uint8Array.from(reply));
    });
  });
  socket.on('error', end);
  socket.on('end', end);
  socket.on('close', end);
  return visitor;
}

export function framed(...messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap((message) => {
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(message.length);
      return [prefix, message];
    }),
  );
}

const DOH_HEADERS = { 'content-type': 'application/dns-message', accept: 'application/dns-message' };

export async function openSession(
  { address, port }: SocketAddress,
  ca: string,
  from: From = {},
): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`https://${SERVER_NAME}`, {
    createConnection: () => tls.connect({ ...clientTls(address, ca, ['h2']), port, ...from }),
  });
  session.on('error', () => {});
  await once(session, 'connect');
  return session;
}

async function openHttp2(address: SocketAddress, ca: string, from?: From): Promise<Visitor> {
  const session = await openSession(address, ca, from);
  const { localPort } = session.socket;
  return {
    localPort: localPort!,
    get isClosed() {
      return session.closed || session.destroyed;
    },
    ask: (wire) =>
      new Promise((resolve) => {
        if (session.closed) return resolve(null);
        const stream = session.request({ ':method': 'POST', ':path': '/dns-query', ...DOH_HEADERS });
        const chunks: Uint8Array[] = [];
        let status = 0;
        stream.on('response', (headers) => (status = headers[':status'] ?? 0));
        stream.on('data', (chunk: Uint8Array) => chunks.push(chunk));
        stream.on('error', () => {});
        stream.on('close', () => resolve(status === 200 ? Buffer.concat(chunks) : null));
        stream.end(wire);
      }),
    close: () => session.destroy(),
  };
}

async function openHttp1({ address, port }: SocketAddress, ca: string, from: From = {}): Promise<Visitor> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const socket = tls.connect({ ...clientTls(address, ca, ['http/1.1']), port, ...from });
  await once(socket, 'secureConnect');
  agent.createConnection = () => socket;
  socket.on('error', () => {});
  return {
    localPort: socket.localPort!,
    get isClosed() {
      return socket.destroyed || socket.readableEnded;
    },
    ask: (wire) =>
      new Promise((resolve) => {
        const asked = request(
          { agent, host: SERVER_NAME, path: '/dns-query', method: 'POST', headers: DOH_HEADERS },
          async (response) => {
            const chunks: Uint8Array[] = [];
            for await (const chunk of response) chunks.push(chunk as Uint8Array);
            resolve(response.statusCode === 200 ? Buffer.concat(chunks) : null);
          },
        );
        asked.on('error', () => resolve(null));
        asked.end(wire);
      }),
    close: () => void socket.destroy(),
  };
}
