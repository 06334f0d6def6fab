// The page Queries: in words what is logged and who sees it, and how to change that; with the log on what comes most often,
// a filter, and the latest queries; always the sums of all. It works without a script. Names and details come from
// outside: escaped, kept apart from the direction of the text around them, and cut by the style alone.

import { ANSWERED_BY, type AnsweredBy } from '../observe/query-figures.ts';
import type { QueryEntry, QueryLogReport } from '../status/query-log-report.ts';
import type { Status } from '../status/status.ts';
import { formatAge, formatCount, formatSince, plural } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { withoutDot } from './lookup-words.ts';
import { html, type Markup, NOTHING, withCode, withTimes } from './markup.ts';
import type { Page, PageSection } from './page.ts';
import { type Cell, named, number, rich, table, text } from './table.ts';
import { TRANSPORT_NAMES } from './transport-names.ts';

/** What the form has; parameters of /api/queries by their names. */
export const QUERY_FIELDS = ['name', 'client', 'type', 'rcode', 'answered-by'] as const;
export type QueryField = (typeof QUERY_FIELDS)[number];
/** As the form calls them. */
export const FIELD_LABELS: Readonly<Record<QueryField, string>> = {
  name: 'Part of the name',
  client: 'Client or network',
  type: 'Type',
  rcode: 'Response code',
  'answered-by': 'Answered by',
};

export interface QueriesParts {
  readonly report: QueryLogReport;
  /** What stands in the form, as it was typed. */
  readonly typed: Readonly<Record<string, string>>;
  /** Why nothing of it can be looked for; null: it can. */
  readonly problem: string | null;
  readonly status: Pick<Status, 'queries' | 'answers' | 'lists'>;
}

export function queriesPage({ report, typed, problem, status }: QueriesParts): Page {
  const isOn = report.log !== 'off';
  const isWrong = problem !== null;
  return {
    title: 'Queries',
    lead: html`<h1>${HEADLINES[report.log]}</h1>${lead(report)}`,
    isLeadLive: true,
    sections: [
      ...(isOn
        ? [oftenSection(report), filterSection(typed, problem), logSection(report, typed, problem)]
        : [SWITCHING_ON]),
      outcomesSection(status),
      ...(isOn ? [SWITCHING_OFF] : []),
    ],
    status: isWrong ? 400 : 200,
  };
}

const HEADLINES: Readonly<Record<QueryLogReport['log'], string>> = {
  off: 'Who asks for what is not written down',
  anonymised: 'Queries are written down, without who asked',
  full: 'Queries are written down, with who asked',
};

function lead(report: QueryLogReport): Markup {
  const { log, kept, keptMax, since, sinceMs } = report;
  if (log === 'off')
    return html`<p>The query log is off: who asks for which name is kept nowhere, neither here nor in the log of the server. What is below are sums of all.</p>`;
  const who =
    log === 'full'
      ? 'the address of the client'
      : 'the network that the client is in (/24, /48 for IPv6) and not its address';
  const span = formatSince({ since, sinceMs: sinceMs ?? 0 });
  return html`<p>Of each query the name, the answer and ${who} are kept, ${withTimes(span)}: the last ${formatCount(keptMax)} in memory, ${formatCount(kept)} at this moment, and never on the disk. Besides, each is a line in the log of the server, which is kept wherever that goes. Whoever may see these pages sees them, and whoever may read that log.</p>`;
}

/** Two lines of the configuration, the first of which is often there. */
function inConfiguration(mode: QueryLogReport['log']): Markup {
  const where = `In the configuration file, the line \`queries: ${mode}\` under \`log:\`, which may stand there already:`;
  return html`<p>${withCode(where)}</p><pre class="copy"><code>log:
  queries: ${mode}</code></pre>`;
}

const ON_WORDS =
  'It is off unless the owner of the server switches it on. `anonymised` keeps networks (/24, /48) in place of addresses; `full` keeps addresses. In a house of several people they should know.';

