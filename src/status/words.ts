// How the Status is said to people, on the page and on the command line alike: spans, offsets, dates, the one sentence
// of state, what works. Pure; it takes every word from the Status and reads no clock.

import { isIP } from 'node:net';
import type { ClockBasis } from '../clock/clock.ts';
import { formatSpan } from '../timesync/span.ts';
import type { ClockReport, Degraded, SourceReport, Status } from './status.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** How long something has lasted, in whole seconds at the least: nobody cares for the microseconds of an uptime. */
export function formatAge(ms: number): string {
  return ms < SECOND_MS
    ? 'less than 1 s'
    : formatSpan(ms < MINUTE_MS ? Math.floor(ms / SECOND_MS) * SECOND_MS : ms);
}

/** "+2.1 ms", "-3 h"; a minus that every terminal has. */
export function formatOffset(ms: number): string {
  const span = formatSpan(ms);
  return span === '0 ms' ? span : `${ms < 0 ? '-' : '+'}${span}`;
}

/** The system clock is read in steps of this size; what is smaller says nothing. */
const CLOCK_STEP_MS = 1;

/** "3 h behind", "2.1 ms ahead", of the system clock. */
export function formatLag(offsetMs: number): string {
  if (Math.abs(offsetMs) < CLOCK_STEP_MS) return `within ${CLOCK_STEP_MS} ms`;
  return `${formatSpan(offsetMs)} ${offsetMs < 0 ? 'behind' : 'ahead'}`;
}

