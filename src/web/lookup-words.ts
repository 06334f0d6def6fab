// How a look-up is said to people: who answered and what that means in one or two sentences, and the way through the links
// of the chain, those that let the question pass in silence included. Pure.

import type { Explained } from '../resolver/explained.ts';
import type { LinkName } from '../resolver/resolver.ts';
import { capital, formatAge, unstopped } from '../status/words.ts';

/** With the name as its readers write it, where that is not how it is asked for (IDNA); else null. */
export interface Lookup extends Explained {
  readonly readableName: string | null;
}

/** Who answered, and what came out. */
export function lookupSentences(lookup: Lookup): string[] {
  return [whoAnswered(lookup), outcome(lookup)].filter((sentence) => sentence !== '');
}

function whoAnswered(lookup: Lookup): string {
  const { answeredBy, steps, zone, upstream, ttlLeftSeconds, pastSeconds } = lookup;
  const detail = unstopped(steps.at(-1)?.detail ?? '');
  switch (answeredBy) {
    case null:
      return 'Nobody has answered.';
    case 'guard':
      return `Stopped at the door: ${detail}.`;
    case 'local':
      return zone === null
        ? `Answered here, by this house itself: ${detail}.`
        : `Answered here, by your own zone ${withoutDot(zone)}.`;
    case 'filter':
      return byFilter(lookup, detail);
    case 'cache':
      if (ttlLeftSeconds !== null)
        return `Answered by the cache: ${formatAge(ttlLeftSeconds * SECOND_MS)} of its TTL left.`;
      if (pastSeconds !== null)
        return `Answered by the cache with what is stale: ${formatAge(pastSeconds * SECOND_MS)} past its TTL, for want of something better.`;
      return `The cache remembers that this could not be looked up a moment ago.`;
    case 'rebinding':
      return 'Answered by an upstream, without the private addresses that it gave (rebinding.protect).';
    case 'degrade':
      return `The clock is untrusted, so this name is looked up in a way of its own: ${detail}.`;
    case 'forward':
      if (upstream === null)
        return zone === null
          ? `${capital(detail)}.`
          : `Nobody answered for the zone ${withoutDot(zone)}: ${detail}.`;
      return zone === null
        ? `Answered by the upstream ${upstream}.`
        : `Answered by ${upstream}, to whom the zone ${withoutDot(zone)} is forwarded.`;
  }
}

const SECOND_MS = 1000;
/** Extended errors that say "Blocked" (RFC 8914 section 4.16). */
const BLOCKED = 15;

function byFilter({ list, rule, errors }: Lookup, detail: string): string {
  if (list === null) return `Rewritten, as you wish: ${detail}.`;
  const isBlocked = errors.some(({ code }) => code === BLOCKED);
  return isBlocked
    ? `Blocked by the list “${list}”: rule ${rule}.`
    : `Let pass by the list “${list}”, and then nobody answered.`;
}

function outcome({ rcode, type, records }: Lookup): string {
  switch (rcode) {
    case 'NOERROR':
      return records.length === 0 ? `The name has nothing of type ${type}.` : '';
    case 'NXDOMAIN':
      return 'The answer is: there is no such name.';
    case 'SERVFAIL':
      return 'Who asks is told that it failed (SERVFAIL).';
    case 'REFUSED':
      return 'Who asks is refused (REFUSED).';
    case 'dropped':
      return 'Who asks gets no answer at all.';
    default:
      return `The answer is the code ${rcode}.`;
  }
}

/** What is sure of what the cache has after this look-up; empty: nothing is. */
export function keptSentence({ answeredBy, rcode, ttlLeftSeconds, pastSeconds }: Lookup): string {
  switch (answeredBy) {
    case 'cache':
      if (ttlLeftSeconds !== null)
        return `The answer above is kept for another ${formatAge(ttlLeftSeconds * SECOND_MS)}.`;
      return pastSeconds === null
        ? 'No answer to this question is kept, but for a moment that it failed.'
        : 'The answer above is kept, although it is past its TTL.';
    case 'forward':
    case 'rebinding':
      return rcode === 'NOERROR' || rcode === 'NXDOMAIN'
        ? 'The answer above has just come, and is kept for as long as its TTL says.'
        : 'No answer to this question is kept.';
    default:
      return '';
  }
}

/** How it ended for who asks, in a word. */
export function outcomeTag(rcode: string): { readonly word: string; readonly tone: 'good' | 'bad' } {
  const isAnswer = rcode === 'NOERROR' || rcode === 'NXDOMAIN';
  return isAnswer ? { word: 'answered', tone: 'good' } : { word: FAILURES[rcode] ?? rcode, tone: 'bad' };
}

const FAILURES: Readonly<Record<string, string>> = {
  SERVFAIL: 'failed',
  REFUSED: 'refused',
  dropped: 'no answer',
};

/** One station of a question's way. */
export interface Station {
  readonly link: LinkName;
  readonly says: string;
  /** It was the last to speak: what comes out is its doing. */
  readonly isLast: boolean;
  /** It said nothing of its own: the question went on. */
  readonly isSilent: boolean;
}

/** Links that every question passes, in the order of the chain (src/app/answer-path.ts), and what their silence means. */
const SILENCE: readonly (readonly [LinkName, string])[] = [
  ['guard', 'lets it pass'],
  ['local', 'not a name of this house'],
  ['filter', 'nothing against it'],
  ['cache', 'nothing fresh is kept'],
];
const DEPTH: readonly LinkName[] = ['guard', 'local', 'filter', 'degrade', 'cache', 'rebinding', 'forward'];

/** The way down to who answered: before each link that spoke, those above it that let the question pass. */
export function stationsOf({ steps, answeredBy }: Pick<Lookup, 'steps' | 'answeredBy'>): Station[] {
  const stations: Station[] = [];
  const passed = new Set<LinkName>();
  let deepest = -1;
  steps.forEach(({ link, detail }, at) => {
    const depth = DEPTH.indexOf(link);
    for (const [silent, says] of SILENCE) {
      const itsDepth = DEPTH.indexOf(silent);
      if (passed.has(silent) || itsDepth <= deepest || itsDepth >= depth) continue;
      stations.push({ link: silent, says, isLast: false, isSilent: true });
      passed.add(silent);
    }
    deepest = Math.max(deepest, depth);
    passed.add(link);
    const isLast = at === steps.length - 1 && answeredBy !== null;
    stations.push({ link, says: detail, isLast, isSilent: false });
  });
  return stations;
}

export const LINK_NAMES: Readonly<Record<LinkName, string>> = {
  guard: 'The door',
  local: 'This house',
  filter: 'The lists',
  degrade: 'Makeshift, while the clock is untrusted',
  cache: 'The cache',
  rebinding: 'Protection against rebinding',
  forward: 'The upstreams',
};

/** As people write a name: without the dot at its end, but for the root. */
export function withoutDot(name: string): string {
  return name.replace(/(?<=.)\.$/, '');
}
