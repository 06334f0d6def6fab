// Makes the two kinds of certificate that the local CA is made of, and their keys (profiles: RFC 5280 section 4.2;
// Apple's rules for leaves, support.apple.com/103769). When and with which dates is decided in local-ca.ts.

import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';

/** RFC 5280 appendix A: ub-common-name. */
const MAX_COMMON_NAME = 64;

export const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Milliseconds since 1970, both ends included. */
export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

export function pkcs8(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function spki(key: KeyObject): Buffer<ArrayBuffer> {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }) as Buffer<ArrayBuffer>;
}

function commonNameOf(hostName: string, key: KeyObject): string {
  // Derived from the key, so that two CAs of one host can be told apart in a device's list.
  const mark = createHash('sha256').update(spki(key)).digest('hex').slice(0, 4).toUpperCase();
  const name = (host: string) => `Noonmark local CA (${host}, ${mark})`;
  // Only what needs no quoting: the X.509 library reads quotation marks and a leading # as syntax.
  const host = hostName.replace(/[^\w.-]/g, '-').slice(0, MAX_COMMON_NAME - name('').length);
  return name(host);
}

/** A CA that signs leaves and nothing else, named after the host. */
export async function makeAuthority(
  hostName: string,
  key: KeyObject,
  validity: Validity,
): Promise<Authority> {
  const x509 = await loadX509();
  const name = [{ CN: [commonNameOf(hostName, key)] }];
  const made = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: name,
    publicKey: spki(key),
    signingKey: key.toCryptoKey(ECDSA_P256, true, ['sign']),
    signingAlgorithm: ECDSA_P256,
    notBefore: new Date(validity.notBeforeMs),
    notAfter: new Date(validity.notAfterMs),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(spki(key)),
    ],
  });
  return { certificate: new X509Certificate(Buffer.from(made.rawData)), key };
}

/** The new leaf and its CA, as PEM; the serial number is the library's: 128 random bits. */
export async function signLeaf(
  authority: Authority,
  key: KeyObject,
  names: readonly string[],
  validity: Validity,
): Promise<string> {
  const x509 = await loadX509();
  const issuer = new x509.X509Certificate(authority.certificate.raw);
  const commonName = names.find((name) => name.length <= MAX_COMMON_NAME) ?? 'localhost';
  const leaf = await x509.X509CertificateGenerator.create({
    subject: [{ CN: [commonName] }],
    issuer: issuer.subjectName,
    publicKey: spki(key),
    signingKey: authority.key.toCryptoKey(ECDSA_P256, true, ['sign']),
    signingAlgorithm: ECDSA_P256,
    notBefore: new Date(validity.notBeforeMs),
    notAfter: new Date(validity.notAfterMs),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(spki(key)),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return new X509Certificate(Buffer.from(leaf.rawData)).toString() + authority.certificate.toString();
}

/** Loaded when something is to be signed: it takes longer to load than the rest of the start. */
export async function loadX509() {
  await import('reflect-metadata'); // what its dependency tsyringe needs to be there before it
  return import('@peculiar/x509');
}
