#!/usr/bin/env node
// The command line: finds the command, answers --help, and turns its result into an exit code.
// `npm start` is `noonmark serve`. Each command is a file in src/cli.

import './require-node.js';
import { check } from './cli/check.ts';
import { type Command, complain, EXIT, print, UsageError } from './cli/command.ts';
import { query } from './cli/query.ts';
import { serve } from './cli/serve.ts';
import { version } from './cli/version.ts';
import { suggest } from './config/suggest.ts';

const COMMANDS: readonly Command[] = [serve, check, query, version];

const OVERVIEW = `Noonmark, an encrypted DNS resolver that keeps working when the clock is wrong.

Usage: noonmark COMMAND [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(9)} ${summary}`).join('\n')}

\`noonmark COMMAND --help\` explains each. Start with: npm start, then noonmark query nas.home.arpa`;

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    print(OVERVIEW);
    return EXIT.OK;
  }
  const command = COMMANDS.find((one) => one.name === name.replace(/^--version$/, 'version'));
  if (command === undefined) {
    const near = suggest(
      name,
      COMMANDS.map((one) => one.name),
    );
    const hint = near === undefined ? '`noonmark help` lists them all' : `did you mean \`noonmark ${near}\`?`;
    complain(`noonmark: there is no command "${name}"; ${hint}`);
    return EXIT.USAGE;
  }
  if (args.includes('--help') || args.includes('-h')) {
    print(command.help);
    return EXIT.OK;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    complain(`noonmark ${command.name}: ${error.message}; \`noonmark ${command.name} --help\` shows how.`);
    return EXIT.USAGE;
  }
}

process.exit(await main(process.argv.slice(2)));
