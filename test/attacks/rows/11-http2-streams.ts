// Row 11, streams: many that are begun and never ended as they should, by either side's reset (rapid reset,
// CVE-2023-44487; MadeYouReset, CVE-2025-8671); header lists that unfold in memory (CVE-2016-6581, CVE-2019-9516); answers
// that are taken by the octet or not at all (CVE-2019-9511, 9517).

import { makeQuery } from '../../support/dns-message.ts';
import { INTERNAL_NAME } from '../../support/noonmark.ts';
import {
  continuation,
  data,
  ERROR,
  type Field,
  goaway,
  headerBlock,
  headers,
  indexed,
  literal,
  MAX_PAYLOAD_OCTETS,
  MAX_WINDOW_OCTETS,
  rstStream,
  SETTING,
  settings,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';
import { requestFields } from '../../support/peers/raw-http2.ts';
import { CUT_WITHIN_MS, flood, floodInStep, type Http2Attack } from './11-http2-attack.ts';

/** The row's own: "resets before 5,000 streams". */
const MOST_RESETS = 5_000;
const STREAMS_A_TURN = 100;
const DEFAULT_WINDOW_OCTETS = 65_535;
/** Fills the dynamic table of 4,096 octets, 32 of which are overhead (RFC 7541 section 4.1). */
const BOMB_FIELD_OCTETS = 4_000;
/** As many as fit into the frame beside it: 48 MB of fields in 16 kB. */
const BOMB_REFERENCES = 12_000;
const BOMBS = 20;
/** RFC 7541 section 2.3.3: the youngest entry of the dynamic table. */
const YOUNGEST = 62;

const AUTHORITY = 'dns.example';
const REQUEST = headerBlock(requestFields(AUTHORITY));
const QUERY = makeQuery(INTERNAL_NAME, 'A', { id: 0 });

const nthStream = (nth: number) => 2 * nth + 1;

/** Streams that end before their time, a hundred at once, for as long as the server bears it. */
function resets(name: string, onStream: (stream: number) => readonly Uint8Array[]): Http2Attack {
  return {
    name,
    must: 'close',
    settleMs: 0,
    play: (peer) =>
      floodInStep(
        peer,
        (turn) =>
          Buffer.concat(
            Array.from({ length: STREAMS_A_TURN }, (_, at) =>
              onStream(nthStream(turn * STREAMS_A_TURN + at)),
            ).flat(),
          ),
        MOST_RESETS / STREAMS_A_TURN,
      ),
  };
}

const RESETS: readonly Http2Attack[] = [
  resets('rapid reset', (stream) => [headers(stream, REQUEST), rstStream(stream)]),
  resets('rapid reset of whole requests', (stream) => [
    headers(stream, REQUEST),
    data(stream, QUERY, { endStream: true }),
    rstStream(stream, ERROR.none),
  ]),
  resets('made to reset: a window update of nothing', (stream) => [
    headers(stream, REQUEST),
    windowUpdate(stream, 0),
  ]),
  resets('made to reset: a window that overflows', (stream) => [
    headers(stream, REQUEST),
    windowUpdate(stream, MAX_WINDOW_OCTETS),
  ]),
  resets('made to reset: DATA after the end', (stream) => [
    headers(stream, REQUEST, { endStream: true }),
    data(stream, QUERY),
  ]),
  resets('made to reset: HEADERS after the end', (stream) => [
    headers(stream, REQUEST, { endStream: true }),
    headers(stream, REQUEST, { endStream: true }),
  ]),
  resets('made to reset: a length that is not the body’s', (stream) => [
    headers(stream, headerBlock(requestFields(AUTHORITY, [['content-length', '1']]))),
    data(stream, QUERY, { endStream: true }),
  ]),
  resets('made to reset: no request at all', (stream) => [headers(stream, headerBlock([[':path', 'x']]))]),
];

/** Requests with more or other fields than anybody needs, one after another. */
function requests(name: string, times: number, onStream: (stream: number) => Uint8Array): Http2Attack {
  return {
    name,
    must: 'close or serve',
    play: (peer) => floodInStep(peer, (turn) => onStream(nthStream(turn)), times),
  };
}

function bomb(stream: number): Buffer {
  const block = Buffer.concat([
    REQUEST,
    literal(['x-bomb', 'b'.repeat(BOMB_FIELD_OCTETS)], true),
    Buffer.concat(Array.from({ length: BOMB_REFERENCES }, () => indexed(YOUNGEST))),
  ]);
  return headers(stream, block, { endStream: true });
}

/** A header block that ends, in as many frames as it takes. */
function inFrames(stream: number, block: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = MAX_PAYLOAD_OCTETS; at < block.length; at += MAX_PAYLOAD_OCTETS) {
    const end = at + MAX_PAYLOAD_OCTETS;
    pieces.push(continuation(stream, block.subarray(at, end), end >= block.length));
  }
  const first = headers(stream, block.subarray(0, MAX_PAYLOAD_OCTETS), {
    endStream: true,
    endHeaders: pieces.length === 0,
  });
  return Buffer.concat([first, ...pieces]);
}

