// The configured upstreams as they are built: what the strict and the relaxed ones share, and what they must not.

import { rmSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';
import type { UpstreamConfig } from '../../../src/config/config.ts';
import { Query } from '../../../src/dns/query.ts';
import { createTlsConnector } from '../../../src/tls/connect.ts';
import { CaFileUnusable, TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { createPools, type Pools } from '../../../src/upstream/pools.ts';
import { buildUpstreamQuery } from '../../../src/upstream/upstream-query.ts';
import { makeQuery, readReply } from '../../support/dns-message.ts';
import { exchangeOver } from '../../support/late.ts';
import { HOSTILE_ADDRESS, startHostileDot } from '../../support/peers/hostile-dot.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAME = 'dns.example';
const DEADLINE_MS = 4500;
const log = { debug() {}, info() {}, warn() {}, error() {} };

let pools: Pools | null = null;
afterEach(() => {
  pools?.upstreams.close();
  pools?.relaxed.close();
  pools = null;
});

const configOf = (port: number, caFile: string | null): UpstreamConfig => ({
  ...{ url: `tls://${NAME}:${port}`, protocol: 'tls', path: '', serverName: NAME, port },
  ...{ addresses: [], caFile, pins: [] },
});

/** Upstreams whose addresses the test has, and what is said of these. */
function create(configs: readonly UpstreamConfig[], clock = new SimulatedClock()) {
  const said: string[] = [];
  const whereabouts = {
    ...{ addresses: ['127.0.0.1'], problem: '' },
    reached: (address: string) => void said.push(`reached ${address}`),
    missed: () => void said.push('missed'),
  };
  pools = createPools({
    ...{ configs, clock, log, addresses: { of: () => whereabouts } },
    ...{ tls: createTlsConnector({ clock }), onRecovery() {} },
  });
  return { pools, said, whereabouts };
}

const freshPki = () => createPki(temporaryDirectory('pools'), { at: new SimulatedClock().now().epochMs });

it('a CA file is read once, however many upstreams name it, and the public roots are shared', () => {
  const { rootFile } = freshPki();
  const { located } = create([1, 2, 3].map((port) => configOf(port, port === 3 ? null : rootFile))).pools;
  expect(located[0]!.anchors).toBe(located[1]!.anchors);
  expect(located[2]!.anchors).toBe(TrustAnchors.public());
});

it('a CA file that cannot be read fails the whole, and leaves nothing running', () => {
  const { rootFile } = freshPki();
  rmSync(rootFile);
  const clock = new SimulatedClock();
  expect(() => create([configOf(1, null), configOf(2, rootFile)], clock)).toThrow(CaFileUnusable);
  expect(clock.pendingTimers).toBe(0);
});

it('whoever wants to see a certificate finds the address that is known at the moment', () => {
  const { pools, whereabouts } = create([configOf(1, null)]);
  const [one] = pools.located;
  expect(one).toMatchObject({ serverName: NAME, addresses: ['127.0.0.1'] });
  whereabouts.addresses = ['192.0.2.1'];
  expect(one!.addresses).toEqual(['192.0.2.1']);
});

it.each([
  ['strict', 'upstreams', 'provisional', ['reached 127.0.0.1', 'missed']],
  ['relaxed', 'relaxed', 'untrusted', ['missed']], // what a stolen certificate can show proves no address
] as const)(
  'a %s connection that was made says what it proves of the address, one that was not says so',
  async (_, which, state, says) => {
    const pki = freshPki();
    await using server = await startHostileDot(pki.issue({ names: [NAME] }));
    const clock = new SimulatedClock({ state });
    const { pools, said } = create([configOf(server.port, pki.rootFile)], clock);
    const query = buildUpstreamQuery(new Query(makeQuery('www.example')));
    const ask = () => exchangeOver(pools[which], query, clock.monotonic() + DEADLINE_MS);
    expect(readReply(await ask()).answers).toEqual([`A ${HOSTILE_ADDRESS}`]);
    await server.stop();
    let isOver = false;
    const failed = expect(ask())
      .rejects.toThrow()
      .finally(() => {
        isOver = true;
      });
    while (!isOver) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      clock.advance(100);
    }
    await failed;
    expect([...new Set(said)]).toEqual(says);
  },
);
