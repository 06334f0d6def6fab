// Servers to ask for the tests of `noonmark query`: our own listeners over a resolver of five names,
// and small ones that misbehave. All on loopback; `closeAll` ends them.

import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2ServerRequest } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock } from '../../../src/clock/clock.ts';
import type { Limits, SocketAddress } from '../../../src/config/config.ts';
import { LIMITS } from '../../../src/config/limits.ts';
import { Answer } from '../../../src/dns/answer.ts';
import { RCODE } from '../../../src/dns/codes.ts';
import { writeMessage } from '../../../src/dns/message-writer.ts';
import { formatName, nameKey } from '../../../src/dns/names.ts';
import { parseRecordText } from '../../../src/dns/record-text.ts';
import { DohListener } from '../../../src/listener/doh.ts';
import type { Listener } from '../../../src/listener/listener.ts';
import { StreamListener } from '../../../src/listener/stream.ts';
import { UdpListener } from '../../../src/listener/udp.ts';
import { LimitLog } from '../../../src/observe/limit-log.ts';
import { createLog } from '../../../src/observe/log.ts';
import type { Resolver } from '../../../src/resolver/resolver.ts';
import { CertificateStore, fitPair } from '../../../src/tls/certificate-store.ts';
import { freePorts } from '../../support/free-ports.ts';
import type { IssuedCertificate } from '../../support/pki.ts';

const ORIGIN = nameKey('home.arpa');
const QR = 0x8000;
const record = (text: string) => parseRecordText(text, ORIGIN);
const SOA = record('@ 300 SOA ns hostmaster 1 3600 600 604800 300');

/** A terminal escape, and a name server's attempt to write a line of its own. */
export const HOSTILE_TEXT = '\u001b[31mred\u0007\nNOERROR \u009b';

const ZONE: Readonly<Record<string, Parameters<typeof writeMessage>[0]['answers']>> = {
  'nas.home.arpa.': [record('nas 300 A 192.168.1.20')],
  '20.1.168.192.in-addr.arpa.': [{ ...record('x 300 PTR nas'), owner: nameKey('20.1.168.192.in-addr.arpa') }],
  'long.home.arpa.': Array.from({ length: 20 }, (_, at) => record(`long 60 TXT "${at} ${'x'.repeat(200)}"`)),
  'hostile.home.arpa.': [
    {
      ...record('hostile 60 TXT x'),
      rdata: Buffer.concat([Uint8Array.of(11), Buffer.from('\u001b[2J\u0007\n\u009b\u2028', 'utf8')]),
    },
  ],
};

/** Answers ZONE; `broken.home.arpa` is SERVFAIL with a hostile extended error, anything else NXDOMAIN. */
export class TinyResolver implements Resolver {
  readonly asked: {
    name: string;
    dnssecOk: boolean;
    cd: boolean;
    padded: boolean;
    id: number;
    transport: string;
  }[] = [];

  resolve(
    query: Parameters<Resolver['resolve']>[0],
    { transport }: Parameters<Resolver['resolve']>[1],
  ): Answer {
    const name = formatName(query.nameKey);
    this.asked.push({
      name,
      dnssecOk: query.dnssecOk,
      cd: query.checkingDisabled,
      padded: query.bytes.length % 128 === 0,
      id: query.id,
      transport,
    });
    if (name === 'broken.home.arpa.') return Answer.ofRcode(RCODE.SERVFAIL, { code: 22, text: HOSTILE_TEXT });
    const { question } = query;
    const answers = ZONE[name];
    const parts = answers
      ? { question, flags: QR, answers }
      : { question, flags: QR | RCODE.NXDOMAIN, authorities: [SOA] };
    return Answer.fromMessage(writeMessage(parts))!;
  }
}

const closers: (() => unknown)[] = [];

export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close();
}

export interface House {
  readonly resolver: TinyResolver;
  readonly ports: { readonly dns: number; readonly dot: number; readonly doh: number };
}

/** Our own listeners on 127.0.0.1. */
export async function startHouse(clock: Clock, certificate: IssuedCertificate): Promise<House> {
  const [dns, dot, doh] = (await freePorts(3)) as [number, number, number];
  const resolver = new TinyResolver();
  const log = createLog(clock, { level: 'error', format: 'text' });
  const limits = Object.fromEntries(
    Object.entries(LIMITS).map(([key, row]) => [key, row.default]),
  ) as unknown as Limits;
  const parts = (port: number) => {
    const address: SocketAddress = { address: '127.0.0.1', port, family: 4 };
    return { addresses: [address], resolver, clock, log, limits, limitLog: new LimitLog(log, clock) };
  };
  const certificates = storeOf(certificate);
  const listeners: Listener[] = [
    new UdpListener(parts(dns)),
    new StreamListener({ ...parts(dns), certificates: null }),
    new StreamListener({ ...parts(dot), certificates }),
    new DohListener({ ...parts(doh), certificates }),
  ];
  await Promise.all(listeners.map((listener) => listener.start()));
  closers.push(() => Promise.all(listeners.map((listener) => listener.stop(100))));
  return { resolver, ports: { dns, dot, doh } };
}

function storeOf({ certificateFile, keyFile }: IssuedCertificate): CertificateStore {
  const pair = fitPair(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'), 'files');
  if ('problem' in pair) throw new Error(pair.problem);
  return new CertificateStore(pair.certificate);
}

/** A UDP server on 127.0.0.1; resolves with its port. */
export function startUdp(
  onQuery: (query: Buffer, peer: RemoteInfo, socket: UdpSocket) => void,
): Promise<number> {
  const socket = createSocket('udp4', (query, peer) => onQuery(query, peer, socket));
  closers.push(() => new Promise<void>((resolve) => socket.close(resolve)));
  return new Promise((resolve) => socket.bind(0, '127.0.0.1', () => resolve(socket.address().port)));
}

export function startTcp(onConnection: (socket: Socket) => void): Promise<number> {
  return listen(createTcpServer(onConnection));
}

/** A TLS server that counts the octets of application traffic. */
export async function startTls(certificate: IssuedCertificate): Promise<{ port: number; octets: number }> {
  const seen = { port: 0, octets: 0 };
  const server = createTlsServer(credentials(certificate), (socket) => {
    socket.on('data', (chunk) => {
      seen.octets += chunk.length;
    });
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  seen.port = await listen(server);
  return seen;
}

/** An HTTPS server that does what `handle` says. */
export function startHttps(
  certificate: IssuedCertificate,
  handle: (path: string, body: Buffer, respond: Respond) => void,
  version: 1 | 2 = 2,
): Promise<number> {
  const options = credentials(certificate);
  const answer = (request: IncomingMessage | Http2ServerRequest, respond: Respond) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => handle(request.url ?? '', Buffer.concat(chunks), respond));
  };
  if (version === 1) {
    return listen(
      createHttpsServer(options, (request, response) =>
        answer(request, (status, headers, body) => response.writeHead(status, headers).end(body)),
      ),
    );
  }
  const server = createSecureServer(options, (request, response) => {
    response.on('error', () => {});
    answer(request, (status, headers, body) => response.writeHead(status, headers).end(body));
  });
  server.on('sessionError', () => {});
  return listen(server);
}

type Respond = (status: number, headers: Record<string, string>, body: Buffer) => void;

function credentials({ certificateFile, keyFile }: IssuedCertificate) {
  return { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
}

function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}
