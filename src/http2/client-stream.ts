// One request and its response, as a client has them; the rest of a stream (RFC 9113 section 5.1) is in http2-stream.ts.
// It keeps what came and judges none of it: that is client-connection.ts.

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
