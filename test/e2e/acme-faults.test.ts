// ACME under faults (reliability row 18): whatever a CA, the network or the disk does, the certificate that is there stays, the log
// says what to do, the next attempt goes on where the last one ended, and nothing secret is told. Real CA, real zone; what
// takes longer than a few seconds is in test/full.

import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { whatToCheck } from '../../src/acme/acme-problem.ts';
import { EMPTY_LEDGER, identifiersOf } from '../../src/acme/ledger.ts';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { ACME_PEERS, type AcmeHouse, OWN_NAME, startAcmeHouse } from '../support/acme-house.ts';
import {
  expectNothingSecret,
  renew,
  StorageInspector,
  storageIn,
  storeOld,
  watchPins,
} from '../support/acme-witness.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { type ConfigTree, MAIN_FILE, NODE, type Noonmark, REPOSITORY } from '../support/noonmark.ts';
import {
  ACME_ERRORS,
  type AcmeErrorType,
  type AcmeResource,
  type Problem,
} from '../support/peers/acme-exchange.ts';
import { UPDATED_ZONE } from '../support/peers/named.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { run } from '../support/running.ts';
import { servedCertificate } from '../support/served-certificate.ts';
import { mountSmallDisk, type SmallDisk } from '../support/small-disk.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const canRun = havePeers(...ACME_PEERS);
const HOUR_MS = 3_600_000;
/** Each has a certificate, and a ledger's account, of its own: one row cannot use up another's limits. */
const ROWS = [
  ...['errors', 'down', 'slow', 'nonces', 'resets', 'invalid', 'taken', 'astray', 'forgotten'],
  ...['lost-order', 'lost-finalize', 'lost-certificate', 'pause', 'pause-date'],
];
const nameOf = (row: string) => `${row}.${UPDATED_ZONE}`;
/** BIND lets nothing else be changed. */
const LATE_NAME = nameOf('nas');
const NEVER_NAME = nameOf('www');

let house: AcmeHouse;
beforeAll(async () => {
  if (canRun)
    house = await startAcmeHouse({ front: { renewalInfo: false }, pebble: { nonceRejectPercent: 0 } });
});
afterEach(() => house?.front.heal());
afterAll(() => house?.[Symbol.asyncDispose]());

