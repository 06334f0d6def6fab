// A real Knot Resolver as a DoH upstream: HTTP/2 under a certificate of the test's own CA, one zone that it answers
// itself, NXDOMAIN for all else, and a log of every query that reached it. It asks nobody.
// Debian's 5.6.0 offers h2 only; what it would ask of its own accord (priming, the date of the root's signature) is off.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-ports.ts';
import { start } from '../running.ts';
import { temporaryDirectory } from '../temporary-directory.ts';
import { DOH_PATH } from './dnsdist.ts';
import { WILD_ADDRESS, WILD_ZONE } from './unbound.ts';

export interface KresdOptions {
  readonly certificateFile: string;
  readonly keyFile: string;
  /** Default: a free one. */
  readonly port?: number;
}

export interface Kresd extends AsyncDisposable {
  readonly port: number;
  readonly pid: number;
  /** Names of the queries that arrived, lower case, without the last dot, with their type: "a.example A". */
  queries(): string[];
  signal(signal: NodeJS.Signals): void;
  stop(): Promise<unknown>;
}

/** Resolves once it listens. */
export async function startKresd(options: KresdOptions): Promise<Kresd> {
  const port = options.port ?? (await freePort());
  const directory = temporaryDirectory('kresd');
  const configFile = join(directory, 'kresd.conf');
  writeFileSync(configFile, configuration(options, port));
  const kresd = start('kresd', ['-n', '-c', configFile, directory]);
  await kresd.waitForLine(/^listening$/);
  return {
    port,
    pid: kresd.pid,
    queries: () => kresd.lines.flatMap(queryOf),
    signal: kresd.signal,
    stop: kresd.stop,
    [Symbol.asyncDispose]: async () => void (await kresd.stop()),
  };
}

/** "query a.example. A" */
function queryOf(line: string): string[] {
  const [, name, type] = /^query (\S*)\. (\S+)$/.exec(line) ?? [];
  return name === undefined ? [] : [`${name.toLowerCase()} ${type}`];
}

/** Policies are tried in turn: the first one writes the query down and leaves it to the others. */
function configuration({ certificateFile, keyFile }: KresdOptions, port: number): string {
  return `
for _, name in ipairs({'ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump'}) do
  modules.unload(name)
end
trust_anchors.remove('.')
cache.size = 10 * MB
net.tls('${certificateFile}', '${keyFile}')
policy.add(function (_, query)
  io.stdout:write('query ', kres.dname2str(query.sname), ' ', kres.tostring.type[query.stype], '\\n')
  io.stdout:flush()
end)
local wild = { [kres.type.A] = { rdata = kres.str2ip('${WILD_ADDRESS}'), ttl = 60 } }
policy.add(policy.suffix(policy.ANSWER(wild, true), { todname('${WILD_ZONE}') }))
policy.add(policy.all(policy.DENY))
net.listen('127.0.0.1', ${port}, { kind = 'doh2' }) -- at ${DOH_PATH} (and /doh)
io.stdout:write('listening\\n')
io.stdout:flush()
`;
}
