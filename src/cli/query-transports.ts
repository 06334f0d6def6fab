// One query to one server and the reply to it, over UDP, TCP (RFC 7766) or DoT (RFC 7858); DoH is query-doh.ts.
// Times and what was seen of a TLS peer are noted in a Trace, which also stands when there is no reply.

import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import type { Clock, Timer } from '../clock/clock.ts';
import { formatDuration } from '../config/units.ts';
import { FrameReader, LENGTH_OCTETS } from '../dns/framing.ts';
import { FLAG, readUint16, writeUint16 } from '../dns/wire.ts';
import { ClockUntrusted } from '../tls/connect.ts';
import { PeerUntrusted } from '../tls/verdict.ts';
import { overDoh } from './query-doh.ts';
import {
  BadAnswer,
  type Carry,
  type ExchangeParts,
  isReply,
  NoAnswer,
  type Trace,
} from './query-exchange.ts';
import type { QueryServer } from './query-server.ts';
import { connectTls } from './query-tls.ts';

/** Datagrams get lost: the query goes out so many times, evenly over the time-out. */
const MAX_DATAGRAMS = 3;

/**
 * The reply to `query`, whose ID fits the transport.
 * @throws NoAnswer, BadAnswer, PeerUntrusted, ClockUntrusted
 */
export async function exchange(
  server: QueryServer,
  query: Uint8Array,
  parts: ExchangeParts,
  trace: Trace,
): Promise<Uint8Array> {
  const timeUp = new AbortController();
  const timer = parts.clock.after(parts.timeoutMs, () => {
    const message = `${whatIsOwed(trace)} within ${formatDuration(parts.timeoutMs)}`;
    timeUp.abort(new NoAnswer(message, 'check address and port, and what stands in between'));
  });
  const carry = (by: Carry) => by(server, query, { ...parts, signal: timeUp.signal }, trace);
  try {
    const reply = await carry(CARRIERS[server.transport]);
    if (!server.retriesOverTcp || (readUint16(reply, 2) & FLAG.TC) === 0) return reply;
    trace.transport = 'tcp';
    trace.wasTruncated = true;
    return await carry(overTcp);
  } catch (error) {
    throw inWords(error as NodeJS.ErrnoException);
  } finally {
    timer.cancel();
  }
}

function whatIsOwed({ transport, connectMs, tlsMs }: Trace): string {
  if (transport === 'udp' || tlsMs !== null) return 'nothing came back';
  if (connectMs === null) return 'no connection came about';
  return transport === 'tcp' ? 'nothing came back' : 'the TLS handshake did not end';
}

const overUdp: Carry = async ({ address }, query, { clock, timeoutMs, signal }, trace) => {
  const socket = createSocket(address.family === 4 ? 'udp4' : 'udp6');
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const startMs = clock.monotonic();
  const send = () => {
    if (trace.datagrams === MAX_DATAGRAMS) return;
    trace.datagrams += 1;
    socket.send(query);
  };
  let again: Timer | null = null;
  socket.once('connect', () => {
    send();
    again = clock.every(timeoutMs / MAX_DATAGRAMS, send);
  });
  socket.on('error', reject);
  socket.on('message', (reply) => {
    if (isReply(reply, query)) resolve(reply);
  });
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  // Connected, so that the kernel drops what others send, and tells when the port is closed.
  socket.connect(address.port, address.address);
  try {
    const reply = await promise;
    trace.queryMs = clock.monotonic() - startMs;
    return reply;
  } finally {
    (again as Timer | null)?.cancel();
    socket.close();
  }
};

const overTcp: Carry = async ({ address }, query, parts, trace) => {
  const { clock } = parts;
  const startMs = clock.monotonic();
  const socket = connect({ host: address.address, port: address.port, noDelay: true });
  socket.once('connect', () => {
    trace.connectMs = clock.monotonic() - startMs;
  });
  return onStream(socket, query, parts, trace);
};

const overDot: Carry = async (server, query, parts, trace) => {
  const { socket } = await connectTls(server, ['dot'], parts, trace);
  return onStream(socket, query, parts, trace);
};

const CARRIERS: Readonly<Record<QueryServer['transport'], Carry>> = {
  udp: overUdp,
  tcp: overTcp,
  dot: overDot,
  doh: overDoh,
};

/** Writes the query and waits for the frame that is its reply; notes the time since the connection stood. */
async function onStream(
  socket: Socket,
  query: Uint8Array,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
  trace: Trace,
): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const reader = new FrameReader();
  const lost = () => reject(CLOSED);
  let startMs = clock.monotonic();
  const send = () => {
    startMs = clock.monotonic();
    socket.write(framed(query));
  };
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  socket.on('data', (chunk: Uint8Array) => {
    reader.push(chunk, (reply) => {
      if (isReply(reply, query)) resolve(reply);
    });
  });
  socket.on('error', reject).on('end', lost).on('close', lost);
  if (socket.destroyed)
    lost(); // its peer was quick to hang up
  else if (socket.connecting) socket.once('connect', send);
  else send();
  try {
    const reply = await promise;
    trace.queryMs = clock.monotonic() - startMs;
    return reply;
  } finally {
    socket.destroy();
  }
}

function framed(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(LENGTH_OCTETS + message.length);
  writeUint16(frame, 0, message.length);
  frame.set(message, LENGTH_OCTETS);
  return frame;
}

const CLOSED = new NoAnswer(
  'it closed the connection without an answer',
  'ask over another transport, or see its log',
);

/** What the system's errors mean, and what to try. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ECONNREFUSED: ['nothing listens there', 'check that it runs, and on which port'],
  ECONNRESET: [CLOSED.message, CLOSED.advice],
  EPIPE: [CLOSED.message, CLOSED.advice],
  UND_ERR_SOCKET: [CLOSED.message, CLOSED.advice],
  ENETUNREACH: ['this machine has no way to that network', 'check its cable, Wi-Fi or router'],
  EHOSTUNREACH: ['nobody has that address, as far as the network knows', 'check the address'],
  EADDRNOTAVAIL: ['this machine has no way to that network', 'check its cable, Wi-Fi or router'],
  ERR_SSL_WRONG_VERSION_NUMBER: ['it does not speak TLS on that port', 'check the port, or ask with tcp://'],
  ERR_SSL_PACKET_LENGTH_TOO_LONG: [
    'it does not speak TLS on that port',
    'check the port, or ask with tcp://',
  ],
};

/** Errors of sockets and of TLS as NoAnswer; those that speak for themselves, and bugs, as they are. */
function inWords(error: NodeJS.ErrnoException): Error {
  const isFinal = [NoAnswer, BadAnswer, PeerUntrusted, ClockUntrusted].some((kind) => error instanceof kind);
  if (isFinal || error instanceof TypeError || typeof error.code !== 'string') return error;
  const [message, advice] = REASONS[error.code] ?? [
    `the connection failed (${error.code})`,
    'check address and port, and the log of the server',
  ];
  return new NoAnswer(message, advice);
}
