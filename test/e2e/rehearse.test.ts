// `noonmark rehearse` with real peers: unbound as the upstream, chronyds as time sources. Nobody's clock is moved: the
// simulated machine of the rehearsal does that inside its own process.

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import type { RehearsalReport } from '../../src/cli/rehearsal-report.ts';
import { writeStamp } from '../../src/timesync/stamp.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-ports.ts';
import {
  type ConfigTree,
  INTERNAL_ADDRESS,
  INTERNAL_NAME,
  MAIN_FILE,
  NODE,
  REPOSITORY,
  startNoonmark,
} from '../support/noonmark.ts';
import { type Chronyd, startChronyd } from '../support/peers/chronyd.ts';
import { havePeers } from '../support/peers/packages.ts';
import { type Outcome, run, SYSTEM_PATH, start } from '../support/running.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTrustedUnbound, type TrustedUnbound } from '../support/upstreams.ts';

const SCENARIOS = ['right', '1970', '1970-no-stamp', 'year-behind', '2045', 'set-back'];
const SOURCES = 3;
const STAMP_AGE_MS = 300_000;

describe.skipIf(!havePeers('unbound', 'chronyd'))('A rehearsal', () => {
  let upstream: TrustedUnbound;
  let chronyds: readonly Chronyd[];
  let sources: readonly { readonly url: string }[];

  beforeAll(async () => {
    upstream = await startTrustedUnbound();
    chronyds = await Promise.all(Array.from({ length: SOURCES }, () => startChronyd()));
    sources = chronyds.map(({ port }) => ({ url: `ntp://127.0.0.1:${port}` }));
  });

  afterAll(async () => {
    await Promise.all([upstream?.unbound.stop(), ...(chronyds ?? []).map((chronyd) => chronyd.stop())]);
  });

  test('beside the running server: all is well, and neither the server nor its files notice', async () => {
    const config = { upstreams: upstream.upstreams, time: { sources } };
    await using noonmark = await startNoonmark({ config });
    const stamp = join(noonmark.directory, 'state/clock-stamp');
    await eventually(() => statSync(stamp).size > 0, { what: 'the stamp' });
    const before = filesIn(noonmark.directory);

    const { code, stdout, stderr } = await rehearse(join(noonmark.directory, 'noonmark.yaml'), '--json');
    expect(stderr).toContain('really asked');
    const { ready, doubt, scenarios, improve } = JSON.parse(stdout) as RehearsalReport;
    expect(scenarios.map(({ id }) => id)).toEqual(SCENARIOS);
    for (const { works, internal, world, clock } of scenarios) {
      expect([works, internal.lost, clock.state]).toEqual([true, 0, 'synchronized']);
      expect(world?.afterMs).not.toBeNull();
      expect(Math.abs(clock.errorMs!)).toBeLessThan(1000);
    }
    expect(scenarios.at(-1)).toMatchObject({ isStepped: true, world: { afterMs: 0 } });
    expect(scenarios.at(-1)!.internal.asked).toBeGreaterThan(10);
    expect([ready, doubt, code]).toEqual([true, null, 0]);
    expect(improve.filter((sentence) => sentence.includes('stamp'))).toEqual([]);

    expect(filesIn(noonmark.directory)).toEqual(before);
    expect((await noonmark.ask(INTERNAL_NAME)).answers).toEqual([`A ${INTERNAL_ADDRESS}`]);
    expect(noonmark.process.hasEnded).toBe(false);
  });

  test('with nothing but a stamp: it is what a power cut hangs on, and says so', async () => {
    const file = configFile({ upstreams: upstream.upstreams, time: { sources: [] } });
    await writeStamp(join(dirname(file), 'state'), Date.now() - STAMP_AGE_MS);
    const { code, stdout } = await rehearse(file);
    expect(code).toBe(1);
    expect(stdout).toContain('Not ready: in 1 of 6 scenarios');
    const row = (title: string) => stdout.split('\n').find((line) => line.slice(4).startsWith(`${title}  `));
    const onStamp = /^ok .* \d\.\d\d s +provisional \(stamp\)$/;
    expect(row('the clock is right')).toMatch(/^ok .* provisional \(system-clock\)$/);
    expect(row('power cut: it wakes in 1970')).toMatch(onStamp);
    expect(row('power cut, and the stamp is lost')).toMatch(/^NO .* \d\.\d\d s +never +untrusted$/);
    expect(row('a year behind')).toMatch(onStamp);
    expect(row('2045')).toMatch(onStamp);
    expect(row('set back by three hours while serving')).toMatch(
      /^ok .* none lost +never stops +provisional/,
    );
    expect(stdout).toMatch(
      /What clients are told meanwhile\n {2}power cut, .* extended error 14 \(Not Ready\)/,
    );
    expect(stdout).toMatch(/set back .* Nothing\. The server goes by a time 3 h behind the true one/);
    expect(stdout).toContain('There is no time source');
  });

  test('ends at Ctrl+C, cleanly and with nothing left behind', async () => {
    const port = await freePort(); // nobody answers there, so that it takes its time
    const dead = [{ url: `tls://dns.upstream.example:${port}`, addresses: ['127.0.0.1'] }];
    const temporary = temporaryDirectory('rehearse-tmp');
    const file = configFile({ upstreams: dead, time: { sources } });
    const running = start(NODE, [MAIN_FILE, 'rehearse', '--config', file], {
      cwd: REPOSITORY,
      env: { ...process.env, PATH: SYSTEM_PATH, TMPDIR: temporary },
    });
    const left = () => readdirSync(temporary).filter((name) => name.startsWith('noonmark-'));
    await eventually(() => left().length > 0, { what: 'a rehearsal' });
    running.signal('SIGINT');
    expect(await running.ended).toEqual({ code: 1, signal: null });
    expect(running.lines.at(-1)).toBe('Stopped; nothing was changed.');
    expect(left()).toEqual([]);
  });
});

function rehearse(file: string, ...options: readonly string[]): Promise<Outcome> {
  return run(NODE, [MAIN_FILE, 'rehearse', '--config', file, ...options], { cwd: REPOSITORY });
}

/** A configuration with directories of its own; nothing runs by it. */
function configFile(config: ConfigTree): string {
  const directory = temporaryDirectory('rehearse');
  const file = join(directory, 'noonmark.yaml');
  const own = { certs_dir: join(directory, 'certs'), state_dir: join(directory, 'state') };
  const zones = { 'home.arpa': { records: [`nas A ${INTERNAL_ADDRESS}`] } };
  writeFileSync(file, stringify({ listen: { dns: ['127.0.0.1:5300'] }, zones, ...own, ...config }));
  return file;
}

/**
 * Every file below a directory with its content and when that was last changed, but for the history, which the running
 * server writes now and again.
 */
function filesIn(directory: string): Record<string, string> {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith('history.sqlite'))
    .map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(
    paths.map((path) => [path, `${statSync(path).mtimeMs} ${readFileSync(path, 'latin1')}`]),
  );
}
