// The server's side of HTTP/2 without a socket: what a client sends goes in, what has happened and what is said comes out.
// It answers as it is told, or with "ok" at once.

import type { Http2Fault } from '../../src/http2/fault.ts';
import { encodeFields } from '../../src/http2/hpack-encoder.ts';
import { ServerConnection, type ServerHandlers } from '../../src/http2/server-connection.ts';
import type { ServerStream } from '../../src/http2/server-stream.ts';
import { type Field, type Frame, FrameReader, headerBlock, PREFACE, settings } from './peers/http2-frames.ts';

export const OK = encodeFields([[':status', '200']]);
export const MAX_STREAMS = 10;
export const MAX_BODY_OCTETS = 1000;

export const GET: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'dns.example'],
  [':path', '/a'],
];
export const POST: readonly Field[] = [[':method', 'POST'], ...GET.slice(1)];
export const GET_BLOCK = headerBlock(GET);
export const POST_BLOCK = headerBlock(POST);
export const BEGUN = Buffer.concat([PREFACE, settings()]);

export interface Http2ServerOptions {
  /** Default: "ok" at once. */
  readonly onWhole?: (stream: ServerStream) => void;
  readonly maxStreams?: number;
  readonly mayBegin?: () => boolean;
}

export class Http2Server implements ServerHandlers {
  readonly connection: ServerConnection;
  readonly events: string[] = [];
  readonly streams = new Map<number, ServerStream>();
  readonly #options: Http2ServerOptions;
  readonly #reader = new FrameReader();
  fault: Http2Fault | null = null;
  nowMs = 0;

  constructor(options: Http2ServerOptions = {}) {
    this.#options = options;
    this.connection = new ServerConnection({
      handlers: this,
      maxStreams: options.maxStreams ?? MAX_STREAMS,
      maxBodyOctets: MAX_BODY_OCTETS,
      nowMs: () => this.nowMs,
    });
    this.connection.begin();
  }

  /** As from a socket that is read in place: what comes next lies where this lay. */
  send(...octets: readonly Uint8Array[]): this {
    const room = Buffer.concat(octets);
    this.connection.receive(room);
    room.fill(0);
    return this;
  }

  /** What has been said since the last time. */
  said(): Frame[] {
    const frames = this.#reader.push(this.connection.take());
    this.connection.allWritten();
    return frames;
  }

  respond(id: number, body: Uint8Array): void {
    const fields = { octets: OK, length: OK.length };
    this.connection.respond(this.streams.get(id)!, fields, Buffer.from(body), body.length);
  }

  mayBegin(): boolean {
    return this.#options.mayBegin?.() ?? true;
  }

  onRequest(stream: ServerStream): void {
    const { method, path, contentType, contentLength } = stream.head;
    this.events.push(`${stream.id} ${method} ${path} ${contentType ?? '-'} ${contentLength}`);
    this.streams.set(stream.id, stream);
    stream.requester = { gone: () => this.events.push(`${stream.id} gone`) };
    if (stream.hasEnded) this.#whole(stream);
    else stream.wantsBody = true;
  }

  onBody(stream: ServerStream): void {
    this.events.push(`${stream.id} body ${stream.body.toString('hex')}`);
    this.#whole(stream);
  }

  onBodyTooLong(stream: ServerStream): void {
    this.events.push(`${stream.id} too long`);
    this.respond(stream.id, Buffer.from('no'));
  }

  onOutput(): void {}

  onLimit(limit: string): void {
    this.events.push(`limit ${limit}`);
  }

  onFault(fault: Http2Fault): void {
    this.fault = fault;
  }

  #whole(stream: ServerStream): void {
    if (this.#options.onWhole === undefined) this.respond(stream.id, Buffer.from('ok'));
    else this.#options.onWhole(stream);
  }
}
