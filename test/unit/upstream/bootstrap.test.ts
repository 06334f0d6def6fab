// Addresses of upstreams that are configured by name: learnt, kept, looked up again when they lead nowhere, and a file
// that may have anything in it. The look-ups are settled by the test, and time passes when it says so.

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { UpstreamConfig } from '../../../src/config/config.ts';
import { readAddresses, writeAddresses } from '../../../src/upstream/address-file.ts';
import { UpstreamAddresses } from '../../../src/upstream/bootstrap.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAME = 'dns.example';
const HOUR_MS = 3_600_000;
const LEAST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 60_000;
const FILE = 'upstream-addresses.json';
const OLD = '192.0.2.1';
const NEW = '192.0.2.2';
const OURS = '192.0.2.9';

const settle = () => new Promise(setImmediate);

let stateDir: string;
let clock: SimulatedClock;
const opened: UpstreamAddresses[] = [];

beforeEach(() => {
  stateDir = temporaryDirectory('bootstrap');
  clock = new SimulatedClock();
});
afterEach(async () => {
  for (const addresses of opened.splice(0)) await addresses.close();
});

function configOf(serverName = NAME, addresses: readonly string[] = []): UpstreamConfig {
  const url = `https://${serverName}/`;
  return { url, protocol: 'https', path: '/', serverName, port: 443, addresses, caFile: null, pins: [] };
}

/** Whoever looks up waits until the test says what is found; names in the order in which they were asked. */
function createAddresses({ keepsState = true } = {}) {
  const asked: (PromiseWithResolvers<readonly string[]> & { readonly name: string })[] = [];
  const onLearnt = vi.fn();
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const lookup = (name: string) => {
    const hand = { ...Promise.withResolvers<readonly string[]>(), name };
    asked.push(hand);
    return hand.promise;
  };
  const isOurs = (address: string, port: number) => address === OURS && port === 443;
  const addresses = new UpstreamAddresses({
    ...{ stateDir, keepsState, lookup, isOurs, onLearnt, clock, log },
  });
  opened.push(addresses);
  const find = async (...found: readonly string[]) => {
    asked.at(-1)!.resolve(found);
    await settle();
  };
  const fail = async (reason: string) => {
    asked.at(-1)!.reject(new Error(reason));
    await settle();
  };
  return { addresses, asked, find, fail, onLearnt, log };
}

const inFile = () => JSON.parse(readFileSync(join(stateDir, FILE), 'utf8')) as Record<string, string[]>;
const remember = (addresses: readonly string[]) => writeAddresses(stateDir, new Map([[NAME, addresses]]));

describe('an upstream by name', () => {
  it('has no address and says why, until the look-up is back', async () => {
    const { addresses, asked, find, onLearnt } = createAddresses();
    const upstream = addresses.of(configOf());
    expect(asked).toEqual([]); // nothing can be looked up before the server is built
    addresses.attend([configOf()]);
    expect(upstream).toMatchObject({ addresses: [], problem: 'it is being looked up' });
    expect(asked.map(({ name }) => name)).toEqual([NAME]);
    expect(onLearnt).not.toHaveBeenCalled();
    await find(OLD, '2001:db8::1');
    expect(upstream.addresses).toEqual([OLD, '2001:db8::1']);
    expect(onLearnt).toHaveBeenCalledOnce();
  });

  it('is looked up once for all who have the name, and one with addresses never', () => {
    const { addresses, asked } = createAddresses();
    const written = addresses.of(configOf('other.example', [OLD]));
    expect(written.addresses).toEqual([OLD]);
    expect(addresses.of(configOf())).toBe(addresses.of(configOf()));
    addresses.attend([configOf(), configOf(), configOf('other.example', [OLD])]);
    clock.advance(2 * HOUR_MS);
    expect(asked.map(({ name }) => name)).toEqual([NAME]);
  });

  it('is looked up again every hour, and what is the same is told to nobody', async () => {
    const { addresses, asked, find, onLearnt } = createAddresses();
    addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OLD);
    clock.advance(HOUR_MS - 1);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    expect(asked).toHaveLength(2);
    await find(OLD);
    expect(onLearnt).toHaveBeenCalledOnce();
  });

  it('is looked up again after ever longer pauses while that fails, and says why, in the log once each', async () => {
    const { addresses, asked, fail, log } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    const pausesMs: number[] = [];
    for (let failures = 1; failures <= 8; failures += 1) {
      await fail(failures === 3 ? 'no answer in time' : 'nobody answers');
      const from = clock.monotonic();
      while (asked.length === failures) clock.advance(LEAST_PAUSE_MS);
      pausesMs.push(clock.monotonic() - from);
    }
    expect(pausesMs).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1000));
    expect(upstream.problem).toBe('nobody answers');
    const problems = log.warn.mock.calls.map(([, fields]) => fields.problem);
    expect(problems).toEqual(['nobody answers', 'no answer in time']);
  });

  it('is looked up at once when things have changed for the better, unless it was found', async () => {
    const { addresses, asked, find, fail } = createAddresses();
    addresses.of(configOf());
    addresses.attend([configOf()]);
    addresses.lookAgain();
    expect(asked).toHaveLength(1); // one at a time
    await fail('nobody answers');
    addresses.lookAgain();
    expect(asked).toHaveLength(2);
    await find(OLD);
    addresses.lookAgain();
    expect(asked).toHaveLength(2);
    clock.advance(HOUR_MS);
    await fail('nobody answers');
    addresses.lookAgain();
    expect(asked).toHaveLength(4);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['nothing', [], /^it has no address$/],
    ['nobody but ourselves', [OURS], /^it leads to this server itself$/],
  ])('that leads to %s has not been found', async (_, found, words) => {
    const { addresses, find } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(...found);
    expect(upstream.addresses).toEqual([]);
    expect(upstream.problem).toMatch(words);
  });

  it('is never led to ourselves beside others', async () => {
    const { addresses, find } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OURS, OLD);
    expect(upstream.addresses).toEqual([OLD]);
  });
});

