// Certificates as lines for a terminal: what is served, then what is wanted of a CA and not there yet, each with its life by
// our own time, when the next one is due and why, and what went wrong last. Pure; it decides nothing about them.

import {
  directoryHost,
  hindrance,
  issuanceOf,
  issuedFor,
  lifeOf,
  lifeSentence,
  nameForShell,
  nextSentence,
} from '../status/certificate-words.ts';
import type { CertificateReport, IssuanceStatus, Status } from '../status/status.ts';
import { certificateSource, formatAge, formatInstant, unstopped } from '../status/words.ts';
import { labelled, wrapped } from './text-columns.ts';

export type CertificateFacts = Pick<Status, 'certificates' | 'issuances' | 'clock'>;

type Row = readonly [label: string, text: string];

export function certificateLines(facts: CertificateFacts): string[] {
  const { certificates, issuances, clock } = facts;
  const served = certificates.map((one, position) => servedBlock(one, position, facts));
  const missing = issuances.filter(({ isServed }) => !isServed).map((one) => missingBlock(one, facts));
  const blocks = [...served, ...missing];
  if (blocks.length === 0) return ['No certificate is served yet, and none is wanted of a CA.'];
  const unknown =
    clock.now === null
      ? ['', ...wrapped('The time is not known: no life can be judged, and nothing is ordered.')]
      : [];
  return [...blocks.flatMap((lines, at) => (at === 0 ? lines : ['', ...lines])), ...unknown];
}

function block(title: string, rows: readonly Row[]): string[] {
  return [...wrapped(title), ...labelled(rows, '  ')];
}

function servedBlock(certificate: CertificateReport, position: number, facts: CertificateFacts): string[] {
  const { names, notBefore, notAfter, issuer, source, renewal, problem, filesProblem } = certificate;
  const { issuances, clock } = facts;
  const wanted = issuanceOf(certificate, issuances);
  const issuance = source === 'acme' ? wanted : undefined;
  const life = lifeSentence(lifeOf(certificate, clock.now));
  const from = issuance === undefined ? certificateSource(source) : origin(issuance);
  const standsIn = wanted === undefined ? '' : `, until there is one of ${directoryHost(wanted)}`;
  return block(names.join(', '), [
    ['shown to', position === 0 ? 'everybody who asks for no other name' : 'who asks for these names'],
    ['life', `${formatInstant(notBefore)} to ${formatInstant(notAfter)}: ${life}`],
    ['issuer', issuer],
    ['from', `${from}${issuance === undefined ? standsIn : ''}`],
    ...[problem, filesProblem].flatMap((one): Row[] => (one === null ? [] : [['problem', one]])),
    ...(issuance === undefined ? [['renewal', renewal] as const] : issuanceRows(issuance, clock.now)),
  ]);
}

function missingBlock(
  issuance: IssuanceStatus,
  { certificates, issuances, clock }: CertificateFacts,
): string[] {
  const hasStandIn = certificates.some((one) => issuanceOf(one, issuances) === issuance);
  const shown = hasStandIn
    ? 'the certificate of the local CA'
    : 'the first certificate, which lacks these names';
  return block(`${issuance.names.join(', ')}: not issued yet`, [
    ['meanwhile', shown],
    ['from', origin(issuance)],
    ...issuanceRows(issuance, clock.now),
  ]);
}

function origin(issuance: IssuanceStatus): string {
  return `${directoryHost(issuance)}, proven by ${issuance.challenge}`;
}

function issuanceRows(issuance: IssuanceStatus, now: string | null): Row[] {
  const { window, lastFailure, lastSuccess, isServed } = issuance;
  const waits = hindrance(issuance);
  const row = (label: string, text: string | null): Row[] => (text === null ? [] : [[label, text]]);
  return [
    ...row(isServed ? 'next one' : 'first one', nextSentence(issuance, now)),
    ...row('waits for', waits),
    ...row("CA's window", window === null ? null : windowText(window)),
    ...row(
      'last failure',
      lastFailure === null ? null : `${dated(lastFailure.at, now)}: ${unstopped(lastFailure.reason)}`,
    ),
    ...row('last success', lastSuccess === null ? null : dated(lastSuccess, now)),
  ];
}

function windowText({ start, end, explanation }: NonNullable<IssuanceStatus['window']>): string {
  const why = explanation === null ? '' : ` (${explanation})`;
  return `${formatInstant(start)} to ${formatInstant(end)}${why}`;
}

function dated(at: string, now: string | null): string {
  const agoMs = Date.parse(now ?? '') - Date.parse(at);
  return agoMs >= 0 ? `${formatInstant(at)}, ${formatAge(agoMs)} ago` : formatInstant(at);
}

/** When a new one is due, and how to have it now; for those of `wanted`. */
export function renewalLines(
  wanted: readonly IssuanceStatus[],
  { certificates, issuances, clock }: CertificateFacts,
): string[] {
  return wanted.flatMap((issuance, at) => {
    const { names } = issuance;
    const served = issuedFor(issuance, certificates, issuances);
    const life = served === undefined ? 'not issued yet' : lifeSentence(lifeOf(served, clock.now));
    const now = `noonmark certificate renew ${nameForShell(issuance, issuances)} --now`;
    return [
      ...(at === 0 ? [] : ['']),
      ...block(`${names.join(', ')}: ${life}`, [
        ['next one', nextSentence(issuance, clock.now)],
        ['do it now', now],
        ['rehearse it', now.replace('--now', '--dry-run')],
      ]),
    ];
  });
}
