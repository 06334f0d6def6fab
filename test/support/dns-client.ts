// Raw DNS clients on the four transports: octets out, octets back, whatever they are. Each gives `null`
// where nothing came in time or the server hung up, so that a corpus of broken messages can be thrown at it.
// Clients that people use (dig, kdig, curl, stubby) are the other half of the end-to-end tests.

import { createSocket } from 'node:dgram';
import { type EventEmitter, once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';

const DEFAULT_TIMEOUT_MS = 6_000;
/** To a connection that may be used, handshake included. */
const OPEN_TIMEOUT_MS = 6_000;
const LENGTH_PREFIX_OCTETS = 2;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** Whence the client asks, where it matters: an address of this machine. */
  readonly from?: string;
}

/** Whom a DoT or DoH client trusts: one CA, one name, strictly. */
export interface Trust {
  /** PEM. */
  readonly ca: string;
  readonly name: string;
}

/** One open way to a server. */
export interface Client {
  /** Sends octets; resolves with the next reply that carries the same ID, or null. */
  ask(wire: Uint8Array, timeoutMs?: number): Promise<Uint8Array | null>;
  /** Sends octets and waits for nothing. */
  send(wire: Uint8Array): void;
  readonly isClosed: boolean;
  close(): void;
}

/** A DoH exchange keeps its HTTP status beside the body. */
export interface HttpReply {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface DohClient extends Client {
  request(wire: Uint8Array, method: 'GET' | 'POST', timeoutMs?: number): Promise<HttpReply | null>;
}

export async function openUdp(endpoint: Endpoint): Promise<Client> {
  const socket = createSocket(endpoint.address.includes(':') ? 'udp6' : 'udp4');
  const waiting = new Waiting();
  let isClosed = false;
  socket.on('message', (message) => waiting.settle(message));
  socket.on('error', () => waiting.giveUp());
  if (endpoint.from !== undefined) socket.bind({ address: endpoint.from });
  socket.connect(endpoint.port, endpoint.address);
  await once(socket, 'connect');
  const send = (wire: Uint8Array) => socket.send(wire, () => {});
  return {
    ask: (wire, timeoutMs = DEFAULT_TIMEOUT_MS) => {
      const reply = waiting.add(wire, timeoutMs);
      send(wire);
      return reply;
    },
    send,
    get isClosed() {
      return isClosed;
    },
    close() {
      isClosed = true;
      waiting.giveUp();
      socket.close();
    },
  };
}

export async function openTcp(endpoint: Endpoint): Promise<Client> {
  const socket = net.connect(addressed(endpoint));
  await opened(socket, 'connect');
  return overStream(socket);
}

export async function openDot(endpoint: Endpoint, trust: Trust): Promise<Client> {
  const socket = tls.connect({
    ...addressed(endpoint),
    servername: trust.name,
    ca: trust.ca,
    ALPNProtocols: ['dot'],
  });
  await opened(socket, 'secureConnect');
  return overStream(socket);
}

export async function openHttp2(endpoint: Endpoint, trust: Trust): Promise<http2.ClientHttp2Session> {
  const authority = `https://${trust.name}:${endpoint.port}`;
  const session = http2.connect(authority, {
    createConnection: () =>
      tls.connect({
        ...addressed(endpoint),
        servername: trust.name,
        ca: trust.ca,
        ALPNProtocols: ['h2'],
      }),
  });
  session.on('error', () => {});
  await opened(session, 'connect');
  return session;
}

export async function openDoh(endpoint: Endpoint, trust: Trust): Promise<DohClient> {
  const session = await openHttp2(endpoint, trust);
  const request = (wire: Uint8Array, method: 'GET' | 'POST', timeoutMs = DEFAULT_TIMEOUT_MS) =>
    requestDoh(session, wire, method, timeoutMs);
  return {
    request,
    async ask(wire, timeoutMs) {
      const reply = await request(wire, 'POST', timeoutMs);
      return reply?.status === 200 ? reply.body : null;
    },
    send: (wire) => void request(wire, 'POST'),
    get isClosed() {
      return session.closed || session.destroyed;
    },
    close: () => session.destroy(),
  };
}

/** Rejects when it fails, or when nothing comes of it. */
function opened(connection: EventEmitter & { destroy(): unknown }, event: string): Promise<unknown> {
  return once(connection, event, { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) }).catch((error) => {
    connection.destroy();
    throw error;
  });
}

