// From the configured entries to sources: addresses as they are, names through our own look-up and no other.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { TimeSourceConfig } from '../../../src/config/config.ts';
import { createRoster, type RosterEntry } from '../../../src/timesync/roster.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const HOUR_MS = 3_600_000;

let clock: SimulatedClock;
let lookups: string[];
/** What the next look-ups find. */
let found: readonly string[] | Error;
beforeEach(() => {
  clock = new SimulatedClock();
  lookups = [];
  found = ['192.0.2.1'];
});

function entry(config: Partial<TimeSourceConfig>): RosterEntry {
  const whole: TimeSourceConfig = {
    ...{ url: 'ntp://time.example', protocol: 'ntp', host: 'time.example', isAddress: false, port: 123 },
    ...{ path: '/', addresses: [], key: null, caFile: null, pins: [], operator: null },
    ...{ prefer: false, trusted: false },
    ...config,
  };
  const [made] = createRoster({
    configs: [whole],
    clock,
    tls: { connect: neverCalled, connectRelaxed: neverCalled },
    lookup: async (name) => {
      lookups.push(name);
      if (found instanceof Error) throw found;
      return found;
    },
    ownAddresses: () => [],
  });
  return made!;
}

const neverCalled = () => Promise.reject(new Error('nobody was to be connected to'));
const peersOf = async (one: RosterEntry) => (await one.sources()).map(({ peer }) => peer);

describe('an address', () => {
  it('is one source, and the same one in every round', async () => {
    const one = entry({
      url: 'ntp://192.0.2.9',
      host: '192.0.2.9',
      isAddress: true,
      prefer: true,
      operator: 'us',
    });
    const [source] = await one.sources();
    expect(source).toMatchObject({
      peer: '192.0.2.9:123',
      vote: 'us',
      isPreferred: true,
      isAuthenticated: false,
    });
    one.forget();
    expect((await one.sources())[0]).toBe(source);
    expect(lookups).toEqual([]);
  });

  it('written beside a name is asked without looking the name up, each with a vote of its own', async () => {
    const one = entry({ addresses: ['192.0.2.1', '2001:db8::1'] });
    expect(await peersOf(one)).toEqual([
      'time.example at 192.0.2.1:123',
      'time.example at [2001:db8::1]:123',
    ]);
    expect((await one.sources()).map(({ vote }) => vote)).toEqual(['192.0.2.1:123', '[2001:db8::1]:123']);
    expect(lookups).toEqual([]);
  });
});

describe('a name', () => {
  it('gives at most four servers, of both families in turn, none twice', async () => {
    found = ['192.0.2.3', '192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.4', '2001:db8::1'];
    expect(await peersOf(entry({}))).toEqual([
      'time.example at 192.0.2.1:123',
      'time.example at [2001:db8::1]:123',
      'time.example at 192.0.2.2:123',
      'time.example at 192.0.2.3:123',
    ]);
    expect(lookups).toEqual(['time.example']);
  });

  it('is kept for an hour, then looked up again', async () => {
    const one = entry({});
    await one.sources();
    clock.advance(HOUR_MS - 1);
    await one.sources();
    expect(lookups).toHaveLength(1);
    clock.advance(1);
    found = ['192.0.2.2'];
    expect(await peersOf(one)).toEqual(['time.example at 192.0.2.2:123']);
    expect(lookups).toHaveLength(2);
  });

  it('is looked up again when none of its servers answers', async () => {
    const one = entry({});
    await one.sources();
    one.forget();
    found = ['192.0.2.2'];
    expect(await peersOf(one)).toEqual(['time.example at 192.0.2.2:123']);
    await one.sources();
    expect(lookups).toHaveLength(2);
  });

  it('keeps the servers that it still leads to the same ones: they may have asked to be left alone', async () => {
    found = ['192.0.2.1', '192.0.2.2'];
    const one = entry({});
    const [first, second] = await one.sources();
    one.forget();
    found = ['192.0.2.2', '192.0.2.3'];
    const [kept, added] = await one.sources();
    expect(kept).toBe(second);
    expect(added).not.toBe(first);
  });

  it('that cannot be looked up leads nowhere, with the reason, and is tried again in the next round', async () => {
    const one = entry({});
    found = new Error('the upstreams are away');
    await expect(one.sources()).rejects.toThrow(
      'time.example could not be looked up: the upstreams are away',
    );
    found = [];
    await expect(one.sources()).rejects.toThrow('time.example could not be looked up: it has no address');
    found = ['192.0.2.1'];
    expect(await peersOf(one)).toHaveLength(1);
  });

  it('that cannot be looked up any more keeps its servers, and is tried again', async () => {
    const one = entry({});
    const before = await one.sources();
    one.forget();
    for (const nothing of [new Error('the upstreams are away'), []]) {
      found = nothing;
      expect(await one.sources()).toEqual(before);
    }
    expect(lookups).toHaveLength(3);
  });

  it('of an HTTPS host is one source with all its addresses', async () => {
    found = ['192.0.2.2', '192.0.2.1'];
    const one = entry({ url: 'https://time.example/', protocol: 'https', port: 443 });
    const [source, ...others] = await one.sources();
    expect(source).toMatchObject({
      peer: 'time.example at 192.0.2.1, 192.0.2.2',
      vote: 'time.example',
      isAuthenticated: true,
    });
    expect(others).toEqual([]);
    one.forget();
    expect((await one.sources())[0]).toBe(source);
  });
});

describe('what a source needs', () => {
  it('a key file that cannot be used is said, and not called a look-up', async () => {
    const file = join(temporaryDirectory('roster'), 'keys');
    const one = entry({ key: { file, id: 1, type: 'SHA1' } });
    await expect(one.sources()).rejects.toThrow(/^(?!.*looked up).*keys/);
    writeFileSync(file, '1 SHA1 HEX:0123456789abcdef0123456789abcdef01234567\n', { mode: 0o600 });
    expect(await one.sources()).toMatchObject([{ isAuthenticated: true }]);
  });

  it('a CA file that cannot be used is said', async () => {
    const one = entry({ url: 'https://time.example/', protocol: 'https', caFile: '/nowhere/ca.pem' });
    await expect(one.sources()).rejects.toThrow(/\/nowhere\/ca\.pem cannot be read/);
  });
});

describe('volunteers', () => {
  it.each([
    ['pool.ntp.org', 1_800_000],
    ['2.debian.pool.ntp.org', 1_800_000],
    ['pool.ntp.org.example', 0],
    ['whirlpool.ntp.org', 0],
  ])('%s is asked no more often than every %i ms in calm times', async (host, leastPauseMs) => {
    expect(await entry({ host }).sources()).toMatchObject([{ leastPauseMs }]);
  });
});
