// Row 20 of the wrong things that an upstream does: what HTTP lets a DoH upstream do with a request.

import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { reset } from './hostile-upstream.ts';
import type { HttpWrong, Requested, Sees } from './wrongs-vocabulary.ts';

export const ELSEWHERE = '/elsewhere';
const DNS_MESSAGE = 'application/dns-message';
const STATUS = ':status';
/** One more than a DNS message can have. */
const TOO_MANY_OCTETS = 65_536;
const CHUNK_OCTETS = 16_384;
/** Far more than anybody should read. */
const ENDLESS_CHUNKS = 2_000;
const EARLY_HINTS = 500;

const wrong = (
  label: string,
  does: string,
  answer: (requested: Requested) => void,
  sees: Sees = 'failed',
): HttpWrong => ({
  ...{ row: 20, label, does, sees, answer },
});

const responding =
  (headers: OutgoingHttpHeaders, body?: (answer: Buffer) => Uint8Array) =>
  ({ stream, answer }: Requested) => {
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE, ...headers });
    stream.end(body === undefined ? answer : body(answer));
  };

const redirect = (status: number) =>
  wrong(
    `redirect-${status}`,
    `a redirect with the status ${status}`,
    responding({ [STATUS]: status, location: ELSEWHERE }),
  );

/** Octets of bodies without end that somebody has taken, or what is between us and them; of this process. */
export const taken = { endlessOctets: 0 };

function sendChunks(stream: Requested['stream'], chunksLeft: number): void {
  if (stream.destroyed || chunksLeft === 0) return;
  stream.write(Buffer.alloc(CHUNK_OCTETS), (error) => {
    if (error) return;
    taken.endlessOctets += CHUNK_OCTETS;
    sendChunks(stream, chunksLeft - 1);
  });
}

export const WRONG_HTTP: readonly HttpWrong[] = [
  ...[301, 302, 303, 307, 308].map(redirect),
  wrong(
    'redirect-abroad',
    'a redirect to another host, in plain text',
    responding({ [STATUS]: 307, location: 'http://127.0.0.2/' }),
  ),
  wrong('endless', 'a body without end', ({ stream }) => {
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE });
    sendChunks(stream, ENDLESS_CHUNKS);
  }),
  wrong(
    'too-long',
    'a body of 65,536 octets',
    responding({}, (answer) => Buffer.concat([answer, Buffer.alloc(TOO_MANY_OCTETS - answer.length)])),
  ),
  wrong(
    'gzip',
    'a compressed body, though nobody takes one',
    responding({ 'content-encoding': 'gzip' }, gzipSync),
  ),
  wrong(
    'gzip-bomb',
    'ten megabytes of nothing, compressed',
    responding({ 'content-encoding': 'gzip' }, () => gzipSync(Buffer.alloc(10_000_000))),
  ),
  wrong(
    'wrong-content-type',
    'a right answer called a web page',
    responding({ 'content-type': 'text/html' }),
  ),
  wrong('no-content-type', 'a right answer without a content type', ({ stream, answer }) => {
    stream.respond({ [STATUS]: 200 });
    stream.end(answer);
  }),
  ...[204, 400, 404, 429, 500, 503].map((status) =>
    wrong(
      `status-${status}`,
      `the status ${status}`,
      responding({ [STATUS]: status, 'retry-after': '3600' }, () => Buffer.alloc(0)),
    ),
  ),
  wrong(
    'empty-body',
    'an empty body',
    responding({}, () => Buffer.alloc(0)),
  ),
  wrong('stream-reset', 'resets the stream', ({ stream }) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)),
  wrong('stream-refused', 'refuses the stream', ({ stream }) =>
    stream.close(constants.NGHTTP2_REFUSED_STREAM),
  ),
  wrong('cut-body', 'half a body, then resets the stream', ({ stream, answer }) => {
    stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE, 'content-length': answer.length });
    stream.write(answer.subarray(0, 20), () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
  }),
  wrong(
    'short-length',
    'a content length of less than there is',
    ({ stream, answer }) => {
      stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE, 'content-length': 5 });
      stream.end(answer);
    },
    'either',
  ),
  wrong(
    'set-cookie',
    'the right answer with cookies',
    responding({ 'set-cookie': ['who=you; Path=/', 'a=b'] }),
    'right',
  ),
  wrong(
    'trailers',
    'the right answer with trailers',
    ({ stream, answer }) => {
      stream.respond({ [STATUS]: 200, 'content-type': DNS_MESSAGE }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-poison': 'yes' }));
      stream.end(answer);
    },
    'right',
  ),
  wrong(
    'large-headers',
    'the right answer under headers of 60 kB',
    responding({ 'x-large': 'x'.repeat(60_000) }),
    'either',
  ),
  wrong(
    'many-headers',
    'the right answer under two hundred headers',
    responding(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'x']))),
    'either',
  ),
  wrong(
    'early-hints',
    'five hundred early hints, then the right answer',
    ({ stream, answer }) => {
      for (let sent = 0; sent < EARLY_HINTS; sent += 1)
        stream.additionalHeaders({ [STATUS]: 103, link: '</style>' });
      responding({})({ stream, answer } as Requested);
    },
    'either',
  ),
  wrong('age', 'the right answer, said to be a hundred years old', responding({ age: '999999999' }), 'right'),
];

/** Row 14 over DoH: what becomes of the connection under a request. */
const ended = (label: string, does: string, answer: (requested: Requested) => void): HttpWrong => ({
  ...{ row: 14, label, does, sees: 'failed', answer },
});

export const ENDED_HTTP: readonly HttpWrong[] = [
  ended('goaway', 'is done with the connection (GOAWAY)', ({ session }) =>
    session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM, 0),
  ),
  ended('http-closes', 'closes the connection', ({ socket }) => socket.end()),
  ended('http-resets', 'resets the connection', ({ socket }) => reset(socket)),
  ended('http-noise', 'noise in place of frames', ({ socket }) => socket.write(Buffer.alloc(3_000, 0xa5))),
  ended('http-silence', 'nothing at all', () => {}),
];
