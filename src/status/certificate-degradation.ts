// What does not work as it should about our own certificates, in words for a tired person: files that are not served,
// dates that are over, a CA that has not issued, or not anew. Pure; when a CA is asked is src/acme's business.

import { formatSpan } from '../timesync/span.ts';
import {
  directoryHost,
  failureParts,
  hindrance,
  issuanceOf,
  issuedFor,
  lifeOf,
  nameForShell,
  nextLook,
} from './certificate-words.ts';
import { sinceOf } from './clock-report.ts';
import type { Facts } from './degradation.ts';
import type { CertificateReport, ClockReport, Degraded, IssuanceStatus } from './status.ts';
import { unstopped } from './words.ts';

/** A first order takes a minute or two, most of it for records that spread; nobody needs to act meanwhile. */
const FIRST_ORDER_MS = 120_000;

export function certificateDegradations(facts: Facts): Degraded[] {
  return [
    ...filesDegradation(facts),
    ...furtherFilesDegradations(facts),
    ...dateDegradations(facts),
    ...facts.issuances.flatMap((one) => issuanceDegradation(one, facts)),
  ];
}

function filesDegradation({ certificates, filesProblem, clock }: Facts): Degraded[] {
  const [certificate] = certificates;
  if (certificate === undefined || filesProblem === null) return [];
  const what =
    certificate.source === 'files'
      ? "the certificate files as they are now cannot be used: those read before are served, and the next start would serve the local CA's certificate"
      : "the certificate that you named is not served; the local CA's is, which devices may not trust";
  return [
    {
      id: 'certificate files',
      what,
      ...sinceOf(filesProblem.forMs, clock),
      evidence: filesProblem.problem,
      doThis: 'mend the files of `certificate.files`; they are read again at once',
    },
  ];
}

function furtherFilesDegradations({ furtherProblems, clock }: Facts): Degraded[] {
  return furtherProblems.map(({ names, problem, isServed }) => ({
    id: `certificate files of ${names[0] ?? ''}`,
    what: isServed
      ? `the certificate files for ${names.join(', ')} as they are now cannot be used: those read before are served`
      : `the certificate for ${names.join(', ')} is not served; the first one is shown in its place`,
    ...sinceOf(problem.forMs, clock),
    evidence: problem.problem,
    doThis: 'mend the files of `certificate.more`; they are read again at once',
  }));
}

function dateDegradations(facts: Facts): Degraded[] {
  const { certificates, issuances, clock, uptimeMs } = facts;
  return certificates.flatMap((certificate, position) => {
    const { problem, names, source, renewal } = certificate;
    if (problem === null) return [];
    const which = position === 0 ? 'that DoT and DoH show' : `for ${names.join(', ')}`;
    const issuance = source === 'acme' ? issuanceOf(certificate, issuances) : undefined;
    const failure = issuance?.lastFailure ?? null;
    return [
      {
        id: `certificate ${names[0] ?? ''}`,
        what: `the certificate ${which} is not valid now; strict clients refuse it`,
        ...sinceOf(overForMs(certificate, clock) ?? uptimeMs, clock),
        evidence:
          failure === null
            ? problem
            : `${problem}; the last order failed: ${failureParts(failure.reason).happened}`,
        doThis:
          issuance === undefined
            ? `renew it; it is read again at once (${renewal})`
            : `the CA has to issue a new one; ${ownersPart(issuance, facts)}`,
      },
    ];
  });
}

/** Null for one that is not over, and while nobody knows. */
function overForMs(certificate: CertificateReport, { now }: ClockReport): number | null {
  const life = lifeOf(certificate, now);
  return life !== null && life.leftMs < 0 ? -life.leftMs : null;
}

function issuanceDegradation(issuance: IssuanceStatus, facts: Facts): Degraded[] {
  return issuance.isServed ? notRenewed(issuance, facts) : notIssued(issuance, facts);
}

