// The life of a process: its start on a machine that is not ready, a reload under load, its end.
// What works must go on working: a bad file is reported and the old state stays, an address that is not there
// yet is waited for, and who waits for an answer at the end still gets it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeQuery, readReply } from '../support/dns-message.ts';
import { eventually, pause } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  isReadyLine,
  MAIN_FILE,
  NODE,
  REPOSITORY,
  startNoonmark,
  TRANSPORTS,
} from '../support/noonmark.ts';
import { HOSTILE_ADDRESS, startHostileDot } from '../support/peers/hostile-dot.ts';
import { havePeers, isRoot } from '../support/peers/packages.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { run } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

/** sysexits(3): EX_CONFIG, as the contract has it. */
const EXIT_BAD_CONFIG = 78;
/** The contract's drain. */
const DRAIN_MS = 5_000;

const BUSY = /EADDRINUSE|in use|busy|taken/i;
const ABSENT = /EADDRNOTAVAIL|not available|not there|does not have/i;
const LATE_ADDRESS = 'fd5e:53::53';

const pki = makePki();

describe('A start', () => {
  test('is said in one ready line that names every bound address', async () => {
    await using noonmark = await startNoonmark();
    const ready = noonmark.process.lines.filter(isReadyLine);
    expect(ready).toHaveLength(1);
    for (const port of Object.values(noonmark.ports)) expect(ready[0]).toContain(`127.0.0.1:${port}`);
  });

  test('with a bad config ends with 78 and says file, line and what to do', async () => {
    const config = join(temporaryDirectory('bad'), 'bad.yaml');
    writeFileSync(config, 'listen:\n  dns: ["127.0.0.1:5300"]\nupstreems: []\nlog: {level: loud}\n');
    const ended = await run(NODE, [MAIN_FILE, 'serve', '--config', config], { cwd: REPOSITORY });
    expect(ended.code, ended.stderr).toBe(EXIT_BAD_CONFIG);
    expect(ended.stderr).toContain('bad.yaml');
    expect(ended.stderr).toMatch(/\b3\b.*upstreems.*upstreams/s);
    expect(ended.stderr).toMatch(/\b4\b.*level/s);
  });

  test('on a port that another Noonmark has waits for it, and serves the rest meanwhile', async () => {
    const first = await startNoonmark();
    const { dns } = first.ports;
    await using second = await startNoonmark({ ports: { dns }, untilReady: false });
    await second.process.waitForLine((line) => line.includes(`127.0.0.1:${dns}`) && BUSY.test(line));
    const overDot = () => second.ask(INTERNAL_NAME, 'A', { transport: 'DoT' });
    expect((await eventually(overDot, { what: 'DoT' })).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    await first.stop();
    const onFreedPort = () => second.ask(INTERNAL_NAME);
    expect((await eventually(onFreedPort, { what: 'the freed port' })).answers).toEqual([
      `A ${INTERNAL_ADDRESS}`,
    ]);
    expect(second.process.hasEnded).toBe(false);
  });

  test.skipIf(!isRoot || !havePeers('ip', 'unshare', 'dig'))(
    'on an address that the machine does not have yet waits for it',
    async () => {
      await using noonmark = await startNoonmark({
        listenAlso: LATE_ADDRESS,
        ownNetwork: true,
        untilReady: false,
      });
      await noonmark.process.waitForLine((line) => line.includes(LATE_ADDRESS) && ABSENT.test(line));
      const inside = (...command: string[]) =>
        run('nsenter', ['-n', '-t', String(noonmark.process.pid), ...command]);
      const askAt = async (address: string) => {
        const port = String(noonmark.ports.dns);
        return (
          await inside('dig', `@${address}`, '-p', port, '+tries=1', '+time=1', '+short', INTERNAL_NAME)
        ).stdout;
      };
      await eventually(async () => (await askAt('127.0.0.1')).includes(INTERNAL_ADDRESS), {
        what: 'loopback',
      });
      const added = await inside('ip', 'addr', 'add', `${LATE_ADDRESS}/128`, 'dev', 'lo', 'nodad');
      expect(added.code, added.stderr).toBe(0);
      await eventually(async () => (await askAt(LATE_ADDRESS)).includes(INTERNAL_ADDRESS), {
        what: LATE_ADDRESS,
      });
    },
  );
});

describe('SIGHUP', () => {
  test('under load on all four transports drops nothing, and brings the new names', async () => {
    await using noonmark = await startNoonmark();
    const clients = await Promise.all(TRANSPORTS.map((transport) => noonmark.open(transport)));
    const load = startLoad(clients);
    for (let reload = 1; reload <= 6; reload++) {
      await pause(300);
      noonmark.writeConfig({
        zones: {
          'home.arpa': { records: [`nas 300 A ${INTERNAL_ADDRESS}`, `reload${reload} A 10.0.0.${reload}`] },
        },
      });
      noonmark.process.signal('SIGHUP');
      const isNew = async () =>
        (await noonmark.ask(`reload${reload}.home.arpa`)).answers[0] === `A 10.0.0.${reload}`;
      await eventually(isNew, { what: `the names of reload ${reload}` });
    }
    const { asked, wrong } = await load.finish();
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(100);
    expect(noonmark.process.hasEnded).toBe(false);
    for (const client of clients) client.close();
  });

  test('with a bad config is reported with its line and leaves everything as it was', async () => {
    await using noonmark = await startNoonmark();
    noonmark.writeConfig({ zones: { 'home.arpa': { records: ['nas 300 A not-an-address'] } } });
    noonmark.process.signal('SIGHUP');
    await noonmark.process.waitForLine(/not-an-address/);
    expect((await noonmark.ask(INTERNAL_NAME)).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    noonmark.writeConfig({ zones: { 'home.arpa': { records: ['nas 300 A 10.1.2.3'] } } });
    noonmark.process.signal('SIGHUP');
    await eventually(async () => (await noonmark.ask(INTERNAL_NAME)).answers[0] === 'A 10.1.2.3');
  });
});

describe('The end', () => {
  test.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
    'by %s lets those who wait have their answers, and is 0',
    async (signal) => {
      await using hostile = await startHostileDot({
        ...upstreamCertificate(pki),
        behaviour: { delayMs: 1_000 },
      });
      await using noonmark = await startNoonmark({
        config: { upstreams: [upstreamEntry(hostile.port, pki.rootFile)] },
      });
      const clients = await Promise.all(TRANSPORTS.map((transport) => noonmark.open(transport)));
      const waiting = clients.map((client, at) => client.ask(makeQuery(`drain${at}.${WILD_ZONE}`)));
      const arrived = () => hostile.names.filter((name) => name.startsWith('drain'));
      await eventually(() => arrived().length === clients.length, { what: 'the queries at the upstream' });
      const from = performance.now();
      noonmark.process.signal(signal);
      for (const reply of await Promise.all(waiting)) {
        expect(reply && readReply(reply).answers).toEqual([`A ${HOSTILE_ADDRESS}`]);
      }
      expect(await noonmark.process.ended).toEqual({ code: 0, signal: null });
      expect(performance.now() - from).toBeLessThan(DRAIN_MS + 500);
      for (const client of clients) client.close();
    },
  );

  test('comes within five seconds even while an upstream never answers and a client stays connected', async () => {
    await using hostile = await startHostileDot({ ...upstreamCertificate(pki), behaviour: 'never answers' });
    await using noonmark = await startNoonmark({
      config: { upstreams: [upstreamEntry(hostile.port, pki.rootFile)] },
    });
    const clients = await Promise.all(TRANSPORTS.map((transport) => noonmark.open(transport)));
    for (const client of clients) client.send(makeQuery(`never.${WILD_ZONE}`));
    await eventually(() => hostile.names.length > 0, { what: 'the query at the upstream' });
    const from = performance.now();
    noonmark.process.signal('SIGTERM');
    expect(await noonmark.process.ended).toEqual({ code: 0, signal: null });
    expect(performance.now() - from).toBeLessThan(DRAIN_MS + 500);
    for (const client of clients) client.close();
  });
});
