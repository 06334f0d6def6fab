// What a person is told who has just typed `npm start`: where it listens, commands to try, what works and what does
// not, and why.

import { relative } from 'node:path';
import type { App } from '../app/app.ts';
import type { Clock } from '../clock/clock.ts';
import type { Config, SocketAddress } from '../config/config.ts';
import { isLoopback } from '../config/own-sockets.ts';
import { RCODE, TYPE } from '../dns/codes.ts';
import { formatWithoutDot } from '../dns/names.ts';
import { Query } from '../dns/query.ts';
import { formatAddress } from '../listener/listener.ts';
import { probeQuery } from '../upstream/upstream-query.ts';

/** How long the world is given to answer before a person is told that it does not. */
const PATIENCE_MS = 3000;

/** The text, once it is known what works. */
export async function describeStart(app: App, config: Config, clock: Clock): Promise<string> {
  return [
    isAnswering(app) ? 'Noonmark is answering.' : 'Noonmark waits for its addresses; the log says why.',
    '',
    ...listening(app, config),
    '',
    'Try, in another terminal:',
    ...commands(config),
    '',
    ...(await whatWorks(app, config, clock)),
    '',
    devices(config),
    'Stop it with Ctrl+C.',
  ].join('\n');
}

function isAnswering({ addresses: { udp, tcp, dot, doh } }: App): boolean {
  return [udp, tcp, dot, doh].some((where) => where.length > 0);
}

function devices({ listen: { admin } }: Config): string {
  const [first] = admin;
  if (first === undefined) return 'README.md says how to point a device at it.';
  return `How to point a device at it: ${pagesAt(first)}devices`;
}

/** Over TLS everywhere but on loopback (src/admin/admin-listener.ts). */
function pagesAt(listen: SocketAddress): string {
  const scheme = isLoopback(listen.address) ? 'http' : 'https';
  return `${scheme}://${formatAddress(listen)}/`;
}

function listening({ addresses }: App, { listen }: Config): string[] {
  const pages = listen.admin.filter((one) => addresses.admin.includes(formatAddress(one)));
  const rows: [string, readonly string[]][] = [
    ['plain DNS', addresses.udp],
    ['DNS over TLS', addresses.dot],
    ['DNS over HTTPS', addresses.doh.map((address) => `https://${address}/dns-query`)],
    ['Dashboard', pages.map(pagesAt)],
  ];
  return rows
    .filter(([, where]) => where.length > 0)
    .map(([what, where]) => `  ${what.padEnd(15)} ${where.join('  ')}`);
}

function commands(config: Config): string[] {
  const { dns, dot, doh } = config.listen;
  const name = exampleName(config);
  const ca = shortest(`${config.certsDir}/ca.pem`);
  const lines: string[] = [];
  if (dns[0]) lines.push(`  dig @${dns[0].address} -p ${dns[0].port} ${name}`);
  if (dot[0])
    lines.push(`  kdig @${dot[0].address} -p ${dot[0].port} +tls-ca=${ca} +tls-hostname=localhost ${name}`);
  if (doh[0]) {
    const url = `https://localhost:${doh[0].port}/dns-query`;
    lines.push(`  curl --cacert ${ca} --doh-url ${url} http://example.com/`);
  }
  return lines;
}

/** A path as a person would type it here. */
function shortest(path: string): string {
  const fromHere = relative('', path);
  return fromHere.length < path.length ? fromHere : path;
}

/** A name of the house with an address, or localhost. */
function exampleName(config: Config): string {
  const records = config.zones.flatMap((zone) => zone.records);
  const host = records.find(({ type, owner }) => type === TYPE.A && !owner.startsWith('\x01*'));
  return host === undefined ? 'localhost' : formatWithoutDot(host.owner);
}

async function whatWorks(app: App, config: Config, clock: Clock): Promise<string[]> {
  const zones = config.zones.map(({ name }) => formatWithoutDot(name)).join(', ');
  const inside = zones === '' ? 'Internal names: none are configured.' : `Internal names: work (${zones}).`;
  return [inside, await worldNames(app, config, clock)];
}

/** Asks for the root's name servers through the whole chain, as any client would. */
async function worldNames(app: App, config: Config, clock: Clock): Promise<string> {
  if (config.upstreams.length === 0) return 'Names of the world: not answered, no upstream is configured.';
  const through = config.upstreams.map(({ url }) => url).join(', ');
  const nowMs = clock.monotonic();
  const answer = await app.inside.resolve(new Query(probeQuery()), {
    client: '127.0.0.1',
    clientPort: 0,
    localAddress: '127.0.0.1',
    transport: 'udp',
    receivedAtMs: nowMs,
    deadlineMs: nowMs + PATIENCE_MS,
  });
  if (answer.rcode === RCODE.NOERROR)
    return `Names of the world: work, over verified TLS through ${through}.`;
  const reasons = answer.errors.map(({ text }) => text).filter((text) => text !== '');
  return `Names of the world: do not work yet: ${reasons.join('; ')}. They will by themselves once that has changed.`;
}
