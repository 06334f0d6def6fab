// DNS over HTTPS (RFC 8484): HTTP/2 and HTTP/1.1, GET, HEAD and POST at /dns-query.
// A query that is written into the URL is answered as JSON (doh-json.ts). A bad request gets its status and a sentence,
// and the connection goes on. The Date header is our own clock's, and there is none while we do not know the time:
// other people set their clocks by it. One TLS server accepts; the protocol that was agreed on (ALPN) says who serves.

import type { Server } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import type { Http2Limit } from '../http2/limits.ts';
import { ClientRate } from '../resolver/client-rate.ts';
import type { CertificateStore } from '../tls/certificate-store.ts';
import { behindChallengeDoor } from './challenge-door.ts';
import type { TrackedConnection } from './connection-table.ts';
import { Desk } from './desk.ts';
import { DohHttp1 } from './doh-http1.ts';
import { DohHttp2 } from './doh-http2.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import type { ListenerParts } from './listener.ts';
import { ServerListener } from './server-listener.ts';
import { followCertificates, tlsServerOptions, trackHandshakes } from './tls-front.ts';
import { TurnShare } from './turn-share.ts';

/** What a client did that reached a limit of HTTP/2, for the log; who means well reaches none. */
const HTTP2_HINTS: Readonly<Record<Http2Limit, string>> = {
  http2_octets: 'it floods HTTP/2 with frames that ask nothing; its connection was cut',
  http2_header_octets: 'its header fields have no end; its connection was cut',
  http2_header_list: 'a request has more or longer header fields than anybody needs; it was refused',
  http2_settings: 'it sends more settings in a frame than there are; its connection was cut',
  http2_unread: 'it does not read what it has us say; its connection was cut, or a request refused',
  http2_refused: 'it goes on opening streams for which there is no room; its connection was cut',
  http2_breaches: 'it breaks the rules of HTTP/2 on stream after stream; its connection was cut',
  http2_resets: 'it resets stream after stream; its connection was cut',
};

/** Half of what one connection over TCP has, and of one client over all its connections: they cost little more than queries there. */
const HTTP2_REQUESTS_PER_TURN = 16;

export interface DohListenerParts extends ListenerParts {
  readonly certificates: CertificateStore;
}

export class DohListener extends ServerListener<DohListenerParts> {
  readonly #handshakes = new ClientRate();
  readonly #http1: DohHttp1;
  readonly #http2: DohHttp2;

  constructor(parts: DohListenerParts) {
    super('doh', parts);
    const { resolver, clock, limits } = parts;
    const doh = { resolver, clock, limits, desk: new Desk('doh') };
    this.#http1 = new DohHttp1({ ...doh, turns: new TurnShare() });
    this.#http2 = new DohHttp2({ ...doh, turns: new TurnShare(HTTP2_REQUESTS_PER_TURN) });
  }

  protected override createServer(): Server {
    const { certificates, clock } = this.parts;
    const { challenges } = certificates;
    return behindChallengeDoor(this.#tlsServer(), { challenges, connections: this.connections, clock });
  }

  #tlsServer(): TlsServer {
    const { certificates } = this.parts;
    const options = { ...tlsServerOptions(certificates), ALPNProtocols: ['h2', 'http/1.1'] };
    const server = createServer(options, (socket) => {
      if (socket.alpnProtocol === 'h2') this.#acceptHttp2(socket);
      else this.#acceptHttp1(socket);
    });
    followCertificates(server, certificates);
    trackHandshakes(server, this.connections, this.#handshakes, this.parts);
    return server;
  }

  #acceptHttp2(socket: TLSSocket): void {
    const onLimit = (limit: Http2Limit | 'streams', client: string) => this.#reached(limit, client);
    const onWeight = (connection: Http2Connection, octets: number) =>
      this.connections.weigh(connection, octets);
    this.#track(socket, new Http2Connection({ socket, common: this.#http2, onLimit, onWeight }));
  }

  #acceptHttp1(socket: TLSSocket): void {
    const onWeight = (connection: Http1Connection, octets: number) =>
      this.connections.weigh(connection, octets);
    const connection = new Http1Connection({ socket, clock: this.parts.clock, onWeight });
    this.#track(socket, connection);
    this.#http1.serve(socket, connection);
  }

  #track(socket: TLSSocket, connection: TrackedConnection): void {
    this.connections.add(connection);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.connections.delete(connection));
  }

  #reached(limit: Http2Limit | 'streams', client: string): void {
    const { limitLog } = this.parts;
    if (limit === 'streams') limitLog.reached('limits.queries_per_connection', { listen: 'doh', client });
    else limitLog.reached(limit, { client, hint: HTTP2_HINTS[limit] });
  }
}
