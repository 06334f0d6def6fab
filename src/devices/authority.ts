// The CA that a device must install before it trusts this server: found at the end of the chain that is served, as the
// octets that go into files and profiles, and the fingerprint that a person compares by eye.
// It judges no chain; src/tls does.

import { createHash, X509Certificate } from 'node:crypto';

export interface Authority {
  /** "Noonmark on pi, 3F2A": what devices list it as. */
  readonly name: string;
  readonly der: Uint8Array;
  readonly pem: string;
  /** SHA-256 over the DER octets: "3F:2A:…". */
  readonly fingerprint: string;
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The CA that signed itself, at the end of `chainPem`; null where the chain stops before it, as public ones do. */
export function authorityIn(chainPem: string): Authority | null {
  const last = chainPem.match(PEM_CERTIFICATE)?.at(-1);
  if (last === undefined) return null;
  const certificate = readable(last);
  const isRoot = certificate?.ca === true && certificate.checkIssued(certificate);
  return certificate !== null && isRoot ? authorityOf(certificate) : null;
}

/** The same of the PEM of one certificate; null where it is none of a CA. */
export function authorityFrom(pem: string): Authority | null {
  const certificate = readable(pem);
  return certificate?.ca === true ? authorityOf(certificate) : null;
}

function authorityOf(certificate: X509Certificate): Authority {
  const { raw: der, subject } = certificate;
  return { name: commonName(subject), der, pem: certificate.toString(), fingerprint: fingerprintOf(der) };
}

/** In pairs of hexadecimal digits, as systems show it. */
export function fingerprintOf(der: Uint8Array): string {
  const digest = createHash('sha256').update(der).digest('hex').toUpperCase();
  return digest.match(/../g)!.join(':');
}

/** node:crypto writes one attribute a line. */
function commonName(subject: string): string {
  return /^CN=(.*)$/m.exec(subject)?.[1]?.replaceAll('\\', '') ?? subject.replaceAll('\n', ', ');
}

function readable(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}
