// `noonmark serve`: the resolver itself. Reads the configuration, starts the app, and obeys signals:
// SIGHUP reloads, SIGTERM and SIGINT drain and end. A bad file at a reload is reported and the old state stays.

import { App } from '../app.ts';
import { TrueClock } from '../clock/true-clock.ts';
import { findCircles } from '../config/circles.ts';
import type { Config } from '../config/config.ts';
import { readHostFacts } from '../config/host-facts.ts';
import { loadConfig } from '../config/load.ts';
import { ConfigProblems, formatProblem } from '../config/problems.ts';
import { interfaceAddresses } from '../listener/interfaces.ts';
import { createLog, type Log } from '../observe/log.ts';
import { type Command, complain, EXIT, print, readArgs } from './command.ts';
import { describeStart, QUICKSTART } from './quickstart.ts';

export const serve: Command = {
  help: `Usage: noonmark serve [--config FILE]

Answers queries until SIGTERM or SIGINT, then drains for at most 5 s. SIGHUP reloads the configuration and the
certificates; a bad file is reported and what was served before goes on.

  --config FILE   the configuration (default: the quick start, on loopback and high ports)

Exit codes: 0 after a signal, 75 when no listen address can ever work, 78 for a bad configuration.`,

  async run(args) {
    const { values } = readArgs(args, { config: { type: 'string' } });
    const file = values.config ?? QUICKSTART;
    const config = loadOrComplain(file);
    if (config === null) return EXIT.CONFIG;

    const clock = new TrueClock();
    const log = createLog(clock, config.log);
    surviveBugs(log);
    const app = new App({ config, clock, log });
    sayHowTimeBegins(clock, log);
    sayCircles(config, log);
    const started = app.start();
    let reloaded: Promise<unknown> = started;
    const signal = untilSignal(() => {
      reloaded = reloaded.then(() => reload(app, file, log)); // one after the other
    });
    if (!(await started)) {
      log.error('no listen address can ever work on this host; see the reasons above');
      return EXIT.NO_ADDRESS;
    }
    if (values.config === undefined || process.stdout.isTTY) print(await describeStart(app, config, clock));
    log.info('stopping', { signal: await signal });
    await app.stop();
    return EXIT.OK;
  },
};

/** Every problem to stderr, warnings too; null when the file cannot be served. */
function loadOrComplain(file: string): Config | null {
  try {
    const { config, warnings } = loadConfig(file);
    for (const warning of warnings) complain(`warning: ${formatProblem(file, warning)}`);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigProblems)) throw error;
    complain(error.message);
    return null;
  }
}

async function reload(app: App, file: string, log: Log): Promise<void> {
  try {
    const { config, warnings } = loadConfig(file);
    for (const warning of warnings) log.warn(formatProblem(file, warning));
    await app.reload(config);
    sayCircles(config, log);
  } catch (error) {
    log.error('reload failed; what was served before goes on', { reason: (error as Error).message });
  }
}

function sayHowTimeBegins({ status: { state, basis, reason } }: TrueClock, log: Log): void {
  if (state === 'untrusted') log.warn('clock untrusted: only internal names are answered', { reason });
  else log.info('clock', { state, ...(basis === null ? {} : { basis }), reason });
}

/** What would turn against us in a power cut, at each start and reload, because `check` is not always run. */
function sayCircles(config: Config, log: Log): void {
  const facts = readHostFacts(interfaceAddresses().map(({ address }) => address));
  for (const { path, message } of findCircles(config, facts)) log.warn(message, { key: path });
}

function untilSignal(onHangUp: () => void): Promise<NodeJS.Signals> {
  process.on('SIGHUP', onHangUp);
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
  });
}

/** A resolver that a whole house depends on does not die of one query: a bug is logged, the process lives. */
function surviveBugs(log: Log): void {
  const report = (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    log.error('a bug in Noonmark: please report this line', { stack });
  };
  process.on('uncaughtException', report);
  process.on('unhandledRejection', report);
}