/** As net.connect() and tls.connect() have it. */
export function addressed({ address, port, from }: Endpoint) {
  return { host: address, port, ...(from === undefined ? {} : { localAddress: from }) };
}

function requestDoh(
  session: http2.ClientHttp2Session,
  wire: Uint8Array,
  method: 'GET' | 'POST',
  timeoutMs: number,
): Promise<HttpReply | null> {
  return new Promise((resolve) => {
    if (session.destroyed || session.closed) {
      resolve(null);
      return;
    }
    const isPost = method === 'POST';
    const stream = session.request({
      ':method': method,
      ':path': isPost ? '/dns-query' : `/dns-query?dns=${Buffer.from(wire).toString('base64url')}`,
      accept: 'application/dns-message',
      ...(isPost ? { 'content-type': 'application/dns-message' } : {}),
    });
    const chunks: Buffer[] = [];
    let headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
    stream.on('response', (received) => (headers = received));
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', () => resolve(null));
    stream.on('close', () => {
      const status = headers[':status'];
      resolve(status === undefined ? null : { status, headers, body: Buffer.concat(chunks) });
    });
    stream.setTimeout(timeoutMs, () => stream.close(http2.constants.NGHTTP2_CANCEL));
    stream.end(isPost ? wire : undefined);
  });
}

/** Length-prefixed messages over a stream (RFC 1035 §4.2.2). */
function overStream(socket: net.Socket): Client {
  const waiting = new Waiting();
  let isClosed = false;
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= LENGTH_PREFIX_OCTETS) {
      const end = LENGTH_PREFIX_OCTETS + rest.readUInt16BE(0);
      if (rest.length < end) return;
      waiting.settle(rest.subarray(LENGTH_PREFIX_OCTETS, end));
      rest = rest.subarray(end);
    }
  });
  const end = () => {
    isClosed = true;
    waiting.giveUp();
  };
  socket.on('error', end);
  socket.on('end', end);
  socket.on('close', end);
  const send = (wire: Uint8Array) => {
    const prefix = Buffer.alloc(LENGTH_PREFIX_OCTETS);
    prefix.writeUInt16BE(wire.length);
    if (!isClosed) socket.write(Buffer.concat([prefix, wire]));
  };
  return {
    ask(wire, timeoutMs = DEFAULT_TIMEOUT_MS) {
      if (isClosed) return Promise.resolve(null);
      const reply = waiting.add(wire, timeoutMs);
      send(wire);
      return reply;
    },
    send,
    get isClosed() {
      return isClosed;
    },
    close: () => void socket.destroy(),
  };
}

/** Questions on their way, by ID. */
class Waiting {
  readonly #byId = new Map<number, (reply: Uint8Array | null) => void>();

  add(wire: Uint8Array, timeoutMs: number): Promise<Uint8Array | null> {
    const id = idOf(wire);
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(null), timeoutMs);
      const settle = (reply: Uint8Array | null) => {
        clearTimeout(timer);
        this.#byId.delete(id);
        resolve(reply);
      };
      this.#byId.set(id, settle);
    });
  }

  settle(reply: Uint8Array): void {
    this.#byId.get(idOf(reply))?.(Uint8Array.from(reply));
  }

  giveUp(): void {
    for (const settle of [...this.#byId.values()]) settle(null);
  }
}

function idOf(wire: Uint8Array): number {
  return wire.length < 2 ? -1 : (wire[0]! << 8) | wire[1]!;
}
