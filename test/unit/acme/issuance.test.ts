// One certificate over months of a simulated clock: ordered, renewed, waited for, and what is served all along. The CA is
// in this process (support/simulated-ca.ts), the certificates are real.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acmeClient } from '../../../src/acme/acme-api.ts';
import type { ChallengeSolver } from '../../../src/acme/challenge.ts';
import { Issuance, type IssuanceParts } from '../../../src/acme/issuance.ts';
import { MemoryStorage } from '../../../src/acme/memory-storage.ts';
import { storageIdOf } from '../../../src/acme/storage-id.ts';
import { HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import type { AcmeConfig } from '../../../src/config/config.ts';
import { createLog } from '../../../src/observe/log.ts';
import type { ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { loadOpenSsl } from '../../../src/tls/openssl.ts';
import { eventually } from '../../support/eventually.ts';
import { createPki } from '../../support/pki.ts';
import { SimulatedCa } from '../../support/simulated-ca.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NAMES = ['dns.home.example'];

/** acme-client's own way out must never be taken: it looks names up elsewhere, and believes the system clock. */
acmeClient().axios.defaults.adapter = () => Promise.reject(new Error('axios was used'));

/** Of nobody that any chain here descends from. */
const foreign = createPki(temporaryDirectory('foreign')).issue({ names: ['foreign.example'] });
const FOREIGN_PEM = readFileSync(foreign.certificateFile, 'utf8');
const FOREIGN_KEY = readFileSync(foreign.keyFile, 'utf8');

let lines: string[];
let clock: SimulatedClock;
let ca: SimulatedCa;
let storage: MemoryStorage;
let served: ServedCertificate[];
let open: Issuance[];

beforeEach(() => begin());
afterEach(async () => {
  for (const issuance of open) await issuance.close();
  expect(clock.pendingTimers).toBe(0);
});

function begin(options: SimulatedClockOptions = { state: 'synchronized' }, lifetimeMs = 90 * DAY_MS): void {
  lines = [];
  clock = new SimulatedClock(options);
  ca = new SimulatedCa({ clock, lifetimeMs });
  storage = new MemoryStorage();
  served = [];
  open = [];
}

const acme = (): AcmeConfig => ({
  ...{ directory: ca.directory, staging: null, addresses: [], caFile: null, email: null, profile: null },
  ...{ keyType: 'P-256', challenge: 'http-01', httpPort: 80, dns: null, propagationMs: 0, takeOver: null },
});

const solver = (show: (challenges: unknown) => unknown): ChallengeSolver => ({
  type: 'http-01',
  show: async (challenges) => void show(challenges),
  clear: async () => {},
});

const tools = (): IssuanceParts['tools'] => ({
  openHttp: () => ca as never,
  solverFor: () => solver(() => {}),
  openssl: () => loadOpenSsl().openssl,
});

async function start(change: Partial<IssuanceParts> = {}): Promise<Issuance> {
  const log = createLog(clock, { level: 'debug', format: 'json', write: (line) => lines.push(line) });
  const issuance = new Issuance({
    ...{ names: NAMES, config: acme(), storage, clock, log },
    holdBack: async () => null,
    tools: tools(),
    serve: (certificate) => served.push(certificate),
    ...change,
  });
  open.push(issuance);
  await issuance.load();
  issuance.start();
  return issuance;
}

/** Lets time pass in steps that no timer is longer than, and everything else finish after each. */
async function pass(issuance: Issuance, ms: number, stepMs = HOUR_MS): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    clock.advance(Math.min(stepMs, left));
    await isQuiet(issuance);
  }
}

const isQuiet = (issuance: Issuance) =>
  eventually(() => issuance.report.nextLookInMs !== null, { what: 'the end of a look', pauseMs: 1 });

