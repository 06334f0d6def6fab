// What has happened, asked of the real process: an upstream that goes and comes back, restarts and a kill in between, a start
// at 1970. What counts as what is in test/unit/history.

import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sqlite from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { Incident } from '../../src/history/incident.ts';
import { valuesBy } from '../../src/history/point.ts';
import { SqliteHistory } from '../../src/history/sqlite-store.ts';
import type { Status } from '../../src/status/status.ts';
import { eventually } from '../support/eventually.ts';
import { freePorts } from '../support/free-ports.ts';
import { type Noonmark, type NoonmarkOptions, startNoonmark } from '../support/noonmark.ts';
import { AUDIT_SCRIPTS, axeFindings, overflowFindings } from '../support/page-audit.ts';
import { startBrowser, WIDTHS } from '../support/peers/browser.ts';
import { startHostileDot } from '../support/peers/hostile-dot.ts';
import { havePeers } from '../support/peers/packages.ts';
import { makePki, upstreamCertificate, upstreamEntry } from '../support/upstreams.ts';
import { wrongClock } from '../support/wrong-clock.ts';

const TRUE_TIME = '+0';
/** Gone for ten seconds is over; a machine that is busy takes longer to look. */
const IS_OVER_WITHIN_MS = 30_000;

/** The history looks once a second. */
const SEEN_AFTER_MS = 2500;

interface Served {
  readonly noonmark: Noonmark;
  readonly origin: string;
  incidents(query?: string): Promise<Incident[]>;
  read(path: string): Promise<string>;
}

async function serve(options: NoonmarkOptions): Promise<Served> {
  const [listenAdmin] = await freePorts(1);
  const noonmark = await startNoonmark({ ...options, listenAdmin: listenAdmin! });
  const origin = `http://127.0.0.1:${listenAdmin}`;
  const read = async (path: string) => (await fetch(`${origin}${path}`)).text();
  const incidents = async (query = '') => JSON.parse(await read(`/api/incidents${query}`)).incidents;
  return { noonmark, origin, read, incidents };
}

const fileOf = ({ noonmark }: Served) => join(noonmark.directory, 'state/history.sqlite');

/** From a copy in memory: what stands there, by whoever looks. */
function onDisk(served: Served, sql: string): unknown[] {
  const database = new sqlite.DatabaseSync(':memory:');
  database.deserialize(readFileSync(fileOf(served)));
  return database.prepare(sql).all();
}

/** The one with this id, once it is over. */
async function over(served: Served, id: number): Promise<Incident> {
  const found = await eventually(
    async () => (await served.incidents()).find((one) => one.id === id && one.isOver),
    { withinMs: IS_OVER_WITHIN_MS, what: 'the end of the incident' },
  );
  return found!;
}

const kindsOf = (incidents: readonly Incident[]) => incidents.map(({ kind, life }) => `${kind} ${life}`);

