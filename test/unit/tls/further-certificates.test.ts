// Certificates besides the first one, from files on a real disk and from a CA: what each reload, each renewal and each broken
// file leaves in the store.

import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { LOOK_EVERY_MS } from '../../../src/files/file-watch.ts';
import { CertificateStore, fitPair, type ServedCertificate } from '../../../src/tls/certificate-store.ts';
import { FurtherCertificates, type FurtherInputs } from '../../../src/tls/further-certificates.ts';
import { RecordedLog } from '../../support/answer-path.ts';
import { createPki, type IssuedCertificate } from '../../support/pki.ts';
import { SimulatedClock } from '../../support/simulated-clock.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const pki = createPki(temporaryDirectory('further-pki'), { at: new SimulatedClock().now().epochMs });
const A = ['a.example'];
const B = ['b.example', '*.b.example'];

function served(
  { certificateFile, keyFile }: IssuedCertificate,
  source: ServedCertificate['source'] = 'acme',
) {
  const verdict = fitPair(readFileSync(certificateFile, 'utf8'), readFileSync(keyFile, 'utf8'), source);
  if ('problem' in verdict) throw new Error(verdict.problem);
  return verdict.certificate;
}

const first = served(pki.issue({ names: ['dns.example'] }));
const [a, newA] = [pki.issue({ names: A }), pki.issue({ names: A })];
const b = pki.issue({ names: B });

let directory: string;
let clock: SimulatedClock;
let log: RecordedLog;
let store: CertificateStore;
let further: FurtherCertificates;
beforeEach(() => {
  directory = temporaryDirectory('further');
  clock = new SimulatedClock();
  log = new RecordedLog();
  store = new CertificateStore(first);
  further = new FurtherCertificates({ store, clock, log });
});

/** Puts a pair where `files` looks. */
function install({ certificateFile, keyFile }: IssuedCertificate): void {
  for (const [from, to] of [
    [certificateFile, files.certificate],
    [keyFile, files.key],
  ] as const) {
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  }
}
let files: { certificate: string; key: string };
beforeEach(() => {
  files = { certificate: join(directory, 'chain.pem'), key: join(directory, 'key.pem') };
});

const fromFiles = (names = A): FurtherInputs => ({ names, files, issued: null });
const ofCa = (names: readonly string[], issued: FurtherInputs['issued'] = 'awaited'): FurtherInputs => ({
  ...{ names, files: null, issued },
});
/** The chain that is shown to who asks for this name. */
const shown = (name: string) => store.current(name).chainPem;
const chainOf = (issued: IssuedCertificate) => readFileSync(issued.certificateFile, 'utf8');
const said = (level: string) =>
  log.lines.filter(({ line }) => line.startsWith(level)).map(({ line }) => line);

describe("a further certificate of the owner's files", () => {
  it('is shown to who asks for its name, and told once', async () => {
    install(a);
    await further.become([fromFiles()]);
    await further.become([fromFiles()]);
    expect([shown('a.example'), shown('dns.example')]).toEqual([chainOf(a), first.chainPem]);
    expect(log.lines).toEqual([
      {
        line: 'info serving a further certificate',
        fields: expect.objectContaining({ source: 'files', names: A }),
      },
    ]);
  });

  it('is replaced without being asked when its files are, and stays when they break', async () => {
    install(a);
    await further.become([fromFiles()]);
    install(newA);
    await vi.waitFor(() => {
      clock.advance(LOOK_EVERY_MS);
      expect(shown('a.example')).toBe(chainOf(newA));
    });
    writeFileSync(files.key, 'nonsense');
    await further.become([fromFiles()]);
    expect(shown('a.example')).toBe(chainOf(newA));
    expect(said('error')).toEqual([expect.stringContaining('the old pair stays in use')]);
  });

  it('that is not there yet leaves the first one in its place, until a reload finds it', async () => {
    await further.become([fromFiles()]);
    expect(store.current('a.example')).toBe(first);
    expect(said('error')).toEqual([expect.stringContaining('there is no such file')]);
    install(a);
    await further.become([fromFiles()]);
    expect(shown('a.example')).toBe(chainOf(a));
  });
});

describe('a further certificate of a CA', () => {
  it('is shown from the start where it is stored, and from its issue where it is not', async () => {
    await further.become([ofCa(A, served(a)), ofCa(B)]);
    expect([shown('a.example'), shown('x.b.example')]).toEqual([chainOf(a), first.chainPem]);
    further.serveIssued(B, served(b));
    expect(shown('x.b.example')).toBe(chainOf(b));
    further.serveIssued(A, served(newA));
    expect(shown('a.example')).toBe(chainOf(newA));
    expect(said('info')).toHaveLength(3);
  });

  it("that nobody wants any more is nobody's", async () => {
    await further.become([ofCa(A, served(a))]);
    further.serveIssued(B, served(b));
    expect(store.all).toHaveLength(2);
    await further.become([]);
    further.serveIssued(A, served(newA));
    expect(store.all).toEqual([first]);
  });

  it('is not lost by a reload that knows nothing of it yet', async () => {
    await further.become([ofCa(A)]);
    further.serveIssued(A, served(a));
    await further.become([ofCa(A)]);
    expect(shown('a.example')).toBe(chainOf(a));
  });
});

describe('a reload', () => {
  it('keeps the contexts of what has not changed, whatever comes and goes beside it', async () => {
    install(a);
    const issued = served(b);
    await further.become([fromFiles(), ofCa(B, issued)]);
    const contexts = ['a.example', 'b.example'].map((name) => store.contextFor(name));
    await further.become([ofCa(['c.example']), ofCa(B, issued), fromFiles()]);
    expect(contexts.every((context) => context !== undefined)).toBe(true);
    for (const [at, name] of ['a.example', 'b.example'].entries())
      expect(store.contextFor(name), name).toBe(contexts[at]);
    expect(said('info')).toHaveLength(2);
  });

  it('from files to a CA keeps what is shown until the CA has issued', async () => {
    install(a);
    await further.become([fromFiles()]);
    await further.become([ofCa(A)]);
    expect(shown('a.example')).toBe(chainOf(a));
    expect(clock.pendingTimers).toBe(0);
    further.serveIssued(A, served(newA));
    expect(store.current('a.example')).toMatchObject({ source: 'acme', chainPem: chainOf(newA) });
  });

  it('from a CA to files that are broken keeps what the CA has issued', async () => {
    await further.become([ofCa(A, served(a))]);
    await further.become([fromFiles()]);
    expect(shown('a.example')).toBe(chainOf(a));
    install(newA);
    await further.become([fromFiles()]);
    expect(store.current('a.example')).toMatchObject({ source: 'files', chainPem: chainOf(newA) });
  });

  it('for other names begins anew', async () => {
    await further.become([ofCa(A, served(a))]);
    await further.become([ofCa([...A, 'more.example'])]);
    expect(store.all).toEqual([first]);
  });
});

it('is over after close: no timer, and files that change change nothing', async () => {
  install(a);
  await further.become([fromFiles()]);
  further.close();
  expect(clock.pendingTimers).toBe(0);
  install(newA);
  clock.advance(10 * LOOK_EVERY_MS);
  further.serveIssued(A, served(b));
  expect(shown('a.example')).toBe(chainOf(a));
});
