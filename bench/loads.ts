// The load generators, on their core: dnsperf for UDP, DoT and misses, h2load for DoH (dnsperf's own DoH stalls on servers
// that put several responses into one write). All queries carry EDNS. dnsperf asks from 127.0.0.2, because to Noonmark
// 127.0.0.1 is this host itself, whose rate it does not limit.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { run } from '../test/support/running.ts';
import { LOAD_CORE } from './cores.ts';
import { type LoadResult, readDnsperf, readH2load, readLatencies } from './tool-output.ts';
import { DOH_PATH } from './upstream.ts';

const CLIENT_ADDRESS = '127.0.0.2';
/** What a tool may take beyond the time it was given. */
const GRACE_MS = 30_000;
const TIMEOUT_SECONDS = 5;

export interface DnsperfOptions {
  /** Stop after so many seconds. */
  readonly seconds: number;
  /** Stop earlier, after the file has been read once. */
  readonly once?: boolean;
  readonly more: readonly string[];
}

export async function dnsperf(port: number, file: string, options: DnsperfOptions): Promise<LoadResult> {
  const { stdout, stderr } = await run('taskset', dnsperfCommand(port, file, options), {
    timeoutMs: options.seconds * 1000 + GRACE_MS,
  });
  return readDnsperf(stdout || stderr);
}

/** The same, with the latency of each answer; its output goes through a file, so that nobody reads along meanwhile. */
export async function dnsperfLatencies(
  port: number,
  file: string,
  options: DnsperfOptions,
  outputFile: string,
): Promise<{ readonly result: LoadResult; readonly microseconds: number[] }> {
  const output = openSync(outputFile, 'w');
  const verbose = { ...options, more: [...options.more, '-v'] };
  const child = spawn('taskset', dnsperfCommand(port, file, verbose), {
    stdio: ['ignore', output, 'inherit'],
    timeout: options.seconds * 1000 + GRACE_MS,
  });
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  closeSync(output);
  const text = readFileSync(outputFile, 'utf8');
  return { result: readDnsperf(text.slice(-4096)), microseconds: readLatencies(text) };
}

function dnsperfCommand(port: number, file: string, { seconds, once, more }: DnsperfOptions): string[] {
  return [
    ...['-c', LOAD_CORE, 'dnsperf', '-s', '127.0.0.1', '-p', String(port), '-a', CLIENT_ADDRESS, '-d', file],
    ...['-e', '-l', String(seconds), '-t', String(TIMEOUT_SECONDS)],
    ...(once ? ['-n', '1'] : []),
    ...more,
  ];
}

export interface H2loadOptions {
  readonly seconds: number;
  readonly clients: number;
  readonly streams: number;
  /** A DNS message in wire form. */
  readonly query: Buffer;
  /** A file that holds it: POST; else GET. */
  readonly postFile?: string;
}

export async function h2load(port: number, options: H2loadOptions): Promise<LoadResult> {
  const { seconds, clients, streams, query, postFile } = options;
  const post = ['-d', postFile ?? '', '-H', 'content-type: application/dns-message'];
  const asked = postFile === undefined ? `?dns=${query.toString('base64url')}` : '';
  const { stdout, stderr } = await run(
    'taskset',
    [
      ...['-c', LOAD_CORE, 'h2load', '-D', String(seconds), '--warm-up-time=0'],
      ...['-c', String(clients), '-m', String(streams)],
      ...(postFile === undefined ? ['-H', 'accept: application/dns-message'] : post),
      `https://127.0.0.1:${port}${DOH_PATH}${asked}`,
    ],
    { timeoutMs: seconds * 1000 + GRACE_MS },
  );
  return readH2load(stdout || stderr, seconds);
}
