// DNS UPDATE to a real BIND: TXT records for dns-01 go up beside each other and come down one by one, signed with every
// algorithm; whoever is wrong - the key, the clock, the zone, the certificate - is told so in words; and the server's own
// zone, asked with dig, shows what has happened.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChallengeProblem } from '../../src/acme/challenge.ts';
import { type Rfc2136Parts, Rfc2136Provider } from '../../src/acme/dns/rfc2136-provider.ts';
import { TSIG_ALGORITHMS } from '../../src/dns/tsig.ts';
import { createTlsConnector } from '../../src/tls/connect.ts';
import { dig } from '../support/peers/dig.ts';
import { makeTsigKey, type Named, startNamed, UPDATE_KEY, UPDATED_ZONE } from '../support/peers/named.ts';
import { havePeers } from '../support/peers/packages.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makePki } from '../support/upstreams.ts';

const HOUR_MS = 3_600_000;
const SERVER_NAME = 'ns.home.example';
const FIXED_ZONE = 'fixed.example';
const NAME = `_acme-challenge.dns.${UPDATED_ZONE}`;
const record = (value: string, name = NAME) => ({ name, value });
const going = new AbortController().signal;

const directory = temporaryDirectory('rfc2136');
const pki = makePki();
const foreign = makePki();

function providerFor(
  named: Pick<Named, 'port' | 'keyFile'>,
  config: Partial<Rfc2136Parts['config']> = {},
  clock = new SimulatedClock({ epochMs: Date.now() }),
): Rfc2136Provider {
  return new Rfc2136Provider({
    config: {
      ...{ kind: 'rfc2136', protocol: 'tcp', host: '127.0.0.1', port: named.port },
      ...{ caFile: null, keyFile: named.keyFile, zone: null },
      ...config,
    },
    tls: createTlsConnector({ clock }),
    lookup: async (host) => (host === SERVER_NAME ? ['127.0.0.1'] : []),
    clock,
  });
}

/** Values of the TXT records that the server has at the name. */
async function values(named: Named, name = NAME): Promise<string[]> {
  const { answer } = await dig(named.port, '+norecurse', name, 'TXT');
  return answer.map((line) => /TXT "(.*)"$/.exec(line)![1]!).sort();
}

async function problemOf(wanted: Promise<void>): Promise<string> {
  const error = await wanted.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ChallengeProblem);
  return (error as Error).message;
}

