// The part of the page of now about our own certificates: the life of each as a bar against our own time, who issued it,
// when the next one is due and why, and what went wrong last; then what is wanted of a CA and not there yet.

import {
  directoryHost,
  hindrance,
  issuanceOf,
  type Life,
  lifeOf,
  lifeSentence,
  nextSentence,
} from '../status/certificate-words.ts';
import type { CertificateReport, IssuanceStatus, Status } from '../status/status.ts';
import { capital, certificateSource, formatDay, formatInstant, unstopped } from '../status/words.ts';
import { html, type Markup, NOTHING, withTimes } from './markup.ts';
import type { PageSection } from './page.ts';
import { definitions } from './page-sections.ts';

export function certificateSection(status: Status): PageSection[] {
  const { certificates, issuances } = status;
  const missing = issuances.filter(({ isServed }) => !isServed);
  if (certificates.length + missing.length === 0) return [];
  const blocks = [
    ...certificates.map((one, position) => served(one, position, status)),
    ...missing.map((one) => notIssued(one, status)),
  ];
  const title = blocks.length === 1 ? 'Certificate of this server' : 'Certificates of this server';
  const body = html`<div class="certificates">${blocks}</div>`;
  return [{ id: 'certificate', title, body, isLive: true }];
}

type Row = [term: string, text: string];

function served(certificate: CertificateReport, position: number, { issuances, clock }: Status): Markup {
  const { names, notBefore, notAfter, issuer, source, renewal, problem, filesProblem } = certificate;
  const wanted = issuanceOf(certificate, issuances);
  const issuance = source === 'acme' ? wanted : undefined;
  const life = lifeOf(certificate, clock.now);
  const from = issuance === undefined ? certificateSource(source) : origin(issuance);
  const standsIn =
    wanted !== undefined && issuance === undefined ? `, until ${directoryHost(wanted)} has issued one` : '';
  const warnings = [problem, filesProblem].map((one) =>
    one === null ? NOTHING : html`<p class="bad">${withTimes(capital(one))}</p>`,
  );
  const rows: Row[] = [
    ...(position === 0 ? [] : [['shown to', 'who asks for these names'] as Row]),
    ['issuer', issuer],
    ['from', `${from}${standsIn}`],
    ...(issuance === undefined ? [['renewal', renewal] as Row] : issuanceRows(issuance, clock.now)),
  ];
  return html`<article><h3>${names.join(', ')}</h3>${bar(life, dueShare(certificate, issuance))}
<p>${withTimes(`${formatDay(notBefore)} to ${formatDay(notAfter)}; ${lifeSentence(life)}`)}</p>${warnings}
${definitions(rows)}</article>`;
}

function notIssued(issuance: IssuanceStatus, { certificates, issuances, clock }: Status): Markup {
  const hasStandIn = certificates.some((one) => issuanceOf(one, issuances) === issuance);
  const meanwhile = hasStandIn
    ? "With no certificate of the CA yet, the local CA's is served."
    : 'With no certificate of the CA yet, who asks for these names is shown the first one.';
  const rows: Row[] = [['from', origin(issuance)], ...issuanceRows(issuance, clock.now)];
  return html`<article><h3>${issuance.names.join(', ')}</h3>${HOLLOW}
<p>${meanwhile}</p>
${definitions(rows)}</article>`;
}

function origin(issuance: IssuanceStatus): string {
  return `${directoryHost(issuance)}, proven by ${issuance.challenge}`;
}

function issuanceRows(issuance: IssuanceStatus, now: string | null): Row[] {
  const { window, lastFailure, lastSuccess, isServed } = issuance;
  const waits = hindrance(issuance);
  return [
    [isServed ? 'next one' : 'first one', nextSentence(issuance, now)],
    ...(waits === null ? [] : [['waits for', waits] as Row]),
    ...(window === null
      ? []
      : [["CA's window", `${formatInstant(window.start)} to ${formatInstant(window.end)}`] as Row]),
    ...(lastFailure === null
      ? []
      : [['last failure', `${formatInstant(lastFailure.at)}: ${unstopped(lastFailure.reason)}`] as Row]),
    ...(lastSuccess === null ? [] : [['last success', formatInstant(lastSuccess)] as Row]),
  ];
}

const BAR_WIDTH = 400;

/** A life as a bar, with a mark where our own time stands in it, and one where the next certificate is due. */
function bar(life: Life | null, due: number | null): Markup {
  const x = (share: number) => Math.round(share * BAR_WIDTH);
  const past =
    life === null ? NOTHING : html`<rect class="past" y="3" width="${x(life.share)}" height="6" rx="3"/>`;
  const dueMark =
    due === null ? NOTHING : html`<rect class="due" x="${x(due) - 1}" y="1" width="2" height="10"/>`;
  const now =
    life === null ? NOTHING : html`<rect class="now" x="${x(life.share) - 1}" width="2" height="12"/>`;
  return drawing(
    html`<rect class="span" y="3" width="${BAR_WIDTH}" height="6" rx="3"/>${past}${dueMark}${now}`,
  );
}

/** The place of one that is not there yet. */
const HOLLOW = drawing(html`<rect class="hollow" y="3" width="${BAR_WIDTH}" height="6" rx="3"/>`);

function drawing(content: Markup): Markup {
  return html`<svg class="life" viewBox="-2 0 404 12" aria-hidden="true">${content}</svg>`;
}

/** Where in the life of a certificate the next one is due; null where that is not within it, or not known. */
function dueShare(certificate: CertificateReport, issuance: IssuanceStatus | undefined): number | null {
  const due = lifeOf(certificate, issuance?.renewAt ?? null);
  return due === null || due.leftMs < 0 || due.beginsInMs > 0 ? null : due.share;
}
