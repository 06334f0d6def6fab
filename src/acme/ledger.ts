// What was tried with which CA, so that its limits hold over restarts, and when it may be tried again. Pure.
// The limits are below those of Let's Encrypt (https://letsencrypt.org/docs/rate-limits/): five certificates for an
// identical set in seven days, five failed validations of a hostname in an hour. Retry-After: RFC 9110 section 10.2.3.
// All dates are those of a trusted clock, in milliseconds since 1970.

import { writeRfc3339 } from '../clock/rfc3339.ts';
import { parseHttpDate } from '../timesync/http-date.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** Longer than any limit looks back. */
const REMEMBERED_MS = 8 * DAY_MS;
/** What is dated further ahead than this was written at a wrong date. */
const AHEAD_MAX_MS = DAY_MS;
const EVENTS_MAX = 1000;
/** Sets of names with a pause or with failures; a configuration has a few. */
const ROWS_MAX = 100;

/** Longer than any CA asks for in earnest, and as far back as its limits look. */
const RETRY_AFTER_MAX_MS = 7 * DAY_MS;

/** In how long a time how much may happen. */
const SUCCESS_LIMITS = [
  { limit: 1, withinMs: DAY_MS },
  { limit: 3, withinMs: 7 * DAY_MS },
] as const;
/** No certificate of Let's Encrypt lives shorter; of a CA of one's own that issues for hours, the times shrink likewise. */
const SHORTEST_PUBLIC_LIFE_MS = 6 * DAY_MS;
const VALIDATION_LIMIT = { limit: 5, withinMs: HOUR_MS } as const;

export interface LedgerEvent {
  /** Events of one attempt carry one instant. */
  readonly atMs: number;
  /** identifiersOf(names) */
  readonly identifiers: string;
  /** URL of the CA's directory. */
  readonly directory: string;
  /** `failed-validation`: the CA has looked at a challenge and was not content; that counts against its limits. */
  readonly kind: 'success' | 'failed-validation' | 'failed';
  /** The hostname that failed; without it all names of the set have. */
  readonly name?: string;
}

/** The CA does not want to hear of this set again before `untilMs` (Retry-After). */
export interface NotBefore {
  readonly directory: string;
  readonly identifiers: string;
  readonly untilMs: number;
}

/** Attempts that failed, one after another, since the last success. */
export interface FailuresInARow {
  readonly directory: string;
  readonly identifiers: string;
  readonly count: number;
  readonly lastAtMs: number;
}

export interface Ledger {
  /** In the order in which they were recorded. */
  readonly events: readonly LedgerEvent[];
  readonly notBefore: readonly NotBefore[];
  readonly failures: readonly FailuresInARow[];
}

export const EMPTY_LEDGER: Ledger = { events: [], notBefore: [], failures: [] };

/** A set of names with a CA. */
export interface LedgerSubject {
  readonly directory: string;
  readonly names: readonly string[];
}

/** One text for a set of names, whatever their order. */
export function identifiersOf(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort().join(' ');
}

/** The ledger with one more event; failures in a row are counted, and a success ends them and any pause. */
export function record(ledger: Ledger, event: LedgerEvent): Ledger {
  const events = withinCount([...ledger.events, event]);
  const before = ledger.failures.find((row) => isSame(row, event));
  const failures = ledger.failures.filter((row) => row !== before);
  if (event.kind === 'success') {
    return { events, failures, notBefore: ledger.notBefore.filter((row) => !isSame(row, event)) };
  }
  // An attempt in which several names failed is one failure.
  const count = (before?.count ?? 0) + (before?.lastAtMs === event.atMs ? 0 : 1);
  const { directory, identifiers, atMs: lastAtMs } = event;
  const row = { directory, identifiers, count, lastAtMs };
  return { ...ledger, events, failures: [...failures, row].slice(-ROWS_MAX) };
}

