// The command line: finds the command, answers --help, and turns its result into an exit code.
// `npm start` is `noonmark serve`. Each command is a file of this folder.

import { type Command, complain, EXIT, print, UsageError } from './command.ts';

/** Loaded one at a time, so that `serve` does not wait for what `query` needs. */
const COMMANDS: Readonly<
  Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>
> = {
  serve: {
    summary: 'answer queries (what `npm start` does)',
    load: async () => {
      (await import('../app/lean-memory.ts')).leanHeap();
      return (await import('./serve.ts')).serve;
    },
  },
  check: {
    summary: 'read a configuration and say everything that is wrong with it',
    load: async () => (await import('./check.ts')).check,
  },
  status: {
    summary: 'how the running server is: one screen',
    load: async () => (await import('./status.ts')).status,
  },
  explain: {
    summary: 'what is wrong, since when, and what to do',
    load: async () => (await import('./explain.ts')).explain,
  },
  time: {
    summary: 'what time it is, and who says so',
    load: async () => (await import('./time.ts')).time,
  },
  rehearse: {
    summary: 'what this configuration would do after a power cut',
    load: async () => (await import('./rehearse.ts')).rehearse,
  },
  query: {
    summary: 'ask this or any other server, over any transport',
    load: async () => (await import('./query.ts')).query,
  },
  health: {
    summary: 'does the server answer: exit code 0 or 1, for containers',
    load: async () => (await import('./health.ts')).health,
  },
  certificate: {
    summary: 'how certificates stand, and a new one now: certificate renew --now',
    load: async () => (await import('./certificate.ts')).certificate,
  },
  profile: {
    summary: 'set up a phone: profile apple, profile android',
    load: async () => (await import('./profile.ts')).profile,
  },
  cache: {
    summary: 'forget answers of the running server: cache flush NAME',
    load: async () => (await import('./cache.ts')).cache,
  },
  notify: {
    summary: 'try out who is told of troubles: notify test',
    load: async () => (await import('./notify.ts')).notify,
  },
  password: {
    summary: 'make the password to the pages',
    load: async () => (await import('./password.ts')).password,
  },
  version: {
    summary: 'what is running, on what',
    load: async () => (await import('./version.ts')).version,
  },
};

const OVERVIEW = `Noonmark, an encrypted DNS resolver that keeps working when the clock is wrong.

Usage: noonmark COMMAND [options]

${Object.entries(COMMANDS)
  .map(([name, { summary }]) => `  ${name.padEnd(11)} ${summary}`)
  .join('\n')}

\`noonmark COMMAND --help\` explains each. Start with: npm start, then noonmark query nas.home.arpa`;

export async function commandLine([name, ...args]: readonly string[]): Promise<number> {
  if (name === '--version') return commandLine(['version']);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    print(OVERVIEW);
    return EXIT.OK;
  }
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const { suggest } = await import('../config/suggest.ts');
    const near = suggest(name, Object.keys(COMMANDS));
    const hint = near === undefined ? '`noonmark help` lists them all' : `did you mean \`noonmark ${near}\`?`;
    complain(`noonmark: there is no command "${name}"; ${hint}`);
    return EXIT.USAGE;
  }
  const command = await entry.load();
  if (args.includes('--help') || args.includes('-h')) {
    print(command.help);
    return EXIT.OK;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const end = error.message.endsWith('?') ? '' : ';';
    complain(`noonmark ${name}: ${error.message}${end} \`noonmark ${name} --help\` shows how.`);
    return EXIT.USAGE;
  }
}
