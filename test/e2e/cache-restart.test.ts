// A power cut, or a restart, while the line is down: what was known before is answered. The upstream answers with the TTL
// that a name asks for, so that some answers are past their lifetime at the next start and others are not.

import { cpSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answerWith, questionName } from '../support/dns-message.ts';
import { eventually, pause } from '../support/eventually.ts';
import { killWriters } from '../support/killed-writers.ts';
import { type Noonmark, type NoonmarkOptions, startNoonmark } from '../support/noonmark.ts';
import { startNtpServer } from '../support/ntp-server.ts';
import {
  type DotBehaviour,
  HOSTILE_ADDRESS,
  type HostileDot,
  startHostileDot,
} from '../support/peers/hostile-dot.ts';
import { havePeers } from '../support/peers/packages.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const RESTORED = /answers of before the restart/;
const STALE = 3;
const NOT_READY = 14;
const SHORT_MS = 1000;
/** RFC 8767 section 5: so long the upstream has before a stale answer is given; less what a timer may be early. */
const UPSTREAM_FIRST_MS = 1_790;
const ADDRESS = [`A ${HOSTILE_ADDRESS}`];

/** `short…` has a TTL of one second, everything else of an hour. */
const answers: DotBehaviour = {
  reply: (query) => [answerWith(query, HOSTILE_ADDRESS, questionName(query)!.startsWith('short') ? 1 : 3600)],
};

const pki = makePki();

interface Restart {
  readonly upstream: HostileDot;
  readonly noonmark: Noonmark;
}

/** Learns names, ends, and starts again on the same state when the short ones have run out. */
async function restarted(
  whileOff: (upstream: HostileDot) => unknown,
  more: NoonmarkOptions = {},
): Promise<Restart> {
  const upstream = await startHostileDot({ ...upstreamCertificate(pki), behaviour: answers });
  const config = { upstreams: [upstreamEntry(upstream.port, pki.rootFile)] };
  const before = await startNoonmark({ config });
  for (const name of ['short1', 'short2', 'long1']) {
    const isKnown = async () => (await before.ask(`${name}.example`)).answers.join() === ADDRESS.join();
    await eventually(isKnown, { what: name });
  }
  before.process.signal('SIGTERM');
  expect(await before.process.ended).toEqual({ code: 0, signal: null });
  const state = join(before.directory, 'state');
  expect(statSync(join(state, 'cache')).mode & 0o777).toBe(0o600);
  await whileOff(upstream);
  await pause(SHORT_MS);
  const noonmark = await startNoonmark({
    ...more,
    config: { ...config, ...more.config },
    prepare: (directory) => cpSync(state, join(directory, 'state'), { recursive: true }),
  });
  await before.stop();
  return { upstream, noonmark };
}

const codesOf = ({ extendedErrors }: Awaited<ReturnType<Noonmark['ask']>>) =>
  extendedErrors.map(({ code }) => code);

// Side by side: each has a server and an upstream of its own, and waits for what it knows to grow old.
describe.concurrent('A restart', () => {
  test('with a dead upstream serves the house what it knew: the fresh as it is, the rest stale', async () => {
    await using clock = await startNtpServer();
    const time = { sources: [{ url: `ntp://127.0.0.1:${clock.port}`, trusted: true }] };
    const { noonmark } = await restarted((upstream) => upstream.stop(), { config: { time } });
    await using _ = noonmark;
    await noonmark.process.waitForLine(RESTORED);
    await noonmark.process.waitForLine(/"state":"synchronized"/);
    expect(await noonmark.ask('long1.example')).toMatchObject({ answers: ADDRESS, extendedErrors: [] });
    for (const name of ['short1.example', 'short2.example']) {
      const reply = await noonmark.ask(name);
      expect([reply.answers, codesOf(reply)[0]]).toEqual([ADDRESS, STALE]);
    }
    expect((await noonmark.ask('unknown.example')).rcode).toBe('SERVFAIL');
  });

  test('with a dead upstream and nobody to confirm the date calls nothing fresh', async () => {
    const { noonmark } = await restarted((upstream) => upstream.stop());
    await using _ = noonmark;
    await noonmark.process.waitForLine(RESTORED);
    const reply = await noonmark.ask('long1.example');
    expect([reply.answers, codesOf(reply)[0]]).toEqual([ADDRESS, STALE]);
  });

  test('with a silent upstream makes a client wait 1.8 s, once', async () => {
    const { noonmark, upstream } = await restarted((hostile) => {
      hostile.behaviour = 'never answers';
    });
    await using _ = noonmark;
    await using __ = upstream;
    await noonmark.process.waitForLine(RESTORED);
    const waits: number[] = [];
    for (let time = 0; time < 3; time += 1) {
      const from = performance.now();
      const reply = await noonmark.ask('short1.example');
      waits.push(performance.now() - from);
      expect([reply.answers, codesOf(reply)[0]]).toEqual([ADDRESS, STALE]);
    }
    expect(waits[0]).toBeGreaterThanOrEqual(UPSTREAM_FIRST_MS);
    expect(waits[0]).toBeLessThan(2500);
    expect(waits[1]! + waits[2]!).toBeLessThan(1000);
  });

  test('is over for stale answers within moments of the upstream being back', async () => {
    const { noonmark, upstream } = await restarted((hostile) => {
      hostile.behaviour = 'never answers';
    });
    await using _ = noonmark;
    await using __ = upstream;
    await noonmark.process.waitForLine(RESTORED);
    expect(codesOf(await noonmark.ask('short1.example'))).toContain(STALE);
    upstream.behaviour = answers;
    const isFresh = async () => codesOf(await noonmark.ask('short1.example')).length === 0;
    await eventually(isFresh, { withinMs: 8000, what: 'a fresh answer' });
  });

  test.skipIf(!havePeers('libfaketime'))('in 1970 serves the house what it knew, and says why', async () => {
    const { noonmark, upstream } = await restarted(() => {}, { env: wrongClock('@1970-01-01 00:00:05').env });
    await using _ = noonmark;
    await using __ = upstream;
    await noonmark.process.waitForLine(RESTORED);
    for (const name of ['long1.example', 'short1.example']) {
      const reply = await noonmark.ask(name);
      expect([reply.answers, codesOf(reply)]).toEqual([ADDRESS, [STALE, NOT_READY]]);
    }
  });

  test('with cache.persist off knows nothing, and leaves nothing', async () => {
    const { noonmark } = await restarted((upstream) => upstream.stop(), {
      config: { cache: { persist: 'off' } },
    });
    await using _ = noonmark;
    expect((await noonmark.ask('long1.example')).rcode).toBe('SERVFAIL');
    await eventually(() => {
      try {
        return !statSync(join(noonmark.directory, 'state/cache'));
      } catch {
        return true;
      }
    });
  });
});

test('Killed ten times while it writes state, Noonmark starts again and answers from it', () =>
  killWriters(10));
