// An upstream gets a new certificate under load and closes what stood under the old one, as every upstream does every few
// weeks: no client notices. One that nobody vouches for is not talked to, and the right one is taken up again.

import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { isFull } from '../support/is-full.ts';
import { startNoonmark } from '../support/noonmark.ts';
import { UPSTREAM_KINDS } from '../support/upstream-kinds.ts';
import { makePki, UPSTREAM_NAME, upstreamCertificate } from '../support/upstreams.ts';
import { BACK_WITHIN_MS, complaintsOf, Household, worldBackAfterMs } from './household.ts';

/** Between two rotations. */
const PAUSE_MS = 400;
const ROTATIONS = isFull ? 20 : 3;
/** What it had heard already, before its connections were dropped, has been written down by then. */
const SETTLING_MS = 100;
const FOREIGN_MS = 1_000;
/** Most of the time a question is under way, and so is one when the connections are closed. */
const DELAY_MS = 80;

async function shownAt(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername: UPSTREAM_NAME, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

test.concurrent.each(UPSTREAM_KINDS)(
  'A $name upstream whose certificate is rotated under load costs no client its answer',
  async (kind) => {
    const pki = makePki();
    const behaviour = { delayMs: DELAY_MS };
    await using upstream = await kind.startHostile({ ...upstreamCertificate(pki), behaviour });
    await using noonmark = await startNoonmark({
      config: { upstreams: [kind.entry(upstream.port, pki.rootFile)] },
    });
    const household = new Household({ open: (transport) => noonmark.open(transport), label: 'rotated' });
    await household.settled();
    const fromMs = household.nowMs;
    const shown = new Set([await shownAt(upstream.port)]);
    for (let rotation = 0; rotation < ROTATIONS; rotation += 1) {
      upstream.show(upstreamCertificate(pki));
      upstream.dropConnections();
      await pause(PAUSE_MS);
      shown.add(await shownAt(upstream.port));
    }
    expect(shown.size).toBe(ROTATIONS + 1);
    const nowMs = household.nowMs;
    await household.settled(nowMs);

    upstream.show(upstreamCertificate(makePki()));
    upstream.dropConnections();
    await pause(SETTLING_MS);
    const asked = upstream.names.length;
    await pause(FOREIGN_MS);
    expect(upstream.names.length).toBe(asked);
    upstream.show(upstreamCertificate(pki));
    const overMs = household.nowMs;
    await household.settled(overMs);

    const all = await household.finish();
    expect(complaintsOf(all, {}, fromMs)).toEqual([]);
    expect(all.filter(({ atMs, isRight }) => atMs > fromMs && atMs < nowMs && !isRight)).toEqual([]);
    expect(worldBackAfterMs(all, overMs)).toBeLessThan(BACK_WITHIN_MS);
  },
);