describe('addresses that lead nowhere', () => {
  const known = async () => {
    const all = createAddresses();
    const upstream = all.addresses.of(configOf());
    all.addresses.attend([configOf()]);
    await all.find(OLD);
    return { ...all, upstream };
  };

  it('are looked up again, at most after the pause, which an upstream that was reached makes short again', async () => {
    const { upstream, asked, find } = await known();
    const pauseAfterMiss = async () => {
      const [count, from] = [asked.length, clock.monotonic()];
      upstream.missed();
      while (asked.length === count) {
        clock.advance(LEAST_PAUSE_MS);
        upstream.missed();
      }
      await find(OLD);
      return clock.monotonic() - from;
    };
    const pausesMs: number[] = [];
    for (let misses = 0; misses < 7; misses += 1) pausesMs.push(await pauseAfterMiss());
    expect(pausesMs.at(-1)).toBe(MOST_PAUSE_MS);
    expect(pausesMs).toEqual(pausesMs.toSorted((a, b) => a - b));
    upstream.reached(OLD);
    clock.advance(LEAST_PAUSE_MS);
    expect(await pauseAfterMiss()).toBeLessThanOrEqual(LEAST_PAUSE_MS);
  });

  it('stay behind new ones until one of these has been reached', async () => {
    const { upstream, find } = await known();
    clock.advance(HOUR_MS);
    await find(NEW);
    expect(upstream.addresses).toEqual([NEW, OLD]);
    upstream.reached(OLD);
    expect(upstream.addresses).toEqual([NEW, OLD]);
    clock.advance(HOUR_MS);
    await find(NEW);
    expect(upstream.addresses).toEqual([NEW, OLD]);
    upstream.reached(NEW);
    expect(upstream.addresses).toEqual([NEW]);
  });

  it('stay when the name cannot be looked up any more', async () => {
    const { upstream, fail } = await known();
    clock.advance(HOUR_MS);
    await fail('the name does not exist');
    expect(upstream.addresses).toEqual([OLD]);
  });

  it('do not pile up, whatever is answered', async () => {
    const { upstream, asked, find } = await known();
    for (let hour = 0; hour < 10; hour += 1) {
      const count = asked.length;
      while (asked.length === count) clock.advance(LEAST_PAUSE_MS * 60);
      await find(...Array.from({ length: 100 }, (_, at) => `198.18.${hour}.${at}`));
      expect(upstream.addresses.length).toBeLessThanOrEqual(16);
      expect(upstream.addresses[0]).toBe(`198.18.${hour}.0`);
    }
  });
});

describe('a reload', () => {
  it('keeps what is known of a name that stays, and looks after no other', async () => {
    const { addresses, asked, find } = createAddresses();
    const first = addresses.of(configOf());
    addresses.of(configOf('gone.example'));
    addresses.attend([configOf(), configOf('gone.example')]);
    asked[0]!.resolve([OLD]);
    await find(NEW);
    addresses.of(configOf('fresh.example'));
    expect(addresses.of(configOf())).toBe(first);
    addresses.attend([configOf(), configOf('fresh.example')]);
    await eventually(() => Object.keys(inFile()).includes(NAME));
    clock.advance(HOUR_MS);
    expect(asked.slice(2).map(({ name }) => name)).toEqual(['fresh.example', NAME]);
  });

  it('looks after a name that comes back', async () => {
    const { addresses, asked, find } = createAddresses();
    for (const configs of [[configOf()], [], [configOf()]]) {
      for (const config of configs) addresses.of(config);
      addresses.attend(configs);
    }
    expect(asked).toHaveLength(2);
    await find(OLD);
    expect(addresses.of(configOf()).addresses).toEqual([OLD]);
  });
});

