// A fresh chain before it is served: good ones of every shape, and each way in which one can be wrong, with OpenSSL and
// without.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { proveCertificate } from '../../../src/acme/proof.ts';
import { loadOpenSsl, type OpenSsl } from '../../../src/tls/openssl.ts';
import { TrustAnchors } from '../../../src/tls/trust-anchors.ts';
import { verifyChain } from '../../../src/tls/verify.ts';
import { createPki, EXTENDED_KEY_USAGE, type IssuedCertificate, type Pki, toPem } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const AT = Date.UTC(2026, 10, 3, 8);
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NAMES = ['dns.example', '*.home.example'];

const pki: Pki = createPki(temporaryDirectory('proof'), { at: AT });
const { openssl } = loadOpenSsl() as { openssl: OpenSsl };
const good = pki.issue({ names: NAMES });

const keyOf = (one: IssuedCertificate) => readFileSync(one.keyFile, 'utf8');
const pemOf = (...ders: readonly Uint8Array[]) => ders.map(toPem).join('');

function prove(
  chain: readonly Uint8Array[],
  key: IssuedCertificate = good,
  { nowMs = AT, wantedNames = NAMES, library = openssl as OpenSsl | null } = {},
) {
  return proveCertificate({
    chainPem: pemOf(...chain),
    keyPem: keyOf(key),
    wantedNames,
    nowMs,
    openssl: library,
  });
}

const leaf = good.der[0]!;
const intermediate = pki.intermediate.der[0]!;
const root = pki.root.der[0]!;

describe.each([
  ['with OpenSSL', openssl as OpenSsl | null],
  ['without OpenSSL', null],
])('%s', (_what, library) => {
  it.each([
    ['that ends in an intermediate', [leaf, intermediate], good],
    ['that ends in its root', [leaf, intermediate, root], good],
  ])('a chain %s is proven, and can be served', (_which, chain, key) => {
    expect(prove(chain, key, { library })).toEqual({
      chainPem: pemOf(...chain),
      keyPem: keyOf(good),
      names: NAMES,
      notBeforeMs: AT - DAY_MS,
      notAfterMs: AT + 90 * DAY_MS,
      issuer: 'CN=Test Intermediate',
      source: 'acme',
    });
  });

  it('a leaf alone is a chain, where a root issued it', () => {
    const direct = pki.issue({ names: NAMES, issuer: pki.root });
    expect(direct.der).toHaveLength(1);
    expect(prove(direct.der, direct, { library })).toMatchObject({ source: 'acme' });
  });

  it('longer chains are proven, with any key', () => {
    const second = pki.authority({ subject: 'Second', issuer: pki.intermediate, key: 'rsa2048' });
    const below = pki.issue({ names: NAMES, issuer: second, key: 'p384' });
    expect(below.der).toHaveLength(3);
    expect(prove(below.der, below, { library })).toMatchObject({ issuer: 'CN=Second' });
  });

  it.each([
    ['the same in another case', ['DNS.example', '*.HOME.example'], null],
    ['fewer', ['dns.example'], null],
    ['one more', ['dns.example', 'other.example'], 'it does not carry other.example'],
    ['one below its wildcard', ['a.home.example'], 'it does not carry a.home.example'],
    ['the wildcard of another', ['*.example'], 'it does not carry *.example'],
  ])('of names, %s', (_which, wantedNames, problem) => {
    const result = prove(good.der, good, { wantedNames, library });
    if (problem === null) expect(result).toMatchObject({ names: NAMES });
    else expect(result).toBe(problem);
  });

  const [begins, ends] = [AT - DAY_MS, AT + 90 * DAY_MS];
  it.each([
    ['at its beginning', begins, null],
    ['five minutes before it', begins - 5 * MINUTE_MS, null],
    ['six minutes before it', begins - 6 * MINUTE_MS, /^it begins only on 2026-11-02T08:00:00Z, and it is /],
    ['a second before its end', ends - 1000, null],
    ['at its end', ends, /^it ended on 2027-02-01T08:00:00Z, and it is 2027-02-01T08:00:00Z$/],
  ])('its dates hold or do not %s', (_when, nowMs, problem) => {
    const result = prove(good.der, good, { nowMs, library });
    if (problem === null) expect(result).toMatchObject({ names: NAMES });
    else expect(result).toMatch(problem);
  });

  it.each([
    ['ended', { notAfter: new Date(AT - 1000) }, /^certificate 2 of its chain ended on 2026-11-03T07:59:59Z/],
    ['not begun', { notBefore: new Date(AT + DAY_MS) }, /^certificate 2 of its chain begins only on/],
    ['no right to issue', { ca: false }, /^certificate 2 of its chain is none of a CA$/],
  ])('an issuer that has %s proves nothing', (_which, spec, problem) => {
    const bad = pki.issue({ names: NAMES, issuer: pki.authority({ subject: 'Bad', ...spec }) });
    expect(prove(bad.der, bad, { library })).toMatch(problem);
  });

  it('each must be signed by the next', () => {
    const namesake = pki.authority({ subject: pki.intermediate.subject });
    expect(prove([leaf, namesake.der[0]!], good, { library })).toBe(
      'it is not signed by the next of its chain',
    );
    expect(prove([leaf, root], good, { library })).toBe('it is not signed by the next of its chain');
    expect(prove([leaf, root, intermediate], good, { library })).toMatch(/not signed by the next/);
    const again = [leaf, intermediate, pki.authority({ subject: 'Test Root', issuer: 'self' }).der[0]!];
    expect(prove(again, good, { library })).toBe(
      'certificate 2 of its chain is not signed by the next of its chain',
    );
    const renamed = pki.authority({ subject: 'Another Name', key: pki.intermediate.key });
    expect(prove([leaf, renamed.der[0]!], good, { library })).toBe(
      'it is not signed by the next of its chain',
    );
    const changed = Uint8Array.from(leaf);
    changed[changed.length - 1]! ^= 1;
    expect(prove([changed, intermediate], good, { library })).toMatch(/not signed by the next/);
  });

  it('its key must be its own, and everything must be readable', () => {
    expect(prove(good.der, pki.issue({ names: NAMES }), { library })).toBe(
      'its key cannot be used: the key does not belong to the certificate',
    );
    const parts = { wantedNames: NAMES, nowMs: AT, openssl: library };
    expect(proveCertificate({ chainPem: 'x', keyPem: keyOf(good), ...parts })).toMatch(
      /^its certificate cannot be used: no certificate in it/,
    );
    expect(proveCertificate({ chainPem: pemOf(leaf), keyPem: 'x', ...parts })).toMatch(
      /^its key cannot be used: no private key in it/,
    );
  });
});

