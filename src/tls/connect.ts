// The only maker of outbound TLS connections. A socket is handed out only after a trusted verdict, which is found
// synchronously in 'secureConnect': until then nobody holds the socket, so not one octet of a query can be in it.
// TLS 1.2 or newer, no resumption (a resumed session shows no certificate), no renegotiation (which could show
// another one), no names looked up: the caller brings an address.

import { constants, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { judgeNativeIdentity, verdictOfNativeError } from './native.ts';
import type { OpenSsl, OpenSslResult } from './openssl.ts';
import { loadProvenOpenSsl } from './self-test.ts';
import type { TrustAnchors } from './trust-anchors.ts';
import { holds, isTrusted, nothingHolds, PeerUntrusted, type Verdict } from './verdict.ts';
import { CHAIN_LIMIT, verifyChain } from './verify.ts';

export interface TlsTarget {
  /** An IP address; a name is a programming error (TypeError). */
  readonly address: string;
  readonly port: number;
  /** The host name or IP literal that the certificate must carry; a name is sent as SNI. */
  readonly serverName: string;
  readonly anchors: TrustAnchors;
  /** SPKI pins, "sha256/BASE64"; demanded besides the chain. */
  readonly pins?: readonly string[];
  /** Protocols to offer, most wanted first (RFC 7301). The peer may choose none; see `socket.alpnProtocol`. */
  readonly alpn?: readonly string[];
  /** For TCP and TLS handshake together. */
  readonly timeoutMs: number;
  /** Gives up with the signal's own reason. */
  readonly signal?: AbortSignal;
}

export interface VerifiedSocket {
  /**
   * Connected and trusted; ignore its `authorized`, which tells what Node thinks at the system clock.
   * It may already be `destroyed` when its peer was quick to hang up: look before waiting for an event.
   */
  readonly socket: TLSSocket;
  /** Always a trusted one. */
  readonly verdict: Verdict;
  /** Validity of the peer's certificate, milliseconds since 1970. */
  readonly leaf: { readonly notBeforeMs: number; readonly notAfterMs: number };
}

export interface TlsConnector {
  /** `openssl`: at our own clock's date. `native`: by Node, at the system clock's. */
  readonly verification: 'openssl' | 'native';
  /** Why it is that one, for a person. */
  readonly reason: string;
  /**
   * Rejects with PeerUntrusted, ClockUntrusted, ConnectTimedOut, the signal's reason, or the error of the system or
   * of TLS as it came (ECONNREFUSED, ERR_SSL_…).
   */
  connect(target: TlsTarget): Promise<VerifiedSocket>;
}

/** Our date is unknown, so no certificate can be judged, so nobody is talked to. */
export class ClockUntrusted extends Error {
  override readonly name = 'ClockUntrusted';
  readonly code = 'clock-untrusted';

  constructor(reason: string) {
    super(`no certificate can be judged while the clock is untrusted: ${reason}`);
  }
}

export class ConnectTimedOut extends Error {
  override readonly name = 'ConnectTimedOut';
  readonly code = 'connect-timed-out';

  constructor(target: TlsTarget) {
    super(`${describeTarget(target)} did not finish its TLS handshake within ${target.timeoutMs} ms`);
  }
}

export interface TlsConnectorParts {
  readonly clock: Clock;
  readonly log?: Log;
  /** Where OpenSSL's functions come from; a test stands in for a machine without them. */
  readonly loadOpenSsl?: () => OpenSslResult;
}

/** Chooses how to verify, once: OpenSSL's own functions where they pass the self-test, else Node. */
export function createTlsConnector({ clock, log, loadOpenSsl }: TlsConnectorParts): TlsConnector {
  const loaded = loadProvenOpenSsl(loadOpenSsl);
  const verification: Verification =
    loaded.openssl === null ? nativeVerification(loaded.reason) : opensslVerification(loaded.openssl, clock);
  if (verification.kind === 'native') {
    const { reason } = verification;
    log?.warn('certificates are judged by Node at the system clock, for want of OpenSSL itself', { reason });
  }
  return {
    verification: verification.kind,
    reason: verification.reason,
    connect: async (target) => {
      if (isIP(target.address) === 0) throw new TypeError(`cannot connect to a name: ${target.address}`);
      demandDate(clock);
      target.signal?.throwIfAborted();
      return handshake(target, verification, clock);
    },
  };
}

/** One of the two ways to verify: what it asks of node:tls, and the verdict afterwards. */
interface Verification {
  readonly kind: 'openssl' | 'native';
  readonly reason: string;
  options(target: TlsTarget): ConnectionOptions;
  judge(target: TlsTarget, leaf: X509Certificate | undefined, socket: TLSSocket): Verdict;
}

const CONTEXT_OPTIONS = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

function opensslVerification(openssl: OpenSsl, clock: Clock): Verification {
  // No anchors: the context need not hold the public roots for a verification that is not asked.
  const secureContext = createSecureContext({ ...CONTEXT_OPTIONS, ca: [] });
  return {
    kind: 'openssl',
    reason: 'OpenSSL judges certificates at the date of our own clock',
    // Node's own verification is off here and nowhere else, because `judge` stands in its place.
    options: () => ({ secureContext, rejectUnauthorized: false }),
    judge: ({ serverName: name, anchors, pins }, leaf) =>
      verifyChain(openssl, { chain: chainFrom(leaf), name, anchors, pins, at: demandDate(clock) }),
  };
}

function nativeVerification(reason: string): Verification {
  return {
    kind: 'native',
    reason,
    options: ({ anchors }) => ({
      ...CONTEXT_OPTIONS,
      ca: [...anchors.pem],
      rejectUnauthorized: true,
      // The name is left to `judge`: Node's own check would take a common name for a host's.
      checkServerIdentity: () => undefined,
    }),
    judge: ({ serverName, pins }, leaf, socket) => {
      if (!socket.authorized || leaf === undefined) return nothingHolds('Node did not prove the chain');
      return { identity: judgeNativeIdentity(leaf, serverName, pins ?? []), chain: holds, dates: holds };
    },
  };
}

function demandDate(clock: Clock): number {
  if (clock.status.state === 'untrusted') throw new ClockUntrusted(clock.status.reason);
  return clock.now().epochMs;
}

/** What was sent, leaf first; one more than the limit at most, which also ends any cycle. */
function chainFrom(leaf: X509Certificate | undefined): Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let next = leaf; next && chain.length <= CHAIN_LIMIT; next = next.issuerCertificate) {
    chain.push(next.raw);
  }
  return chain;
}

