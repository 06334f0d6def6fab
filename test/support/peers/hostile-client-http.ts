// HTTP/1.1 as a hostile client of DoH writes it (RFC 8484, RFC 9110, RFC 9112): octet for octet, since no library would send
// it. Each says which statuses fit; where the message still has an end, a good request on the same connection must work after it.

import { makeQuery } from '../dns-message.ts';
import { INTERNAL_NAME } from '../noonmark.ts';
import { connectSpeaking, type Door } from './hostile-client.ts';

const QUERY = makeQuery(INTERNAL_NAME, 'A', { id: 0 });
const IN_URL = `/dns-query?dns=${QUERY.toString('base64url')}`;
const TYPE = 'content-type: application/dns-message';
const HOST = 'host: dns.house.example';
const TOO_LONG_OCTETS = 70_000;
const PIPELINED = 50;
const ANSWERED_WITHIN_MS = 3_000;
/** Pieces of what never ends, each as big as a small write; sent until the server has had enough. */
const ENDLESS_PIECES = 200;
const PIECE = `3e8\r\n${'x'.repeat(1000)}\r\n`;

export interface HttpAbuse {
  readonly kind: string;
  readonly octets: string | Buffer;
  /** Of the first final response; none: it is cut without one, which always may be where the message has no end. */
  readonly statuses: readonly number[];
  /** Nobody can tell where the next request begins: the connection may be closed. */
  readonly mayCut?: true;
  /** Final responses that are due; default one. */
  readonly responses?: number;
}

const get = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\n${[HOST, ...fields].join('\r\n')}\r\n\r\n`;
const posted = (fields: readonly string[], body: string | Buffer = QUERY) =>
  Buffer.concat([
    Buffer.from(`POST /dns-query HTTP/1.1\r\n${[HOST, ...fields].join('\r\n')}\r\n\r\n`, 'latin1'),
    Buffer.from(body as Buffer),
  ]);
const lengthOf = (body: string | Buffer) => `content-length: ${body.length}`;
const method = (name: string) => `${name} /dns-query HTTP/1.1\r\n${HOST}\r\ncontent-length: 0\r\n\r\n`;

/** Wrong, and as whole as any request: its status, and the connection goes on. */
const WRONG: readonly HttpAbuse[] = [
  { kind: 'base64 that is not base64url', octets: get(`${IN_URL}+/w`), statuses: [400] },
  { kind: 'base64url with padding', octets: get(`${IN_URL}==`), statuses: [400] },
  { kind: 'base64url of impossible length', octets: get('/dns-query?dns=AAAAA'), statuses: [400] },
  { kind: 'percent-encoded octets as the query', octets: get('/dns-query?dns=%00%ff'), statuses: [400] },
  { kind: 'an empty parameter', octets: get('/dns-query?dns='), statuses: [400] },
  { kind: 'no parameter', octets: get('/dns-query'), statuses: [400, 404, 415] },
  {
    kind: 'parameters of JavaScript',
    octets: get('/dns-query?__proto__=1&constructor=2'),
    statuses: [400, 404],
  },
  { kind: 'another path', octets: get('/etc/passwd'), statuses: [404, 400] },
  { kind: 'a path that climbs', octets: get('/dns-query/../../etc/passwd'), statuses: [404, 400] },
  { kind: '70 kB that are announced', octets: tooLong(), statuses: [413, 400] },
  { kind: 'an empty body', octets: posted([TYPE, lengthOf('')], ''), statuses: [400] },
  { kind: 'a body that is no query', octets: posted([TYPE, lengthOf('no DNS')], 'no DNS'), statuses: [400] },
  { kind: 'no type', octets: posted([lengthOf(QUERY)]), statuses: [415, 400] },
  {
    kind: 'another type',
    octets: posted(['content-type: text/html', lengthOf(QUERY)]),
    statuses: [415, 400],
  },
  ...['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'].map((name) => ({
    kind: `method ${name}`,
    octets: method(name),
    statuses: [405, 400, 404, 501],
  })),
];

/** Odd, and allowed. */
const ODD: readonly HttpAbuse[] = [
  { kind: 'an absolute target', octets: get(`https://dns.house.example${IN_URL}`), statuses: [200] },
  {
    kind: 'a field called __proto__',
    octets: get(IN_URL, '__proto__: x', 'constructor: y'),
    statuses: [200],
  },
  {
    kind: 'the wish for another protocol',
    octets: get(IN_URL, 'connection: upgrade', 'upgrade: h2c'),
    statuses: [200],
  },
  {
    kind: 'the wish to be told to go on',
    octets: posted([TYPE, lengthOf(QUERY), 'expect: 100-continue']),
    statuses: [200],
  },
  { kind: 'an expectation that nobody has', octets: get(IN_URL, 'expect: miracles'), statuses: [417, 200] },
  {
    kind: 'fifty requests at once',
    octets: get(IN_URL).repeat(PIPELINED),
    statuses: [200],
    responses: PIPELINED,
  },
  { kind: 'a body in chunks of one octet', octets: inChunks(1), statuses: [200] },
  {
    kind: 'three hundred fields',
    octets: get(IN_URL, ...Array<string>(300).fill('a: b')),
    statuses: [200, 431],
    mayCut: true,
  },
];

