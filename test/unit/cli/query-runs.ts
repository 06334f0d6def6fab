// `noonmark query` run in this process with its output caught, and what its tests share: certificates, a directory,
// our own listeners with the configuration that names them.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { commandClock } from '../../../src/cli/command-clock.ts';
import { runQuery } from '../../../src/cli/query.ts';
import type { QueryFacts } from '../../../src/cli/query-facts.ts';
import type { Clock } from '../../../src/clock/clock.ts';
import { catchOutput, type Ran } from '../../support/caught-output.ts';
import { createPki } from '../../support/pki.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { type House, startHouse } from './query-peers.ts';

/** In the certificate `good`, beside localhost and 127.0.0.1. */
export const NAME = 'dns.example';

export const directory = temporaryDirectory('query');

export const pki = createPki(directory);
export const good = pki.issue({ names: [NAME, 'localhost'], addresses: ['127.0.0.1'] });

/** Names the listeners of the last `startOurs`; its certs_dir holds the CA that `good` is from. */
export const configFile = join(directory, 'noonmark.yaml');
const certsDir = join(directory, 'certs');
export const ourCaFile = join(certsDir, 'ca.pem');
mkdirSync(certsDir);
copyFileSync(pki.rootFile, ourCaFile);

const clock = commandClock();

export async function startOurs(): Promise<House> {
  const house = await startHouse(clock, good);
  const { dns, dot, doh } = house.ports;
  const local = (port: number) => [`127.0.0.1:${port}`];
  const listen = { dns: local(dns), dot: local(dot), doh: local(doh) };
  writeFileSync(configFile, stringify({ listen, certs_dir: certsDir }));
  return house;
}

export function run(args: readonly string[], on: Clock = clock): Promise<Ran> {
  return catchOutput(() => runQuery(args, on));
}

/** The facts of --json, and the exit code. */
export async function facts(
  args: readonly string[],
  on?: Clock,
): Promise<QueryFacts & { readonly exit: number }> {
  const { code, out } = await run([...args, '--json'], on);
  return { ...(JSON.parse(out) as QueryFacts), exit: code };
}