describe('a certificate', () => {
  test('is ordered once when there is none, and left alone for two thirds of its life', async () => {
    const issuance = await start();
    await pass(issuance, 30 * DAY_MS, 6 * HOUR_MS);
    expect(ca.orders).toHaveLength(1);
    expect(served.map(({ names }) => names)).toEqual([NAMES]);
    const { decision, phase, lastFailure } = issuance.report;
    expect({ phase, lastFailure, due: decision?.due }).toEqual({
      phase: 'idle',
      lastFailure: null,
      due: false,
    });
    await pass(issuance, 35 * DAY_MS, 6 * HOUR_MS);
    expect(ca.orders).toHaveLength(2);
    expect(served).toHaveLength(2);
  });

  test('of an earlier life is served at once, and what was issued for other names until there is one for these', async () => {
    const first = await start();
    await pass(first, HOUR_MS);
    await first.close();
    const again = await start();
    expect(again.held?.notAfterMs).toBe(served[0]!.notAfterMs);
    await pass(again, DAY_MS);
    expect(ca.orders).toHaveLength(1);
    await again.close();
    ca.refuse = () => ({ status: 503 });
    const wider = await start({ names: [...NAMES, 'www.home.example'] });
    expect(wider.held?.names).toEqual(NAMES);
    await pass(wider, 10_000);
    expect(wider.report).toMatchObject({ phase: 'waiting', decision: { due: true } });
    expect(wider.report.decision?.reason).toContain('www.home.example');
  });

  test('is renewed when the CA recommends it, naming the one that it replaces', async () => {
    const issuance = await start();
    await pass(issuance, 2 * DAY_MS, 6 * HOUR_MS);
    const at = (ms: number) => new Date(clock.now().epochMs + ms).toISOString();
    ca.window = { start: at(-2 * HOUR_MS), end: at(-HOUR_MS) };
    await pass(issuance, 7 * HOUR_MS);
    expect(ca.orders).toHaveLength(2);
    expect(ca.orders[1]!.replaces).toMatch(/^[\w-]+\.[\w-]+$/);
  });
});

describe('nothing is ordered', () => {
  test('while the time is not known; one is when it is', async () => {
    begin({ state: 'untrusted', epochMs: 0 });
    const issuance = await start();
    await pass(issuance, 3 * HOUR_MS);
    expect(ca.requests).toEqual([]);
    expect(issuance.report.waitsFor).toContain('the time is not known');
    clock.setSystemClock(HARD_FLOOR_MS + 40 * DAY_MS);
    clock.setState('synchronized');
    await eventually(() => served.length === 1, { what: 'the certificate' });
    await pass(issuance, DAY_MS);
    expect(ca.orders).toHaveLength(1);
  });

  test.each([
    ['a day off', () => clock.now().epochMs + DAY_MS, 'over an hour apart'],
    ['missing', () => null, 'no date'],
  ])('while the time is provisional and the date of the CA is %s', async (_what, dateMs, why) => {
    begin({ state: 'provisional' });
    ca = new SimulatedCa({ clock, dateMs });
    const issuance = await start();
    await pass(issuance, HOUR_MS, 5 * MINUTE_MS);
    expect(ca.orders).toEqual([]);
    expect(issuance.report.waitsFor).toContain(why);
  });

  test('but one, while it is provisional and the CA has the same date', async () => {
    begin({ state: 'provisional' });
    const issuance = await start();
    await pass(issuance, DAY_MS);
    expect(ca.orders).toHaveLength(1);
  });

  test('a second time within a day, though an owner asks', async () => {
    const issuance = await start();
    await pass(issuance, HOUR_MS);
    expect(await issuance.renewNow()).toEqual({
      ok: false,
      sentence: expect.stringContaining('within 24 hours'),
    });
    expect(ca.orders).toHaveLength(1);
    await pass(issuance, DAY_MS);
    expect(await issuance.renewNow()).toEqual({ ok: true, sentence: expect.stringContaining('is served') });
  });
});

