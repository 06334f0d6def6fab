// Why a peer could not be connected to, in words for a person: one reason out of one error or of several (pure).
// It knows neither upstreams nor time sources; both make failures of their own of it.

import { PeerUntrusted } from './verdict.ts';

/** What the system's codes mean to a person. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'it hung up',
  EHOSTUNREACH: 'no way leads there; is this host online?',
  ENETUNREACH: 'no way leads there; is this host online?',
  ETIMEDOUT: 'nothing came back',
};

/** "recvmsg" before "ECONNREFUSED": of no use to anybody who reads the reason. */
const SYSTEM_CALL = /^(connect|read|recvmsg|write|send) (?=E[A-Z]+)/;

/** As OpenSSL writes an error: thread, code, library, function, reason, file, line. */
const OPENSSL = /error:[\dA-F]{8}:[^:]*:[^:]*:([^:]*)/i;
/** What its reasons mean to a person; others are told as they are. */
const TLS_WORDS: Readonly<Record<string, string>> = {
  'tlsv1 alert no application protocol':
    'it speaks TLS, but not this protocol; something on the way may be answering in its place',
  'wrong version number': 'what answers speaks no TLS',
  'packet length too long': 'what answers speaks no TLS',
};

export interface ConnectFailure {
  /** Part of a sentence. */
  readonly reason: string;
  /** It was reached, and is not who it must be. */
  readonly isUntrusted: boolean;
}

/** Of several addresses that failed (an AggregateError), one that was reached and is not trusted tells most. */
export function describeConnectFailure(error: unknown): ConnectFailure {
  const errors: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const untrusted = errors.find((one) => one instanceof PeerUntrusted);
  const telling = (untrusted ?? errors.at(-1)) as NodeJS.ErrnoException;
  const ofTls = OPENSSL.exec(telling.message)?.[1];
  if (ofTls !== undefined)
    return { reason: TLS_WORDS[ofTls] ?? `TLS failed: ${ofTls}`, isUntrusted: untrusted !== undefined };
  const words = WORDS[telling.code ?? ''];
  const message = telling.message.replace(SYSTEM_CALL, '');
  const reason = words === undefined ? message : `${message} (${words})`;
  return { reason, isUntrusted: untrusted !== undefined };
}
