// The only maker of outbound TLS connections. A socket is handed out only after a trusted verdict, which is found
// synchronously in 'secureConnect': until then nobody holds the socket, so not one octet of a query can be in it.
// Strict is judged at now(), relaxed at one instant that the peer's certificate names itself (docs/time.md).
// TLS 1.2 or newer, no resumption (a resumed session shows no certificate), no renegotiation (which could show
// another one), no names looked up: the caller brings an address.

import { constants, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import type { Log } from '../observe/log.ts';
import { DatedConnections } from './dated-connections.ts';
import { judgeNativeIdentity, verdictOfNativeError } from './native.ts';
import { readInPlace } from './octets-in-place.ts';
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
  /** Whoever gets the socket may read it by takeOctets (octets-in-place.ts). */
  readonly isReadInPlace?: boolean;
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
  /** Whether the same chain is valid at another instant, milliseconds since 1970. */
  readonly isValidAt: (epochMs: number) => boolean;
}

/** A peer whose identity and chain hold, whatever its dates: a witness of the time (docs/time.md). */
export interface GenuinePeer extends Pick<VerifiedSocket, 'leaf' | 'isValidAt'> {
  readonly serverName: string;
  readonly port: number;
  /** Whether its chain descends from the public roots; only then does it say anything about the world's date. */
  readonly isPublic: boolean;
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
  /**
   * The same while the clock is untrusted, and only then: judged at the latest of `floorMs` and the beginning of the
   * peer's certificate, valid at that one instant or refused. The socket is destroyed when that state is left.
   */
  connectRelaxed(target: TlsTarget, floorMs: number): Promise<VerifiedSocket>;
  /**
   * Shakes hands in any state of the clock, judges identity and chain, sends nothing and hangs up. Rejects as connect
   * does, but for dates.
   */
  inspect(target: TlsTarget): Promise<GenuinePeer>;
  /** Calls `listener` with each genuine peer that anybody has connected to; returns how to stop that. */
  onGenuinePeer(listener: (peer: GenuinePeer) => void): () => void;
  /** Calls `listener` with each peer that was connected to, and was trusted at a time that has proven wrong. */
  onUnmasked(listener: (serverName: string) => void): () => void;
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

  /** @param isConnected something is there, and TCP came about */
  constructor(target: TlsTarget, isConnected: boolean) {
    const what = isConnected ? 'did not finish its TLS handshake' : 'cannot be reached: no answer';
    super(`${describeTarget(target)} ${what} within ${target.timeoutMs} ms`);
  }
}

export interface TlsConnectorParts {
  readonly clock: Clock;
  readonly log?: Log;
  /** Where OpenSSL's functions come from; a test stands in for a machine without them. */
  readonly loadOpenSsl?: () => OpenSslResult;
}

/** How to verify is chosen when it is first needed, which no name of the house waits for. */
export function createTlsConnector({ clock, log, loadOpenSsl }: TlsConnectorParts): TlsConnector {
  return new Connector(() => chooseVerification(log, loadOpenSsl), clock);
}

/** OpenSSL's own functions where they pass the self-test, else Node. */
function chooseVerification(
  log: Log | undefined,
  loadOpenSsl: TlsConnectorParts['loadOpenSsl'],
): Verification {
  const loaded = loadProvenOpenSsl(loadOpenSsl);
  const verification: Verification =
    loaded.openssl === null ? nativeVerification(loaded.reason) : opensslVerification(loaded.openssl);
  if (verification.kind === 'native') {
    const { reason } = verification;
    log?.warn('certificates are judged by Node at the system clock, for want of OpenSSL itself', { reason });
  }
  return verification;
}

/** When a certificate must be valid: at an instant that may depend on where its own validity begins. */
type At = (leafNotBeforeMs: number) => number;

class Connector implements TlsConnector {
  readonly #choose: () => Verification;
  readonly #clock: Clock;
  readonly #standing: DatedConnections;
  readonly #listeners = new Set<(peer: GenuinePeer) => void>();

  #chosen: Verification | null = null;

  constructor(choose: () => Verification, clock: Clock) {
    this.#choose = choose;
    this.#clock = clock;
    this.#standing = new DatedConnections(clock);
  }

