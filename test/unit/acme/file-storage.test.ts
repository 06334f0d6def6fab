// The storage on a real disk: whole things in and out, files that are torn, foreign, unreadable or in the way, disks that
// are full or can only be read, a writer that is killed at any moment, and for whom the files are readable.

import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FileStorage } from '../../../src/acme/file-storage.ts';
import { EMPTY_LEDGER, type Ledger } from '../../../src/acme/ledger.ts';
import { StorageProblem, type StoredOrder, type StoredPair } from '../../../src/acme/storage.ts';
import { storageIdOf } from '../../../src/acme/storage-id.ts';
import { LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
import { createLog } from '../../../src/observe/log.ts';
import { fitPair } from '../../../src/tls/certificate-store.ts';
import { pause } from '../../support/eventually.ts';
import { NODE, REPOSITORY } from '../../support/noonmark.ts';
import { isRoot } from '../../support/peers/packages.ts';
import { createPki } from '../../support/pki.ts';
import { start } from '../../support/running.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { mountSmallDisk } from '../../support/small-disk.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const NAMES = ['dns.example'];
const ID = storageIdOf(NAMES);
const CA = 'https://ca.example/directory';

/** Two pairs for the same name. */
let a: StoredPair;
let b: StoredPair;
beforeAll(() => {
  const pki = createPki(temporaryDirectory('storage-pki'));
  [a, b] = [1, 2].map(() => {
    const { certificateFile, keyFile } = pki.issue({ names: NAMES });
    return { chainPem: readFileSync(certificateFile, 'utf8'), keyPem: readFileSync(keyFile, 'utf8') };
  }) as [StoredPair, StoredPair];
});

let certsDir: string;
let storage: FileStorage;
let clock: SimulatedClock;
let lines: string[];
const at = (...path: string[]) => join(certsDir, 'acme', ...path);
const pairFile = () => at('certificates', `${ID}.pem`);
const account = () => ({ keyPem: a.keyPem, url: `${CA}/account/1` });
const order = (): StoredOrder => ({
  ...{ directory: CA, profile: null, url: `${CA}/order/1`, names: NAMES, keyType: 'P-256', keyPem: a.keyPem },
});
const ledger: Ledger = {
  events: [
    { atMs: 1, identifiers: 'dns.example', directory: CA, kind: 'failed-validation', name: 'dns.example' },
  ],
  notBefore: [{ directory: CA, identifiers: 'dns.example', untilMs: 2 }],
  failures: [{ directory: CA, identifiers: 'dns.example', count: 1, lastAtMs: 1 }],
};

function open(directory: string): FileStorage {
  const log = createLog(clock, { level: 'warn', format: 'text', write: (line) => lines.push(line) });
  return new FileStorage({ certsDir: directory, clock, log });
}

beforeEach(() => {
  certsDir = join(temporaryDirectory('storage'), 'certs');
  clock = new SimulatedClock();
  lines = [];
  storage = open(certsDir);
});

async function storeAll(): Promise<void> {
  await storage.writeCertificate(ID, a);
  await storage.writeAccount(CA, account());
  await storage.writeOrder(ID, order());
  await storage.writeLedger(ledger);
}

/** Paths below the storage's directory with their modes, directories with a slash. */
function tree(): Record<string, string> {
  const entries = readdirSync(at(), { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    [at(), ...paths].map((path) => [path.slice(at().length), (statSync(path).mode & 0o777).toString(8)]),
  );
}

describe('what is stored', () => {
  it('comes back, from another storage on the same directory as well, and nothing else does', async () => {
    await storeAll();
    for (const one of [storage, open(certsDir)]) {
      expect(await one.readCertificate(ID)).toEqual(a);
      expect(await one.readAccount(CA)).toEqual(account());
      expect(await one.readOrder(ID)).toEqual(order());
      expect(await one.readLedger()).toEqual({ ledger, problem: null });
      expect(await one.readAccount(`${CA}2`)).toBeNull();
      expect(await one.readCertificate(storageIdOf(['other.example']))).toBeNull();
    }
    expect(lines).toEqual([]);
  });

  it('is nothing at first, and reading makes no file', async () => {
    expect(await storage.readCertificate(ID)).toBeNull();
    expect(await storage.readAccount(CA)).toBeNull();
    expect(await storage.readOrder(ID)).toBeNull();
    expect(await storage.readLedger()).toEqual({ ledger: EMPTY_LEDGER, problem: null });
    await storage.writeOrder(ID, null);
    expect(existsSync(certsDir)).toBe(false);
  });

  it('knows from whom a certificate was ordered, in a line that OpenSSL passes over', async () => {
    const origin = { directory: CA, profile: 'shortlived' };
    await storage.writeCertificate(ID, { ...a, origin });
    expect(await storage.readCertificate(ID)).toEqual({ ...a, origin });
    const file = join(at('certificates'), `${ID}.pem`);
    for (const command of ['x509', 'pkey'])
      expect(() =>
        execFileSync('openssl', [command, '-in', file, '-noout'], { stdio: 'pipe' }),
      ).not.toThrow();
    writeFileSync(file, readFileSync(file, 'utf8').replace('"directory"', '"nobody"'), { mode: 0o600 });
    expect(await storage.readCertificate(ID)).toEqual(a);
  });

  it('is replaced, and an order is deleted by null', async () => {
    await storeAll();
    await storage.writeCertificate(ID, b);
    expect(await storage.readCertificate(ID)).toEqual(b);
    await storage.writeOrder(ID, null);
    expect(await storage.readOrder(ID)).toBeNull();
    expect(readdirSync(at('orders'))).toEqual([]);
  });

  it.each([0o000, 0o022, 0o077, 0o777])('is for this user alone, whatever the umask: %o', async (umask) => {
    const before = process.umask(umask);
    try {
      await storage.exclusively(storeAll, 0);
    } finally {
      process.umask(before);
    }
    const files = Object.entries(tree()).filter(([path]) => statSync(at(path)).isFile());
    expect(files.map(([, mode]) => mode)).toEqual(Array(5).fill('600'));
    const folders = Object.entries(tree()).filter(([path]) => statSync(at(path)).isDirectory());
    expect(folders.map(([, mode]) => mode)).toEqual(Array(4).fill('700'));
    expect((statSync(certsDir).mode & 0o777).toString(8)).toBe('700');
  });

  it('leaves the modes of directories that were there', async () => {
    mkdirSync(certsDir);
    chmodSync(certsDir, 0o755);
    await storeAll();
    expect((statSync(certsDir).mode & 0o777).toString(8)).toBe('755');
  });

  it('is one file for a pair, the key first, as other programs read it', async () => {
    await storage.writeCertificate(ID, a);
    const text = readFileSync(pairFile(), 'utf8');
    expect(text).toMatch(/^-----BEGIN PRIVATE KEY-----/);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(fitPair(text, text, 'acme')).toMatchObject({ certificate: { names: NAMES } });
  });

  it('is written by several callers at once in turn', async () => {
    const writes = Array.from({ length: 20 }, (_, at) => storage.writeCertificate(ID, at % 2 ? a : b));
    await Promise.all(writes);
    expect(await storage.readCertificate(ID)).toEqual(a);
    expect(readdirSync(at('certificates'))).toEqual([`${ID}.pem`]);
  });
});

describe('an id', () => {
  it.each(['../evil', '..', '/etc/passwd', 'a/../../b', '', 'a\0b'])(
    'that is none, %j, reaches no file',
    async (id) => {
      await expect(storage.writeCertificate(id, a)).rejects.toThrow(StorageProblem);
      await expect(storage.readCertificate(id)).rejects.toThrow('is no id');
      await expect(storage.writeOrder(id, order())).rejects.toThrow(StorageProblem);
      expect(() => storage.watch(id, () => {})).toThrow(StorageProblem);
      expect(existsSync(certsDir)).toBe(false);
    },
  );

  it('made of names that would lead elsewhere stays where it belongs', async () => {
    const id = storageIdOf(['../../../../evil']);
    await storage.writeCertificate(id, a);
    expect(readdirSync(at('certificates'))).toEqual([`${id}.pem`]);
  });
});

/** In the ways that disks and people break a file. */
const DAMAGES: readonly [string, (path: string) => void, RegExp][] = [
  ['empty', (path) => truncateSync(path), /torn or not ours/],
  ['torn', (path) => truncateSync(path, statSync(path).size >> 1), /torn or not ours/],
  ['short of its last octets', (path) => truncateSync(path, statSync(path).size - 20), /torn or not ours/],
  ['of zeros', (path) => writeFileSync(path, Buffer.alloc(2000)), /torn or not ours/],
  ['of something else', (path) => writeFileSync(path, '{"version":1}\n'), /torn or not ours/],
  ['of another version', (path) => writeFileSync(path, '{"version":2}\n'), /torn or not ours/],
  ['enormous', (path) => truncateSync(path, 1e9), /longer than \d+ octets/],
  [
    'a directory',
    (path) => {
      rmSync(path);
      mkdirSync(path);
    },
    /not a plain file/,
  ],
  [
    'a link that goes round in a ring',
    (path) => {
      rmSync(path);
      symlinkSync(path, path);
    },
    /cannot be read \(ELOOP\)/,
  ],
];

describe.each(DAMAGES)('a file that is %s', (_what, damage, words) => {
  beforeEach(storeAll);

  it('is a problem in words, with its path, and stays what it is', async () => {
    const accountFile = at('accounts', readdirSync(at('accounts'))[0]!);
    const orderFile = at('orders', `${ID}.json`);
    for (const [path, read] of [
      [pairFile(), () => storage.readCertificate(ID)],
      [accountFile, () => storage.readAccount(CA)],
      [orderFile, () => storage.readOrder(ID)],
    ] as const) {
      damage(path);
      await expect(read()).rejects.toThrow(words);
      await expect(read()).rejects.toThrow(path);
      await expect(read()).rejects.toThrow(StorageProblem);
    }
    expect(lines).toEqual([]);
  });

  it('is moved aside by the next that is written, which the log says', async () => {
    damage(pairFile());
    await storage.writeCertificate(ID, b);
    expect(await storage.readCertificate(ID)).toEqual(b);
    expect(readdirSync(at('certificates'))).toEqual([`${ID}.pem`, `${ID}.pem.damaged`]);
    expect(lines).toEqual([expect.stringMatching(/ warn .*moved aside.*now=.*\.pem\.damaged/)]);
    damage(at('orders', `${ID}.json`));
    await storage.writeOrder(ID, null);
    expect(readdirSync(at('orders'))).toEqual([`${ID}.json.damaged`]);
  });

  it('is moved aside and told when it is the ledger, and an empty one is used', async () => {
    damage(at('ledger.json'));
    const { ledger: read, problem } = await storage.readLedger();
    expect(read).toEqual(EMPTY_LEDGER);
    expect(problem).toMatch(words);
    expect(problem).toContain(`it is now ${at('ledger.json.damaged')}`);
    expect(await storage.readLedger()).toEqual({ ledger: EMPTY_LEDGER, problem: null });
    await storage.writeLedger(ledger);
    expect(await storage.readLedger()).toEqual({ ledger, problem: null });
  });
});

describe('files that everybody may read', () => {
  beforeEach(async () => {
    await storeAll();
    for (const path of Object.keys(tree()))
      if (statSync(at(path)).isFile()) chmodSync(at(path), path === '/ledger.json' ? 0o644 : 0o777);
  });
  const readAll = async (from: FileStorage) => ({
    pair: await from.readCertificate(ID),
    account: await from.readAccount(CA),
    order: await from.readOrder(ID),
    ledger: await from.readLedger(),
  });
  const whole = () => ({
    pair: a,
    account: account(),
    order: order(),
    ledger: { ledger, problem: null },
  });
  const secrets = () => [
    pairFile(),
    at('accounts', readdirSync(at('accounts'))[0]!),
    at('orders', `${ID}.json`),
  ];

  it('are used; a key is closed to them, which is told, and the ledger has none', async () => {
    expect(await readAll(storage)).toEqual(whole());
    expect(secrets().map((path) => (statSync(path).mode & 0o777).toString(8))).toEqual(Array(3).fill('600'));
    expect((statSync(at('ledger.json')).mode & 0o777).toString(8)).toBe('644');
    const told = secrets().map((path) =>
      expect.stringMatching(`warn  ${path}: it holds a key .*it has the mode 600 again`),
    );
    expect(lines).toEqual(told);
    await storage.writeCertificate(ID, b);
    expect(readdirSync(at('certificates'))).toEqual([`${ID}.pem`]);
  });

  it('are told of once, however often they are opened again', async () => {
    for (let time = 1; time <= 3; time += 1) {
      chmodSync(pairFile(), 0o644);
      expect(await storage.readCertificate(ID)).toEqual(a);
    }
    expect(lines).toHaveLength(1);
  });

  it.skipIf(!isRoot)('are used where their mode cannot be changed, which is told once', async () => {
    const place = join(temporaryDirectory('read-only'), 'certs');
    mkdirSync(place);
    const disk = mountSmallDisk(place);
    try {
      cpSync(certsDir, place, { recursive: true });
      chmodSync(join(place, 'acme/certificates', `${ID}.pem`), 0o644);
      disk.makeReadOnly();
      const other = open(place);
      for (let time = 1; time <= 2; time += 1) expect(await readAll(other)).toEqual(whole());
      const hints = lines.filter((line) => line.includes(join(place, 'acme/certificates')));
      expect(hints).toEqual([
        expect.stringMatching(/cannot be changed \(EROFS\), and it is used all the same; .* chmod 600/),
      ]);
    } finally {
      disk.unmount();
    }
  });

  it('keep their mode where they are not ours, behind a link say', async () => {
    const foreign = join(certsDir, 'foreign');
    writeFileSync(foreign, 'of another', { mode: 0o644 });
    rmSync(pairFile());
    symlinkSync(foreign, pairFile());
    await expect(storage.readCertificate(ID)).rejects.toThrow('torn or not ours');
    expect((statSync(foreign).mode & 0o777).toString(8)).toBe('644');
    expect(lines).toEqual([]);
  });
});

describe('a pair', () => {
  it.each<[string, () => StoredPair]>([
    ['whose halves do not fit', () => ({ ...a, keyPem: b.keyPem })],
    ['without a key', () => ({ ...a, keyPem: '' })],
    ['without a certificate', () => ({ ...a, chainPem: '' })],
    ['that is cut off in its chain', () => ({ ...a, chainPem: a.chainPem.slice(0, -40) })],
  ])('%s takes the place of none', async (_what, pair) => {
    await storage.writeCertificate(ID, a);
    await expect(storage.writeCertificate(ID, pair())).rejects.toThrow('is left as it is');
    expect(await storage.readCertificate(ID)).toEqual(a);
    writeFileSync(pairFile(), `${pair().keyPem}${pair().chainPem}`, { mode: 0o600 });
    await expect(storage.readCertificate(ID)).rejects.toThrow('torn or not ours');
  });
});

describe('rows of a ledger', () => {
  it.each([
    { events: [{ ...ledger.events[0], kind: 'other' }] },
    { events: [{ ...ledger.events[0], atMs: '1' }] },
    { events: [{ ...ledger.events[0], atMs: 1e99 }] },
    { events: [{ ...ledger.events[0], name: 7 }] },
    { events: [null] },
    { notBefore: [{ ...ledger.notBefore[0], untilMs: null }] },
    { notBefore: [{ untilMs: 1 }] },
    { failures: [{ ...ledger.failures[0], count: -1 }] },
    { failures: {} },
    { version: 2 },
  ])('that are none make it unusable: %j', async (change) => {
    await storage.writeLedger(ledger);
    writeFileSync(at('ledger.json'), JSON.stringify({ version: 1, ...ledger, ...change }), { mode: 0o600 });
    expect((await storage.readLedger()).problem).toMatch('torn or not ours');
  });
});

it('keeps each file that was moved aside, as many as there is reason for', async () => {
  for (let time = 1; time <= 3; time += 1) {
    await storage.writeCertificate(ID, a);
    writeFileSync(pairFile(), `damage ${time}`);
  }
  await storage.writeCertificate(ID, a);
  const aside = ['', '-2', '-3'].map((number) => readFileSync(`${pairFile()}.damaged${number}`, 'utf8'));
  expect(aside).toEqual(['damage 1', 'damage 2', 'damage 3']);
  for (let number = 4; number <= 100; number += 1) writeFileSync(`${pairFile()}.damaged-${number}`, '');
  writeFileSync(pairFile(), 'damage 101');
  await expect(storage.writeCertificate(ID, a)).rejects.toThrow('there are 100 like it');
  expect(readFileSync(pairFile(), 'utf8')).toBe('damage 101');
});

it('does not take the account of another directory for its own', async () => {
  await storage.writeAccount(CA, account());
  await storage.writeAccount(`${CA}2`, account());
  const [one, other] = readdirSync(at('accounts')).map((name) => at('accounts', name));
  cpSync(one!, other!);
  const reads = await Promise.allSettled([CA, `${CA}2`].map((directory) => storage.readAccount(directory)));
  expect(reads.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

it('says what stands in the way of a directory', async () => {
  mkdirSync(certsDir);
  writeFileSync(at(), 'a file');
  await expect(storage.writeCertificate(ID, a)).rejects.toThrow(
    /acme cannot be made \(EEXIST\); .*move it away/,
  );
  await expect(storage.exclusively(async () => {}, 0)).rejects.toThrow(StorageProblem);
  expect(await storage.readCertificate(ID)).toBeNull();
});

describe.skipIf(!isRoot)('a disk', () => {
  it('that is full leaves what was there, whole, and no draft', async () => {
    mkdirSync(certsDir);
    const disk = mountSmallDisk(certsDir);
    try {
      await storeAll();
      disk.fill();
      await expect(storage.writeCertificate(ID, b)).rejects.toThrow(
        /cannot be written \(ENOSPC\); the disk is full/,
      );
      const more = { ...ledger, events: Array(500).fill(ledger.events[0]) };
      await expect(storage.writeLedger(more)).rejects.toThrow(StorageProblem);
      expect(await storage.readCertificate(ID)).toEqual(a);
      expect(await storage.readLedger()).toEqual({ ledger, problem: null });
      expect(readdirSync(at('certificates'))).toEqual([`${ID}.pem`]);
      rmSync(join(certsDir, 'filler'));
      await storage.writeCertificate(ID, b);
      expect(await storage.readCertificate(ID)).toEqual(b);
    } finally {
      disk.unmount();
    }
  });

  it('that can only be read is read, and whatever would write says so', async () => {
    mkdirSync(certsDir);
    const disk = mountSmallDisk(certsDir);
    try {
      await storeAll();
      writeFileSync(at('ledger.json'), 'damaged');
      disk.makeReadOnly();
      expect(await storage.readCertificate(ID)).toEqual(a);
      await expect(storage.writeCertificate(ID, b)).rejects.toThrow(
        /EROFS\); this file system can only be read/,
      );
      await expect(storage.writeOrder(ID, null)).rejects.toThrow(StorageProblem);
      await expect(storage.exclusively(async () => {}, 0)).rejects.toThrow(StorageProblem);
      const { ledger: read, problem } = await storage.readLedger();
      expect([read, problem]).toEqual([EMPTY_LEDGER, expect.stringContaining('torn or not ours')]);
      expect(readFileSync(at('ledger.json'), 'utf8')).toBe('damaged');
      expect(await storage.isEmpty()).toBe(false);
    } finally {
      disk.unmount();
    }
  });
});

it('is empty until something is stored, whatever the lock', async () => {
  expect(await storage.isEmpty()).toBe(true);
  await storage.exclusively(async () => {}, 0);
  expect(await storage.isEmpty()).toBe(true);
  for (const store of [
    () => storage.writeAccount(CA, account()),
    () => storage.writeLedger(ledger),
    () => storage.writeOrder(ID, order()),
    () => storage.writeCertificate(ID, a),
  ]) {
    rmSync(at(), { recursive: true });
    await store();
    expect(await storage.isEmpty()).toBe(false);
  }
});

it('is not empty for what was moved aside, or cannot be looked into', async () => {
  await storage.writeLedger(ledger);
  renameSync(at('ledger.json'), at('ledger.json.damaged'));
  expect(await storage.isEmpty()).toBe(false);
  rmSync(at('ledger.json.damaged'));
  expect(await storage.isEmpty()).toBe(true);
  rmSync(at('orders'), { recursive: true });
  symlinkSync('orders', at('orders'));
  expect(await storage.isEmpty()).toBe(false);
});

it('says when a certificate is replaced, by another storage too, until that is stopped', async () => {
  await storage.writeCertificate(ID, a);
  let changes = 0;
  const stop = storage.watch(ID, () => (changes += 1));
  const other = open(certsDir);
  const untilTold = (count: number) =>
    expect
      .poll(() => {
        clock.advance(LOOK_EVERY_MS);
        return changes;
      })
      .toBe(count);
  await other.writeCertificate(ID, b);
  await untilTold(1);
  await storage.writeCertificate(ID, a);
  await untilTold(2);
  stop();
  expect(clock.pendingTimers).toBe(0);
});

const KILLS = 5;
/** Several rounds of writing. */
const MAX_LIFE_MS = 200;

it(`is whole after each of ${KILLS} writers that are killed`, { timeout: 60_000 }, async () => {
  const script = join(REPOSITORY, 'test/support/storage-user.ts');
  const pairs = join(temporaryDirectory('pairs'), 'pairs.json');
  writeFileSync(pairs, JSON.stringify([a, b]));
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const writer = start(NODE, [script, 'write', certsDir, pairs], { cwd: REPOSITORY });
    await writer.waitForLine(/^writing$/);
    await pause(randomInt(MAX_LIFE_MS));
    writer.signal('SIGKILL');
    await writer.ended;
    expect([a, b], `kill ${kill}`).toContainEqual(await storage.readCertificate(ID));
    expect(await storage.readAccount(CA)).toMatchObject({ url: expect.stringContaining(CA) });
    expect(await storage.readOrder(ID)).toMatchObject({ names: NAMES });
    const { ledger: read, problem } = await storage.readLedger();
    expect([problem, read.failures[0]!.count > 0]).toEqual([null, true]);
    expect(Object.entries(tree()).filter(([path, mode]) => path.includes('.') && mode !== '600')).toEqual([]);
  }
  await storage.writeCertificate(ID, a);
  expect(readdirSync(at('certificates'))).toEqual([`${ID}.pem`]);
});
