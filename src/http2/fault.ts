// Why a connection of HTTP/2 ends before its time (RFC 9113 section 5.4.1): the code for the peer, a sentence for us, and the
// limit by its name where one was reached. Thrown and caught within this folder; nobody outside has to catch anything.

import { ERROR } from './codes.ts';
import type { Http2Limit } from './limits.ts';

export class Http2Fault extends Error {
  readonly errorCode: number;
  /** What was reached; null: it breaks a rule of the protocol. */
  readonly limit: Http2Limit | null;

  constructor(errorCode: number, message: string, limit: Http2Limit | null = null) {
    super(message);
    this.errorCode = errorCode;
    this.limit = limit;
  }
}

export function protocolFault(message: string): Http2Fault {
  return new Http2Fault(ERROR.PROTOCOL_ERROR, message);
}

/** RFC 7541: a header block that cannot be decoded leaves the table of the connection unknown. */
export function compressionFault(message: string): Http2Fault {
  return new Http2Fault(ERROR.COMPRESSION_ERROR, message);
}

export function limitFault(limit: Http2Limit, message: string): Http2Fault {
  return new Http2Fault(ERROR.ENHANCE_YOUR_CALM, message, limit);
}