describe.skipIf(!canRun)('While a certificate is served,', () => {
  let noonmark: Noonmark;
  let certsDir: string;
  let stateDir: string;
  let inspector: StorageInspector;
  let foreignPort: number;
  const oldPins = new Map<string, string>();

  beforeAll(async () => {
    [certsDir, stateDir] = [temporaryDirectory('certs'), temporaryDirectory('state')];
    inspector = new StorageInspector(certsDir);
    foreignPort = await freePort();
    const all = [OWN_NAME, LATE_NAME, NEVER_NAME, ...ROWS.map(nameOf)];
    for (const name of all) oldPins.set(name, await storeOld(certsDir, house.pki, [name], 'fresh'));
    const more = [
      ...ROWS.filter((row) => row !== 'astray').map((row) => ({ names: [nameOf(row)] })),
      { names: [nameOf('astray')], acme: { http_port: foreignPort } },
      { names: [LATE_NAME], acme: dns01('late', `(sleep 1; ${NSUPDATE}) > /dev/null 2>&1 &`, '60s') },
      { names: [NEVER_NAME], acme: dns01('never', 'true', '1s') },
    ].map(({ names, acme = {} }: { names: string[]; acme?: ConfigTree }) => ({ names, acme: { ...acme } }));
    noonmark = await house.start(
      { names: [OWN_NAME], acme: { ...house.acme, challenge: 'http-01' }, more },
      { config: { certs_dir: certsDir, state_dir: stateDir, log: { level: 'debug', format: 'json' } } },
    );
    house.front.onRequest(() => inspector.look());
  });
  afterAll(() => noonmark?.stop());

  /** A program with lego's contract that says it is done at once. */
  function dns01(what: string, present: string, propagation: string): ConfigTree {
    const program = join(temporaryDirectory(what), 'hook');
    const text = `#!/bin/sh
NS='server 127.0.0.1 ${house.named.port}
zone ${house.named.zone}'
KEY='${house.named.keyFile}'
case "$1" in
  present) CHANGE="add $2 60 TXT \\"$3\\""; ${present} ;;
  cleanup) CHANGE="delete $2 TXT"; ${NSUPDATE} ;;
esac
`;
    writeFileSync(program, text, { mode: 0o755 });
    return { challenge: 'dns-01', dns: { exec: { program }, propagation } };
  }

  const trust = () => ({ caFile: house.pki.rootFile, name: OWN_NAME });
  const logged = (name: string) =>
    noonmark.process.lines.filter((line) => /"level":"(warn|error)"/.test(line) && line.includes(name));
  const isRefused = async (name: string, ...words: (string | RegExp)[]) => {
    const { ok, sentence } = await renew(stateDir, name);
    expect(ok, sentence).toBe(false);
    for (const word of words) expect(sentence).toMatch(word instanceof RegExp ? word : exactly(word));
    return sentence;
  };
  const isRenewed = async (name: string) => {
    const { ok, sentence } = await renew(stateDir, name);
    expect([ok, sentence]).toEqual([true, expect.stringContaining('A new certificate is served')]);
  };
  /** What clients of `name` see all along: the old certificate, and then at most one other. */
  const throughout = async (row: string, ends: 'old' | 'new', act: (name: string) => Promise<void>) => {
    const name = row.includes('.') ? row : nameOf(row);
    const issuedBefore = house.pebble.issued().length;
    await using shown = await watchPins(noonmark, name, trust());
    await act(name);
    const pins = await shown.stop();
    expect(pins).toEqual(ends === 'old' ? [oldPins.get(name)] : [oldPins.get(name), expect.any(String)]);
    expect(shown.answers).toBeGreaterThan(1);
    const issued = () => house.pebble.issued().length - issuedBefore;
    if (ends === 'new') await eventually(() => issued() > 0, { what: "Pebble's log" });
    expect(issued()).toBe(ends === 'new' ? 1 : 0);
  };

  test.each(Object.keys(ACME_ERRORS) as AcmeErrorType[])(
    'the CA answers an order with %s: the log has its word, and what to check',
    async (type) => {
      await throughout('errors', 'old', async (name) => {
        const detail = `not for ${type}`;
        house.front.fail('newOrder', { type, detail });
        const sentence = await isRefused(name, detail, `(${type})`, whatToCheck(type, 'http-01'));
        expect(
          logged(name).some(
            (line) =>
              JSON.parse(line).message ===
              `no certificate: ${sentence.slice('No new certificate: '.length, -1)}`,
          ),
        ).toBe(true);
      });
    },
  );

  test('the CA is down, and comes back', () =>
    throughout('down', 'new', async (name) => {
      await house.front.down();
      try {
        await isRefused(name, /127\.0\.0\.1 cannot be connected to: /);
        const args = [MAIN_FILE, 'certificate', 'renew', name, '--now', '--config'];
        const told = await run(NODE, [...args, join(noonmark.directory, 'noonmark.yaml')], {
          cwd: REPOSITORY,
        });
        expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('cannot be connected to')]);
      } finally {
        await house.front.up();
      }
      await isRenewed(name);
    }));

  test('the CA is slow with everything', () =>
    throughout('slow', 'new', async (name) => {
      const all: AcmeResource[] = [
        'directory',
        'newNonce',
        'newOrder',
        'order',
        'authorization',
        'challenge',
      ];
      for (const resource of [...all, 'finalize', 'certificate'] as const) house.front.slow(resource, 100);
      await isRenewed(name);
    }));

  test('five nonces in a row are refused', () =>
    throughout('nonces', 'new', async (name) => {
      house.front.badNonces(5);
      await isRenewed(name);
    }));

  test('nonces are refused without end: it is given up, and tried again later', () =>
    throughout('errors', 'old', async (name) => {
      const before = house.front.requests.length;
      house.front.badNonces(1_000);
      await isRefused(name, '(badNonce)', /whether a proxy stands between/);
      expect(house.front.requests.length - before).toBeLessThan(40);
    }));

  test('the connection is reset at one resource after the other: each attempt comes one step further', () =>
    throughout('resets', 'new', async (name) => {
      const steps: AcmeResource[] = ['directory', 'newNonce', 'newOrder', 'authorization', 'challenge'];
      const orders = house.front.orders.length;
      for (const step of [...steps, 'finalize', 'certificate'] as const) {
        house.front.reset(step); // until it is healed: an attempt of another name may come by
        await isRefused(name, /127\.0\.0\.1 (?:broke off|closed the connection)/);
        house.front.heal();
      }
      await isRenewed(name);
      expect(house.front.orders.length - orders).toBe(1);
    }));

  test.each<[string, AcmeResource, number]>([
    ['lost-order', 'newOrder', 2],
    ['lost-finalize', 'finalize', 1],
  ])('the CA has acted and its answer is lost (%s): no second certificate is made', (row, resource, orders) =>
    throughout(row, 'new', async (name) => {
      const before = house.front.orders.length;
      house.front.reset(resource, { when: 'after' });
      await isRefused(name, /127\.0\.0\.1 /);
      house.front.heal();
      await isRenewed(name);
      expect(house.front.orders.length - before).toBe(orders);
    }),
  );

  test('the certificate is lost on its way: its order is forgotten for no error that may pass', () =>
    throughout('lost-certificate', 'new', async (name) => {
      const before = house.front.orders.length;
      house.front.reset('certificate', { when: 'after' });
      await isRefused(name, /127\.0\.0\.1 /);
      house.front.heal();
      const passing: Problem[] = [
        { type: 'userActionRequired' },
        { type: 'rateLimited' },
        { type: 'serverInternal' },
        { type: 'badNonce' },
        { status: 403, detail: 'a page of a proxy' },
        { status: 503, detail: 'a page of a proxy' },
      ];
      for (const problem of passing) {
        house.front.fail('order', problem);
        await isRefused(name, problem.type ?? 'HTTP status');
        house.front.heal();
      }
      await isRenewed(name);
      expect(house.front.orders.length - before).toBe(1);
    }));

  test('the order turns invalid: a new one takes its place', () =>
    throughout('invalid', 'new', async (name) => {
      const before = house.front.orders.length;
      house.front.invalidateOrder();
      await isRefused(name, 'So the test wills it. (unauthorized)', whatToCheck('unauthorized', 'http-01'));
      await isRenewed(name);
      expect(house.front.orders.length - before).toBe(2);
    }));

  test('somebody else has the port of http-01: the order waits until it is free', () =>
    throughout('taken', 'new', async (name) => {
      const before = house.front.orders.length;
      const other = createServer((_asked, response) => response.end('not what you want'));
      await once(other.listen(house.acme.http_port as number, '127.0.0.1'), 'listening');
      await isRefused(name, /http-01 cannot be answered.*another program has this port/);
      other.close();
      await isRenewed(name);
      expect(house.front.orders.length - before).toBe(1);
    }));

  test('the name leads elsewhere: that is said, and after the fifth failure in an hour nothing is asked', () =>
    throughout('astray', 'old', async (name) => {
      const storage = storageIn(certsDir);
      const { ledger } = await storage.readLedger();
      const event = { directory: house.front.directory, identifiers: identifiersOf([name]) };
      const earlier = [1, 2, 3, 4].map((minutes) => ({
        ...{ ...event, atMs: Date.now() - minutes * 60_000, kind: 'failed-validation' as const, name },
      }));
      await storage.writeLedger({ ...EMPTY_LEDGER, ...ledger, events: [...ledger.events, ...earlier] });
      const other = createServer((_asked, response) => response.end('not what you want'));
      await once(other.listen(house.acme.http_port as number, '127.0.0.1'), 'listening');
      await isRefused(name, `${name} was not proven`, whatToCheck('unauthorized', 'http-01'));
      other.close();
      const before = ordersAsked();
      await isRefused(name, `5 validations of ${name} failed within an hour`);
      expect(ordersAsked()).toEqual(before);
    }));

  test.each([
    ['pause', () => '7200'],
    ['pause-date', () => new Date(Date.now() + 2 * HOUR_MS).toUTCString()],
  ])('the CA asks for a pause (%s): it has it, whoever asks', (row, retryAfter) =>
    throughout(row, 'old', async (name) => {
      house.front.fail('newOrder', { type: 'rateLimited', detail: 'too many', retryAfter: retryAfter() });
      await isRefused(name, 'too many (rateLimited)', whatToCheck('rateLimited', 'http-01'));
      const { again } = JSON.parse(logged(name).find((line) => line.includes('no certificate: '))!);
      const waitMs = Date.parse(again) - Date.now();
      expect(waitMs).toBeGreaterThan(1.9 * HOUR_MS);
      expect(waitMs).toBeLessThan(2.1 * HOUR_MS);
      house.front.heal();
      const before = ordersAsked();
      await isRefused(name, 'the CA asked for a pause; the next order may be placed at');
      expect(ordersAsked()).toEqual(before);
    }),
  );

  test('the CA has forgotten the account and the order: both are made anew', () =>
    throughout('forgotten', 'new', async (name) => {
      const storage = storageIn(certsDir);
      const { directory } = house.front;
      const { keyPem } = (await storage.readAccount(directory))!;
      const other = (await storage.readCertificate(storageIdOf([name])))!.keyPem;
      const at = (path: string) => new URL(path, directory).href;
      await storage.writeAccount(directory, { keyPem: other, url: at('/my-account/99') });
      const kind = { profile: null, keyType: 'P-256' };
      const order = { directory, ...kind, names: [name], keyPem, url: at('/my-order/forgotten') };
      await storage.writeOrder(storageIdOf([name]), order);
      await isRenewed(name);
      expect((await storage.readAccount(directory))!.url).not.toContain('/99');
    }));

  test('a TXT record that comes late is waited for', () =>
    throughout(LATE_NAME, 'new', async (name) => {
      await isRenewed(name);
    }));

  test('a TXT record that never comes is said before the CA is told, and by the CA', () =>
    throughout(NEVER_NAME, 'old', async (name) => {
      await isRefused(
        name,
        `${name} was not proven`,
        /what to check: that the TXT record at _acme-challenge/,
      );
      expect(logged(name).some((line) => line.includes('is not seen through our upstreams yet'))).toBe(true);
    }));

  test('nothing secret was told, and no file was for others', () => {
    expect(inspector.looks).toBeGreaterThan(100);
    inspector.look();
    expectNothingSecret(noonmark.process.lines, inspector.secrets);
    expect(noonmark.process.lines.join()).not.toMatch(/a bug in Noonmark|unhandled/i);
  });

  test('the CA hangs and the server is stopped: it ends in time, and loses nothing', async () => {
    expect(count('newOrder')).toBeGreaterThan(0);
    house.front.hang('newOrder');
    const before = count('newOrder');
    const asked = renew(stateDir, nameOf('errors')).catch((error: Error) => error);
    await eventually(() => count('newOrder') > before, { what: 'the order at the CA' });
    noonmark.process.signal('SIGTERM');
    expect(await noonmark.process.ended).toEqual({ code: 0, signal: null });
    await asked;
  });
});

