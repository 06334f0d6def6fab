// What the encrypted listeners share: options of their TLS server, certificates that are swapped while it runs,
// and connections that are counted from the first octet, so that half a handshake is bounded like anything else.

import type { Socket } from 'node:net';
import type { TlsOptions, Server as TlsServer } from 'node:tls';
import type { Limits } from '../config/config.ts';
import type { ClientRate } from '../resolver/client-rate.ts';
import { type CertificateStore, contextOptions } from '../tls/certificate-store.ts';
import type { ConnectionTable, TrackedConnection } from './connection-table.ts';
import { type ListenerParts, plainAddress } from './listener.ts';

/** From the first octet to a finished handshake (reliability row 9). */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/** TLS 1.2 and 1.3 with tickets (RFC 7858 section 3.3 asks for resumption). */
export function tlsServerOptions(certificates: CertificateStore) {
  return {
    ...contextOptions(certificates.current()),
    SNICallback: sniCallback(certificates),
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  };
}

/** A further certificate where the client asks for its name; nothing: the one that is set for all. */
function sniCallback(certificates: CertificateStore): TlsOptions['SNICallback'] {
  return (name, done) => done(null, certificates.contextFor(name));
}

/** New handshakes get the new certificate at once; connections that stand are not touched. */
export function followCertificates(server: TlsServer, certificates: CertificateStore): void {
  const unsubscribe = certificates.onReplace((fresh) => server.setSecureContext(contextOptions(fresh)));
  server.on('close', unsubscribe);
}

/** Identifies a connection in the raw and in the encrypted view of it; one client port may reach several of ours. */
export function peerKey(
  socket: Pick<Socket, 'remoteAddress' | 'remotePort' | 'localAddress' | 'localPort'>,
): string {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  return `${remoteAddress}|${remotePort}|${localAddress}|${localPort}`;
}

export interface FrontParts extends Pick<ListenerParts, 'clock' | 'limitLog'> {
  readonly limits: Pick<Limits, 'handshakesPerClient'>;
}

/** Counts connections in the table while they shake hands; who comes too often, or finds no room, is cut before that. */
export function trackHandshakes(
  server: TlsServer,
  connections: ConnectionTable,
  rate: ClientRate,
  { clock, limits, limitLog }: FrontParts,
): void {
  const isTooOften = (client: string) => {
    if (rate.count(client, clock.monotonic()) <= limits.handshakesPerClient) return false;
    limitLog.reached('limits.handshakes_per_client', { client });
    return true;
  };
  const handshakes = new Map<string, TrackedConnection>();
  const finished = (key: string) => {
    const handshake = handshakes.get(key);
    if (handshake === undefined) return;
    handshakes.delete(key);
    connections.delete(handshake);
  };
  server.on('connection', (socket) => {
    const client = plainAddress(socket.remoteAddress);
    if (isTooOften(client) || !connections.hasRoomFor(client)) {
      socket.destroy();
      return;
    }
    const key = peerKey(socket);
    const handshake = {
      client,
      isBusy: false,
      lastActiveMs: clock.monotonic(),
      close: () => socket.destroy(),
    };
    handshakes.set(key, handshake);
    connections.add(handshake);
    socket.on('close', () => finished(key));
  });
  server.prependListener('secureConnection', (socket) => finished(peerKey(socket)));
  server.on('tlsClientError', (_error, socket) => {
    finished(peerKey(socket));
    socket.destroy();
  });
}
