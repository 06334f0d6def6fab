// The load generators, pinned to their core: dnsperf for UDP, DoT and misses, h2load for DoH (dnsperf's own DoH stalls on
// servers that put several responses into one write). Each gives how many answers came and in how many seconds.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../test/support/running.ts';
import { LOAD_CORE, type Ports, ZONE } from './servers.ts';

export interface LoadResult {
  readonly answers: number;
  readonly lost: number;
  readonly seconds: number;
}

export interface Load {
  readonly name: string;
  /** `round` makes the names of misses new each time. */
  run(ports: Ports, seconds: number, round: string): Promise<LoadResult>;
}

const HIT_NAMES = 10_000;
/** More than either server answers in a round, so that none is asked twice. */
const MISS_NAMES = 400_000;
const TOOL_TIMEOUT_MS = 120_000;

/** @param directory where files of queries go */
export function createLoads(directory: string): Load[] {
  const hits = join(directory, 'hits.txt');
  writeFileSync(hits, names('hit', HIT_NAMES));
  const post = join(directory, 'post.bin');
  writeFileSync(post, wireQuery('hit1'));
  const url = wireQuery('hit1').toString('base64url');
  return [
    {
      name: 'UDP, hits',
      run: (ports, seconds) => dnsperf(ports.dns, hits, seconds, ['-c', '10', '-q', '200']),
    },
    {
      name: 'DoT, hits, 20 connections, pipelined',
      run: (ports, seconds) => dnsperf(ports.dot, hits, seconds, ['-m', 'dot', '-c', '20', '-q', '400']),
    },
    {
      name: 'DoT, hits, 50 connections, one outstanding',
      run: (ports, seconds) => dnsperf(ports.dot, hits, seconds, ['-m', 'dot', '-c', '50', '-q', '50']),
    },
    {
      name: 'DoH, hits, POST, -c20 -m20',
      run: (ports, seconds) =>
        h2load(ports.doh, '/dns-query', seconds, [
          '-c20',
          '-m20',
          '-d',
          post,
          '-H',
          'content-type: application/dns-message',
        ]),
    },
    {
      name: 'DoH, hits, GET, -c20 -m20',
      run: (ports, seconds) => h2load(ports.doh, `/dns-query?dns=${url}`, seconds, ['-c20', '-m20']),
    },
    {
      name: 'DoH, hits, GET, -c100 -m1',
      run: (ports, seconds) => h2load(ports.doh, `/dns-query?dns=${url}`, seconds, ['-c100', '-m1']),
    },
    {
      name: 'UDP, misses over verified DoT',
      run: (ports, seconds, round) => {
        const misses = join(directory, 'misses.txt');
        writeFileSync(misses, names(`miss-${round}-`, MISS_NAMES));
        return dnsperf(ports.dns, misses, seconds, ['-c', '10', '-q', '200']);
      },
    },
  ];
}

/** Asks for `count` different names once, to fill a cache. */
export function fill(directory: string, port: number, prefix: string, count: number): Promise<LoadResult> {
  const file = join(directory, 'fill.txt');
  writeFileSync(file, names(prefix, count));
  return dnsperf(port, file, 60, ['-c', '10', '-q', '100', '-n', '1']);
}

export async function dnsperf(
  port: number,
  file: string,
  seconds: number,
  more: readonly string[],
): Promise<LoadResult> {
  const { stdout, stderr } = await onLoadCore('dnsperf', [
    '-s',
    '127.0.0.1',
    '-p',
    String(port),
    '-d',
    file,
    '-l',
    String(seconds),
    '-t',
    '5',
    ...more,
  ]);
  const number = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const result = {
    answers: number(/Queries completed:\s+(\d+)/),
    lost: number(/Queries lost:\s+(\d+)/),
    seconds: number(/Run time \(s\):\s+([\d.]+)/),
  };
  if (Number.isNaN(result.answers)) throw new Error(`dnsperf said nothing that counts:\n${stdout}${stderr}`);
  if (!/NOERROR \d+ \(100/.test(stdout)) throw new Error(`not every answer was NOERROR:\n${stdout}`);
  return result;
}

async function h2load(
  port: number,
  path: string,
  seconds: number,
  more: readonly string[],
): Promise<LoadResult> {
  const { stdout, stderr } = await onLoadCore('h2load', [
    '-D',
    String(seconds),
    '--warm-up-time=0',
    ...more,
    `https://127.0.0.1:${port}${path}`,
  ]);
  const counts = /requests: (\d+) total, \d+ started, (\d+) done, (\d+) succeeded/.exec(stdout);
  if (counts === null) throw new Error(`h2load said nothing that counts:\n${stdout}${stderr}`);
  const [, total, done, succeeded] = counts.map(Number) as [number, number, number, number];
  if (succeeded !== done) throw new Error(`not every request succeeded:\n${stdout}`);
  return { answers: succeeded, lost: total - done, seconds };
}

function onLoadCore(tool: string, args: readonly string[]) {
  return run('taskset', ['-c', LOAD_CORE, tool, ...args], { timeoutMs: TOOL_TIMEOUT_MS });
}

function names(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, at) => `${prefix}${at}.${ZONE} A\n`).join('');
}

function wireQuery(label: string): Buffer {
  const labels = [label, ...ZONE.split('.')].map((one) => String.fromCharCode(one.length) + one).join('');
  return Buffer.from(`\0\0\x01\0\0\x01\0\0\0\0\0\0${labels}\0\0\x01\0\x01`, 'latin1');
}
