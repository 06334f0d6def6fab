// The one judgement of a peer's certificates, at an instant that the caller names: OpenSSL's path validation
// (RFC 5280 section 6) and OpenSSL's matching of names (RFC 9525), on the same parsed certificates.
// Identity, chain and dates are judged apart, and nowhere is there a way to leave the dates out: OpenSSL reports one
// error, so whoever pardons the dates afterwards also pardons the foreign CA behind them.
// No sockets, no clock, no revocation.

import { writeRfc3339 } from '../clock/rfc3339.ts';
import { describeWrongName, judgePins } from './identity.ts';
import type { OpenSsl } from './openssl.ts';
import { Certificate } from './openssl-certificate.ts';
import { findPath, PATH_OK, type Path } from './openssl-path.ts';
import type { TrustAnchors } from './trust-anchors.ts';
import { type Finding, fails, holds, nothingHolds, type Verdict } from './verdict.ts';

export interface PeerEvidence {
  /** DER, as the peer sent it: its own certificate first. */
  readonly chain: readonly Uint8Array[];
  /** The host that was meant: a name of A-labels without a trailing dot, or an IP literal. */
  readonly name: string;
  readonly anchors: TrustAnchors;
  /** The instant to judge at, milliseconds since 1970. */
  readonly at: number;
  /**
   * "sha256/BASE64" of public keys (RFC 7469 section 2.4), of which one must be on the proven path, besides all else;
   * none or empty: not asked for.
   */
  readonly pins?: readonly string[];
}

/** Certificates that a peer may send; the longest public chains have four. */
export const CHAIN_LIMIT = 10;

/** One certificate: ten times a common one. */
const CERTIFICATE_LIMIT_OCTETS = 16_384;

/** X509_V_ERR_… codes (openssl/x509_vfy.h) that are about the date, and nothing else. */
const DATE_ERRORS = new Map([
  [9, 'is not valid yet'],
  [10, 'has expired'],
  [13, 'has a beginning that is no date'],
  [14, 'has an end that is no date'],
]);

/** Codes for which there are plainer words than OpenSSL's. */
const ANCHOR_ERRORS = new Map([
  [2, 'no trust anchor issued it'],
  [18, 'the certificate is signed by itself and is no trust anchor'],
  [19, 'it ends in a root that is no trust anchor'],
  [20, 'no trust anchor issued it'],
  [21, 'no trust anchor issued it'],
]);

/** Judges what a peer has sent; what comes back is final. */
export function verifyChain(openssl: OpenSsl, evidence: PeerEvidence): Verdict {
  using parsed = new DisposableStack();
  const certificates: Certificate[] = [];
  const unread = sizeProblem(evidence.chain);
  if (unread !== null) return nothingHolds(unread);
  for (const [index, der] of evidence.chain.entries()) {
    const certificate = parsed.use(Certificate.read(openssl, der));
    if (certificate === null) return nothingHolds(`certificate ${index + 1} of the chain cannot be read`);
    certificates.push(certificate);
  }
  const [leaf, ...others] = certificates as [Certificate, ...Certificate[]];
  const store = evidence.anchors.store(openssl);
  const pathAt = (at: number) => findPath(openssl, { leaf, others, store }, at);
  const { chain, dates, path } = judgeChain(openssl, leaf, pathAt, evidence.at);
  return { identity: judgeIdentity(leaf, path, evidence), chain, dates };
}

function sizeProblem(chain: readonly Uint8Array[]): string | null {
  if (chain.length === 0) return 'no certificate was sent';
  if (chain.length > CHAIN_LIMIT) return `over ${CHAIN_LIMIT} certificates were sent`;
  const large = chain.findIndex((der) => der.length > CERTIFICATE_LIMIT_OCTETS) + 1;
  return large === 0 ? null : `certificate ${large} of the chain is over ${CERTIFICATE_LIMIT_OCTETS} octets`;
}

/** The leaf's names, and the keys of the path where pins are demanded. */
function judgeIdentity(leaf: Certificate, path: Path, evidence: PeerEvidence): Finding {
  if (!leaf.isFor(evidence.name)) return fails(describeWrongName(evidence.chain[0]!, evidence.name));
  return judgePins(path.pins, evidence.pins ?? []);
}

interface ChainJudgement {
  readonly chain: Finding;
  readonly dates: Finding;
  /** The path that the chain was judged by. */
  readonly path: Path;
}

/**
 * A wrong date hides what OpenSSL would have said next. So where the date is what fails, the chain is judged once
 * more, as strictly, at the instant when its leaf began: what holds there is genuine, only early or old.
 */
function judgeChain(
  openssl: OpenSsl,
  leaf: Certificate,
  pathAt: (at: number) => Path,
  at: number,
): ChainJudgement {
  const path = pathAt(at);
  if (path.error === PATH_OK) return { chain: holds, dates: holds, path };
  if (!DATE_ERRORS.has(path.error)) {
    return { chain: fails(describePathError(openssl, path)), dates: judgeLeafDates(leaf, at), path };
  }
  const dates = fails(describeDateError(leaf, path, at));
  if (Number.isNaN(leaf.notBeforeMs)) return { chain: fails('it has no date to be judged at'), dates, path };
  const genuine = pathAt(leaf.notBeforeMs);
  const chain = genuine.error === PATH_OK ? holds : fails(describePathError(openssl, genuine));
  return { chain, dates, path: genuine };
}

/** For a chain that leads nowhere: the dates of its leaf alone, with OpenSSL's edges (the end is excluded). */
function judgeLeafDates(leaf: Certificate, at: number): Finding {
  const second = Math.floor(at / 1000) * 1000;
  if (second < leaf.notBeforeMs) {
    return fails(
      `the certificate begins on ${writeRfc3339(leaf.notBeforeMs)}, and it was judged at ${writeRfc3339(at)}`,
    );
  }
  if (second < leaf.notAfterMs) return holds;
  return fails(
    `the certificate ended on ${writeRfc3339(leaf.notAfterMs)}, and it was judged at ${writeRfc3339(at)}`,
  );
}

/** OpenSSL begins at the anchor; a person is helped most by the dates of the certificate itself. */
function describeDateError(leaf: Certificate, path: Path, at: number): string {
  const finding = judgeLeafDates(leaf, at);
  return finding.ok
    ? `${which(path.depth)} ${DATE_ERRORS.get(path.error)} at ${writeRfc3339(at)}`
    : finding.reason;
}

function describePathError(openssl: OpenSsl, path: Path): string {
  const dateError = DATE_ERRORS.get(path.error);
  if (dateError) return `${which(path.depth)} ${dateError} at the instant when the certificate itself begins`;
  return (
    ANCHOR_ERRORS.get(path.error) ??
    `${openssl.X509_verify_cert_error_string(path.error)} (${which(path.depth)})`
  );
}

function which(depth: number): string {
  return depth === 0 ? 'the certificate' : `issuer ${depth} above the certificate`;
}