function withFields(more: readonly Field[]): Buffer {
  return headerBlock(requestFields(AUTHORITY, more));
}

const FIELDS: readonly Http2Attack[] = [
  requests('HPACK bomb', BOMBS, bomb),
  requests('header list of 1 MB', 1, (stream) =>
    inFrames(stream, withFields(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'v'.repeat(10_000)]))),
  ),
  requests('thousands of tiny fields', BOMBS, (stream) =>
    inFrames(stream, withFields(Array.from({ length: 2_500 }, () => ['a', 'b']))),
  ),
  requests('fields without a name', 200, (stream) =>
    inFrames(stream, withFields(Array.from({ length: 100 }, () => ['', '']))),
  ),
  requests('cookies in crumbs', BOMBS, (stream) =>
    inFrames(stream, withFields(Array.from({ length: 1_500 }, () => ['cookie', 'c']))),
  ),
];

/** A hundred questions, and no room for an octet of their answers. */
const INTO_NOTHING = Buffer.concat([
  settings([[SETTING.initialWindowSize, 0]]),
  ...Array.from({ length: 100 }, (_, nth) => [
    headers(nthStream(nth), REQUEST),
    data(nthStream(nth), QUERY, { endStream: true }),
  ]).flat(),
]);

const FLOWS: readonly Http2Attack[] = [
  {
    name: 'a thousand streams at once',
    must: 'close or serve',
    async play(peer) {
      const all = Array.from({ length: 1_000 }, (_, at) => nthStream(at));
      await peer.write(Buffer.concat(all.map((stream) => headers(stream, REQUEST))));
      await peer.inStep();
      await peer.write(Buffer.concat(all.slice(0, 200).map((stream) => rstStream(stream))));
    },
  },
  {
    name: 'answers into a window of nothing',
    must: 'close or serve',
    async play(peer) {
      await peer.write(INTO_NOTHING);
      await peer.inStep();
      await peer.write(settings([[SETTING.initialWindowSize, DEFAULT_WINDOW_OCTETS]]));
    },
  },
  {
    name: 'answers into a window that never opens',
    must: 'close',
    settleMs: CUT_WITHIN_MS,
    isLong: true,
    play: (peer) => peer.write(INTO_NOTHING),
  },
  {
    name: 'answers by the octet',
    must: 'close or serve',
    async play(peer) {
      await peer.write(settings([[SETTING.initialWindowSize, 1]]));
      await peer.write(Buffer.concat([headers(1, REQUEST), data(1, QUERY, { endStream: true })]));
      await flood(peer, () => windowUpdate(1, 1), 13 * 400);
      await peer.write(settings([[SETTING.initialWindowSize, DEFAULT_WINDOW_OCTETS]]));
    },
  },
  {
    name: 'windows that open and close under answers',
    must: 'close',
    async play(peer) {
      await peer.write(settings([[SETTING.initialWindowSize, 0]]));
      await peer.write(Buffer.concat([headers(1, REQUEST), data(1, QUERY, { endStream: true })]));
      await flood(peer, (turn) =>
        Buffer.concat(
          Array.from({ length: 500 }, () => [
            settings([[SETTING.initialWindowSize, turn % 2]]),
            settings([[SETTING.initialWindowSize, 0]]),
          ]).flat(),
        ),
      );
    },
  },
  {
    name: 'a body by the octet',
    must: 'close or serve',
    async play(peer) {
      await peer.write(headers(1, REQUEST));
      for (const [at, octet] of QUERY.entries()) {
        await peer.write(data(1, Buffer.of(octet), { endStream: at === QUERY.length - 1 }));
        await peer.inStep();
      }
    },
  },
  {
    name: 'requests after a farewell',
    must: 'close or serve',
    async play(peer) {
      await peer.write(goaway(0));
    },
  },
];

export const STREAMS: readonly Http2Attack[] = [...RESETS, ...FIELDS, ...FLOWS];
