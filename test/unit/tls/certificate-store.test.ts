// The store, the fit of two halves, and the warning about dates; certificates come from the openssl command line.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClockStatus } from '../../../src/clock/clock.ts';
import {
  CertificateStore,
  dateWarning,
  fitPair,
  type ServedCertificate,
} from '../../../src/tls/certificate-store.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'noonmark-store-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...ec, '-keyout', 'root.key', '-out', 'root.pem', '-subj', '/O=Test, Inc/CN=Root');
  openssl(
    'req',
    '-new',
    ...ec,
    '-keyout',
    'leaf.key',
    '-out',
    'leaf.csr',
    '-subj',
    '/CN=leaf',
    '-addext',
    'subjectAltName=DNS:DNS.Example,DNS:*.example,IP:192.0.2.1,IP:2001:db8::1',
  );
  openssl(
    'x509',
    '-req',
    '-in',
    'leaf.csr',
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    '-out',
    'leaf.pem',
    '-days',
    '2',
    '-copy_extensions',
    'copyall',
  );
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-out', 'other.key');
  openssl('ec', '-in', 'leaf.key', '-aes128', '-passout', 'pass:secret', '-out', 'encrypted.key');
  openssl('pkcs8', '-topk8', '-in', 'leaf.key', '-passout', 'pass:secret', '-out', 'encrypted8.key');
  openssl('req', '-x509', '-key', 'other.key', '-out', 'other.pem', '-subj', '/CN=other', '-days', '2');
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:1024',
    '-nodes',
    '-keyout',
    'weak.key',
    '-out',
    'weak.pem',
    '-subj',
    '/CN=weak',
  );
});
afterAll(() => rmSync(directory, { recursive: true }));

const read = (...names: string[]) =>
  names.map((name) => readFileSync(join(directory, name), 'utf8')).join('');