const SWITCHING_ON: PageSection = {
  id: 'switch-on',
  title: 'Switching it on',
  body: html`<p>${withCode(ON_WORDS)}</p>${inConfiguration('anonymised')}`,
};

const SWITCHING_OFF: PageSection = {
  id: 'switch-off',
  title: 'Switching it off',
  body: html`${inConfiguration('off')}<p>Once that is saved, what is kept here is forgotten at once. Lines that the log has already stay where they are.</p>`,
};

function filterSection(typed: Readonly<Record<string, string>>, problem: string | null): PageSection {
  const value = (field: QueryField) => typed[field] ?? '';
  const plain = html`autocomplete="off" autocapitalize="none" spellcheck="false"`;
  const options = ANSWERED_BY.map(
    (by) =>
      html`<option value="${by}"${by === value('answered-by') ? html` selected` : NOTHING}>${WHO[by]}</option>`,
  );
  const isTyped = QUERY_FIELDS.some((field) => value(field) !== '');
  const all = isTyped ? html`<a href="/queries">Show all</a>` : NOTHING;
  const wrong =
    problem === null ? NOTHING : html`<p class="notice bad" role="alert">${withCode(problem)}</p>`;
  return {
    id: 'filter',
    title: 'Which ones',
    body: html`${wrong}<form class="filter" method="get" action="/queries">
<label>${FIELD_LABELS.name} <input name="name" value="${value('name')}" size="14" ${plain}></label>
<label>${FIELD_LABELS.client} <input name="client" value="${value('client')}" size="14" ${plain}></label>
<label>${FIELD_LABELS.type} <input name="type" value="${value('type')}" size="8" placeholder="AAAA" ${plain}></label>
<label>${FIELD_LABELS.rcode} <input name="rcode" value="${value('rcode')}" size="9" placeholder="NXDOMAIN" ${plain}></label>
<label>${FIELD_LABELS['answered-by']} <select name="answered-by"><option value="">whoever</option>${options}</select></label>
<span class="go"><button>Show these</button>${all}</span>
</form>`,
  };
}

/** Who has answered, to follow "answered by". */
const WHO: Readonly<Record<AnsweredBy, string>> = {
  guard: 'the guard',
  local: 'this house',
  filter: 'the filter',
  cache: 'the cache',
  stale: 'the cache, past its lifetime',
  upstream: 'an upstream',
  failure: 'nobody (failed)',
};

function logSection(
  report: QueryLogReport,
  typed: Readonly<Record<string, string>>,
  problem: string | null,
): PageSection {
  const { entries, fitting, kept } = report;
  const isFiltered = QUERY_FIELDS.some((field) => typed[field]);
  const shown = formatCount(entries.length);
  const note =
    entries.length === 0 || problem !== null
      ? ''
      : isFiltered
        ? `${shown} of ${formatCount(fitting)} that fit, the latest first.`
        : `${shown} of ${formatCount(kept)}, the latest first.`;
  const nothing = kept === 0 ? NOBODY : 'None of those that are kept fits.';
  const latest =
    problem !== null
      ? NOTHING
      : entries.length === 0
        ? html`<p class="empty">${nothing}</p>`
        : html`<div class="queries">${table(HEAD, entries.map(row))}</div>`;
  return { id: 'log', title: 'Latest queries', note, body: latest, isLive: true };
}

const SECOND_MS = 1000;
const HEAD = ['name', 'type', 'client', 'answer', 'took', 'when'];

function row(entry: QueryEntry): Cell[] {
  const { name, type, client, transport, rcode, answeredBy, detail, ms, at, agoMs } = entry;
  const ago = agoMs < SECOND_MS ? 'just now' : `${formatAge(agoMs)} ago`;
  const tone = rcode === 'NOERROR' ? 'good' : rcode === 'NXDOMAIN' ? 'soft' : 'bad';
  const who = answeredBy === 'failure' ? 'nobody' : WHO[answeredBy]; // the code says the rest
  const why =
    detail === '' ? NOTHING : html`<small class="cut" title="${detail}"><bdi>${detail}</bdi></small>`;
  return [
    named(name === '' ? html`<span class="soft">no question</span>` : nameLink(name)),
    text(type),
    rich(html`<span>${clientLink(client)} <small>${transportName(transport)}</small></span>`),
    rich(html`<span><span class="${tone}">${rcode}</span>, ${who}${why}</span>`),
    number(ms === 0 ? '< 0.1 ms' : formatSpan(ms)), // it is kept in steps of that
    rich(at === null ? html`${ago}` : html`<time datetime="${at}">${ago}</time>`),
  ];
}

