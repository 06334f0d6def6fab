// The incident that Noonmark exists for, without any time source: the machine wakes with a wrong date (test/lab has the rest).
// Internal names are answered on every transport to clients who verify us strictly by the true date; names of the
// world fail closed and say why; when the date is put right they come back without a restart.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  isReadyLine,
  SERVER_NAME,
  startNoonmark,
  TRANSPORTS,
} from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ADDRESS, WILD_ZONE } from '../support/peers/unbound.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const TRUE_TIME = '+0';
/** RFC 8914. */
const NOT_READY = 14;

describe.skipIf(!havePeers('unbound', 'libfaketime'))('A machine whose clock says', () => {
  let upstream: TrustedUnbound;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
  });

  afterAll(async () => {
    await upstream?.unbound.stop();
  });

  test.each([
    ['1970, impossible', '@1970-01-01 00:00:05'],
    ['2015, impossible', '@2015-06-01 12:00:00'],
    ['2050, beyond the ceiling', '@2050-01-01 00:00:00'],
    ["2045, possible, but the upstream's certificate denies it", '@2045-01-01 00:00:00'],
  ])(
    '%s: internal names work, the world fails closed and is back when the clock is right',
    async (year, time) => {
      const clock = wrongClock(time);
      const name = `y${year.slice(0, 4)}`;
      await using noonmark = await startNoonmark({
        env: clock.env,
        config: { upstreams: upstream.upstreams },
      });
      for (const transport of TRANSPORTS) {
        expect((await noonmark.ask(INTERNAL_NAME, 'A', { transport })).answers).toEqual([
          `A ${INTERNAL_ADDRESS}`,
        ]);
        expect((await noonmark.ask(SERVER_NAME, 'A', { transport })).answers).toEqual(['A 127.0.0.1']);
        const world = await noonmark.ask(`${name}-${transport}.${WILD_ZONE}`, 'A', { transport });
        expect(world.rcode).toBe('SERVFAIL');
        expect(world.extendedErrors.map((error) => error.code)).toContain(NOT_READY);
        expect(world.extendedErrors.find((error) => error.code === NOT_READY)?.text).not.toBe('');
      }
      expect(upstream.unbound.saw(name)).toBe(false);

      clock.set(TRUE_TIME);
      let asked = 0;
      const isBack = async () => (await noonmark.ask(`${name}-back${++asked}.${WILD_ZONE}`)).answers[0];
      expect(await eventually(isBack, { withinMs: 10_000, what: 'a name of the world' })).toBe(
        `A ${WILD_ADDRESS}`,
      );
      expect(noonmark.process.lines.filter(isReadyLine)).toHaveLength(1);
      expect(noonmark.process.hasEnded).toBe(false);
    },
  );

  test('the truth, then steps to 1970 and back: internal names never notice', async () => {
    const clock = wrongClock(TRUE_TIME);
    await using noonmark = await startNoonmark({ env: clock.env, config: { upstreams: upstream.upstreams } });
    expect((await noonmark.ask(`before.${WILD_ZONE}`)).answers).toEqual([`A ${WILD_ADDRESS}`]);
    for (const time of ['@1970-01-01 00:00:05', TRUE_TIME]) {
      clock.set(time);
      for (const transport of TRANSPORTS) {
        expect((await noonmark.ask(INTERNAL_NAME, 'A', { transport })).answers).toEqual([
          `A ${INTERNAL_ADDRESS}`,
        ]);
      }
    }
    const isBack = async () => (await noonmark.ask(`after${performance.now() | 0}.${WILD_ZONE}`)).answers[0];
    expect(await eventually(isBack, { withinMs: 10_000 })).toBe(`A ${WILD_ADDRESS}`);
  });
});