describe('the fit of certificate and key', () => {
  it('accepts a chain with its key and reads names, issuer and dates from the leaf', () => {
    const verdict = fitPair(read('leaf.pem', 'root.pem'), read('leaf.key'), 'files');
    expect(verdict).toMatchObject({
      certificate: {
        names: ['dns.example', '*.example', '192.0.2.1', '2001:db8::1'],
        issuer: 'O=Test, Inc, CN=Root',
        source: 'files',
      },
    });
    const { certificate } = verdict as { certificate: ServedCertificate };
    expect(certificate.chainPem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
    expect(certificate.notAfterMs - certificate.notBeforeMs).toBe(2 * 86_400_000);
  });

  it('takes a name that looks like two for the one that it is', () => {
    const config = '[req]\ndistinguished_name=dn\n[dn]\n[v3]\nsubjectAltName=@names\n[names]\n';
    writeFileSync(join(directory, 'odd.cnf'), `${config}DNS.1=a, IP Address:192.0.2.1\n`);
    const options = ['-config', 'odd.cnf', '-extensions', 'v3', '-subj', '/CN=odd', '-out', 'odd.pem'];
    execFileSync('openssl', ['req', '-x509', '-key', 'other.key', ...options], {
      cwd: directory,
      stdio: 'pipe',
    });
    expect(fitPair(read('odd.pem'), read('other.key'), 'files')).toMatchObject({
      certificate: { names: ['"a\\u002c ip address:192.0.2.1"'] },
    });
  });

  it('accepts certificate and key in one file, and a key that follows its parameters', () => {
    const both = read('leaf.pem', 'leaf.key');
    expect(fitPair(both, both, 'files')).toHaveProperty('certificate');
    expect(read('other.key')).toContain('BEGIN EC PARAMETERS');
    expect(fitPair(read('other.pem'), read('other.key'), 'files')).toHaveProperty('certificate');
  });

  it.each([
    ['a file without a certificate', ['leaf.key'], ['leaf.key'], 'certificate', /^no certificate in it/],
    ['a file without a key', ['leaf.pem'], ['leaf.pem'], 'key', /^no private key in it/],
    [
      'a foreign key',
      ['leaf.pem', 'root.pem'],
      ['other.key'],
      'key',
      /^the key does not belong to the certificate$/,
    ],
    [
      'a chain with the root first',
      ['root.pem', 'leaf.pem'],
      ['leaf.key'],
      'certificate',
      /belongs to certificate 2 of 2; put that one first/,
    ],
    ['a key under a passphrase, old form', ['leaf.pem'], ['encrypted.key'], 'key', /passphrase/],
    ['a key under a passphrase, PKCS #8', ['leaf.pem'], ['encrypted8.key'], 'key', /passphrase/],
    [
      'a key too short for OpenSSL to serve',
      ['weak.pem'],
      ['weak.key'],
      'certificate',
      /^OpenSSL refuses to serve it \(.*key too small/,
    ],
    ['a bundle of roots', Array(11).fill('root.pem'), ['root.key'], 'certificate', /^11 certificates in it/],
  ] as const)('refuses %s and says so', (_what, chain, key, half, problem) => {
    expect(fitPair(read(...chain), read(...key), 'files')).toEqual({
      half,
      problem: expect.stringMatching(problem),
    });
  });

  it('refuses halves that are cut short, and says which', () => {
    const cut = (text: string) => text.replace(/\n.{40}/, '\n');
    expect(fitPair(read('leaf.pem') + cut(read('root.pem')), read('leaf.key'), 'files')).toMatchObject({
      half: 'certificate',
      problem: 'certificate 2 of 2 cannot be read',
    });
    expect(fitPair(read('leaf.pem'), cut(read('leaf.key')), 'files')).toMatchObject({
      half: 'key',
      problem: 'the private key cannot be read',
    });
  });
});

describe('the store', () => {
  const certificate = (issuer: string): ServedCertificate => ({
    chainPem: '',
    keyPem: '',
    names: [],
    notBeforeMs: 0,
    notAfterMs: 0,
    issuer,
    source: 'files',
  });

  it('serves the first certificate until another replaces it, under every server name', () => {
    const store = new CertificateStore(certificate('first'));
    expect(store.current().issuer).toBe('first');
    store.replace(certificate('second'));
    expect([store.current().issuer, store.current('a.example').issuer]).toEqual(['second', 'second']);
  });

  it('tells listeners of each replacement until they leave', () => {
    const store = new CertificateStore(certificate('first'));
    const heard: string[] = [];
    const leave = store.onReplace(({ issuer }) => heard.push(issuer));
    store.replace(certificate('second'));
    leave();
    store.replace(certificate('third'));
    expect(heard).toEqual(['second']);
  });

  describe('with further certificates', () => {
    type Which = 'first' | 'exact' | 'wild' | 'later' | 'renewed';
    let all: Record<Which, ServedCertificate>;
    beforeAll(() => {
      const pair = (chainPem: string, keyPem: string, ...names: string[]): ServedCertificate => ({
        ...certificate('a further one'),
        ...{ chainPem, keyPem, names },
      });
      all = {
        first: { ...certificate('first'), names: ['dns.example', '*.house.example'] },
        exact: pair(read('leaf.pem'), read('leaf.key'), 'a.house.example', 'b.lab.example'),
        wild: pair(
          read('root.pem'),
          read('root.key'),
          '*.lab.example',
          'dns.example',
          '*.guests.house.example',
        ),
        later: pair(read('other.pem'), read('other.key'), 'b.lab.example', '*.lab.example', 'only.example'),
        renewed: pair(read('leaf.pem', 'root.pem'), read('leaf.key'), 'a.house.example'),
      };
    });

    it.each<[string | undefined, Which, string]>([
      ['dns.example', 'first', 'its own name, though a further one has it too'],
      ['a.house.example', 'exact', 'an exact name before the wildcard of the first one'],
      ['A.House.Example', 'exact', 'in whichever case'],
      ['other.house.example', 'first', 'the wildcard of the first one'],
      ['b.lab.example', 'exact', 'an exact name before a wildcard, and the earlier of two'],
      ['c.lab.example', 'wild', 'the earlier of two wildcards'],
      ['C.LAB.EXAMPLE', 'wild', 'a wildcard, in whichever case'],
      ['only.example', 'later', 'the last one'],
      ['x.c.lab.example', 'first', 'a wildcard is one label'],
      ['lab.example', 'first', 'a wildcard is a label and not none'],
      ['x.guests.house.example', 'wild', 'the wildcard just above, and no other'],
      ['xlab.example', 'first', 'a suffix that is no label'],
      ['example', 'first', 'a name of one label'],
      ['', 'first', 'the empty name'],
      ['192.0.2.1', 'first', 'an address, which nobody should ask for'],
      [undefined, 'first', 'a client that asks for no name'],
    ])('shows to who asks for %s the %s one: %s', (name, which) => {
      const { first, exact, wild, later } = all;
      const store = new CertificateStore(first);
      store.replaceFurther([exact, wild, later]);
      expect(store.current(name)).toBe(all[which]);
      if (name === undefined) return;
      expect(store.contextFor(name) === undefined).toBe(which === 'first');
      expect(store.contextFor(name)).toBe(store.contextFor(name.toUpperCase()));
    });

    it('lists all, the first one first', () => {
      const { first, exact, wild } = all;
      const store = new CertificateStore(first);
      expect(store.all).toEqual([first]);
      store.replaceFurther([exact, wild]);
      expect(store.all).toEqual([first, exact, wild]);
    });

    it('keeps the context of a pair that stays, also when it was read anew, and drops what has gone', () => {
      const { first, exact, wild, renewed } = all;
      const store = new CertificateStore(first);
      store.replaceFurther([exact, wild]);
      const [ofExact, ofWild] = ['a.house.example', 'c.lab.example'].map((name) => store.contextFor(name));
      store.replaceFurther([{ ...wild }, renewed]);
      expect(store.contextFor('c.lab.example')).toBe(ofWild);
      expect(store.contextFor('a.house.example')).not.toBe(ofExact);
      store.replaceFurther([renewed]);
      expect(store.contextFor('c.lab.example')).toBeUndefined();
      expect(store.all).toEqual([first, renewed]);
    });

    it('does not touch them when the first one is replaced, of which alone listeners hear', () => {
      const { first, exact } = all;
      const store = new CertificateStore(first);
      const heard: string[] = [];
      store.onReplace(({ issuer }) => heard.push(issuer));
      store.replaceFurther([exact]);
      expect(heard).toEqual([]);
      store.replace(certificate('second'));
      expect(heard).toEqual(['second']);
      expect(store.current('a.house.example')).toBe(exact);
    });
  });

  it('tells the other listeners too when one of them throws', () => {
    const store = new CertificateStore(certificate('first'));
    const heard: string[] = [];
    store.onReplace(() => {
      throw new Error('closed');
    });
    store.onReplace(({ issuer }) => heard.push(issuer));
    expect(() => store.replace(certificate('second'))).toThrow(AggregateError);
    expect(heard).toEqual(['second']);
    expect(store.current().issuer).toBe('second');
  });
});

describe('the warning about dates', () => {
  const dates = { notBeforeMs: Date.UTC(2027, 0, 1), notAfterMs: Date.UTC(2027, 3, 1) };
  const status = (state: ClockStatus['state'], basis: ClockStatus['basis'] = null): ClockStatus => ({
    state,
    basis,
    reason: '',
    sinceMs: 0,
  });

  it('says what our clock believes and on what basis', () => {
    const provisional = status('provisional', 'system-clock');
    expect(dateWarning(dates, provisional, Date.UTC(2026, 11, 31))).toBe(
      'not valid before 2027-01-01T00:00:00Z, and our clock says 2026-12-31T00:00:00Z (system-clock)',
    );
    expect(dateWarning(dates, status('holdover'), Date.UTC(2027, 3, 2))).toBe(
      'expired at 2027-04-01T00:00:00Z, and our clock says 2027-04-02T00:00:00Z (holdover)',
    );
  });

  it('is silent within the dates, both ends counted, and whenever no date can be believed', () => {
    const provisional = status('provisional', 'stamp');
    expect(dateWarning(dates, provisional, dates.notBeforeMs)).toBeNull();
    expect(dateWarning(dates, provisional, dates.notAfterMs)).toBeNull();
    expect(dateWarning(dates, status('untrusted'), 0)).toBeNull();
  });
});
