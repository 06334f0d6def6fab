// The parts of the page of now that are lists: what needs attention, time sources, witnesses, upstreams; and what several
// pages are made of.

import type { ClockReport, SourceReport, Status } from '../status/status.ts';
import {
  capital,
  formatAge,
  formatCount,
  formatDay,
  formatOffset,
  formatSince,
  MARKS,
  plural,
  sourceMark,
} from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { html, type Markup, NOTHING, withCode, withTimes } from './markup.ts';
import type { PageSection } from './page.ts';
import { type Cell, named, number, rich, table, text } from './table.ts';

/** What needs attention, as cards; nothing where nothing does. */
export function attention({ degraded }: Pick<Status, 'degraded'>): Markup {
  if (degraded.length === 0) return NOTHING;
  const items = degraded.map(
    (one) => html`<li><b>${capital(one.what)}</b> <span class="soft">${withTimes(formatSince(one))}</span>
<p>${withTimes(capital(one.evidence))}</p><p><em>Do this:</em> ${withCode(one.doThis)}</p></li>`,
  );
  return html`<section aria-labelledby="todo"><h2 id="todo">What needs attention</h2><ul class="todo">${items}</ul></section>`;
}

export function sourcesSection({ sources, lastRound, lastRoundAgoMs }: ClockReport): PageSection {
  const heard =
    lastRound === null ? 'No round yet.' : `${capital(lastRound)}, ${formatAge(lastRoundAgoMs ?? 0)} ago.`;
  const rows = sources.map((source) => [
    named(sourceName(source)),
    number(source.offsetMs === null ? '' : formatOffset(source.offsetMs)),
    number(source.boundMs === null ? '' : `± ${formatSpan(source.boundMs)}`),
    number(source.delayMs === null ? '' : formatSpan(source.delayMs)),
    text(source.authenticated ? 'yes' : 'no'),
    source.operator === source.url ? number('') : text(source.operator),
    verdict(source, lastRoundAgoMs),
  ]);
  const head = ['source', 'offset', 'bound', 'delay', 'authenticated', 'operator', 'verdict'];
  const body = sources.length === 0 ? NOTHING : table(head, rows);
  return { id: 'sources', title: 'Time sources', note: heard, body, isLive: true };
}

function sourceName({ url, peer }: SourceReport): Markup {
  return url.includes(peer.replace(/:\d+$/, '')) ? html`${url}` : html`${url}<small>${peer}</small>`;
}

function verdict(source: SourceReport, lastRoundAgoMs: number | null): Cell {
  const mark = sourceMark(source, lastRoundAgoMs);
  const tone = mark === '-' ? 'bad' : mark === '?' ? 'soft' : 'good';
  return rich(html`<span><span class="${tone}">${MARKS[mark]}</span>: ${withTimes(source.reason)}</span>`);
}

export function witnessesSection({ witnesses }: ClockReport): PageSection[] {
  if (witnesses.length === 0) return [];
  const rows = witnesses.map(({ who, notBefore, notAfter, agrees, lastAgoMs }) => [
    named(html`${who}`),
    rich(html`<span>${withTimes(`${formatDay(notBefore)} to ${formatDay(notAfter)}`)}</span>`),
    text(
      agrees === null
        ? 'cannot be judged'
        : agrees
          ? 'holds at our own time'
          : 'does not hold at our own time',
    ),
    text(`${formatAge(lastAgoMs)} ago`),
  ]);
  const note =
    'Certificates seen: the true time should lie within their lives. They veto a time and never set one.';
  const body = table(['certificate of', 'life', 'verdict', 'seen'], rows);
  return [{ id: 'witnesses', title: 'Witnesses', note, body, isLive: true }];
}

export function upstreamsSection({ upstreams }: Status): PageSection {
  const rows = upstreams.map(({ url, isUsable, rttMs, answered, failed, problem }) => [
    named(html`${url}`),
    number(rttMs === null ? '' : formatSpan(rttMs)),
    number(formatCount(answered)),
    number(succeeded({ answered, failed })),
    rich(
      html`<span><span class="${isUsable ? 'good' : 'bad'}">${isUsable ? 'usable' : 'not usable'}</span>${problem === null ? '' : `: ${problem}`}</span>`,
    ),
  ]);
  const usable = upstreams.filter(({ isUsable }) => isUsable).length;
  const note =
    upstreams.length === 0
      ? 'None is configured: names of the world are not answered.'
      : `${usable} of ${plural(upstreams.length, 'upstream')} usable.`;
  const shown =
    upstreams.length === 0
      ? NOTHING
      : table(['upstream', 'round trip', 'answered', 'success', 'verdict'], rows);
  return { id: 'upstreams', title: 'Upstreams', note, body: shown, isLive: true };
}

/** "99.8 %" of the exchanges brought an answer; empty before the first. */
function succeeded({ answered, failed }: { answered: number; failed: number }): string {
  const all = answered + failed;
  if (all === 0) return '';
  return failed === 0 ? '100 %' : `${Math.min(99.9, (answered / all) * 100).toFixed(1)} %`;
}

export function definitions(rows: readonly (readonly [term: string, text: string])[]): Markup {
  return html`<dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${withTimes(text)}</dd>`)}</dl>`;
}
