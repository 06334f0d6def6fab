// Everyone who is measured, in the order of the tables: Noonmark, then unbound, which is the measure, then the others.
// Who is not installed is brought by Debian's packages, without starting anything.

import { aptInstall, canAptInstall } from '../../test/install-peers.ts';
import { run } from '../../test/support/running.ts';
import { DNSDIST } from './dnsdist.ts';
import { DNSMASQ } from './dnsmasq.ts';
import { KRESD } from './kresd.ts';
import { NAMED } from './named.ts';
import { NOONMARK } from './noonmark.ts';
import type { Peer } from './peer.ts';
import { UNBOUND } from './unbound.ts';

export const PEERS: readonly Peer[] = [NOONMARK, UNBOUND, DNSDIST, KRESD, NAMED, DNSMASQ];
/** Whose CPU per query is 1. */
export const MEASURE = UNBOUND;

/** unbound is always needed: it is the upstream, too. */
const TOOLS = { dnsperf: 'dnsperf', h2load: 'nghttp2-client', taskset: 'util-linux', unbound: 'unbound' };

/** @throws Error with the line to type, where something is missing that cannot be installed here */
export async function needPrograms(peers: readonly Peer[]): Promise<void> {
  const packages: Record<string, string> = Object.assign({}, TOOLS, ...peers.map((peer) => peer.packages));
  const missing = async () => {
    const found = await Promise.all(Object.keys(packages).map((command) => run('which', [command])));
    return Object.keys(packages).filter((_, at) => found[at]!.code !== 0);
  };
  const absent = await missing();
  if (absent.length === 0) return;
  const wanted = [...new Set(absent.map((command) => packages[command]!))];
  if (canAptInstall) {
    console.error(`Installing ${wanted.join(' ')}`);
    aptInstall(wanted);
  }
  const still = await missing();
  if (still.length > 0) {
    throw new Error(
      `missing: ${still.join(', ')}. Type: sudo apt-get install --no-install-recommends ${wanted.join(' ')}`,
    );
  }
}
