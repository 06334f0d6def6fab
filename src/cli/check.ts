// `noonmark check`: the configuration, read as `serve` would read it, with everything that is wrong at once.
// What later releases will carry out is a warning here, unless carrying on without it would do something unasked.

import { loadConfig } from '../config/load.ts';
import { type ConfigProblem, ConfigProblems, formatProblem } from '../config/problems.ts';
import { type Command, complain, EXIT, print, readArgs } from './command.ts';
import { QUICKSTART } from './quickstart.ts';

export const check: Command = {
  help: `Usage: noonmark check [--config FILE] [--json]

Reads the configuration without serving it. Every problem is printed with its file, line and key.
Exit code 0 when it can be served, with or without warnings, and 78 when it cannot.

  --config FILE   the configuration (default: the quick start's)
  --json          the result as one JSON object`,

  async run(args) {
    const { values } = readArgs(args, { config: { type: 'string' }, json: { type: 'boolean' } });
    const file = values.config ?? QUICKSTART;
    const { errors, warnings } = judge(file);
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

function judge(file: string): { errors: readonly ConfigProblem[]; warnings: readonly ConfigProblem[] } {
  try {
    return { errors: [], warnings: loadConfig(file).warnings };
  } catch (error) {
    if (error instanceof ConfigProblems) return { errors: error.problems, warnings: [] };
    throw error;
  }
}
