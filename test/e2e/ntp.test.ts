// The NTP source against a real chronyd: plain, with every type of key, over IPv4 and IPv6, and with a wrong clock.
// Here the MACs, the key file and the arithmetic meet an implementation that is not ours.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TrueClock } from '../../src/clock/true-clock.ts';
import type { TimeKeyType } from '../../src/config/config.ts';
import { loadNtpKey } from '../../src/timesync/ntp-key-file.ts';
import { NtpSource, type NtpSourceParts } from '../../src/timesync/ntp-source.ts';
import type { Sample } from '../../src/timesync/source.ts';
import { eventually } from '../support/eventually.ts';
import { machineNow, sourceParts } from '../support/ntp-server.ts';
import { type Chronyd, type ChronydOptions, startChronyd } from '../support/peers/chronyd.ts';
import { havePeers } from '../support/peers/packages.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const KEYS = `1 MD5 ASCII:crocus
2 SHA1 HEX:933F62BE1D604E68A81B557F18CFA200483F5B70
3 SHA256 HEX:5B8A0E5D4C6F4B0A9A5D8E1C3F2B7A6D
4 AES128 HEX:7EA62AE64D190114D46D5A082F948EC1
5 AES256 HEX:37DDCBC67BB902BCB8E995977FAB4D2B5642F5B32EBCEEE421921D97E5CBFE39`;
const TYPES: readonly (readonly [TimeKeyType, number])[] = [
  ['MD5', 1],
  ['SHA1', 2],
  ['SHA256', 3],
  ['AES128', 4],
  ['AES256', 5],
];
/** What a loopback exchange may be off by on a busy machine; its own bound is about 1 ms. */
const CLOSE_MS = 50;

const clock = new TrueClock();

function ask(chronyd: Chronyd, parts: Partial<NtpSourceParts> = {}): Promise<Sample> {
  return new NtpSource(sourceParts(chronyd, clock, parts)).sample(new AbortController().signal);
}

/** Milliseconds between the sample's time and this machine's, whose clock chronyd hands out. */
function errorOf({ utcMs, atMs }: Sample): number {
  return Math.abs(utcMs + (clock.monotonic() - atMs) - machineNow());
}

function keyFile(text: string): string {
  const file = join(temporaryDirectory('ntp-keys'), 'ntp.key');
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}

async function withChronyd<T>(options: ChronydOptions, story: (chronyd: Chronyd) => Promise<T>): Promise<T> {
  await using chronyd = await startChronyd(options);
  return await story(chronyd);
}

describe.skipIf(!havePeers('chronyd'))('a real chronyd', () => {
  it.each([['127.0.0.1'], ['::1']])('is asked at %s, and its time is the time', (address) =>
    withChronyd({ address }, async (chronyd) => {
      const sample = await ask(chronyd);
      expect(errorOf(sample)).toBeLessThan(CLOSE_MS);
      expect(sample.boundMs).toBeLessThan(CLOSE_MS);
      expect(sample.isProvenAt).toBeNull();
    }),
  );

  it.each(TYPES)('proves its answer with a key of type %s', (type, id) =>
    withChronyd({ keys: KEYS }, async (chronyd) => {
      const key = await loadNtpKey({ id, type, file: keyFile(KEYS) });
      expect(errorOf(await ask(chronyd, { key }))).toBeLessThan(CLOSE_MS);
    }),
  );

  it('is not heard with other keys of the same numbers and types', () =>
    withChronyd({ keys: KEYS }, async (chronyd) => {
      const file = keyFile(KEYS);
      const askWithAnother = async ([type, id]: (typeof TYPES)[number]) => {
        const key = await loadNtpKey({ id, type, file });
        const secret = Buffer.from(key.secret);
        secret[0]! ^= 1;
        return ask(chronyd, { key: { ...key, secret } });
      };
      const outcomes = await Promise.allSettled(TYPES.map(askWithAnother));
      const silent = { status: 'rejected', reason: { code: 'silent' } };
      expect(outcomes).toMatchObject(TYPES.map(() => silent));
    }));

  it('is refused at stratum 15', () =>
    withChronyd({ stratum: 15 }, async (chronyd) => {
      await expect(ask(chronyd)).rejects.toThrow('its stratum is 15');
    }));

  it('is refused where it takes its time from this host', () =>
    withChronyd({ address: '127.0.0.1' }, (upper) =>
      withChronyd({ lines: [`server 127.0.0.1 port ${upper.port} iburst minpoll -2`] }, async (lower) => {
        // Until it has made up its mind about the other, it answers on its own authority.
        const refusal = await eventually(() =>
          ask(lower, { ownAddresses: () => ['127.0.0.1'] }).then(() => null, String),
        );
        expect(refusal).toContain('from this very host (127.0.0.1)');
      }),
    ));
});

describe.skipIf(!havePeers('chronyd', 'libfaketime'))('a real chronyd with a wrong clock', () => {
  it.each([
    ['@1970-01-01 00:10:00', 1970],
    ['@2037-06-01 00:00:00', 2037],
  ])('says so: %s', (time, year) =>
    withChronyd({ env: { ...process.env, ...wrongClock(time).env } }, async (chronyd) => {
      const { utcMs } = await ask(chronyd);
      expect(new Date(utcMs).getUTCFullYear()).toBe(year);
    }),
  );
});
