// One request and its answer, as a server has them (RFC 9113 section 8.1). What both sides know of a stream is in
// http2-stream.ts; it judges no field and sends nothing.

import { Http2Stream } from './http2-stream.ts';
import type { RequestHead } from './request-fields.ts';

/** What whoever answers requests keeps for one of them. */
export interface Requester {
  /** The stream is over: answered to its end, or reset by either side, or its connection has gone. Called once. */
  gone(): void;
}

export class ServerStream extends Http2Stream {
  readonly head: RequestHead;
  /** Of whoever answers it. */
  requester: Requester | null = null;
  /** The body is to be kept; for its requester to say, before any of it has come. */
  wantsBody = false;
  /** We have said all, or it waits in `unsent`. */
  isAnswered = false;

  constructor(id: number, head: RequestHead, sendWindow: number) {
    super(id, sendWindow);
    this.head = head;
  }

  get announcedOctets(): number {
    return this.head.contentLength;
  }
}
