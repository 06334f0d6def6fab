// `noonmark explain`: for a tired person at three in the morning. What is degraded, since when, on what evidence, what
// still works, what to do now; and when nothing is, what would happen if the power failed now.

import { designationSentences } from '../status/designation.ts';
import type { Degraded, Status } from '../status/status.ts';
import {
  afterPowerCut,
  capital,
  formatSince,
  stateSentence,
  type Works,
  whatWorks,
} from '../status/words.ts';
import type { Command } from './command.ts';
import { report } from './control.ts';
import { labelled, wrapped } from './text-columns.ts';

export const explain: Command = {
  help: `Usage: noonmark explain [--config FILE] [--json]

Asks the running server what does not work as it should, since when, on what evidence, what still works, and what to do.

  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          the same as one JSON object

Exit codes: 0 with an answer, whatever it is, 69 when no server runs, 78 for a bad configuration where none
runs.`,

  run: (args) => report(args, { lines: explainLines, json: explanation }),
};

export interface Explanation extends Works {
  /** The one sentence of state. */
  readonly state: string;
  readonly degraded: readonly Degraded[];
  /** What would happen after a power cut now. */
  readonly afterPowerCut: string;
  /** What devices learn that look for encrypted DNS by themselves; empty where none is served. */
  readonly discovery: readonly string[];
}

export function explanation(status: Status): Explanation {
  return {
    state: stateSentence(status),
    degraded: status.degraded,
    ...whatWorks(status),
    afterPowerCut: afterPowerCut(status),
    discovery: designationSentences(status).map(capital),
  };
}

export function explainLines(status: Status): string[] {
  const { state, degraded, works, waits, afterPowerCut, discovery } = explanation(status);
  const found = degraded.flatMap(({ what, evidence, doThis, ...since }, at) => [
    '',
    ...wrapped(degraded.length === 1 ? capital(what) : `${at + 1}. ${capital(what)}`),
    ...labelled(
      [
        ['since', formatSince(since).replace(/^since /, '')],
        ['evidence', evidence],
        ['do this', doThis],
      ],
      '   ',
    ),
  ]);
  const now =
    degraded.length === 0 && waits.length === 0
      ? wrapped(afterPowerCut)
      : [...listed('still works', works), ...listed('does not', waits)];
  const learnt = discovery.flatMap((sentence) => ['', ...wrapped(`${sentence}.`)]);
  return [...wrapped(state), ...found, '', ...now, ...learnt];
}

function listed(label: string, items: readonly string[]): string[] {
  return labelled(
    items.map((item, at) => [(at === 0 ? label : '').padEnd('still works'.length), item] as const),
  );
}
