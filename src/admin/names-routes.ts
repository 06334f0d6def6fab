// How a name is answered right now, as JSON and as the page Names, and the forgetting of what the cache keeps of it.
// A look-up is a real one: it may cost an upstream a query, and what comes of it is kept; so few run at a time.

import { randomUUID } from 'node:crypto';
import type { ZoneConfig } from '../config/config.ts';
import { TYPE } from '../dns/codes.ts';
import { formatWithoutDot, labelsOf, lowerName, type NameKey, ROOT } from '../dns/names.ts';
import type { Explained, ExplainQuestion } from '../resolver/explained.ts';
import type { Lookup } from '../web/lookup-words.ts';
import { type NamesAsked, namesPage } from '../web/names-page.ts';
import type { Page } from '../web/page.ts';
import { type AdminAnswer, jsonAnswer, seeOther, textAnswer } from './admin-answer.ts';
import type { AdminPages, AdminRoute, AdminRoutes, AdminVisit } from './route.ts';
import { readableForm, readTypedName, readTypedQuestion } from './typed-question.ts';

export interface NamesSubject {
  /** Asks the real chain, and says who answered. */
  readonly explainName: (question: ExplainQuestion) => Promise<Explained>;
  /** Forgets the answers to a name, with `below` those to all names under it as well; null: all. How many they were. */
  readonly flushCache: (name: NameKey | null, below: boolean) => number;
  /** The owner's own: some of their names are offered to begin with. */
  readonly zones: () => readonly ZoneConfig[];
}

/** People ask one at a time; a script that does not is told to (a limit of our own). */
const LOOKUPS_MAX = 8;
/** Each is told when the page is opened that its form leads to, at once. */
const UNTOLD_MAX = 16;

/** What the routes and the page have in common. */
export interface NamesCommon {
  readonly lookUp: BoundedLookUp;
  readonly flushed: UntoldFlushes;
}

export function namesCommon(subject: NamesSubject): NamesCommon {
  return { lookUp: boundedLookUp(subject), flushed: new UntoldFlushes() };
}

export function namesRoutes({ flushCache }: NamesSubject, { lookUp, flushed }: NamesCommon): AdminRoutes {
  const admitted = (method: AdminRoute['method'], answer: AdminRoute['answer']): AdminRoute => ({
    ...{ method, answer },
    ...{ doors: 'both', access: 'admitted' },
  });
  return {
    '/api/lookup': admitted('GET', async ({ query, client }) => {
      const found = await lookUp(query, client);
      return 'problem' in found ? textAnswer(found.status, found.problem) : jsonAnswer(found.lookup);
    }),
    '/api/cache': admitted('DELETE', ({ query }) => flush(query, flushCache)),
    '/names/flush': admitted('POST', ({ form }) => flushAndReturn(form, flushCache, flushed)),
  };
}

export function namesPages(subject: NamesSubject, { lookUp, flushed }: NamesCommon): AdminPages {
  const page = async ({ query, client }: AdminVisit): Promise<Page> => {
    const asked: NamesAsked = {
      name: query.get('name') ?? '',
      type: query.get('type') ?? '',
      client: query.get('client') ?? '',
      asker: client,
      flushed: flushed.tell(query.get('flushed')),
    };
    const examples = exampleNames(subject.zones());
    if (asked.name.trim() === '') return namesPage({ asked, examples, meant: [], found: null });
    const found = await lookUp(query, client);
    const meant = 'lookup' in found ? meantNames(asked.name, found.lookup, subject.zones()) : [];
    return namesPage({ asked, examples, meant, found });
  };
  return { '/names': { access: 'admitted', page } };
}

type Found = { readonly lookup: Lookup } | { readonly problem: string; readonly status: 400 | 503 };

/** What is asked for in `params`, by `asker` where they name nobody. */
export type BoundedLookUp = (params: URLSearchParams, asker: string) => Promise<Found>;

function boundedLookUp({ explainName }: NamesSubject): BoundedLookUp {
  let running = 0;
  return async (params, asker) => {
    const read = readTypedQuestion(params, asker);
    if ('problem' in read) return { ...read, status: 400 };
    if (running >= LOOKUPS_MAX)
      return {
        problem: `${LOOKUPS_MAX} look-ups are under way already; ask again in a moment.`,
        status: 503,
      };
    running += 1;
    try {
      const explained = await explainName(read.question);
      return { lookup: { ...explained, readableName: readableForm(explained.name) } };
    } finally {
      running -= 1;
    }
  };
}

/** `name`, with `below` or without; or `all`, and never both by mistake. */
function flush(params: URLSearchParams, flushCache: NamesSubject['flushCache']): AdminAnswer {
  const typed = params.get('name');
  if (params.has('all') === (typed !== null))
    return textAnswer(400, 'Either `name` with a domain name or `all` is needed.');
  if (typed === null) return jsonAnswer({ flushed: flushCache(null, false) });
  const name = readTypedName(typed);
  if ('problem' in name) return textAnswer(400, name.problem);
  return jsonAnswer({ flushed: flushCache(lowerName(name.wire), params.has('below')) });
}

/** Back to the page, which looks the name up anew. */
function flushAndReturn(
  form: URLSearchParams,
  flushCache: NamesSubject['flushCache'],
  untold: UntoldFlushes,
): AdminAnswer {
  const typed = form.get('name') ?? '';
  const name = readTypedName(typed);
  if ('problem' in name) return textAnswer(400, name.problem);
  const flushed = flushCache(lowerName(name.wire), form.has('below'));
  const query = new URLSearchParams({ name: typed });
  for (const key of ['type', 'client']) if (form.get(key)) query.set(key, form.get(key)!);
  query.set('flushed', untold.note(flushed));
  return seeOther(`/names?${query}`);
}

/** How many answers were forgotten, by a token in the address of the page: told once, and not to a bookmark or a second look. */
class UntoldFlushes {
  readonly #counts = new Map<string, number>();

  /** Returns the token. */
  note(count: number): string {
    const token = randomUUID();
    this.#counts.set(token, count);
    if (this.#counts.size > UNTOLD_MAX) this.#counts.delete(this.#counts.keys().next().value!);
    return token;
  }

  /** Null: nothing is known of it, or it has been told. */
  tell(token: string | null): number | null {
    const count = this.#counts.get(token ?? '') ?? null;
    this.#counts.delete(token ?? '');
    return count;
  }
}

/** Of a name without a dot that has no answer: the same in the owner's own zones. */
function meantNames(typed: string, { records }: Lookup, zones: readonly ZoneConfig[]): string[] {
  const name = readTypedName(typed);
  if (records.length > 0 || 'problem' in name || labelsOf(name.wire).length !== 1) return [];
  const label = lowerName(name.wire).slice(0, -ROOT.length);
  return zones
    .filter((zone) => zone.records.some(({ owner }) => lowerName(owner) === label + zone.name))
    .map((zone) => formatWithoutDot(label + zone.name))
    .slice(0, EXAMPLES_MAX);
}

/** A few names that have an address. */
function exampleNames(zones: readonly ZoneConfig[]): string[] {
  const names = zones
    .flatMap(({ records }) => records)
    .filter(({ type, owner }) => HAS_ADDRESS.has(type) && !owner.startsWith(WILDCARD))
    .map(({ owner }) => formatWithoutDot(owner));
  return [...new Set(names)].slice(0, EXAMPLES_MAX);
}

const HAS_ADDRESS: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA]);
/** In wire form. */
const WILDCARD = '\x01*';
const EXAMPLES_MAX = 3;