/** Nobody can say for sure where it ends: smuggling (RFC 9112 section 11.2) and its kin. */
const AMBIGUOUS: readonly HttpAbuse[] = [
  {
    kind: 'a length and chunks',
    octets: posted([TYPE, lengthOf(QUERY), 'transfer-encoding: chunked'], '0\r\n\r\n'),
    statuses: [400],
    mayCut: true,
  },
  {
    kind: 'two lengths',
    octets: posted([TYPE, lengthOf(QUERY), 'content-length: 3']),
    statuses: [400],
    mayCut: true,
  },
  {
    kind: 'a list of lengths',
    octets: posted([TYPE, `content-length: ${QUERY.length}, 3`]),
    statuses: [400],
    mayCut: true,
  },
  {
    kind: 'a length below zero',
    octets: posted([TYPE, 'content-length: -1']),
    statuses: [400],
    mayCut: true,
  },
  {
    kind: 'a length beyond all numbers',
    octets: posted([TYPE, `content-length: ${'9'.repeat(40)}`]),
    statuses: [400, 413],
    mayCut: true,
  },
  {
    kind: 'an unknown transfer coding',
    octets: posted([TYPE, 'transfer-encoding: xchunked'], '0\r\n\r\n'),
    statuses: [400, 501],
    mayCut: true,
  },
  {
    kind: 'chunked, and then something else',
    octets: posted([TYPE, 'transfer-encoding: chunked, identity'], '0\r\n\r\n'),
    statuses: [400, 501],
    mayCut: true,
  },
  {
    kind: 'a chunk whose size is no number',
    octets: posted([TYPE, 'transfer-encoding: chunked'], 'zz\r\nxx\r\n'),
    statuses: [400],
    mayCut: true,
  },
  {
    kind: 'a chunk beyond all numbers',
    octets: posted([TYPE, 'transfer-encoding: chunked'], `${'f'.repeat(17)}\r\nxx\r\n`),
    statuses: [400, 413],
    mayCut: true,
  },
  {
    kind: 'a chunk with an endless extension',
    octets: posted([TYPE, 'transfer-encoding: chunked'], `1;${'a'.repeat(TOO_LONG_OCTETS)}`),
    statuses: [400, 413, 431],
    mayCut: true,
  },
  {
    kind: 'lines that end in LF alone',
    octets: get(IN_URL).replaceAll('\r', ''),
    statuses: [400, 200],
    mayCut: true,
  },
  { kind: 'a folded field', octets: get(IN_URL, 'a: b\r\n c'), statuses: [400, 200], mayCut: true },
  {
    kind: 'a space before the colon',
    octets: get(IN_URL, 'content-length : 5'),
    statuses: [400],
    mayCut: true,
  },
  { kind: 'NUL in a field', octets: get(IN_URL, 'a: b\0c'), statuses: [400, 200], mayCut: true },
  { kind: 'no host', octets: `GET ${IN_URL} HTTP/1.1\r\n\r\n`, statuses: [400, 200], mayCut: true },
  { kind: 'two hosts', octets: get(IN_URL, 'host: elsewhere'), statuses: [400, 200], mayCut: true },
  { kind: 'HTTP/0.9', octets: `GET ${IN_URL}\r\n\r\n`, statuses: [200, 400, 505], mayCut: true },
  { kind: 'HTTP/1.0', octets: get(IN_URL).replace('1.1', '1.0'), statuses: [200, 400, 505], mayCut: true },
  {
    kind: 'HTTP/2.0 in words',
    octets: get(IN_URL).replace('1.1', '2.0'),
    statuses: [400, 505, 200],
    mayCut: true,
  },
  { kind: 'HTTP/9.9', octets: get(IN_URL).replace('1.1', '9.9'), statuses: [400, 505, 200], mayCut: true },
  {
    kind: 'the preface of HTTP/2',
    octets: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    statuses: [400, 405, 505],
    mayCut: true,
  },
  { kind: 'a method that nobody knows', octets: method('BREW'), statuses: [400, 405, 501], mayCut: true },
  {
    kind: 'CONNECT',
    octets: `CONNECT 127.0.0.1:25 HTTP/1.1\r\n${HOST}\r\n\r\n`,
    statuses: [400, 404, 405, 501],
    mayCut: true,
  },
  { kind: 'noise', octets: Buffer.alloc(1_000, 0xa5), statuses: [400], mayCut: true },
];

