// The page Names: a form that asks how a name is answered right now, and below it the answer: who gave it, the way through the
// links, the records, and a button that makes the cache forget it. It works without a script. Names come from outside: they are
// escaped, kept apart from the direction of the text around them, and never links to anywhere else.

import { extendedErrorName } from '../dns/extended-error-name.ts';
import { plural, unstopped } from '../status/words.ts';
import {
  keptSentence,
  LINK_NAMES,
  type Lookup,
  lookupSentences,
  outcomeTag,
  stationsOf,
  withoutDot,
} from './lookup-words.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import type { Page, PageSection } from './page.ts';
import { named, number, rich, table, text } from './table.ts';

/** What was asked for, as it was typed. */
export interface NamesAsked {
  readonly name: string;
  readonly type: string;
  readonly client: string;
  /** The address of who looks at the page: asked for where no client is named. */
  readonly asker: string;
  /** How many answers were forgotten just now, told once; null: there is nothing to tell. */
  readonly flushed: number | null;
}

export interface NamesParts {
  readonly asked: NamesAsked;
  readonly examples: readonly string[];
  /** Names of the owner's own zones that may have been meant. */
  readonly meant: readonly string[];
  /** Null: nothing was asked. */
  readonly found:
    | { readonly lookup: Lookup }
    | { readonly problem: string; readonly status: 400 | 503 }
    | null;
}

/** What people ask for, and what it has. */
const TYPES: readonly (readonly [type: string, has: string])[] = [
  ['A', 'IPv4 address'],
  ['AAAA', 'IPv6 address'],
  ['CNAME', 'another name'],
  ['PTR', 'name of an address'],
  ['MX', 'mail servers'],
  ['TXT', 'text'],
  ['NS', 'name servers'],
  ['SOA', 'start of a zone'],
  ['SRV', 'servers of a protocol'],
  ['HTTPS', 'web servers'],
  ['SVCB', 'servers of any kind'],
  ['CAA', 'who may issue certificates'],
  ['TLSA', 'certificates'],
  ['DS', 'keys below, DNSSEC'],
  ['DNSKEY', 'keys, DNSSEC'],
];
/** An answer may have thousands; who needs them all asks /api/lookup. */
const RECORDS_SHOWN_MAX = 100;

export function namesPage({ asked, examples, meant, found }: NamesParts): Page {
  const sections =
    found === null
      ? [empty(examples)]
      : 'problem' in found
        ? [notAsked(found.problem)]
        : answered(found.lookup, asked, meant);
  // An address is asked for as PTR, whatever was chosen.
  const type = found !== null && 'lookup' in found ? found.lookup.type : asked.type;
  const status = found !== null && 'problem' in found ? found.status : 200;
  return {
    title: 'Names',
    lead: html`<h1>How a name is answered right now</h1>${form({ ...asked, type })}`,
    sections,
    status,
  };
}

function form({ name, type, client, asker }: NamesAsked): Markup {
  const wanted = type.trim().toUpperCase();
  const isKnown = wanted === '' || TYPES.some(([known]) => known === wanted);
  const options = [
    ...(isKnown ? [] : [html`<option selected>${type.trim()}</option>`]),
    ...TYPES.map(
      ([known, has]) =>
        html`<option value="${known}"${known === wanted ? html` selected` : NOTHING}>${known}: ${has}</option>`,
    ),
  ];
  const you = asker === '' ? '127.0.0.1' : asker;
  return html`<form class="filter" method="get" action="/names">
<label class="wide">Name or address <input name="name" value="${name}" required autocomplete="off" autocapitalize="none" spellcheck="false" enterkeyhint="search"></label>
<label>Type <select name="type">${options}</select></label>
<label>As asked by <input name="client" value="${client}" placeholder="${you}" autocomplete="off" autocapitalize="none" spellcheck="false"></label>
<button>Look it up</button>
</form>`;
}

function empty(examples: readonly string[]): PageSection {
  const links = examples.map(
    (name) => html`<li><a href="/names?name=${encodeURIComponent(name)}">${nameMarkup(name)}</a></li>`,
  );
  const own =
    links.length === 0 ? NOTHING : html`<p>Names of your own zones, to begin with:</p><ul>${links}</ul>`;
  return {
    id: 'answer',
    title: 'Nothing is asked yet',
    note: 'The name is really looked up, the way a device would have it: past the door, your own names, the lists and the cache, and where these have nothing, out to the upstreams.',
    body: html`<div class="empty">${own}</div>`,
  };
}

function notAsked(problem: string): PageSection {
  return { id: 'answer', title: 'That was not asked', body: html`<p class="bad">${problem}</p>` };
}

