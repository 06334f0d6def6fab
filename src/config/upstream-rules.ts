// Upstreams from the written entries: none twice, none that is this server itself. A name without addresses is looked up
// through the other upstreams (upstream/bootstrap.ts), so that one at least has to have them.

import type { SocketAddress, UpstreamConfig } from './config.ts';
import type { NamedFiles } from './named-files.ts';
import { isOwnSocket } from './own-sockets.ts';
import type { Path, Report } from './problems.ts';
import type { UpstreamUrl } from './upstream-url.ts';
import { quote } from './value-error.ts';

/** One entry of `upstreams` whose forms are right. */
interface WrittenUpstream {
  readonly url: UpstreamUrl;
  readonly addresses?: readonly string[] | undefined;
  readonly ca_file?: string | undefined;
  readonly pins?: readonly string[] | undefined;
}

export interface UpstreamContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  /** Our own listeners. */
  readonly listen: { readonly dot: readonly SocketAddress[]; readonly doh: readonly SocketAddress[] };
}

/** `entries` by their position in the file; those with a problem in form are left out by the caller. */
export function readUpstreams(
  entries: ReadonlyMap<number, WrittenUpstream>,
  context: UpstreamContext,
  report: Report,
): UpstreamConfig[] {
  const firstAt = new Map<string, number>();
  const upstreams: UpstreamConfig[] = [];
  for (const [position, entry] of entries) {
    const path: Path = ['upstreams', position];
    const upstream = upstreamOf(entry, context);
    const place = `${entry.url.host}:${entry.url.port}${entry.url.path}`;
    const before = firstAt.get(place);
    if (before !== undefined) {
      const message = `${quote(entry.url.written)} is listed already at upstreams[${before}]; write one entry with all its addresses`;
      report.error([...path, 'url'], message);
    }
    firstAt.set(place, before ?? position);
    checkAddresses(upstream, path, context, report);
    const problem = upstream.caFile === null ? null : context.files.caProblem(upstream.caFile);
    if (problem !== null) report.error([...path, 'ca_file'], problem);
    upstreams.push(upstream);
  }
  checkAnyLocated(entries, upstreams, report);
  return upstreams;
}

/** Addresses that were learnt before do not count: a state directory can be lost, and the file is to work without it. */
function checkAnyLocated(
  entries: ReadonlyMap<number, WrittenUpstream>,
  upstreams: readonly UpstreamConfig[],
  report: Report,
): void {
  const [first] = entries;
  if (first === undefined || upstreams.some(({ addresses }) => addresses.length > 0)) return;
  const [position, { url }] = first;
  report.error(
    ['upstreams', position, 'url'],
    `${quote(url.host)} is a name, and looking it up would need an upstream whose address is known; write its addresses beside it, such as addresses: ["192.0.2.1"]`,
  );
}

function upstreamOf(
  { url, addresses = [], ca_file, pins = [] }: WrittenUpstream,
  { absolute }: UpstreamContext,
): UpstreamConfig {
  return {
    url: url.written,
    protocol: url.protocol,
    path: url.path,
    serverName: url.host,
    port: url.port,
    addresses: addresses.length === 0 && url.isAddress ? [url.host] : [...new Set(addresses)],
    caFile: ca_file === undefined ? null : absolute(ca_file),
    pins,
  };
}

function checkAddresses(
  { addresses, port, protocol }: UpstreamConfig,
  path: Path,
  { listen }: UpstreamContext,
  report: Report,
): void {
  const key = protocol === 'tls' ? 'dot' : 'doh';
  const own = addresses.find((address) => isOwnSocket(listen[key], address, port));
  if (own !== undefined) {
    report.error(
      [...path, 'url'],
      `${own} port ${port} is where this server itself listens (listen.${key}), so it would ask itself; write another resolver`,
    );
  }
}
