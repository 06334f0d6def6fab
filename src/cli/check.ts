// `noonmark check`: the configuration, read as `serve` would read it, with everything that is wrong at once.
// Warnings are what later releases will carry out, unless carrying on without it would do something unasked, and the
// circular dependencies of this configuration on this host.

import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { type ConfigProblem, ConfigProblems, formatProblem } from '../config/problems.ts';
import { loadNtpKey } from '../timesync/ntp-key-file.ts';
import { type Command, complain, EXIT, print, QUICKSTART, readArgs } from './command.ts';
import { circlesHere } from './read-config.ts';

export const check: Command = {
  help: `Usage: noonmark check [--config FILE] [--json]

Reads the configuration without serving it. Every problem is printed with its file, line and key.
Warns of circular dependencies too: a time source that must be looked up first, sources that fail together, and what
this host itself has in resolv.conf and in the files of chrony or systemd-timesyncd.
Exit code 0 when it can be served, with or without warnings, and 78 when it cannot.

  --config FILE   the configuration (default: the quick start's)
  --json          the result as one JSON object`,

  async run(args) {
    const { values } = readArgs(args, { config: { type: 'string' }, json: { type: 'boolean' } });
    const file = values.config ?? QUICKSTART;
    const { errors, warnings } = await judge(file);
    const isUsable = errors.length === 0;
    if (values.json) {
      print(JSON.stringify({ file, ok: isUsable, errors, warnings }));
    } else {
      for (const problem of errors) complain(formatProblem(file, problem));
      for (const problem of warnings) complain(`warning: ${formatProblem(file, problem)}`);
      if (isUsable) print(`${file}: can be served${warnings.length > 0 ? ', with the warnings above' : ''}`);
    }
    return isUsable ? EXIT.OK : EXIT.CONFIG;
  },
};

interface Findings {
  readonly errors: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

async function judge(file: string): Promise<Findings> {
  try {
    const { config, warnings } = loadConfig(file);
    const circles = circlesHere(config);
    const isToldAlready = ({ path }: ConfigProblem) => warnings.some((one) => one.path.startsWith(path));
    const keys = (await keyProblems(config)).filter((problem) => !isToldAlready(problem));
    return { errors: [], warnings: [...warnings, ...keys, ...circles] };
  } catch (error) {
    if (error instanceof ConfigProblems) return { errors: error.problems, warnings: [] };
    throw error;
  }
}

/** Keys as the time sources will read them, mistakes anywhere in the file included; the server would start without them. */
async function keyProblems({ time }: Config): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const [position, { key }] of (time.sources ?? []).entries()) {
    if (key === null) continue;
    await loadNtpKey(key).catch((error: Error) => {
      problems.push({ path: `time.sources[${position}].key`, line: 0, message: error.message });
    });
  }
  return problems;
}
