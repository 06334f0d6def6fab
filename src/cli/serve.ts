// `noonmark serve`: the resolver itself. Reads the configuration, starts the app, and obeys signals:
// SIGHUP reloads (reloading.ts), SIGTERM and SIGINT drain and end.

import { flushCompileCache } from 'node:module';
import { App } from '../app/app.ts';
import { TrueClock } from '../clock/true-clock.ts';
import { formatProblem } from '../config/problems.ts';
import { createLog, type Log } from '../observe/log.ts';
import { type Command, complain, EXIT, print, QUICKSTART, readArgs } from './command.ts';
import { loadOrComplain } from './read-config.ts';
import { Reloading } from './reloading.ts';

export const serve: Command = {
  help: `Usage: noonmark serve [--config FILE]

Answers queries until SIGTERM or SIGINT, then drains for at most 5 s. SIGHUP reloads the configuration, the
certificates and the lists, and so does a change of their files; a bad file is reported and what was served before goes on.

  --config FILE   the configuration (default: the quick start, on loopback and high ports)

Exit codes: 0 after a signal, 75 when no listen address can ever work, 78 for a bad configuration.`,

  async run(args) {
    const { values } = readArgs(args, { config: { type: 'string' } });
    const file = values.config ?? QUICKSTART;
    const loaded = loadOrComplain(file);
    if (loaded === null) return EXIT.CONFIG;
    const { config, warnings } = loaded;
    for (const warning of warnings) complain(`warning: ${formatProblem(file, warning)}`);

    const clock = new TrueClock();
    const logOptions = { ...config.log };
    const log = createLog(clock, logOptions);
    surviveBugs(log);
    const app = new App({ config, clock, log });
    sayHowTimeBegins(clock, log);
    const started = app.start();
    const reloading = new Reloading({ ...{ app, started, file, loaded }, ...{ clock, log, logOptions } });
    const signal = untilSignal(() => reloading.reload('signal'));
    if (!(await started)) {
      log.error('no listen address can ever work on this host; see the reasons above');
      return EXIT.NO_ADDRESS;
    }
    flushCompileCache(); // not only at the end: after a power cut there was none
    reloading.sayCircles(); // not before: its files are read at once, and nobody waits for that with a question
    if (values.config === undefined || process.stdout.isTTY) {
      const { describeStart } = await import('./quickstart.ts');
      print(await describeStart(app, config, clock));
    }
    log.info('stopping', { signal: await signal });
    reloading.close();
    await app.stop();
    return EXIT.OK;
  },
};

function sayHowTimeBegins({ status: { state, basis, reason } }: TrueClock, log: Log): void {
  if (state === 'untrusted') log.warn('clock untrusted: only internal names are answered', { reason });
  else log.info('clock', { state, ...(basis === null ? {} : { basis }), reason });
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
