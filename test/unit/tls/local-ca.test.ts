// The local CA on a real disk, its profiles judged by the openssl command line and by real TLS handshakes.

import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CEILING_MS, HARD_FLOOR_MS } from '../../../src/clock/hard-floor.ts';
import { createLog } from '../../../src/observe/log.ts';
import type { ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { openCertificates, wantedNames } from '../../../src/tls/certificates.ts';
import { LEAF_MARGIN_MS, LocalCa, planLeaf } from '../../../src/tls/local-ca.ts';
import { SimulatedClock, type SimulatedClockOptions } from '../../support/simulated-clock.ts';

const DAY_MS = 86_400_000;
const FLOOR_LEAF = { notBeforeMs: HARD_FLOOR_MS - DAY_MS, notAfterMs: HARD_FLOOR_MS + 396 * DAY_MS };
const NAMES = ['dns.home.example', 'localhost', '127.0.0.1', '::1'];

let directory: string;
let certsDir: string;
let lines: string[];
const opened: LocalCa[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'noonmark-ca-'));
  certsDir = join(directory, 'certs');
  lines = [];
});
afterEach(() => {
  for (const localCa of opened.splice(0)) localCa.close();
  rmSync(directory, { recursive: true });
});

/** A local CA as a process start would have it, with everything it served so far. */
async function start(options: SimulatedClockOptions & { names?: string[]; hostName?: string } = {}) {
  const clock = new SimulatedClock(options);
  const served: ServedCertificate[] = [];
  const wanted = { names: options.names ?? NAMES };
  const localCa = new LocalCa({
    directory: certsDir,
    hostName: options.hostName ?? 'pi',
    wantedNames: () => wanted.names,
    clock,
    log: createLog(clock, { level: 'warn', format: 'text', write: (line) => lines.push(line) }),
    serve: (certificate) => served.push(certificate),
  });
  opened.push(localCa);
  await localCa.refresh();
  return { clock, served, wanted, localCa, last: () => served.at(-1)! };
}

const path = (name: string) => join(certsDir, name);
const text = (name: string) => readFileSync(path(name), 'utf8');
const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { cwd: certsDir, encoding: 'utf8', stdio: 'pipe' });
const seconds = (epochMs: number) => String(Math.floor(epochMs / 1000));
const verifies = (atMs: number, ...more: string[]) =>
  openssl(
    'verify',
    '-x509_strict',
    '-purpose',
    'sslserver',
    '-attime',
    seconds(atMs),
    '-CAfile',
    'ca.pem',
    ...more,
    'leaf.pem',
  );

describe('the plan for the leaf', () => {
  const instant = fc.integer({ min: HARD_FLOOR_MS - DAY_MS, max: CEILING_MS });
  const leaf = fc.record({
    names: fc.subarray(NAMES),
    notBeforeMs: fc.integer({ min: 0, max: CEILING_MS }),
    notAfterMs: fc.integer({ min: 0, max: CEILING_MS + 400 * DAY_MS }),
  });

  it('makes, in known time, at most one leaf, good for now, the margin and no more than 397 days', () => {
    fc.assert(
      fc.property(fc.option(leaf), fc.subarray(NAMES), instant, (present, wanted, nowMs) => {
        const plan = planLeaf(present, wanted, 'provisional', nowMs);
        const after = plan.make ? { names: wanted, ...plan } : present;
        expect(planLeaf(after, wanted, 'provisional', nowMs)).toEqual({ make: false });
        expect(after!.notBeforeMs).toBeLessThanOrEqual(nowMs);
        expect(after!.notAfterMs - LEAF_MARGIN_MS).toBeGreaterThanOrEqual(nowMs);
        if (present === null) expect(after!.notAfterMs - after!.notBeforeMs).toBe(397 * DAY_MS);
      }),
    );
  });

  it('never asks for the date while the clock is untrusted', () => {
    fc.assert(
      fc.property(
        fc.option(leaf),
        fc.subarray(NAMES),
        fc.integer(),
        fc.integer(),
        (present, wanted, a, b) => {
          const plan = planLeaf(present, wanted, 'untrusted', a);
          expect(planLeaf(present, wanted, 'untrusted', b)).toEqual(plan);
          expect(plan.make).toBe(present === null || wanted.some((name) => !present.names.includes(name)));
          if (plan.make)
            expect(plan).toMatchObject(present === null ? FLOOR_LEAF : { notBeforeMs: present.notBeforeMs });
        },
      ),
    );
  });

  it('dates a new leaf from the floor as long as that leaves the margin, and later from 30 days ago', () => {
    const last = FLOOR_LEAF.notAfterMs - LEAF_MARGIN_MS;
    expect(planLeaf(null, NAMES, 'provisional', last)).toMatchObject(FLOOR_LEAF);
    expect(planLeaf(null, NAMES, 'provisional', last + 1)).toMatchObject({
      notBeforeMs: last + 1 - 30 * DAY_MS,
    });
  });
});

