// What a client offers, read from hellos that node:tls really sends: whole, cut at every octet, in fragments, and from
// octets of any kind.

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { offeredProtocols } from '../../../src/listener/client-hello.ts';
import { SEED } from '../../support/arbitrary-messages.ts';

const HEADER_OCTETS = 5;
const RECORD_OCTETS_MAX = 16_384;

/** The first record that a client of node:tls sends. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  client.on('error', () => {});
  const [socket] = await once(server, 'connection');
  let octets = Buffer.alloc(0);
  for await (const piece of socket) {
    octets = Buffer.concat([octets, piece]);
    if (octets.length >= HEADER_OCTETS && octets.length >= HEADER_OCTETS + octets.readUInt16BE(3)) break;
  }
  client.destroy();
  server.close();
  return octets;
}

/** The same handshake octets, in records of at most `octetsMax`. */
function inRecords(hello: Buffer, octetsMax: number): Buffer {
  const records: Buffer[] = [];
  for (let at = HEADER_OCTETS; at < hello.length; at += octetsMax) {
    const part = hello.subarray(at, at + octetsMax);
    records.push(Buffer.of(22, 3, 1, part.length >> 8, part.length & 0xff), part);
  }
  return Buffer.concat(records);
}

/** A record around a hello with these extensions, as it may come from anybody. */
function handMade(...extensions: readonly Buffer[]): Buffer {
  const all = Buffer.concat(extensions);
  const length = (octets: number, size: number) => {
    const written = Buffer.alloc(size);
    written.writeUIntBE(octets, 0, size);
    return written;
  };
  const body = Buffer.concat([
    Buffer.of(3, 3),
    Buffer.alloc(32), // random
    Buffer.of(2, 9, 9), // session
    Buffer.of(0, 2, 0x13, 0x01),
    Buffer.of(2, 5, 0), // compression methods
    length(all.length, 2),
    all,
  ]);
  const hello = Buffer.concat([Buffer.of(1), length(body.length, 3), body]);
  return Buffer.concat([Buffer.of(22, 3, 1), length(hello.length, 2), hello]);
}

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const lists = [['acme-tls/1'], ['h2', 'http/1.1'], ['dot'], ['x'.repeat(255), 'h2'], []];
const names = ['dns.home.example', ''];
const clients = versions.flatMap((version) =>
  lists.flatMap((protocols) => names.map((servername) => ({ version, protocols, servername }))),
);

describe.each(clients)('a hello of $version for "$servername" that offers $protocols', (client) => {
  const { version, protocols, servername } = client;
  const sent = helloOf({
    ...{ minVersion: version, maxVersion: version, servername },
    ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
  });

  it('is read as such, also with more behind it', async () => {
    const hello = await sent;
    expect(offeredProtocols(hello)).toEqual(protocols);
    expect(offeredProtocols(Buffer.concat([hello, hello]))).toEqual(protocols);
  });

  it('is waited for, wherever it is cut', async () => {
    const hello = await sent;
    for (let octets = 0; octets < hello.length; octets += 1)
      expect(offeredProtocols(hello.subarray(0, octets)), `${octets} octets`).toBeNull();
  });

  it('offers nothing that it does not offer, wherever its record ends too soon', async () => {
    const hello = await sent;
    for (let octets = 0; octets < hello.length - HEADER_OCTETS; octets += 1) {
      const cut = Buffer.from(hello.subarray(0, HEADER_OCTETS + octets));
      cut.writeUInt16BE(octets, 3);
      const found = offeredProtocols(cut);
      expect(found, `${octets} octets`).not.toBeNull();
      if (!protocols.includes('acme-tls/1')) expect(found).not.toContain('acme-tls/1');
    }
  });
});

it('in fragments offers what its first record shows, and no CA writes such', async () => {
  const hello = await helloOf({ ALPNProtocols: ['acme-tls/1'], servername: 'dns.home.example' });
  expect(offeredProtocols(inRecords(hello, RECORD_OCTETS_MAX))).toEqual(['acme-tls/1']);
  for (const octetsMax of [1, 16, 43]) expect(offeredProtocols(inRecords(hello, octetsMax))).toEqual([]);
});

const ALPN = (list: Buffer) => Buffer.concat([Buffer.of(0, 16, list.length >> 8, list.length & 0xff), list]);
const acme = Buffer.concat([Buffer.of(0, 11, 10), Buffer.from('acme-tls/1')]);

describe('octets that are no hello', () => {
  it.each<[string, Buffer]>([
    ['HTTP in plaintext', Buffer.from('GET / HTTP/1.1\r\n')],
    ['one octet of another record', Buffer.of(21)],
    ['an alert', Buffer.of(21, 3, 1, 0, 2, 1, 0)],
    ['another handshake message', Buffer.of(22, 3, 1, 0, 4, 2, 0, 0, 0)],
    ['an empty record', Buffer.of(22, 3, 1, 0, 0)],
    ['a record that is longer than any', Buffer.of(22, 3, 1, 0x40, 1)],
    ['a hello without extensions', handMade()],
    ['a list without entries', handMade(ALPN(Buffer.of(0, 0)))],
    ['an ALPN extension without a list', handMade(ALPN(Buffer.alloc(0)))],
    ['an extension that goes on behind the end', handMade(Buffer.of(0, 1, 0xff, 0xff))],
  ])('%s: nothing is offered, and nothing waited for', (_what, octets) => {
    expect(offeredProtocols(octets)).toEqual([]);
  });

  it('made by hand is read like others', () => {
    expect(offeredProtocols(handMade(Buffer.of(0, 1, 0, 0), ALPN(acme)))).toEqual(['acme-tls/1']);
  });
});

describe('octets of any kind', () => {
  const anyOctets = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .uint8Array({ maxLength: 400 })
      .map((body) => Buffer.of(22, 3, 1, body.length >> 8, body.length & 0xff, ...body)),
    fc.uint8Array({ maxLength: 400 }).map((list) => handMade(ALPN(Buffer.from(list)))),
    fc
      .tuple(fc.nat({ max: 71 }), fc.integer({ min: 0, max: 255 }))
      .map(([at, value]) => handMade(ALPN(acme)).fill(value, at, at + 1)),
  );

  it('never throw, and a record that has come is never waited for', () => {
    fc.assert(
      fc.property(anyOctets, (octets) => {
        const found = offeredProtocols(octets);
        const isWhole =
          octets.length >= HEADER_OCTETS && octets.length >= HEADER_OCTETS + (octets[3]! << 8) + octets[4]!;
        if (isWhole) expect(found).not.toBeNull();
        expect(
          offeredProtocols(Buffer.concat([octets, Buffer.alloc(HEADER_OCTETS + 2 ** 16)])),
        ).not.toBeNull();
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it('give at most as many protocols as there are octets in the longest record', () => {
    const list = Buffer.alloc(RECORD_OCTETS_MAX - 60);
    expect(offeredProtocols(handMade(ALPN(list)))!.length).toBeLessThan(RECORD_OCTETS_MAX);
    const extensions = Array.from({ length: 4000 }, () => Buffer.of(0xff, 1, 0, 0));
    expect(offeredProtocols(handMade(...extensions))).toEqual([]);
  });
});