describe.skipIf(!havePeers('named', 'dig'))('A real BIND', () => {
  let named: Named;
  beforeAll(async () => {
    const certificate = pki.issue({ names: [SERVER_NAME], addresses: ['127.0.0.1'] });
    named = await startNamed({ fixedZone: FIXED_ZONE, certificate });
  });
  afterAll(() => named?.stop());

  const at = `the DNS server 127.0.0.1:`;

  test('has two values beside each other, loses the one that is taken down, and then the other', async () => {
    const provider = providerFor(named);
    expect(provider.name).toBe(`${at}${named.port}`);
    await provider.add(record('one'), going);
    await provider.add(record('two'), going);
    expect(await values(named)).toEqual(['one', 'two']);
    await provider.remove(record('one'), going);
    expect(await values(named)).toEqual(['two']);
    await provider.remove(record('one'), going); // gone already
    await provider.remove(record('two'), going);
    expect(await values(named)).toEqual([]);
  });

  test('has records with a TTL of a minute, also for the name of the zone itself and in a zone that is named', async () => {
    const name = `_acme-challenge.${UPDATED_ZONE}`;
    const provider = providerFor(named, { zone: UPDATED_ZONE });
    await provider.add(record('apex', name), going);
    expect((await dig(named.port, name, 'TXT')).answer).toEqual([`${name}. 60 IN TXT "apex"`]);
    await provider.remove(record('apex', name), going);
    expect(await values(named, name)).toEqual([]);
  });

  describe('refuses, in words,', () => {
    const inFile = (text: string) => {
      const file = join(directory, `${text.length}-${Math.random()}.key`);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    const up = `the TXT record at ${NAME} cannot be put up: ${at}`;

    test('a wrong secret', async () => {
      const keyFile = await makeTsigKey(directory, UPDATE_KEY);
      expect(await problemOf(providerFor(named, { keyFile }).add(record('x'), going))).toBe(
        `${up}${named.port} has another secret for the key "${UPDATE_KEY}" (BADSIG); copy the key file from there again`,
      );
    });

    test('an unknown key', async () => {
      const keyFile = await makeTsigKey(directory, 'nobody');
      expect(await problemOf(providerFor(named, { keyFile }).add(record('x'), going))).toBe(
        `${up}${named.port} knows no key "nobody" for hmac-sha256 (BADKEY); write the key's name and algorithm as they are there`,
      );
    });

    test('no key at all', async () => {
      const problem = await problemOf(providerFor(named, { keyFile: null }).add(record('x'), going));
      expect(problem).toContain(
        `${named.port} answers for the zone ${UPDATED_ZONE} with REFUSED: it does not allow`,
      );
    });

    test.each([-HOUR_MS, HOUR_MS])('a clock that is %i ms off', async (offMs) => {
      const clock = new SimulatedClock({ epochMs: Date.now() + offMs });
      const problem = await problemOf(providerFor(named, {}, clock).add(record('x'), going));
      const [, theirs, ours] =
        / has a clock that says (\S+) where ours says (\S+), too far apart \(BADTIME\); set the wrong one right$/.exec(
          problem,
        ) ?? [];
      expect(Math.abs(Date.parse(theirs!) - Date.now())).toBeLessThan(HOUR_MS / 2);
      expect(Math.floor(clock.now().epochMs / 1000)).toBe(Date.parse(ours!) / 1000);
    });

    test.each([
      [`elsewhere.${UPDATED_ZONE}`, UPDATED_ZONE, 'a name that the key may not change'],
      [`_acme-challenge.dns.${FIXED_ZONE}`, FIXED_ZONE, 'a zone that nobody may change'],
    ])('%s in %s, %s', async (name, zone) => {
      const problem = await problemOf(providerFor(named).add(record('x', name), going));
      expect(problem).toContain(
        `answers for the zone ${zone} with REFUSED: it does not allow this change; allow it there`,
      );
    });

    test('a zone that is not its own, whoever names it', async () => {
      const name = '_acme-challenge.dns.other.example';
      expect(await problemOf(providerFor(named).add(record('x', name), going))).toContain(
        'has no zone that holds this name (its last answer was REFUSED',
      );
      expect(
        await problemOf(providerFor(named, { zone: 'other.example' }).add(record('x', name), going)),
      ).toContain(
        'answers for the zone other.example with NOTAUTH: it is not the primary server of the zone',
      );
      expect(
        await problemOf(providerFor(named, { zone: UPDATED_ZONE }).add(record('x', name), going)),
      ).toContain(
        `would be told of the zone ${UPDATED_ZONE}, as the configuration has it, and the name is not in that`,
      );
    });

    test('nothing, where a file cannot be used: no octet is sent then', async () => {
      const keyFile = inFile('key "x" { algorithm hmac-md5; secret "MDEyMzQ1Njc="; };');
      expect(await problemOf(providerFor(named, { keyFile }).add(record('x'), going))).toContain(
        `${keyFile}:1: the key is for hmac-md5, which is too weak`,
      );
      const caFile = '/nowhere/ca.pem';
      expect(
        await problemOf(providerFor(named, { protocol: 'tls', caFile }).add(record('x'), going)),
      ).toContain(`The CA file ${caFile} cannot be read`);
    });

    test('taking down as it does putting up', async () => {
      const keyFile = await makeTsigKey(directory, 'nobody');
      expect(await problemOf(providerFor(named, { keyFile }).remove(record('x'), going))).toContain(
        `the TXT record at ${NAME} cannot be taken down: ${at}`,
      );
    });
  });

  describe('over TLS', () => {
    const overTls = (caFile: string, host = SERVER_NAME) =>
      providerFor({ ...named, port: named.tlsPort }, { protocol: 'tls', caFile, host });

    test.each([SERVER_NAME, '127.0.0.1'])('is changed at %s when its certificate is good', async (host) => {
      const provider = overTls(pki.rootFile, host);
      await provider.add(record('over TLS'), going);
      expect(await values(named)).toEqual(['over TLS']);
      await provider.remove(record('over TLS'), going);
      expect(await values(named)).toEqual([]);
    });

    test('is told nothing when its certificate is of a foreign CA', async () => {
      const before = named.lines.length;
      const problem = await problemOf(overTls(foreign.rootFile).add(record('x'), going));
      expect(problem).toMatch(
        /cannot be connected to: ns\.home\.example at 127\.0\.0\.1 port \d+ is not trusted: .*chain/,
      );
      expect(named.lines.slice(before).filter((line) => line.includes('updat'))).toEqual([]);
      expect(await values(named)).toEqual([]);
    });

    test('is not found when its name has no address', async () => {
      const problem = await problemOf(overTls(pki.rootFile, 'ns.other.example').add(record('x'), going));
      expect(problem).toContain(
        `the DNS server ns.other.example:${named.tlsPort} has no address; check its name`,
      );
    });
  });
});

describe.skipIf(!havePeers('named', 'dig'))('Every algorithm', () => {
  test('is understood by a real BIND, and its answers by us', async () => {
    const keyFiles = await Promise.all(
      TSIG_ALGORITHMS.map((algorithm) => makeTsigKey(directory, `key-${algorithm}`, algorithm)),
    );
    await using named = await startNamed({ keyFiles });
    for (const keyFile of keyFiles) await providerFor(named, { keyFile }).add(record(keyFile), going);
    expect(await values(named)).toEqual([...keyFiles].sort());
  });
});

describe.skipIf(!havePeers('named', 'dig'))('A real BIND that went away', () => {
  test('is said to be so, and takes changes again when it is back', async () => {
    const first = await startNamed();
    const provider = providerFor(first);
    await provider.add(record('before'), going);
    await first.stop();
    expect(await problemOf(provider.add(record('x'), going))).toBe(
      `the TXT record at ${NAME} cannot be put up: the DNS server 127.0.0.1:${first.port} cannot be connected to: ` +
        `ECONNREFUSED 127.0.0.1:${first.port} (nothing listens there)`,
    );
    await using second = await startNamed({ port: first.port, keyFiles: [first.keyFile] });
    await provider.add(record('after'), going);
    expect(await values(second)).toEqual(['after']);
  });
});