function notIssued(issuance: IssuanceStatus, facts: Facts): Degraded[] {
  const { certificates, issuances, clock } = facts;
  const { names, wantedForMs, waitsFor, lastFailure } = issuance;
  if (lastFailure === null && wantedForMs < FIRST_ORDER_MS) return [];
  const standIn = certificates.find((one) => issuanceOf(one, issuances) === issuance);
  const consequence =
    standIn === undefined
      ? `who asks for ${names.join(', ')} is shown the first one, and refuses DoT and DoH`
      : 'devices that do not have ca.pem refuse DoT and DoH';
  const reason = lastFailure?.reason ?? waitsFor;
  return [
    {
      id: `renewal ${names[0] ?? ''}`,
      what: `no certificate of ${directoryHost(issuance)} yet: ${consequence}`,
      ...sinceOf(wantedForMs, clock),
      evidence: reason === null ? 'it is still being ordered' : evidenceOf(reason, issuance),
      doThis: ownersPart(issuance, facts),
    },
  ];
}

/** While the time is unknown nothing is due, and the clock is what is told of. */
function notRenewed(issuance: IssuanceStatus, facts: Facts): Degraded[] {
  const { certificates, issuances, clock } = facts;
  const { names, phase, waitsFor, lastFailure, lastSuccess, renewAt, isStored } = issuance;
  const certificate = issuedFor(issuance, certificates, issuances);
  if (certificate === undefined) return [];
  const whose = certificates[0] === certificate ? '' : ` for ${issuance.names.join(', ')}`;
  if (!isStored) {
    const sinceMs = Date.parse(clock.now ?? '') - Date.parse(lastSuccess ?? '');
    return [
      {
        id: `certificate unstored ${names[0] ?? ''}`,
        what: `a new certificate${whose} is served, and could not be stored: the next start would not have it`,
        ...sinceOf(Number.isNaN(sinceMs) ? 0 : sinceMs, clock),
        evidence: waitsFor ?? 'it is tried again',
        doThis: 'make room in `certs_dir`, and let this user write there; it is tried again every minute',
      },
    ];
  }
  const overdueMs = Date.parse(clock.now ?? '') - Date.parse(renewAt ?? '');
  const reason = lastFailure?.reason ?? (phase === 'waiting' ? waitsFor : null);
  if (certificate.problem !== null || reason === null || !(overdueMs >= 0)) return [];
  const left = lifeOf(certificate, clock.now);
  return [
    {
      id: `renewal ${names[0] ?? ''}`,
      what: `the certificate${whose} is not renewed: ${left === null ? 'nobody knows how much' : formatSpan(left.leftMs)} of its life left`,
      ...sinceOf(overdueMs, clock),
      evidence: evidenceOf(reason, issuance),
      doThis: ownersPart(issuance, facts),
    },
  ];
}

/** `reason`, and what keeps it from being tried again at once. */
function evidenceOf(reason: string, issuance: IssuanceStatus): string {
  const waits = hindrance(issuance);
  const told = unstopped(failureParts(reason).happened);
  const happened = issuance.phase === 'ordering' ? `one is being ordered now; before, ${told}` : told;
  return waits === null || waits === reason ? happened : `${happened}; ${unstopped(waits)}`;
}

/** What the failure says to check, then how not to wait for the next try. */
function ownersPart(issuance: IssuanceStatus, { issuances, clock }: Facts): string {
  const { check } = failureParts(issuance.lastFailure?.reason ?? '');
  const again = `it is tried again by itself${nextLook(issuance, clock.now)}`;
  if (issuance.phase === 'ordering')
    return 'nothing; see what becomes of it with `noonmark certificate status`';
  if (check?.startsWith('nothing')) return `${check}; ${again}`;
  const which = issuance === issuances[0] ? '' : ` ${nameForShell(issuance, issuances)}`;
  const command = `\`noonmark certificate renew${which} --now\``;
  return check === null
    ? `${again}; ${command} does it at once, and docs/certificates.md says what can be wrong`
    : `check ${check}; then ${command}, or wait: ${again}; docs/certificates.md says more`;
}
