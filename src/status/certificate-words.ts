// How certificates are said, on the page and on the command line alike: which one belongs to what is wanted of a CA, how
// much of a life is over by our own clock, when the next one is due, and what a failed order says to check.
// Pure; it reads no clock.

import { formatSpan } from '../timesync/span.ts';
import type { CertificateReport, IssuanceStatus } from './status.ts';
import { formatAge, formatInstant, unstopped } from './words.ts';

/** The wish that a certificate fulfils, or that the local CA's stands in for; undefined: nobody is asked for it. */
export function issuanceOf<Wanted extends { readonly names: readonly string[] }>(
  { names, source }: Pick<CertificateReport, 'names' | 'source'>,
  issuances: readonly Wanted[],
): Wanted | undefined {
  if (source === 'files') return undefined;
  const fitting = issuances.filter((wanted) => wanted.names.every((name) => names.includes(name)));
  return fitting.reduce<Wanted | undefined>(
    (best, one) => (best === undefined || one.names.length > best.names.length ? one : best),
    undefined,
  );
}

/** What a CA has issued for `wanted`, one of `issuances`; undefined: nothing yet. */
export function issuedFor<Served extends Pick<CertificateReport, 'names' | 'source'>, Wanted extends object>(
  wanted: Wanted & { readonly names: readonly string[] },
  certificates: readonly Served[],
  issuances: readonly (Wanted & { readonly names: readonly string[] })[],
): Served | undefined {
  return certificates.find((one) => one.source === 'acme' && issuanceOf(one, issuances) === wanted);
}

/** A name by which `noonmark certificate renew` finds this one, as a shell takes it. */
export function nameForShell(wanted: IssuanceStatus, issuances: readonly IssuanceStatus[]): string {
  const own = wanted.names.find((name) => issuances.find(({ names }) => names.includes(name)) === wanted);
  const name = own ?? wanted.names[0] ?? '';
  return name.startsWith('*') ? `'${name}'` : name;
}

/** Where in its life a certificate is. */
export interface Life {
  /** From 0 to 1. */
  readonly share: number;
  /** Negative: it has ended. */
  readonly leftMs: number;
  /** Positive: it has not begun. */
  readonly beginsInMs: number;
}

/** Null while nobody knows, or where its dates are none. */
export function lifeOf(
  { notBefore, notAfter }: Pick<CertificateReport, 'notBefore' | 'notAfter'>,
  now: string | null,
): Life | null {
  const [fromMs, toMs, atMs] = [notBefore, notAfter, now ?? ''].map((text) => Date.parse(text));
  if (!Number.isFinite(fromMs! + toMs! + atMs!)) return null;
  const share = (atMs! - fromMs!) / Math.max(toMs! - fromMs!, 1);
  return {
    share: Math.min(1, Math.max(0, share)),
    leftMs: toMs! - atMs!,
    beginsInMs: fromMs! - atMs!,
  };
}

/** "31 d 1 h left, 31 % over". */
export function lifeSentence(life: Life | null): string {
  if (life === null) return 'where in it we are is not known';
  const { share, leftMs, beginsInMs } = life;
  if (leftMs < 0) return `ended ${formatSpan(leftMs)} ago`;
  if (beginsInMs > 0) return `begins in ${formatSpan(beginsInMs)}`;
  return `${formatSpan(leftMs)} left, ${Math.floor(share * 100)} % over`;
}

/** "acme-v02.api.letsencrypt.org". */
export function directoryHost({ directory }: Pick<IssuanceStatus, 'directory'>): string {
  return URL.canParse(directory) ? new URL(directory).host : directory;
}

/** What becomes of it next, and why: the rest of a sentence. */
export function nextSentence(issuance: IssuanceStatus, now: string | null): string {
  const { phase, renewAt, reason, isServed, lastFailure, window } = issuance;
  if (phase === 'ordering') return 'is being ordered now';
  if (phase === 'waiting' && now === null && lastFailure === null)
    return 'is not known while the time is not; it is looked at once it is';
  if (phase === 'waiting') {
    const state = lastFailure === null ? 'is due, and waits' : 'is due, and the last order failed';
    return `${state}${nextLook(issuance, now)}`;
  }
  if (renewAt === null) return 'is thought about in a moment';
  const due = `is due on ${formatInstant(renewAt)}`;
  if (reason === null || !isServed) return due;
  // The window is told beside it.
  return window !== null && reason.startsWith(BY_WINDOW)
    ? `${due}, drawn from the CA's window`
    : `${due}: ${unstopped(reason)}`;
}

/** How src/acme/renewal.ts begins the reason for a date in the CA's window. */
const BY_WINDOW = 'the CA wants it renewed in its window';

/** " (next look at …)", or how long until then while no date can be believed; "" where nothing is planned. */
export function nextLook({ nextLookMs }: Pick<IssuanceStatus, 'nextLookMs'>, now: string | null): string {
  if (nextLookMs === null) return '';
  const atMs = Date.parse(now ?? '') + nextLookMs;
  if (Number.isNaN(atMs)) return ` (next look in ${formatAge(nextLookMs)})`;
  return ` (next look at ${formatInstant(new Date(atMs).toISOString())})`;
}

/** What it waits for; null: for nothing, or only for the next try after the failure that is told anyway. */
export function hindrance({ waitsFor, lastFailure }: IssuanceStatus): string | null {
  return waitsFor === lastFailure?.reason ? null : waitsFor;
}

const CHECK_MARK = '; what to check: ';
const HAND_MARK = '; trying again alone will not help';

/** A failure of an order, as src/acme/acme-problem.ts puts it, in two: what happened, and what to check. */
export function failureParts(reason: string): { readonly happened: string; readonly check: string | null } {
  // The last one is ours; one before it would be the CA's own words.
  const at = reason.lastIndexOf(CHECK_MARK);
  if (at === -1) return { happened: reason, check: null };
  const check = reason.slice(at + CHECK_MARK.length);
  const isFinal = check.endsWith(HAND_MARK);
  return {
    happened: reason.slice(0, at) + (isFinal ? HAND_MARK : ''),
    check: isFinal ? check.slice(0, -HAND_MARK.length) : check,
  };
}
