// The network fails in the ways of real ones: packets are lost, late and out of order, too long for the path, or swallowed;
// a link is down, flaps, loses its address; there is one family of addresses only. While the way to the world fails, names
// of the house are answered at once on every transport; names of the world are answered or fail in time, and are back when
// the network is. Needs root and TUN devices (faulty-links.ts): without them it is skipped.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../support/eventually.ts';
import { canFault, type FaultyLink } from '../support/faulty-links.ts';
import { isFull } from '../support/is-full.ts';
import type { HostileDot } from '../support/peers/hostile-dot.ts';
import { BACK_WITHIN_MS, complaintsOf, worldBackAfterMs } from './household.ts';
import { type Middle, openMiddle } from './middle.ts';

/** Longer than any answer may take, so that failures are seen. */
const CUT_MS = 5_500;
/** What the network itself may cost a stream that loses packets: a SYN is sent again after 1 s, then after 2 (RFC 6298). */
const LOSSY_WITHIN_MS = 4_000;
/** Ethernet, and the least that IPv6 allows (RFC 8200 section 5). */
const MTU = { usual: 1500, least: 1280 } as const;

interface Place {
  readonly link: FaultyLink;
  readonly upstream: HostileDot;
}

interface Fault {
  readonly name: string;
  begin(place: Place): unknown;
  readonly lastsMs: number;
  end(place: Place): unknown;
}

interface WorldFault extends Fault {
  readonly inShort?: true;
  /** Names of the world meanwhile. */
  readonly world: 'served' | 'some fail' | 'either';
}

const SMALL: Fault = {
  name: 'carries no more than 1280 octets',
  begin: ({ link }) => link.setMtu(MTU.least),
  lastsMs: 1_000,
  end: ({ link }) => link.setMtu(MTU.usual),
};
const CUT: Fault = {
  name: 'swallows everything',
  begin: ({ link }) => link.fault({ isCut: true }),
  lastsMs: CUT_MS,
  end: ({ link }) => link.fault({}),
};
const LOSSY: Fault = {
  name: 'loses one packet of ten',
  begin: ({ link }) => link.fault({ lossFraction: 0.1 }),
  lastsMs: 10_000,
  end: ({ link }) => link.fault({}),
};
const SLOW: Fault = {
  name: 'is slow and reorders',
  begin: ({ link }) => link.fault({ delayMs: 150, jitterMs: 200 }),
  lastsMs: 10_000,
  end: ({ link }) => link.fault({}),
};
const FLAPPING: Fault = {
  name: 'flaps',
  async begin({ link }) {
    for (let time = 0; time < 8; time += 1) {
      await link.turn('down');
      await pause(400);
      await link.turn('up');
      await pause(800);
    }
  },
  lastsMs: 0,
  end: () => {},
};
const WITHOUT_ADDRESS: Fault = {
  name: 'loses its address, which comes back',
  begin: ({ link }) => link.address('del'),
  lastsMs: CUT_MS,
  end: ({ link }) => link.address('add'),
};

const ON_THE_WAY_TO_THE_WORLD: readonly WorldFault[] = [
  { ...SMALL, world: 'served', inShort: true },
  { ...CUT, world: 'some fail', inShort: true },
  { ...CUT, name: 'swallows everything for half a minute', lastsMs: 30_000, world: 'some fail' },
  {
    ...CUT,
    name: 'swallows what is too long, handshakes among it',
    begin({ link, upstream }) {
      link.fault({ swallowOverOctets: MTU.least });
      upstream.dropConnections();
    },
    world: 'some fail',
  },
  { ...LOSSY, world: 'either' },
  { ...SLOW, world: 'served' },
  {
    name: 'is down',
    begin: ({ link }) => link.turn('down'),
    lastsMs: CUT_MS,
    end: ({ link }) => link.turn('up'),
    world: 'some fail',
  },
  { ...FLAPPING, world: 'either' },
  { ...WITHOUT_ADDRESS, world: 'some fail' },
];

const IN_THE_HOUSE: readonly Fault[] = [SMALL, CUT, LOSSY, SLOW, FLAPPING, WITHOUT_ADDRESS];

const isPlayed = ({ inShort }: WorldFault) => isFull || inShort === true;

describe.skipIf(!canFault)('A network that fails', () => {
  let middle: Middle;

  beforeAll(async () => {
    middle = await openMiddle();
  });
  afterAll(() => middle?.[Symbol.asyncDispose]());

  /** Asks throughout: before, while it fails, and until all must be well again. */
  async function live({ begin, lastsMs, end }: Fault, link: FaultyLink) {
    const place = { link, upstream: middle.upstream };
    const household = middle.household();
    await household.settled();
    const fromMs = household.nowMs;
    await begin(place);
    await pause(lastsMs);
    await end(place);
    const overMs = household.nowMs;
    await household.settled(overMs);
    await pause(BACK_WITHIN_MS - (household.nowMs - overMs));
    const wellMs = household.nowMs;
    await household.settled(wellMs);
    const asked = await household.finish();
    expect(middle.noonmark.process.hasEnded).toBe(false);
    expect(asked.filter(({ atMs, isRight }) => atMs >= wellMs && !isRight)).toEqual([]);
    return { asked, fromMs, overMs };
  }

  test.each(ON_THE_WAY_TO_THE_WORLD.filter(isPlayed))(
    'on the way to the world: it $name',
    async ({ world, ...fault }) => {
      const { asked, fromMs, overMs } = await live(fault, middle.links.world);
      expect(complaintsOf(asked, {}, fromMs)).toEqual([]);
      expect(worldBackAfterMs(asked, overMs)).toBeLessThan(BACK_WITHIN_MS);
      const meanwhile = asked.filter(
        ({ isInternal, atMs }) => !isInternal && atMs >= fromMs && atMs < overMs,
      );
      const told = new Set(meanwhile.map((one) => one.told));
      if (world === 'served') expect(told).toHaveLength(1);
      if (world === 'some fail') expect(told).toContain('SERVFAIL');
    },
  );

  // What the wire eats nobody can answer; what is answered must be right, and all must be well when the wire is.
  test.each(IN_THE_HOUSE.filter(() => isFull))('in the house: it $name', async (fault) => {
    const { asked } = await live(fault, middle.links.house);
    const complaints = complaintsOf(asked, { internalWithinMs: LOSSY_WITHIN_MS });
    const isFaultOfWire = [CUT, FLAPPING, WITHOUT_ADDRESS, LOSSY].includes(fault);
    expect(complaints.filter((one) => !isFaultOfWire || one.startsWith('told wrong'))).toEqual([]);
  });
});

describe.skipIf(!canFault || !isFull).each([6, 4] as const)('A network with IPv%i only', (family) => {
  test('serves the house and the world on every transport, though the configuration names both', async () => {
    await using middle = await openMiddle([family]);
    const household = middle.household();
    await household.settled();
    const fromMs = household.nowMs;
    await pause(2_000);
    expect(complaintsOf(await household.finish(), {}, fromMs)).toEqual([]);
    expect(household.asked.filter(({ atMs, isRight }) => atMs > fromMs && !isRight)).toEqual([]);
  });
});