/** To how it is answered right now. */
function nameLink(name: string): Markup {
  const shown = withoutDot(name);
  return html`<a class="cut" href="/names?name=${encodeURIComponent(name)}" title="${shown}"><bdi>${shown}</bdi></a>`;
}

/** To what else it has asked. */
function clientLink(client: string): Markup {
  return html`<a class="cut" href="/queries?client=${encodeURIComponent(client)}" title="${client}"><bdi>${client}</bdi></a>`;
}

function transportName(transport: string): string {
  return TRANSPORT_NAMES[transport] ?? transport;
}

function oftenSection({ top: { names, clients, isExact }, log }: QueryLogReport): PageSection {
  const perName = names.map(({ name, count }): Bar => [nameLink(name), count]);
  const perClient = clients.map(({ client, count }): Bar => [clientLink(client), count]);
  const lists = [bars('name', perName), bars(log === 'full' ? 'client' : 'network', perClient)];
  return {
    id: 'often',
    title: 'What comes most often',
    note: `Of all since the log was switched on${isExact ? '' : '; at least so often'}.`,
    body:
      clients.length === 0
        ? html`<p class="empty">${NOBODY}</p>`
        : html`<div class="bar-lists">${lists}</div>`,
    isLive: true,
  };
}

const NOBODY = 'Nobody has asked anything yet.';

function outcomesSection({ queries, answers, lists }: QueriesParts['status']): PageSection {
  const { answeredBy, byRcode, dropped, blocked } = answers;
  const taken = Object.values(queries).reduce((sum, count) => sum + count, 0);
  const by = ANSWERED_BY.map((one): Bar => [html`${WHO[one]}`, answeredBy[one]]);
  const codes = [...Object.entries(byRcode), ['no response', dropped] as const];
  const sums = [
    bars('answered by', by.filter(isThere)),
    bars('response code', codes.map(([rcode, count]): Bar => [html`${rcode}`, count]).filter(isThere)),
    bars(
      'transport',
      Object.entries(queries).map(([transport, count]): Bar => [html`${transportName(transport)}`, count]),
    ),
  ];
  const ofLists =
    lists.length > 0 || blocked > 0 ? `, ${formatCount(blocked)} of them for names that a list blocks` : '';
  return {
    id: 'outcomes',
    title: 'What became of all queries',
    note: `Since the start: ${plural(taken, 'query', 'queries')}${ofLists}.`,
    body: html`<div class="bar-lists">${sums}</div>`,
    isLive: true,
  };
}

type Bar = readonly [what: Markup, count: number];

function isThere([, count]: Bar): boolean {
  return count > 0;
}

const BAR_WIDTH = 100;

/** Counts with a bar each, the longest as wide as there is room. */
function bars(what: string, rows: readonly Bar[]): Markup {
  const most = Math.max(1, ...rows.map(([, count]) => count));
  const bar = (count: number) =>
    html`<svg class="bar" viewBox="0 0 ${BAR_WIDTH} 6" preserveAspectRatio="none" aria-hidden="true"><rect class="span" width="${BAR_WIDTH}" height="6"/><rect class="part" width="${Math.round((count / most) * BAR_WIDTH * 10) / 10}" height="6"/></svg>`;
  const shown = rows.map(([name, count]) => [named(html`${name}${bar(count)}`), number(formatCount(count))]);
  return rows.length === 0 ? NOTHING : html`<div class="bar-list">${table([what, 'queries'], shown)}</div>`;
}
