// The status page: one Status as HTML, without a script and without a request to any other place.
// What is wrong and what to do comes first, then the clock, then everything that it stands on.
// Pure; the style is status-page-style.ts, the drawing noonmark-drawing.ts.

import type { ClockReport, Status } from '../status/status.ts';
import {
  cacheSentence,
  formatAge,
  formatCount,
  formatInstant,
  formatLag,
  formatOffset,
  formatSince,
  forwardSentence,
  listSentence,
  mood,
  nameFileSentence,
  stateName,
  stateSentence,
} from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { certificateSection } from './certificate-section.ts';
import { html, type Markup, Markup as Raw } from './markup.ts';
import { noonmarkDrawing } from './noonmark-drawing.ts';
import {
  definitions,
  degradedSection,
  sourcesSection,
  upstreamsSection,
  witnessesSection,
} from './page-sections.ts';
import { STYLE } from './status-page-style.ts';

/** Seconds after which the browser asks again; the sources are asked far more rarely. */
export const REFRESH_SECONDS = 10;

/** A sun, so that no browser asks for a favicon. */
const ICON = `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="6" fill="#e0a526"/></svg>')}`;

/** The whole page as HTML. `isStill`: somebody asked that it does not load itself anew (WCAG 2.2, 2.2.2). */
export function statusPage(status: Status, isStill = false): string {
  const { version, uptimeMs, clock } = status;
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${clock.state} · Noonmark</title>
<link rel="icon" href="${ICON}">
<style>${new Raw(STYLE)}</style>
<header><b>Noonmark</b><span>${version}, up ${formatAge(uptimeMs)}</span></header>
<main>
<h1 class="${mood(status)}">${stateSentence(status)}</h1>
${degradedSection(status)}
${clockSection(clock)}
${sourcesSection(clock)}
${witnessesSection(clock)}
${upstreamsSection(status)}
${certificateSection(status)}
${doorsSection(status)}
</main>
${footer(status, isStill)}
</html>
`.text;
}

function clockSection(clock: ClockReport): Markup {
  return html`<section aria-labelledby="clock"><h2 id="clock">The clock</h2><div class="clock">
${noonmarkDrawing(clock)}
${definitions(clockFacts(clock))}
</div></section>`;
}

function clockFacts(clock: ClockReport): [string, string][] {
  const { now, uncertaintyMs, systemClock, systemClockOffsetMs, interval, stamp, incidents } = clock;
  const exactness = uncertaintyMs === null ? 'nobody says how exact' : `± ${formatSpan(uncertaintyMs)}`;
  const lag = systemClockOffsetMs === null ? '' : `, ${formatLag(systemClockOffsetMs)}`;
  return [
    ['state', `${stateName(clock)}; ${formatSince(clock)}`],
    ['because', clock.reason],
    ['our own time', now === null ? 'not known' : `${formatInstant(now)}, ${exactness}`],
    ['system clock', systemClock === null ? 'cannot be read' : `${formatInstant(systemClock)}${lag}`],
    ...(interval === null
      ? []
      : [
          [
            'agreed on',
            `${formatOffset(interval.fromMs)} to ${formatOffset(interval.toMs)} of our own time`,
          ] as [string, string],
        ]),
    ['not before', `${formatInstant(clock.floor)}: ${clock.floorReason}`],
    [
      'stamp',
      [stamp.at === null ? 'none' : formatInstant(stamp.at), stamp.problem ?? ''].filter(Boolean).join('; '),
    ],
    ['next round', clock.nextRoundInMs === null ? 'none is due' : `in ${formatAge(clock.nextRoundInMs)}`],
    ...incidents
      .slice(0, SHOWN_INCIDENTS)
      .map(({ agoMs, what }): [string, string] => ['incident', `${what}, ${formatAge(agoMs)} ago`]),
  ];
}

/** The page tells the latest; `noonmark time` and the API have them all. */
const SHOWN_INCIDENTS = 3;

const TRANSPORT_NAMES: Readonly<Record<string, string>> = {
  udp: 'plain DNS, UDP',
  tcp: 'plain DNS, TCP',
  dot: 'DNS over TLS',
  doh: 'DNS over HTTPS',
  admin: 'this page',
};

function doorsSection(status: Status): Markup {
  const { listening, waiting, queries, cache, lists, forwards, nameFiles } = status;
  const doors = Object.entries(listening)
    .filter(([, addresses]) => addresses.length > 0)
    .map(([transport, addresses]): [string, string] => {
      const taken = queries[transport];
      const count = taken === undefined ? '' : `; ${formatCount(taken)} queries taken`;
      return [TRANSPORT_NAMES[transport] ?? transport, `${addresses.join(', ')}${count}`];
    });
  const waits = waiting.map(({ listen, address, reason }): [string, string] => [
    'waiting',
    `${address} (${TRANSPORT_NAMES[listen] ?? listen}): ${reason}`,
  ]);
  const kept = lists.map((list): [string, string] => [`list ${list.name}`, listSentence(list)]);
  const forwarded = forwards.map((one): [string, string] => ['forwarded', forwardSentence(one)]);
  const files = nameFiles.map((one): [string, string] => [
    one.format === 'hosts' ? 'hosts' : 'leases',
    `${one.file}: ${nameFileSentence(one)}`,
  ]);
  const cached: [string, string] = ['cache', cacheSentence(cache)];
  const rows = [...doors, ...waits, ...forwarded, cached, ...kept, ...files];
  return html`<section aria-labelledby="doors"><h2 id="doors">Listening</h2>${definitions(rows)}</section>`;
}

function footer({ clock }: Status, isStill: boolean): Markup {
  const seen = clock.now === null ? 'Made at a time that is not known' : `As of ${formatInstant(clock.now)}`;
  const pace = isStill
    ? html`<a href="/">Load anew every ${REFRESH_SECONDS} s</a>`
    : html`<a href="/?still">Stop loading anew every ${REFRESH_SECONDS} s</a>`;
  return html`<footer><span>${seen}</span>${pace}<a href="/api/status">As JSON</a><a href="/metrics">As metrics</a><a href="/readyz">Ready?</a></footer>`;
}
