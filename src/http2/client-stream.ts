// One request and its response, as a client has them (RFC 9113 section 8.1). What both sides know of a stream is in
// http2-stream.ts; it judges no field and sends nothing.

import { STREAM_WINDOW_OCTETS } from './client-limits.ts';
import { Http2Stream } from './http2-stream.ts';
import type { ResponseHead } from './response-fields.ts';

export class ClientStream extends Http2Stream {
  /** What whoever asked knows the request by. */
  readonly request: number;
  /** Of the final response, once it has come. */
  head: ResponseHead | null = null;
  /** Responses that were not the final one. */
  interim = 0;

  constructor(id: number, request: number, sendWindow: number) {
    super(id, sendWindow);
    this.request = request;
    this.receiveWindow = STREAM_WINDOW_OCTETS;
  }

  get announcedOctets(): number {
    return this.head?.contentLength ?? -1;
  }
}
