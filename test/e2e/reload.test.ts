// A configuration that changes under a running server: without a signal, because its files are watched, and without a
// dropped query. What each key does once it is taken over is the business of that key's own tests.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { eventually, pause } from '../support/eventually.ts';
import { startLoad } from '../support/load.ts';
import { INTERNAL_ADDRESS, INTERNAL_NAME, startNoonmark, TRANSPORTS } from '../support/noonmark.ts';

/** The files are looked at every 2 s, and a change counts when they have held still for as long. */
const TWO_LOOKS_MS = 5_000;
const RECORDS = [`nas 300 A ${INTERNAL_ADDRESS}`];

describe('A change of', () => {
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

  test('limits and of the log counts at once, and the log says which keys have changed', async () => {
    await using noonmark = await startNoonmark();
    noonmark.writeConfig({ limits: { udp_payload: 512 }, log: { level: 'debug', format: 'text' } });
    noonmark.process.signal('SIGHUP');
    const line = await noonmark.process.waitForLine(/ info +reloaded/);
    expect(line).toContain('changed=log,limits');
  });
});
