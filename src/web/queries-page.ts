// The page Queries: in words what is logged and who sees it, and how to change that; with the log on a filter, the latest
// queries, and what comes most often; always the sums of all. It works without a script. Names and details come from
// outside: escaped, kept apart from the direction of the text around them, and cut by the style alone.

import { ANSWERED_BY, type AnsweredBy } from '../observe/query-figures.ts';
import type { QueryEntry, QueryLogReport } from '../status/query-log-report.ts';
import type { Status } from '../status/status.ts';
import { formatAge, formatCount, formatSince, plural } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { withoutDot } from './lookup-words.ts';
import { html, type Markup, NOTHING, withCode } from './markup.ts';
import type { Page, PageSection } from './page.ts';
import { type Cell, named, number, rich, table, text } from './table.ts';

/** What the form has; parameters of /api/queries by their names. */
export const QUERY_FIELDS = ['name', 'client', 'type', 'rcode', 'answered-by'] as const;
export type QueryField = (typeof QUERY_FIELDS)[number];

export interface QueriesParts {
  readonly report: QueryLogReport;
  /** What stands in the form, as it was typed. */
  readonly typed: Readonly<Record<string, string>>;
  /** Why nothing of it can be looked for; null: it can. */
  readonly problem: string | null;
  readonly status: Pick<Status, 'queries' | 'answers'>;
}

export function queriesPage({ report, typed, problem, status }: QueriesParts): Page {
  const isOn = report.log !== 'off';
  const isWrong = problem !== null;
  return {
    title: 'Queries',
    lead: html`<h1>${HEADLINES[report.log]}</h1>${lead(report)}`,
    isLeadLive: true,
    sections: [
      ...(isOn ? [filterSection(typed, problem)] : []),
      isOn ? logSection(report, typed, problem) : switchingOn(),
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
  return html`<p>Of each query the name, the answer and ${who} are kept, ${span}: the last ${formatCount(keptMax)} in memory, ${formatCount(kept)} at this moment, and never on the disk. Besides, each is a line in the log of the server, which is kept wherever that goes. Whoever may see these pages sees them, and whoever may read that log.</p>`;
}

/** In the place of what is logged, so that a page that is open shows nothing of it any more once that is switched off. */
const LOG_ID = 'log';

function switchingOn(): PageSection {
  const words =
    'It is off unless the owner of the server switches it on. `anonymised` keeps networks (/24, /48) in place of addresses; `full` keeps addresses. In a house of several people they should know.';
  const body = html`<p>${withCode(words)}</p><pre class="copy"><code>log: {queries: anonymised}</code></pre>`;
  return { id: LOG_ID, title: 'Switching it on', body, isLive: true };
}

const SWITCHING_OFF: PageSection = {
  id: 'switch',
  title: 'Switching it off',
  body: html`<p>Written like this and saved, what is kept here is forgotten at once. Lines that the log has already stay where they are.</p><pre class="copy"><code>log: {queries: off}</code></pre>`,
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
<label>Part of the name <input name="name" value="${value('name')}" size="14" ${plain}></label>
<label>Client or network <input name="client" value="${value('client')}" size="14" ${plain}></label>
<label>Type <input name="type" value="${value('type')}" size="8" placeholder="AAAA" ${plain}></label>
<label>Response code <input name="rcode" value="${value('rcode')}" size="9" placeholder="NXDOMAIN" ${plain}></label>
<label>Answered by <select name="answered-by"><option value="">whoever</option>${options}</select></label>
<button>Show these</button>${all}
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
  failure: 'nobody',
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
  const nothing = kept === 0 ? 'Nobody has asked anything yet.' : 'None of those that are kept fits.';
  const latest =
    problem !== null
      ? NOTHING
      : entries.length === 0
        ? html`<p class="empty">${nothing}</p>`
        : html`<div class="queries">${table(HEAD, entries.map(row))}</div>`;
  return { id: LOG_ID, title: 'Latest queries', note, body: html`${latest}${tops(report)}`, isLive: true };
}

const HEAD = ['name', 'type', 'client', 'answer', 'took', 'when'];

function row(entry: QueryEntry): Cell[] {
  const { name, type, client, transport, rcode, answeredBy, detail, ms, at, agoMs } = entry;
  const ago = `${formatAge(agoMs)} ago`;
  const tone = rcode === 'NOERROR' ? 'good' : rcode === 'NXDOMAIN' ? 'soft' : 'bad';
  const why =
    detail === '' ? NOTHING : html`<small class="cut" title="${detail}"><bdi>${detail}</bdi></small>`;
  return [
    named(name === '' ? html`<span class="soft">no question</span>` : nameLink(name)),
    text(type),
    rich(html`<span><bdi>${client}</bdi> <span class="soft">${transport}</span></span>`),
    rich(html`<span><span class="${tone}">${rcode}</span>, ${WHO[answeredBy]}${why}</span>`),
    number(ms === 0 ? 'under 0.1 ms' : formatSpan(ms)), // it is kept in steps of that
    rich(at === null ? html`${ago}` : html`<time datetime="${at}">${ago}</time>`),
  ];
}

/** To how it is answered right now. */
function nameLink(name: string): Markup {
  const shown = withoutDot(name);
  return html`<a class="cut" href="/names?name=${encodeURIComponent(name)}" title="${shown}"><bdi>${shown}</bdi></a>`;
}

function tops({ top: { names, clients }, log }: QueryLogReport): Markup {
  if (clients.length === 0) return NOTHING;
  const perName = names.map(({ name, count }): Bar => [nameLink(name), count]);
  const perClient = clients.map(
    ({ client, count }): Bar => [
      html`<a class="cut" href="/queries?client=${encodeURIComponent(client)}"><bdi>${client}</bdi></a>`,
      count,
    ],
  );
  const lists = [bars('name', perName), bars(log === 'full' ? 'client' : 'network', perClient)];
  return html`<h3>What comes most often</h3><p class="soft">Of all since the log was switched on; at least so often.</p><div class="bar-lists">${lists}</div>`;
}

function outcomesSection({ queries, answers }: QueriesParts['status']): PageSection {
  const { answeredBy, byRcode, dropped, blocked } = answers;
  const taken = Object.values(queries).reduce((sum, count) => sum + count, 0);
  const by = ANSWERED_BY.map((one): Bar => [html`${WHO[one]}`, answeredBy[one]]);
  const codes = [...Object.entries(byRcode), ['no response', dropped] as const];
  const lists = [
    bars('answered by', by.filter(isThere)),
    bars('response code', codes.map(([rcode, count]): Bar => [html`${rcode}`, count]).filter(isThere)),
    bars(
      'transport',
      Object.entries(queries).map(([transport, count]): Bar => [html`${transport}`, count]),
    ),
  ];
  return {
    id: 'outcomes',
    title: 'What became of all queries',
    note: `Since the start: ${plural(taken, 'query', 'queries')}, ${formatCount(blocked)} of them for names that a list blocks.`,
    body: html`<div class="bar-lists">${lists}</div>`,
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