describe('find', () => {
  it('gives what is known of an upstream, and looks up any other name', async () => {
    const { addresses, asked, find } = createAddresses();
    addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OLD);
    expect(await addresses.find(NAME)).toEqual([OLD]);
    expect(asked).toHaveLength(1);
    const other = addresses.find('time.example');
    await find(NEW);
    expect(await other).toEqual([NEW]);
  });
});

describe('closing', () => {
  it('leaves no timer, and nothing is learnt after it', async () => {
    const { addresses, find } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await addresses.close();
    await find(OLD);
    expect(upstream.addresses).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it('leaves no timer of a look-up to come', async () => {
    const { addresses, find } = createAddresses();
    addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OLD);
    expect(clock.pendingTimers).toBe(1);
    await addresses.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the file', () => {
  it('has what was learnt for the next start, for its owner alone', async () => {
    const { addresses, find } = createAddresses();
    addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OLD, NEW);
    await addresses.close();
    expect(inFile()).toEqual({ [NAME]: [OLD, NEW] });
    expect(statSync(join(stateDir, FILE)).mode & 0o777).toBe(0o600);
    const next = createAddresses();
    expect(next.addresses.of(configOf()).addresses).toEqual([OLD, NEW]);
    next.addresses.attend([configOf()]);
    expect(next.asked).toHaveLength(1); // they may have moved
  });

  it('has nothing of names that were not found, and is left alone while nothing changes', async () => {
    const { addresses, find } = createAddresses();
    const configs = [configOf('lost.example'), configOf()];
    for (const config of configs) addresses.of(config);
    addresses.attend(configs);
    await find(OLD, NEW);
    await eventually(() => inFile());
    expect(inFile()).toEqual({ [NAME]: [OLD, NEW] });
    rmSync(join(stateDir, FILE));
    clock.advance(HOUR_MS);
    await find(NEW, OLD);
    await addresses.close();
    expect(inFile).toThrow('ENOENT');
  });

  it('is given up by a name that was reached elsewhere since', async () => {
    await remember([OLD]);
    const { addresses, find } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(NEW);
    upstream.reached(NEW);
    await addresses.close();
    expect(inFile()).toEqual({ [NAME]: [NEW] });
  });

  it('is not written in a rehearsal, and read all the same', async () => {
    await remember([OLD]);
    const { addresses, find } = createAddresses({ keepsState: false });
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(NEW);
    await addresses.close();
    expect(upstream.addresses).toEqual([NEW, OLD]);
    expect(inFile()).toEqual({ [NAME]: [OLD] });
  });

  it('that cannot be written is told once, and takes nothing away', async () => {
    rmSync(stateDir, { recursive: true });
    writeFileSync(stateDir, '');
    const { addresses, find, log } = createAddresses();
    const upstream = addresses.of(configOf());
    addresses.attend([configOf()]);
    await find(OLD);
    await eventually(() => log.warn.mock.calls.length === 1);
    clock.advance(HOUR_MS);
    await find(NEW);
    await addresses.close();
    expect(log.warn).toHaveBeenCalledOnce();
    expect(upstream.addresses).toEqual([NEW, OLD]);
  });

  it.each<[string, string]>([
    ['torn', '{"dns.example": ["192.0'],
    ['empty', ''],
    ['a number', '7'],
    ['null', 'null'],
    ['far too long', `{"${NAME}": ["${OLD}"]}${' '.repeat(70_000)}`],
  ])('that is %s is ignored, and the log says so', (_, text) => {
    writeFileSync(join(stateDir, FILE), text);
    const { addresses, log } = createAddresses();
    expect(addresses.of(configOf()).addresses).toEqual([]);
    expect(log.warn).toHaveBeenCalledExactlyOnceWith(expect.anything(), {
      problem: expect.stringContaining('torn or not ours'),
    });
  });

  it('with wrong things in it is right in the others', () => {
    const wrong = [7, null, {}, 'localhost', '192.0.2.1:53', 'fe80::1%eth0', '', '192.0.2.0/24'];
    const written = {
      [NAME]: [...wrong, OLD, OLD, NEW],
      'a.example': 'x',
      'b.example': wrong,
      ['__proto__']: 1,
    };
    writeFileSync(join(stateDir, FILE), JSON.stringify(written));
    expect([...readAddresses(stateDir).addresses]).toEqual([[NAME, [OLD, NEW]]]);
  });

  it('may have any JSON in it', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        writeFileSync(join(stateDir, FILE), text);
        for (const list of readAddresses(stateDir).addresses.values()) expect(list.length).toBeGreaterThan(0);
      }),
    );
  });
});
