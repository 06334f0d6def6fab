// A configuration that changes under a running server: without a signal, because its files are watched, and without a
// dropped query. What each key does once it is taken over is the business of that key's own tests.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../src/cli/explain.ts';
import { answerWith, makeQuery, readReply } from '../support/dns-message.ts';
import { eventually, pause } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import {
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  MAIN_FILE,
  NODE,
  type Noonmark,
  startNoonmark,
  TRANSPORTS,
} from '../support/noonmark.ts';
import { HOSTILE_ADDRESS, startHostileDot } from '../support/peers/hostile-dot.ts';
import { run } from '../support/running.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';

/** The files are looked at every 2 s, and a change counts when they have held still for as long. */
const TWO_LOOKS_MS = 5_000;
/** Long enough for a reload, short enough for a client's patience. */
const SLOW_UPSTREAM_MS = 2_500;
const NEW_ADDRESS = '192.0.2.77';
const RECORDS = [`nas 300 A ${INTERNAL_ADDRESS}`];

// Side by side: each has a server of its own, and waits for its next look at the files.
describe.concurrent('A change of', () => {
  test('the configuration file is taken over without a signal, and no query is dropped', async () => {
    await using noonmark = await startNoonmark();
    const clients = await Promise.all(TRANSPORTS.map((transport) => noonmark.open(transport)));
    const load = startLoad(clients);
    noonmark.writeConfig({ zones: { 'home.arpa': { records: [...RECORDS, 'new A 10.0.0.1'] } } });
    const isNew = async () => (await noonmark.ask('new.home.arpa')).answers[0] === 'A 10.0.0.1';
    await eventually(isNew, { what: 'the new name' });
    const { asked, wrong } = await load.finish();
    expect(wrong).toEqual([]);
    expect(asked).toBeGreaterThan(100);
    for (const client of clients) client.close();
  });

  test('a zone file, and of a file that it includes, likewise', async () => {
    const write = (directory: string, name: string, text: string) =>
      writeFileSync(join(directory, name), text);
    await using noonmark = await startNoonmark({
      config: { zones: { 'home.arpa': { records: RECORDS, file: 'home.zone' } } },
      prepare(directory) {
        write(directory, 'home.zone', '$INCLUDE more.zone\nprinter 300 A 192.168.1.31\n');
        write(directory, 'more.zone', 'plotter 300 A 192.168.1.32\n');
      },
    });
    const isAt = async (name: string, address: string) =>
      (await noonmark.ask(`${name}.home.arpa`)).answers[0] === `A ${address}`;
    expect(await isAt('printer', '192.168.1.31')).toBe(true);
    expect(await isAt('plotter', '192.168.1.32')).toBe(true);
    write(noonmark.directory, 'more.zone', 'plotter 300 A 192.168.1.33\n');
    await eventually(() => isAt('plotter', '192.168.1.33'));
    write(noonmark.directory, 'home.zone', 'printer 300 A 192.168.1.34\n');
    await eventually(() => isAt('printer', '192.168.1.34'));
  });

  test('the file to a broken one is reported once, and what was served before goes on', async () => {
    await using noonmark = await startNoonmark();
    noonmark.writeConfig({ zones: { 'home.arpa': { records: ['nas 300 A not-an-address'] } } });
    await noonmark.process.waitForLine(/reload failed.*not-an-address/);
    expect((await noonmark.ask(INTERNAL_NAME)).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    await pause(TWO_LOOKS_MS);
    expect(noonmark.process.lines.filter((line) => line.includes('reload failed'))).toHaveLength(1);
  });

  test('the upstreams loses no query that is in flight, and whoever asks after it is answered by the new ones', async () => {
    const pki = makePki();
    const certificate = upstreamCertificate(pki);
    await using old = await startHostileDot({ ...certificate, behaviour: { delayMs: SLOW_UPSTREAM_MS } });
    const reply = (query: Buffer) => [answerWith(query, NEW_ADDRESS)];
    await using next = await startHostileDot({ ...certificate, behaviour: { reply } });
    await using noonmark = await startNoonmark({
      config: { upstreams: [upstreamEntry(old.port, pki.rootFile)] },
    });
    const clients = await Promise.all(TRANSPORTS.map((transport) => noonmark.open(transport)));
    const names = clients.flatMap((_, at) => [0, 1, 2, 3, 4].map((nth) => `n${nth}.via${at}.example`));
    const askAll = async () => {
      const replies = await Promise.all(
        names.map((name, at) => clients[at % clients.length]!.ask(makeQuery(name, 'A', { id: at + 1 }))),
      );
      return new Set(replies.map((wire) => (wire === null ? 'nothing' : readReply(wire).answers.join())));
    };
    let isOver = false;
    const inFlight = askAll().finally(() => (isOver = true));
    await eventually(() => names.every((name) => old.names.includes(name)));
    noonmark.writeConfig({ upstreams: [upstreamEntry(next.port, pki.rootFile)] });
    noonmark.process.signal('SIGHUP');
    await noonmark.process.waitForLine(/reloaded.*upstreams/);
    expect(isOver, 'the reload came while they were in flight').toBe(false);
    const askedAfter = await Promise.all(names.map((name) => noonmark.ask(name)));
    expect(new Set(askedAfter.map(({ answers }) => answers.join()))).toEqual(new Set([`A ${NEW_ADDRESS}`]));
    expect(await inFlight).toEqual(new Set([`A ${HOSTILE_ADDRESS}`]));
    expect(await askAll(), 'what came late was not kept').toEqual(new Set([`A ${NEW_ADDRESS}`]));
    for (const client of clients) client.close();
  });

  test('the CA file of an upstream is taken over, also where it was named before it could be used', async () => {
    const pki = makePki();
    await using upstream = await startHostileDot(upstreamCertificate(pki));
    await using noonmark = await startNoonmark({
      config: { upstreams: [upstreamEntry(upstream.port, 'ca.pem')] },
      prepare: (directory) => copyFileSync(makePki().rootFile, join(directory, 'ca.pem')),
    });
    const isAnswered = async (name: string) =>
      (await noonmark.ask(name)).answers.join() === `A ${HOSTILE_ADDRESS}`;
    expect(await isAnswered('a.example')).toBe(false);
    copyFileSync(pki.rootFile, join(noonmark.directory, 'ca.pem'));
    await eventually(() => isAnswered('b.example'));

    noonmark.writeConfig({
      upstreams: [upstreamEntry(upstream.port, 'other.pem')],
      limits: { udp_payload: 800 },
    });
    await noonmark.process.waitForLine(/reload failed.*other\.pem/);
    copyFileSync(pki.rootFile, join(noonmark.directory, 'other.pem'));
    await noonmark.process.waitForLine(/reloaded.*limits/);
    expect(await isAnswered('c.example')).toBe(true);
  });

  test('the file to a broken one is told by the commands that ask, until it is mended', async () => {
    await using noonmark = await startNoonmark();
    noonmark.writeConfig({ zones: { 'home.arpa': { records: ['nas 300 A not-an-address'] } } });
    await noonmark.process.waitForLine(/reload failed/);
    const { code, stderr, degraded } = await explained(noonmark);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/not-an-address.*asked all the same\n$/)]);
    expect(degraded).toContainEqual(
      expect.objectContaining({
        what: expect.stringContaining('the configuration on disk is not the one that is served'),
        evidence: expect.stringMatching(/noonmark\.yaml:\d+: .*not-an-address/),
      }),
    );
    noonmark.writeConfig({});
    await noonmark.process.waitForLine(/ info +reloaded|"message":"reloaded"/);
    const after = await explained(noonmark);
    expect([after.code, after.stderr]).toEqual([0, '']);
    expect(JSON.stringify(after.degraded)).not.toContain('configuration on disk');
  });

  test('limits and of the log counts at once, and the log says which keys have changed', async () => {
    await using noonmark = await startNoonmark();
    noonmark.writeConfig({ limits: { udp_payload: 512 }, log: { level: 'debug', format: 'text' } });
    noonmark.process.signal('SIGHUP');
    const line = await noonmark.process.waitForLine(/ info +reloaded/);
    expect(line).toContain('changed=log,limits');
  });
});

async function explained({ directory }: Noonmark) {
  const file = join(directory, 'noonmark.yaml');
  const { code, stderr, stdout } = await run(NODE, [MAIN_FILE, 'explain', '--json', '--config', file]);
  return { code, stderr, degraded: (JSON.parse(stdout) as Explanation).degraded };
}
