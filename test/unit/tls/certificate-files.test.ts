// Certificate files on a real disk, changed in the ways that people and renewal tools change them,
// alone and behind openCertificates, where the local CA stands in for files that cannot be used.

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
import { createLog } from '../../../src/observe/log.ts';
import { CertificateFiles } from '../../../src/tls/certificate-files.ts';
import type { ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { type CertificateInputs, openCertificates } from '../../../src/tls/certificates.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';

/** Pairs made once: `a` and `b`, each NAME.pem and NAME.key. */
let stock: string;
beforeAll(() => {
  stock = mkdtempSync(join(tmpdir(), 'noonmark-stock-'));
  for (const name of ['a', 'b']) {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    const options = [
      '-out',
      `${name}.pem`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=DNS:${name}.example`,
    ];
    execFileSync('openssl', ['req', '-x509', ...key, ...options], { cwd: stock, stdio: 'pipe' });
  }
});
afterAll(() => rmSync(stock, { recursive: true }));

let directory: string;
let paths: { certificate: string; key: string };
let clock: SimulatedClock;
let lines: string[];
const log = (level: 'debug' | 'warn' = 'warn') =>
  createLog(clock, { level, format: 'text', write: (line) => lines.push(line) });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'noonmark-files-'));
  paths = { certificate: join(directory, 'fullchain.pem'), key: join(directory, 'privkey.pem') };
  clock = new SimulatedClock({ epochMs: Date.now() });
  lines = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

function install(name: 'a' | 'b', halves: readonly ('certificate' | 'key')[] = ['certificate', 'key']): void {
  for (const half of halves) {
    const source = join(stock, `${name}.${half === 'key' ? 'key' : 'pem'}`);
    copyFileSync(source, `${paths[half]}.new`);
    chmodSync(`${paths[half]}.new`, 0o600);
    renameSync(`${paths[half]}.new`, paths[half]);
  }
}

describe('certificate files', () => {
  let served: ServedCertificate[];
  let files: CertificateFiles;
  beforeEach(() => {
    served = [];
    files = new CertificateFiles({
      paths,
      clock,
      log: log(),
      serve: (certificate) => served.push(certificate),
    });
  });
  afterEach(() => files.close());
  const servedNames = () => served.map(({ names }) => names[0]);

  it('are served when they fit, once', async () => {
    install('a');
    expect([await files.load(), await files.load()]).toEqual([true, true]);
    expect(servedNames()).toEqual(['a.example']);
    expect(lines).toEqual([]);
  });

  it('are swapped without being asked when both have been renamed over', async () => {
    install('a');
    await files.load();
    install('b');
    clock.advance(LOOK_EVERY_MS);
    await vi.waitFor(() => {
      clock.advance(LOOK_EVERY_MS);
      expect(servedNames()).toEqual(['a.example', 'b.example']);
    });
    expect(lines).toEqual([]);
  });

  it('are swapped when they are links that now lead elsewhere, as certbot leaves them', async () => {
    const turn = (name: string) => {
      for (const [half, ending] of [
        ['certificate', 'pem'],
        ['key', 'key'],
      ] as const) {
        symlinkSync(join(stock, `${name}.${ending}`), `${paths[half]}.new`);
        renameSync(`${paths[half]}.new`, paths[half]);
      }
    };
    turn('a');
    await files.load();
    turn('b');
    await vi.waitFor(() => {
      clock.advance(LOOK_EVERY_MS);
      expect(servedNames()).toEqual(['a.example', 'b.example']);
    });
  });

  it('are not judged between the two steps of a renewal', async () => {
    install('a');
    await files.load();
    await files.look();
    install('b', ['certificate']);
    await files.look();
    install('b', ['key']);
    await files.look();
    await files.look();
    expect(servedNames()).toEqual(['a.example', 'b.example']);
    expect(lines).toEqual([]);
  });

  it('stay in use while a broken pair is in their place, which is reported once, with file and reason', async () => {
    install('a');
    await files.load();
    install('b', ['key']);
    for (let n = 0; n < 5; n++) await files.look();
    expect(servedNames()).toEqual(['a.example']);
    expect(lines).toEqual([
      expect.stringContaining(
        `${paths.key}: the key does not belong to the certificate; the old pair stays in use`,
      ),
    ]);
  });

  it.each([
    [
      'is not there',
      () => rmSync(paths.certificate),
      /fullchain\.pem: there is no such file; check the path/,
    ],
    ['is empty', () => truncateSync(paths.certificate), /fullchain\.pem: no certificate in it/],
    ['is a directory', () => (paths.certificate = directory), /: not a plain file; name a PEM file/],
    [
      'is a pipe',
      () => {
        rmSync(paths.certificate);
        execFileSync('mkfifo', [paths.certificate]);
      },
      /: not a plain file/,
    ],
    ['is enormous', () => truncateSync(paths.certificate, 1e9), /larger than 262144 bytes/],
  ] as const)('are reported when the certificate %s', async (_what, breakIt, message) => {
    install('a');
    breakIt();
    expect(await files.load()).toBe(false);
    expect(lines).toEqual([expect.stringMatching(message)]);
    expect(lines[0]).toContain('not used');
  });

  it('are refused while everybody may read the key, and taken after the chmod that the message asks for', async () => {
    install('a');
    chmodSync(paths.key, 0o604);
    expect(await files.load()).toBe(false);
    const [, command] = lines[0]!.match(/readable by everybody on the machine; run: (chmod 600 [^;]+);/)!;
    execFileSync('sh', ['-c', command!]);
    await files.look();
    await files.look();
    expect(servedNames()).toEqual(['a.example']);
  });

  it('are accepted with a key that the group may read', async () => {
    install('a');
    chmodSync(paths.key, 0o640);
    expect(await files.load()).toBe(true);
  });

  it('are served out of date with a warning, once, and again when the clock finds another reason', async () => {
    install('a');
    clock.setSystemClock(Date.now() + 1000 * 86_400_000);
    expect(await files.load()).toBe(true);
    clock.advance(3 * 3_600_000);
    expect(lines).toEqual([
      expect.stringMatching(/expired at .* our clock says .* \(system-clock\); served all the same/),
    ]);
    clock.setSystemClock(Date.now() - 1000 * 86_400_000);
    clock.advance(3_600_000);
    expect(lines[1]).toMatch(/not valid before/);
    expect(lines).toHaveLength(2);
  });

  it('are not judged by date while the clock is untrusted, but as soon as it is known', async () => {
    install('a');
    clock.setState('untrusted');
    clock.setSystemClock(0);
    await files.load();
    clock.advance(3_600_000);
    expect(lines).toEqual([]);
    clock.setState('provisional', 'stamp');
    expect(lines).toEqual([expect.stringMatching(/not valid before .* \(stamp\)/)]);
  });

  it('are left alone after close', async () => {
    install('a');
    await files.load();
    files.close();
    expect(clock.pendingTimers).toBe(0);
    install('b');
    expect(await files.load()).toBe(false);
    expect(servedNames()).toEqual(['a.example']);
  });
});

describe('certificates from files, behind the store', () => {
  const inputs = (change: Partial<CertificateInputs> = {}): CertificateInputs => ({
    names: ['dns.example'],
    addresses: [],
    files: paths,
    issued: null,
    more: [],
    certsDir: join(directory, 'certs'),
    listenAddresses: ['127.0.0.1'],
    hostName: 'host',
    ...change,
  });

  it('come from the local CA, loudly, while the files are broken, and from the files once they are repaired', async () => {
    const certificates = await openCertificates({ ...inputs(), clock, log: log() });
    expect(certificates.store.current()).toMatchObject({
      source: 'local-ca',
      names: ['dns.example', 'localhost', 'host', '127.0.0.1'],
    });
    expect(lines).toEqual([
      expect.stringContaining(`${paths.certificate}: there is no such file`),
      expect.stringContaining('the local CA serves until the certificate files are repaired'),
    ]);
    const replaced: string[] = [];
    certificates.store.onReplace(({ source }) => replaced.push(source));
    install('a');
    await vi.waitFor(() => {
      clock.advance(LOOK_EVERY_MS);
      expect(replaced).toEqual(['files']);
    });
    expect(certificates.store.current().names).toEqual(['a.example']);
    // The two timers of the files are left: the local CA has retired and will not take over again.
    expect(clock.pendingTimers).toBe(2);
    certificates.close();
    expect(clock.pendingTimers).toBe(0);
  });

  it('are read again at once on reload, and a broken pair leaves the old one in the store', async () => {
    install('a');
    const certificates = await openCertificates({ ...inputs(), clock, log: log() });
    install('b');
    await certificates.reload();
    expect(certificates.store.current().names).toEqual(['b.example']);
    writeFileSync(paths.key, 'nonsense');
    await certificates.reload();
    expect(certificates.store.current()).toMatchObject({ source: 'files', names: ['b.example'] });
    expect(lines).toEqual([
      expect.stringMatching(/privkey\.pem: no private key in it .*the old pair stays in use/),
    ]);
    certificates.close();
  });

  it('are in disorder for as long as the local CA, or an older pair, is served in their place', async () => {
    const certificates = await openCertificates({ ...inputs(), clock, log: log() });
    clock.advance(700);
    expect(certificates.filesProblem).toEqual({
      problem: `${paths.certificate}: there is no such file; check the path`,
      forMs: 700,
    });
    install('a', ['certificate']);
    await certificates.reload();
    expect(certificates.filesProblem).toMatchObject({
      problem: expect.stringContaining(paths.key),
      forMs: 700,
    });
    install('a');
    await certificates.reload();
    expect(certificates.filesProblem).toBeNull();
    truncateSync(paths.key);
    await certificates.reload();
    expect(certificates.store.current().source).toBe('files');
    expect(certificates.filesProblem).toMatchObject({ forMs: 0 });
    await certificates.reload(inputs({ files: null }));
    expect(certificates.filesProblem).toBeNull();
    certificates.close();
  });

  it('follow a reload that names other files, or none', async () => {
    install('a');
    const certificates = await openCertificates({ ...inputs(), clock, log: log() });
    await certificates.reload(
      inputs({ files: { certificate: paths.certificate, key: join(directory, 'gone.key') } }),
    );
    expect(certificates.store.current().names).toEqual(['a.example']);
    await certificates.reload(
      inputs({ files: { certificate: join(stock, 'b.pem'), key: join(stock, 'b.key') } }),
    );
    expect(certificates.store.current().names).toEqual(['b.example']);
    await certificates.reload(inputs({ files: null, names: ['new.example'] }));
    expect(certificates.store.current()).toMatchObject({ source: 'local-ca' });
    expect(certificates.store.current().names).toContain('new.example');
    certificates.close();
    expect(clock.pendingTimers).toBe(0);
    expect(readFileSync(paths.certificate)).toEqual(readFileSync(join(stock, 'a.pem')));
  });
});
