// TLS as hostile clients speak it: hellos that can be cut up, floods of records that cost nothing to send (alerts, key
// updates, empty records, renegotiation), and octets that are no TLS at all.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { TLSSocket } from 'node:tls';
import { pause } from '../eventually.ts';
import { connectPlain, connectSpeaking, type Door, type RawConnection } from './hostile-client.ts';

const RECORD_HEADER_OCTETS = 5;
const HANDSHAKE = 22;
const ALERT = 21;
const APPLICATION = 23;
/** Records that are sent at once; far above what any of it is good for. */
const FLOOD = 20_000;
const SMALL_RECORDS = 2_000;
const RENEGOTIATIONS = 50;
const RENEGOTIATED_WITHIN_MS = 100;
const HANDSHAKE_WITHIN_MS = 3_000;

/** A hello that any server of TLS 1.2 would answer (RFC 5246 section 7.4.1.2), as one record. */
export function clientHello(serverName: string): Buffer {
  const name = Buffer.from(serverName, 'latin1');
  const sni = extension(0, counted(2, Buffer.concat([Buffer.of(0), counted(2, name)])));
  const groups = extension(10, counted(2, Buffer.of(0, 29, 0, 23)));
  const formats = extension(11, Buffer.of(1, 0));
  const signatures = extension(13, counted(2, Buffer.of(4, 3, 8, 4, 4, 1)));
  const suites = Buffer.of(0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30);
  const body = Buffer.concat([
    Buffer.of(3, 3),
    randomBytes(32),
    counted(1, randomBytes(32)),
    counted(2, suites),
    Buffer.of(1, 0),
    counted(2, Buffer.concat([sni, groups, formats, signatures])),
  ]);
  return tlsRecord(HANDSHAKE, Buffer.concat([Buffer.of(1), counted(3, body)]));
}

/** The fragment of one record as many records of so many octets each (RFC 8446 section 5.1 allows it). */
export function inRecordsOf(octets: number, record: Buffer): Buffer {
  const fragment = record.subarray(RECORD_HEADER_OCTETS);
  const pieces: Buffer[] = [];
  for (let at = 0; at < fragment.length; at += octets)
    pieces.push(tlsRecord(record[0]!, fragment.subarray(at, at + octets)));
  return Buffer.concat(pieces);
}

function tlsRecord(type: number, fragment: Buffer): Buffer {
  return Buffer.concat([Buffer.of(type, 3, 3), counted(2, fragment)]);
}

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0, type), counted(2, content)]);
}

function counted(octets: number, content: Buffer): Buffer {
  const length = Buffer.alloc(octets);
  length.writeUIntBE(content.length, 0, octets);
  return Buffer.concat([length, content]);
}

export interface TlsFlood {
  readonly kind: string;
  begin(door: Door): Promise<RawConnection>;
}

/** Each says all that it has to say at once; a server may hang up at any moment. */
export const TLS_FLOODS: readonly TlsFlood[] = [
  plain('no TLS but noise', () => Buffer.alloc(100_000, 0xa5)),
  plain('HTTP without TLS', () => Buffer.from('GET /dns-query HTTP/1.1\r\nhost: x\r\n\r\n')),
  plain('DNS without TLS', () =>
    Buffer.from('001d00010100000100000000000003777777076578616d706c6500', 'hex'),
  ),
  plain('a record of 65,535 octets', () =>
    Buffer.concat([Buffer.of(22, 3, 1, 255, 255), Buffer.alloc(65_535)]),
  ),
  plain('a hello of 16 MB announced', () => tlsRecord(HANDSHAKE, Buffer.of(1, 255, 255, 255, 3, 3))),
  plain('a hello in records of one octet', (name) => inRecordsOf(1, clientHello(name))),
  plain('warnings before a hello', () => repeated(tlsRecord(ALERT, Buffer.of(1, 90)))),
  plain('empty records before a hello', () => repeated(tlsRecord(HANDSHAKE, Buffer.alloc(0)))),
  plain('hello upon hello', (name) => Buffer.concat(Array<Buffer>(500).fill(clientHello(name)))),
  plain('SSL 3.0', (name) => withVersion(clientHello(name), 0x0300)),
  inside('noise after the handshake', Buffer.alloc(100_000, 0xa5)),
  inside('records of noise after the handshake', repeated(tlsRecord(APPLICATION, randomBytes(64)))),
  inside('warnings in the clear after the handshake', repeated(tlsRecord(ALERT, Buffer.of(1, 90)))),
  {
    kind: 'thousands of records of one octet',
    begin: async (door) => {
      const connection = await connectSpeaking(door, { maxVersion: 'TLSv1.2' });
      for (let index = 0; index < SMALL_RECORDS; index += 1) connection.socket.write('x');
      return connection;
    },
  },
  {
    kind: 'renegotiation, over and over',
    begin: async (door) => {
      const connection = await connectSpeaking(door, { maxVersion: 'TLSv1.2' });
      const socket = connection.socket as TLSSocket;
      for (let index = 0; index < RENEGOTIATIONS; index += 1) {
        if (connection.isCut) break;
        await new Promise<void>((resolve) => {
          const wanted = socket.renegotiate({}, () => resolve());
          if (wanted !== true) resolve();
          setTimeout(resolve, RENEGOTIATED_WITHIN_MS);
        });
      }
      return connection;
    },
  },
];

function plain(kind: string, octets: (serverName: string) => Buffer): TlsFlood {
  return {
    kind,
    begin: async (door) => {
      const connection = await connectPlain(door);
      connection.socket.write(octets(door.trust.name));
      return connection;
    },
  };
}

/** Octets that are written below a finished handshake. */
function inside(kind: string, octets: Buffer): TlsFlood {
  return {
    kind,
    begin: async (door) => {
      const connection = await connectSpeaking(door);
      connection.tcp.write(octets);
      return connection;
    },
  };
}

function repeated(octets: Buffer): Buffer {
  return Buffer.concat(Array<Buffer>(FLOOD).fill(octets));
}

function withVersion(hello: Buffer, version: number): Buffer {
  const changed = Buffer.from(hello);
  changed.writeUInt16BE(version, 1);
  changed.writeUInt16BE(version, 9);
  return changed;
}

/** Asks the server for new keys, over and over (RFC 8446 section 4.6.3), by the only client here that can: openssl. */
export async function updateKeys({ endpoint, trust }: Door, times: number): Promise<void> {
  const { address, port, from } = endpoint;
  const args = ['s_client', '-tls1_3', '-servername', trust.name, '-connect', `${address}:${port}`];
  const client = spawn('openssl', from === undefined ? args : [...args, '-bind', `${from}:0`], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  client.stdin.on('error', () => {});
  client.on('error', () => {});
  try {
    await once(client.stdout, 'data', { signal: AbortSignal.timeout(HANDSHAKE_WITHIN_MS) });
    for (let index = 0; index < times && client.exitCode === null; index += 1) {
      client.stdin.write('K\n'); // one command for each read of its input
      await pause(1);
    }
  } catch {
    // it was not let in
  } finally {
    client.kill();
  }
}
