// `node bench/live-page.ts`: what it costs that somebody looks. 1,000 queries a second over UDP, all hits, and the processor
// time of the server without and with pages open that are kept up to date, in turn. Options: --rounds N (3), --seconds N (8),
// --page PATH (/; /queries has the query log on), --rate N (1000).

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { freePort } from '../test/support/free-ports.ts';
import { cpuMicroseconds, describeMachine } from '../test/support/machine-figures.ts';
import { MAIN_FILE, NODE } from '../test/support/noonmark.ts';
import { createPki } from '../test/support/pki.ts';
import { run, start } from '../test/support/running.ts';
import { dnsperf, fill } from './loads.ts';
import { noonmarkConfig, SERVER_CORE, startUpstream, threePorts, ZONE } from './servers.ts';

const NAMES = 10_000;
/** Open at a time, as one alone is lost in the noise; what is told is a tenth of it. At most 16 (src/admin/admin-server.ts). */
const PAGES = 10;

const { values } = parseArgs({
  options: {
    ...{
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      page: { type: 'string' },
      rate: { type: 'string' },
    },
  },
});
const rounds = Number(values.rounds ?? 3);
const seconds = Number(values.seconds ?? 8);
const rate = Number(values.rate ?? 1000);
const page = values.page ?? '/';

const directory = mkdtempSync(join(tmpdir(), 'noonmark-bench-'));
try {
  await main();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

interface Figure {
  readonly cpuMsPerSecond: number;
  readonly answersPerSecond: number;
  /** Of events, while somebody looked. */
  readonly octets: number;
}

async function main(): Promise<void> {
  const { code } = await run('which', ['dnsperf', 'unbound', 'taskset']);
  if (code !== 0) throw new Error('missing: apt-get install dnsperf unbound util-linux');
  const pki = createPki(directory);
  const upstreamPort = await freePort();
  const upstream = await startUpstream(
    directory,
    pki.issue({ names: ['dns.upstream.example'] }),
    upstreamPort,
  );
  const certificate = pki.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
  const ports = await threePorts();
  const admin = await freePort();
  const home = join(directory, 'home');
  mkdirSync(home);
  const base = noonmarkConfig(home, ports, { directory, rootFile: pki.rootFile, certificate, upstreamPort });
  const queries = page.startsWith('/queries') ? 'full' : 'off';
  const config = { ...base, listen: { ...base.listen, admin: [`127.0.0.1:${admin}`] }, log: { queries } };
  const file = join(home, 'noonmark.yaml');
  writeFileSync(file, stringify(config));
  const server = start('taskset', ['-c', SERVER_CORE, NODE, MAIN_FILE, 'serve', '--config', file]);
  await server.waitForLine(/ready/);
  await fill(directory, ports.dns, 'hit', NAMES);
  const hits = join(directory, 'hits.txt');
  writeFileSync(hits, Array.from({ length: NAMES }, (_, at) => `hit${at}.${ZONE} A\n`).join(''));
  const measure = async (pages: number): Promise<Figure> => {
    const readers = Array.from({ length: pages }, () => openPage(admin));
    const before = cpuMicroseconds(server.pid);
    const load = await dnsperf(ports.dns, hits, seconds, ['-Q', String(rate), '-c', '10']);
    const used = cpuMicroseconds(server.pid) - before;
    for (const reader of readers) reader.close();
    return {
      cpuMsPerSecond: used / 1000 / load.seconds,
      answersPerSecond: load.answers / load.seconds,
      octets: readers.reduce((sum, reader) => sum + reader.octets(), 0),
    };
  };
  await measure(PAGES); // so that what renders is compiled: a page that stays open gets there by itself
  const [without, open]: [Figure[], Figure[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    without.push(await measure(0));
    open.push(await measure(PAGES));
  }
  report(without, open);
  await server.stop();
  await upstream.stop();
}

/** As a browser reads it: server-sent events until it leaves. */
function openPage(port: number): { close: () => void; octets: () => number } {
  let octets = 0;
  const path = `/api/live?of=${encodeURIComponent(page)}`;
  const asked = request(
    { host: '127.0.0.1', port, path, headers: { accept: 'text/event-stream' } },
    (response) => {
      if (response.statusCode !== 200) throw new Error(`${path} answers ${response.statusCode}`);
      response.on('data', (chunk: Buffer) => {
        octets += chunk.length;
      });
      response.on('error', () => {});
    },
  );
  asked.on('error', () => {});
  asked.end();
  return { close: () => asked.destroy(), octets: () => octets };
}

function report(without: readonly Figure[], open: readonly Figure[]): void {
  const cpu = (figures: readonly Figure[]) => median(figures.map(({ cpuMsPerSecond }) => cpuMsPerSecond));
  const [nobody, ten] = [cpu(without), cpu(open)];
  const onePage = (ten - nobody) / PAGES;
  const pace = median([...without, ...open].map(({ answersPerSecond }) => answersPerSecond));
  const told = median(open.map(({ octets }) => octets)) / PAGES / seconds / 1024;
  console.log(
    `${describeMachine()}; ${rounds} rounds of ${seconds} s, medians; ${Math.round(pace)} answers a second\n`,
  );
  console.log(`| ${page} | processor time, ms a second |`);
  console.log('|---|---|');
  console.log(`| nobody looks | ${nobody.toFixed(1)} |`);
  console.log(`| ${PAGES} pages open | ${ten.toFixed(1)} |`);
  console.log(
    `\nOne page: ${onePage.toFixed(2)} ms a second, ${((onePage / nobody) * 100).toFixed(1)} % more; ${told.toFixed(1)} KiB a second sent`,
  );
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
