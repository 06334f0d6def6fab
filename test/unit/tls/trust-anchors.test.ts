// Trust anchors: what a CA file may be, and that what it holds is what is trusted.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { loadOpenSsl, type OpenSsl } from '../../../src/tls/openssl.ts';
import { CaFileUnusable, TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { isTrusted } from '../../../src/tls/verdict.ts';
import { verifyChain } from '../../../src/tls/verify.ts';
import { createPki, toPem } from '../../support/pki.ts';

const directory = mkdtempSync(join(tmpdir(), 'noonmark-anchors-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pki = createPki(directory);
const good = pki.issue({ names: ['dns.example'] });
const { openssl } = loadOpenSsl() as { openssl: OpenSsl };

function write(name: string, content: string | Uint8Array): string {
  const file = join(directory, name);
  writeFileSync(file, content);
  return file;
}

function trusts(anchors: TrustAnchors): boolean {
  return isTrusted(verifyChain(openssl, { chain: good.der, name: 'dns.example', anchors, at: Date.now() }));
}

describe('anchors from a file', () => {
  it('trust what its CA issued', () => {
    const anchors = TrustAnchors.fromFile(pki.rootFile);
    expect(anchors.isPublic).toBe(false);
    expect(anchors.pem).toHaveLength(1);
    expect(trusts(anchors)).toBe(true);
  });

  it('trust what any of its CAs issued, whatever else the file says', () => {
    const other = pki.authority({ subject: 'Other', issuer: 'self' });
    const text = `# CAs\r\n${toPem(other.der[0]!)}my own:\n${toPem(pki.root.der[0]!).replaceAll('\n', '\r\n')}`;
    const anchors = TrustAnchors.fromFile(write('two.pem', text));
    expect(anchors.pem).toHaveLength(2);
    expect(trusts(anchors)).toBe(true);
  });

  it('trust nothing that another CA issued', () => {
    const other = pki.authority({ subject: pki.root.subject, issuer: 'self' });
    expect(trusts(TrustAnchors.fromFile(other.certificateFile))).toBe(false);
  });

  it('do not trust the public roots besides', () => {
    expect(TrustAnchors.fromFile(pki.rootFile).pem).not.toContain(TrustAnchors.public().pem[0]);
  });
});

describe('a CA file that cannot be used', () => {
  const pem = toPem(pki.root.der[0]!);
  it.each([
    [
      'is missing',
      () => join(directory, 'absent.pem'),
      /absent\.pem cannot be read \(ENOENT\): check its path/,
    ],
    ['is a directory', () => directory, /is not a file/],
    ['is empty', () => write('empty.pem', ''), /holds no certificate: it needs a block/],
    ['is DER', () => write('root.der', pki.root.der[0]!), /holds no certificate/],
    ['is a key', () => pki.root.keyFile, /holds no certificate/],
    ['is cut off', () => write('cut.pem', pem.slice(0, -30)), /holds no certificate/],
    [
      'holds noise',
      () => write('noise.pem', pem.replace(/^MII.*$/m, 'bm9pc2U=')),
      /a block that is no certificate/,
    ],
    [
      'holds one good block and one bad',
      () => write('half.pem', pem + pem.replace(/^MII.*$/m, 'AAAA')),
      /no certificate/,
    ],
    ['is a device without end', () => '/dev/zero', /is not a file/],
    ['is too large', () => write('large.pem', pem + '#'.repeat(1024 * 1024)), /is over 1048576 octets/],
  ])('%s', (_, make, message) => {
    const file = make();
    const use = () => TrustAnchors.fromFile(file);
    expect(use).toThrow(CaFileUnusable);
    expect(use).toThrow(message);
    expect(use).toThrow(expect.objectContaining({ code: 'ca-file-unusable' }));
  });

  it.skipIf(process.getuid?.() === 0)('is not readable to us', () => {
    const file = write('secret.pem', pem);
    chmodSync(file, 0o000);
    expect(() => TrustAnchors.fromFile(file)).toThrow(/cannot be read \(EACCES\)/);
  });
});

describe('the public anchors', () => {
  it('are those of Node, read once', () => {
    expect(TrustAnchors.public().isPublic).toBe(true);
    expect(TrustAnchors.public()).toBe(TrustAnchors.public());
    expect(TrustAnchors.public().pem).toEqual(getCACertificates('default'));
  });

  it('all reach the store, once', () => {
    const anchors = TrustAnchors.public();
    const added: number[] = [];
    const X509_STORE_add_cert: OpenSsl['X509_STORE_add_cert'] = (store, certificate) => {
      added.push(openssl.X509_STORE_add_cert(store, certificate));
      return 1;
    };
    const store = anchors.store({ ...openssl, X509_STORE_add_cert });
    expect(anchors.store({ ...openssl, X509_STORE_add_cert })).toBe(store);
    expect(added).toEqual(anchors.pem.map(() => 1));
  });

  it('do not trust a private CA', () => {
    expect(trusts(TrustAnchors.public())).toBe(false);
  });
});