describe('after a failure', () => {
  /** Minutes since the start at which the CA was asked for its directory. */
  const askedAt: number[] = [];
  const countFrom = (startMs: number) => {
    askedAt.length = 0;
    ca.refuse = (resource) => {
      if (resource === 'directory') askedAt.push(Math.round((clock.monotonic() - startMs) / MINUTE_MS));
      return { status: 500, type: 'serverInternal', detail: 'come back later' };
    };
  };

  test('the pauses are those of the list, also over a restart, and a success ends them', async () => {
    const startMs = clock.monotonic();
    countFrom(startMs);
    const first = await start();
    await pass(first, 60 * MINUTE_MS, MINUTE_MS);
    const pauses = () => askedAt.slice(1).map((at, position) => at - askedAt[position]!);
    expect(pauses()).toEqual([1, 5, 15, 30]);
    await first.close();
    const second = await start();
    await pass(second, 50 * MINUTE_MS, MINUTE_MS);
    expect(pauses()).toEqual([1, 5, 15, 30]);
    await pass(second, 20 * MINUTE_MS, MINUTE_MS);
    expect(pauses()).toEqual([1, 5, 15, 30, 60]);
    expect(second.report.lastFailure?.reason).toContain('come back later');
    ca.refuse = () => null;
    await pass(second, 2 * HOUR_MS, MINUTE_MS);
    expect(served).toHaveLength(1);
    expect(second.report).toMatchObject({ phase: 'idle', lastFailure: null });
  });

  test.each([
    ['seconds', () => '7200'],
    ['a date', () => new Date(clock.now().epochMs + 2 * HOUR_MS).toUTCString()],
  ])('the CA’s own Retry-After is obeyed, as %s', async (_form, retryAfter) => {
    ca.refuse = (resource) =>
      resource === 'newOrder' ? { status: 429, type: 'rateLimited', retryAfter: retryAfter() } : null;
    const issuance = await start();
    await pass(issuance, 10_000, 5_000);
    const orders = () => ca.requests.filter((request) => request === 'POST newOrder').length;
    expect(orders()).toBe(1);
    await pass(issuance, 110 * MINUTE_MS, MINUTE_MS);
    expect(orders()).toBe(1);
    expect(issuance.report.waitsFor).toContain('the CA asked for a pause');
    await pass(issuance, 20 * MINUTE_MS, MINUTE_MS);
    expect(orders()).toBe(2);
  });

  test('that an unsure date has earned, a sure one asks anew at once', async () => {
    begin({ state: 'provisional' });
    const request = ca.request.bind(ca);
    const { HttpsFailure } = await import('../../../src/tls/https-client.ts');
    ca.request = async () => {
      throw new HttpsFailure('ca.example is not trusted: dates');
    };
    const issuance = await start();
    await pass(issuance, 10 * MINUTE_MS, MINUTE_MS);
    expect(issuance.report.lastFailure?.reason).toContain('not trusted');
    ca.request = request;
    clock.setState('synchronized');
    await eventually(() => served.length === 1, { what: 'the certificate' });
  });

  test('what could not be stored is served, and stored later without a second order', async () => {
    const write = storage.writeCertificate.bind(storage);
    storage.writeCertificate = async () => {
      throw new Error('the disk is full');
    };
    const issuance = await start();
    await pass(issuance, 10 * MINUTE_MS, MINUTE_MS);
    expect(served).toHaveLength(1);
    expect(issuance.report).toMatchObject({ phase: 'waiting', waitsFor: 'the disk is full' });
    storage.writeCertificate = write;
    await pass(issuance, 5 * MINUTE_MS, MINUTE_MS);
    expect(await storage.readCertificate(storageIdOf(NAMES))).not.toBeNull();
    expect(ca.orders).toHaveLength(1);
    expect(issuance.report.phase).toBe('idle');
  });

  test('nothing is begun that could not be remembered', async () => {
    storage.writeLedger = async () => {
      throw new Error('certs_dir is read-only');
    };
    const issuance = await start();
    await pass(issuance, HOUR_MS, 5 * MINUTE_MS);
    expect(ca.orders).toEqual([]);
    expect(issuance.report.waitsFor).toContain('read-only');
  });

  test('a certificate that does not fit the names is not used, and the old one stays', async () => {
    const first = await start();
    await pass(first, HOUR_MS);
    await first.close();
    const other = served[0]!;
    const issue = ca.request.bind(ca);
    ca.request = async (request) =>
      request.url.includes('/certificate/')
        ? { status: 200, headers: {}, body: Buffer.from(other.chainPem) }
        : issue(request);
    const wider = await start({ names: [...NAMES, 'www.home.example'] });
    await pass(wider, 10_000, 5_000);
    expect(wider.report.lastFailure?.reason).toContain('the new certificate is not used');
    expect(served).toHaveLength(1);
    expect(wider.held?.names).toEqual(NAMES);
  });
});

