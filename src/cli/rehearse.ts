// `noonmark rehearse`: what this very configuration would do on this host after a power cut, learnt before it. Each
// scenario of rehearsal-scenarios.ts is played with the real upstreams and time sources, one after the other.
// It may run beside the server: it takes other ports and writes nothing that stays.

import { thisMachine } from '../clock/machine.ts';
import type { Config } from '../config/config.ts';
import { addressesOf, isOfThisNetwork } from '../config/time-rules.ts';
import { rfc3339 } from '../status/clock-report.ts';
import type { Status } from '../status/status.ts';
import { createTlsConnector } from '../tls/connect.ts';
import { type Command, complain, EXIT, print, readArgs } from './command.ts';
import { commandClock } from './command-clock.ts';
import { CONTROL_OPTIONS, printLines } from './control.ts';
import { circlesHere, loadOrComplain } from './read-config.ts';
import { clockDoubt, rehearsalAdvice } from './rehearsal-advice.ts';
import { type RehearsalReport, rehearsalLines } from './rehearsal-report.ts';
import { rehearseScenario } from './rehearsal-run.ts';
import { type Outcome, SCENARIOS } from './rehearsal-scenarios.ts';
import { wrapped } from './text-columns.ts';

/** Servers of other people are asked at each start, no more often than NIST allows (tf.nist.gov/tf-cgi/servers.cgi). */
const STARTS_APART_MS = 4000;

export const rehearse: Command = {
  help: `Usage: noonmark rehearse [--config FILE] [--json]

Plays a power cut with this configuration: starts the server on loopback ports while a simulated system clock says 1970,
a year ago, 2045, or is set back, asks it names of the house and of the world, and says what people would notice and what
to improve. The real system clock, the certificates and the state of the server stay as they are; it may run meanwhile.

It really asks the configured upstreams and time sources, as ${SCENARIOS.length} starts would: some seconds, two minutes at most where
nobody answers.

  --config FILE   the configuration (default: the quick start's)
  --json          the result as one JSON object

Exit codes: 0 when in every scenario internal names work and the world works within 5 s, 1 when not, 78 for a bad
configuration. Ctrl+C stops it.`,

  async run(args) {
    const { values } = readArgs(args, CONTROL_OPTIONS);
    const config = loadOrComplain(values.config)?.config;
    if (config === undefined) return EXIT.CONFIG;
    const warning = `Rehearsing with ${config.file}, ${SCENARIOS.length} times: its upstreams and time sources are really asked. This takes some seconds, two minutes at most where nobody answers; nothing is changed, and Ctrl+C stops it.`;
    complain([...wrapped(warning), ''].join('\n'));
    const report = await untilInterrupted((signal) => rehearseAll(config, signal));
    showProgress('');
    if (report === null) {
      complain('Stopped; nothing was changed.');
      return EXIT.FAILED;
    }
    if (values.json) print(JSON.stringify(report, null, 2));
    else printLines(rehearsalLines(report));
    return report.ready ? EXIT.OK : EXIT.FAILED;
  },
};

async function rehearseAll(config: Config, signal: AbortSignal): Promise<RehearsalReport> {
  const trueTime = rfc3339(thisMachine.systemClock())!;
  const pauseMs = asksOthers(config) ? STARTS_APART_MS : 0;
  const scenarios: Outcome[] = [];
  let control: Status | null = null;
  for (const [at, scenario] of SCENARIOS.entries()) {
    if (at > 0) await pause(pauseMs, signal);
    showProgress(`${at + 1} of ${SCENARIOS.length}: ${scenario.title}`);
    const { outcome, status } = await rehearseScenario(scenario, config, signal);
    control ??= status;
    scenarios.push(outcome);
  }
  const tls = createTlsConnector({ clock: commandClock() });
  const verificationProblem = tls.verification === 'openssl' ? null : tls.reason;
  return {
    ready: scenarios.every(({ works }) => works) && verificationProblem === null,
    trueTime,
    doubt: clockDoubt(control!),
    scenarios,
    improve: rehearsalAdvice({
      config,
      circles: circlesHere(config),
      control: control!,
      verificationProblem,
    }),
  };
}

/** NTP servers beyond this network; HTTPS servers do not count questions. */
function asksOthers({ time }: Config): boolean {
  if (time.sources === null) return true;
  return time.sources.some((source) => {
    const addresses = addressesOf(source);
    return source.protocol === 'ntp' && (addresses.length === 0 || !addresses.every(isOfThisNetwork));
  });
}

/** One line that replaces itself, where somebody is looking. */
function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = thisMachine.after(ms, resolve);
    const stop = () => {
      timer.cancel();
      reject(signal.reason);
    };
    signal.addEventListener('abort', stop, { once: true });
  });
}

/** What the work comes to; null when it was interrupted, and has ended for that. A second Ctrl+C ends the process. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | null> {
  const interruption = new AbortController();
  const { signal } = interruption;
  const interrupt = () => interruption.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, interrupt);
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return null;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeListener(name, interrupt);
  }
}
