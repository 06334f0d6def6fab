// Noonmark as it is shipped: access list, limits, counts, history, the admin listener with its metrics. The only limits that
// are moved are those that a single machine that plays a thousand clients would reach.

import { join } from 'node:path';
import { stringify } from 'yaml';
import { MAIN_FILE, NODE } from '../../test/support/noonmark.ts';
import { run } from '../../test/support/running.ts';
import { DOH_PATH, UPSTREAM_NAME } from '../upstream.ts';
import type { Peer, Setting } from './peer.ts';
import { versionOf } from './version.ts';

/** What the cache counts for an answer with one record (docs/performance.md), generously. */
const OCTETS_A_NAME = 256;
const LEAST_CACHE_MIB = 64;
const MIB = 2 ** 20;

export const NOONMARK: Peer = {
  name: 'noonmark',
  title: 'Noonmark',
  packages: {},
  doors: ['UDP', 'DoT', 'DoH'],
  forwards: ['DoT', 'DoH'],
  version: () => versionOf(NODE, MAIN_FILE, 'version'),
  fileName: 'noonmark.yaml',
  command: (file) => [NODE, MAIN_FILE, 'serve', '--config', file],
  readyLine: / info +ready\b/,
  configuration: (setting) => stringify(noonmarkConfig(setting)),
  refusal: refusalOfWorkers,
};

/** Threads came later than the rest: a release without them is not asked for two. */
async function refusalOfWorkers(file: string, { threads }: Setting): Promise<string | null> {
  if (threads === 1) return null;
  const { code } = await run(NODE, [MAIN_FILE, 'check', '--config', file]);
  return code === 0 ? null : 'this release has no `workers`';
}

export function noonmarkConfig(setting: Setting) {
  const { home, ports, certificate, rootFile, upstream, forwarding, roomForNames, threads } = setting;
  const at = (port: number) => [`127.0.0.1:${port}`];
  const url =
    forwarding === 'DoH'
      ? `https://${UPSTREAM_NAME}:${upstream.doh}${DOH_PATH}`
      : `tls://${UPSTREAM_NAME}:${upstream.dot}`;
  return {
    listen: { dns: at(ports.dns), dot: at(ports.dot), doh: at(ports.doh), admin: at(ports.admin) },
    time: { sources: [] },
    upstreams: [{ url, addresses: ['127.0.0.1'], ca_file: rootFile }],
    zones: { 'home.arpa': { records: ['nas A 192.168.1.20'] } },
    certificate: { files: { certificate: certificate.certificateFile, key: certificate.keyFile } },
    cache: { max_bytes: `${Math.max(LEAST_CACHE_MIB, Math.ceil((roomForNames * OCTETS_A_NAME) / MIB))}MiB` },
    limits: {
      connections_per_client: 1000,
      handshakes_per_client: 100_000,
      udp_queries_per_client: 10_000_000,
    },
    ...(threads > 1 ? { workers: threads } : {}),
    certs_dir: join(home, 'certs'),
    state_dir: join(home, 'state'),
    log: { level: 'info' },
  };
}
