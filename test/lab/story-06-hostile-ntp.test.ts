// Story 6, its other half: NTP servers that do not lie about the time but misuse the protocol. A kiss of death is obeyed by
// the one server that sent it and costs nobody else; replayed answers and answers to nobody's question count for nothing.
// These servers are scripts (test/support/ntp-server.ts), since no real one does such things to order.

import { describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { kissOf, NTP_SCRIPTS, type NtpScript, replayed, startNtpServer } from '../support/ntp-server.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { EPOCH, errorMs, House, ntpSource } from './house.ts';
import { NEAR_MS, play } from './story.ts';

/** More than one round of a clock that is not settled. */
const WATCHED_MS = 35_000;
/** A round may ask a server more than once; an unsettled clock has at most four rounds in that time. */
const QUESTIONS_MAX = 12;
const MIDDAY_YESTERDAY_MS = 86_400_000;

const yesterday: NtpScript = (_question, write) => {
  const then = Date.now() - MIDDAY_YESTERDAY_MS;
  return [write({ receiveMs: then, transmitMs: then, origin: Buffer.alloc(8, 7) })];
};

describe.skipIf(!canPlay)('Story 6, hostile NTP', () => {
  test.each<[string, () => NtpScript]>([
    ['DENY', () => kissOf('DENY')],
    ['RATE', () => kissOf('RATE')],
    ['the same old answer again and again', replayed],
    ['answers to nobody’s question, of another time', () => yesterday],
    ['garbage', () => NTP_SCRIPTS.garbage],
  ])('one of four sends %s: the others decide', async (what, script) => {
    await using house = await House.open();
    const hostile = house.keep(await startNtpServer({ script: script() }));
    const sources = [hostile, ...(await house.chronyds(3))].map((one) => ntpSource(one));
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: `one of four sends ${what}`, server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
    });
  });

  test('the only source says DENY: it is left alone', async () => {
    await using house = await House.open();
    const hostile = house.keep(await startNtpServer({ script: kissOf('DENY') }));
    const config = { upstreams: house.upstreams, time: { sources: [ntpSource(hostile)] } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: 'the only source says DENY', server }, async ({ becomes, server }) => {
      await becomes('untrusted', null);
      const before = hostile.questions.length;
      await pause(WATCHED_MS);
      expect(hostile.questions.length).toBe(before);
      expect((await server.status()).clock.sources[0]?.reason).toMatch(/DENY/);
    });
  });

  test('the only source answers nobody’s question: it is never believed, and not asked in a frenzy', async () => {
    await using house = await House.open();
    const hostile = house.keep(await startNtpServer({ script: yesterday }));
    const config = { upstreams: house.upstreams, time: { sources: [ntpSource(hostile)] } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '6', title: 'the only source replays', server }, async ({ becomes }) => {
      await pause(WATCHED_MS);
      await becomes('untrusted', null);
      expect(hostile.questions.length).toBeLessThanOrEqual(QUESTIONS_MAX);
    });
  });
});