describe('what the local CA makes', () => {
  it('is a CA of 20 years from the day before the floor, whatever the clock', async () => {
    await start({ state: 'untrusted', epochMs: 0, hostName: 'p"i, x' });
    const said = openssl('x509', '-in', 'ca.pem', '-noout', '-text');
    expect(said).toContain('Signature Algorithm: ecdsa-with-SHA256');
    expect(said).toContain('ASN1 OID: prime256v1');
    expect(said).toMatch(/Subject: CN = "?Noonmark local CA \(p-i--x, [0-9A-F]{4}\)/);
    expect(said).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(said).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    expect(said).toMatch(/Subject Key Identifier/);
    const ca = new X509Certificate(text('ca.pem'));
    expect(ca.validFromDate.getTime()).toBe(HARD_FLOOR_MS - DAY_MS);
    expect(ca.validToDate.getTime()).toBe(CEILING_MS - DAY_MS);
  });

  it('keeps the name of the CA within the 64 characters that X.509 allows', async () => {
    await start({ hostName: 'h'.repeat(63) });
    expect(new X509Certificate(text('ca.pem')).subject).toMatch(
      /^CN=Noonmark local CA \(h{38}\\, [0-9A-F]{4}\)$/,
    );
  });

  it('is a leaf by the rules of Apple and of RFC 5280, which openssl verifies for every name in it', async () => {
    const { last } = await start();
    const said = openssl('x509', '-in', 'leaf.pem', '-noout', '-text');
    expect(said).toMatch(/Serial Number:\s+[0-9a-f:]{40,50}\n/);
    expect(said).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\n/);
    expect(said).toMatch(/Key Usage: critical\s+Digital Signature\n/);
    expect(said).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    const keyId = /Key Identifier: \s+(?:keyid:)?([0-9A-F:]{59})/;
    const authorityKeyId = said.slice(said.indexOf('Authority Key Id')).match(keyId)![1];
    expect(authorityKeyId).toBe(openssl('x509', '-in', 'ca.pem', '-noout', '-text').match(keyId)![1]);
    expect(last()).toMatchObject({ names: NAMES, source: 'local-ca', ...FLOOR_LEAF });
    const now = HARD_FLOOR_MS + 30 * DAY_MS;
    for (const name of NAMES) {
      expect(
        verifies(now, name.includes(':') || /^\d/.test(name) ? '-verify_ip' : '-verify_hostname', name),
      ).toBe('leaf.pem: OK\n');
    }
    expect(() => verifies(now, '-verify_hostname', 'other.example')).toThrow(/hostname mismatch/i);
  });

  it('puts the leaf first and its CA second into leaf.pem', async () => {
    await start();
    const blocks = text('leaf.pem').match(/-----BEGIN[\s\S]*?END CERTIFICATE-----\n/g)!;
    expect(blocks).toHaveLength(2);
    expect(blocks[1]).toBe(text('ca.pem'));
  });

  it('lies in a directory and in keys that only their owner can open, and nothing else is left there', async () => {
    await start();
    const mode = (name: string) => (statSync(name).mode & 0o777).toString(8);
    expect(mode(certsDir)).toBe('700');
    expect([mode(path('ca-key.pem')), mode(path('leaf-key.pem'))]).toEqual(['600', '600']);
    expect(readdirSync(certsDir).sort()).toEqual(['ca-key.pem', 'ca.pem', 'leaf-key.pem', 'leaf.pem']);
  });

  it('is trusted in a real handshake, by name and by address, by who trusts ca.pem and nobody else', async () => {
    const { last } = await start({ epochMs: Date.now() });
    const server = createServer({ cert: last().chainPem, key: last().keyPem }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const shake = (options: { ca?: string; servername?: string }) =>
      new Promise<string>((resolve) => {
        const socket = connect({ host: '127.0.0.1', port, ...options }, () => resolve('trusted')).resume();
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code!));
      });
    const ca = text('ca.pem');
    expect(await shake({ ca })).toBe('trusted');
    expect(await shake({ ca, servername: 'dns.home.example' })).toBe('trusted');
    expect(await shake({ ca, servername: 'other.example' })).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(await shake({})).toBe('SELF_SIGNED_CERT_IN_CHAIN');
    server.close();
  });
});

