// Time sources from the written entries: none twice, none that is this server itself, a key only where NTP can use it and
// its file has it. What the sources are worth together, and what they hang on, is in circles.ts.

import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { SocketAddress, TimeKey, TimeSourceConfig } from './config.ts';
import type { NamedFiles } from './named-files.ts';
import { isOwnSocket } from './own-sockets.ts';
import type { Path, Report } from './problems.ts';
import { formatSocketAddress } from './socket-address.ts';
import type { TimeSourceUrl } from './time-url.ts';
import { quote } from './value-error.ts';

/** One entry of `time.sources` whose forms are right. */
interface WrittenTimeSource {
  readonly url: TimeSourceUrl;
  readonly addresses?: readonly string[] | undefined;
  readonly key?: TimeKey | undefined;
  readonly ca_file?: string | undefined;
  readonly pins?: readonly string[] | undefined;
  readonly operator?: string | undefined;
  readonly prefer?: boolean | undefined;
  readonly trusted?: boolean | undefined;
}

export interface TimeContext {
  /** Makes a written path absolute. */
  readonly absolute: (path: string) => string;
  readonly files: NamedFiles;
  /** Our own listeners. */
  readonly listen: { readonly ntp: readonly SocketAddress[]; readonly doh: readonly SocketAddress[] };
}

/** `entries` by their position in the file; those with a problem in form are left out by the caller. */
export function readTimeSources(
  entries: ReadonlyMap<number, WrittenTimeSource>,
  context: TimeContext,
  report: Report,
): TimeSourceConfig[] {
  const firstAt = new Map<string, number>();
  const sources: TimeSourceConfig[] = [];
  let preferredAt: number | undefined;
  for (const [position, entry] of entries) {
    const path: Path = ['time', 'sources', position];
    const source = sourceOf(entry, context);
    checkTwice(source, position, firstAt, report);
    checkNotOwn(source, path, context, report);
    checkForms(source, path, report);
    checkFiles(source, path, context.files, report);
    if (source.prefer && preferredAt !== undefined) {
      const message = `time.sources[${preferredAt}] is preferred already, and one offset alone is used; keep one of them`;
      report.warning([...path, 'prefer'], message);
    }
    if (source.prefer) preferredAt ??= position;
    sources.push(source);
  }
  return sources;
}

function sourceOf(entry: WrittenTimeSource, { absolute }: TimeContext): TimeSourceConfig {
  const {
    url,
    addresses,
    key,
    ca_file: caFile,
    pins = [],
    operator,
    prefer = false,
    trusted = false,
  } = entry;
  return {
    url: url.written,
    protocol: url.protocol,
    host: url.host,
    isAddress: url.isAddress,
    port: url.port,
    path: url.path,
    addresses: [...new Set(addresses)],
    key: key === undefined ? null : { ...key, file: absolute(key.file) },
    caFile: caFile === undefined ? null : absolute(caFile),
    pins,
    operator: operator ?? null,
    prefer,
    trusted,
  };
}

/** Where a source is asked, as far as that is known before a look-up. */
export function addressesOf({ addresses, isAddress, host }: TimeSourceConfig): readonly string[] {
  return addresses.length === 0 && isAddress ? [host] : addresses;
}

/** An NTP server is known by its address, an https host by its name: two paths of it have one Date. */
function checkTwice(
  source: TimeSourceConfig,
  position: number,
  firstAt: Map<string, number>,
  report: Report,
): void {
  const { protocol, host, port, url } = source;
  const servers = protocol === 'ntp' ? [host, ...addressesOf(source)] : [host];
  for (const server of new Set(servers)) {
    const place = `${protocol} ${server} ${port}`;
    const before = firstAt.get(place);
    firstAt.set(place, before ?? position);
    if (before === undefined) continue;
    const what = server === host ? quote(url) : `${server}, an address of ${quote(url)},`;
    report.error(
      ['time', 'sources', position, 'url'],
      `${what} is listed already at time.sources[${before}]; keep one of them, it has one vote`,
    );
    return;
  }
}

function checkNotOwn(source: TimeSourceConfig, path: Path, { listen }: TimeContext, report: Report): void {
  const { port, protocol } = source;
  const key = protocol === 'ntp' ? 'ntp' : 'doh';
  const own = addressesOf(source).find((address) => isOwnSocket(listen[key], address, port));
  if (own === undefined) return;
  const socket = formatSocketAddress({ address: own, port, family: isIPv6(own) ? 6 : 4 });
  const message = `${socket} is where this server itself listens (listen.${key}), so it would ask itself for the time; write another server`;
  report.error([...path, 'url'], message);
}

function checkForms(source: TimeSourceConfig, path: Path, report: Report): void {
  const { protocol, isAddress, addresses, key, trusted } = source;
  if (protocol === 'https' && key !== null) {
    report.error(
      [...path, 'key'],
      'a symmetric key is for ntp:// only, and https:// is authenticated by its certificate; delete the key',
    );
  }
  const ofHttps = [
    ['ca_file', source.caFile !== null],
    ['pins', source.pins.length > 0],
  ] as const;
  for (const [name, isWritten] of ofHttps) {
    if (protocol === 'https' || !isWritten) continue;
    report.error([...path, name], `NTP shows no certificate; delete \`${name}\`, or write a \`key\``);
  }
  if (protocol === 'ntp' && isAddress && addresses.length > 0) {
    report.error(
      [...path, 'addresses'],
      'the url has an address already; write an entry for each server, or a name in the url',
    );
  }
  if (trusted && protocol === 'ntp' && key === null && isOutside(source)) {
    report.warning(
      [...path, 'trusted'],
      'without a key, whoever stands on the way to this server can set the clock alone; write a `key`, or leave `trusted` off',
    );
  }
}

/** Of a name, nothing is known: it counts as outside. */
function isOutside(source: TimeSourceConfig): boolean {
  const addresses = addressesOf(source);
  return addresses.length === 0 || !addresses.every(isOfThisNetwork);
}

const LOCAL_RANGES: ReadonlySet<string> = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal']);

/** RFC 1918, unique local, link-local and loopback addresses. */
export function isOfThisNetwork(address: string): boolean {
  return LOCAL_RANGES.has(ipaddr.parse(address).range());
}

function checkFiles({ key, caFile }: TimeSourceConfig, path: Path, files: NamedFiles, report: Report): void {
  const caProblem = caFile === null ? null : files.caProblem(caFile);
  if (caProblem !== null) report.error([...path, 'ca_file'], caProblem);
  const keyProblem = key === null ? null : files.keyProblem(key);
  if (keyProblem !== null) report[keyProblem.severity]([...path, 'key', 'file'], keyProblem.message);
}