/** The ledger with a pause that the CA asks for; it takes the place of the last one. */
export function holdOff(ledger: Ledger, { directory, names }: LedgerSubject, untilMs: number): Ledger {
  const row = { directory, identifiers: identifiersOf(names), untilMs };
  const others = ledger.notBefore.filter((other) => !isSame(other, row));
  return { ...ledger, notBefore: [...others, row].slice(-ROWS_MAX) };
}

/** Without what is over, and what was written at a wrong date. */
export function prune(ledger: Ledger, nowMs: number): Ledger {
  const isRemembered = (atMs: number) => nowMs - REMEMBERED_MS <= atMs && atMs <= nowMs + AHEAD_MAX_MS;
  return {
    events: withinCount(ledger.events.filter(({ atMs }) => isRemembered(atMs))),
    notBefore: ledger.notBefore.filter((row) => isPending(row, nowMs)).slice(-ROWS_MAX),
    failures: ledger.failures.filter(({ lastAtMs }) => isRemembered(lastAtMs)).slice(-ROWS_MAX),
  };
}

/** A pause that is not over, and not longer than any that was ever written. */
function isPending({ untilMs }: NotBefore, nowMs: number): boolean {
  return nowMs < untilMs && untilMs <= nowMs + RETRY_AFTER_MAX_MS + AHEAD_MAX_MS;
}

/** Old failures go first: successes are what a CA counts over days. */
function withinCount(events: readonly LedgerEvent[]): readonly LedgerEvent[] {
  let excess = events.length - EVENTS_MAX;
  if (excess <= 0) return events;
  const kept = events.filter(({ kind }) => kind === 'success' || excess-- <= 0);
  return kept.slice(-EVENTS_MAX);
}

export type MayOrder =
  | { readonly ok: true }
  /** Milliseconds since 1970; `reason` is a part of a sentence that names that instant. */
  | { readonly ok: false; readonly untilMs: number; readonly reason: string };

/** A set of names, and what there is for it. */
export interface OrderSubject extends LedgerSubject {
  readonly nowMs: number;
  /** From beginning to end of the last certificate; null: there is none. */
  readonly lifeMs: number | null;
}

/** Whether a certificate for these names may be ordered now; where several limits say no, the last to end is told. */
export function mayOrder(ledger: Ledger, subject: OrderSubject): MayOrder {
  const { directory, names, nowMs } = subject;
  const lifeMs = subject.lifeMs ?? SHORTEST_PUBLIC_LIFE_MS;
  const share = Math.min(1, Math.max(lifeMs, HOUR_MS) / SHORTEST_PUBLIC_LIFE_MS);
  const { events, notBefore } = prune(ledger, nowMs);
  const identifiers = identifiersOf(names);
  const own = events.filter((event) => event.directory === directory);
  const blocks = [
    ...notBefore
      .filter((row) => isSame(row, { directory, identifiers }))
      .map(({ untilMs }) => ({ untilMs, why: 'the CA asked for a pause' })),
    ...SUCCESS_LIMITS.map(({ limit, withinMs }) => ({
      untilMs: freeAgainMs(
        own.filter((event) => event.kind === 'success' && event.identifiers === identifiers),
        { limit, withinMs: withinMs * share, nowMs },
      ),
      why: `${counted(limit, 'certificate')} for these very names ${limit === 1 ? 'was' : 'were'} issued within ${spanOf(withinMs * share)}`,
    })),
    ...[...new Set(names.map(hostnameOf))].map((hostname) => ({
      untilMs: freeAgainMs(
        own.filter((event) => hasFailed(event, hostname)),
        { ...VALIDATION_LIMIT, nowMs },
      ),
      why: `${counted(VALIDATION_LIMIT.limit, 'validation')} of ${hostname} failed within an hour`,
    })),
  ].filter(({ untilMs }) => untilMs > nowMs);
  if (blocks.length === 0) return { ok: true };
  const last = blocks.reduce((a, b) => (b.untilMs > a.untilMs ? b : a));
  return {
    ok: false,
    untilMs: last.untilMs,
    reason: `${last.why}; the next order may be placed at ${writeRfc3339(last.untilMs)}`,
  };
}

