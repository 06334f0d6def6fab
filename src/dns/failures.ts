// Failures that are expected, each a class with a stable code, a response code and an extended error (RFC 8914).
// They are thrown low and turned into a response in one place, resolver/failure.ts.

import { EDE, RCODE } from './codes.ts';
import type { ExtendedError } from './edns.ts';

export abstract class DnsFailure extends Error {
  /** Stable, for logs and tests. */
  abstract readonly code: string;
  /** What the client is told beside SERVFAIL. */
  abstract readonly errors: readonly ExtendedError[];
  readonly rcode: number = RCODE.SERVFAIL;
}

/** What went wrong with upstreams; remembered for a moment (RFC 9520), unlike failures of our own. */
export class UpstreamFailure extends DnsFailure {
  readonly code: 'upstream-unreachable' | 'upstream-silent' | 'upstream-garbled' | 'upstream-untrusted';
  readonly errors: readonly ExtendedError[];

  constructor(code: UpstreamFailure['code'], reason: string) {
    super(reason);
    this.code = code;
    this.errors = [{ code: EDE_OF[code], text: reason }];
  }
}

const EDE_OF = {
  'upstream-unreachable': EDE.NETWORK_ERROR,
  'upstream-silent': EDE.NO_REACHABLE_AUTHORITY,
  /** It answers, and this answer is worth nothing: no reason to stay away from it. */
  'upstream-garbled': EDE.NETWORK_ERROR,
  /** Reached, and not who it must be: not one octet of the query was sent. */
  'upstream-untrusted': EDE.NETWORK_ERROR,
} as const;

/** The date is not known, so no upstream can be verified and nothing leaves the house. */
export class ClockNotReady extends DnsFailure {
  readonly code = 'clock-not-ready';
  readonly errors: readonly ExtendedError[];

  /** @param contradiction dates of upstreams' certificates that speak against every time there is */
  constructor(reason: string, contradiction?: string) {
    const text = `clock untrusted: ${reason}`;
    super(text);
    const dates =
      contradiction === undefined ? [] : [{ code: EDE.NETWORK_ERROR, text: `dates: ${contradiction}` }];
    this.errors = [{ code: EDE.NOT_READY, text }, ...dates];
  }
}

/** A limit of ours was reached; which one is in the message. */
export class TooManyPending extends DnsFailure {
  readonly code = 'too-many-pending';
  readonly errors: readonly ExtendedError[];

  constructor(reason: string) {
    super(reason);
    this.errors = [{ code: EDE.OTHER, text: reason }];
  }
}
