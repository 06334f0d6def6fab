// A rehearsal as text for a tired person: is this good enough, a table, what a household would notice, what to improve.
// Pure; what is good enough is decided in rehearsal-run.ts.

import { formatCount, formatInstant, plural, stateName } from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import { type Outcome, WORLD_WITHIN_MS } from './rehearsal-scenarios.ts';
import { columns, labelled, wrapped } from './text-columns.ts';

/** A delay that a person notices (milliseconds). */
const NOTICED_MS = 1000;
/** Our own time may be this far off before anybody cares: certificates are judged by it, nothing else (milliseconds). */
const ERROR_TOLD_MS = 60_000;

export interface RehearsalReport {
  /** Every scenario went well enough, and the rehearsal could tell. */
  readonly ready: boolean;
  /** What the machine's clock said at the beginning, RFC 3339: taken for the true time. */
  readonly trueTime: string;
  /** Why that was not the true time; null: nothing denies it. */
  readonly doubt: string | null;
  readonly scenarios: readonly Outcome[];
  readonly improve: readonly string[];
}

export function rehearsalLines(report: RehearsalReport): string[] {
  const { doubt, scenarios, improve } = report;
  return [
    ...(doubt === null ? [] : [...wrapped(doubt), '']),
    ...wrapped(verdict(report)),
    '',
    ...columns([HEAD, ...scenarios.map(row)]),
    '',
    'What a household would notice',
    ...labelled(
      scenarios.map((outcome) => [outcome.title, notice(outcome, doubt === null)] as const),
      '  ',
    ),
    '',
    ...toldLines(scenarios),
    improve.length === 0 ? 'There is nothing to improve.' : 'What to improve',
    ...labelled(
      improve.map((sentence, at) => [`${at + 1}.`, sentence] as const),
      '  ',
    ),
    '',
    ...wrapped(
      `Taken for the true time: this machine's own clock, ${formatInstant(report.trueTime)} at the beginning. Seconds count from the start of the server, or from the step.`,
    ),
  ];
}

function verdict({ ready, scenarios }: RehearsalReport): string {
  const failed = scenarios.filter(({ works }) => !works).length;
  const within = `${WORLD_WITHIN_MS / 1000} s`;
  if (ready) return `Ready: in all ${scenarios.length} scenarios names are answered within ${within}.`;
  if (failed === 0) return 'Not ready: this rehearsal cannot tell, see below.';
  return `Not ready: in ${failed} of ${plural(scenarios.length, 'scenario')} names are not answered within ${within}.`;
}

const HEAD = ['', 'scenario', 'internal names', 'the world', 'the clock at the end'];

function row({ title, isStepped, works, internal, world, clock }: Outcome): string[] {
  const worldWords = world?.afterMs === 0 ? 'never stops' : formatWait(world?.afterMs ?? null);
  return [
    works ? 'ok' : 'NO',
    title,
    houseWords(internal, isStepped),
    world === null ? 'no upstream' : worldWords,
    stateName(clock),
  ];
}

function houseWords({ afterMs, asked, lost }: Outcome['internal'], isStepped: boolean): string {
  if (lost > 0) return `${lost} of ${asked} lost`;
  return isStepped && afterMs !== null ? 'none lost' : formatWait(afterMs);
}

/** "0.02 s": one unit for the column, two digits. */
function formatWait(afterMs: number | null): string {
  return afterMs === null ? 'never' : `${(afterMs / 1000).toFixed(2)} s`;
}

/** What people in the house would see; and how wrong our own time is, where the true one is known. */
function notice(outcome: Outcome, knowsTruth: boolean): string {
  const { internal, world, clock } = outcome;
  const { afterMs, asked, lost } = internal;
  if (afterMs === null) {
    const others = world?.afterMs === null ? 'neither internal names nor others' : 'no internal names';
    return `Nothing in the house has a name any more: ${others} are answered.`;
  }
  const house = lost > 0 ? `${plural(lost, 'internal answer')} of ${formatCount(asked)} got lost.` : '';
  const error = world !== null && knowsTruth ? errorNotice(clock.errorMs) : '';
  return [house, worldNotice(outcome), error].filter((sentence) => sentence !== '').join(' ');
}

function worldNotice({ isStepped, internal, world, clock }: Outcome): string {
  if (world === null) return 'Internal names work; there are no others.';
  const { afterMs } = world;
  if (afterMs === null)
    return clock.state === 'untrusted'
      ? 'Internal names work, pages do not load, until a time source answers or somebody sets the clock.'
      : 'Internal names work, pages do not load: no upstream can be used at the time that the server goes by.';
  if (afterMs < NOTICED_MS) return internal.lost > 0 ? '' : 'Nothing.';
  const until = `until ${formatSpan(afterMs)} after the ${isStepped ? 'step' : 'start'}`;
  return afterMs <= WORLD_WITHIN_MS
    ? `Pages load a moment late, ${until}.`
    : `Pages do not load ${until}; internal names work.`;
}

function errorNotice(errorMs: number | null): string {
  if (errorMs === null || Math.abs(errorMs) < ERROR_TOLD_MS) return '';
  const direction = errorMs < 0 ? 'behind' : 'ahead of';
  return `The server goes by a time ${formatSpan(errorMs)} ${direction} the true one, and judges certificates by it.`;
}

/** Where pages do not load for longer than they may: what a client can read in the answers it gets instead. */
function toldLines(scenarios: readonly Outcome[]): string[] {
  const kept = scenarios.flatMap(({ title, world }) => {
    const isLate = world !== null && (world.afterMs === null || world.afterMs > WORLD_WITHIN_MS);
    return isLate ? [{ title, told: world.told.at(-1) ?? 'nothing: their queries get no answer' }] : [];
  });
  if (kept.length === 0) return [];
  const rows = kept.map(
    ({ title, told }, at) => [title, told === kept[at - 1]?.told ? 'the same' : told] as const,
  );
  return ['What clients are told meanwhile', ...labelled(rows, '  '), ''];
}
