// Who lives in the pictures: two upstreams some milliseconds away, three clocks, devices that ask as those of a house do, and
// the server with what an owner would write. All of it is played, the answers included; the server is the real one.

import { writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { hashPassword } from '../../src/admin/access/password.ts';
import { formatPasswordHash } from '../../src/config/admin-secrets.ts';
import { type Client, openUdp } from '../support/dns-client.ts';
import { makeQuery, type QueryType } from '../support/dns-message.ts';
import { pause } from '../support/eventually.ts';
import { type ConfigTree, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { delayedBy, type NtpServer, startNtpServer } from '../support/ntp-server.ts';
import { startUnbound, type Unbound } from '../support/peers/unbound.ts';
import { createPki, type Pki } from '../support/pki.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { seededHistory } from './seeded-history.ts';
import { CLIENTS, HOUSE_NETWORK, ROUTER, SERVER, WORLD } from './streets.ts';

export const ADMIN = 'http://127.0.0.1:8080';
const ONE = 'one.dns.example';
const TWO = 'two.dns.example';
export const AUTHORITY = 'acme.ca.example';
const DNS_PORT = 53;
const DOT_PORT = 853;
const NTP_PORT = 123;

/** Names that are asked for, the frequent ones first. */
const NAMES: readonly (readonly [name: string, type: QueryType])[] = [
  ['www.wikipedia.org', 'A'],
  ['mail.home.arpa', 'A'],
  ['api.weather.example', 'A'],
  ['nas.home.arpa', 'A'],
  ['www.debian.org', 'AAAA'],
  ['deb.debian.org', 'A'],
  ['ads.tracker.example', 'A'],
  ['www.wikipedia.org', 'UNKNOWN_65'],
  ['photos.example', 'A'],
  ['upload.wikimedia.org', 'A'],
  ['metrics.telly.example', 'A'],
  ['printer.home.arpa', 'A'],
  ['nodejs.org', 'AAAA'],
  ['radio.example', 'A'],
  ['pixel.ads.example', 'A'],
  ['bücher.example', 'A'],
  ['no-such-name.example', 'A'],
  ['20.1.168.192.in-addr.arpa', 'PTR'],
];
const RECORDS = [
  ...['www.wikipedia.org', 'upload.wikimedia.org', 'deb.debian.org', 'photos.example', 'radio.example'],
  ...['api.weather.example', 'xn--bcher-kva.example', 'ads.tracker.example', 'metrics.telly.example'],
].flatMap((name, at) => [`${name}. 300 A 203.0.113.${20 + at}`, `${name}. 300 AAAA 2001:db8::${20 + at}`]);
const MORE_RECORDS = [
  ...['www.debian.org', 'nodejs.org'].map((name, at) => `${name}. 3600 AAAA 2001:db8:1::${at + 1}`),
  `time-a.isp.example. 3600 A ${WORLD.timeA}`,
  `time-b.isp.example. 3600 A ${WORLD.timeB}`,
  `${AUTHORITY}. 3600 A ${WORLD.authority}`,
];
const BLOCKED = ['||tracker.example^', '||ads.example^', '||metrics.telly.example^'];

export interface World extends AsyncDisposable {
  readonly pki: Pki;
  readonly upstreams: readonly Unbound[];
  readonly clocks: readonly NtpServer[];
}

export async function openWorld(): Promise<World> {
  const parts = new AsyncDisposableStack();
  const pki = createPki(temporaryDirectory('pki'));
  const records = [...RECORDS, ...MORE_RECORDS];
  const upstreams: Unbound[] = [];
  for (const [name, address, delayMs] of [
    [ONE, WORLD.oneDns, 6],
    [TWO, WORLD.twoDns, 11],
  ] as const) {
    const unbound = parts.use(await startUnbound({ ...pki.issue({ names: [name] }), records }));
    parts.defer(await openFarEnd(address, unbound.port, delayMs));
    upstreams.push(unbound);
  }
  const clocks: NtpServer[] = [];
  for (const [address, delayMs] of [
    [ROUTER, 1],
    [WORLD.timeA, 9],
    [WORLD.timeB, 14],
  ] as const)
    clocks.push(parts.use(await startNtpServer({ address, port: NTP_PORT, script: delayedBy(delayMs) })));
  return { pki, upstreams, clocks, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

/** Carries connections from `address` to a server here, and takes its time each way. Resolves with how to close it. */
async function openFarEnd(address: string, port: number, delayMs: number): Promise<() => void> {
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(
        from.on('error', () => to.destroy()).on('close', () => setTimeout(() => to.destroy(), delayMs)),
      );
      from.on('data', (octets) => void pause(delayMs).then(() => to.write(octets)));
    }
  });
  await new Promise<void>((resolve) => server.listen(DOT_PORT, address, resolve));
  return () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
}

/** What an owner would write, but for the parts given. */
export function houseConfig({ pki }: World, parts: ConfigTree = {}): ConfigTree {
  const upstream = (name: string, address: string) => ({
    ...{ url: `tls://${name}`, addresses: [address], ca_file: pki.rootFile },
  });
  return {
    listen: {
      dns: ['127.0.0.1', SERVER],
      dot: [SERVER],
      doh: [SERVER],
      admin: ['127.0.0.1:8080', `${SERVER}:8080`],
    },
    admin: { password_file: 'password' },
    upstreams: [upstream(ONE, WORLD.oneDns), upstream(TWO, WORLD.twoDns)],
    zones: {
      'home.arpa': {
        records: [
          ...['router A 192.168.1.1', 'nas A 192.168.1.20', 'nas AAAA fd00::20', 'files CNAME nas'],
          ...['printer A 192.168.1.30', 'mail A 192.168.1.20', '*.lab A 192.168.1.40'],
        ],
      },
    },
    filter: { lists: [{ name: 'ads and trackers', file: 'ads.txt' }] },
    time: {
      sources: [
        { url: `ntp://${ROUTER}`, operator: 'our router', prefer: true },
        { url: 'ntp://time-a.isp.example', operator: 'time-a' },
        { url: 'ntp://time-b.isp.example', operator: 'time-b' },
      ],
    },
    certificate: { names: ['dns.home.arpa'] },
    log: { level: 'info', format: 'json', queries: 'full' },
    ...parts,
  };
}

/** The server on its own machine, with a week behind it. */
export async function startServer(config: ConfigTree, env: NodeJS.ProcessEnv = {}): Promise<Noonmark> {
  const history = await seededHistory();
  const password = formatPasswordHash(await hashPassword('nobody signs in here'));
  return startNoonmark({
    config,
    env,
    around: ['nsenter', `--net=${HOUSE_NETWORK}`],
    prepare: (directory) => {
      writeFileSync(join(directory, 'ads.txt'), BLOCKED.join('\n'));
      writeFileSync(join(directory, 'password'), password, { mode: 0o600 });
      writeFileSync(join(directory, 'state/history.sqlite'), history);
    },
  });
}

/** Devices ask as those of a house do: some names often, some rarely, now more and now less, for so long. */
export async function liveFor(durationMs: number): Promise<void> {
  const devices: Client[] = await Promise.all(
    CLIENTS.map((from) => openUdp({ address: SERVER, port: DNS_PORT, from })),
  );
  const endMs = performance.now() + durationMs;
  for (let turn = 0; performance.now() < endMs; turn += 1) {
    const isBusy = Math.sin(turn / 40) > 0.4;
    const many = 1 + Math.floor(Math.random() * (isBusy ? 5 : 2));
    for (let at = 0; at < many; at += 1) {
      const [name, type] = NAMES[Math.floor(Math.random() ** 2 * NAMES.length)]!;
      const device = devices[Math.floor(Math.random() ** 2 * devices.length)]!;
      device.send(makeQuery(toAscii(name), type));
    }
    await pause(isBusy ? 60 : 180);
  }
  for (const device of devices) device.close();
}

function toAscii(name: string): string {
  return name === 'bücher.example' ? 'xn--bcher-kva.example' : name;
}
