// What has happened as a list, the latest first, by days: each with a mark, its words, how long it lasted, and folded up
// the evidence and what was to be done. What happened while nobody knew the date says so. Pure.

import type { Incident, IncidentKind } from '../history/incident.ts';
import { isMoment } from '../history/kept-incident.ts';
import { capital, formatAge, plural } from '../status/words.ts';
import { html, type Markup, NOTHING, withCode, withTimes } from './markup.ts';

/** How somebody feels about it. */
type Tone = 'bad' | 'over' | 'good' | 'gold' | 'soft';

const MOMENT_TONES: Readonly<Partial<Record<IncidentKind, Tone>>> = {
  time: 'good',
  renewed: 'good',
  step: 'gold',
  withdrawn: 'gold',
};

/** `life`: the run of the server that this is; `isDated`: put under the heading of its day. */
export function timeline(incidents: readonly Incident[], life: number, isDated = true): Markup {
  if (!isDated) return listOf(incidents, life, isDated);
  const groups = Map.groupBy(incidents, (one) => headingOf(one, life));
  return html`${[...groups].map(([heading, group]) => html`<h3 class="day">${heading}</h3>${listOf(group, life, isDated)}`)}`;
}

function listOf(incidents: readonly Incident[], life: number, isDated: boolean): Markup {
  const sorted = [...incidents].sort(byStart);
  return html`<ol class="timeline">${sorted.map((one) => entry(one, life, isDated))}</ol>`;
}

/** Ids follow when something came to be known, which may be a moment after it began. */
function byStart(a: Incident, b: Incident): number {
  if (a.startedAt === null || b.startedAt === null) return b.id - a.id;
  return b.startedAt.localeCompare(a.startedAt) || b.id - a.id;
}

function entry(incident: Incident, life: number, isDated: boolean): Markup {
  const { id, kind, what, startedAt, isStartSure } = incident;
  const day = startedAt === null ? '' : startedAt.slice(0, 10);
  const time =
    startedAt === null
      ? NOTHING
      : html`<time datetime="${startedAt}">${isStartSure ? NOTHING : html`<span>about</span> `}${isDated ? NOTHING : html`<span>${day}</span> `}<span>${startedAt.slice(11, 19)}</span></time>`;
  const unknown =
    startedAt === null && !isDated
      ? html`<span class="soft">${undated(incident.life, life)}</span>`
      : NOTHING;
  const span = isMoment(kind) ? NOTHING : html`<span class="soft">${spanOf(incident)}</span> `;
  return html`<li id="incident-${id}" class="${toneOf(incident)}"><p>${time}<b>${capital(what)}</b> <span class="tag">${KINDS[kind] ?? kind}</span> ${span}${unknown}</p>${folded(incident)}</li>`;
}

function folded({ evidence, doThis, isOver, kind }: Incident): Markup {
  if (evidence === '' && doThis === '') return NOTHING;
  const done = isOver && !isMoment(kind) ? 'What was to be done:' : 'Do this:';
  const advice = doThis === '' ? NOTHING : html`<p><em>${done}</em> ${withCode(doThis)}</p>`;
  return html`<details${isOver ? NOTHING : html` open`}><summary>${isMoment(kind) ? 'More' : 'Evidence'}</summary><p>${withTimes(capital(evidence))}</p>${advice}</details>`;
}

function toneOf({ kind, isOver }: Incident): Tone {
  if (isMoment(kind)) return MOMENT_TONES[kind] ?? 'soft';
  return isOver ? 'over' : 'bad';
}

/** "for 3 min 5 s, over; it came back 4 times". */
function spanOf({ lastedMs, isOver, endedAt, isEndSure, returns }: Incident): Markup {
  const length = lastedMs === null ? 'for a time that is not known' : `for ${formatAge(lastedMs)}`;
  const end =
    endedAt === null
      ? html`${isOver ? 'over' : 'and still is'}`
      : html`until ${isEndSure ? '' : 'about '}<time datetime="${endedAt}">${endedAt.slice(11, 19)}</time>`;
  return html`${length}, ${end}${returns === 0 ? '' : `; it came back ${plural(returns, 'time')}`}`;
}

const KINDS: Readonly<Partial<Record<string, string>>> = {
  forward: 'forwarded zone',
  names: 'names from files',
  renewed: 'certificate',
  renewal: 'renewal',
  start: 'server',
  stop: 'server',
  time: 'clock',
  step: 'clock',
  sleep: 'machine',
  withdrawn: 'stamp',
  notify: 'notification',
  admin: 'sign-in',
};

const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function headingOf({ startedAt, isStartSure, life: own }: Incident, life: number): string {
  if (startedAt === null) return capital(undated(own, life));
  return `${isStartSure ? '' : 'About '}${WEEKDAYS[new Date(startedAt).getUTCDay()] ?? ''}, ${startedAt.slice(0, 10)}`;
}

function undated(own: number, life: number): string {
  if (own === life) return 'at a time that is not known yet';
  const which = life - own === 1 ? 'the run before this one' : `a run of this server ${life - own} runs ago`;
  return `at a time that was not known, during ${which}`;
}
