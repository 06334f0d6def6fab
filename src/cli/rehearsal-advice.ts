// What to improve before the power fails: circular dependencies, a stamp that is not there, sources and upstreams that did
// not answer while the clock was right. Pure; each sentence says what is wrong and what to do.

import type { Config } from '../config/config.ts';
import type { ConfigProblem } from '../config/problems.ts';
import type { SourceReport, Status } from '../status/status.ts';
import { capital, formatLag, unstopped } from '../status/words.ts';

/** NTP daemons keep a system clock far closer (milliseconds). */
const CLOCK_OFF_MS = 1000;

export interface AdviceInputs {
  readonly config: Pick<Config, 'time' | 'upstreams' | 'stateDir'>;
  readonly circles: readonly ConfigProblem[];
  /** The server at the end of the scenario in which the clock was right. */
  readonly control: Status;
  /** How certificates are judged here; null: as they should be. */
  readonly verificationProblem: string | null;
}

/** Sentences, in the order of their weight. */
export function rehearsalAdvice(inputs: AdviceInputs): string[] {
  const { circles } = inputs;
  const found = [
    ...nativeVerification(inputs),
    ...circles.map(({ message }) => message),
    ...stampAdvice(inputs),
    ...sourceAdvice(inputs),
    ...upstreamAdvice(inputs),
  ];
  return found.map((sentence) => `${unstopped(capital(sentence))}.`);
}

/** Why the control is no control: the system clock, which was taken for the truth, is not right. Null: nothing denies it. */
export function clockDoubt({ clock }: Pick<Status, 'clock'>): string | null {
  const { state, systemClockOffsetMs, reason } = clock;
  const sourcesSay = whatSourcesSay(clock);
  const offMs = sourcesSay ?? systemClockOffsetMs ?? 0;
  if (Math.abs(offMs) >= CLOCK_OFF_MS) {
    const against =
      sourcesSay === null ? `, as the evidence has it (${unstopped(reason)})` : ', say its time sources';
    return `This machine's own clock is ${formatLag(offMs)}${against}. Set it right and rehearse again: here it was taken for the truth.`;
  }
  if (state !== 'untrusted') return null;
  return `This machine's own clock cannot be right, and here it was taken for the truth: ${unstopped(reason)}.`;
}

/** The system clock less what most sources that answered say; null where they do not deny it. */
function whatSourcesSay({ sources, systemClockOffsetMs }: Status['clock']): number | null {
  const heard = sources.flatMap(({ offsetMs, boundMs }) =>
    offsetMs === null ? [] : [{ offMs: (systemClockOffsetMs ?? 0) - offsetMs, boundMs: boundMs ?? 0 }],
  );
  const denying = heard.filter(({ offMs, boundMs }) => Math.abs(offMs) > boundMs + CLOCK_OFF_MS);
  if (denying.length * 2 <= heard.length) return null;
  const sorted = denying.map(({ offMs }) => offMs).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function nativeVerification({ verificationProblem }: AdviceInputs): string[] {
  if (verificationProblem === null) return [];
  return [
    `certificates are judged here by Node at the system clock (${unstopped(verificationProblem)}), which a rehearsal cannot move: after a real power cut names of the world would not resolve; run the Node that this project pins (node_modules/.bin/node)`,
  ];
}

function stampAdvice({ config, control }: AdviceInputs): string[] {
  const { at, problem } = control.clock.stamp;
  if (problem !== null) return [problem];
  if (at !== null || config.time.sources?.length === 0) return [];
  return [
    `there is no stamp in ${config.stateDir} yet, so a power cut finds no time to stand on: the server writes one when its time sources agree`,
  ];
}

/** Of the built-in sources some are always out of reach, those of the other address family perhaps. */
function sourceAdvice({ config, control }: AdviceInputs): string[] {
  const { sources } = control.clock;
  const silent = sources.filter(({ lastAgoMs }) => lastAgoMs === null);
  if (config.time.sources === null) {
    if (silent.length < sources.length) return [];
    return [
      'none of the built-in time sources answers; see whether NTP and HTTPS may leave this network, or write a source by its address under time.sources',
    ];
  }
  const refused = sources.filter(({ kept, lastAgoMs }) => !kept && lastAgoMs !== null);
  return [
    ...silent.map(
      (source) => `the time source ${nameOf(source)} does not answer (${source.reason}): mend or replace it`,
    ),
    ...refused.map((source) => `the time source ${nameOf(source)} is not counted: ${source.reason}`),
  ];
}

function nameOf({ url, peer }: SourceReport): string {
  return url.includes(peer.replace(/:\d+$/, '')) ? url : `${url} (${peer})`;
}

function upstreamAdvice({ config, control }: AdviceInputs): string[] {
  if (config.upstreams.length === 0)
    return ['no upstream is configured: names of the world are never answered'];
  // While the clock is untrusted nobody is asked, and so nobody is dead.
  const dead =
    control.clock.state === 'untrusted' ? [] : control.upstreams.filter(({ isUsable }) => !isUsable);
  const hosts = [...new Set(config.upstreams.map(({ serverName }) => serverName))];
  return [
    ...dead.map(
      ({ url, problem }) => `the upstream ${url} does not work${problem === null ? '' : `: ${problem}`}`,
    ),
    ...(hosts.length > 1
      ? []
      : [
          `there is but one upstream, ${hosts[0]}: where it fails, so do all names of the world; add one of another operator`,
        ]),
  ];
}
