// Clients that are slow, or that never go on: each connects, does the little that it does, and then holds on for as long
// as it is let. None of them reads more than its kind says.

import { makeQuery } from '../dns-message.ts';
import { INTERNAL_NAME, type Transport } from '../noonmark.ts';
import { connectPlain, connectSpeaking, type Door, framed, type RawConnection } from './hostile-client.ts';
import { clientHello, inRecordsOf } from './hostile-client-tls.ts';
import { WILD_ZONE } from './unbound.ts';

const DRIP_MS = 1_000;
/** Queries that a client sends which reads none of the answers. */
const UNREAD_QUERIES = 2_000;
const STREAMS: readonly Transport[] = ['TCP', 'DoT', 'DoH'];
const DNS_STREAMS: readonly Transport[] = ['TCP', 'DoT'];
const ENCRYPTED: readonly Transport[] = ['DoT', 'DoH'];

export interface SlowClient {
  readonly kind: string;
  /** The doors that it can be slow at. */
  readonly at: readonly Transport[];
  begin(door: Door): Promise<RawConnection>;
}

const QUERY = framed(makeQuery(INTERNAL_NAME));
const BIG_QUERY = makeQuery(`big.${WILD_ZONE}`, 'TXT');
const GET = getOf(makeQuery(INTERNAL_NAME));
const GET_BIG = getOf(BIG_QUERY);
const POST = 'POST /dns-query HTTP/1.1\r\nhost: x\r\ncontent-type: application/dns-message\r\n';

export const SLOW_CLIENTS: readonly SlowClient[] = [
  { kind: 'says nothing', at: STREAMS, begin: (door) => connectPlain(door) },
  { kind: 'shakes hands and says nothing', at: ENCRYPTED, begin: (door) => connectSpeaking(door) },
  {
    kind: 'says one octet a second',
    at: STREAMS,
    begin: (door) => dripping(connectSpeaking(door), door.transport === 'DoH' ? Buffer.from(GET) : QUERY),
  },
  {
    kind: 'says one octet of its TLS hello a second',
    at: ENCRYPTED,
    begin: (door) => dripping(connectPlain(door), clientHello(door.trust.name)),
  },
  {
    kind: 'says half a TLS hello',
    at: ENCRYPTED,
    begin: (door) => saying(connectPlain(door), halfOf(clientHello(door.trust.name))),
  },
  {
    kind: 'says half a TLS hello in records of one octet',
    at: ENCRYPTED,
    begin: (door) => saying(connectPlain(door), inRecordsOf(1, halfOf(clientHello(door.trust.name)))),
  },
  {
    kind: 'says a TLS hello and nothing to the answer',
    at: ENCRYPTED,
    begin: (door) => saying(connectPlain(door), clientHello(door.trust.name)),
  },
  {
    kind: 'says half a TLS record after its handshake',
    at: ENCRYPTED,
    begin: async (door) => {
      const connection = await connectSpeaking(door);
      connection.tcp.write(Buffer.of(0x17, 3, 3, 0x40, 0, 1, 2, 3));
      return connection;
    },
  },
  {
    kind: 'says a length and nothing else',
    at: DNS_STREAMS,
    begin: (door) => saying(connectSpeaking(door), Buffer.of(0, 40)),
  },
  {
    kind: 'says 65,535 octets and sends half of them',
    at: DNS_STREAMS,
    begin: (door) => saying(connectSpeaking(door), halfOf(framed(Buffer.alloc(65_535)))),
  },
  {
    kind: 'asks once and holds on',
    at: DNS_STREAMS,
    begin: (door) => saying(connectSpeaking(door), QUERY),
  },
  {
    kind: 'asks much and never reads',
    at: DNS_STREAMS,
    begin: (door) => saying(connectSpeaking(door, { reads: false }), unreadQueries()),
  },
  {
    kind: 'asks much over HTTP/1.1 and never reads',
    at: ['DoH'],
    begin: (door) => saying(connectSpeaking(door, { reads: false }), `${GET_BIG}\r\n`.repeat(UNREAD_QUERIES)),
  },
  {
    kind: 'ends a handshake that it has begun, and keeps its own side open',
    at: ENCRYPTED,
    begin: async (door) => {
      const connection = await connectPlain(door, { allowHalfOpen: true });
      connection.socket.write(halfOf(clientHello(door.trust.name)));
      return connection;
    },
  },
  {
    kind: 'says one header field a second',
    at: ['DoH'],
    begin: async (door) => {
      const connection = await connectSpeaking(door);
      connection.socket.write(GET);
      return repeating(connection, () => 'x-more: yes\r\n');
    },
  },
  {
    kind: 'sends one octet of its body a second',
    at: ['DoH'],
    begin: async (door) => {
      const connection = await connectSpeaking(door);
      connection.socket.write(`${POST}content-length: 100\r\n\r\n`);
      return repeating(connection, () => 'x');
    },
  },
  {
    kind: 'sends one chunk of its body a second',
    at: ['DoH'],
    begin: async (door) => {
      const connection = await connectSpeaking(door);
      connection.socket.write(`${POST}transfer-encoding: chunked\r\n\r\n`);
      return repeating(connection, () => '1\r\nx\r\n');
    },
  },
];

function halfOf(octets: Buffer): Buffer {
  return octets.subarray(0, octets.length / 2);
}

/** A request but for the empty line at its end. */
function getOf(query: Buffer): string {
  return `GET /dns-query?dns=${query.toString('base64url')} HTTP/1.1\r\nhost: x\r\n`;
}

function unreadQueries(): Buffer {
  return Buffer.concat(Array<Buffer>(UNREAD_QUERIES).fill(framed(BIG_QUERY)));
}

async function saying(opening: Promise<RawConnection>, octets: Uint8Array | string): Promise<RawConnection> {
  const connection = await opening;
  connection.socket.write(octets);
  return connection;
}

async function dripping(opening: Promise<RawConnection>, octets: Buffer): Promise<RawConnection> {
  let at = 0;
  return repeating(await opening, () => octets.subarray(at, ++at));
}

/** Writes once a second, until the connection has gone on either side. */
function repeating(connection: RawConnection, piece: () => Uint8Array | string): RawConnection {
  const timer = setInterval(() => {
    if (connection.isCut || connection.socket.destroyed) clearInterval(timer);
    else connection.socket.write(piece());
  }, DRIP_MS);
  connection.socket.on('close', () => clearInterval(timer));
  return connection;
}
