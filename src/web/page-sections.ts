// The parts of the status page that are lists: what is degraded, sources, witnesses, upstreams; and what all parts are
// made of. Tables keep their meaning for screen readers when a phone shows their rows as blocks, hence the roles.

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
import { html, type Markup, NOTHING, withCode } from './markup.ts';

export function degradedSection({ degraded }: Status): Markup {
  if (degraded.length === 0) return NOTHING;
  const items = degraded.map(
    (one) => html`<li><b>${capital(one.what)}</b> <span class="soft">${formatSince(one)}</span>
<p>${capital(one.evidence)}</p><p><em>Do this:</em> ${withCode(one.doThis)}</p></li>`,
  );
  return html`<section aria-labelledby="todo"><h2 id="todo">What needs attention</h2><ul class="todo">${items}</ul></section>`;
}

export function sourcesSection({ sources, lastRound, lastRoundAgoMs }: ClockReport): Markup {
  const heard =
    lastRound === null ? 'No round yet.' : `${capital(lastRound)}, ${formatAge(lastRoundAgoMs ?? 0)} ago.`;
  const rows = sources.map((source) => [
    named(source),
    number(source.offsetMs === null ? '' : formatOffset(source.offsetMs)),
    number(source.boundMs === null ? '' : `± ${formatSpan(source.boundMs)}`),
    number(source.delayMs === null ? '' : formatSpan(source.delayMs)),
    text(source.authenticated ? 'yes' : 'no'),
    source.operator === source.url ? number('') : text(source.operator),
    verdict(source, lastRoundAgoMs),
  ]);
  const head = ['source', 'offset', 'bound', 'delay', 'authenticated', 'operator', 'verdict'];
  return section('sources', 'Time sources', heard, sources.length === 0 ? NOTHING : table(head, rows));
}

function named({ url, peer }: SourceReport): Cell {
  return {
    is: 'name',
    content: url.includes(peer.replace(/:\d+$/, '')) ? html`${url}` : html`${url}<small>${peer}</small>`,
  };
}

function verdict(source: SourceReport, lastRoundAgoMs: number | null): Cell {
  const mark = sourceMark(source, lastRoundAgoMs);
  const tone = mark === '-' ? 'bad' : mark === '?' ? 'soft' : 'good';
  return {
    is: 'text',
    content: html`<span><span class="${tone}">${MARKS[mark]}</span>: ${source.reason}</span>`,
  };
}

export function witnessesSection({ witnesses }: ClockReport): Markup {
  if (witnesses.length === 0) return NOTHING;
  const rows = witnesses.map(({ who, notBefore, notAfter, agrees, lastAgoMs }) => [
    { is: 'name', content: html`${who}` } as const,
    text(`${formatDay(notBefore)} to ${formatDay(notAfter)}`),
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
  return section('witnesses', 'Witnesses', note, table(['certificate of', 'life', 'verdict', 'seen'], rows));
}

export function upstreamsSection({ upstreams }: Status): Markup {
  const rows = upstreams.map(({ url, isUsable, rttMs, answered, failed, problem }) => [
    { is: 'name', content: html`${url}` } as const,
    number(rttMs === null ? '' : formatSpan(rttMs)),
    number(formatCount(answered)),
    number(formatCount(failed)),
    {
      is: 'text',
      content: html`<span><span class="${isUsable ? 'good' : 'bad'}">${isUsable ? 'usable' : 'not usable'}</span>${problem === null ? '' : `: ${problem}`}</span>`,
    } as const,
  ]);
  const usable = upstreams.filter(({ isUsable }) => isUsable).length;
  const note =
    upstreams.length === 0
      ? 'None is configured: names of the world are not answered.'
      : `${usable} of ${plural(upstreams.length, 'upstream')} usable.`;
  const shown =
    upstreams.length === 0 ? NOTHING : table(['upstream', 'round trip', 'answered', 'failed', 'state'], rows);
  return section('upstreams', 'Upstreams', note, shown);
}

interface Cell {
  readonly is: 'name' | 'number' | 'none' | 'text';
  readonly content: Markup;
}

function text(value: string): Cell {
  return { is: 'text', content: html`${value}` };
}

function number(value: string): Cell {
  return { is: value === '' ? 'none' : 'number', content: html`${value === '' ? '–' : value}` };
}

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): Markup {
  const cell = ({ is, content }: Cell, at: number) => {
    if (is === 'name') return html`<th role="rowheader" scope="row">${content}</th>`;
    const kind = is === 'number' ? 'n' : is === 'none' ? 'none' : 't';
    return html`<td role="cell" class="${kind}" data-is="${head[at]!}">${content}</td>`;
  };
  return html`<table role="table"><thead role="rowgroup"><tr role="row">${head.map((word) => html`<th role="columnheader" scope="col">${word}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map((row) => html`<tr role="row">${row.map(cell)}</tr>`)}</tbody></table>`;
}

export function section(id: string, title: string, note: string, body: Markup): Markup {
  const remark = note === '' ? NOTHING : html`<p class="soft">${note}</p>`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${remark}${body}</section>`;
}

export function definitions(rows: readonly (readonly [term: string, text: string])[]): Markup {
  return html`<dl>${rows.map(([term, text]) => html`<dt>${term}</dt><dd>${text}</dd>`)}</dl>`;
}
