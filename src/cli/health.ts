// `noonmark health`: does the server answer? For HEALTHCHECK of a container, which runs it twice a minute and knows the
// exit codes 0 and 1. It loads little, and of the configuration it reads where the control socket is, so that a file
// that somebody is just editing does not make a server that goes on serving unhealthy.

import { controlSocketPath } from '../admin/control-socket-path.ts';
import { stateDirOf } from '../config/state-dir.ts';
import { reasonOf } from '../files/read-file.ts';
import { type AdminPlace, exchangeWithAdmin } from './admin-exchange.ts';
import { type Command, complain, EXIT, print, QUICKSTART, readArgs } from './command.ts';

export const health: Command = {
  help: `Usage: noonmark health [--config FILE] [--json]

Asks the running server for /healthz over its control socket, or where that cannot be made over its admin listener.

  --config FILE   the configuration of the server that is asked (default: the quick start's)
  --json          {"healthy": true or false, "reason": null or that sentence} on standard output

Exit codes: 0 when it answers, else 1 with a sentence that says why not.`,

  async run(args) {
    const { values } = readArgs(args, { config: { type: 'string' }, json: { type: 'boolean' } });
    const reason = await problemOf(values.config ?? QUICKSTART);
    if (values.json) print(JSON.stringify({ healthy: reason === null, reason }));
    else if (reason === null) print('ok');
    else complain(reason);
    return reason === null ? EXIT.OK : EXIT.FAILED;
  },
};

/** Why the server of this configuration is not healthy; null when it is. */
async function problemOf(file: string): Promise<string | null> {
  let socketPath: string;
  try {
    socketPath = controlSocketPath(stateDirOf(file));
  } catch (error) {
    return `${file}: ${reasonOf(error)}; name the configuration of the server with --config FILE`;
  }
  const silence = await silenceAt({ path: socketPath });
  if (silence === null) return null;
  for (const { address, port } of await adminAddresses(file)) {
    if ((await silenceAt({ host: address, port })) === null) return null;
  }
  return `no healthy server at ${socketPath}: ${silence}`;
}

/** None for a configuration that is bad. Loaded only now, for it takes longer than everything else here. */
async function adminAddresses(file: string): Promise<readonly { address: string; port: number }[]> {
  const { loadConfig } = await import('../config/load.ts');
  try {
    return loadConfig(file).config.listen.admin;
  } catch {
    return [];
  }
}

/** Null when the server answers there, else what came instead. */
async function silenceAt(place: AdminPlace): Promise<string | null> {
  try {
    const { status } = await exchangeWithAdmin(place, 'GET', '/healthz');
    return status === 200 ? null : `it answers with the HTTP status ${status}`;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return WORDS[code ?? ''] ?? message;
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing is there',
  ENOTDIR: 'nothing is there',
  ECONNREFUSED: 'nobody listens',
  EACCES: 'it may only be opened by the user that the server runs as',
};
