// The page of now: one sentence of state, what needs attention and what to do, the traffic of the last minute, the clock, and
// everything that it stands on. Pure: a Status and figures in, a Page out; all of it is live.
// The drawing of the clock is noonmark-drawing.ts.

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
import { html, withTimes } from './markup.ts';
import { noonmarkDrawing } from './noonmark-drawing.ts';
import type { Page, PageSection } from './page.ts';
import {
  attention,
  definitions,
  sourcesSection,
  upstreamsSection,
  witnessesSection,
} from './page-sections.ts';
import { type Traffic, trafficSection } from './traffic-section.ts';
import { TRANSPORT_NAMES } from './transport-names.ts';

/** `traffic`: of the last minute; null: nothing is known of it. */
export function nowPage(status: Status, traffic: Traffic | null): Page {
  const { clock } = status;
  return {
    title: clock.state === 'synchronized' ? 'Now' : clock.state,
    lead: html`<h1 class="${mood(status)}">${withTimes(stateSentence(status))}</h1>
${attention(status)}`,
    isLeadLive: true,
    sections: [
      clockSection(clock),
      ...(traffic === null ? [] : [trafficSection(traffic, status)]),
      upstreamsSection(status),
      sourcesSection(clock),
      ...witnessesSection(clock),
      ...certificateSection(status),
      doorsSection(status),
    ],
    scripts: ['local-time.js'],
  };
}

function clockSection(clock: ClockReport): PageSection {
  const body = html`<div class="clock">
${noonmarkDrawing(clock)}
${definitions(clockFacts(clock))}
</div>`;
  return { id: 'clock', title: 'The clock', body, isLive: true };
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

function doorsSection(status: Status): PageSection {
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
  return { id: 'doors', title: 'Listening', body: definitions(rows), isLive: true };
}