describe("OpenSSL's own validation finds besides", () => {
  it.each([
    [
      'a certificate for clients',
      () => pki.issue({ names: NAMES, extendedKeyUsage: [EXTENDED_KEY_USAGE.clientAuth] }),
      'OpenSSL does not accept it: unsuitable certificate purpose',
    ],
    [
      'a name that its issuer may not give',
      () => {
        const issuer = pki.authority({ subject: 'Limited', permitted: [{ name: 'other.example' }] });
        return pki.issue({ names: NAMES, issuer: pki.authority({ subject: 'Below', issuer }) });
      },
      'OpenSSL does not accept it: permitted subtree violation',
    ],
    [
      'an issuer that may have none below it',
      () => {
        const issuer = pki.authority({ subject: 'Short', pathLength: 0, issuer: pki.intermediate });
        const below = pki.authority({ subject: 'Too Deep', issuer });
        return pki.issue({ names: NAMES, issuer: below });
      },
      'OpenSSL does not accept certificate 3 of its chain: path length constraint exceeded',
    ],
    [
      'a signature by SHA-1',
      () => {
        const issuer = pki.authority({ subject: 'RSA', key: 'rsa2048' });
        return pki.issue({ names: NAMES, issuer, digest: 'sha1' });
      },
      /^OpenSSL does not accept it: CA signature digest algorithm too weak$|^its certificate cannot be used: OpenSSL refuses/,
    ],
  ])('%s', (_which, make, problem) => {
    const bad = make();
    const result = prove(bad.der, bad);
    if (typeof problem === 'string') expect(result).toBe(problem);
    else expect(result).toMatch(problem);
  });

  it('a partial chain stays enough for nobody else', () => {
    const anchors = TrustAnchors.fromPem(toPem(intermediate));
    const verdict = verifyChain(openssl, { chain: good.der, name: 'dns.example', anchors, at: AT });
    expect(verdict.chain.ok).toBe(false);
  });
});
