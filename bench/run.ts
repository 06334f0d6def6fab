// `npm run bench`: CPU per query and answers a second of Noonmark and of unbound, in turn, in the same run, on the same
// machine; then memory with 100,000 names and the time to the first answer. Ratios are what counts: machines differ.
// Options: --rounds N (3), --seconds N (6).

import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../test/support/free-ports.ts';
import { cpuMicroseconds, describeMachine, rssMegabytes } from '../test/support/machine-figures.ts';
import { MAIN_FILE, NODE } from '../test/support/noonmark.ts';
import { createPki } from '../test/support/pki.ts';
import { run, start } from '../test/support/running.ts';
import { createLoads, fill, type Load } from './loads.ts';
import { type Material, type Server, startNoonmark, startUnboundPeer, startUpstream } from './servers.ts';

const MEMORY_NAMES = 100_000;
const STARTS = 7;

interface Figure {
  readonly microsecondsPerQuery: number;
  readonly answersPerSecond: number;
}

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seconds: { type: 'string' } } });
const rounds = Number(values.rounds ?? 3);
const seconds = Number(values.seconds ?? 6);

const directory = mkdtempSync(join(tmpdir(), 'noonmark-bench-'));
try {
  await main();
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function main(): Promise<void> {
  for (const tool of ['dnsperf', 'h2load', 'unbound', 'taskset']) {
    const { code } = await run('which', [tool]);
    if (code !== 0)
      throw new Error(`${tool} is missing: apt-get install dnsperf nghttp2-client unbound util-linux`);
  }
  const pki = createPki(directory);
  const upstreamPort = await freePort();
  const upstream = await startUpstream(
    directory,
    pki.issue({ names: ['dns.upstream.example'] }),
    upstreamPort,
  );
  const certificate = pki.issue({ names: ['localhost'], addresses: ['127.0.0.1'] });
  const material = { directory, rootFile: pki.rootFile, certificate, upstreamPort };
  console.log(
    `${describeMachine()}; ${rounds} rounds of ${seconds} s, medians; unbound ${await unboundVersion()}\n`,
  );
  await compare(material);
  await memory(material);
  await firstAnswer(material);
  await upstream.stop();
}

async function compare(material: Material): Promise<void> {
  const servers = [await startNoonmark(material), await startUnboundPeer(material)];
  for (const server of servers) await fill(directory, server.ports.dns, 'hit', 10_000);
  console.log('| path | noonmark µs | unbound µs | ratio | noonmark answers/s | unbound answers/s |');
  console.log('|---|---|---|---|---|---|');
  for (const load of createLoads(directory)) {
    const figures = new Map(servers.map(({ name }) => [name, [] as Figure[]]));
    for (let round = 0; round < rounds; round += 1) {
      for (const server of servers) figures.get(server.name)!.push(await measure(load, server, round));
    }
    printRow(load.name, figures.get('noonmark')!, figures.get('unbound')!);
  }
  for (const { running } of servers) await running.stop();
}

async function measure(load: Load, { name, ports, running }: Server, round: number): Promise<Figure> {
  const before = cpuMicroseconds(running.pid);
  const result = await load.run(ports, seconds, `${name}${round}`);
  const used = cpuMicroseconds(running.pid) - before;
  return { microsecondsPerQuery: used / result.answers, answersPerSecond: result.answers / result.seconds };
}

function printRow(name: string, ours: readonly Figure[], theirs: readonly Figure[]): void {
  const cpu = (figures: readonly Figure[]) => median(figures.map((figure) => figure.microsecondsPerQuery));
  const rate = (figures: readonly Figure[]) =>
    Math.round(median(figures.map((figure) => figure.answersPerSecond)));
  const ratio = median(
    ours.map((figure, at) => figure.microsecondsPerQuery / theirs[at]!.microsecondsPerQuery),
  );
  console.log(
    `| ${name} | ${cpu(ours).toFixed(2)} | ${cpu(theirs).toFixed(2)} | ${ratio.toFixed(2)} | ${rate(ours)} | ${rate(theirs)} |`,
  );
}

async function memory(material: Material): Promise<void> {
  const servers = [await startNoonmark(material), await startUnboundPeer(material)];
  for (const { name, ports, running } of servers) {
    const empty = rssMegabytes(running.pid);
    await fill(directory, ports.dns, `memory-${name}-`, MEMORY_NAMES);
    console.log(
      `\nRSS, ${name}: ${empty.toFixed(0)} MB after start, ${rssMegabytes(running.pid).toFixed(0)} MB with ${MEMORY_NAMES} names`,
    );
    await running.stop();
  }
}

/** From the start of the process to the first answer to an internal name over UDP. */
async function firstAnswer(material: Material): Promise<void> {
  const times: number[] = [];
  for (let at = 0; at < STARTS; at += 1) {
    const server = await startNoonmark(material);
    await server.running.stop();
    const file = join(directory, `noonmark-${server.ports.dns}`, 'noonmark.yaml');
    times.push(await timeToAnswer(file, server.ports.dns));
  }
  console.log(
    `\nStart to first answer: median ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms of ${STARTS} starts`,
  );
}

async function timeToAnswer(file: string, port: number): Promise<number> {
  const query = Buffer.from('\0\x01\x01\0\0\x01\0\0\0\0\0\0\x03nas\x04home\x04arpa\0\0\x01\0\x01', 'latin1');
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  const startedAt = performance.now();
  const running = start(NODE, [MAIN_FILE, 'serve', '--config', file]);
  const asking = setInterval(() => socket.send(query, port, '127.0.0.1'), 5);
  await new Promise((resolve) => socket.once('message', resolve));
  const elapsed = performance.now() - startedAt;
  clearInterval(asking);
  socket.close();
  await running.stop();
  return elapsed;
}

async function unboundVersion(): Promise<string> {
  const { stdout, stderr } = await run('unbound', ['-V']);
  return /Version (\S+)/.exec(stdout + stderr)?.[1] ?? '(unknown)';
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
