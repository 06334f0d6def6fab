// TLS servers on loopback that count what reaches them, and targets for them; all are gone when the test is over.

import { readFileSync } from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { TlsTarget } from '../../../src/tls/connect.ts';
import type { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import type { IssuedCertificate } from '../../support/pki.ts';

export const NAME = 'dns.example';

export interface Peer {
  readonly port: number;
  /** Octets of application traffic that arrived, over all connections. */
  octets: number;
  readonly serverNames: (string | false)[];
  readonly resumed: boolean[];
  /** Resolves once as many TCP connections as were accepted are closed again. */
  quiet(): Promise<void>;
}

export async function startPeer(certificate: IssuedCertificate, options: TlsOptions = {}): Promise<Peer> {
  const closed: Promise<void>[] = [];
  const server = createTlsServer({ ...credentials(certificate), ...options }, (socket) => {
    peer.serverNames.push((socket as { servername?: string | false }).servername ?? false);
    peer.resumed.push(socket.isSessionReused());
    socket.on('data', (octets) => {
      peer.octets += octets.length;
      socket.write(octets);
    });
    socket.on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
  });
  const peer: Peer = {
    port: await listen(server),
    octets: 0,
    serverNames: [],
    resumed: [],
    quiet: async () => void (await Promise.all(closed)),
  };
  return peer;
}

export function credentials(certificate: IssuedCertificate) {
  return { cert: readFileSync(certificate.certificateFile), key: readFileSync(certificate.keyFile) };
}

export async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) =>
    sockets.add(socket.once('close', () => sockets.delete(socket))),
  );
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export function targetAt(port: number, anchors: TrustAnchors, more: Partial<TlsTarget> = {}): TlsTarget {
  return { address: '127.0.0.1', port, serverName: NAME, anchors, timeoutMs: 5000, ...more };
}
