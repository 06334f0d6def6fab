// Who is told: an HTTP server on loopback that takes messages and behaves as a test wants, over TLS under a certificate of
// the test's own, or in plaintext.

import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { type Behaviour, startListServer } from './list-server.ts';
import type { IssuedCertificate } from './pki.ts';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface Sink extends Disposable {
  readonly port: number;
  /** In the order in which they came, whole. */
  readonly received: readonly Received[];
  /** Bodies that are JSON, as values. */
  readonly messages: readonly Told[];
}

/** A message as a webhook gets it (docs/notifications.md), as far as tests look. */
export interface Told {
  readonly id: string;
  readonly event: string;
  readonly title: string;
  readonly what: string;
  readonly since: string | null;
  readonly lasted: string | null;
  readonly text: string;
  readonly troubles: readonly {
    readonly kind: string;
    readonly subject: string;
    readonly since: string | null;
    readonly until: string | null;
    readonly isOver: boolean;
  }[];
}

/** Says 200 to everything. */
export const grateful: Behaviour = (_, response) => response.writeHead(200).end();

export async function startSecureSink(
  certificate: IssuedCertificate,
  behave: Behaviour = grateful,
  version?: 'h2' | 'http/1.1',
): Promise<Sink> {
  const received: Received[] = [];
  const server = await startListServer(certificate, taking(received, behave), version);
  return sinkOf(server.port, received, () => server.close());
}

export async function startPlainSink(behave: Behaviour = grateful, host = '127.0.0.1'): Promise<Sink> {
  const received: Received[] = [];
  const { port, close } = await listenOn(createHttpServer(taking(received, behave)), host);
  return sinkOf(port, received, close);
}

/** A server of any kind on a free port; `close` cuts its connections too. */
export async function listenOn(server: Server, host = '127.0.0.1') {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

function sinkOf(port: number, received: readonly Received[], close: () => void): Sink {
  return {
    port,
    received,
    get messages() {
      return received.map(({ body }) => JSON.parse(body) as Told);
    },
    [Symbol.dispose]: close,
  };
}

/** Takes the body, and then behaves. */
function taking(received: Received[], behave: Behaviour): Behaviour {
  return (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body });
      behave(request, response);
    });
  };
}
