// reliability row 11 the other way round: a DoH upstream that floods us with HTTP/2 frames. Clients are answered by the other
// upstream, memory stays flat, and no such connection is kept for long, even where it answers beside its flood.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { isFull } from '../support/is-full.ts';
import { rssMegabytes } from '../support/machine-figures.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { type HostileDot, startHostileDot } from '../support/peers/hostile-dot.ts';
import { HOSTILE_ADDRESS } from '../support/peers/hostile-upstream.ts';
import {
  FLOOD_NAMES,
  type FloodName,
  type Http2Flooder,
  startHttp2Flooder,
} from '../support/peers/http2-flooder.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { dohEntry } from '../support/upstream-kinds.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

/** Of one connection, which no client has any use for. */
const FLOOD_OCTETS = 1_000_000_000;
/** Less than any connection may bring unasked. */
const SHORT_FLOOD_OCTETS = 16_000;
const FLOODED_FOR_MS = 1_500;
const PAUSE_MS = 20;
/** Of docs/reliability.md. */
const MOST_GROWN_MB = 20;
const CUT_WITHIN_MS = 10_000;
/** Those that cost the most, for the short run. */
const WORST: readonly FloodName[] = ['HPACK bombs', 'GOAWAY'];

const pki = makePki();
const certificate = upstreamCertificate(pki);
let serial = 0;

async function ask(noonmark: Noonmark): Promise<readonly string[]> {
  const { answers } = await noonmark.ask(`f${++serial}.${WILD_ZONE}`);
  await pause(PAUSE_MS);
  return answers;
}

describe('beside an upstream that answers', () => {
  let good: HostileDot;
  let flooder: Http2Flooder;
  let noonmark: Noonmark;

  beforeAll(async () => {
    good = await startHostileDot(certificate);
    flooder = await startHttp2Flooder(certificate, { octets: FLOOD_OCTETS, answers: false });
    const upstreams = [dohEntry(flooder.port, pki.rootFile), upstreamEntry(good.port, pki.rootFile)];
    noonmark = await startNoonmark({ config: { upstreams } });
    while (flooder.flooded === 0) await ask(noonmark); // what a process needs for its first connections is no leak
  });

  afterAll(async () => {
    await noonmark?.stop();
    await flooder?.[Symbol.asyncDispose]();
    await good?.[Symbol.asyncDispose]();
  });

  test.each(isFull ? FLOOD_NAMES : WORST)('a flood of %s harms nobody', async (flood) => {
    flooder.flood = flood;
    const before = rssMegabytes(noonmark.process.pid);
    const [from, floodedBefore] = [performance.now(), flooder.flooded];
    const isDue = (ms: number) => performance.now() - from < ms;
    while (isDue(FLOODED_FOR_MS) || (flooder.flooded === floodedBefore && isDue(CUT_WITHIN_MS)))
      expect(await ask(noonmark)).toEqual([`A ${HOSTILE_ADDRESS}`]);
    expect(flooder.flooded).toBeGreaterThan(floodedBefore);
    expect(rssMegabytes(noonmark.process.pid) - before).toBeLessThan(MOST_GROWN_MB);
    await eventually(() => flooder.ended === flooder.flooded, { withinMs: CUT_WITHIN_MS });
  });
});

/** The second one is short, and too long all the same: interim responses cost as much as requests. */
const BESIDE_ANSWERS: readonly (readonly [FloodName, number])[] = [
  ['windows of one octet', FLOOD_OCTETS],
  ['early hints', SHORT_FLOOD_OCTETS],
  ...(isFull ? ([['unknown frames on a stream', FLOOD_OCTETS]] as const) : []),
];

test.each(BESIDE_ANSWERS)(
  'an upstream that answers beside a flood of %s loses that connection',
  async (flood, octets) => {
    await using flooder = await startHttp2Flooder(certificate, { octets, answers: true });
    flooder.flood = flood;
    await using noonmark = await startNoonmark({
      config: { upstreams: [dohEntry(flooder.port, pki.rootFile)] },
    });
    await eventually(async () => (await ask(noonmark)) && flooder.ended > 0, { withinMs: CUT_WITHIN_MS });
  },
);
