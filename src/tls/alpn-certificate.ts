// The certificate that answers one challenge of tls-alpn-01 (RFC 8737 section 3): signed by itself, for one name, with the
// digest of the key authorization in a critical extension. acme-client has a maker of such, whose certificates may sign
// others and nothing else, so that no server can show them over TLS 1.2. Nobody judges their dates: they are always the same.

import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { CEILING_MS, HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import { ECDSA_P256, loadX509, newKey, pkcs8 } from './local-ca-signing.ts';

/** id-pe-acmeIdentifier (RFC 8737 section 6.1). */
const ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31';
/** Identifier octet and length of an OCTET STRING of 32 octets. */
const DIGEST_HEADER = Buffer.of(0x04, 32);

/** PEM, both. */
export interface AlpnCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/** @param keyAuthorization RFC 8555 section 8.1 */
export async function makeAlpnCertificate(name: string, keyAuthorization: string): Promise<AlpnCertificate> {
  const x509 = await loadX509();
  const key = newKey();
  const digest = createHash('sha256').update(keyAuthorization).digest();
  const subject = [{ CN: ['tls-alpn-01'] }];
  const made = await x509.X509CertificateGenerator.create({
    subject,
    issuer: subject,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }) as Buffer<ArrayBuffer>,
    signingKey: key.toCryptoKey(ECDSA_P256, true, ['sign']),
    signingAlgorithm: ECDSA_P256,
    notBefore: new Date(HARD_FLOOR_MS),
    notAfter: new Date(CEILING_MS),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      new x509.Extension(ACME_IDENTIFIER, true, Buffer.concat([DIGEST_HEADER, digest])),
    ],
  });
  const certificate = new X509Certificate(Buffer.from(made.rawData));
  return { certificatePem: certificate.toString(), keyPem: pkcs8(key) };
}