function handshake(target: TlsTarget, verification: Verification, clock: Clock): Promise<VerifiedSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<VerifiedSocket>();
  const socket = connect({
    ...verification.options(target),
    host: target.address,
    port: target.port,
    // RFC 6066 section 3: an address is no server name; the empty string sends none.
    servername: isIP(target.serverName) === 0 ? target.serverName : '',
    ALPNProtocols: target.alpn && [...target.alpn],
  });
  socket.setNoDelay(true);
  const end = () => {
    timer.cancel();
    target.signal?.removeEventListener('abort', abort);
  };
  const fail = (error: unknown) => {
    end();
    socket.destroy();
    reject(error);
  };
  const abort = () => fail(target.signal?.reason);
  const timer = clock.after(target.timeoutMs, () => fail(new ConnectTimedOut(target)));
  target.signal?.addEventListener('abort', abort, { once: true });
  // Stays for good: an error between the verdict and the caller's first listener must not end the process.
  socket.on('error', (error) => fail(translate(error, socket, target)));
  socket.once('secureConnect', () => {
    try {
      resolve(judgedSocket(target, socket, verification));
      end();
    } catch (error) {
      fail(error);
    }
  });
  return promise;
}

/** Everything here is synchronous: between the handshake and the verdict lies no turn of the event loop. */
function judgedSocket(target: TlsTarget, socket: TLSSocket, verification: Verification): VerifiedSocket {
  const leaf = socket.getPeerX509Certificate(); // Once only: the second call would miss the certificates above.
  const verdict = verification.judge(target, leaf, socket);
  if (leaf === undefined || !isTrusted(verdict)) throw new PeerUntrusted(describeTarget(target), verdict);
  return {
    socket,
    verdict,
    leaf: { notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() },
  };
}

/** An error of Node's verification, where that is on, becomes a verdict; all others pass as they are. */
function translate(error: Error & { code?: string }, socket: TLSSocket, target: TlsTarget): Error {
  if (!socket.authorizationError) return error;
  return new PeerUntrusted(describeTarget(target), verdictOfNativeError(error.code ?? '', error.message));
}

function describeTarget({ serverName, address, port }: TlsTarget): string {
  return serverName === address ? `${address} port ${port}` : `${serverName} at ${address} port ${port}`;
}
