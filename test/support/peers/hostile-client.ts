// What every hostile client is made of: a raw connection to a door of a server that can be left half open, half said or
// unread, and that knows when the server let go of it. The kinds of client are in the files beside: slow (…-slow.ts), rude
// (…-rude.ts), over TLS (…-tls.ts), over HTTP/1.1 (…-http.ts), and with queries that lie (…-queries.ts).

import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { addressed, type Endpoint, type Trust } from '../dns-client.ts';
import type { Transport } from '../noonmark.ts';

const OPEN_TIMEOUT_MS = 6_000;
const LENGTH_PREFIX_OCTETS = 2;
/** To read what was left unread, and find the end behind it. */
const READ_OUT_MS = 2_000;
/** More than any answer here; what comes beyond is not kept. */
const KEPT_OCTETS = 1 << 20;

/** A door of a server, as a hostile client finds it. */
export interface Door {
  readonly transport: Transport;
  /** With `from`, the address that the client attacks from. */
  readonly endpoint: Endpoint;
  readonly trust: Trust;
}

export interface RawConnection {
  readonly socket: Socket;
  /** What carries TLS, for octets that are none; the same as `socket` where there is no TLS. */
  readonly tcp: Socket;
  /** What came back, the first megabyte of it. */
  readonly received: Buffer;
  /** Has the server ended or reset it, as far as can be seen? */
  readonly isCut: boolean;
  /** Resolves once it has, with true; with false after that time. */
  cutWithin(ms: number): Promise<boolean>;
  /** Resolves once what came back fits, with true; with false when it was cut before, or after that time. */
  receives(fits: (received: Buffer) => boolean, withinMs: number): Promise<boolean>;
  leave(): void;
}

export interface RawOptions {
  /** Default true; false: nothing is ever read, so that the server's writes pile up. */
  readonly reads?: boolean;
  /** Keeps our side open when the server has ended its own. */
  readonly allowHalfOpen?: boolean;
}

/** TCP and nothing else yet, whatever the door speaks. */
export async function connectPlain({ endpoint }: Door, options: RawOptions = {}): Promise<RawConnection> {
  const socket = net.connect({ ...addressed(endpoint), allowHalfOpen: options.allowHalfOpen === true });
  return open(socket, socket, 'connect', options);
}

/** With TLS where the door has it, and then ready for its messages: DNS over a stream, or HTTP/1.1. */
export async function connectSpeaking(
  door: Door,
  options: RawOptions & tls.ConnectionOptions = {},
): Promise<RawConnection> {
  if (door.transport === 'TCP' || door.transport === 'UDP') return connectPlain(door, options);
  const { reads, allowHalfOpen, ...ofTls } = options;
  const { socket: tcp } = await connectPlain(door, { reads: false, allowHalfOpen });
  const socket = tls.connect({
    socket: tcp,
    servername: door.trust.name,
    ca: door.trust.ca,
    ALPNProtocols: [door.transport === 'DoT' ? 'dot' : 'http/1.1'],
    ...ofTls,
  });
  return open(socket, tcp, 'secureConnect', { reads });
}

/** Behind its length, as streams have it (RFC 1035 section 4.2.2). */
export function framed(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(LENGTH_PREFIX_OCTETS);
  prefix.writeUInt16BE(message.length);
  return Buffer.concat([prefix, message]);
}

async function open(
  socket: Socket,
  tcp: Socket,
  event: string,
  { reads = true }: RawOptions,
): Promise<RawConnection> {
  const connection = new Raw(socket, tcp, reads);
  await once(socket, event, { signal: AbortSignal.timeout(OPEN_TIMEOUT_MS) }).catch((error) => {
    socket.destroy();
    throw error;
  });
  return connection;
}

class Raw implements RawConnection {
  readonly socket: Socket;
  readonly tcp: Socket;
  isCut = false;
  #chunks: Buffer[] = [];
  #octets = 0;
  readonly #looks = new Set<() => void>();
  readonly #reads: boolean;

  constructor(socket: Socket, tcp: Socket, reads: boolean) {
    this.#reads = reads;
    this.socket = socket;
    this.tcp = tcp;
    const cut = () => {
      this.isCut = true;
      this.#look();
    };
    socket.on('error', cut).on('end', cut).on('close', cut);
    if (!reads) return;
    socket.on('data', (chunk: Buffer) => {
      if (this.#octets < KEPT_OCTETS) this.#chunks.push(chunk);
      this.#octets += chunk.length;
      this.#look();
    });
  }

  get received(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  async cutWithin(ms: number): Promise<boolean> {
    await this.#until(() => this.isCut, ms);
    if (!this.isCut && !this.#reads) {
      this.socket.resume(); // else the end would stay behind what was never read
      await this.#until(() => this.isCut, READ_OUT_MS);
    }
    return this.isCut;
  }

  receives(fits: (received: Buffer) => boolean, withinMs: number): Promise<boolean> {
    return this.#until(() => this.isCut || fits(this.received), withinMs).then(() => fits(this.received));
  }

  leave(): void {
    this.socket.destroy();
    this.tcp.destroy();
  }

  #until(holds: () => boolean, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        done();
      };
      const done = () => {
        clearTimeout(timer);
        this.#looks.delete(look);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#looks.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}