describe('what the CA says', () => {
  const orders = () => ca.requests.filter((request) => request === 'POST newOrder').length;

  test.each([
    ['a name that was not asked for', { identifier: { type: 'dns', value: 'bank.example' } }],
    ['what is no name', { identifier: { type: 'dns', value: '$(reboot).home.example' } }],
    ['an address', { identifier: { type: 'ip', value: 'dns.home.example' } }],
  ])('shows nobody %s', async (_what, stated) => {
    const usual = ca.authorization;
    ca.authorization = (name, id) => ({ ...usual(name, id), ...stated });
    const shown: unknown[] = [];
    const issuance = await start({
      tools: { ...tools(), solverFor: () => solver((challenges) => shown.push(challenges)) },
    });
    await pass(issuance, 10_000, 5_000);
    expect(shown).toEqual([]);
    expect(issuance.report.lastFailure?.reason).toContain('which was not asked for');
  });

  test.each([undefined, '', '../../etc', 'x'.repeat(300), 'é'.repeat(22)])(
    'shows no token such as %j',
    async (token) => {
      ca.authorization = (value) => ({
        identifier: { type: 'dns', value },
        challenges: [{ type: 'http-01', url: 'https://ca.example/challenge/0-0', status: 'pending', token }],
      });
      const issuance = await start();
      await pass(issuance, 10_000, 5_000);
      expect(issuance.report.lastFailure?.reason).toContain('the token of the CA');
    },
  );

  test.each<[string, (resource: string) => unknown]>([
    ['an order that is a list', (resource) => (resource === 'newOrder' ? [] : null)],
    ['an order without its parts', (resource) => (resource === 'newOrder' ? { status: 'pending' } : null)],
    ['authorizations that are a text', (resource) => (resource === 'authorization' ? 'x' : null)],
    [
      'challenges that are none',
      (resource) => (resource === 'authorization' ? { challenges: [null] } : null),
    ],
    ['a certificate that is JSON', (resource) => (resource === 'certificate' ? { chain: [] } : null)],
    ['a directory that is a web page', (resource) => (resource === 'directory' ? '<html>soon</html>' : null)],
  ])('is a failure in words where it is %s', async (_what, instead) => {
    const usual = ca.request.bind(ca);
    ca.request = async (request) => {
      const answer = await usual(request);
      const other = instead(new URL(request.url).pathname.split('/')[1]!);
      return other === null
        ? answer
        : { ...answer, body: Buffer.from(typeof other === 'string' ? other : JSON.stringify(other)) };
    };
    const issuance = await start();
    await pass(issuance, 10_000, 5_000);
    expect(served).toEqual([]);
    expect(issuance.report.lastFailure?.reason).toMatch(/^what (the CA sent|https:.* answers) is no /);
  });

  test('of several names is waited for, and each that failed counts', async () => {
    const names = ['a.home.example', 'b.home.example', 'c.home.example'];
    for (const name of ['a.home.example', 'c.home.example']) ca.blindTo.add(name);
    const issuance = await start({ names });
    await pass(issuance, 10_000, 5_000);
    expect(issuance.report.lastFailure?.reason).toMatch(
      /^a\.home\.example was not proven \(nor c\.home\.example\)/,
    );
    const { ledger } = await storage.readLedger();
    expect(ledger.events.map(({ kind, name }) => [kind, name])).toEqual([
      ['failed-validation', 'a.home.example'],
      ['failed-validation', 'c.home.example'],
    ]);
    expect(ledger.failures.map(({ count }) => count)).toEqual([1]);
  });

  test('of a certificate that cannot be used counts as one that it has issued', async () => {
    const usual = ca.request.bind(ca);
    ca.request = async (request) => {
      const answer = await usual(request);
      const isChain = request.url.includes('/certificate/');
      return isChain ? { ...answer, body: Buffer.from(`${Buffer.from(answer.body)}${FOREIGN_PEM}`) } : answer;
    };
    const issuance = await start();
    await pass(issuance, 20 * HOUR_MS, 10 * MINUTE_MS);
    expect(issuance.report.lastFailure?.reason).toContain('the new certificate is not used');
    expect(orders()).toBe(1);
  });
});

test('at a date that never becomes sure, a CA that is away is asked more and more seldom', async () => {
  begin({ state: 'provisional' });
  const { HttpsFailure } = await import('../../../src/tls/https-client.ts');
  let asked = 0;
  ca.request = async () => {
    asked += 1;
    throw new HttpsFailure('ca.example cannot be connected to');
  };
  const issuance = await start();
  await pass(issuance, HOUR_MS, 5_000);
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(12);
});

test('a stored certificate that is worse than the one that is served takes not its place', async () => {
  const issuance = await start();
  await pass(issuance, 10_000, 5_000);
  const good = await storage.readCertificate(storageIdOf(NAMES));
  await storage.writeCertificate(storageIdOf(NAMES), {
    ...good!,
    chainPem: FOREIGN_PEM,
    keyPem: FOREIGN_KEY,
  });
  await pass(issuance, 10 * MINUTE_MS, MINUTE_MS);
  expect(served).toHaveLength(1);
});

test('a profile that the CA does not have costs no order', async () => {
  const issuance = await start({ config: { ...acme(), profile: 'shortlived' } });
  await pass(issuance, 10_000, 5_000);
  expect(ca.orders).toEqual([]);
  expect(issuance.report.lastFailure?.reason).toContain('the CA has no profile shortlived');
});

test.each([404, 403])('a directory that answers %i is told as a path that is not right', async (status) => {
  ca.refuse = (resource) => (resource === 'directory' ? { status } : null);
  const issuance = await start();
  await pass(issuance, 10_000, 5_000);
  expect(issuance.report.lastFailure?.reason).toMatch(/is no directory of an ACME CA \(HTTP status 40\d\)/);
});

test('an owner whose wish a limit forbids is told so, and the certificate waits for nothing', async () => {
  const issuance = await start();
  await pass(issuance, HOUR_MS);
  expect((await issuance.renewNow()).sentence).toContain('within 24 hours');
  expect(issuance.report).toMatchObject({ phase: 'idle', waitsFor: null, lastFailure: null });
});