/** When one more of `events` stays within the limit; 0: it does now. */
function freeAgainMs(
  events: readonly LedgerEvent[],
  { limit, withinMs, nowMs }: { limit: number; withinMs: number; nowMs: number },
): number {
  const times = events.map(({ atMs }) => atMs).filter((atMs) => atMs > nowMs - withinMs);
  const counts = times.sort((a, b) => a - b).at(-limit);
  return counts === undefined ? 0 : counts + withinMs;
}

function hasFailed({ kind, name, identifiers }: LedgerEvent, hostname: string): boolean {
  if (kind !== 'failed-validation') return false;
  const failed = name === undefined ? identifiers.split(' ') : [name];
  return failed.some((one) => hostnameOf(one) === hostname);
}

/** A wildcard is validated by the name below the star (RFC 8555 section 7.1.3). */
function hostnameOf(name: string): string {
  return name.toLowerCase().replace(/^\*\./, '');
}

/** Those since the last success; undefined: there are none. */
export function failuresOf(ledger: Ledger, { directory, names }: LedgerSubject): FailuresInARow | undefined {
  const subject = { directory, identifiers: identifiersOf(names) };
  return ledger.failures.find((row) => isSame(row, subject));
}

/** How often in a row a certificate for these names was not had. */
export function failuresInARow(ledger: Ledger, subject: LedgerSubject): number {
  return failuresOf(ledger, subject)?.count ?? 0;
}

type Row = Pick<NotBefore, 'directory' | 'identifiers'>;

function isSame(one: Row, other: Row): boolean {
  return one.directory === other.directory && one.identifiers === other.identifiers;
}

/** The field in either form, delay-seconds or an HTTP-date, as milliseconds from now; null: absent, or neither of them. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : (parseHttpDate(text) ?? Number.NaN) - nowMs;
  return Number.isNaN(delayMs) ? null : Math.min(Math.max(delayMs, 0), RETRY_AFTER_MAX_MS);
}

/** How long to wait after the first, second, … failure in a row; the last one repeats. */
export const RETRY_PAUSES_MS = [
  MINUTE_MS,
  5 * MINUTE_MS,
  15 * MINUTE_MS,
  30 * MINUTE_MS,
  HOUR_MS,
  2 * HOUR_MS,
  4 * HOUR_MS,
  8 * HOUR_MS,
  12 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** Near the end of a certificate its successor is tried for more often: never is more than a tenth of its life waited. */
const LIFE_SHARE = 10;
/** Past its end as well, but not each minute for ever. */
const EXPIRED_PAUSE_MAX_MS = HOUR_MS;

/** @param remainingLifeMs of the certificate that is served; null: none is */
export function retryPauseMs(failures: number, remainingLifeMs: number | null): number {
  const step = Math.min(Math.max(failures, 1), RETRY_PAUSES_MS.length) - 1;
  return Math.max(Math.min(RETRY_PAUSES_MS[step]!, longestPauseMs(remainingLifeMs)), MINUTE_MS);
}

function longestPauseMs(remainingLifeMs: number | null): number {
  if (remainingLifeMs === null) return Number.POSITIVE_INFINITY;
  return remainingLifeMs > 0 ? remainingLifeMs / LIFE_SHARE : EXPIRED_PAUSE_MAX_MS;
}

/** "24 hours", "7 days" */
function spanOf(ms: number): string {
  return ms > DAY_MS
    ? counted(Math.round(ms / DAY_MS), 'day')
    : counted(Math.round(ms / HOUR_MS), 'hour').replace(/^a /, 'an ');
}

function counted(count: number, what: string): string {
  return count === 1 ? `a ${what}` : `${count} ${what}s`;
}