describe('the local CA over time', () => {
  it('is the same after a restart, leaf and all, and nothing is written', async () => {
    const first = await start();
    const before = readdirSync(certsDir).map((name) => [name, statSync(path(name)).ino, text(name)]);
    const second = await start();
    expect(second.last()).toEqual(first.last());
    expect(readdirSync(certsDir).map((name) => [name, statSync(path(name)).ino, text(name)])).toEqual(before);
    expect(lines).toEqual([]);
  });

  it('makes the leaf anew once when the time becomes known and lies beyond it, with the same key', async () => {
    const { clock, served, last } = await start({ state: 'untrusted', epochMs: 0 });
    const ca = text('ca.pem');
    const key = text('leaf-key.pem');
    const nowMs = HARD_FLOOR_MS + 600 * DAY_MS;
    clock.setSystemClock(nowMs);
    clock.advance(60_000);
    expect(served).toHaveLength(1);
    clock.setState('provisional');
    await opened[0]!.refresh();
    expect(served).toHaveLength(1); // it may be contradicted a moment later
    clock.advance(10_000);
    await vi.waitFor(() => expect(served).toHaveLength(2));
    expect(() => verifies(FLOOR_LEAF.notBeforeMs)).toThrow(/not yet valid/);
    expect(verifies(nowMs)).toBe('leaf.pem: OK\n');
    expect([text('ca.pem'), text('leaf-key.pem'), last().keyPem]).toEqual([ca, key, key]);
    await opened[0]!.refresh();
    clock.advance(60_000);
    expect(served).toHaveLength(2);
  });

  it('leaves the leaf from the floor in use when the time becomes known and lies within it', async () => {
    const { clock, served, localCa } = await start({ state: 'untrusted', epochMs: 0 });
    clock.setSystemClock(HARD_FLOOR_MS + 100 * DAY_MS);
    clock.setState('provisional');
    await localCa.refresh();
    expect(served).toHaveLength(1);
  });

  it('renews thirty days ahead of the end, but not while the clock is untrusted', async () => {
    const { clock, served, localCa } = await start({
      epochMs: FLOOR_LEAF.notAfterMs - LEAF_MARGIN_MS - 5_000,
    });
    clock.setState('untrusted');
    clock.advance(10_000);
    await localCa.refresh();
    expect(served).toHaveLength(1);
    clock.setState('synchronized');
    await vi.waitFor(() => expect(served).toHaveLength(2));
  });

  it('adds a name that came later, on its own and in every state, without asking the date', async () => {
    const { clock, wanted, served, last } = await start({ state: 'untrusted', epochMs: 0 });
    wanted.names = [...NAMES, '192.0.2.7'];
    clock.advance(10_000);
    await vi.waitFor(() => expect(served).toHaveLength(2));
    expect(last()).toMatchObject({ names: wanted.names, ...FLOOR_LEAF });
  });

  it('finds its way back when the date was set far ahead and is put right again', async () => {
    const { clock, served, last } = await start({ epochMs: HARD_FLOOR_MS + 9 * 365 * DAY_MS });
    expect(last().notBeforeMs).toBeGreaterThan(HARD_FLOOR_MS + 8 * 365 * DAY_MS);
    clock.setSystemClock(HARD_FLOOR_MS + DAY_MS);
    clock.advance(10_000);
    await vi.waitFor(() => expect(served).toHaveLength(2));
    expect(last()).toMatchObject(FLOOR_LEAF);
  });

  it('uses a CA that looks out of date with a warning, and replaces neither it nor its key', async () => {
    await start();
    const before = [text('ca.pem'), text('ca-key.pem')];
    await start({ epochMs: CEILING_MS + 400 * DAY_MS, state: 'synchronized' });
    expect(lines).toEqual([
      expect.stringMatching(/ca\.pem: expired at .* \(synchronized\); used all the same/),
    ]);
    expect([text('ca.pem'), text('ca-key.pem')]).toEqual(before);
  });
});

