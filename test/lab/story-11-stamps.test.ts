// Story 11. The stamp and the disk under it fail in every way, and none of them costs a name: there is nowhere to write it,
// it is torn, the disk has become read-only, or it says 2046 because once the time was wrong. The last is withdrawn
// without a hand, on the word of two authenticated operators.
// And a source that is trusted says 2046 for a while, then the truth: it is never adopted. (Two hours of that pass
// in test/unit/timesync; here it is as many rounds as a test can wait for.)

import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { wrongClock } from '../support/wrong-clock.ts';
import { canPlay } from './can-play.ts';
import { liveBefore, stampFile } from './first-life.ts';
import { EPOCH, errorMs, House, makeKey, ntpSource } from './house.ts';
import { newHome } from './server.ts';
import { BACK_WITHIN_MS, NEAR_MS, play } from './story.ts';

const DATE_NEAR_MS = 1_000;
const WATCHED_MS = 20_000;
const YEAR_2046 = '@2046-03-01 00:00:00';

async function honestSources(house: House) {
  return (await house.chronyds(3)).map((chronyd) => ntpSource(chronyd));
}

describe.skipIf(!canPlay)('Story 11', () => {
  test('no state directory, and none can be made', async () => {
    await using house = await House.open();
    const home = newHome();
    writeFileSync(`${home}/file`, '');
    const time = { sources: await honestSources(house) };
    const config = { upstreams: house.upstreams, time, state_dir: `${home}/file/state` };
    const server = { config, clock: wrongClock(EPOCH), home };
    await play({ number: '11', title: 'no state directory', server }, async ({ world, becomes }) => {
      await world();
      const status = await becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
      expect(status.clock.stamp.problem).not.toBeNull();
    });
  });

  test('a torn stamp and every source dead: it is not believed', async () => {
    await using house = await House.open();
    const home = await liveBefore(house, '-4h');
    tear(stampFile(home));
    const sources = [ntpSource({ address: '127.0.0.1', port: await freePort() })];
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH), home };
    await play({ number: '11', title: 'torn stamp, sources dead', server }, async ({ becomes }) => {
      const { clock } = await becomes('untrusted', null);
      expect(clock.stamp.at).toBeNull();
      expect(clock.stamp.problem).not.toBeNull();
    });
  });

  test('a torn stamp and sources alive: it is replaced', async () => {
    await using house = await House.open();
    const home = await liveBefore(house, '-4h');
    tear(stampFile(home));
    const config = { upstreams: house.upstreams, time: { sources: await honestSources(house) } };
    const server = { config, clock: wrongClock(EPOCH), home };
    await play(
      { number: '11', title: 'torn stamp, sources alive', server },
      async ({ world, becomes, server }) => {
        await world();
        await becomes('synchronized', null);
        await pause(NEAR_MS);
        const { clock } = await server.status();
        expect(clock.stamp.problem).toBeNull();
        expect(clock.stamp.at).not.toBeNull();
      },
    );
  });

  test.skipIf(!isRoot)(
    'a stamp on a disk that is read-only by now: it serves, and the fault is said',
    async () => {
      await using house = await House.open();
      const home = await liveBefore(house, '-4h');
      const state = `${home}/state`;
      const setUp = [`mount --bind ${state} ${state}`, `mount -o remount,ro,bind ${state}`];
      const port = await freePort();
      const sources = [...(await honestSources(house)), ntpSource({ address: '127.0.0.1', port })];
      const config = { upstreams: house.upstreams, time: { sources } };
      const server = { config, clock: wrongClock(EPOCH), home, setUp };
      await play({ number: '11', title: 'read-only disk', server }, async ({ world, becomes }) => {
        await world();
        const { clock } = await becomes('synchronized', null);
        expect(clock.stamp.problem).toMatch(/EROFS|read-only/i);
      });
    },
  );

  test.skipIf(!havePeers('dnsdist'))(
    'a stamp from 2046: withdrawn on the word of two authenticated operators',
    async () => {
      const home = await poisonedHome();
      await using house = await House.open();
      const key = makeKey();
      const keyed = ntpSource(await house.chronyd({ keys: key.line }), { key: key.entry });
      const doh = await house.doh();
      const time = { sources: [keyed, ...(await honestSources(house))] };
      const config = { upstreams: [...house.upstreams, doh.upstream], time };
      const server = { config, clock: wrongClock(EPOCH), home };
      await play({ number: '11', title: 'stamp from 2046', server }, async ({ world, becomes }) => {
        await world();
        const status = await becomes('synchronized', null);
        expect(Math.abs(errorMs(status))).toBeLessThan(DATE_NEAR_MS);
        expect(status.clock.incidents).not.toEqual([]);
        const isReplaced = () => !readFileSync(stampFile(home), 'utf8').includes(YEAR_2046.slice(1, 5));
        await eventually(isReplaced, { what: 'another stamp' });
      });
    },
  );

  test('a trusted source says 2046, then the truth: never adopted', async () => {
    await using house = await House.open();
    const clock = wrongClock(YEAR_2046);
    const sources = [ntpSource(await house.chronyd({ clock }), { trusted: true })];
    const config = { upstreams: house.upstreams, time: { sources } };
    const server = { config, clock: wrongClock(EPOCH) };
    await play({ number: '11', title: 'a trusted source says 2046 for a while', server }, async (stage) => {
      await stage.becomes('untrusted', null);
      await pause(WATCHED_MS);
      expect((await stage.server.status()).clock.state).toBe('untrusted');
      clock.set('+0');
      await stage.worldFromNow(BACK_WITHIN_MS);
      const status = await stage.becomes('synchronized', null);
      expect(Math.abs(errorMs(status))).toBeLessThan(NEAR_MS);
    });
  });

  test('synchronized, then the trusted source slips to 2046: the time stays', async () => {
    await using house = await House.open();
    const sourceClock = wrongClock('+0');
    const sources = [ntpSource(await house.chronyd({ clock: sourceClock }), { trusted: true })];
    const config = { upstreams: house.upstreams, time: { sources } };
    const clock = wrongClock('+0');
    const title = 'a trusted source slips to 2046 while serving';
    await play(
      { number: '11', title, server: { config, clock } },
      async ({ world, becomes, server, asker }) => {
        await world();
        await becomes('synchronized', null);
        const servingMs = asker.elapsedMs;
        sourceClock.set(YEAR_2046);
        // Each step of the system clock makes the server ask its sources at once, so that rounds need no hours.
        for (const step of ['+3s', '+0', '+3s', '+0']) {
          clock.set(step);
          await pause(WATCHED_MS / 4);
          expect.soft(Math.abs(errorMs(await server.status()))).toBeLessThan(DATE_NEAR_MS);
        }
        expect(asker.worldFailedSince(servingMs)).toEqual([]);
        const { clock: last } = await server.status();
        await becomes(last.state, last.basis);
        expect(['synchronized', 'holdover']).toContain(last.state);
      },
    );
  });
});

/** A server that once lived in a 2046 in which all agreed, certificates included. */
async function poisonedHome(): Promise<string> {
  await using house = await House.open({ at: Date.parse('2046-03-01T00:00:00Z') });
  return await liveBefore(house, YEAR_2046);
}

function tear(file: string): void {
  const text = readFileSync(file);
  writeFileSync(file, text.subarray(0, text.length / 2));
}