  get #verification(): Verification {
    this.#chosen ??= this.#choose();
    return this.#chosen;
  }

  get verification(): 'openssl' | 'native' {
    return this.#verification.kind;
  }

  get reason(): string {
    return this.#verification.reason;
  }

  async connect(target: TlsTarget): Promise<VerifiedSocket> {
    demandDate(this.#clock);
    const shaken = await this.#shakeHands(target, () => demandDate(this.#clock));
    return this.#keep(target, shaken, ({ socket, isValidAt }) =>
      this.#standing.addStrict(socket, { serverName: target.serverName, isValidAt }),
    );
  }

  async connectRelaxed(target: TlsTarget, floorMs: number): Promise<VerifiedSocket> {
    const demand = () => demandRelaxation(this.#clock, this.#verification);
    demand();
    const shaken = await this.#shakeHands(target, (leafNotBeforeMs) => {
      demand();
      return Math.max(floorMs, leafNotBeforeMs);
    });
    return this.#keep(target, shaken, ({ socket }) => this.#standing.addRelaxed(socket));
  }

  async inspect(target: TlsTarget): Promise<GenuinePeer> {
    const { socket, judged } = await this.#shakeHands(target, (leafNotBeforeMs) => leafNotBeforeMs);
    socket.destroy();
    if (judged.genuine === null) throw new PeerUntrusted(describeTarget(target), judged.verdict);
    this.#tell(judged.genuine);
    return judged.genuine;
  }

  onGenuinePeer(listener: (peer: GenuinePeer) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onUnmasked(listener: (serverName: string) => void): () => void {
    return this.#standing.onUnmasked(listener);
  }

  async #shakeHands(target: TlsTarget, at: At): Promise<Handshake> {
    if (isIP(target.address) === 0) throw new TypeError(`cannot connect to a name: ${target.address}`);
    target.signal?.throwIfAborted();
    return handshake(target, this.#verification, this.#clock, at);
  }

  /**
   * Adds a trusted socket to those that stand, and only then tells who was met: what is concluded from that may change
   * the time, and with it end this very connection. Before the next turn of the event loop, so no change is missed.
   */
  #keep(
    target: TlsTarget,
    { socket, judged }: Handshake,
    add: (kept: VerifiedSocket) => void,
  ): VerifiedSocket {
    try {
      const trusted = verified(target, socket, judged);
      add(trusted);
      return trusted;
    } finally {
      if (judged.genuine !== null) this.#tell(judged.genuine);
    }
  }

  #tell(genuine: GenuinePeer): void {
    for (const listener of [...this.#listeners]) listener(genuine);
  }
}

/** One of the two ways to verify: what it asks of node:tls, and the verdict afterwards. */
interface Verification {
  readonly kind: 'openssl' | 'native';
  readonly reason: string;
  options(target: TlsTarget): ConnectionOptions;
  judge(target: TlsTarget, leaf: X509Certificate | undefined, socket: TLSSocket, at: At): Judged;
}

interface Judged {
  readonly verdict: Verdict;
  /** Null unless identity and chain hold. */
  readonly genuine: GenuinePeer | null;
}

const CONTEXT_OPTIONS = { minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION } as const;

function opensslVerification(openssl: OpenSsl): Verification {
  // No anchors: the context need not hold the public roots for a verification that is not asked.
  const secureContext = createSecureContext({ ...CONTEXT_OPTIONS, ca: [] });
  return {
    kind: 'openssl',
    reason: 'OpenSSL judges certificates at the date of our own clock',
    // Node's own verification is off here and nowhere else, because `judge` stands in its place.
    options: () => ({ secureContext, rejectUnauthorized: false }),
    judge: (target, leaf, _socket, at) => {
      const { serverName: name, anchors, pins } = target;
      const evidence = { chain: chainFrom(leaf), name, anchors, pins };
      const judgeAt = (epochMs: number) => verifyChain(openssl, { ...evidence, at: epochMs });
      const verdict = judgeAt(at(leaf === undefined ? Number.NaN : leaf.validFromDate.getTime()));
      const isGenuine = leaf !== undefined && verdict.identity.ok && verdict.chain.ok;
      const isValidAt = (epochMs: number) => isTrusted(judgeAt(epochMs));
      return { verdict, genuine: isGenuine ? genuinePeer(target, leaf, isValidAt) : null };
    },
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
    judge: (target, leaf, socket) => {
      if (!socket.authorized || leaf === undefined)
        return { verdict: nothingHolds('Node did not prove the chain'), genuine: null };
      const identity = judgeNativeIdentity(leaf, target.serverName, target.pins ?? []);
      const [fromMs, toMs] = [leaf.validFromDate.getTime(), leaf.validToDate.getTime()];
      // Of the certificates above it Node says nothing; the leaf's own dates are the narrowest in practice.
      const isValidAt = (epochMs: number) => fromMs <= epochMs && epochMs < toMs;
      const genuine = identity.ok ? genuinePeer(target, leaf, isValidAt) : null;
      return { verdict: { identity, chain: holds, dates: holds }, genuine };
    },
  };
}