/** More than anybody has to take. */
const FLOODS: readonly HttpAbuse[] = [
  {
    kind: 'a URL of 70 kB',
    octets: get(`/dns-query?dns=${'A'.repeat(TOO_LONG_OCTETS)}`),
    statuses: [400, 413, 414, 431],
    mayCut: true,
  },
  {
    kind: 'a method of 70 kB',
    octets: `${'A'.repeat(TOO_LONG_OCTETS)} / HTTP/1.1\r\n\r\n`,
    statuses: [400, 414, 431, 501],
    mayCut: true,
  },
  {
    kind: 'a field of 70 kB',
    octets: get(IN_URL, `a: ${'b'.repeat(TOO_LONG_OCTETS)}`),
    statuses: [400, 413, 431],
    mayCut: true,
  },
  {
    kind: '10,000 fields',
    octets: get(IN_URL, ...Array<string>(10_000).fill('a: b')),
    statuses: [400, 413, 431],
    mayCut: true,
  },
  {
    kind: 'a body in chunks without an end',
    octets: posted([TYPE, 'transfer-encoding: chunked'], PIECE.repeat(ENDLESS_PIECES)),
    statuses: [413, 400],
    mayCut: true,
  },
  {
    kind: 'a body of 1 GB announced',
    octets: posted([TYPE, 'content-length: 1000000000'], PIECE.repeat(ENDLESS_PIECES)),
    statuses: [413, 400],
    mayCut: true,
  },
];

export const HTTP_ABUSES: readonly HttpAbuse[] = [...WRONG, ...ODD, ...AMBIGUOUS, ...FLOODS];

/** Tries one over HTTP/1.1 on a connection of its own; a sentence for each thing that does not fit. */
export async function tryAbuse(abuse: HttpAbuse, door: Door): Promise<readonly string[]> {
  const { kind, octets, statuses, mayCut = false, responses = 1 } = abuse;
  const connection = await connectSpeaking(door);
  try {
    connection.socket.write(octets);
    const isDone = (received: Buffer) => finalStatuses(received).length >= responses;
    await connection.receives(isDone, ANSWERED_WITHIN_MS);
    const got = finalStatuses(connection.received);
    const wrong = got.find((status) => !statuses.includes(status));
    if (wrong !== undefined) return [`${kind}: status ${wrong}, not ${statuses.join(' or ')}`];
    if (got.length < responses)
      return mayCut && connection.isCut ? [] : [`${kind}: ${got.length} of ${responses} responses`];
    if (mayCut) return [];
    connection.socket.write(get(IN_URL));
    const isAnswered = await connection.receives(
      (received) => finalStatuses(received).length > responses && finalStatuses(received).at(-1) === 200,
      ANSWERED_WITHIN_MS,
    );
    return isAnswered ? [] : [`${kind}: a good request after it gets no answer`];
  } finally {
    connection.leave();
  }
}

function finalStatuses(received: Buffer): number[] {
  const heads = received.toString('latin1').matchAll(/HTTP\/1\.[01] (\d{3})/g);
  return [...heads].map(([, status]) => Number(status)).filter((status) => status >= 200);
}

function tooLong(): Buffer {
  const body = 'x'.repeat(TOO_LONG_OCTETS);
  return posted([TYPE, lengthOf(body)], body);
}

function inChunks(octets: number): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0; at < QUERY.length; at += octets) {
    const piece = QUERY.subarray(at, at + octets);
    chunks.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return posted([TYPE, 'transfer-encoding: chunked'], Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')]));
}
