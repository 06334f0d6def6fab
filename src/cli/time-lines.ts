// The clock as lines for a terminal: state and time, the vote as a table, witnesses, and what bounds it all.
// Pure; it decides nothing about the time.

import type { ClockReport, SourceReport } from '../status/status.ts';
import {
  capital,
  formatAge,
  formatDay,
  formatInstant,
  formatLag,
  formatOffset,
  formatSince,
  MARKS,
  sourceMark,
  stateName,
  unstopped,
} from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { columns, labelled, wrapped } from './text-columns.ts';

export function timeLines(clock: ClockReport): string[] {
  return [
    ...wrapped(headline(clock)),
    ...wrapped(`${unstopped(capital(clock.reason))}.`),
    '',
    ...sourceLines(clock),
    '',
    ...(clock.witnesses.length === 0 ? [] : [...witnessLines(clock), '']),
    ...labelled(facts(clock)),
  ];
}

function headline(clock: ClockReport): string {
  const { now, uncertaintyMs } = clock;
  if (now === null) return `The time is not known (${stateName(clock)} ${formatSince(clock)}).`;
  const exactness = uncertaintyMs === null ? '' : ` ± ${formatSpan(uncertaintyMs)}`;
  return `${formatInstant(now)}${exactness}, ${stateName(clock)} ${formatSince(clock)}.`;
}

const HEAD = ['', 'source', 'offset', 'bound', 'delay', 'auth', 'operator', 'verdict'];

function sourceLines({ sources, lastRoundAgoMs }: ClockReport): string[] {
  if (sources.length === 0) return ['No time source is configured (docs/time.md).'];
  return columns([HEAD, ...sources.map((source) => sourceRow(source, lastRoundAgoMs))]);
}

function sourceRow(source: SourceReport, lastRoundAgoMs: number | null): string[] {
  const { url, peer, operator, authenticated, trusted, offsetMs, boundMs, delayMs, reason } = source;
  const mark = sourceMark(source, lastRoundAgoMs);
  return [
    mark,
    url.includes(peer.replace(/:\d+$/, '')) ? url : `${url} (${peer})`,
    offsetMs === null ? '' : formatOffset(offsetMs),
    boundMs === null ? '' : `± ${formatSpan(boundMs)}`,
    delayMs === null ? '' : formatSpan(delayMs),
    authenticated ? 'yes' : 'no',
    operator,
    `${MARKS[mark]}: ${reason}${trusted ? ' (trusted: it alone may decide)' : ''}`,
  ];
}

function witnessLines({ witnesses }: ClockReport): string[] {
  return columns([
    ['', 'witness', 'certificate holds', 'at our own time', 'seen'],
    ...witnesses.map(({ who, notBefore, notAfter, agrees, lastAgoMs }) => [
      agrees === null ? '?' : agrees ? '+' : '-',
      who,
      `${formatDay(notBefore)} to ${formatDay(notAfter)}`,
      agrees === null ? 'cannot be judged' : agrees ? 'holds' : 'does not hold',
      `${formatAge(lastAgoMs)} ago`,
    ]),
  ]);
}

function facts(clock: ClockReport): [string, string][] {
  const {
    systemClock,
    systemClockOffsetMs,
    interval,
    stamp,
    incidents,
    lastRound,
    lastRoundAgoMs,
    nextRoundInMs,
  } = clock;
  const lag = systemClockOffsetMs === null ? '' : `, ${formatLag(systemClockOffsetMs)}`;
  const written = stamp.at === null ? 'none' : formatInstant(stamp.at);
  return [
    ['system clock', systemClock === null ? 'cannot be read' : `${formatInstant(systemClock)}${lag}`],
    ['last round', lastRound === null ? 'none yet' : `${lastRound}, ${formatAge(lastRoundAgoMs ?? 0)} ago`],
    [
      'agreed on',
      interval === null
        ? 'nothing'
        : `${formatOffset(interval.fromMs)} to ${formatOffset(interval.toMs)} of our own time`,
    ],
    ['next round', nextRoundInMs === null ? 'none is due' : `in ${formatAge(nextRoundInMs)}`],
    ['not before', `${formatInstant(clock.floor)}: ${clock.floorReason}`],
    ['not after', formatInstant(clock.ceiling)],
    ['stamp', stamp.problem === null ? written : `${written}: ${stamp.problem}`],
    ...incidents.map(({ agoMs, what }, at): [string, string] => [
      at === 0 ? 'incidents' : '',
      `${formatAge(agoMs)} ago: ${what}`,
    ]),
  ];
}
