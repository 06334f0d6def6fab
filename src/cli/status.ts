// `noonmark status`: the running server in a dozen lines. What is wrong in detail is `noonmark explain`, the vote on the
// time is `noonmark time`, and certificates at length are `noonmark certificate status`.

import { directoryHost, issuanceOf, nextSentence } from '../status/certificate-words.ts';
import type { IssuanceStatus, Status } from '../status/status.ts';
import {
  cacheSentence,
  certificateSource,
  formatAge,
  formatCount,
  formatInstant,
  formatLag,
  forwardSentence,
  listSentence,
  nameFileSentence,
  paceSentence,
  plural,
  stateName,
  stateSentence,
} from '../status/words.ts';
import { formatSpan } from '../timesync/span.ts';
import type { Command } from './command.ts';
import { report } from './control.ts';
import { labelled, wrapped } from './text-columns.ts';

export const status: Command = {
  help: `Usage: noonmark status [--config FILE] [--json]

Asks the running server how it is: the time, upstreams, the certificate, where it listens, and what it has done.

  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          all of it as one JSON object (docs/api.md)

Exit codes: 0 with an answer, 69 when no server runs, 78 for a bad configuration where none runs.`,

  run: (args) => report(args, { lines: statusLines, json: (found) => found }),
};

export function statusLines(found: Status): string[] {
  const { version, uptimeMs, listening, waiting, upstreams, forwards, cache, lists, nameFiles } = found;
  const { queries, answers, degraded } = found;
  const usable = upstreams.filter(({ isUsable }) => isUsable).length;
  const doors = Object.entries(listening).filter(([, addresses]) => addresses.length > 0);
  const taken = Object.entries(queries).map(([transport, count]) => `${transport} ${formatCount(count)}`);
  const rows: [string, string][] = [
    ['running', `Noonmark ${version}, up ${formatAge(uptimeMs)}`],
    ['time', timeLine(found)],
    [
      'upstreams',
      upstreams.length === 0 ? 'none is configured' : `${usable} of ${formatCount(upstreams.length)} usable`,
    ],
    ...upstreams.flatMap(({ url, problem }): [string, string][] =>
      problem === null ? [] : [['', problem.startsWith(url) ? problem : `${url}: ${problem}`]],
    ),
    ...forwards.map((one, at): [string, string] => [at === 0 ? 'forwarded' : '', forwardSentence(one)]),
    ...certificateLines(found).map((line, at): [string, string] => [at === 0 ? 'certificate' : '', line]),
    ...doors.map(([transport, addresses], at): [string, string] => [
      at === 0 ? 'listening' : '',
      `${transport.padEnd(5)} ${addresses.join('  ')}`,
    ]),
    ...waiting.map(({ listen, address, reason }): [string, string] => [
      'waiting',
      `${address} (${listen}): ${reason}`,
    ]),
    ['cache', cacheSentence(cache)],
    ...lists.map((list, at): [string, string] => [
      at === 0 ? 'lists' : '',
      `${list.name}: ${listSentence(list)}`,
    ]),
    ...nameFiles.map((one, at): [string, string] => [
      at === 0 ? 'name files' : '',
      `${one.file}: ${nameFileSentence(one)}`,
    ]),
    ['queries', taken.join(', ')],
    ['', paceSentence(answers.live)],
  ];
  const hint =
    degraded.length === 0
      ? []
      : ['', `${plural(degraded.length, 'thing needs', 'things need')} attention: noonmark explain`];
  return [...wrapped(stateSentence(found)), '', ...labelled(rows), ...hint];
}

function timeLine({ clock }: Status): string {
  const { now, uncertaintyMs, systemClockOffsetMs } = clock;
  const parts = [
    now === null ? 'not known' : formatInstant(now),
    ...(uncertaintyMs === null ? [] : [`± ${formatSpan(uncertaintyMs)}`]),
    stateName(clock),
    ...(systemClockOffsetMs === null ? [] : [`system clock ${formatLag(systemClockOffsetMs)}`]),
  ];
  return parts.join(', ');
}

/** One for each that is served, then one for each that a CA has still to issue. */
function certificateLines({ certificates, issuances, clock }: Status): string[] {
  const served = certificates.map((certificate) => {
    const { names, notAfter, source, problem, filesProblem } = certificate;
    const issuance = source === 'acme' ? issuanceOf(certificate, issuances) : undefined;
    const from = issuance === undefined ? certificateSource(source) : directoryHost(issuance);
    const next = issuance === undefined ? '' : `; the next one ${nextInShort(issuance, clock.now)}`;
    const line = `${names.join(', ')}, until ${formatInstant(notAfter)}, from ${from}${next}`;
    return [line, ...[problem, filesProblem].filter((one) => one !== null)].join(': ');
  });
  const missing = issuances
    .filter(({ isServed }) => !isServed)
    .map(
      (one) =>
        `${one.names.join(', ')}, from ${directoryHost(one)}: not issued yet; the first one ${nextInShort(one, clock.now)}`,
    );
  const lines = [...served, ...missing];
  return lines.length === 0 ? ['none yet'] : lines;
}

/** Without its reason; `noonmark certificate status` has that. */
function nextInShort(issuance: IssuanceStatus, now: string | null): string {
  return nextSentence({ ...issuance, reason: null }, now);
}