function genuinePeer(
  { serverName, port, anchors }: TlsTarget,
  leaf: X509Certificate,
  isValidAt: (epochMs: number) => boolean,
): GenuinePeer {
  const dates = { notBeforeMs: leaf.validFromDate.getTime(), notAfterMs: leaf.validToDate.getTime() };
  return { serverName, port, isPublic: anchors.isPublic, leaf: dates, isValidAt };
}

function demandDate(clock: Clock): number {
  if (clock.status.state === 'untrusted') throw new ClockUntrusted(clock.status.reason);
  return clock.now().epochMs;
}

/** The one place that says when a certificate may be judged at a date of its own. */
function demandRelaxation(clock: Clock, { kind, reason }: Verification): void {
  if (kind === 'native') throw new ClockUntrusted(`${clock.status.reason}; and ${reason}`);
  if (clock.status.state !== 'untrusted')
    throw new Error('a relaxed connection was asked for while the clock can be trusted');
}

/** What was sent, leaf first; one more than the limit at most, which also ends any cycle. */
function chainFrom(leaf: X509Certificate | undefined): Uint8Array[] {
  const chain: Uint8Array[] = [];
  for (let next = leaf; next && chain.length <= CHAIN_LIMIT; next = next.issuerCertificate) {
    chain.push(next.raw);
  }
  return chain;
}

interface Handshake {
  readonly socket: TLSSocket;
  readonly judged: Judged;
}

function handshake(target: TlsTarget, verification: Verification, clock: Clock, at: At): Promise<Handshake> {
  const { promise, resolve, reject } = Promise.withResolvers<Handshake>();
  const options = {
    ...verification.options(target),
    host: target.address,
    port: target.port,
    // RFC 6066 section 3: an address is no server name; the empty string sends none.
    servername: isIP(target.serverName) === 0 ? target.serverName : '',
    ALPNProtocols: target.alpn && [...target.alpn],
  };
  const socket = target.isReadInPlace
    ? readInPlace((option) => connect({ ...options, ...option }))
    : connect(options);
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
  const timer = clock.after(target.timeoutMs, () => fail(new ConnectTimedOut(target, !socket.connecting)));
  target.signal?.addEventListener('abort', abort, { once: true });
  // Stays for good: an error between the verdict and the caller's first listener must not end the process.
  socket.on('error', (error) => fail(translate(error, socket, target)));
  socket.once('secureConnect', () => {
    try {
      const leaf = socket.getPeerX509Certificate(); // Once only: the second call would miss the certificates above.
      const judged = verification.judge(target, leaf, socket, at);
      end();
      resolve({ socket, judged });
    } catch (error) {
      fail(error);
    }
  });
  return promise;
}

/** The socket, where the verdict is a trusted one; else it is destroyed before anybody has held it. */
function verified(target: TlsTarget, socket: TLSSocket, { verdict, genuine }: Judged): VerifiedSocket {
  if (genuine === null || !isTrusted(verdict)) {
    socket.destroy();
    throw new PeerUntrusted(describeTarget(target), verdict);
  }
  const { leaf, isValidAt } = genuine;
  return { socket, verdict, leaf, isValidAt };
}

/** An error of Node's verification, where that is on, becomes a verdict; all others pass as they are. */
function translate(error: Error & { code?: string }, socket: TLSSocket, target: TlsTarget): Error {
  if (!socket.authorizationError) return error;
  return new PeerUntrusted(describeTarget(target), verdictOfNativeError(error.code ?? '', error.message));
}

function describeTarget({ serverName, address, port }: TlsTarget): string {
  return serverName === address ? `${address} port ${port}` : `${serverName} at ${address} port ${port}`;
}
