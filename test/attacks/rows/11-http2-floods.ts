// Row 11, floods: frames of which any number is legal and none does anything (CVE-2019-9512, 9515, 9518 and their
// kin), and header blocks that end late or never (CVE-2024-27983 and the CONTINUATION flood of 2024).

import { pause } from '../../support/eventually.ts';
import {
  continuation,
  data,
  frame,
  goaway,
  headerBlock,
  headers,
  literal,
  MAX_PAYLOAD_OCTETS,
  ping,
  priority,
  rstStream,
  SETTING,
  SETTINGS_ACK,
  settings,
  windowUpdate,
} from '../../support/peers/http2-frames.ts';
import { requestFields } from '../../support/peers/raw-http2.ts';
import { flood, floodInStep, type Http2Attack, MOST_OCTETS, many, SETTLE_MS } from './11-http2-attack.ts';

const AUTHORITY = 'dns.example';
/** The last type that no standard has given away, and none will for long. */
const UNKNOWN_TYPE = 0xee;
/** Pad Length is one octet (RFC 9113 section 6.1). */
const MOST_PADDING = 255;

/** Few enough to be acknowledged without a queue: servers end connections with a thousand acknowledgements in it. */
const STEP_OCTETS = 8_000;
const PROBE_MS = 100;

const REQUEST = headerBlock(requestFields(AUTHORITY));
/** A request whose body is on its way. */
const OPEN_REQUEST = headers(1, REQUEST);

/** The same frame over and over, after what has to come first. */
function floodOf(name: string, one: Uint8Array, first?: Uint8Array): Http2Attack {
  return {
    name,
    must: 'close',
    async play(peer) {
      if (first !== undefined) await peer.write(first);
      await flood(peer, () => many(one));
    },
  };
}

/** Whoever reads nothing learns only from a write that fails that the server has hung up. */
function unreadFloodOf(name: string, one: Uint8Array): Http2Attack {
  return {
    name,
    must: 'close',
    settleMs: 0,
    async play(peer) {
      peer.stopReading();
      await flood(peer, () => many(one));
      for (let waitedMs = 0; waitedMs < SETTLE_MS && !peer.isClosed; waitedMs += PROBE_MS) {
        await pause(PROBE_MS);
        await peer.write(one);
      }
    },
  };
}

/** Of one octet each, as many as go into 16 kB; or of one large field. */
const TINY_FIELDS = headerBlock(Array.from({ length: 2_700 }, () => ['a', 'b'] as const));
const LARGE_FIELD = literal(['x-large', 'v'.repeat(MAX_PAYLOAD_OCTETS - 20)]);

export const FLOODS: readonly Http2Attack[] = [
  floodOf('SETTINGS flood', settings()),
  floodOf(
    'SETTINGS flood that moves a table to and fro',
    Buffer.concat([settings([[SETTING.headerTableSize, 0]]), settings([[SETTING.headerTableSize, 4096]])]),
  ),
  floodOf('SETTINGS of a thousand entries', settings(Array.from({ length: 1000 }, () => [0x99, 1] as const))),
  floodOf('flood of acknowledged SETTINGS', SETTINGS_ACK),
  floodOf('PING flood', ping()),
  floodOf('PING flood of acknowledgements', ping(0, true)),
  unreadFloodOf('PING flood that reads nothing', ping()),
  unreadFloodOf('SETTINGS flood that reads nothing', settings()),
  {
    name: 'PING flood that waits for its acknowledgements',
    must: 'close',
    play: (peer) => floodInStep(peer, () => many(ping(), STEP_OCTETS), MOST_OCTETS / STEP_OCTETS),
  },
  floodOf('empty DATA flood', data(1), OPEN_REQUEST),
  floodOf('flood of DATA that is padding', data(1, undefined, { padding: MOST_PADDING }), OPEN_REQUEST),
  floodOf('PRIORITY flood on one stream', priority(1), OPEN_REQUEST),
  {
    name: 'PRIORITY flood on idle streams, each on the one before',
    must: 'close',
    play: (peer) =>
      flood(peer, (turn) =>
        Buffer.concat(Array.from({ length: 1000 }, (_, at) => idlePriority(1000 * turn + at))),
      ),
  },
  floodOf('WINDOW_UPDATE flood', windowUpdate(0, 1)),
  floodOf('WINDOW_UPDATE flood on a stream', windowUpdate(1, 1), OPEN_REQUEST),
  floodOf('flood of unknown frames', frame(UNKNOWN_TYPE, 0, 0)),
  floodOf(
    'flood of unknown frames on a stream',
    frame(UNKNOWN_TYPE, 0xff, 1, Buffer.alloc(100)),
    OPEN_REQUEST,
  ),
  floodOf('GOAWAY flood', goaway(0)),
  {
    name: 'RST_STREAM flood on a closed stream',
    must: 'close',
    async play(peer) {
      await peer.write(Buffer.concat([OPEN_REQUEST, rstStream(1)]));
      await flood(peer, () => many(rstStream(1)));
    },
  },
  floodOf('CONTINUATION flood', continuation(1, TINY_FIELDS), headers(1, REQUEST, { endHeaders: false })),
  floodOf(
    'CONTINUATION flood of large fields',
    continuation(1, LARGE_FIELD),
    headers(1, REQUEST, { endHeaders: false }),
  ),
  floodOf(
    'CONTINUATION flood of nothing',
    continuation(1, Buffer.alloc(0)),
    headers(1, REQUEST, { endHeaders: false }),
  ),
];

function idlePriority(nth: number): Buffer {
  return priority(2 * nth + 3, 2 * nth + 1);
}
