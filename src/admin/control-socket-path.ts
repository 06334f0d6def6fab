// Where the control socket is: known to the server that makes it and to the commands that ask it.
// A file of its own, so that a command need not load the server to find it.

import { join } from 'node:path';

/** Of a server with this state directory. */
export function controlSocketPath(stateDir: string): string {
  return join(stateDir, 'noonmark.sock');
}
