// Where our own certificates come from, over the life of a server: local CA, files and a CA take each other's place in the
// store, and what works never gives way to what is worse. Files on their own: certificate-files.test.ts.

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlpnChallenges } from '../../../src/tls/alpn-challenges.ts';
import { fitPair, type ServedCertificate } from '../../../src/tls/certificate-store.ts';
import {
  type CertificateInputs,
  type Certificates,
  openCertificates,
} from '../../../src/tls/certificates.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

/** Longer than the local CA waits until it looks at its leaf again. */
const LATER_MS = 60_000;
const NAMES = ['dns.example'];
const MORE = ['more.example'];

const pki = createPki(temporaryDirectory('certificates-pki'), { at: new SimulatedClock().now().epochMs });
const [ofFiles, ofCa, renewed, further] = [
  pki.issue({ names: NAMES }),
  pki.issue({ names: NAMES }),
  pki.issue({ names: NAMES }),
  pki.issue({ names: MORE }),
];
const files = { certificate: ofFiles.certificateFile, key: ofFiles.keyFile };

function issued({ certificateFile, keyFile }: IssuedCertificate): ServedCertificate {
  const verdict = fitPair(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'), 'acme');
  if ('problem' in verdict) throw new Error(verdict.problem);
  return verdict.certificate;
}

let certsDir: string;
let clock: SimulatedClock;
let log: RecordedLog;
let certificates: Certificates;
let replaced: string[];
beforeEach(() => {
  certsDir = join(temporaryDirectory('certificates'), 'certs');
  clock = new SimulatedClock();
  log = new RecordedLog();
  replaced = [];
});
afterEach(() => certificates.close());

const inputs = (change: Partial<CertificateInputs> = {}): CertificateInputs => ({
  ...{ names: NAMES, addresses: [], files: null, issued: null, more: [], certsDir },
  ...{ listenAddresses: ['127.0.0.1'], hostName: 'host', ...change },
});

async function open(change: Partial<CertificateInputs> = {}): Promise<void> {
  certificates = await openCertificates({ ...inputs(change), clock, log });
  certificates.store.onReplace(({ source }) => replaced.push(source));
}
const reload = (change: Partial<CertificateInputs> = {}) => certificates.reload(inputs(change));
const source = () => certificates.store.current().source;

/** Time in which the local CA would look at its leaf, and make another under a date so far away. */
async function muchLater(): Promise<void> {
  clock.setSystemClock(clock.now().epochMs + 2 * 365 * 86_400_000);
  clock.setState('synchronized');
  clock.setState('holdover');
  clock.advance(LATER_MS);
  await new Promise((resolve) => setImmediate(resolve));
}

describe('what a CA has issued', () => {
  it('is served from the start where it is stored, and no local CA is made', async () => {
    await open({ issued: issued(ofCa) });
    expect(source()).toBe('acme');
    expect(() => readFileSync(join(certsDir, 'ca.pem'))).toThrow('ENOENT');
    expect(clock.pendingTimers).toBe(0);
  });

  it('takes the place of the local CA for good', async () => {
    await open({ issued: 'awaited' });
    expect(source()).toBe('local-ca');
    certificates.serveIssued(NAMES, issued(ofCa));
    expect(source()).toBe('acme');
    expect(clock.pendingTimers).toBe(0);
    await muchLater();
    await certificates.reload();
    await reload({ issued: 'awaited' });
    expect(certificates.store.current().chainPem).toBe(issued(ofCa).chainPem);
    expect(replaced).toEqual(['acme']);
  });

  it('gives way to its successor, and is served once', async () => {
    const certificate = issued(ofCa);
    await open({ issued: certificate });
    await reload({ issued: certificate });
    expect(replaced).toEqual([]);
    certificates.serveIssued(NAMES, issued(renewed));
    expect(certificates.store.current().chainPem).toBe(issued(renewed).chainPem);
    expect(log.lines.filter(({ line }) => line.includes('serving a certificate'))).toHaveLength(2);
  });

  it('that comes while the local CA is at work is what stays', async () => {
    await open({ issued: 'awaited' });
    rmSync(certsDir, { recursive: true });
    const reloading = reload({ issued: 'awaited' });
    certificates.serveIssued(NAMES, issued(ofCa));
    await reloading;
    expect(source()).toBe('acme');
    expect(clock.pendingTimers).toBe(0);
  });

  it('under other names is a further one, which the first does not notice', async () => {
    await open({ issued: issued(ofCa), more: [{ names: MORE, files: null, issued: 'awaited' }] });
    certificates.serveIssued(MORE, issued(further));
    expect(replaced).toEqual([]);
    expect(certificates.store.current().names).toEqual(NAMES);
    expect(certificates.store.current('more.example').names).toEqual(MORE);
    certificates.serveIssued(['gone.example'], issued(renewed));
    expect(certificates.store.all.map(({ names }) => names)).toEqual([NAMES, MORE]);
  });
});

describe('a reload', () => {
  it("from files to a CA keeps the files' pair until the CA has issued, then goes on to the local CA where neither is wanted", async () => {
    await open({ files });
    await reload({ issued: 'awaited' });
    expect(source()).toBe('files');
    expect(clock.pendingTimers).toBe(0);
    expect(certificates.filesProblem).toBeNull();
    certificates.serveIssued(NAMES, issued(ofCa));
    expect(source()).toBe('acme');
    await reload();
    expect(source()).toBe('local-ca');
    await reload({ files });
    expect(replaced).toEqual(['acme', 'local-ca', 'files']);
  });

  it('from a CA to files that cannot be used keeps what the CA has issued, and says what is wrong', async () => {
    await open({ issued: issued(ofCa) });
    await reload({ files: { ...files, key: '/nowhere/key.pem' } });
    expect(source()).toBe('acme');
    expect(certificates.filesProblem).toMatchObject({ problem: expect.stringContaining('/nowhere/key.pem') });
    await reload({ files });
    expect(replaced).toEqual(['files']);
  });

  it('to a CA that has issued nothing yet keeps the local CA as it is', async () => {
    await open();
    const before = certificates.store.current();
    await reload({ issued: 'awaited' });
    expect(certificates.store.current()).toBe(before);
    expect(replaced).toEqual([]);
  });

  it('to a CA for other names keeps what was issued for the old ones', async () => {
    await open({ issued: issued(ofCa) });
    await reload({ names: [...NAMES, 'www.example'], issued: 'awaited' });
    expect(certificates.store.current().names).toEqual(NAMES);
    certificates.serveIssued(NAMES, issued(renewed)); // one that was under way under the old configuration
    expect(replaced).toEqual([]);
  });

  it('takes further ones over and away', async () => {
    await open({ more: [{ names: MORE, files: null, issued: issued(further) }] });
    expect(certificates.store.current('more.example').source).toBe('acme');
    await reload();
    expect(certificates.store.all).toHaveLength(1);
    const { certificateFile: certificate, keyFile: key } = further;
    await reload({ more: [{ names: MORE, files: { certificate, key }, issued: null }] });
    expect(certificates.store.current('more.example').source).toBe('files');
    certificates.close();
    expect(clock.pendingTimers).toBe(0);
  });
});

it('shows the challenges that it was given', async () => {
  const challenges = new AlpnChallenges();
  certificates = await openCertificates({ ...inputs(), clock, log, challenges });
  expect(certificates.store.challenges).toBe(challenges);
});
