// When a certificate is to be renewed: one pure decision with its reason. The CA's window where it names one (RFC 9773
// section 4.2), else two thirds of the certificate's life, whatever the life. The instant depends on the certificate
// alone, so it is the same at every restart and on every server that shares the certificate.
// Whether something may be ordered now is not asked here (clock-gate.ts), nor how often a failure is tried again.

import { createHash } from 'node:crypto';
import { writeRfc3339 } from '../clock/rfc3339.ts';
import { canonicalAddress } from '../tls/certificate-store.ts';
import type { RenewalWindow } from './renewal-info.ts';
import type { Origin } from './storage.ts';

export interface RenewalInputs {
  /** Null: there is none. */
  readonly certificate: RenewableCertificate | null;
  readonly wantedNames: readonly string[];
  /** From whom one would be ordered now. */
  readonly wantedOrigin: Origin;
  /** What the CA has last said of this very certificate (RFC 9773); null: nothing. */
  readonly window: RenewalWindow | null;
  /** A trusted date, milliseconds since 1970. */
  readonly nowMs: number;
}

export interface RenewableCertificate {
  /** Milliseconds since 1970, as is `notAfterMs`. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly names: readonly string[];
  /** Any text that no other certificate has. */
  readonly fingerprint: string;
  /** Absent: it is not known, and no reason for anything. */
  readonly origin?: Origin | undefined;
}

export interface RenewalDecision {
  readonly due: boolean;
  /** Milliseconds since 1970: from when on a new one is due; where `due`, not after now. */
  readonly atMs: number;
  /** For people, as the rest of a sentence about the certificate. */
  readonly reason: string;
}

/** Of the life, where the CA names no window: a third is left for failures (Let's Encrypt's integration guide). */
const LIFE_BEFORE_RENEWAL = 2 / 3;
/** Of the life, earlier only: servers that began together do not come together. */
const JITTER = 1 / 20;
/**
 * How far before the certificate's beginning a window may end. One in the past means "now" (a revocation), and a
 * certificate may be younger than that past; but a window from 1970 would have every new certificate renewed at once.
 */
const WINDOW_BEFORE_BEGINNING_MS = 86_400_000;

const NAMES_SHOWN_MAX = 5;

export function decideRenewal(inputs: RenewalInputs): RenewalDecision {
  const { certificate, wantedNames, wantedOrigin, window, nowMs } = inputs;
  if (certificate === null) return { due: true, atMs: nowMs, reason: 'there is none yet' };
  const { notBeforeMs, notAfterMs } = certificate;
  if (Number.isNaN(notBeforeMs) || Number.isNaN(notAfterMs)) {
    return { due: true, atMs: nowMs, reason: 'its dates cannot be read' };
  }
  const ended = nowMs >= notAfterMs ? `it ended on ${writeRfc3339(notAfterMs)}` : null;
  const lacking = missingNames(certificate.names, wantedNames);
  if (lacking.length > 0) {
    const lacks = `it does not carry ${shownNames(lacking)}`;
    return { due: true, atMs: nowMs, reason: ended === null ? lacks : `${lacks}; ${ended}` };
  }
  const stranger = difference(certificate.origin ?? wantedOrigin, wantedOrigin);
  if (stranger !== null) return { due: true, atMs: nowMs, reason: stranger };
  if (ended !== null) return { due: true, atMs: notAfterMs, reason: ended };
  const { atMs, reason } = plan(certificate, window);
  const early = `; it begins only on ${writeRfc3339(notBeforeMs)} by our clock, which alone is no reason for a new one`;
  return { due: nowMs >= atMs, atMs, reason: nowMs < notBeforeMs ? reason + early : reason };
}

/** An owner who has practised with a staging directory wants the real thing when he writes so. */
function difference(had: Origin, wanted: Origin): string | null {
  if (had.directory !== wanted.directory)
    return `it is from ${had.directory}, and ${wanted.directory} is configured now`;
  if (had.profile === wanted.profile) return null;
  const profile = (name: string | null) => (name === null ? 'no profile' : `the profile ${name}`);
  return `it was ordered with ${profile(had.profile)}, and ${profile(wanted.profile)} is configured now`;
}

/** What of `wanted` is not among `carried`: exact names, whatever their case; a wildcard is a name like any other. */
export function missingNames(carried: readonly string[], wanted: readonly string[]): string[] {
  const plain = (name: string) => canonicalAddress(name.toLowerCase());
  const has = new Set(carried.map(plain));
  return wanted.filter((name) => !has.has(plain(name)));
}

/** "a.example, b.example and 7 more" */
export function shownNames(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ');
  return names.length > NAMES_SHOWN_MAX ? `${shown} and ${names.length - NAMES_SHOWN_MAX} more` : shown;
}

type Plan = Pick<RenewalDecision, 'atMs' | 'reason'>;

function plan(certificate: RenewableCertificate, window: RenewalWindow | null): Plan {
  if (window === null) return planByLife(certificate);
  const { startMs, endMs, explanationUrl } = window;
  const span = `from ${writeRfc3339(startMs)} to ${writeRfc3339(endMs)}`;
  const absurd = absurdity(window, certificate);
  if (absurd !== null) {
    const { atMs, reason } = planByLife(certificate);
    return { atMs, reason: `${reason}; the CA's window ${span} is not believed: ${absurd}` };
  }
  // Cut at the certificate's end, beyond which there is nothing to renew.
  const lengthMs = Math.min(endMs, certificate.notAfterMs) - startMs;
  const atMs = Math.floor(startMs + lengthMs * fraction(certificate));
  const why = explanationUrl === null ? '' : ` (its reason: ${explanationUrl})`;
  const drawn = `the CA wants it renewed in its window ${span}${why}, of which ${writeRfc3339(atMs)} was drawn`;
  return { atMs, reason: drawn };
}

function planByLife(certificate: RenewableCertificate): Plan {
  const { notBeforeMs, notAfterMs } = certificate;
  const lifeMs = notAfterMs - notBeforeMs;
  const plannedMs = notBeforeMs + lifeMs * (LIFE_BEFORE_RENEWAL - JITTER * fraction(certificate));
  // One that ends before it begins has no life to share out.
  const atMs = Math.floor(Math.min(plannedMs, notAfterMs));
  const ends = writeRfc3339(notAfterMs);
  return {
    atMs,
    reason: `it ends on ${ends}, and about two thirds of its life are over on ${writeRfc3339(atMs)}`,
  };
}

/** Why a window is not believed, or null. */
function absurdity({ startMs, endMs }: RenewalWindow, certificate: RenewableCertificate): string | null {
  const { notBeforeMs, notAfterMs } = certificate;
  if (!Number.isFinite(startMs) || !Number.isFinite(endMs)) return 'it has no dates';
  if (endMs <= startMs) return 'it does not end after it begins';
  if (startMs >= notAfterMs) return 'it begins when the certificate has ended';
  if (endMs < notBeforeMs - WINDOW_BEFORE_BEGINNING_MS) return 'it ended long before the certificate began';
  if (endMs - startMs > notAfterMs - notBeforeMs) return "it is longer than the certificate's life";
  return null;
}

/** From 0 up to 1, evenly spread over certificates. */
function fraction({ fingerprint }: RenewableCertificate): number {
  return createHash('sha256').update(fingerprint).digest().readUIntBE(0, 6) / 2 ** 48;
}
