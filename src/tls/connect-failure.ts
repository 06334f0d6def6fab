// Why a peer could not be connected to, in words for a person: one reason out of one error or of several (pure).
// It knows neither upstreams nor time sources; both make failures of their own of it.

import { isIPv6 } from 'node:net';
import { PeerUntrusted } from './verdict.ts';

/** What the system's codes mean to a person. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'no way leads there; is this host online?',
  ENETUNREACH: 'no way leads there; is this host online?',
  ETIMEDOUT: 'nothing came back',
};

/** What says something about this host or its way out, and nothing about the peer. */
const NO_WAY = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EAFNOSUPPORT']);
const SILENCE = new Set(['connect-timed-out', 'ETIMEDOUT']);

/** "recvmsg" before "ECONNREFUSED": of no use to anybody who reads the reason. */
const SYSTEM_CALL = /^(connect|read|recvmsg|write|send) (?=E[A-Z]+)/;
/** " - Local (:::0)" behind an address to which no way leads. */
const OWN_END = / - Local \(\S+\)$/;

/** As OpenSSL writes an error: thread, code, library, function, reason, file, line. */
const OPENSSL = /error:[\dA-F]{8}:[^:]*:[^:]*:([^:]*)/i;
/** What its reasons mean to a person; others are told as they are. */
const TLS_WORDS: Readonly<Record<string, string>> = {
  'tlsv1 alert no application protocol':
    'it speaks TLS, but not this protocol; something on the way may be answering in its place',
  'wrong version number': 'what answers speaks no TLS',
  'packet length too long': 'what answers speaks no TLS',
};

type SystemError = NodeJS.ErrnoException & { readonly address?: string };

export interface ConnectFailure {
  /** Part of a sentence. */
  readonly reason: string;
  /** It was reached, and is not who it must be. */
  readonly isUntrusted: boolean;
}

/** Of several addresses that failed (an AggregateError), the one that tells most. */
export function describeConnectFailure(error: unknown): ConnectFailure {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const telling = mostTelling(errors as SystemError[]) ?? (error as SystemError);
  const isUntrusted = telling instanceof PeerUntrusted;
  const ofTls = OPENSSL.exec(telling.message)?.[1];
  if (ofTls !== undefined) return { reason: TLS_WORDS[ofTls] ?? `TLS failed: ${ofTls}`, isUntrusted };
  const words = WORDS[telling.code ?? ''];
  const message = telling.message.replace(SYSTEM_CALL, '').replace(OWN_END, '');
  const reason = words === undefined ? message : `${message} (${words})`;
  return { reason, isUntrusted };
}

/** Of those that tell as much, the first. */
function mostTelling(errors: readonly SystemError[]): SystemError | undefined {
  return errors.toSorted((a, b) => emptiness(a) - emptiness(b))[0];
}

/**
 * The lower, the more it tells. Many hosts have no IPv6, and to each of its addresses no way leads, whatever is wrong;
 * so that comes last.
 */
function emptiness(error: SystemError): number {
  if (error instanceof PeerUntrusted) return 0; // reached, and not who it must be
  const { code = '', address = '' } = error;
  if (NO_WAY.has(code)) return isIPv6(address) ? 4 : 3;
  return SILENCE.has(code) ? 2 : 1;
}