describe.concurrent('What has happened', () => {
  test('an upstream that is down, over a restart and a kill, until it is back', async () => {
    const pki = makePki();
    const certificate = upstreamCertificate(pki);
    const upstream = await startHostileDot({ ...certificate });
    const entry = upstreamEntry(upstream.port, pki.rootFile);
    const options = { config: { upstreams: [entry] } };
    const first = await serve(options);
    await eventually(async () => (await first.read('/readyz')) === 'ready\n', { what: 'ready' });
    await upstream.stop();
    const down = await eventually(async () => (await first.incidents('?open'))[0], { what: 'an incident' });
    expect(down).toMatchObject({
      ...{ kind: 'upstream', subject: entry.url, what: `the upstream ${entry.url} does not work` },
      ...{ isOver: false, endedAt: null, life: 1 },
      evidence: expect.stringMatching(/refused|closed|ECONN/i),
      doThis: expect.stringContaining('tried every second'),
    });
    expect(Math.abs(Date.parse(down.startedAt!) - Date.now())).toBeLessThan(60_000);
    first.noonmark.process.signal('SIGTERM');
    expect(await first.noonmark.process.ended).toEqual({ code: 0, signal: null });
    expect(statSync(fileOf(first)).mode & 0o777).toBe(0o600);

    const { directory } = first.noonmark;
    const second = await serve({ ...options, directory });
    // The start of this life is written within seconds; then it is killed.
    await eventually(() => onDisk(second, 'SELECT 1 FROM incidents WHERE started_life = 2').length > 0);
    second.noonmark.process.signal('SIGKILL');
    await second.noonmark.process.ended;

    const third = await serve({ ...options, directory });
    await using _ = third.noonmark;
    const begun = await eventually(async () => (await third.incidents()).find(({ life }) => life === 3));
    expect(begun).toMatchObject({
      kind: 'start',
      what: 'the server started again without having been stopped',
    });
    expect(kindsOf(await third.incidents())).toEqual([
      'start 3',
      'start 2',
      'stop 1',
      'upstream 1',
      'start 1',
    ]);
    // Seen again before it is over; what was not would have ended with the life before.
    await eventually(async () => {
      const { degraded } = JSON.parse(await third.read('/api/status')) as Status;
      return degraded.some(({ id, sinceMs }) => id === `upstream ${entry.url}` && sinceMs > SEEN_AFTER_MS);
    });
    await using back = await startHostileDot({ ...certificate, port: upstream.port });
    expect(back.port).toBe(upstream.port);
    expect(await over(third, down.id)).toMatchObject({
      ...down,
      isOver: true,
      endedAt: expect.any(String),
      evidence: expect.any(String),
      lastedMs: null, // no sources had agreed on the time, before the restart or after it
    });
    const page = await third.read('/history');
    expect(page).toContain(`The upstream ${entry.url} does not work`);
    expect(page).toContain('the first comes soon');
    expect(JSON.parse(await third.read('/api/series?of=week'))).toMatchObject({
      of: 'week',
      stepMs: 600_000,
    });
    const warnings = third.noonmark.process.lines.filter((line) => /sqlite|history/i.test(line));
    expect(warnings).toEqual([]);
  });

  test.skipIf(!havePeers('libfaketime'))(
    'a start at 1970: no date of the system clock, and the true one once it is known',
    async () => {
      const clock = wrongClock('@1970-01-01 00:00:05');
      const served = await serve({ env: clock.env });
      await using _ = served.noonmark;
      const lost = await eventually(async () => (await served.incidents('?open'))[0], {
        what: 'an incident',
      });
      expect(lost).toMatchObject({
        kind: 'clock',
        subject: 'untrusted',
        startedAt: null,
        endedAt: null,
        life: 1,
      });
      expect(await served.read('/history')).toContain('at a time that is not known yet');
      await eventually(() => onDisk(served, 'SELECT 1 FROM incidents').length > 1);
      expect(
        onDisk(served, 'SELECT started_at, ended_at FROM incidents WHERE started_at IS NOT NULL'),
      ).toEqual([]);

      clock.set(TRUE_TIME);
      const ended = await over(served, lost.id);
      for (const date of [ended.startedAt, ended.endedAt])
        expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(120_000);
      const lastedMs = Date.parse(ended.endedAt!) - Date.parse(ended.startedAt!);
      expect(lastedMs).toBeCloseTo(ended.lastedMs!, -1);
      const { process } = served.noonmark;
      process.signal('SIGTERM');
      await process.ended;
      expect(onDisk(served, 'SELECT min(started_at) > 1.7e12 AS fine FROM incidents')).toEqual([{ fine: 1 }]);
    },
  );

  test('a file that is broken costs a line in the log, and is kept aside', async () => {
    const served = await serve({
      prepare: (directory) => writeFileSync(join(directory, 'state/history.sqlite'), 'x'.repeat(9999)),
    });
    await using _ = served.noonmark;
    expect(await served.noonmark.process.waitForLine(/the history file .* is damaged/)).toContain('.broken');
    await eventually(async () => kindsOf(await served.incidents()).join() === 'start 1');
  });

  test.skipIf(!havePeers('chromium'))(
    'the charts of a day that was, on a phone: nothing overflows, and a finger reads them',
    async () => {
      const served = await serve({
        prepare: (directory) => writeFileSync(join(directory, 'state/history.sqlite'), aBusyHour()),
      });
      await using _ = served.noonmark;
      await using browser = await startBrowser();
      await using window = await browser.open({
        origin: served.origin,
        width: WIDTHS.phone,
        initScripts: AUDIT_SCRIPTS,
      });
      const { page, complaints } = window;
      await page.goto(`${served.origin}/history`);
      expect(await page.locator('svg.chart').count()).toBe(7);
      expect([...(await overflowFindings(page)), ...(await axeFindings(page))]).toEqual([]);
      const style = (what: string, property: string) =>
        page.evaluate(`(({ ${property}, opacity }) => [${property}, opacity])(getComputedStyle(${what}))`);
      expect(await style("document.querySelector('.key.soft'), '::before'", 'borderTopColor')).toEqual(
        await style("document.querySelector('.area.soft')", 'fill'),
      );
      const chart = page.locator('#chart-queries svg.chart');
      for (const word of await page.locator('#chart-queries .y').all()) {
        const { x, width } = (await word.boundingBox())!;
        expect(x).toBeGreaterThan(0);
        expect(x + width).toBeLessThan((await chart.boundingBox())!.x);
      }
      await chart.hover({ position: { x: (await chart.boundingBox())!.width - 8, y: 60 } });
      await expect
        .poll(() => page.locator('#chart-queries output').textContent())
        .toMatch(/^\d\d-\d\d \d\d:\d\d · all 4 · blocked 1$/);
      await page.locator('#chart-trip svg.chart').hover({ position: { x: 60, y: 60 } });
      await expect
        .poll(() => page.locator('#chart-trip output').textContent())
        .toMatch(/^\d\d-\d\d \d\d:\d\d · nothing is known$/);
      await page.locator('h1').hover();
      await expect.poll(() => page.locator('#chart-queries output').textContent()).toBe('');
      await page.locator('#chart-queries summary').click();
      expect(await page.locator('#chart-queries table').isVisible()).toBe(true);
      for (const target of await page.locator('main summary').all())
        expect((await target.boundingBox())!.height).toBeGreaterThanOrEqual(24);
      // Again and again, since what is live comes anew and without.
      await page.locator('#timeline time').first().evaluate('(time) => time.removeAttribute("title")');
      await expect.poll(() => page.locator('#timeline time').first().getAttribute('title')).toMatch(/20\d\d/);
      await page.setViewportSize({ width: WIDTHS.desk, height: 900 });
      const tops = await page
        .locator('.plot')
        .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().y));
      expect(new Set(tops).size).toBe(4); // seven drawings, two side by side
      expect(complaints).toEqual([]);
    },
  );
});

/** The hour before now, as the file of an earlier life. */
function aBusyHour(): Uint8Array {
  const store = new SqliteHistory(sqlite, null);
  const minute = Math.floor(Date.now() / 60_000);
  for (let key = minute - 60; key <= minute; key += 1)
    store.putPoint('minutes', {
      key,
      values: valuesBy((field) => (field === 'perSecond' ? 4 : field === 'upstreamRttMs' ? null : 1)),
    });
  return store.image;
}
