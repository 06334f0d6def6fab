// One DNS message to a server and the one that comes back, on a connection of its own (RFC 7766): plain TCP, to the own
// network only, or TLS that is verified before an octet is sent (RFC 7858). Everything has an end, by the Clock.
// What the messages say, and whether the one is an answer to the other, is the caller's to judge.

import { connect, isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../../clock/clock.ts';
import { isPrivateAddress } from '../../config/private-address.ts';
import { FrameReader, LENGTH_OCTETS } from '../../dns/framing.ts';
import { writeUint16 } from '../../dns/wire.ts';
import type { TlsConnector } from '../../tls/connect.ts';
import { describeConnectFailure } from '../../tls/connect-failure.ts';
import { alternateFamilies, race } from '../../tls/race.ts';
import type { TrustAnchors } from '../../tls/trust-anchors.ts';
import { unlessAborted } from '../waiting.ts';

/** As for an upstream: TCP, and TLS where there is any. */
const CONNECT_WITHIN_MS = 5_000;
/** Looking up, connecting, asking and hearing. A zone is written to a disk before the answer. */
const WHOLE_MS = 10_000;
/** Addresses of one host that are tried. */
const ADDRESSES_MAX = 4;
/** As a DoT upstream has it (RFC 7858 section 3.1). */
const DOT_ALPN = ['dot'];

/** Why nothing came back; the message is the end of a sentence about the server: "cannot be connected to: …". */
export class ExchangeFailure extends Error {
  override readonly name = 'ExchangeFailure';
  readonly code = 'dns-exchange';
}

export interface FramedServer {
  /** An address; with `anchors` perhaps a name. */
  readonly host: string;
  readonly port: number;
  /** Null: plain TCP. */
  readonly anchors: TrustAnchors | null;
}

export interface FramedExchangeParts {
  readonly tls: Pick<TlsConnector, 'connect'>;
  /** The addresses of a host name, through our own resolver. */
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly clock: Clock;
}

/** @throws ExchangeFailure, or the signal's reason */
export async function framedExchange(
  server: FramedServer,
  request: Uint8Array,
  parts: FramedExchangeParts,
  signal: AbortSignal,
): Promise<Uint8Array> {
  signal.throwIfAborted();
  const late = new AbortController();
  const timer = parts.clock.after(WHOLE_MS, () =>
    late.abort(new ExchangeFailure(`does not answer within ${WHOLE_MS / 1000} s`)),
  );
  const ended = AbortSignal.any([signal, late.signal]);
  try {
    const socket = await dial(server, parts, ended);
    try {
      return await unlessAborted(firstMessage(socket, request), ended);
    } finally {
      socket.destroy();
    }
  } finally {
    timer.cancel();
  }
}

async function dial(
  { host, port, anchors }: FramedServer,
  { tls, lookup, clock }: FramedExchangeParts,
  ended: AbortSignal,
): Promise<Socket> {
  if (anchors === null) demandPrivate(host);
  try {
    if (anchors === null) return await dialPlain(host, port, clock, ended);
    const addresses = isIP(host) === 0 ? await find(host, lookup, ended) : [host];
    const tried = alternateFamilies(addresses).slice(0, ADDRESSES_MAX);
    const attempt = (address: string, lost: AbortSignal) =>
      tls.connect({
        ...{ address, port, serverName: host, anchors },
        alpn: DOT_ALPN,
        timeoutMs: CONNECT_WITHIN_MS,
        signal: AbortSignal.any([ended, lost]),
      });
    return (await race(tried, clock, attempt)).socket;
  } catch (error) {
    ended.throwIfAborted();
    if (error instanceof ExchangeFailure) throw error;
    throw new ExchangeFailure(`cannot be connected to: ${describeConnectFailure(error).reason}`);
  }
}

function demandPrivate(host: string): void {
  if (isIP(host) !== 0 && isPrivateAddress(ipaddr.parse(host.split('%')[0]!))) return;
  throw new ExchangeFailure(
    'is not an address on a private network, and changes never go into the world in plain; use tls:// for it',
  );
}

async function find(
  host: string,
  lookup: FramedExchangeParts['lookup'],
  ended: AbortSignal,
): Promise<readonly string[]> {
  const addresses = await unlessAborted(lookup(host), ended).catch((error) => {
    ended.throwIfAborted();
    throw new ExchangeFailure(`cannot be looked up: ${(error as Error).message}`);
  });
  if (addresses.length === 0) throw new ExchangeFailure('has no address; check its name');
  return addresses;
}

async function dialPlain(address: string, port: number, clock: Clock, ended: AbortSignal): Promise<Socket> {
  const socket = connect({ host: address, port, family: isIP(address) });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = clock.after(CONNECT_WITHIN_MS, () =>
    reject(new ExchangeFailure(`cannot be connected to within ${CONNECT_WITHIN_MS / 1000} s`)),
  );
  socket.once('connect', resolve);
  socket.on('error', reject); // Stays for good: an error behind the first must not end the process.
  try {
    await unlessAborted(promise, ended);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    timer.cancel();
  }
}

/** Sends `request`, and resolves with the first whole message that comes. */
function firstMessage(socket: Socket, request: Uint8Array): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const hungUp = (reason = 'hung up before its answer') => reject(new ExchangeFailure(reason));
  const reader = new FrameReader();
  socket.on('data', (chunk: Uint8Array) =>
    reader.push(chunk, (message) => resolve(Uint8Array.from(message))),
  );
  socket.on('error', (error) => hungUp(`broke off: ${describeConnectFailure(error).reason}`));
  socket.on('end', () => hungUp());
  socket.on('close', () => hungUp());
  if (socket.destroyed) hungUp(); // its peer was quick
  const frame = Buffer.alloc(LENGTH_OCTETS + request.length);
  writeUint16(frame, 0, request.length);
  frame.set(request, LENGTH_OCTETS);
  socket.write(frame);
  return promise;
}
