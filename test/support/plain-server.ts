// A plain DNS server on loopback that a test scripts: UDP and TCP on one port, and every query that came, with whence.
// It says what it is told to say; what a sound message is, dns-packet decides (messages.ts).

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { SocketAddress } from '../../src/config/config.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-ports.ts';
import { aRecord, replyTo, see } from './messages.ts';

/** The packets that go back for a query, in this order; null hangs up where there is a connection. */
export type PlainScript = (query: Buffer, nth: number) => readonly Uint8Array[] | null;

export interface PlainQuery {
  readonly transport: 'udp' | 'tcp';
  readonly packet: Buffer;
  readonly fromPort: number;
}

export interface PlainServerOptions {
  /** Default: an A record of 192.0.2.1. */
  readonly udp?: PlainScript;
  /** Default: the same. Null: nobody listens there. */
  readonly tcp?: PlainScript | null;
  /** Default 127.0.0.1. */
  readonly address?: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface PlainServer extends AsyncDisposable {
  readonly server: SocketAddress;
  readonly asked: readonly PlainQuery[];
  /** Resolves once so many queries have come. */
  hasHeard(count: number): Promise<unknown>;
  /** Names and types of them, "a.example A". */
  questions(): string[];
  /** Sends over UDP from this server's own port. */
  send(packet: Uint8Array, toPort: number): void;
}

export const answersWithAddress: PlainScript = (query) => [
  replyTo(query, { answers: [aRecord(see(query).question.split(' ')[0]!)] }),
];

export async function startPlainServer(options: PlainServerOptions = {}): Promise<PlainServer> {
  const { udp: udpScript = answersWithAddress, tcp: tcpScript = answersWithAddress } = options;
  const { address = '127.0.0.1' } = options;
  const port = options.port ?? (await freePort());
  const family = address.includes(':') ? 6 : 4;
  const asked: PlainQuery[] = [];
  const udp: Socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  udp.on('message', (packet, from) => {
    asked.push({ transport: 'udp', packet, fromPort: from.port });
    for (const reply of udpScript(packet, asked.length) ?? []) udp.send(reply, from.port, from.address);
  });
  udp.bind(port, address);
  await once(udp, 'listening');
  const tcp = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      const packet = chunk.subarray(2);
      asked.push({ transport: 'tcp', packet, fromPort: socket.remotePort ?? 0 });
      const replies = tcpScript?.(packet, asked.length) ?? null;
      for (const reply of replies ?? []) {
        socket.write(Buffer.concat([Buffer.of(reply.length >> 8, reply.length & 255), reply]));
      }
      if (replies === null) socket.end();
    });
  });
  if (tcpScript !== null) {
    tcp.listen(port, address);
    await once(tcp, 'listening');
  }
  return {
    server: { address, port, family },
    asked,
    hasHeard: (count) => eventually(() => asked.length >= count, { what: `query number ${count}` }),
    questions: () => asked.map(({ packet }) => see(packet).question),
    send: (packet, toPort) => udp.send(packet, toPort, address),
    [Symbol.asyncDispose]: async () => {
      udp.close();
      if (!tcp.listening) return;
      tcp.close();
      await once(tcp, 'close');
    },
  };
}
