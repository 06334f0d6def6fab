// Time servers that do a dozen wrong things (row 16 of docs/reliability.md), each at an address of its own, so a vote of its
// own. Beside four honest ones they change nothing, though they are three times as many; alone they move nothing either.
// Lies that agree with each other are the matter of test/lab/story-06-liars.test.ts and story-10.

import { describe, expect, test } from 'vitest';
import type { Status } from '../../src/status/status.ts';
import { eventually, pause } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { type Noonmark, startNoonmark } from '../support/noonmark.ts';
import {
  delayedBy,
  kissOf,
  machineNow,
  NTP_SCRIPTS,
  type NtpScript,
  replayed,
  replyWith,
  startNtpServer,
} from '../support/ntp-server.ts';

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;
const HONEST = 6;
/** What a loopback exchange may be off by on a busy machine. */
const NEAR_MS = 50;
/** Several questions of a clock that has no agreement. */
const WATCHED_MS = 6_000;

const telling =
  (aheadMs: number): NtpScript =>
  (_question, write) => {
    const ms = machineNow() + aheadMs;
    return [write({ receiveMs: ms, transmitMs: ms })];
  };

const OUTVOTED = /outside the agreed interval/;

/** What each does, and what Noonmark says of it; null: its first answer is as good as any, and the others are strays. */
const WRONGS: readonly [what: string, script: NtpScript, reason: RegExp | null][] = [
  ['says a year of the far future', telling(18 * YEAR_MS), OUTVOTED],
  ['says a year of the past', telling(-20 * YEAR_MS), /before this release/],
  ['is a day late', telling(-DAY_MS), OUTVOTED],
  ['is a minute ahead', telling(60_000), OUTVOTED],
  ['says 2150, which wraps around to the past', telling(124 * YEAR_MS), /before this release/],
  ['says no time at all', replyWith({ receiveMs: null, transmitMs: null }), /timestamps is empty/],
  ['sends the kiss of death DENY', kissOf('DENY'), /DENY/],
  ['sends the kiss of death RATE', kissOf('RATE'), /RATE/],
  ['replays its first answer', replayed(), null],
  ['answers a question that nobody asked', NTP_SCRIPTS.wrongOrigin, /not to our question/],
  ['sends garbage', NTP_SCRIPTS.garbage, /too short/],
  ['sends half a packet', NTP_SCRIPTS.short, /too short/],
  ['is unsynchronised', NTP_SCRIPTS.unsynchronised, /not synchronised/],
  ['is of stratum 15', replyWith({ stratum: 15 }), /stratum/],
  ['is a client, by its mode', replyWith({ mode: 3 }), /no server's reply/],
  ['is late by two seconds', delayedBy(2_000), /no answer within/],
  [
    'claims a root distance of a minute',
    replyWith({ rootDispersionSeconds: 60 }),
    /its own time may be wrong by/,
  ],
  ['never answers', NTP_SCRIPTS.silent, /no answer within/],
];

async function statusOf(noonmark: Noonmark & { readonly admin: number }): Promise<Status> {
  const response = await fetch(`http://127.0.0.1:${noonmark.admin}/api/status`);
  return (await response.json()) as Status;
}

/** Servers at 127.0.1.1 and on, the honest ones first. */
async function startServers(
  scripts: readonly NtpScript[],
): Promise<AsyncDisposableStack & { urls: string[] }> {
  const servers = Object.assign(new AsyncDisposableStack(), { urls: [] as string[] });
  for (const [at, script] of scripts.entries()) {
    const server = servers.use(await startNtpServer({ address: `127.0.1.${at + 1}`, script }));
    servers.urls.push(`ntp://${server.address}:${server.port}`);
  }
  return servers;
}

async function startWith(urls: readonly string[]): Promise<Noonmark & { readonly admin: number }> {
  const [dns, admin] = (await freePorts(2)) as [number, number];
  const listen = { dns: [`127.0.0.1:${dns}`], admin: [`127.0.0.1:${admin}`] };
  const config = { listen, time: { sources: urls.map((url) => ({ url })) } };
  return Object.assign(await startNoonmark({ config }), { admin });
}

describe('Eighteen hostile time servers', () => {
  const hostile = WRONGS.map(([, script]) => script);

  test(`beside ${HONEST} honest ones change nothing, and each is told what is wrong with it`, async () => {
    await using servers = await startServers([...Array(HONEST).fill(NTP_SCRIPTS.honest), ...hostile]);
    await using noonmark = await startWith(servers.urls);
    const { clock } = await eventually(async () => {
      const status = await statusOf(noonmark);
      return status.clock.state === 'synchronized' ? status : null;
    }).then((status) => status!);
    expect(Math.abs(clock.systemClockOffsetMs!)).toBeLessThan(NEAR_MS);
    expect(clock.sources.slice(0, HONEST).map(({ kept }) => kept)).toEqual(Array(HONEST).fill(true));
    for (const [at, [what, , reason]] of WRONGS.entries()) {
      const source = clock.sources[HONEST + at]!;
      expect(source.kept, what).toBe(reason === null);
      expect(source.reason, what).toMatch(reason ?? /^agrees$/);
    }
  });

  test('alone move nothing: names of the world are judged at the system clock, and nobody is agreed with', async () => {
    await using servers = await startServers(hostile);
    await using noonmark = await startWith(servers.urls);
    const end = performance.now() + WATCHED_MS;
    while (performance.now() < end) {
      const { clock } = await statusOf(noonmark);
      expect(clock).toMatchObject({ state: 'provisional', basis: 'system-clock' });
      await pause(100);
    }
  });
});
