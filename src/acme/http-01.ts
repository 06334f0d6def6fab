// http-01 (RFC 8555 section 8.3): a small HTTP server that listens while a challenge is shown, answers its tokens exactly,
// and nothing else. It stands at the addresses that clients use for DNS; the CA comes by port 80, which has to lead there.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../clock/clock.ts';
import type { SocketAddress } from '../config/config.ts';
import { Binding, type Bound, bindServer } from '../listener/binding.ts';
import { formatAddress } from '../listener/listener.ts';
import { nodeHttp } from '../listener/node-http.ts';
import type { Log } from '../observe/log.ts';
import { type Challenge, ChallengeProblem, type ChallengeSolver } from './challenge.ts';

const PATH = '/.well-known/acme-challenge/';
/** A CA's request is a line and a few fields. */
const HEADER_OCTETS_MAX = 8_192;
/** Let's Encrypt looks from five places; whoever else comes has no business here, and the oldest has to leave. */
const CONNECTIONS_MAX = 64;
/** From the first octet of a request to the end of its header (reliability row 9). */
const HEADER_TIMEOUT_MS = 5_000;

export interface Http01Parts {
  /** Where to listen; empty is a mistake of the caller's. */
  readonly addresses: readonly SocketAddress[];
  readonly clock: Clock;
  readonly log: Log;
}

export class Http01 implements ChallengeSolver {
  readonly type = 'http-01';
  readonly #parts: Http01Parts;
  /** Key authorizations by their whole path. */
  readonly #shown = new Map<string, string>();
  #bindings: readonly Binding[] = [];

  constructor(parts: Http01Parts) {
    this.#parts = parts;
  }

  async show(challenges: readonly Challenge[]): Promise<void> {
    for (const { token, keyAuthorization } of challenges) this.#shown.set(PATH + token, keyAuthorization);
    const { addresses, clock, log } = this.#parts;
    this.#bindings = addresses.map(
      (wanted) =>
        new Binding({
          wanted,
          what: 'http-01',
          clock,
          log,
          bind: (at) => this.#bind(at),
        }),
    );
    await Promise.all(this.#bindings.map((binding) => binding.open()));
    if (this.#bindings.some(({ address }) => address !== null)) return;
    const why = this.#bindings.map(({ wanted, reason }) => `${formatAddress(wanted)}: ${reason}`).join('; ');
    throw new ChallengeProblem(`http-01 cannot be answered, since nothing can be listened on (${why})`);
  }

  async clear(): Promise<void> {
    for (const binding of this.#bindings) binding.close();
    this.#bindings = [];
    this.#shown.clear();
  }

  async #bind(at: SocketAddress): Promise<Bound> {
    const server = this.#server();
    const { port, close } = await bindServer(server, at, this.#parts.log);
    return {
      port,
      close() {
        close();
        server.close(); // its own part: it looks after slow requests until then
      },
    };
  }

  #server(): Server {
    const server = nodeHttp.createServer(
      {
        maxHeaderSize: HEADER_OCTETS_MAX,
        headersTimeout: HEADER_TIMEOUT_MS,
        requestTimeout: HEADER_TIMEOUT_MS,
        connectionsCheckingInterval: HEADER_TIMEOUT_MS,
        keepAlive: false,
      },
      (request, response) => this.#answer(request, response),
    );
    const connections = new Set<Socket>();
    server.on('connection', (socket) => {
      const [oldest] = connections;
      if (connections.size >= CONNECTIONS_MAX) oldest!.destroy(); // who says nothing keeps no CA out
      connections.add(socket);
      socket.on('close', () => connections.delete(socket));
    });
    server.on('clientError', (_error, socket) => socket.destroy());
    return server;
  }

  #answer({ method, url }: IncomingMessage, response: ServerResponse): void {
    const found = method === 'GET' || method === 'HEAD' ? this.#shown.get(url ?? '') : undefined;
    response.sendDate = false; // others may take the time from it
    response.writeHead(found === undefined ? 404 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': found?.length ?? 0,
      connection: 'close',
    });
    response.end(method === 'HEAD' ? undefined : found);
  }
}
