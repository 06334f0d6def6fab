// One certificate under a clock that is wrong, unsure, or steps in the middle of an order: what is ordered, what is
// remembered, and what is forgotten once the time is known. The CA in this process lives by the true time.

import { afterEach, beforeEach, expect, test } from 'vitest';
import { judgeEmptiness } from '../../../src/acme/emptiness.ts';
import { Issuance } from '../../../src/acme/issuance.ts';
import { Issuer, type IssuerParts } from '../../../src/acme/issuer.ts';
import { EMPTY_LEDGER, identifiersOf, record } from '../../../src/acme/ledger.ts';
import { MemoryStorage } from '../../../src/acme/memory-storage.ts';
import type { ClockState } from '../../../src/clock/clock.ts';
import type { AcmeConfig } from '../../../src/config/config.ts';
import { createLog } from '../../../src/observe/log.ts';
import type { ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { HttpsFailure } from '../../../src/tls/https-client.ts';
import { loadOpenSsl } from '../../../src/tls/openssl.ts';
import { eventually } from '../../support/eventually.ts';
import { SimulatedCa } from '../../support/simulated-ca.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SOON_MS = 10_000;
const NAMES = ['dns.home.example'];
const IN_2045_MS = Date.UTC(2045, 0, 1);

let truth: SimulatedClock;
/** What Noonmark goes by. */
let clock: SimulatedClock;
let ca: SimulatedCa;
let storage: MemoryStorage;
let served: ServedCertificate[];
let open: { close(): Promise<void> }[];

beforeEach(() => {
  truth = new SimulatedClock();
  clock = new SimulatedClock();
  ca = new SimulatedCa({ clock: truth });
  storage = new MemoryStorage();
  served = [];
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
});

const acme = (): AcmeConfig => ({
  ...{ directory: ca.directory, staging: null, addresses: [], caFile: null, email: null, profile: null },
  ...{ keyType: 'P-256', challenge: 'http-01', httpPort: 80, dns: null, propagationMs: 0, takeOver: null },
});
const logOf = () => createLog(clock, { level: 'debug', format: 'json', write: () => {} });

async function start(): Promise<Issuance> {
  const issuance = new Issuance({
    ...{ names: NAMES, config: acme(), storage, clock, log: logOf() },
    holdBack: async () => null,
    tools: {
      openHttp: () => ca as never,
      solverFor: () => ({ type: 'http-01', show: async () => {}, clear: async () => {} }),
      openssl: () => loadOpenSsl().openssl,
    },
    serve: (certificate) => served.push(certificate),
  });
  open.push(issuance);
  await issuance.load();
  issuance.start();
  return issuance;
}

/** So much time, in steps after each of which everything else may finish. */
async function pass(issuance: Issuance, ms: number, stepMs = 1_000): Promise<void> {
  for (let left = ms; left > 0; left -= stepMs) {
    for (const one of [truth, clock]) one.advance(stepMs);
    const hasEnded = () => issuance.report.nextLookInMs !== null;
    await eventually(hasEnded, { what: 'the end of a look', pauseMs: 1 });
  }
}

const isOff = (ms: number) => clock.setSystemClock(truth.now().epochMs + ms);
/** A source has come. */
const knowTheTime = () => {
  isOff(0);
  clock.setState('synchronized');
};
const subject = () => ({ directory: ca.directory, identifiers: identifiersOf(NAMES) });

test.each<[ClockState, number, number]>([
  ['synchronized', DAY_MS, 1],
  ['holdover', DAY_MS, 1],
  ['provisional', DAY_MS, 0],
  ['provisional', HOUR_MS / 2, 1],
])('%s, and the date of the CA %i ms away: %i orders', async (state, offMs, orders) => {
  isOff(-offMs);
  clock.setState(state);
  const issuance = await start();
  await pass(issuance, SOON_MS);
  // A certificate that begins after now is another matter (proof.ts).
  expect(ca.orders).toHaveLength(orders);
});

test('nothing is forgotten of what was ordered while the date may be a wrong one', async () => {
  const lately = { ...subject(), atMs: truth.now().epochMs - HOUR_MS, kind: 'success' } as const;
  await storage.writeLedger(record(EMPTY_LEDGER, lately));
  clock.setSystemClock(IN_2045_MS);
  const issuance = await start();
  await pass(issuance, SOON_MS);
  expect(issuance.report.waitsFor).toContain('over an hour apart');
  knowTheTime();
  await pass(issuance, SOON_MS);
  expect(issuance.report.waitsFor).toContain('was issued within 24 hours');
  expect(ca.orders).toHaveLength(0);
});

test('what failed at a date half a day ahead delays nothing when the date is known', async () => {
  isOff(DAY_MS / 2);
  ca.refuse = () => ({ status: 503, retryAfter: '60' });
  const issuance = await start();
  await pass(issuance, SOON_MS);
  expect(issuance.report.lastFailure).not.toBeNull();
  ca.refuse = () => null;
  knowTheTime();
  await pass(issuance, SOON_MS);
  expect(served).toHaveLength(1);
});

test('a failure that is dated in the future was at a wrong date, and its pause is over', async () => {
  const ahead = { ...subject(), atMs: truth.now().epochMs + DAY_MS / 2, kind: 'failed' } as const;
  await storage.writeLedger(record(EMPTY_LEDGER, ahead));
  clock.setState('synchronized');
  await pass(await start(), SOON_MS);
  expect(served).toHaveLength(1);
});

test('a certificate that comes at another date than it was ordered at is judged again, and not ordered again', async () => {
  ca.refuse = (resource) => {
    if (resource === 'certificate') clock.setSystemClock(IN_2045_MS);
    return null;
  };
  const issuance = await start();
  await pass(issuance, SOON_MS);
  expect(issuance.report.waitsFor).toContain('the date has changed in the middle of an order');
  expect(served).toHaveLength(0);
  ca.refuse = () => null;
  knowTheTime();
  await pass(issuance, SOON_MS);
  expect(served).toHaveLength(1);
  expect(ca.orders).toHaveLength(1);
});

test('what was due at another date than the one that the CA confirms is not ordered', async () => {
  const issuance = await start();
  await pass(issuance, SOON_MS);
  let asked = 0;
  ca.refuse = (resource) => {
    if (resource !== 'directory') return null;
    asked += 1;
    isOff(0);
    clock.setState('provisional', 'system-clock');
    return null;
  };
  isOff(75 * DAY_MS);
  clock.setState('provisional', 'stamp');
  await pass(issuance, SOON_MS);
  expect(asked).toBe(1);
  expect(issuance.report.phase).toBe('idle');
  expect(ca.orders).toHaveLength(1);
});

test('a connection that ends with the date is no failure of the CA, and the order is taken up', async () => {
  clock.setState('synchronized');
  ca.refuse = (resource) => {
    if (resource !== 'finalize') return null;
    clock.setState('untrusted');
    throw new HttpsFailure('the connection was closed');
  };
  const issuance = await start();
  await pass(issuance, SOON_MS);
  expect(issuance.report.waitsFor).toContain('the time is not known');
  ca.refuse = () => null;
  knowTheTime();
  await pass(issuance, SOON_MS);
  expect(served).toHaveLength(1);
  expect(ca.orders).toHaveLength(1);
});

test('an hour that an empty directory has to wait is an hour, whatever becomes of the date', async () => {
  const [stateDir, certsDir] = [temporaryDirectory('state'), temporaryDirectory('certs')];
  clock.setSystemClock(IN_2045_MS);
  await judgeEmptiness({ stateDir, isEmpty: true, nowMs: IN_2045_MS - HOUR_MS });
  let connections = 0;
  const connect = async () => {
    connections += 1;
    throw new Error('nobody is there');
  };
  const parts = {
    ...{ stateDir, clock, log: logOf(), version: '0', serve: () => {} },
    tls: { connect, verification: 'native' },
    lookup: async () => ['192.0.2.1'],
  };
  const issuer = new Issuer(parts as unknown as IssuerParts);
  open.push(issuer);
  const certificate = { names: NAMES, files: null, acme: acme(), addresses: [], more: [] };
  await issuer.become({ certificate, certsDir, listen: { dns: [], dot: [], doh: [], admin: [] } });
  issuer.begin();
  const look = async (ms: number, isThere: () => boolean) => {
    for (const one of [truth, clock]) one.advance(ms);
    await eventually(isThere);
  };
  const report = () => issuer.report[0]!;
  await look(1_000, () => report().phase === 'waiting');
  expect(report().waitsFor).toContain('found empty');
  knowTheTime();
  await look(1_000, () => report().nextLookInMs !== null && report().waitsFor?.includes('2026') === true);
  expect(connections).toBe(0);
  await look(HOUR_MS, () => connections > 0);
});
