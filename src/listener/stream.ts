// DNS over streams: TCP (RFC 7766) and TLS (RFC 7858) behind one listener, because they differ in the server
// that accepts them and in nothing else. Wildcards need no care here: a connection knows the address it was made to.

import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { ClientRate } from '../resolver/client-rate.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import { Desk } from './desk.ts';
import { type ListenerParts, plainAddress } from './listener.ts';
import { ServerListener } from './server-listener.ts';
import { SpareRooms } from './spare-rooms.ts';
import { StreamConnection } from './stream-connection.ts';
import { followCertificates, tlsServerOptions, trackHandshakes } from './tls-front.ts';
import { TurnEnd } from './turn-end.ts';

export interface StreamListenerParts extends ListenerParts {
  /** Present: DoT with these certificates. Null: plain TCP. */
  readonly certificates: CertificateStore | null;
}

export class StreamListener extends ServerListener<StreamListenerParts> {
  readonly #handshakes = new ClientRate();
  readonly #turnEnd = new TurnEnd();
  readonly #rooms = new SpareRooms();
  readonly #desk: Desk;

  constructor(parts: StreamListenerParts) {
    super(parts.certificates === null ? 'tcp' : 'dot', parts);
    this.#desk = new Desk(parts.certificates === null ? 'tcp' : 'dot');
  }

  protected override createServer(): Server {
    const { certificates } = this.parts;
    return certificates === null ? this.#tcpServer() : this.#tlsServer(certificates);
  }

  #tcpServer(): Server {
    return createTcpServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (this.connections.hasRoomFor(plainAddress(socket.remoteAddress))) this.#accept(socket, 'tcp');
      else socket.destroy();
    });
  }

  #tlsServer(certificates: CertificateStore): Server {
    const options = { ...tlsServerOptions(certificates), ALPNProtocols: ['dot'] };
    const server = createTlsServer(options, (socket) => {
      socket.allowHalfOpen = true; // not before: node:tls would never let go of a client that leaves in mid-handshake
      this.#accept(socket, 'dot');
    });
    followCertificates(server, certificates);
    trackHandshakes(server, this.connections, this.#handshakes, this.parts);
    return server;
  }

  #accept(socket: Socket, transport: 'tcp' | 'dot'): void {
    const { resolver, clock, limits } = this.parts;
    const { connections } = this;
    const onWeight = (connection: StreamConnection, octets: number) => connections.weigh(connection, octets);
    const onClose = (connection: StreamConnection) => connections.delete(connection);
    const shared = { desk: this.#desk, turnEnd: this.#turnEnd, rooms: this.#rooms, resolver, clock, limits };
    connections.add(new StreamConnection({ ...shared, socket, transport, onWeight, onClose }));
  }
}
