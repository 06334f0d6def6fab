// The real server with two UDP threads: every rule of the answer path as without them, whichever thread meets the client;
// a reload that nobody gets an old answer after; numbers that count everybody; and its end.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSystemCalls } from '../../src/listener/udp/system-calls.ts';
import type { Status } from '../../src/status/status.ts';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { getText } from '../support/http-text.ts';
import { type ConfigTree, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

/** Each from a port of its own; 2^-15 that one of two threads meets none. */
const CLIENTS = 16;
const HOUSE_ADDRESS = '192.168.1.77';
const ADS = `ads.${WILD_ZONE}`;

describe.skipIf(!havePeers('unbound') || loadSystemCalls().calls === null)('Two UDP threads', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;
  let adminPort: number;
  let config: ConfigTree;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    adminPort = await freePort();
    config = { upstreams: upstream.upstreams, workers: 2, access: { allow: ['127.0.0.1'] } };
    noonmark = await startNoonmark({
      config,
      listenAdmin: adminPort,
      prepare: (directory) => writeFileSync(join(directory, 'mine.txt'), `${ADS}\n`),
    });
    await eventually(() => noonmark.process.lines.some((line) => line.includes('UDP threads are up')));
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  const askAll = (name: string) => Promise.all(Array.from({ length: CLIENTS }, () => noonmark.ask(name)));
  const answersOf = async (name: string) => (await askAll(name)).map(({ answers }) => answers.join());
  const status = async () => JSON.parse((await getText(adminPort, '/api/status')).body) as Status;
  const reload = async (changed: ConfigTree) => {
    const before = noonmark.process.lines.length;
    noonmark.writeConfig({ ...config, ...changed });
    noonmark.process.signal('SIGHUP');
    await eventually(() => noonmark.process.lines.slice(before).some((line) => line.includes('reloaded')));
  };

  test('answer what is new and what is kept alike, and every query is counted once', async () => {
    const name = `www.${WILD_ZONE}`;
    const first = await noonmark.ask(name);
    expect(first.rcode).toBe('NOERROR');
    const before = await status();
    for (const reply of await askAll(name))
      expect(reply).toMatchObject({ rcode: 'NOERROR', answers: first.answers });
    const after = await status();
    expect(after.queries.udp - before.queries.udp).toBe(CLIENTS);
    expect(after.cache.hits - before.cache.hits).toBe(CLIENTS);
    expect(after.answers.answeredBy.cache - before.answers.answeredBy.cache).toBe(CLIENTS);
    expect(after.answers.byRcode.NOERROR! - before.answers.byRcode.NOERROR!).toBe(CLIENTS);
  });

  test('leave names of the house to the house, and refuse who may not ask', async () => {
    expect(new Set(await answersOf('nas.home.arpa'))).toEqual(new Set(['A 192.168.1.20']));
    await noonmark.ask(`www.${WILD_ZONE}`);
    const stranger = await noonmark.open('UDP', '127.0.0.2');
    const wire = await stranger.ask(makeQuery(`www.${WILD_ZONE}`));
    stranger.close();
    expect(readReply(wire!).rcode).toBe('REFUSED');
  });

  test('give nothing kept for a name that is the house’s since the reload, nor keep it from the world after that', async () => {
    const name = `nas.${WILD_ZONE}`;
    const zones = { [WILD_ZONE]: { records: [`nas 300 A ${HOUSE_ADDRESS}`] } };
    const [world] = await answersOf(name);
    for (let round = 0; round < 5; round += 1) {
      await reload({ zones });
      expect(new Set(await answersOf(name))).toEqual(new Set([`A ${HOUSE_ADDRESS}`]));
      await reload({});
      expect(new Set(await answersOf(name))).toEqual(new Set([world]));
    }
  });

  test('give nothing kept for a name that a file has by now', async () => {
    const name = `host.${WILD_ZONE}`;
    const file = join(noonmark.directory, 'hosts.txt');
    writeFileSync(file, '');
    await reload({ hosts: ['hosts.txt'] });
    const [world] = await answersOf(name);
    writeFileSync(file, `${HOUSE_ADDRESS} ${name}\n`);
    await eventually(async () => (await noonmark.ask(name)).answers.join() !== world);
    expect(new Set(await answersOf(name))).toEqual(new Set([`A ${HOUSE_ADDRESS}`]));
    await reload({});
  });

  test('block what a list has from the moment on at which it counts, kept or not', async () => {
    const [before] = await askAll(ADS);
    expect(before!.rcode).toBe('NOERROR');
    await reload({ filter: { lists: [{ name: 'mine', file: 'mine.txt' }] } });
    await eventually(async () => (await noonmark.ask(ADS)).rcode === 'NXDOMAIN');
    expect(new Set((await askAll(ADS)).map(({ rcode }) => rcode))).toEqual(new Set(['NXDOMAIN']));
    await reload({});
    expect(new Set((await askAll(ADS)).map(({ rcode }) => rcode))).toEqual(new Set(['NOERROR']));
  });

  test('hold a client to its rate together', async () => {
    await reload({ access: { allow: ['loopback'] }, limits: { udp_queries_per_client: 5 } });
    const name = `www.${WILD_ZONE}`;
    await noonmark.ask(name);
    const before = await status();
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, () => noonmark.open('UDP', '127.0.0.3')),
    );
    for (let round = 0; round < 5; round += 1) for (const client of clients) client.send(makeQuery(name));
    await eventually(async () => (await status()).queries.udp - before.queries.udp >= CLIENTS * 5);
    const answered = (await status()).answers.answeredBy.cache - before.answers.answeredBy.cache;
    expect(answered).toBeGreaterThan(0);
    expect(answered).toBeLessThan(CLIENTS * 2); // 5; more over the border of a second, and where two counted at once
    for (const client of clients) client.close();
    await eventually(async () => ((await status()).limitsReached['limits.udp_queries_per_client'] ?? 0) > 0);
    await reload({});
  });

  test('move with `listen`, without a word about an address that is taken', async () => {
    const { dns } = noonmark.ports;
    const before = noonmark.process.lines.length;
    await reload({ listen: { dns: [`127.0.0.1:${dns}`, `127.0.0.9:${dns}`] } });
    await reload({ listen: { dns: [`127.0.0.1:${dns}`] } });
    expect(noonmark.process.lines.slice(before).filter((line) => line.includes('cannot listen'))).toEqual([]);
    expect((await noonmark.ask(`www.${WILD_ZONE}`)).rcode).toBe('NOERROR');
  });

  test('are as many as they were until the next start, and a reload says so', async () => {
    const before = noonmark.process.lines.length;
    await reload({ workers: 1 });
    const said = noonmark.process.lines
      .slice(before)
      .filter((line) => line.includes('counts at the next start'));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('1 counts at the next start; until then it is 2');
    await reload({});
  });

  test('answer at SIGTERM what they have taken, and the process ends at once', async () => {
    const { code, signal } = await noonmark.stop();
    expect([code, signal]).toEqual([0, null]);
    expect(noonmark.process.lines.some((line) => line.includes('a bug in Noonmark'))).toBe(false);
    expect(noonmark.process.lines.some((line) => line.includes('a UDP thread has ended'))).toBe(false);
  });
});