describe.skipIf(!canRun)('Over a restart,', () => {
  test('the pause of the CA and the pause after a failure are kept', async () => {
    const names = [nameOf('failed'), nameOf('limited')];
    const dirs = directories();
    const pins = await Promise.all(names.map((name) => storeOld(dirs.certs_dir, house.pki, [name], 'due')));
    const certificate = certificateOf(names);
    house.front.fail('newOrder', { type: 'serverInternal', detail: 'broken', times: 1 });
    house.front.fail('newOrder', { type: 'rateLimited', detail: 'broken', retryAfter: '7200' });
    const until: number[] = [];
    {
      await using noonmark = await house.start(certificate, { config: dirs });
      for (const type of ['serverInternal', 'rateLimited']) {
        const line = await noonmark.process.waitForLine((one) => one.includes(`(${type})`));
        until.push(Date.parse(JSON.parse(line).again));
      }
    }
    const orders = house.front.orders.length;
    await using noonmark = await house.start(certificate, { config: dirs });
    for (const said of [
      'the last attempt failed; the next is at',
      'the CA asked for a pause; the next order',
    ]) {
      const line = await noonmark.process.waitForLine((one) => one.includes(`a certificate waits: ${said}`));
      // Told from the end of the attempt before, and from its beginning now.
      const at = Date.parse(/\d{4}-[\dT:-]+Z(?=")/.exec(line)![0]);
      expect(Math.min(...until.map((one) => Math.abs(one - at))), line).toBeLessThan(10_000);
    }
    expect(house.front.orders.length).toBe(orders);
    for (const [at, name] of names.entries())
      expect((await servedCertificate(noonmark.endpoint('DoT'), name)).pin).toBe(pins[at]);
  });

  test('files that are torn are moved aside, and a new certificate takes their place', async () => {
    const name = nameOf('torn');
    const dirs = directories();
    await storeOld(dirs.certs_dir, house.pki, [name], 'fresh');
    const folder = join(dirs.certs_dir, 'acme');
    const [certificate, order] = [
      `certificates/${storageIdOf([name])}.pem`,
      `orders/${storageIdOf([name])}.json`,
    ];
    for (const file of [certificate, order])
      writeFileSync(join(folder, file), '-----BEGIN PRIVATE KEY-----\nMIG', { mode: 0o600 });
    await using noonmark = await house.start(certificateOf([name]), { config: dirs });
    await noonmark.process.waitForLine((line) => /serving a certificate.*"acme"/.test(line));
    for (const file of [certificate, order]) {
      await noonmark.process.waitForLine((line) => line.includes('moved aside') && line.includes(file));
      expect(existsSync(join(folder, `${file}.damaged`))).toBe(true);
    }
  });

  test.skipIf(!isRoot)(
    'a certificate that could not be stored is had from the CA again, without an order',
    async () => {
      const name = nameOf('unstored');
      const dirs = directories();
      const old = await storeOld(dirs.certs_dir, house.pki, [name], 'due');
      const pair = (await storageIn(dirs.certs_dir).readCertificate(storageIdOf([name])))!;
      const disk = mountSmallDisk(join(dirs.certs_dir, 'acme/certificates'));
      const before = { orders: house.front.orders.length, issued: house.pebble.issued().length };
      let made: string | false;
      try {
        await storageIn(dirs.certs_dir).writeCertificate(storageIdOf([name]), pair);
        disk.makeReadOnly();
        await using noonmark = await house.start(certificateOf([name]), { config: dirs });
        await noonmark.process.waitForLine(/served, and could not be stored: .*EROFS/);
        made = await eventually(async () => {
          const { pin } = await servedCertificate(noonmark.endpoint('DoT'), name);
          return pin !== old && pin;
        });
        noonmark.process.signal('SIGKILL');
        await noonmark.process.ended;
      } finally {
        disk.unmount();
      }
      await using noonmark = await house.start(certificateOf([name]), { config: dirs });
      const pinNow = async () => (await servedCertificate(noonmark.endpoint('DoT'), name)).pin;
      await eventually(async () => (await pinNow()) === made, { what: 'the certificate of the order' });
      expect(house.front.orders.length - before.orders).toBe(1);
      expect(house.pebble.issued().length - before.issued).toBe(1);
      await eventually(() =>
        storageIn(dirs.certs_dir)
          .readOrder(storageIdOf([name]))
          .then((order) => order === null),
      );
      const { ledger } = await storageIn(dirs.certs_dir).readLedger();
      expect(ledger.events.map(({ kind }) => kind)).toEqual(['success']);
    },
  );
});

describe.skipIf(!canRun || !isRoot)('On a disk', () => {
  const NAMES = ['ledger', 'account', 'order', 'certificate'].map((what) => nameOf(`full-${what}`));
  const [ledgerName, accountName, orderName, certificateName] = NAMES as [string, string, string, string];
  let noonmark: Noonmark;
  let disk: SmallDisk;
  let dirs: ReturnType<typeof directories>;
  const pins = new Map<string, string>();
  beforeAll(async () => {
    dirs = directories();
    disk = mountSmallDisk(dirs.certs_dir, 256);
    for (const name of NAMES) pins.set(name, await storeOld(dirs.certs_dir, house.pki, [name], 'fresh'));
    noonmark = await house.start(certificateOf(NAMES), { config: dirs });
  });
  afterAll(async () => {
    await noonmark?.stop();
    disk?.unmount();
  });
  const free = () => rmSync(join(dirs.certs_dir, 'filler'));
  const pinOf = async (name: string) => (await servedCertificate(noonmark.endpoint('DoT'), name)).pin;
  const storedOf = (name: string) => storageIn(dirs.certs_dir).readCertificate(storageIdOf([name]));
  /** The disk is full from the moment on when the CA has such a request. */
  const fillsAt = (resource: AcmeResource) => {
    const off = house.front.onRequest((asked, when) => {
      if (asked === resource && when === 'before') disk.fill();
    });
    return { [Symbol.dispose]: off };
  };

  test('that is full from the beginning, the CA hears of no order', async () => {
    const before = ordersAsked();
    disk.fill();
    expect(await renew(dirs.state_dir, ledgerName)).toEqual({
      ok: false,
      sentence: expect.stringMatching(DISK_FULL),
    });
    expect(ordersAsked()).toEqual(before);
    free();
    expect(await pinOf(ledgerName)).toBe(pins.get(ledgerName));
  });

  test.each([
    ['account', 'newAccount', accountName],
    ['order', 'newOrder', orderName],
  ] as const)(
    'that is full when the %s is to be kept, no certificate is made before there is room',
    async (_what, resource, name) => {
      const issued = house.pebble.issued().length;
      {
        using _ = fillsAt(resource);
        expect(await renew(dirs.state_dir, name)).toEqual({
          ok: false,
          sentence: expect.stringMatching(DISK_FULL),
        });
      }
      expect(await pinOf(name)).toBe(pins.get(name));
      free();
      expect(await renew(dirs.state_dir, name)).toMatchObject({ ok: true });
      expect(await pinOf(name)).not.toBe(pins.get(name));
      await eventually(() => house.pebble.issued().length === issued + 1, { what: "Pebble's log" });
    },
  );

  test('that is full when the certificate comes, it is served at once and stored later, without a new order', async () => {
    const name = certificateName;
    const before = { orders: house.front.orders.length, issued: house.pebble.issued().length };
    {
      using _ = fillsAt('certificate');
      expect(await renew(dirs.state_dir, name)).toMatchObject({ ok: true });
    }
    await noonmark.process.waitForLine(
      /a new certificate is served, and could not be stored: .*the disk is full/,
    );
    const made = await pinOf(name);
    expect(made).not.toBe(pins.get(name));
    const chainBefore = (await storedOf(name))!.chainPem;
    free();
    expect(await renew(dirs.state_dir, name)).toEqual({
      ok: true,
      sentence: expect.stringContaining('A new certificate is served'),
    });
    expect((await storedOf(name))!.chainPem).not.toBe(chainBefore);
    expect(await pinOf(name)).toBe(made);
    expect(house.front.orders.length - before.orders).toBe(1);
    expect(house.pebble.issued().length - before.issued).toBe(1);
    expect(await renew(dirs.state_dir, name)).toEqual({
      ok: false,
      sentence: expect.stringContaining('within 24 hours'),
    });
  });

  test('that can only be read, what is there is served over a restart, and nothing is ordered', async () => {
    disk.makeReadOnly();
    const orders = house.front.orders.length;
    const refused = { ok: false, sentence: expect.stringMatching(/EROFS|read-only|can only be read/) };
    expect(await renew(dirs.state_dir, ledgerName)).toEqual(refused);
    await noonmark.stop();
    noonmark = await house.start(certificateOf(NAMES), { config: dirs });
    expect(await pinOf(ledgerName)).toBe(pins.get(ledgerName));
    expect(await renew(dirs.state_dir, ledgerName)).toEqual(refused);
    expect(house.front.orders.length).toBe(orders);
  });
});

const DISK_FULL = /ENOSPC.*the disk is full: make room/;

const NSUPDATE = `printf '%s\\nupdate %s\\nsend\\n' "$NS" "$CHANGE" | nsupdate -k "$KEY"`;

function exactly(text: string): RegExp {
  return new RegExp(RegExp.escape(text));
}

function count(resource: AcmeResource): number {
  return house.front.requests.filter((request) => request.resource === resource).length;
}

/** The directory is asked for all the same: it may say when to renew. */
function ordersAsked(): number[] {
  return [count('newNonce'), count('newOrder')];
}

/** Of a server that is started more than once. */
function directories() {
  return { certs_dir: temporaryDirectory('certs'), state_dir: temporaryDirectory('state') };
}

/** One certificate each, all by http-01. */
function certificateOf([first, ...others]: readonly string[]): ConfigTree {
  const acme = { ...house.acme, challenge: 'http-01' };
  return { names: [first], acme, more: others.map((name) => ({ names: [name], acme: {} })) };
}
