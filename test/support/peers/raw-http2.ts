// A client of HTTP/2 that sends octets, right or wrong, and does nothing of itself: no acknowledgement, no window, no
// limit of the server's is minded unless the caller minds it. It reads frames for as long as it is not told to stop.

import { connect, type TLSSocket } from 'node:tls';
import { addressed, type Endpoint, type Trust } from '../dns-client.ts';
import {
  data,
  type Field,
  FLAG,
  type Frame,
  FrameReader,
  headerBlock,
  headers,
  PREFACE,
  ping,
  SETTINGS_ACK,
  settings,
  TYPE,
} from './http2-frames.ts';

const OPEN_TIMEOUT_MS = 6_000;
const REPLY_TIMEOUT_MS = 5_000;
/** Frames that are kept for whoever looks; more are only counted. */
const MAX_KEPT_FRAMES = 10_000;

export interface RawHttp2 {
  /** Resolves once the octets are on their way, or the server has hung up. */
  write(octets: Uint8Array): Promise<void>;
  /** The connection is over, or the server has said that it will be (GOAWAY with an error). */
  readonly isClosed: boolean;
  /** The connection is over. */
  readonly isGone: boolean;
  /** Of the last GOAWAY; null: there was none. */
  readonly goawayCode: number | null;
  readonly frames: readonly Frame[];
  /** For good; that the server has hung up is then seen by a write that fails. */
  stopReading(): void;
  /** Waits for the server to hang up; false: it did not in time. */
  closes(withinMs: number): Promise<boolean>;
  /** PING and its acknowledgement: what was written before has been read. False: none came. */
  inStep(withinMs?: number): Promise<boolean>;
  /** POSTs a DNS query on a stream that is unused; the body of the response, or null. */
  ask(stream: number, query: Uint8Array, withinMs?: number): Promise<Buffer | null>;
  /** What has come on the stream, once it has ended; null: it was reset, or nothing came in time. */
  response(stream: number, withinMs?: number): Promise<Buffer | null>;
  /** At once, without a farewell. */
  destroy(): void;
}

/** The fields of a DoH request by POST (RFC 8484 section 4.1). */
export function requestFields(authority: string, more: readonly Field[] = []): Field[] {
  return [
    [':method', 'POST'],
    [':scheme', 'https'],
    [':authority', authority],
    [':path', '/dns-query'],
    ['accept', 'application/dns-message'],
    ['content-type', 'application/dns-message'],
    ...more,
  ];
}

/** A connection on which nothing has been said but TLS, with ALPN "h2". */
export async function openUnspoken(endpoint: Endpoint, trust: Trust): Promise<RawHttp2> {
  const socket = connect({
    ...addressed(endpoint),
    servername: trust.name,
    ca: trust.ca,
    ALPNProtocols: ['h2'],
  });
  socket.setNoDelay(); // each write is one step of an attack
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no handshake in time')), OPEN_TIMEOUT_MS);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve();
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
  return new Connection(socket, trust.name);
}

/** A connection that has begun as it should: preface and SETTINGS; the server's are acknowledged. */
export async function openRawHttp2(
  endpoint: Endpoint,
  trust: Trust,
  entries: readonly (readonly [number, number])[] = [],
): Promise<RawHttp2> {
  const connection = await openUnspoken(endpoint, trust);
  await connection.write(Buffer.concat([PREFACE, settings(entries), SETTINGS_ACK]));
  return connection;
}

class Connection implements RawHttp2 {
  readonly frames: Frame[] = [];
  isGone = false;
  goawayCode: number | null = null;
  readonly #socket: TLSSocket;
  readonly #authority: string;
  readonly #reader = new FrameReader();
  /** Called after each thing that happens. */
  readonly #watchers = new Set<() => void>();
  readonly #bodies = new Map<number, Buffer[]>();
  readonly #ended = new Map<number, 'reset' | 'whole'>();
  #pings = 0;
  #lastPong = 0;

  constructor(socket: TLSSocket, authority: string) {
    this.#socket = socket;
    this.#authority = authority;
    socket.on('data', (octets: Buffer) => {
      for (const frame of this.#reader.push(octets)) this.#take(frame);
      this.#happened();
    });
    const gone = () => {
      this.isGone = true;
      this.#happened();
    };
    socket.on('error', gone).on('end', gone).on('close', gone);
  }

  get isClosed(): boolean {
    return this.isGone || (this.goawayCode !== null && this.goawayCode !== 0);
  }

  async write(octets: Uint8Array): Promise<void> {
    if (this.isGone || !this.#socket.writable) return;
    let isSent = false;
    this.#socket.write(octets, () => {
      isSent = true;
      this.#happened();
    });
    await this.#until(() => isSent || this.isGone, REPLY_TIMEOUT_MS);
  }

  stopReading(): void {
    this.#socket.pause();
  }

  closes(withinMs: number): Promise<boolean> {
    return this.#until(() => this.isClosed, withinMs);
  }

  async inStep(withinMs = REPLY_TIMEOUT_MS): Promise<boolean> {
    this.#pings += 1;
    const mine = this.#pings;
    await this.write(ping(mine));
    return (await this.#until(() => this.isClosed || this.#lastPong >= mine, withinMs)) && !this.isClosed;
  }

  async ask(stream: number, query: Uint8Array, withinMs = REPLY_TIMEOUT_MS): Promise<Buffer | null> {
    const block = headerBlock(requestFields(this.#authority));
    await this.write(Buffer.concat([headers(stream, block), data(stream, query, { endStream: true })]));
    return this.response(stream, withinMs);
  }

  async response(stream: number, withinMs = REPLY_TIMEOUT_MS): Promise<Buffer | null> {
    await this.#until(() => this.isGone || this.#ended.has(stream), withinMs);
    if (this.#ended.get(stream) !== 'whole') return null;
    return Buffer.concat(this.#bodies.get(stream) ?? []);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(frame: Frame): void {
    const { type, flags, stream, payload } = frame;
    if (this.frames.length < MAX_KEPT_FRAMES) this.frames.push(frame);
    if (type === TYPE.goaway) this.goawayCode = payload.readUInt32BE(4);
    if (type === TYPE.ping && (flags & FLAG.ack) !== 0) this.#lastPong = payload.readUInt32BE(4);
    if (type === TYPE.rstStream) this.#ended.set(stream, 'reset');
    if (type !== TYPE.data && type !== TYPE.headers) return;
    if (type === TYPE.data) {
      const body = this.#bodies.get(stream);
      if (body === undefined) this.#bodies.set(stream, [payload]);
      else body.push(payload);
    }
    if ((flags & FLAG.endStream) !== 0) this.#ended.set(stream, 'whole');
  }

  #happened(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  /** True once it holds; false when it does not in time. */
  #until(holds: () => boolean, withinMs: number): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const look = () => {
        if (holds()) finish(true);
      };
      const finish = (held: boolean) => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve(held);
      };
      const timer = setTimeout(() => finish(false), withinMs);
      this.#watchers.add(look);
    });
  }
}
