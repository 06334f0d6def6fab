// One suite for every storage of certificates: what is written is what is read, per id; who waits for whom; who is told. What
// only files have (damage, modes, other processes) is in test/unit/acme/file-storage.test.ts and storage-lock.test.ts.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileStorage } from '../../src/acme/file-storage.ts';
import { EMPTY_LEDGER, type Ledger } from '../../src/acme/ledger.ts';
import { MemoryStorage } from '../../src/acme/memory-storage.ts';
import type { CertificateStorage, StoredOrder, StoredPair } from '../../src/acme/storage.ts';
import { storageIdOf } from '../../src/acme/storage-id.ts';
import { LOOK_EVERY_MS } from '../../src/files/file-watch.ts';
import { RecordedLog } from '../support/answer-path.ts';
import { eventually } from '../support/eventually.ts';
import { createPki } from '../support/pki.ts';
import { SimulatedClock } from '../support/simulated-clock.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const NAMES = ['dns.example'];
const ID = storageIdOf(NAMES);
const OTHER_NAMES = ['other.example', '*.other.example'];
const OTHER_ID = storageIdOf(OTHER_NAMES);
const CA = 'https://ca.example/directory';
const STAGING = 'https://staging.ca.example/directory';
const WITHIN_MS = 1000;

const pki = createPki(temporaryDirectory('storage-contract-pki'));
const pairFor = (names: readonly string[]): StoredPair => {
  const { certificateFile, keyFile } = pki.issue({ names });
  return { chainPem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
};
const [a, b, other] = [pairFor(NAMES), pairFor(NAMES), pairFor(OTHER_NAMES)];

const order = (names: readonly string[], url: string, profile: string | null = null): StoredOrder => ({
  ...{ directory: CA, profile, url, names, keyType: 'P-256', keyPem: a.keyPem },
});
const ledger: Ledger = {
  events: [{ atMs: 1, identifiers: 'dns.example', directory: CA, kind: 'success' }],
  notBefore: [{ directory: CA, identifiers: 'dns.example', untilMs: 2 }],
  failures: [{ directory: CA, identifiers: 'dns.example', count: 1, lastAtMs: 1 }],
};

let clock: SimulatedClock;
let log: RecordedLog;
beforeEach(() => {
  clock = new SimulatedClock();
  log = new RecordedLog();
});

const STORAGES: readonly [string, () => CertificateStorage][] = [
  [
    'files',
    () => new FileStorage({ certsDir: join(temporaryDirectory('storage-contract'), 'certs'), clock, log }),
  ],
  ['memory', () => new MemoryStorage()],
];

describe.each(STORAGES)('a storage in %s', (_kind, open) => {
  let storage: CertificateStorage;
  beforeEach(() => {
    storage = open();
  });
  afterEach(() => expect(log.lines).toEqual([]));

  it('has nothing at first, and reading puts nothing there', async () => {
    expect(await storage.readCertificate(ID)).toBeNull();
    expect(await storage.readPredecessor(NAMES)).toBeNull();
    expect(await storage.readAccount(CA)).toBeNull();
    expect(await storage.readOrder(ID)).toBeNull();
    expect(await storage.readLedger()).toEqual({ ledger: EMPTY_LEDGER, problem: null });
    expect(await storage.isEmpty()).toBe(true);
  });

  it('gives a certificate back by its id, the last one', async () => {
    await storage.writeCertificate(ID, a);
    await storage.writeCertificate(OTHER_ID, other);
    expect([await storage.readCertificate(ID), await storage.readCertificate(OTHER_ID)]).toEqual([a, other]);
    await storage.writeCertificate(ID, b);
    expect([await storage.readCertificate(ID), await storage.readCertificate(OTHER_ID)]).toEqual([b, other]);
    expect(await storage.readCertificate(storageIdOf(['third.example']))).toBeNull();
  });

  it('finds a certificate for names that have changed, and none where no name is carried', async () => {
    await storage.writeCertificate(ID, a);
    await storage.writeCertificate(OTHER_ID, other);
    expect(await storage.readPredecessor([...NAMES, 'new.example'])).toEqual(a);
    expect(await storage.readPredecessor([...OTHER_NAMES, ...NAMES])).toEqual(other);
    expect(await storage.readPredecessor(['new.example'])).toBeNull();
  });

  it('gives an account back by the directory of its CA, and takes its URL in later', async () => {
    await storage.writeAccount(CA, { keyPem: a.keyPem, url: null });
    await storage.writeAccount(STAGING, { keyPem: b.keyPem, url: `${STAGING}/1` });
    expect(await storage.readAccount(CA)).toEqual({ keyPem: a.keyPem, url: null });
    await storage.writeAccount(CA, { keyPem: a.keyPem, url: `${CA}/1` });
    expect(await storage.readAccount(CA)).toEqual({ keyPem: a.keyPem, url: `${CA}/1` });
    expect(await storage.readAccount(STAGING)).toEqual({ keyPem: b.keyPem, url: `${STAGING}/1` });
  });

  it('gives an order back by its id, until null deletes it', async () => {
    await storage.writeOrder(ID, order(NAMES, `${CA}/order/0`, 'shortlived'));
    await storage.writeOrder(OTHER_ID, order(OTHER_NAMES, `${CA}/order/2`));
    await storage.writeOrder(ID, order(NAMES, `${CA}/order/1`));
    expect(await storage.readOrder(ID)).toEqual(order(NAMES, `${CA}/order/1`));
    await storage.writeOrder(ID, null);
    await storage.writeOrder(ID, null);
    expect(await storage.readOrder(ID)).toBeNull();
    expect(await storage.readOrder(OTHER_ID)).toEqual(order(OTHER_NAMES, `${CA}/order/2`));
  });

  it('gives the ledger back', async () => {
    await storage.writeLedger(ledger);
    expect(await storage.readLedger()).toEqual({ ledger, problem: null });
    await storage.writeLedger(EMPTY_LEDGER);
    expect(await storage.readLedger()).toEqual({ ledger: EMPTY_LEDGER, problem: null });
  });

  it.each<[string, (one: CertificateStorage) => Promise<void>]>([
    ['a certificate', (one) => one.writeCertificate(ID, a)],
    ['an account', (one) => one.writeAccount(CA, { keyPem: a.keyPem, url: null })],
    ['an order', (one) => one.writeOrder(ID, order(NAMES, `${CA}/order/0`, 'shortlived'))],
    ['a ledger', (one) => one.writeLedger(ledger)],
  ])('is not empty once it has %s', async (_what, write) => {
    await write(storage);
    expect(await storage.isEmpty()).toBe(false);
  });

  describe('exclusively', () => {
    it('is one at a time, in the order of their coming, and each gets its own result', async () => {
      const events: string[] = [];
      const gates = [0, 1, 2].map(() => Promise.withResolvers<void>());
      const runs = gates.map(({ promise }, one) =>
        storage.exclusively(async () => {
          events.push(`begin ${one}`);
          await promise;
          events.push(`end ${one}`);
          return one;
        }, WITHIN_MS),
      );
      for (const { resolve } of gates.slice(1)) resolve();
      await eventually(() => events.length > 0);
      expect(events).toEqual(['begin 0']);
      gates[0]!.resolve();
      await eventually(() => {
        clock.advance(100); // a lock may have to be asked for again
        return events.length === 6;
      });
      expect(events).toEqual(['begin 0', 'end 0', 'begin 1', 'end 1', 'begin 2', 'end 2']);
      expect(await Promise.all(runs)).toEqual([0, 1, 2]);
    });

    it.each<[string, () => Promise<never>]>([
      ['rejects', () => Promise.reject(new Error('it went wrong'))],
      [
        'throws',
        () => {
          throw new Error('it went wrong');
        },
      ],
    ])('lets the next one in when one %s, who alone has the error', async (_how, action) => {
      const failing = storage.exclusively(action, WITHIN_MS);
      const next = storage.exclusively(async () => 'done', WITHIN_MS);
      await expect(failing).rejects.toThrow('it went wrong');
      let isOver = false;
      next.finally(() => (isOver = true));
      await eventually(() => {
        clock.advance(100);
        return isOver;
      });
      expect(await next).toBe('done');
    });

    it('may read and write meanwhile', async () => {
      await storage.exclusively(async () => {
        await storage.writeCertificate(ID, a);
        expect(await storage.readCertificate(ID)).toEqual(a);
        await storage.writeLedger(ledger);
      }, WITHIN_MS);
      expect(await storage.readLedger()).toEqual({ ledger, problem: null });
    });
  });

  it('tells who watches a certificate of each change to it, of no other, and until he leaves', async () => {
    await storage.writeCertificate(ID, a);
    const heard: string[] = [];
    const stops = [
      storage.watch(ID, () => heard.push('one')),
      storage.watch(ID, () => heard.push('two')),
      storage.watch(OTHER_ID, () => heard.push('other')),
    ];
    /** Long enough for a storage that looks now and then. */
    const look = async () => {
      clock.advance(LOOK_EVERY_MS);
      await new Promise(setImmediate);
    };
    const hears = (expected: readonly string[]) =>
      eventually(async () => {
        await look();
        expect(heard.toSorted()).toEqual(expected);
        return true;
      });
    await hears([]);
    await storage.writeCertificate(ID, b);
    await hears(['one', 'two']);
    stops[0]!();
    await storage.writeCertificate(ID, a);
    await hears(['one', 'two', 'two']);
    await storage.writeCertificate(OTHER_ID, other);
    await hears(['one', 'other', 'two', 'two']);
    for (const stop of stops) stop();
    await storage.writeCertificate(ID, b);
    for (let times = 0; times < 4; times += 1) await look();
    expect(heard).toHaveLength(4);
    expect(clock.pendingTimers).toBe(0);
  });
});
