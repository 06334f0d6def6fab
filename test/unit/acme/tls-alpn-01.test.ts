// Challenges of tls-alpn-01 as they are shown: certificates that other programs judge, and that each solver takes away what
// it has shown and nothing else. Who sees them is the business of test/unit/listener/challenge-door.test.ts.

import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { acmeClient } from '../../../src/acme/acme-api.ts';
import { type Challenge, ChallengeProblem } from '../../../src/acme/challenge.ts';
import { TlsAlpn01 } from '../../../src/acme/tls-alpn-01.ts';
import { makeAlpnCertificate } from '../../../src/tls/alpn-certificate.ts';
import { AlpnChallenges } from '../../../src/tls/alpn-challenges.ts';

const KEY_AUTHORIZATION =
  'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
const LONG_NAME = `${'x'.repeat(63)}.${'y'.repeat(63)}.example`;

const challenge = (name: string): Challenge => ({
  name,
  token: 'token',
  keyAuthorization: KEY_AUTHORIZATION,
});

describe.each(['dns.example', LONG_NAME])('a certificate for %s', (name) => {
  const made = makeAlpnCertificate(name, KEY_AUTHORIZATION);

  it('is what acme-client looks for, for this key authorization and no other', async () => {
    const { certificatePem } = await made;
    const { isAlpnCertificateAuthorizationValid: isValid } = acmeClient().crypto;
    expect(isValid(certificatePem, KEY_AUTHORIZATION)).toBe(true);
    expect(isValid(certificatePem, `${KEY_AUTHORIZATION}x`)).toBe(false);
  });

  it('is what OpenSSL reads: one name, the critical extension, a key that may sign a handshake', async () => {
    const { certificatePem } = await made;
    const args = ['x509', '-noout', '-text', '-certopt', 'ext_dump'];
    const text = execFileSync('openssl', args, { input: certificatePem, encoding: 'utf8' });
    expect(text).toMatch(new RegExp(`Subject Alternative Name: *\n *DNS:${RegExp.escape(name)}\n`));
    expect(text).toMatch(/Key Usage: critical\n *Digital Signature\n/);
    expect(text).toContain('CA:FALSE');
    const [, dump] = /1\.3\.6\.1\.5\.5\.7\.1\.31: critical\n((?: +[\da-f]{4} - .*\n)+)/.exec(text)!;
    const octets = dump!.replace(/^ *[\da-f]{4} - | {3}.*$/gm, '').replace(/[^\da-f]/g, '');
    expect(octets).toBe(`0420${createHash('sha256').update(KEY_AUTHORIZATION).digest('hex')}`);
  });

  it('is signed by itself, and has its key', async () => {
    const { certificatePem, keyPem } = await made;
    const certificate = new X509Certificate(certificatePem);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.subject.length).toBeLessThanOrEqual('CN='.length + 64); // RFC 5280 appendix A: ub-common-name
    const key = execFileSync('openssl', ['pkey', '-pubout'], { input: keyPem, encoding: 'utf8' });
    expect(key).toBe(certificate.publicKey.export({ type: 'spki', format: 'pem' }));
  });
});

describe('a solver', () => {
  const solverOf = (challenges: AlpnChallenges) => new TlsAlpn01({ challenges, isListening: () => true });

  it('shows each name, in whichever case it is asked for, until it clears', async () => {
    const challenges = new AlpnChallenges();
    const solver = solverOf(challenges);
    await solver.show([challenge('a.example'), challenge('b.example')]);
    const found = ['a.example', 'B.EXAMPLE'].map((name) => challenges.contextFor(name));
    expect(found.every((context) => context !== undefined)).toBe(true);
    expect(found[0]).not.toBe(found[1]);
    expect(challenges.contextFor('c.example')).toBeUndefined();
    expect(challenges.isEmpty).toBe(false);
    await solver.clear();
    await solver.clear();
    expect(challenges.isEmpty).toBe(true);
    expect(challenges.contextFor('a.example')).toBeUndefined();
  });

  it('takes away nothing of another, not even for the same name, as in a dry run beside an order', async () => {
    const challenges = new AlpnChallenges();
    const [order, dryRun] = [solverOf(challenges), solverOf(challenges)];
    await order.show([challenge('a.example')]);
    const shown = challenges.contextFor('a.example');
    await dryRun.show([challenge('a.example')]);
    expect(challenges.contextFor('a.example')).not.toBe(shown);
    await dryRun.clear();
    expect(challenges.contextFor('a.example')).toBe(shown);
    await order.clear();
    expect(challenges.isEmpty).toBe(true);
  });

  it('says so where nobody could see what it shows', async () => {
    const challenges = new AlpnChallenges();
    const solver = new TlsAlpn01({ challenges, isListening: () => false });
    const shown = solver.show([challenge('a.example')]);
    await expect(shown).rejects.toThrow(ChallengeProblem);
    await expect(shown).rejects.toThrow('listen.doh');
    expect(challenges.isEmpty).toBe(true);
  });
});
