// An upstream that misbehaves to order, whatever is spoken with it (hostile-dot.ts, hostile-doh.ts). Its behaviour can be
// switched while it runs, so that a test can look at the fault and then at the recovery. It keeps what it was
// asked, and counts every octet that a client sent inside TLS, so that "not one octet of a query" can be shown.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { questionName } from '../dns-message.ts';

/** What its answers say, unlike any other server of the tests. */
export const HOSTILE_ADDRESS = '192.0.2.66';

export const FAULTS = [
  'closes after each answer',
  'closes without an answer',
  'resets',
  'sends half a message and stalls',
  'sends half a message and closes',
  'never answers',
  'sends garbage',
  'sends a length and nothing else',
  'stalls the handshake',
  'refuses the handshake',
] as const;

export type Fault = (typeof FAULTS)[number];

export interface HostileOptions<Behaviour> {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Default: a free one. */
  readonly port?: number;
  readonly address?: string;
  readonly behaviour?: Behaviour;
}

export interface HostileUpstream<Behaviour> extends AsyncDisposable {
  readonly port: number;
  /** Names asked so far, in lower case: some resolvers ask in mixed case on purpose. */
  readonly names: string[];
  /** For each of these names, the connection that it came on, by its place among all attempts. */
  readonly cameOn: number[];
  /** Octets that clients sent inside TLS. */
  readonly octetsInside: number;
  /** TCP connections, whether or not a handshake came of them. */
  readonly attempts: number;
  /** Leaving 'stalls the handshake' lets the stalled ones go on. */
  get behaviour(): unknown;
  set behaviour(next: Behaviour);
  dropConnections(): void;
  /** New connections are shown this certificate. */
  show(certificate: Pick<HostileOptions<Behaviour>, 'certificateFile' | 'keyFile'>): void;
  /** Ends every connection and stops listening. */
  stop(): Promise<void>;
}

/** What every kind can do; `More` is what only one of them can. By the name: as the table of wrongs.ts has it. */
export type BehaviourOf<More> = Fault | 'answers' | 'by the name' | More;

/**
 * `serve` reads queries from a connection, calls `heard` with each, and does what that tells it.
 * It may take octets from the socket's own 'data' events only, which are counted here.
 */
export async function startHostile<More>(
  options: HostileOptions<BehaviourOf<More>>,
  alpn: string,
  serve: (socket: TLSSocket, heard: (query: Buffer) => BehaviourOf<More>) => void,
): Promise<HostileUpstream<BehaviourOf<More>>> {
  const open = new Set<Socket>();
  /** Connections whose handshake waits until the behaviour changes. */
  const stalled = new Set<Socket>();
  let behaviour: BehaviourOf<More> = options.behaviour ?? 'answers';
  const hostile = {
    port: 0,
    names: [] as string[],
    cameOn: [] as number[],
    octetsInside: 0,
    attempts: 0,
    get behaviour() {
      return behaviour;
    },
    set behaviour(next: BehaviourOf<More>) {
      behaviour = next;
      if (next === 'stalls the handshake') return;
      for (const socket of stalled) secure.emit('connection', socket);
      stalled.clear();
    },
    dropConnections: () => {
      for (const socket of open) socket.destroy();
    },
    show: ({ certificateFile, keyFile }: Pick<HostileOptions<never>, 'certificateFile' | 'keyFile'>) =>
      secure.setSecureContext({ cert: readFileSync(certificateFile), key: readFileSync(keyFile) }),
    stop: async () => {
      hostile.dropConnections();
      server.close();
      await once(server, 'close');
    },
    [Symbol.asyncDispose]: async () => {
      if (server.listening) await hostile.stop();
    },
  };
  // The TLS server never listens itself: a plain one decides first whether a handshake happens at all.
  const secure = tls.createServer({
    cert: readFileSync(options.certificateFile),
    key: readFileSync(options.keyFile),
    ALPNProtocols: [alpn],
  });
  secure.on('tlsClientError', () => {});
  secure.on('secureConnection', (socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      hostile.octetsInside += chunk.length;
    });
    const nth = hostile.attempts;
    serve(socket, (query) => {
      hostile.cameOn.push(nth);
      hostile.names.push(questionName(query)?.toLowerCase() ?? '?');
      return behaviour;
    });
  });
  const server = createServer((socket) => {
    hostile.attempts++;
    open.add(socket);
    socket.on('close', () => {
      open.delete(socket);
      stalled.delete(socket);
    });
    socket.on('error', () => {});
    if (behaviour === 'stalls the handshake') {
      stalled.add(socket);
      return;
    }
    if (behaviour === 'refuses the handshake') socket.resetAndDestroy();
    else secure.emit('connection', socket);
  });
  server.listen(options.port ?? 0, options.address ?? '127.0.0.1');
  await once(server, 'listening');
  hostile.port = (server.address() as AddressInfo).port;
  return hostile;
}

/** A TCP reset from inside a TLS connection, whose own socket is the one that can do it. */
export function reset(socket: TLSSocket): void {
  const raw = (socket as unknown as { _parent?: Socket })._parent;
  if (raw) raw.resetAndDestroy();
  else socket.destroy();
}
