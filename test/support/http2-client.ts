// The client's side of HTTP/2 without a socket: what a server sends goes in, what has happened and what is said comes out.

import { ClientConnection, type ClientHandlers } from '../../src/http2/client-connection.ts';
import type { ClientStream } from '../../src/http2/client-stream.ts';
import type { Http2Fault } from '../../src/http2/fault.ts';
import { encodeFields } from '../../src/http2/hpack-encoder.ts';
import { type Field, type Frame, FrameReader, headerBlock, PREFACE, settings } from './peers/http2-frames.ts';

export const MAX_STREAMS = 10;
export const MAX_BODY_OCTETS = 1000;
export const REQUEST = encodeFields([
  [':method', 'POST'],
  [':path', '/a'],
]);
export const OK: readonly Field[] = [
  [':status', '200'],
  ['content-type', 'application/dns-message'],
];
export const OK_BLOCK = headerBlock(OK);
export const BEGUN = settings();

export interface Http2ClientOptions {
  readonly maxStreams?: number;
  readonly firstStream?: number;
  /** Cancelled as soon as the fields of its response are there. */
  readonly cancels?: number;
}

export class Http2Client implements ClientHandlers {
  readonly connection: ClientConnection;
  readonly events: string[] = [];
  readonly #reader = new FrameReader();
  readonly #cancels: number | undefined;
  #prefaceLeft = PREFACE.length;
  fault: Http2Fault | null = null;

  constructor({ maxStreams = MAX_STREAMS, firstStream, cancels }: Http2ClientOptions = {}) {
    this.#cancels = cancels;
    this.connection = new ClientConnection({
      handlers: this,
      maxStreams,
      maxBodyOctets: MAX_BODY_OCTETS,
      ...(firstStream === undefined ? {} : { firstStream }),
    });
    this.connection.begin();
  }

  /** Asks, with names 0, 1 and so on, as far as there is room. */
  ask(count: number, body: Uint8Array = Buffer.from('query')): this {
    const fields = { octets: REQUEST, length: REQUEST.length };
    for (let name = 0; name < count && this.connection.mayOpen; name += 1)
      this.connection.open(name, fields, Buffer.from(body));
    return this;
  }

  send(...octets: readonly Uint8Array[]): this {
    this.connection.receive(Buffer.concat(octets));
    return this;
  }

  /** What has been said since the last time, without the preface. */
  said(): Frame[] {
    const octets = Buffer.from(this.connection.take());
    this.connection.allWritten();
    const skipped = Math.min(this.#prefaceLeft, octets.length);
    if (
      !octets
        .subarray(0, skipped)
        .equals(PREFACE.subarray(PREFACE.length - this.#prefaceLeft).subarray(0, skipped))
    )
      throw new Error('no preface');
    this.#prefaceLeft -= skipped;
    return this.#reader.push(octets.subarray(skipped));
  }

  onResponse(stream: ClientStream): void {
    const { status, contentType, contentEncoding, contentLength, age } = stream.head!;
    const fields = [status, contentType ?? '-', contentEncoding ?? '-', contentLength, age ?? '-'];
    this.events.push(`${stream.request} ${fields.join(' ')}`);
    if (stream.request === this.#cancels) this.connection.cancel(stream);
  }

  onEnd(stream: ClientStream): void {
    this.events.push(`${stream.request} body ${stream.body.toString('hex')}`);
  }

  onBodyTooLong(stream: ClientStream): void {
    this.events.push(`${stream.request} too long`);
  }

  onReset(stream: ClientStream, errorCode: number, reason: string): void {
    this.events.push(`${stream.request} reset ${errorCode} ${reason}`);
  }

  onUnprocessed(stream: ClientStream): void {
    this.events.push(`${stream.request} unprocessed`);
  }

  onDone(errorCode: number): void {
    this.events.push(`done ${errorCode}`);
  }

  onOutput(): void {}
  onRoom(): void {}

  onFault(fault: Http2Fault): void {
    this.fault = fault;
  }
}
