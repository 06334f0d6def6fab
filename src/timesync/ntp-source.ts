// One NTP server as a time source (RFC 5905 in client mode, one question at a time). Every question has a socket of
// its own on a fresh port, connected, so that the kernel drops what others send and tells when nobody listens there.
// Whatever does not answer this very question is ignored, and the wait goes on: a forgery must not end it.
// What a reply is worth is ntp-sample.ts; when to ask again is the keeper's business.

import { randomBytes } from 'node:crypto';
import { createSocket, type Socket, type SocketOptions } from 'node:dgram';
import { isIP, isIPv6 } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import { formatSocketAddress } from '../config/socket-address.ts';
import { isOfThisNetwork } from '../config/time-rules.ts';
import { describeConnectFailure } from '../tls/connect-failure.ts';
import { hasRightMac, isCryptoNak, type NtpKey, withMac } from './ntp-mac.ts';
import {
  buildQuestion,
  HEADER_OCTETS,
  NONCE_OCTETS,
  type NtpReply,
  readReply,
  StrayReply,
} from './ntp-packet.ts';
import { type NtpExchange, sampleOf } from './ntp-sample.ts';
import { ANSWER_WITHIN_MS, type Sample, type TimeSource, TimeSourceFailure } from './source.ts';

export interface NtpSourceParts extends Pick<TimeSource, 'url' | 'leastPauseMs'> {
  /** In canonical form. */
  readonly address: string;
  readonly port: number;
  /** Null: whoever sees the question can answer it. */
  readonly key: NtpKey | null;
  /** Null: the server has a vote of its own. */
  readonly operator: string | null;
  readonly prefer: boolean;
  readonly trusted: boolean;
  readonly clock: Clock;
  /** This host's own addresses at this moment. */
  readonly ownAddresses: () => readonly string[];
}

export class NtpSource implements TimeSource {
  readonly #parts: NtpSourceParts;
  readonly url: string;
  readonly peer: string;
  readonly vote: string;
  readonly isAuthenticated: boolean;
  readonly isPreferred: boolean;
  readonly isTrusted: boolean;
  readonly isNear: boolean;
  readonly leastPauseMs: number;

  constructor(parts: NtpSourceParts) {
    const { url, address, port } = parts;
    const server = formatSocketAddress({ address, port, family: isIPv6(address) ? 6 : 4 });
    this.#parts = parts;
    this.url = url;
    this.peer = url.includes(address) ? server : `${url.replace(/^ntp:\/\//, '')} at ${server}`;
    // With its port: behind a NAT, and in a lab, several servers share one address. Whoever would make votes out of
    // ports must hold an address that the owner listed more than once, and `operator` merges those.
    this.vote = parts.operator ?? server;
    this.isAuthenticated = parts.key !== null;
    this.isPreferred = parts.prefer;
    this.isTrusted = parts.trusted;
    this.isNear = isIP(address) !== 0 && isOfThisNetwork(address);
    this.leastPauseMs = parts.leastPauseMs;
  }

  async sample(signal: AbortSignal): Promise<Sample> {
    signal.throwIfAborted();
    return sampleOf(await this.#ask(signal), this.#parts.ownAddresses());
  }

  async #ask(signal: AbortSignal): Promise<NtpExchange> {
    const { address, port, key, clock } = this.#parts;
    const nonce = randomBytes(NONCE_OCTETS);
    const header = buildQuestion(nonce);
    const question = key === null ? header : withMac(header, key);
    const { promise, resolve, reject } = Promise.withResolvers<NtpExchange>();
    const fail = (error: Error) =>
      reject(new TimeSourceFailure('silent', describeConnectFailure(error).reason));
    const strays = new Set<string>();
    const timer = clock.after(ANSWER_WITHIN_MS, () =>
      reject(new TimeSourceFailure('silent', silenceWords(strays))),
    );
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort);
    const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', lookup: addressesOnly });
    let sentAtMs = Number.NaN;
    socket.on('error', fail);
    socket.on('message', (packet) => {
      const receivedAtMs = clock.monotonic();
      try {
        resolve({ reply: replyOf(packet, nonce, key), sentAtMs, receivedAtMs });
      } catch (error) {
        strays.add((error as StrayReply).message);
      }
    });
    socket.once('connect', () => {
      sentAtMs = clock.monotonic();
      socket.send(question, (error) => error && fail(error));
    });
    socket.connect(port, address);
    return promise.finally(() => {
      timer.cancel();
      signal.removeEventListener('abort', onAbort);
      closeOnce(socket);
    });
  }
}

/**
 * The reply to our question, proven by the key where there is one.
 * @throws StrayReply
 */
function replyOf(packet: Uint8Array, nonce: Uint8Array, key: NtpKey | null): NtpReply {
  const reply = readReply(packet, nonce);
  // Nothing else was asked for, so an honest server sends nothing else.
  if (key === null && packet.length !== HEADER_OCTETS) throw new StrayReply('too long');
  if (key === null || hasRightMac(packet, HEADER_OCTETS, key)) return reply;
  // Both are for the log: anybody on the way can write them, so neither ends the wait.
  if (isCryptoNak(packet, HEADER_OCTETS)) {
    throw new StrayReply(`a crypto-NAK: it does not know our key ${key.id}; compare its key file with ours`);
  }
  throw new StrayReply(`without the right MAC of key ${key.id}; compare its key file with ours`);
}

/** One of a few reasons each, so their number has an end. */
function silenceWords(strays: ReadonlySet<string>): string {
  if (strays.size === 0) return `no answer within ${ANSWER_WITHIN_MS} ms`;
  return `no usable answer within ${ANSWER_WITHIN_MS} ms; ignored: ${[...strays].join('; ')}`;
}

/** node:dgram asks getaddrinfo even where there is nothing to look up; this passes addresses on and knows no names. */
const addressesOnly: SocketOptions['lookup'] = (host, _options, callback) => {
  const family = isIP(host);
  callback(family === 0 ? new Error(`${host} is not an address`) : null, host, family);
};

function closeOnce(socket: Socket): void {
  try {
    socket.close();
  } catch {
    // its own error closed it
  }
}