describe('a local CA with something broken', () => {
  const foreignKey = () =>
    execFileSync('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });

  it.each([
    [
      'the key of the CA is missing',
      () => rmSync(path('ca-key.pem')),
      /ca-key\.pem: the key of ca\.pem is missing; .*restore/,
    ],
    ['the key of the CA is damaged', () => writeFileSync(path('ca-key.pem'), 'x'), /ca-key\.pem: damaged/],
    [
      'the key of the CA is another one',
      () => writeFileSync(path('ca-key.pem'), foreignKey()),
      /ca-key\.pem: not the key of ca\.pem/,
    ],
    [
      'everybody may read the key of the CA',
      () => chmodSync(path('ca-key.pem'), 0o644),
      /ca-key\.pem: .*chmod 600/,
    ],
    ['the CA is damaged', () => writeFileSync(path('ca.pem'), 'x'), /ca\.pem: damaged/],
    [
      'the CA is no CA',
      () => writeFileSync(path('ca.pem'), text('leaf.pem')),
      /ca\.pem: not the certificate of a CA/,
    ],
  ])('when %s: says so, serves the present leaf, and writes nothing', async (_what, breakIt, message) => {
    const before = await start();
    breakIt();
    const files = readdirSync(certsDir).map((name) => [name, text(name)]);
    const after = await start({ names: [...NAMES, 'new.example'], epochMs: HARD_FLOOR_MS + 900 * DAY_MS });
    after.clock.advance(60_000);
    await after.localCa.refresh();
    expect(after.served).toEqual([before.last()]);
    expect(lines[0]).toMatch(message);
    expect(lines[0]).toMatch(/move ca\.pem and ca-key\.pem both away for a new CA/);
    expect(lines[1]).toMatch(/leaf\.pem: expired at .*; served all the same/);
    expect(readdirSync(certsDir).map((name) => [name, text(name)])).toEqual(files);
  });

  it('serves a makeshift in memory when CA and leaf are both broken, until the CA is restored', async () => {
    await start();
    const key = text('ca-key.pem');
    rmSync(path('ca-key.pem'));
    rmSync(path('leaf.pem'));
    const { served, last, localCa } = await start();
    expect(last().names).toEqual(NAMES);
    expect(lines.at(-1)).toMatch(/a makeshift certificate that no device trusts/);
    expect(readdirSync(certsDir).sort()).toEqual(['ca.pem', 'leaf-key.pem']);
    writeFileSync(path('ca-key.pem'), key, { mode: 0o600 });
    await localCa.refresh();
    expect(served).toHaveLength(2);
    expect(verifies(HARD_FLOOR_MS)).toBe('leaf.pem: OK\n');
    expect(last().chainPem).toBe(text('leaf.pem'));
  });

  it('goes on signing with the CA in memory when its files vanish or break under a running server', async () => {
    const { clock, wanted, served, last, localCa } = await start();
    const ca = new X509Certificate(text('ca.pem'));
    rmSync(path('ca-key.pem'));
    await localCa.refresh();
    wanted.names = [...NAMES, 'new.example'];
    clock.advance(10_000);
    await vi.waitFor(() => expect(served).toHaveLength(2));
    expect(new X509Certificate(last().chainPem).verify(ca.publicKey)).toBe(true);
  });

  it('makes the same CA again from its key after a power cut between the two files', async () => {
    await start();
    rmSync(path('ca.pem'));
    const key = text('ca-key.pem');
    const { served } = await start();
    expect(text('ca-key.pem')).toBe(key);
    expect(served).toHaveLength(1);
    expect(verifies(HARD_FLOOR_MS)).toBe('leaf.pem: OK\n');
    expect(lines).toEqual([]);
  });

  it.each([
    ['the leaf is gone', () => rmSync(path('leaf.pem')), null],
    ['the leaf is damaged', () => writeFileSync(path('leaf.pem'), 'x'), /leaf\.pem: no certificate in it/],
    ['its key is gone', () => rmSync(path('leaf-key.pem')), /leaf-key\.pem: there is no such file/],
    [
      'its key is another one',
      () => writeFileSync(path('leaf-key.pem'), foreignKey()),
      /leaf-key\.pem: the key does not belong/,
    ],
    [
      'its key is of another kind',
      () => {
        const weak = ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'];
        writeFileSync(path('leaf-key.pem'), openssl(...weak));
      },
      /leaf-key\.pem: the key does not belong/,
    ],
    [
      'everybody may read its key',
      () => chmodSync(path('leaf-key.pem'), 0o644),
      /leaf-key\.pem: .*readable by everybody/,
    ],
  ])('when %s: makes another, and leaves the CA as it is', async (_what, breakIt, message) => {
    await start();
    const before = [text('ca.pem'), text('ca-key.pem')];
    const readableKey = text('leaf-key.pem');
    breakIt();
    const { last } = await start();
    expect([text('ca.pem'), text('ca-key.pem')]).toEqual(before);
    expect(verifies(HARD_FLOOR_MS)).toBe('leaf.pem: OK\n');
    expect(last()).toMatchObject({ chainPem: text('leaf.pem'), keyPem: text('leaf-key.pem') });
    expect(statSync(path('leaf-key.pem')).mode & 0o777).toBe(0o600);
    if (message === null) expect(lines).toEqual([]);
    else expect(lines[0]).toMatch(message);
    if (_what.startsWith('everybody')) expect(text('leaf-key.pem')).not.toBe(readableKey);
  });

  it('starts anew, with another name, when both files of the CA were moved away', async () => {
    const { served, localCa } = await start();
    const before = new X509Certificate(text('ca.pem')).subject;
    rmSync(path('ca.pem'));
    rmSync(path('ca-key.pem'));
    await localCa.refresh();
    expect(new X509Certificate(text('ca.pem')).subject).not.toBe(before);
    expect(served).toHaveLength(2);
    expect(verifies(HARD_FLOOR_MS)).toBe('leaf.pem: OK\n');
  });

  it('serves from memory where certs_dir cannot be written, says what that means, and saves the same CA later', async () => {
    writeFileSync(certsDir, 'a file in the place of the directory');
    const { served, last, localCa } = await start();
    expect(last().names).toEqual(NAMES);
    expect(lines).toEqual([
      expect.stringMatching(/cannot be written .* lives in memory only, and devices will not trust/),
    ]);
    rmSync(certsDir);
    await localCa.refresh();
    expect(new X509Certificate(last().chainPem).verify(new X509Certificate(text('ca.pem')).publicKey)).toBe(
      true,
    );
    expect(served).toHaveLength(1);
    const restarted = await start();
    expect(restarted.last().chainPem).toBe(last().chainPem);
  });

  it('serves a new leaf from memory when only the leaf cannot be written', async () => {
    await start();
    mkdirSync(join(path('leaf.pem.new'), 'in-the-way'), { recursive: true });
    const { last } = await start({ names: ['new.example'] });
    expect(last().names).toEqual(['new.example']);
    expect(lines).toEqual([
      expect.stringMatching(/leaf\.pem cannot be written .*devices that trust ca\.pem will trust it too/),
    ]);
  });

  it('lets go of its timers on close', async () => {
    const { clock, localCa } = await start();
    localCa.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('the names of a certificate', () => {
  const inputs = {
    names: ['DNS.Home.Example.'],
    addresses: ['192.0.2.1'],
    listenAddresses: ['127.0.0.1'],
    hostName: 'pi',
  };
  const interfaces = () => ({
    lo: [{ address: '127.0.0.1' }, { address: '::1' }],
    eth0: [{ address: 'fe80::1%eth0' }, { address: '192.0.2.9' }],
  });

  it('are the configured ones, localhost, the host and every listen address, each once in one spelling', () => {
    const more = {
      ...inputs,
      listenAddresses: ['127.0.0.1', 'fe80::1%eth0', '2001:DB8:0::1', '2001:db8::1'],
    };
    expect(wantedNames(more, interfaces)).toEqual([
      'dns.home.example',
      'localhost',
      'pi',
      '192.0.2.1',
      '127.0.0.1',
      'fe80::1',
      '2001:db8::1',
    ]);
  });

  it.each(['0.0.0.0', '::', '0:0::0'])(
    'take in every address of the host for the wildcard %s',
    (wildcard) => {
      expect(wantedNames({ ...inputs, listenAddresses: [wildcard] }, interfaces)).toEqual([
        'dns.home.example',
        'localhost',
        'pi',
        '192.0.2.1',
        '127.0.0.1',
        '::1',
        'fe80::1',
        '192.0.2.9',
      ]);
    },
  );

  it('leave out a host name that DNS cannot carry', () => {
    expect(wantedNames({ ...inputs, hostName: 'Bob’s Pi' }, interfaces)).not.toContain('bob’s pi');
  });

  it('are at most a hundred in one certificate, the configured ones first, and the log says so', async () => {
    const clock = new SimulatedClock();
    const log = createLog(clock, { level: 'warn', format: 'text', write: (line) => lines.push(line) });
    const listenAddresses = Array.from({ length: 150 }, (_, n) => `192.0.2.${n}`);
    const certificates = await openCertificates({
      ...inputs,
      listenAddresses,
      files: null,
      issued: null,
      more: [],
      certsDir,
      clock,
      log,
    });
    const { names } = certificates.store.current();
    expect(names).toHaveLength(100);
    expect(names.slice(0, 2)).toEqual(['dns.home.example', 'localhost']);
    expect(lines).toEqual([expect.stringContaining('the first 100 of 153 names')]);
    certificates.close();
  });
});