/** An RFC 3339 text as "2026-11-03 08:12:45 UTC". */
export function formatInstant(rfc3339: string): string {
  return `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;
}

export function formatDay(rfc3339: string): string {
  return rfc3339.slice(0, 10);
}

/** "1,234": read more easily than 1234, and the same everywhere. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** "3 things", "1 thing". */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** How full the cache is, and how often it had the answer. */
export function cacheSentence({ entries, octets, maxOctets, hits, misses }: Status['cache']): string {
  const size = `${formatCount(entries)} ${entries === 1 ? 'answer' : 'answers'}, ${mebibytes(octets)} of ${mebibytes(maxOctets)} MiB`;
  const asked = hits + misses;
  if (asked === 0) return size;
  return `${size}; ${Math.round((hits / asked) * 100)} % of ${formatCount(asked)} questions answered from it`;
}

/** Ten times as much needs no tenths. */
function mebibytes(octets: number): string {
  return (octets / 2 ** 20).toFixed(octets < 100 * 2 ** 20 ? 1 : 0);
}

/** How many queries come at this moment, and how the last minute of them went. */
export function paceSentence({ perSecond, hitShare, p50Ms, p99Ms }: Status['answers']['live']): string {
  const pace = `${perSecond < 10 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))} a second`;
  const hits = hitShare === null ? '' : `, ${Math.round(hitShare * 100)} % from the cache`;
  if (p50Ms === null || p99Ms === null) return `${pace}${hits}`;
  return `${pace}${hits}; half answered within ${formatSpan(p50Ms)}, 99 of 100 within ${formatSpan(p99Ms)}`;
}

/** What a list holds, since when, and what is wrong with it. */
export function listSentence(list: Status['lists'][number]): string {
  const { entries, unread, allows, updatedAt, problem } = list;
  const what = `${plural(entries, 'name')} ${allows ? 'allowed' : 'blocked'}`;
  const lines = unread === 0 ? '' : `, ${plural(unread, 'line')} not understood`;
  const since = updatedAt === null ? '' : `, as of ${formatInstant(updatedAt)}`;
  return `${what}${lines}${since}${problem === null ? '' : `: ${problem}`}`;
}

/** What a hosts file or lease file holds, and what is wrong with it. */
export function nameFileSentence({ names, unread, problem }: Status['nameFiles'][number]): string {
  const entries = unread === 0 ? '' : `, ${plural(unread, 'entry', 'entries')} not understood`;
  return `${plural(names, 'name')}${entries}${problem === null ? '' : `: ${problem}`}`;
}

/** Which zones go to whom, and whether those can be asked. */
export function forwardSentence({ zones, servers }: Status['forwards'][number]): string {
  const states = servers.map(({ url, isUsable, problem }) => {
    if (isUsable) return `${url}, usable`;
    return `${url}, not usable${problem === null ? '' : ` (${problem})`}`;
  });
  return `${zonesNamed(zones)} to ${states.join('; ')}`;
}

/** A prefix between octets has up to 128 reverse zones; so many are named, and then "…". */
const ZONES_NAMED_MAX = 3;

export function zonesNamed(zones: readonly string[]): string {
  return zones.slice(0, ZONES_NAMED_MAX).join(', ') + (zones.length > ZONES_NAMED_MAX ? ', …' : '');
}

/** Makes characters visible that would move a cursor or turn the text around (reliability row 21); the rest stays as it is. */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
}

const BASIS: Readonly<Record<NonNullable<ClockBasis>, string>> = {
  'last-quorum': 'what the sources last agreed on',
  'system-clock': 'the system clock, which nothing contradicts',
  'one-source': 'one source alone',
  stamp: 'the stamp, written down when the sources last agreed',
};

/** "synchronized", "provisional (stamp)". */
export function stateName({ state, basis }: Pick<ClockReport, 'state' | 'basis'>): string {
  return basis === null ? state : `${state} (${basis})`;
}

/** How the page and the texts feel about it: all is well, something needs a person, names of the world do not resolve. */
export function mood({ clock, notReady, degraded }: Status): 'well' | 'limping' | 'down' {
  if (notReady.length > 0 || clock.state === 'untrusted') return 'down';
  return degraded.length > 0 || clock.state !== 'synchronized' ? 'limping' : 'well';
}

/** Rounded up to one digit, two of seconds: what is read at a glance does not change every moment. */
function roughly(ms: number): number {
  const step = 10 ** (Math.floor(Math.log10(ms)) - (ms < SECOND_MS ? 0 : 1));
  return ms > 0 && Number.isFinite(ms) ? Number((Math.ceil(ms / step - 1e-9) * step).toPrecision(3)) : ms;
}

/** The one sentence of state; what exactly is wrong stands below it. */
export function stateSentence({ clock, notReady, degraded, upstreams }: Status): string {
  const { state, basis, uncertaintyMs } = clock;
  if (state === 'untrusted')
    return 'The time is not known: internal names are answered, names of the world are not.';
  if (notReady.length > 0)
    return `Internal names are answered, names of the world are not: ${upstreams.length === 0 ? unstopped(notReady[0]!) : 'no upstream works'}.`;
  const within = uncertaintyMs === null ? '' : ` to within ${formatSpan(roughly(uncertaintyMs))}`;
  if (state === 'provisional')
    return `Names are answered; the time is provisional and stands on ${BASIS[basis ?? 'system-clock']}.`;
  if (state === 'holdover')
    return `Names are answered; too few time sources agree, and the clock runs on from when they did, right${within}.`;
  if (degraded.length > 0)
    return `Names are answered and the time is known${within}; ${plural(degraded.length, 'thing needs', 'things need')} attention.`;
  return `All is well: names are answered, and the time is known${within}.`;
}

/** With a capital letter, to begin a sentence; a URL, a path or a file's name at its beginning stays as it is. */
export function capital(text: string): string {
  if (!/^[a-z]+(?:['’-][a-z]+)*(?![\w./\\]|:\S)/.test(text)) return text;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Without the stop at its end, to stand inside a sentence. */
export function unstopped(text: string): string {
  return text.replace(/\.$/, '');
}

const CERTIFICATE_SOURCES: Readonly<Record<string, string>> = {
  files: 'your files',
  'local-ca': 'the local CA',
  acme: 'a CA, by ACME',
};

/** Where our own certificate comes from, to follow "from". */
export function certificateSource(source: string): string {
  return CERTIFICATE_SOURCES[source] ?? source;
}

export interface Works {
  readonly works: readonly string[];
  readonly waits: readonly string[];
}

/** What is answered in this state, and what is not (docs/time.md has the table). */
export function whatWorks({ clock, notReady, waiting, upstreams, forwards, cache }: Status): Works {
  const unbound = waiting.map(
    ({ listen, address, reason }) =>
      `${listen === 'admin' ? 'the dashboard' : 'queries'} at ${address} (${listen}): ${reason}`,
  );
  const house = [
    'internal names and the names of this server, on every listener',
    ...forwards
      .filter(({ servers }) => servers.some(({ isUsable }) => isUsable))
      .map(({ zones }) => `names of ${zonesNamed(zones)}, by resolvers on the own network`),
  ];
  if (clock.state === 'untrusted') {
    return {
      works: [
        ...house,
        'the names of time servers and of our own upstreams',
        ...(cache.entries === 0 ? [] : ['names of the world that are still in the cache']),
      ],
      waits: ['all other names: SERVFAIL with extended error 14 and the reason', ...unbound],
    };
  }
  if (notReady.length > 0) {
    const reasons = notReady.map((reason) => `names of the world: ${reason}`);
    return {
      works: [
        ...house,
        ...(upstreams.length === 0 ? [] : ['names of the world that are still in the cache']),
      ],
      waits: [...reasons, ...unbound],
    };
  }
  const isUnsure = clock.state === 'provisional';
  return {
    works: ['internal names', 'names of the world, over verified TLS'],
    waits: [
      ...(isUnsure ? ['writing the stamp: only a time that sources agree on is written down'] : []),
      ...unbound,
    ],
  };
}

/** What would happen if the power failed now and the system clock came back wrong. */
export function afterPowerCut({ clock: { stamp, sources } }: Status): string {
  const direct = sources.filter(({ url }) => hasAddress(url)).length;
  const without = direct === 0 ? '' : `, at least ${direct} without a look-up`;
  const asked =
    sources.length === 0
      ? 'no time source is configured'
      : `${plural(sources.length, 'time source')} would be asked at once${without}`;
  const begin = 'If the power failed now and the system clock came back wrong,';
  if (stamp.at !== null)
    return `${begin} names of the world would be back at once, on the stamp of ${formatInstant(stamp.at)} and for as long as the certificates of the upstreams hold then; ${asked}.`;
  const because = stamp.problem === null ? '' : ` (${unstopped(stamp.problem)})`;
  const then =
    sources.length === 0
      ? 'only internal names would be answered until a person sets the clock'
      : 'names of the world would wait for the first that answers';
  return `${begin} there would be no stamp to stand on${because}: ${asked}, and ${then}.`;
}

function hasAddress(url: string): boolean {
  return URL.canParse(url) && isIP(new URL(url).hostname.replace(/^\[|\]$/g, '')) !== 0;
}

/** "since 2026-11-03 08:12:45 UTC, for 2 h 5 min", or the length alone where no date can be believed. */
export function formatSince({ since, sinceMs }: Pick<Degraded, 'since' | 'sinceMs'>): string {
  return since === null
    ? `for ${formatAge(sinceMs)}`
    : `since ${formatInstant(since)}, for ${formatAge(sinceMs)}`;
}

export type SourceMark = '*' | '+' | '-' | '?';

export const MARKS: Readonly<Record<SourceMark, string>> = {
  '*': 'used',
  '+': 'kept',
  '-': 'rejected',
  '?': 'silent',
};

/** Asked a moment before the round was judged; what is older was not heard in it (milliseconds). */
const ROUND_MS = 5000;

/** As chronyc marks them: used is what was kept and is preferred; silent is what said nothing in the last round. */
export function sourceMark(source: SourceReport, lastRoundAgoMs: number | null): SourceMark {
  const { kept, preferred, offsetMs, lastAgoMs } = source;
  if (kept) return preferred ? '*' : '+';
  if (offsetMs === null || lastAgoMs === null) return '?';
  return lastRoundAgoMs !== null && lastAgoMs > lastRoundAgoMs + ROUND_MS ? '?' : '-';
}
