// The query log and the metrics of the real server: nothing while the log is off, what the owner has said while it is on,
// names that mean harm, and as many series after a hundred thousand names as before.

import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { QueryLogReport } from '../../src/status/query-log-report.ts';
import type { Status } from '../../src/status/status.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import { getText } from '../support/http-text.ts';
import { askManyNames } from '../support/many-names.ts';
import { type ConfigTree, INTERNAL_NAME, type Noonmark, startNoonmark } from '../support/noonmark.ts';
import { havePeers } from '../support/peers/packages.ts';
import { WILD_ZONE } from '../support/peers/unbound.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const NAMES = 100_000;
const ADS = `ads.${WILD_ZONE}`;
/** Not this one, but of its /24. */
const OTHER_CLIENT = '127.0.0.2';

describe.skipIf(!havePeers('unbound'))('The queries of a real server', () => {
  let upstream: TrustedUnbound;
  let noonmark: Noonmark;
  let adminPort: number;
  let config: ConfigTree;

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    adminPort = await freePort();
    config = {
      upstreams: upstream.upstreams,
      filter: {
        lists: [{ name: 'mine', file: 'mine.txt' }],
        groups: [{ name: 'anna', clients: ['127.0.0.1'], lists: ['mine'] }],
      },
    };
    noonmark = await startNoonmark({
      config,
      listenAdmin: adminPort,
      prepare: (directory) => writeFileSync(join(directory, 'mine.txt'), `${ADS}\n`),
    });
  });

  afterAll(async () => {
    await noonmark?.stop();
    await upstream?.unbound.stop();
  });

  const get = (path: string) => getText(adminPort, path);
  const report = async (query = '') => JSON.parse((await get(`/api/queries${query}`)).body) as QueryLogReport;
  const names = async (query: string) => (await report(query)).entries.map(({ name }) => name);
  const totals = async () => (JSON.parse((await get('/api/status')).body) as Status).answers;
  /** Series by name and labels, without their values. */
  const series = async () =>
    (await get('/metrics')).body
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.slice(0, line.lastIndexOf(' ')));

  const become = async (mode: string) => {
    noonmark.writeConfig({ ...config, log: { level: 'info', format: 'json', queries: mode } });
    noonmark.process.signal('SIGHUP');
    await eventually(async () => (await report()).log === mode, { what: `the log as ${mode}` });
  };
  const linesAbout = (what: string) =>
    noonmark.process.lines.filter((line) => line.includes('"message":"query"') && line.includes(what));

  test('are nowhere while the log is off, and counted all the same', async () => {
    await noonmark.ask(`off.${INTERNAL_NAME}`);
    expect(await report()).toMatchObject({ log: 'off', since: null, entries: [], top: { names: [] } });
    expect((await get('/queries')).body).toContain('The query log is off: ');
    expect((await get('/queries')).body).not.toContain('off.nas');
    expect(linesAbout('off.nas')).toEqual([]);
    expect((await totals()).answeredBy.local).toBeGreaterThan(0);
  });

  test('are told in full to who may see them, with who answered and why', async () => {
    await become('full');
    for (const name of [INTERNAL_NAME, `a.${WILD_ZONE}`, `a.${WILD_ZONE}`, ADS]) await noonmark.ask(name);
    const client = await noonmark.open('UDP', OTHER_CLIENT);
    await client.ask(rawQuery(Buffer.from('other')));
    client.close();
    const { entries, since, top } = await report();
    expect(Date.parse(since!)).toBeGreaterThan(Date.now() - 60_000);
    expect(entries.map(({ name, client, answeredBy, rcode }) => [name, client, answeredBy, rcode])).toEqual([
      ['other.home.arpa.', OTHER_CLIENT, 'local', 'NXDOMAIN'],
      [`${ADS}.`, '127.0.0.1', 'filter', 'NXDOMAIN'],
      [`a.${WILD_ZONE}.`, '127.0.0.1', 'cache', 'NOERROR'],
      [`a.${WILD_ZONE}.`, '127.0.0.1', 'upstream', 'NOERROR'],
      [`${INTERNAL_NAME}.`, '127.0.0.1', 'local', 'NOERROR'],
    ]);
    expect(entries.map(({ detail }) => detail)).toEqual([
      'zone home.arpa.',
      expect.stringMatching(/^list "mine" blocks .*, for group "anna"$/),
      expect.stringMatching(/^kept answer/),
      upstream.upstreams[0]!.url,
      'zone home.arpa.',
    ]);
    expect(top.names[0]).toEqual({ name: `a.${WILD_ZONE}.`, count: 2 });
    expect(top.clients).toEqual([
      { client: '127.0.0.1', count: 4 },
      { client: OTHER_CLIENT, count: 1 },
    ]);
    expect((await get('/queries')).body).toContain(`<bdi>${ADS}</bdi>`);
  });

  test.each<[string, string[]]>([
    [`?client=${OTHER_CLIENT}`, ['other.home.arpa.']],
    ['?name=home.arpa', ['other.home.arpa.', `${INTERNAL_NAME}.`]],
    ['?answered-by=upstream&type=A', [`a.${WILD_ZONE}.`]],
    ['?rcode=NXDOMAIN&limit=1', ['other.home.arpa.']],
  ])('are found by %s', async (query, found) => {
    expect(await names(query)).toEqual(found);
  });

  test('are refused in words where what is asked for makes no sense', async () => {
    expect(await get('/api/queries?client=nas')).toMatchObject({
      status: 400,
      body: expect.stringContaining('`client` needs an address or a network'),
    });
    expect((await get('/queries?type=nonsense')).status).toBe(400);
  });

  test.each<[string, Buffer]>([
    ['markup', Buffer.from('<script>alert(1)</script>')],
    ['quotation marks', Buffer.from('"><img src=x onerror=alert(1)>')],
    ['a right-to-left override', Buffer.from('\u202egro.elpmaxe')],
    ['line ends and a NUL', Buffer.from('a\r\nb\0c')],
    ['all that fits', Buffer.from('x'.repeat(63))],
  ])('with a name of %s are text and nothing else', async (_what, label) => {
    const client = await noonmark.open('UDP');
    await client.ask(rawQuery(label));
    client.close();
    const { entries } = await report('?limit=1');
    expect(entries[0]!.name).toMatch(/^[!-~]+\.home\.arpa\.$/);
    const pages = [
      (await get('/queries')).body,
      (await get('/metrics')).body,
      (await get('/api/queries')).body,
    ];
    for (const body of pages) expect(body).not.toMatch(/[\u202e\u0000\r]/);
    expect(pages[0]).not.toMatch(/<script>|<img/);
    expect(pages[1]).not.toMatch(/script|img|xxxx/);
  });

  test('have networks in place of addresses once they are anonymised, and what was kept before is gone', async () => {
    await become('anonymised');
    expect((await report()).entries).toEqual([]);
    await noonmark.ask(ADS);
    expect((await report()).entries[0]!.detail).toMatch(/^list "mine" blocks/);
    for (const path of ['/queries', '/api/queries']) expect((await get(path)).body).not.toContain('anna');
    await noonmark.ask(`anonymous.${INTERNAL_NAME}`);
    const { entries, top } = await report();
    expect(entries.map(({ client }) => client)).toEqual(['127.0.0.0/24', '127.0.0.0/24']);
    expect(top.clients).toEqual([{ client: '127.0.0.0/24', count: 2 }]);
    expect(await names(`?client=${OTHER_CLIENT}`)).toEqual([`anonymous.${INTERNAL_NAME}.`, `${ADS}.`]);
    expect(linesAbout('anonymous.nas').join()).not.toContain('127.0.0.1');
    expect(linesAbout('anonymous.nas')).toHaveLength(1);
  });

  test('are forgotten once the log is off again', async () => {
    await become('off');
    await noonmark.ask(`after.${INTERNAL_NAME}`);
    expect(await report()).toMatchObject({ entries: [], kept: 0, top: { names: [], clients: [] } });
    expect((await get('/queries')).body).not.toMatch(/anonymous\.nas|after\.nas/);
    expect(linesAbout('after.nas')).toEqual([]);
    await become('full');
    expect((await report()).entries).toEqual([]);
    await become('off');
  });

  test(`make no series: as many after ${NAMES} names as before`, async () => {
    await noonmark.ask(`b.${WILD_ZONE}`); // what is known after the first answer of an upstream
    const before = await series();
    const { byRcode } = await totals();
    expect(await askManyNames(noonmark.ports.dns, 'home.arpa', NAMES)).toBeGreaterThan(NAMES * 0.99);
    const { byRcode: after } = await totals();
    expect(after.NXDOMAIN! - byRcode.NXDOMAIN!).toBeGreaterThan(NAMES * 0.99);
    expect(await series()).toEqual(before);
    const busiest = async () => Math.max(...(await totals()).live.lastMinute);
    await eventually(async () => (await busiest()) > NAMES / 1000, { what: 'a whole second of them' });
  });

  test.skipIf(!havePeers('promtool'))('are metrics with which promtool finds nothing wrong', async () => {
    const { body } = await get('/metrics');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: body,
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([0, '', '']);
  });
});

/** For a name below home.arpa with this label, whatever its octets. */
function rawQuery(label: Buffer): Buffer {
  const head = Buffer.from('\0\0\x01\0\0\x01\0\0\0\0\0\0', 'latin1');
  head.writeUInt16BE(randomInt(0x10000), 0);
  return Buffer.concat([
    ...[head, Buffer.from([label.length]), label],
    Buffer.from('\x04home\x04arpa\0\0\x01\0\x01', 'latin1'),
  ]);
}
