// `node bench/live-page.ts`: what it costs that somebody looks. 1,000 queries a second over UDP, all hits, and the processor
// time of the server without and with pages open that are kept up to date, in turn. Options: --rounds N (3), --seconds N (8),
// --page PATH (/; /queries has the query log on), --rate N (1000).

import { request } from 'node:http';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { describeMachine } from '../test/support/machine-figures.ts';
import { takeLoadCore } from './cores.ts';
import { dnsperf } from './loads.ts';
import { since, treeCpu } from './measure.ts';
import { NOONMARK, noonmarkConfig } from './peers/noonmark.ts';
import { type Peer, startServer } from './peers/peer.ts';
import { needPrograms } from './peers/peers.ts';
import { fill } from './rows/fleet.ts';
import { median } from './statistics.ts';
import { openWorld } from './world.ts';
import { HIT_NAMES } from './zone.ts';

const ROOM_FOR_NAMES = 300_000;
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

await main();

interface Figure {
  readonly cpuMsPerSecond: number;
  readonly answersPerSecond: number;
  /** Of events, while somebody looked. */
  readonly octets: number;
}

async function main(): Promise<void> {
  takeLoadCore();
  await needPrograms([]);
  await using open = await openWorld();
  const queries = page.startsWith('/queries') ? 'full' : 'off';
  const peer: Peer = {
    ...NOONMARK,
    configuration: (setting) => stringify({ ...noonmarkConfig(setting), log: { level: 'info', queries } }),
  };
  const server = await startServer(peer, open.world, {
    forwarding: 'DoT',
    roomForNames: ROOM_FOR_NAMES,
    threads: 1,
  });
  const { ports, running } = server;
  await fill(ports.dns, open.files.hits, HIT_NAMES);
  const measure = async (pages: number): Promise<Figure> => {
    const readers = Array.from({ length: pages }, () => openPage(ports.admin));
    const before = treeCpu(running.pid);
    const more = ['-Q', String(rate), '-c', '10'];
    const load = await dnsperf(ports.dns, open.files.hits, { seconds, more });
    const { userUs, systemUs } = since(before, treeCpu(running.pid));
    for (const reader of readers) reader.close();
    return {
      cpuMsPerSecond: (userUs + systemUs) / 1000 / load.seconds,
      answersPerSecond: load.answers / load.seconds,
      octets: readers.reduce((sum, reader) => sum + reader.octets(), 0),
    };
  };
  await measure(PAGES); // so that what renders is compiled: a page that stays open gets there by itself
  const [without, watched]: [Figure[], Figure[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    without.push(await measure(0));
    watched.push(await measure(PAGES));
  }
  report(without, watched);
  await server.stop();
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