function answered(lookup: Lookup, asked: NamesAsked, meant: readonly string[]): PageSection[] {
  const { name, readableName, type, client, answeredBy } = lookup;
  const readable = readableName === null ? NOTHING : html` (${nameMarkup(readableName)})`;
  const question = html`<p class="soft">${nameMarkup(name)}${readable} ${type}, as asked by <bdi>${client}</bdi></p>`;
  const isOurs = answeredBy === 'local' || answeredBy === 'guard';
  return [
    {
      id: 'answer',
      title: 'The answer',
      body: html`${notice(asked)}<p class="verdict">${lookupSentences(lookup).join(' ')}</p>${hint(asked, meant)}${question}${errors(lookup)}${records(lookup)}`,
    },
    {
      id: 'way',
      title: 'The way it took',
      body: way(lookup),
    },
    ...(isOurs ? [] : [forget(lookup, asked)]),
  ];
}

function notice({ flushed }: NamesAsked): Markup {
  if (flushed === null) return NOTHING;
  const what =
    flushed === 0
      ? 'Nothing was kept of it.'
      : `${plural(flushed, 'answer was', 'answers were')} forgotten just now; this is a new look-up.`;
  return html`<p class="notice" role="status">${what}</p>`;
}

function hint({ type, client }: NamesAsked, meant: readonly string[]): Markup {
  if (meant.length === 0) return NOTHING;
  const links = meant.map((name, at) => {
    const wanted = Object.entries({ name, type, client }).filter(([, value]) => value !== '');
    return html`${at === 0 ? '' : ' or '}<a href="/names?${new URLSearchParams(wanted).toString()}">${nameMarkup(name)}</a>`;
  });
  return html`<p>Did you mean ${links}?</p>`;
}

function errors({ errors: found }: Lookup): Markup {
  if (found.length === 0) return NOTHING;
  const items = found.map(({ code, text: words }) => {
    const said = words === '' ? NOTHING : html`: <bdi>${unstopped(words)}</bdi>`;
    return html`<li>${extendedErrorName(code)}${said} <span class="soft">(extended error ${code})</span></li>`;
  });
  return html`<ul>${items}</ul>`;
}

function records({ records: found }: Lookup): Markup {
  if (found.length === 0) return NOTHING;
  const rows = found
    .slice(0, RECORDS_SHOWN_MAX)
    .map(({ owner, ttlSeconds, type, data }) => [
      named(nameMarkup(owner)),
      number(`${ttlSeconds} s`),
      text(type),
      rich(html`<bdi>${data}</bdi>`),
    ]);
  const more = found.length - rows.length;
  const rest = more === 0 ? NOTHING : html`<p class="soft">And ${plural(more, 'more record')}.</p>`;
  return html`${table(['name', 'TTL', 'type', 'data'], rows)}${rest}`;
}

function way(lookup: Lookup): Markup {
  const stations = stationsOf(lookup);
  if (stations.length === 0) return html`<p>No link of the chain has said that it answered.</p>`;
  const { word, tone } = outcomeTag(lookup.rcode);
  const items = stations.map(({ link, says, isLast, isSilent }) => {
    const mark = isLast ? html` <span class="tag ${tone}">${word}</span>` : NOTHING;
    const words = html`<bdi${isSilent ? html` class="soft"` : NOTHING}>${says}</bdi>`;
    return html`<li><b>${LINK_NAMES[link]}:</b> ${words}${mark}</li>`;
  });
  return html`<ol class="steps">${items}</ol>`;
}

/** The name as it was asked for goes back, so that what is forgotten is what was shown. */
function forget(lookup: Lookup, { client }: NamesAsked): PageSection {
  const { name, type } = lookup;
  const kept = html`<input type="hidden" name="name" value="${name}"><input type="hidden" name="type" value="${type}">`;
  const asked = client === '' ? NOTHING : html`<input type="hidden" name="client" value="${client}">`;
  return {
    id: 'forget',
    title: 'What is kept',
    note: `${keptSentence(lookup)} Where an answer is out of date, it can be forgotten, with those of the other types; the next one who asks has it looked up anew.`.trim(),
    body: html`<form class="filter" method="post" action="/names/flush">${kept}${asked}
<label class="check"><input type="checkbox" name="below"> names below it as well</label>
<button>Forget what is kept of this name</button>
</form>`,
  };
}

/** Wherever text turns around in it, it does so inside. */
function nameMarkup(name: string): Markup {
  return html`<bdi>${withoutDot(name)}</bdi>`;
}
