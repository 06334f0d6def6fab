// Whether a freshly issued chain may take the old one's place: asked before anything on disk or in memory changes.
// It fits its key, carries all names, holds now, is one chain, and passes OpenSSL's path validation (RFC 5280 section 6)
// up to its own last certificate; whose CA that is does not matter, for the owner has chosen it.

import { X509Certificate } from 'node:crypto';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import { fitPair, type ServedCertificate } from '../tls/certificate-store.ts';
import type { OpenSsl } from '../tls/openssl.ts';
import { Certificate } from '../tls/openssl-certificate.ts';
import { findPath, PATH_OK } from '../tls/openssl-path.ts';
import { TrustAnchors } from '../tls/trust-anchors.ts';
import { missingNames, shownNames } from './renewal.ts';

/** A CA's clock, or ours, may be so much ahead. */
const BEGINNING_GRACE_MS = 300_000;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

export interface ProofParts {
  /** As the CA sent it, the leaf first. */
  readonly chainPem: string;
  readonly keyPem: string;
  /** Exact names; a wildcard is carried by itself alone. */
  readonly wantedNames: readonly string[];
  /** A trusted date, milliseconds since 1970. */
  readonly nowMs: number;
  /** Null: it is not to be had here, and node:crypto proves what it can. */
  readonly openssl: OpenSsl | null;
}

/** What can be served, or why not: the rest of a sentence about the new certificate. */
export function proveCertificate(parts: ProofParts): ServedCertificate | string {
  const { wantedNames, nowMs, openssl } = parts;
  const verdict = fitPair(parts.chainPem, parts.keyPem, 'acme');
  if ('problem' in verdict) return `its ${verdict.half} cannot be used: ${verdict.problem}`;
  const { certificate } = verdict;
  const lacking = missingNames(certificate.names, wantedNames);
  if (lacking.length > 0) return `it does not carry ${shownNames(lacking)}`;
  const chain = certificatesIn(certificate.chainPem);
  return dateProblem(chain, nowMs) ?? linkProblem(chain) ?? pathProblem(chain, nowMs, openssl) ?? certificate;
}

function dateProblem(chain: readonly X509Certificate[], nowMs: number): string | null {
  for (const [index, { validFromDate, validToDate }] of chain.entries()) {
    const judged = `and it is ${writeRfc3339(nowMs)}`;
    const begins = validFromDate.getTime();
    const ends = validToDate.getTime();
    // Turned around, so that what is no date does not hold.
    if (!(begins <= nowMs + BEGINNING_GRACE_MS)) {
      return `${which(index)} begins only on ${writeRfc3339(begins)}, ${judged}`;
    }
    if (!(nowMs < ends)) return `${which(index)} ended on ${writeRfc3339(ends)}, ${judged}`;
  }
  return null;
}

/** A chain of one is whole where a root issues leaves itself (RFC 8555 section 7.4.2: the anchor may be left out). */
function linkProblem(chain: readonly X509Certificate[]): string | null {
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const issuer = chain[index + 1]!;
    if (!issuer.ca) return `${which(index + 1)} is none of a CA`;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey)) {
      return `${which(index)} is not signed by the next of its chain`;
    }
  }
  return null;
}

function pathProblem(
  chain: readonly X509Certificate[],
  nowMs: number,
  openssl: OpenSsl | null,
): string | null {
  if (openssl === null) return null;
  using parsed = new DisposableStack();
  const certificates: Certificate[] = [];
  for (const [index, { raw }] of chain.entries()) {
    const certificate = parsed.use(Certificate.read(openssl, raw));
    if (certificate === null) return `${which(index)} cannot be read by OpenSSL`;
    certificates.push(certificate);
  }
  const [leaf, ...others] = certificates as [Certificate, ...Certificate[]];
  const store = TrustAnchors.fromPem(chain.at(-1)!.toString()).store(openssl);
  // OpenSSL knows no grace: it judges once the youngest of the chain has begun, which is minutes away at most.
  const at = Math.max(nowMs, ...certificates.map(({ notBeforeMs }) => notBeforeMs));
  const path = findPath(openssl, { leaf, others, store, allowPartialChain: true }, at);
  if (path.error === PATH_OK) return null;
  return `OpenSSL does not accept ${which(path.depth)}: ${openssl.X509_verify_cert_error_string(path.error)}`;
}

function which(index: number): string {
  return index === 0 ? 'it' : `certificate ${index + 1} of its chain`;
}

function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(PEM_CERTIFICATE) ?? []).map((block) => new X509Certificate(block));
}
