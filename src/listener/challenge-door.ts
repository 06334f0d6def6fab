// The way in for a CA that looks for tls-alpn-01 (RFC 8737) at the address of a TLS server: while a challenge is shown, the
// first octets of a new connection decide whether it is a CA's, and nobody else ever sees that certificate. While none is,
// connections pass unread. Those that stand are not touched; those that are looked at count as handshakes do.

import { createServer, type Server } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock } from '../clock/clock.ts';
import { ACME_TLS_PROTOCOL, type AlpnChallenges } from '../tls/alpn-challenges.ts';
import { offeredProtocols } from './client-hello.ts';
import type { ConnectionTable } from './connection-table.ts';
import { countLookedAt, LOOK_MS, lookAtFirstOctets } from './first-octets.ts';

/** A CA looks from five places or so; whoever comes while so many are looked at is let through unread. */
const LOOKED_AT_MAX = 64;

export interface ChallengeDoorParts {
  readonly challenges: AlpnChallenges;
  /** Those of the listener. */
  readonly connections: ConnectionTable;
  readonly clock: Clock;
}

/** A server to listen with, in front of `server`, which does not listen itself. */
export function behindChallengeDoor(server: TlsServer, parts: ChallengeDoorParts): Server {
  const { challenges, clock } = parts;
  const answering = challengeServer(challenges);
  let lookedAt = 0;
  const door = createServer({ noDelay: true }, (socket) => {
    if (challenges.isEmpty || lookedAt >= LOOKED_AT_MAX) {
      server.emit('connection', socket);
      return;
    }
    const uncount = countLookedAt(socket, parts);
    if (uncount === null) {
      socket.destroy();
      return;
    }
    lookedAt += 1;
    const then = (protocols: readonly string[] | null) => {
      lookedAt -= 1;
      if (protocols === null) return;
      if (isOfCa(protocols)) {
        answering.emit('connection', socket);
        return;
      }
      uncount(); // the server counts it from here on
      server.emit('connection', socket);
    };
    lookAtFirstOctets(socket, { judge: offeredProtocols, clock, then });
  });
  door.on('close', () => server.emit('close')); // it never listened, so it cannot tell its own end
  return door;
}

/** RFC 8737 section 3: it offers this protocol and no other. */
function isOfCa(protocols: readonly string[]): boolean {
  return protocols.length === 1 && protocols[0] === ACME_TLS_PROTOCOL;
}

/** RFC 8737 section 3: nothing is said over such a connection once the certificate was seen. */
function challengeServer(challenges: AlpnChallenges): TlsServer {
  const server = createTlsServer(
    {
      ALPNProtocols: [ACME_TLS_PROTOCOL],
      minVersion: 'TLSv1.2',
      handshakeTimeout: LOOK_MS,
      SNICallback: (name, done) => done(null, challenges.contextFor(name)),
    },
    (socket) => {
      socket.on('error', () => {});
      socket.destroySoon(); // an end alone would wait for the client's, which may never come
    },
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}
