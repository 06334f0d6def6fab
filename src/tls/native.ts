// The fall back where OpenSSL's functions cannot be had: Node verifies at the machine's own date, and its result is
// told as a verdict. It fails closed and knows less: Node reports a single error and shows no certificate with it,
// so where the dates fail, nothing is known of the chain.

import { createHash, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { describeWrongName, isHostName, judgePins } from './identity.ts';
import { type Finding, fails, type Verdict } from './verdict.ts';
import { CHAIN_LIMIT } from './verify.ts';

const DATE_ERRORS = new Map([
  ['CERT_NOT_YET_VALID', 'is not valid yet'],
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['ERROR_IN_CERT_NOT_BEFORE_FIELD', 'has a beginning that is no date'],
  ['ERROR_IN_CERT_NOT_AFTER_FIELD', 'has an end that is no date'],
]);

const UNJUDGED = fails('not judged, because Node stops at the first error');

/** The verdict behind an error of Node's verification, by its code ("CERT_HAS_EXPIRED"). */
export function verdictOfNativeError(code: string, message: string): Verdict {
  const dateError = DATE_ERRORS.get(code);
  if (dateError === undefined) return { identity: UNJUDGED, chain: fails(message), dates: UNJUDGED };
  const dates = fails(`a certificate of the chain ${dateError} by the system clock`);
  return { identity: UNJUDGED, chain: UNJUDGED, dates };
}

/** Name and pins, where Node has proven the chain. */
export function judgeNativeIdentity(leaf: X509Certificate, name: string, pins: readonly string[]): Finding {
  if (!isFor(leaf, name)) return fails(describeWrongName(leaf.raw, name));
  return judgePins(pins.length === 0 ? [] : provenPins(leaf), pins);
}

/** OpenSSL's own matching again, with the flags of openssl-certificate.ts. */
function isFor(leaf: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return leaf.checkIP(name) !== undefined;
  return (
    isHostName(name) && leaf.checkHost(name, { subject: 'never', partialWildcards: false }) !== undefined
  );
}

/** Keys from the leaf upwards, for as long as the next one sent really signed the one before. */
function provenPins(leaf: X509Certificate): string[] {
  const pins = [pinOf(leaf)];
  let certificate = leaf;
  for (
    let issuer = leaf.issuerCertificate;
    issuer && pins.length < CHAIN_LIMIT;
    issuer = issuer.issuerCertificate
  ) {
    if (!certificate.verify(issuer.publicKey)) break;
    pins.push(pinOf(issuer));
    certificate = issuer;
  }
  return pins;
}

function pinOf(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(key).digest('base64')}`;
}
