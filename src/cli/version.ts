// `noonmark version`: what is running, on what, and how certificates are judged.
// The first thing to ask for when somebody reports a problem; it opens no connection.

import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import { freshBundle } from '../bundle/fresh-bundle.js';
import { HARD_FLOOR_MS } from '../clock/hard-floor.ts';
import { createTlsConnector } from '../tls/connect.ts';
import { type Command, EXIT, print, readArgs } from './command.ts';
import { commandClock } from './command-clock.ts';

export const version: Command = {
  help: `Usage: noonmark version [--json]

Prints Noonmark's version, the Node that runs it, the folder that its code is from (src, or dist/… for a bundle), how
certificates of upstreams are judged here, and the date of the release, below which no clock is believed.`,

  async run(args) {
    const { values } = readArgs(args, { json: { type: 'boolean' }, config: { type: 'string' } });
    const tls = createTlsConnector({ clock: commandClock() });
    const released = new Date(HARD_FLOOR_MS).toISOString().slice(0, 10);
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const bundle = freshBundle(root); // as main.js has found a moment ago
    const code = bundle === null ? 'src' : relative(root, bundle);
    const facts = {
      version: manifest.version,
      node: process.version,
      code,
      released,
      verification: tls.verification,
    };
    if (values.json) print(JSON.stringify(facts));
    else {
      print(`noonmark ${manifest.version}, released ${released}`);
      print(`on Node ${process.version}, ${process.platform} ${process.arch}, out of ${code}`);
      print(`certificates of upstreams: ${tls.reason}`);
    }
    return EXIT.OK;
  },
};
