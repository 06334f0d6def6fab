// A server of lists that behaves as a test wants: honest with validators, or lying in every way that HTTP allows.
// HTTP/1.1 or HTTP/2 over TLS, on loopback.

import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type Server } from 'node:tls';
import type { IssuedCertificate } from './pki.ts';

/** HTTP/2 has the same methods under other types. */
export type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;

export interface ListServer {
  readonly port: number;
  /** Requests so far: method, path, header fields. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  behave: Behaviour;
  close(): void;
}

export async function startListServer(
  { certificateFile, keyFile }: IssuedCertificate,
  behave: Behaviour,
  version: 'h2' | 'http/1.1' = 'http/1.1',
): Promise<ListServer> {
  const credentials = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
  const take = (request: IncomingMessage, response: ServerResponse) => {
    peer.requests.push({ path: request.url ?? '', headers: request.headers });
    peer.behave(request, response);
  };
  const sockets = new Set<Socket>();
  const server = (
    version === 'h2'
      ? createSecureServer(credentials, take as never).on('sessionError', () => {})
      : overTls(credentials, take)
  ) as Server;
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const peer: ListServer = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    behave,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return peer;
}

function overTls(credentials: { cert: Buffer; key: Buffer }, take: Behaviour): Server {
  const http = createHttpServer(take).on('clientError', () => {});
  return createTlsServer({ ...credentials, ALPNProtocols: ['http/1.1'] }, (socket) => {
    http.emit('connection', socket);
  });
}

/** Serves `text` with an ETag of its own, and 304 to who has it. */
export function honest(text: string, etag = '"1"'): Behaviour {
  return (request, response) => {
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag }).end();
      return;
    }
    const headers = { etag, 'last-modified': 'Sun, 22 Nov 2026 18:00:00 GMT' };
    response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(text) }).end(text);
  };
}
